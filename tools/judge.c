/*
 * judge.c - what many outcomes are worth together.
 *
 * Happy path:  verdicts are counted; the worst one decides.
 * Failures:    none.
 */
#include "judge.h"

void pnd_judge_add(struct pnd_judgement *judgement, const struct pnd_outcome *outcomes,
                   size_t outcome_count)
{
    for (size_t index = 0; index < outcome_count; index++)
        judgement->counts[outcomes[index].verdict]++;
    judgement->outcome_count += outcome_count;
}

enum pnd_exit pnd_judge_exit(const struct pnd_judgement *judgement)
{
    const size_t *counts = judgement->counts;
    if (counts[PENDIO__VERDICT__FAILED] + counts[PENDIO__VERDICT__CRASHED] > 0)
        return PND_EXIT_FAILED;
    if (counts[PENDIO__VERDICT__INVALID] > 0)
        return PND_EXIT_USAGE;
    if (judgement->outcome_count > 0 &&
        counts[PENDIO__VERDICT__SKIPPED] == judgement->outcome_count)
        return PND_EXIT_SKIPPED;
    return PND_EXIT_OK;
}
