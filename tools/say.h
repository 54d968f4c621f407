/* say.h - what the CLI says on stderr, fit for a terminal. */
#ifndef PND_SAY_H
#define PND_SAY_H

#include "messages.h"

#include <stddef.h>

/* "pendio: ..." as one line, whatever the arguments hold. */
__attribute__((format(printf, 1, 2))) void pnd_say_error(const char *format, ...);

/* A line on the terminal, until the next one, an error, or an empty one. */
void pnd_say_for_now(const char *line);

/* The name that was probably meant, or NULL. */
const char *pnd_say_nearest(const char *wrong, const char *const *names, size_t name_count);

/* Puts '?' for everything no terminal, JSON or XML should get to see: what is not printable. */
void pnd_say_clean(char *text);

/* The same for every string of a message. */
void pnd_say_clean_message(ProtobufCMessage *message);

#endif
