/*
 * complain.c - error lines.
 *
 * Happy path:  format, then let proto/ make one clean line of it.
 * Failures:    none; what is too long is cut.
 */
#include "complain.h"

#include "text.h"

#include <stdarg.h>
#include <stdio.h>

int pnd_complain(struct pnd_message_error *error, int status, const char *format, ...)
{
    char line[2 * sizeof error->text]; /* more than fits, so that proto/ sees where to cut */
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);

    error->text[0] = '\0';
    if (length > 0)
        pnd_text_add(error, "%s", line);
    return status;
}
