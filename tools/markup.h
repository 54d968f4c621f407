/* markup.h - elements, attributes and text of XML, escaped as each needs it. */
#ifndef PND_MARKUP_H
#define PND_MARKUP_H

#include <libxml/xmlwriter.h>
#include <stdbool.h>
#include <stdio.h>

/* Each returns false for want of memory. */
bool pnd_markup_begin(xmlTextWriter *writer, const char *element);
bool pnd_markup_end(xmlTextWriter *writer);
bool pnd_markup_attribute(xmlTextWriter *writer, const char *name, const char *value);
bool pnd_markup_text(xmlTextWriter *writer, const char *text);

/* A value as printf() makes it, of at most 159 bytes. */
bool pnd_markup_set(xmlTextWriter *writer, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An element that holds nothing but text. */
bool pnd_markup_element(xmlTextWriter *writer, const char *element, const char *text);

/*
 * What `write` writes to a new writer, on a stream, after `head`. Returns 0, -ENOMEM when `write`
 * answers false, or -EIO.
 */
int pnd_markup_print(const char *head, bool (*write)(xmlTextWriter *writer, const void *state),
                     const void *state, FILE *stream);

#endif
