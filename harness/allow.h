/* allow.h - whether a run may have the subject it names. */
#ifndef PND_ALLOW_H
#define PND_ALLOW_H

#include "messages.h"

#include <stdbool.h>

/*
 * A subject is a program on this machine, named by somebody on this machine. Returns 0, also for
 * none at all; -EPERM for somebody elsewhere; or -EINVAL; each with `error` filled.
 */
int pnd_allow_subject(const char *subject, bool asked_locally, struct pnd_message_error *error);

#endif
