/*
 * wake.c - a round trip between two loops of two threads, both asleep until something comes.
 *
 * Happy path:  this thread sends a message -> the other one, on another core, wakes up and sends it
 *              back -> this one wakes up.
 * Failures:    a message that is not the one expected is wrong bytes; the other thread ends with
 *              the subject, whatever came of it.
 */
#include "wake.h"

#include "cases.h"
#include "cores.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

enum { BLOCK_TRIPS = 200, BRIEF_TRIPS = 2, LAST_MESSAGE = BLOCK_TRIPS + 1 };

struct wake {
    const struct pnd_bench_post *post;
    struct pnd_bench_side near, far;
    pthread_t thread;
    sem_t is_ready, may_close;
    int far_status;
};

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state);
static int start_far(struct wake *wake);
static void *be_far(void *state);
static void move_to_other_core(void);
static int run(void *state, struct pnd_bench_block *block);
static void end(void *state);

const struct pnd_bench_subject pnd_bench_wake[] = {
    {"ring", "ring", PND_BENCH_FLOOR, &pnd_bench_post_ring, NULL, begin, run, end},
    {"pendio", "ring", PND_BENCH_OURS, &pnd_bench_post_pendio, NULL, begin, run, end},
    {"eventfd", "ring", PND_BENCH_FLOOR, &pnd_bench_post_eventfd, NULL, begin, run, end},
};
const size_t pnd_bench_wake_count = sizeof pnd_bench_wake / sizeof pnd_bench_wake[0];

static int begin(const struct pnd_bench_case *bench_case, const struct pnd_bench_subject *subject,
                 void **ret_state)
{
    (void)bench_case;
    struct wake *wake = calloc(1, sizeof *wake);
    if (wake == NULL)
        return -ENOMEM;
    wake->post = subject->kind;
    int status = wake->post->open(&wake->near);
    if (status == 0) {
        status = start_far(wake);
        if (status < 0)
            wake->post->close(&wake->near);
    }
    if (status < 0)
        free(wake);
    else
        *ret_state = wake;
    return status;
}

static int start_far(struct wake *wake)
{
    (void)sem_init(&wake->is_ready, 0, 0);
    (void)sem_init(&wake->may_close, 0, 0);
    int status = -pthread_create(&wake->thread, NULL, be_far, wake);
    if (status == 0) {
        while (sem_wait(&wake->is_ready) < 0)
            ;
        status = wake->far_status;
        if (status < 0)
            (void)pthread_join(wake->thread, NULL);
    }
    if (status < 0) {
        (void)sem_destroy(&wake->is_ready);
        (void)sem_destroy(&wake->may_close);
    }
    return status;
}

/* Its side is made, used and closed by one thread; closed when nobody sends to it any more. */
static void *be_far(void *state)
{
    struct wake *wake = state;
    uint64_t message = 0;

    move_to_other_core();
    wake->far_status = wake->post->open(&wake->far);
    int status = wake->far_status;
    (void)sem_post(&wake->is_ready);
    if (status < 0)
        return NULL;
    while (status == 0 && message != LAST_MESSAGE) {
        do
            status = wake->post->wait(&wake->far, &message);
        while (status == -EINTR);
        if (status == 0 && message != LAST_MESSAGE)
            status = wake->post->send(&wake->far, &wake->near, message);
    }
    while (sem_wait(&wake->may_close) < 0)
        ;
    wake->post->close(&wake->far);
    return NULL;
}

/* Where there is but one core both threads share it. */
static void move_to_other_core(void)
{
    cpu_set_t one;
    pnd_bench_cores_choose(PND_BENCH_CORES_ONE, &one);
    (void)sched_setaffinity(0, sizeof one, &one); /* of this thread alone */
}

static int run(void *state, struct pnd_bench_block *block)
{
    struct wake *wake = state;
    uint64_t trips = block->brief ? BRIEF_TRIPS : BLOCK_TRIPS;
    int status = 0;

    block->operation_count = trips;
    pnd_bench_block_start(block);
    for (uint64_t trip = 1; status == 0 && trip <= trips; trip++) {
        uint64_t answer = 0;
        status = wake->post->send(&wake->near, &wake->far, trip);
        if (status == 0)
            status = wake->post->wait(&wake->near, &answer);
        if (status == 0 && answer != trip)
            status = -EBADMSG;
    }
    pnd_bench_block_stop(block);
    return status;
}

static void end(void *state)
{
    struct wake *wake = state;
    (void)wake->post->send(&wake->near, &wake->far, LAST_MESSAGE);
    (void)wake->post->flush(&wake->near);
    (void)sem_post(&wake->may_close);
    (void)pthread_join(wake->thread, NULL);
    wake->post->close(&wake->near);
    (void)sem_destroy(&wake->is_ready);
    (void)sem_destroy(&wake->may_close);
    free(wake);
}
