/*
 * group.c - loops on threads of the library's own: how they begin, turn, and end.
 *
 * Happy path:  create: threads -> each its loop -> each begins -> turn, turn -> shutdown -> each
 *              ends -> destroy: each destroys its loop -> join.
 * Failures:    whatever cannot be made ends the whole group again, and its status is the answer.
 *
 * Threads and whoever creates or destroys the group meet three times: when all loops are made, when
 * all have begun, and when all have ended.
 */
#include "group.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { RECORD_COUNT = 256 };

static _Thread_local struct pnd_member *self;

struct pnd_member *pnd_group_self(void)
{
    return self;
}

/* ---- meetings ------------------------------------------------------------------------------- */

/* A thread's: waits until it may go on. Returns the group's status. */
static int meet(struct pnd_group *group)
{
    uint32_t step;
    int status;

    pthread_mutex_lock(&group->mutex);
    step = group->step;
    group->waiting_count++;
    pthread_cond_broadcast(&group->changed);
    while (group->step == step)
        pthread_cond_wait(&group->changed, &group->mutex);
    status = group->status;
    pthread_mutex_unlock(&group->mutex);
    return status;
}

/* Waits for all threads, and lets them go on. Returns the group's status: the first one's. */
static int meet_all(struct pnd_group *group)
{
    int status;

    pthread_mutex_lock(&group->mutex);
    while (group->waiting_count < group->thread_count)
        pthread_cond_wait(&group->changed, &group->mutex);
    for (uint32_t i = 0; i < group->thread_count && group->status == 0; i++)
        group->status = group->members[i].status;
    status = group->status;
    group->waiting_count = 0;
    group->step++;
    pthread_cond_broadcast(&group->changed);
    pthread_mutex_unlock(&group->mutex);
    return status;
}

/* ---- a thread ------------------------------------------------------------------------------- */

static void begin(struct pnd_member *member)
{
    const struct pendio_group_options *options = &member->group->options;
    struct pnd_loop *loop = member->loop;

    if (options->begin != NULL) {
        loop->in_callback = true;
        member->status = options->begin((struct pendio_loop *)loop, member->index, options->state);
        loop->in_callback = false;
    }
    if (member->status > 0)
        member->status = 0;
    member->has_begun = member->status == 0;
}

static void end(struct pnd_member *member)
{
    const struct pendio_group_options *options = &member->group->options;

    if (options->end == NULL)
        return;
    member->loop->in_callback = true;
    options->end((struct pendio_loop *)member->loop, member->index, options->state);
    member->loop->in_callback = false;
}

static void tell(struct pnd_member *member, const struct pendio_completion *records, int count)
{
    const struct pendio_group_options *options = &member->group->options;

    if (options->completed == NULL)
        return;
    member->loop->in_callback = true;
    for (int i = 0; i < count; i++)
        options->completed((struct pendio_loop *)member->loop, &records[i], options->state);
    member->loop->in_callback = false;
}

/* ns until the group's end; -1: that is open. */
static int64_t left_ns(struct pnd_group *group)
{
    uint64_t end_ns = atomic_load_explicit(&group->end_ns, memory_order_acquire);
    uint64_t now_ns = end_ns == UINT64_MAX ? 0 : pnd_clock_ns();

    if (end_ns == UINT64_MAX)
        return -1;
    return end_ns > now_ns ? (int64_t)(end_ns - now_ns) : 0;
}

/* Until everything is delivered after a shutdown, time is up, or the ring has failed. */
static void turn_on(struct pnd_member *member)
{
    struct pendio_completion records[RECORD_COUNT];
    int64_t wait_ns = left_ns(member->group);
    int count = 0;

    while (count >= 0 && wait_ns != 0) {
        count = pnd_loop_turn(member->loop, wait_ns, records, RECORD_COUNT);
        tell(member, records, count);
        pnd_group_deliver_arrivals(member);
        wait_ns = left_ns(member->group);
    }
}

static void *live(void *state)
{
    struct pnd_member *member = (struct pnd_member *)state;
    struct pnd_group *group = member->group;
    int64_t drain_ns;

    self = member;
    member->status = pnd_loop_create(&group->loop_options, &member->loop);
    if (meet(group) == 0)
        begin(member);
    if (meet(group) == 0)
        turn_on(member);
    if (member->loop != NULL)
        pnd_loop_refuse_errands(member->loop);
    if (member->has_begun)
        end(member);
    (void)meet(group);
    drain_ns = left_ns(group);
    if (member->loop != NULL)
        member->leaked_count = pnd_loop_destroy(member->loop, drain_ns);
    free(member->arrivals);
    return NULL;
}

/* ---- creation ------------------------------------------------------------------------------- */

static void shut_down(struct pnd_errand *errand, struct pnd_loop *loop)
{
    pnd_group_leave_stations((struct pnd_member *)errand);
    pnd_loop_shutdown(loop);
}

/* A thread of the library's takes no signals but those of its own faults. */
static void block_signals(sigset_t *ret_before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t others;

    sigfillset(&others);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&others, faults[i]);
    (void)pthread_sigmask(SIG_SETMASK, &others, ret_before);
}

static int start_thread(struct pnd_group *group, uint32_t index)
{
    struct pnd_member *member = &group->members[index];
    char name[20];
    sigset_t before;
    int status;

    *member = (struct pnd_member){.errand.run = shut_down, .group = group, .index = index};
    block_signals(&before);
    status = -pthread_create(&member->thread, NULL, live, member);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status == 0) {
        snprintf(name, sizeof name, "pendio-%u", index);
        (void)pthread_setname_np(member->thread, name);
    }
    return status;
}

/* As many as can be; the first that cannot is why the group cannot begin. */
static void start_threads(struct pnd_group *group)
{
    while (group->status == 0 && group->thread_count < group->options.loop_count) {
        group->status = start_thread(group, group->thread_count);
        if (group->status == 0)
            group->thread_count++;
    }
}

static uint64_t join(struct pnd_group *group)
{
    uint64_t leaked_count = 0;

    (void)meet_all(group);
    for (uint32_t i = 0; i < group->thread_count; i++) {
        (void)pthread_join(group->members[i].thread, NULL);
        leaked_count += group->members[i].leaked_count;
    }
    pnd_group_free_listeners(group);
    pthread_cond_destroy(&group->changed);
    pthread_mutex_destroy(&group->mutex);
    free(group->members);
    free(group);
    return leaked_count;
}

int pnd_group_create(const struct pendio_group_options *options, struct pnd_group **ret_group)
{
    struct pnd_group *group = calloc(1, sizeof *group);
    int status;

    if (group == NULL)
        return -ENOMEM;
    group->members = calloc(options->loop_count, sizeof *group->members);
    if (group->members == NULL) {
        free(group);
        return -ENOMEM;
    }
    group->options = *options;
    group->loop_options = *options->loop;
    atomic_init(&group->end_ns, UINT64_MAX);
    pthread_mutex_init(&group->mutex, NULL);
    pthread_cond_init(&group->changed, NULL);
    start_threads(group);
    (void)meet_all(group);
    status = meet_all(group);
    if (status < 0)
        (void)join(group);
    else
        *ret_group = group;
    return status;
}

/* ---- the end -------------------------------------------------------------------------------- */

void pnd_group_shutdown(struct pnd_group *group)
{
    if (atomic_exchange(&group->is_stopping, true))
        return;
    for (uint32_t i = 0; i < group->thread_count; i++)
        (void)pnd_wake_send(&group->members[i].loop->wake, &group->members[i].errand);
}

uint64_t pnd_group_destroy(struct pnd_group *group, int64_t drain_ns)
{
    uint64_t now_ns = pnd_clock_ns();

    if (drain_ns >= 0 && (uint64_t)drain_ns < UINT64_MAX - now_ns)
        atomic_store_explicit(&group->end_ns, now_ns + (uint64_t)drain_ns, memory_order_release);
    pnd_group_shutdown(group);
    for (uint32_t i = 0; i < group->thread_count; i++)
        pnd_wake_up(&group->members[i].loop->wake);
    return join(group);
}
