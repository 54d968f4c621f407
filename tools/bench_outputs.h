/* bench_outputs.h - where a report of the bench goes: JSON, a page, a picture. */
#ifndef PND_BENCH_OUTPUTS_H
#define PND_BENCH_OUTPUTS_H

#include "options.h"
#include "output.h"

#include <jansson.h>

enum { PND_BENCH_OUTPUT_COUNT = 3 };

struct pnd_bench_outputs {
    struct pnd_output each[PND_BENCH_OUTPUT_COUNT];
};

/* Ready to be written to. Returns 0, -EINVAL or another -errno after a line on stderr. */
int pnd_bench_outputs_begin(const struct pnd_options *options,
                            struct pnd_bench_outputs *ret_outputs);

bool pnd_bench_outputs_is_any(const struct pnd_bench_outputs *outputs);
bool pnd_bench_outputs_is_stdout(const struct pnd_bench_outputs *outputs);

/* Writes the report to all of them and ends its life; NULL is -ENOMEM. 0 or -errno, told. */
int pnd_bench_outputs_end(struct pnd_bench_outputs *outputs, json_t *report);

/* Leaves no trace of them. */
void pnd_bench_outputs_abandon(struct pnd_bench_outputs *outputs);

/* What --json wrote earlier; NULL after a line on stderr. */
json_t *pnd_bench_outputs_read(const char *name);

#endif
