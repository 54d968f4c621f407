/*
 * fault.c - what a workload brings about on purpose, and how it ends.
 *
 * Happy path:  a limit of descriptors is set and taken back; a context that holds what it was lent
 *              is looked at; the process tells how far it came, and is killed.
 * Failures:    a buffer that is no longer what was lent is an offence.
 */
#include "fault.h"

#include "expect.h"
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * The limit is a number that no descriptor reaches: the one after so many that are free. Nothing is
 * listed, which would take a descriptor and memory.
 */
static rlim_t limit_for(uint32_t more_count, rlim_t most)
{
    rlim_t limit = 0;
    for (uint32_t free_count = 0; limit < most; limit++) {
        if (fcntl((int)limit, F_GETFD) >= 0 || errno != EBADF)
            continue;
        if (free_count++ == more_count)
            break;
    }
    return limit;
}

static int limit_descriptors(struct pnd_engine *engine, uint32_t more_count)
{
    struct rlimit limits;
    if (!engine->descriptors_limited) {
        if (getrlimit(RLIMIT_NOFILE, &engine->descriptor_limits) < 0)
            return -errno;
        engine->descriptors_limited = true;
    }
    limits = engine->descriptor_limits;
    if (more_count > 0)
        limits.rlim_cur = limit_for(more_count, limits.rlim_cur);
    return setrlimit(RLIMIT_NOFILE, &limits) < 0 ? -errno : 0;
}

enum pnd_step_verdict pnd_step_limit_descriptors(struct pnd_engine *engine,
                                                 struct pnd_instance *instance,
                                                 const struct pnd_plan_step *step)
{
    char place[160];
    int status = limit_descriptors(engine, step->times);
    (void)pnd_referee_hold(&engine->referee, PND_RULE_FINISHED, status == 0,
                           "%s: the limit could not be set (%s)",
                           pnd_instance_describe(engine, instance, step, place, sizeof place),
                           pnd_names_error(status));
    return PND_STEP_NEXT;
}

void pnd_fault_end(struct pnd_engine *engine)
{
    if (engine->descriptors_limited)
        (void)limit_descriptors(engine, 0);
}

/* A sum in which every byte and its place counts (FNV-1a). */
static uint64_t sum_of(const uint8_t *bytes, uint64_t byte_count)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (uint64_t i = 0; i < byte_count; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* The first look takes the sum of what was lent; later ones find the same. */
enum pnd_step_verdict pnd_step_hold_buffers(struct pnd_engine *engine,
                                            struct pnd_instance *instance,
                                            const struct pnd_plan_step *step)
{
    char place[160];
    struct pnd_snapshot shown = {0};
    struct pnd_named_context *named = &instance->contexts[step->context_index];
    if (named->context != NULL)
        pnd_engine_look(engine, named->context, &shown);
    bool lent = named->taken && (shown.result.flags & PENDIO_LENT) != 0 && shown.memory != NULL &&
                (uintptr_t)shown.memory == shown.result.memory &&
                shown.byte_count == shown.result.bytes;
    uint64_t sum = lent ? sum_of(shown.memory, shown.byte_count) : 0;
    if (lent && named->held_run != shown.result.run) {
        named->held_run = shown.result.run;
        named->held_sum = sum;
    }
    (void)pnd_referee_hold(&engine->referee, PND_RULE_LENT, lent && sum == named->held_sum,
                           "%s: what the context was lent is %s",
                           pnd_instance_describe(engine, instance, step, place, sizeof place),
                           lent ? "not as it was" : "no longer there");
    return PND_STEP_NEXT;
}

enum pnd_step_verdict pnd_step_fail(struct pnd_engine *engine, struct pnd_instance *instance,
                                    const struct pnd_plan_step *step)
{
    (void)engine;
    (void)instance;
    (void)step;
    return PND_STEP_NEXT;
}

/* What it has come to is told before, and that nobody else kills it. */
enum pnd_step_verdict pnd_step_die(struct pnd_engine *engine, struct pnd_instance *instance,
                                   const struct pnd_plan_step *step)
{
    (void)instance;
    (void)step;
    engine->dying = true;
    engine->progress(engine, engine->progress_state);
    (void)kill(getpid(), SIGKILL);
    return PND_STEP_WAIT;
}
