/* repeat.h - the command that repeats a run. */
#ifndef PND_REPEAT_H
#define PND_REPEAT_H

#include "plan.h"

enum { PND_REPEAT_BYTES = 1024 };

/*
 * `pendio run --seed N ... FILE`, ready for a shell; `subject` is what the request named, or "". A
 * command that would be longer ends in "..." and is of no use but to people.
 */
void pnd_repeat_command(const struct pnd_plan *plan, const char *subject,
                        char ret_command[PND_REPEAT_BYTES]);

#endif
