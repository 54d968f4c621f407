/*
 * page.c - what every page is made of: its head, tables, cells.
 *
 * Happy path:  one file that needs nothing else.
 * Failures:    want of memory.
 */
#include "page.h"

#include "markup.h"

bool pnd_page_begin(xmlTextWriter *writer, const char *title, const char *style)
{
    return pnd_markup_begin(writer, "html") && pnd_markup_attribute(writer, "lang", "en") &&
           pnd_markup_begin(writer, "head") && pnd_markup_begin(writer, "meta") &&
           pnd_markup_attribute(writer, "charset", "utf-8") && pnd_markup_end(writer) &&
           pnd_markup_element(writer, "title", title) &&
           pnd_markup_element(writer, "style", style) && pnd_markup_end(writer) &&
           pnd_markup_begin(writer, "body") && pnd_markup_element(writer, "h1", title);
}

bool pnd_page_titles(xmlTextWriter *writer, const char *const *titles, size_t text_count)
{
    bool whole = pnd_markup_begin(writer, "tr");
    for (size_t index = 0; whole && titles[index] != NULL; index++)
        whole = pnd_markup_begin(writer, "th") &&
                pnd_markup_attribute(writer, "class", index < text_count ? "t" : "n") &&
                pnd_markup_text(writer, titles[index]) && pnd_markup_end(writer);
    return whole && pnd_markup_end(writer);
}

bool pnd_page_cell(xmlTextWriter *writer, const char *text)
{
    return pnd_markup_element(writer, "td", text);
}

bool pnd_page_figure(xmlTextWriter *writer, const char *text)
{
    return pnd_markup_begin(writer, "td") && pnd_markup_attribute(writer, "class", "n") &&
           pnd_markup_text(writer, text) && pnd_markup_end(writer);
}
