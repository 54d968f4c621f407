/* svg.h - the few shapes that plots are made of. */
#ifndef PND_SVG_H
#define PND_SVG_H

#include <libxml/xmlwriter.h>
#include <stdbool.h>

/* Each returns false for want of memory. */

/* A white sheet with its title; ended with pnd_markup_end(). `alone`: it is a file of its own. */
bool pnd_svg_begin(xmlTextWriter *writer, int width, int height, const char *title, bool alone);

/* `ends` are x and y, twice. */
bool pnd_svg_line(xmlTextWriter *writer, const double ends[4], const char *colour,
                  const char *width);

/* Left, top, width, height; `title` is what shows when pointed at, NULL: nothing. */
bool pnd_svg_rect(xmlTextWriter *writer, const double place[4], const char *colour,
                  const char *title);

bool pnd_svg_dot(xmlTextWriter *writer, double x, double y, const char *radius, const char *colour,
                 const char *title);

/* `anchor` is "start", "middle" or "end". */
bool pnd_svg_text(xmlTextWriter *writer, double x, double y, const char *anchor, const char *text);

/* The same, turned about its place. */
bool pnd_svg_slanted(xmlTextWriter *writer, double x, double y, double degrees, const char *text);

#endif
