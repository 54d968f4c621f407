/* judge.h - what many outcomes are worth together. */
#ifndef PND_JUDGE_H
#define PND_JUDGE_H

#include "command.h"
#include "outcome.h"

/* How many there are of each verdict. */
struct pnd_judgement {
    size_t counts[PENDIO__VERDICT__SKIPPED + 1];
    size_t outcome_count;
};

void pnd_judge_add(struct pnd_judgement *judgement, const struct pnd_outcome *outcomes,
                   size_t outcome_count);

/* Failed before invalid before skipped. */
enum pnd_exit pnd_judge_exit(const struct pnd_judgement *judgement);

#endif
