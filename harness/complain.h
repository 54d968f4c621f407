/* complain.h - one line for people about what is wrong and what helps. */
#ifndef PND_COMPLAIN_H
#define PND_COMPLAIN_H

#include "messages.h"

/*
 * Replaces the line and returns `status`, so that failing and saying why is one statement. The line
 * stays one line of whole characters, whatever the arguments hold.
 */
__attribute__((format(printf, 3, 4))) int pnd_complain(struct pnd_message_error *error, int status,
                                                       const char *format, ...);

#endif
