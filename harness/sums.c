/*
 * sums.c - over an orderly connection, as many bytes are received as were sent.
 *
 * Happy path:  sums are kept by stream, and compared at the end.
 * Failures:    a difference is an offence; streams beyond the memory for them are not looked at.
 */
#include "sums.h"

#include "kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_COUNT = 1 << 14 };

/* By a splice, or by an echo of what was received without a look at it. */
static bool is_relayed(const struct pnd_plan *plan)
{
    bool splices = false, echoes = false, looks_away = false;
    struct pnd_plan_walk walk = {0};
    const struct pnd_plan_step *step = NULL;
    while ((step = pnd_plan_next_step(plan, &walk)) != NULL) {
        splices = splices || step->operation == PENDIO__OPERATION__SPLICE;
        echoes = echoes || step->content == PENDIO__CONTENT__ECHO;
        looks_away = looks_away || (step->content == PENDIO__CONTENT__NONE &&
                                    pnd_kind_is_receive(pnd_plan_start(step->operation)));
    }
    return splices || (echoes && looks_away);
}

int pnd_sums_init(struct pnd_sums *sums, const struct pnd_plan *plan, uint32_t first_stream)
{
    sums->relayed = is_relayed(plan);
    sums->first_stream = first_stream;
    sums->streams = calloc(STREAM_COUNT, sizeof *sums->streams);
    return sums->streams != NULL ? 0 : -ENOMEM;
}

void pnd_sums_fini(struct pnd_sums *sums)
{
    free(sums->streams);
    memset(sums, 0, sizeof *sums);
}

/* NULL: it is a file's, or one too many. */
static struct pnd_sum *find(struct pnd_sums *sums, uint32_t stream)
{
    uint32_t index = stream - sums->first_stream;
    return stream >= sums->first_stream && index < STREAM_COUNT ? &sums->streams[index] : NULL;
}

void pnd_sums_sent(struct pnd_sums *sums, uint32_t stream, uint64_t byte_count)
{
    struct pnd_sum *sum = find(sums, stream);
    if (sum != NULL)
        sum->sent_bytes += byte_count;
}

void pnd_sums_learned(struct pnd_sums *sums, uint32_t stream)
{
    struct pnd_sum *sum = find(sums, stream);
    if (sum != NULL)
        sum->reader_count++;
}

void pnd_sums_ended(struct pnd_sums *sums, uint32_t stream, uint64_t byte_count)
{
    struct pnd_sum *sum = find(sums, stream);
    if (sum == NULL)
        return;
    sum->received_bytes = byte_count;
    sum->ended = true;
}

void pnd_sums_settle(const struct pnd_sums *sums, struct pnd_referee *referee)
{
    for (uint32_t i = 0; i < STREAM_COUNT && !sums->relayed; i++) {
        const struct pnd_sum *sum = &sums->streams[i];
        if (sum->ended && sum->reader_count == 1)
            (void)pnd_referee_hold(referee, PND_RULE_SUMS, sum->sent_bytes == sum->received_bytes,
                                   "of stream %u %llu bytes were sent, and %llu received until its "
                                   "end",
                                   sums->first_stream + i, (unsigned long long)sum->sent_bytes,
                                   (unsigned long long)sum->received_bytes);
    }
}
