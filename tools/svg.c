/*
 * svg.c - the few shapes that plots are made of.
 *
 * Happy path:  an element each, its numbers with one decimal.
 * Failures:    want of memory.
 */
#include "svg.h"

#include "markup.h"

bool pnd_svg_begin(xmlTextWriter *writer, int width, int height, const char *title, bool alone)
{
    return pnd_markup_begin(writer, "svg") &&
           (!alone || pnd_markup_attribute(writer, "xmlns", "http://www.w3.org/2000/svg")) &&
           pnd_markup_attribute(writer, "role", "img") &&
           pnd_markup_set(writer, "width", "%d", width) &&
           pnd_markup_set(writer, "height", "%d", height) &&
           pnd_markup_set(writer, "viewBox", "0 0 %d %d", width, height) &&
           pnd_markup_attribute(writer, "font-family", "sans-serif") &&
           pnd_markup_attribute(writer, "font-size", "12") &&
           pnd_markup_element(writer, "title", title) && pnd_markup_begin(writer, "rect") &&
           pnd_markup_attribute(writer, "width", "100%") &&
           pnd_markup_attribute(writer, "height", "100%") &&
           pnd_markup_attribute(writer, "fill", "#ffffff") && pnd_markup_end(writer) &&
           pnd_svg_text(writer, 10, 18, "start", title);
}

bool pnd_svg_line(xmlTextWriter *writer, const double ends[4], const char *colour,
                  const char *width)
{
    return pnd_markup_begin(writer, "line") && pnd_markup_set(writer, "x1", "%.1f", ends[0]) &&
           pnd_markup_set(writer, "y1", "%.1f", ends[1]) &&
           pnd_markup_set(writer, "x2", "%.1f", ends[2]) &&
           pnd_markup_set(writer, "y2", "%.1f", ends[3]) &&
           pnd_markup_attribute(writer, "stroke", colour) &&
           pnd_markup_attribute(writer, "stroke-width", width) && pnd_markup_end(writer);
}

bool pnd_svg_rect(xmlTextWriter *writer, const double place[4], const char *colour,
                  const char *title)
{
    return pnd_markup_begin(writer, "rect") && pnd_markup_set(writer, "x", "%.1f", place[0]) &&
           pnd_markup_set(writer, "y", "%.1f", place[1]) &&
           pnd_markup_set(writer, "width", "%.1f", place[2]) &&
           pnd_markup_set(writer, "height", "%.1f", place[3]) &&
           pnd_markup_attribute(writer, "fill", colour) &&
           (title == NULL || pnd_markup_element(writer, "title", title)) && pnd_markup_end(writer);
}

bool pnd_svg_dot(xmlTextWriter *writer, double x, double y, const char *radius, const char *colour,
                 const char *title)
{
    return pnd_markup_begin(writer, "circle") && pnd_markup_set(writer, "cx", "%.1f", x) &&
           pnd_markup_set(writer, "cy", "%.1f", y) && pnd_markup_attribute(writer, "r", radius) &&
           pnd_markup_attribute(writer, "fill", colour) &&
           (title == NULL || pnd_markup_element(writer, "title", title)) && pnd_markup_end(writer);
}

bool pnd_svg_text(xmlTextWriter *writer, double x, double y, const char *anchor, const char *text)
{
    return pnd_markup_begin(writer, "text") && pnd_markup_set(writer, "x", "%.1f", x) &&
           pnd_markup_set(writer, "y", "%.1f", y) &&
           pnd_markup_attribute(writer, "text-anchor", anchor) && pnd_markup_text(writer, text) &&
           pnd_markup_end(writer);
}

bool pnd_svg_slanted(xmlTextWriter *writer, double x, double y, double degrees, const char *text)
{
    return pnd_markup_begin(writer, "text") && pnd_markup_set(writer, "x", "%.1f", x) &&
           pnd_markup_set(writer, "y", "%.1f", y) &&
           pnd_markup_set(writer, "transform", "rotate(%.0f %.1f %.1f)", degrees, x, y) &&
           pnd_markup_attribute(writer, "font-size", "10") && pnd_markup_text(writer, text) &&
           pnd_markup_end(writer);
}
