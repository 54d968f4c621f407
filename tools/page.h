/* page.h - what every page is made of: its head, tables, cells. */
#ifndef PND_PAGE_H
#define PND_PAGE_H

#include <libxml/xmlwriter.h>
#include <stdbool.h>
#include <stddef.h>

/* Each returns false for want of memory. */

/* Up to the first heading, which is the title; two pnd_markup_end() end the page. */
bool pnd_page_begin(xmlTextWriter *writer, const char *title, const char *style);

/* A row of titles, NULL at the end: the first columns are text, the others figures. */
bool pnd_page_titles(xmlTextWriter *writer, const char *const *titles, size_t text_count);

bool pnd_page_cell(xmlTextWriter *writer, const char *text);
bool pnd_page_figure(xmlTextWriter *writer, const char *text);

#endif
