/*
 * markup.c - elements, attributes and text of XML, escaped as each needs it.
 *
 * Happy path:  everything is written to memory, then to the stream as a whole.
 * Failures:    every call of the writer answers below zero for want of memory.
 */
#include "markup.h"

#include <errno.h>
#include <stdarg.h>

bool pnd_markup_begin(xmlTextWriter *writer, const char *element)
{
    return xmlTextWriterStartElement(writer, BAD_CAST element) >= 0;
}

bool pnd_markup_end(xmlTextWriter *writer)
{
    return xmlTextWriterEndElement(writer) >= 0;
}

bool pnd_markup_attribute(xmlTextWriter *writer, const char *name, const char *value)
{
    return xmlTextWriterWriteAttribute(writer, BAD_CAST name, BAD_CAST value) >= 0;
}

bool pnd_markup_text(xmlTextWriter *writer, const char *text)
{
    return xmlTextWriterWriteString(writer, BAD_CAST text) >= 0;
}

bool pnd_markup_set(xmlTextWriter *writer, const char *name, const char *format, ...)
{
    char value[160];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    return pnd_markup_attribute(writer, name, value);
}

bool pnd_markup_element(xmlTextWriter *writer, const char *element, const char *text)
{
    return pnd_markup_begin(writer, element) && pnd_markup_text(writer, text) &&
           pnd_markup_end(writer);
}

int pnd_markup_print(const char *head, bool (*write)(xmlTextWriter *writer, const void *state),
                     const void *state, FILE *stream)
{
    xmlBuffer *buffer = xmlBufferCreate();
    xmlTextWriter *writer = buffer != NULL ? xmlNewTextWriterMemory(buffer, 0) : NULL;
    if (writer == NULL) {
        xmlBufferFree(buffer);
        return -ENOMEM;
    }
    bool whole = xmlTextWriterSetIndent(writer, 1) == 0 && write(writer, state) &&
                 xmlTextWriterEndDocument(writer) >= 0;
    xmlFreeTextWriter(writer); /* which also empties it into the buffer */

    int status = whole ? 0 : -ENOMEM;
    size_t byte_count = (size_t)xmlBufferLength(buffer);
    if (whole && (fputs(head, stream) < 0 ||
                  fwrite(xmlBufferContent(buffer), 1, byte_count, stream) != byte_count))
        status = -EIO;
    xmlBufferFree(buffer);
    return status;
}
