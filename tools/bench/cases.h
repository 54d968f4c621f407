/* cases.h - who takes part in the cases of each kind. */
#ifndef PND_BENCH_CASES_H
#define PND_BENCH_CASES_H

#include "contest.h"

extern const struct pnd_bench_subject pnd_bench_echo[];
extern const size_t pnd_bench_echo_count;
extern const struct pnd_bench_subject pnd_bench_nop[];
extern const size_t pnd_bench_nop_count;
extern const struct pnd_bench_subject pnd_bench_gather[];
extern const size_t pnd_bench_gather_count;
extern const struct pnd_bench_subject pnd_bench_read[];
extern const size_t pnd_bench_read_count;
extern const struct pnd_bench_subject pnd_bench_churn[];
extern const size_t pnd_bench_churn_count;

extern const struct pnd_bench_subject pnd_bench_copy[];
extern const size_t pnd_bench_copy_count;
extern const struct pnd_bench_subject pnd_bench_wake[];
extern const size_t pnd_bench_wake_count;
extern const struct pnd_bench_subject pnd_bench_memory[];
extern const size_t pnd_bench_memory_count;

#endif
