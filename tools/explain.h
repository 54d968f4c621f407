/* explain.h - what a workload will do, in words. */
#ifndef PND_EXPLAIN_H
#define PND_EXPLAIN_H

#include "messages.h"

#include <stdio.h>

/*
 * Sentences, indented, of a workload that pnd_validate_workload() found right: what it runs in,
 * what it has, what each actor does, and what must be so. Its strings must be clean (say.h), which
 * its hash is not of: that is told as given.
 */
void pnd_explain_workload(const Pendio__Workload *workload, const char *hash, FILE *out);

/* In explain_step.c: one step, as a part of a sentence without its full stop. */
void pnd_explain_step(const Pendio__Step *step, FILE *out);

/* In explain_demand.c: how a step is done; and what must come of it, if anything is asked for. */
void pnd_explain_manner(const Pendio__Step *step, FILE *out);
void pnd_explain_demand(const Pendio__Step *step, FILE *out);

#endif
