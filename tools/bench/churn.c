/*
 * churn.c - connections that are accepted and closed again, with nothing in between.
 *
 * Happy path:  the generator connects a number of clients -> the subject, alone on the clock,
 *              accepts and closes all of them -> every client reads the end, and goes. All subjects
 *              close alike: gracefully (the end first, and what is unread does not turn it into a
 *              reset), or with a reset.
 * Failures:    a client without its end, or with data, is wrong bytes.
 */
#include "batch.h"
#include "cases.h"
#include "load.h"
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENT_MAXIMUM = 64, BLOCK_TURNS = 8, BRIEF_TURNS = 1 };

struct churn {
    int listener;
    int clients[CLIENT_MAXIMUM];
    uint32_t client_count;
    bool is_reset, resets_show;   /* how connections are closed; a client sees it (TCP) */
    struct io_uring ring;         /* of the bare ring alone; of pendio: */
    struct pnd_bench_batch batch; /* contexts that accept */
    pendio_handle handle;
};

typedef int accept_fn(struct churn *churn);

static int begin_calls(const struct pnd_bench_case *bench_case,
                       const struct pnd_bench_subject *subject, void **ret_state);
static int begin_bare(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_subject *subject, void **ret_state);
static int begin_pendio(const struct pnd_bench_case *bench_case,
                        const struct pnd_bench_subject *subject, void **ret_state);
static int begin(const struct pnd_bench_case *bench_case, struct churn **ret_churn);
static int start_accepting(struct churn *churn);
static int run(struct churn *churn, struct pnd_bench_block *block, accept_fn *accept_all);
static int connect_all(struct churn *churn);
static int dismiss_all(struct churn *churn);
static void say_goodbye(const struct churn *churn, int descriptor);
static int run_calls(void *state, struct pnd_bench_block *block);
static int run_bare(void *state, struct pnd_bench_block *block);
static int run_pendio(void *state, struct pnd_bench_block *block);
static int accept_calls(struct churn *churn);
static int accept_bare(struct churn *churn);
static int go_on_bare(struct churn *churn, const struct io_uring_cqe *completion);
static void arm(struct churn *churn);
static int accept_pendio(struct churn *churn);
static int follow(struct churn *churn, const struct pendio_completion *record, uint32_t *closed);
static void end_calls(void *state);
static void end_bare(void *state);
static void end_pendio(void *state);

const struct pnd_bench_subject pnd_bench_churn[] = {
    {"ring", "ring", PND_BENCH_FLOOR, NULL, NULL, begin_bare, run_bare, end_bare},
    {"pendio", "ring", PND_BENCH_OURS, NULL, NULL, begin_pendio, run_pendio, end_pendio},
    {"calls", "ring", PND_BENCH_FLOOR, NULL, NULL, begin_calls, run_calls, end_calls},
};
const size_t pnd_bench_churn_count = sizeof pnd_bench_churn / sizeof pnd_bench_churn[0];

static int begin(const struct pnd_bench_case *bench_case, struct churn **ret_churn)
{
    struct churn *churn = calloc(1, sizeof *churn);
    if (churn == NULL)
        return -ENOMEM;
    churn->client_count = bench_case->connection_count;
    churn->is_reset = bench_case->resets;
    churn->resets_show = bench_case->resets && bench_case->family == AF_INET;
    int status = pnd_bench_load_listen(bench_case->family, CLIENT_MAXIMUM, &churn->listener);
    if (status < 0)
        free(churn);
    else
        *ret_churn = churn;
    return status;
}

static int begin_calls(const struct pnd_bench_case *bench_case,
                       const struct pnd_bench_subject *subject, void **ret_state)
{
    (void)subject;
    struct churn *churn = NULL;
    int status = begin(bench_case, &churn);
    if (status == 0)
        *ret_state = churn;
    return status;
}

static int begin_bare(const struct pnd_bench_case *bench_case,
                      const struct pnd_bench_subject *subject, void **ret_state)
{
    (void)subject;
    struct churn *churn = NULL;
    int status = begin(bench_case, &churn);
    if (status < 0)
        return status;
    status = pnd_bench_ring_init(&churn->ring, 2 * CLIENT_MAXIMUM, 8 * CLIENT_MAXIMUM);
    if (status < 0) {
        end_calls(churn);
        return status;
    }
    arm(churn);
    status = io_uring_submit(&churn->ring);
    *ret_state = churn;
    return status < 0 ? status : 0;
}

static void arm(struct churn *churn)
{
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&churn->ring);
    io_uring_prep_multishot_accept(entry, churn->listener, NULL, NULL, SOCK_CLOEXEC);
    io_uring_sqe_set_data64(entry, 0);
}

static int begin_pendio(const struct pnd_bench_case *bench_case,
                        const struct pnd_bench_subject *subject, void **ret_state)
{
    (void)subject;
    struct churn *churn = NULL;
    int status = begin(bench_case, &churn);
    if (status < 0)
        return status;
    status = pnd_bench_batch_init(&churn->batch, CLIENT_MAXIMUM, 0);
    if (status < 0) {
        end_calls(churn);
        return status;
    }
    status = start_accepting(churn);
    if (status < 0)
        end_pendio(churn);
    else
        *ret_state = churn;
    return status;
}

/* As many contexts as there are clients: each accepts, closes, and accepts again. */
static int start_accepting(struct churn *churn)
{
    int status = pendio_handle_adopt(churn->batch.loop, churn->listener, &churn->handle);
    for (uint32_t index = 0; status == 0 && index < churn->client_count; index++) {
        int answer = pendio_accept(churn->batch.contexts[index], churn->handle, 0);
        status = answer < 0 ? answer : 0;
    }
    return status < 0 ? status : pendio_loop_flush(churn->batch.loop);
}

static int run_calls(void *state, struct pnd_bench_block *block)
{
    return run(state, block, accept_calls);
}

static int run_bare(void *state, struct pnd_bench_block *block)
{
    return run(state, block, accept_bare);
}

static int run_pendio(void *state, struct pnd_bench_block *block)
{
    return run(state, block, accept_pendio);
}

static int run(struct churn *churn, struct pnd_bench_block *block, accept_fn *accept_all)
{
    int status = 0;
    for (int turn = block->brief ? BLOCK_TURNS - BRIEF_TURNS : 0; status == 0 && turn < BLOCK_TURNS;
         turn++) {
        status = connect_all(churn);
        if (status < 0)
            return status;
        pnd_bench_block_start(block);
        status = accept_all(churn);
        pnd_bench_block_stop(block);
        block->operation_count += churn->client_count;
        int dismissed = dismiss_all(churn);
        status = status < 0 ? status : dismissed;
    }
    return status;
}

static int connect_all(struct churn *churn)
{
    for (uint32_t index = 0; index < churn->client_count; index++) {
        int status = pnd_bench_load_connect(churn->listener, &churn->clients[index]);
        if (status < 0) {
            while (index-- > 0)
                (void)close(churn->clients[index]);
            return status;
        }
    }
    return 0;
}

static int dismiss_all(struct churn *churn)
{
    int status = 0;
    for (uint32_t index = 0; index < churn->client_count; index++) {
        char byte;
        ssize_t got = recv(churn->clients[index], &byte, 1, MSG_DONTWAIT);
        bool is_as_expected = churn->resets_show ? got < 0 && errno == ECONNRESET : got == 0;
        status = is_as_expected ? status : -EBADMSG;
        pnd_bench_load_dismiss(churn->clients[index]);
    }
    return status;
}

/* What comes before the close; as pendio does it. */
static void say_goodbye(const struct churn *churn, int descriptor)
{
    const struct linger at_once = {.l_onoff = 1};
    char scratch[1024];

    if (churn->is_reset) {
        (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return;
    }
    (void)shutdown(descriptor, SHUT_WR);
    while (recv(descriptor, scratch, sizeof scratch, MSG_DONTWAIT) > 0)
        ;
}

static int accept_calls(struct churn *churn)
{
    for (uint32_t count = 0; count < churn->client_count; count++) {
        int descriptor = accept4(churn->listener, NULL, NULL, SOCK_CLOEXEC);
        if (descriptor < 0)
            return -errno;
        say_goodbye(churn, descriptor);
        if (close(descriptor) < 0)
            return -errno;
    }
    return 0;
}

static int accept_bare(struct churn *churn)
{
    for (uint32_t closed = 0; closed < churn->client_count;) {
        struct io_uring_cqe *completion;
        unsigned head, count = 0;
        int status = io_uring_submit_and_wait(&churn->ring, 1);
        if (status < 0)
            return status;
        io_uring_for_each_cqe(&churn->ring, head, completion)
        {
            status = go_on_bare(churn, completion);
            if (status < 0)
                return status;
            closed += (uint32_t)status;
            count++;
        }
        io_uring_cq_advance(&churn->ring, count);
    }
    return 0;
}

/* Returns 1 for a connection that has been closed. */
static int go_on_bare(struct churn *churn, const struct io_uring_cqe *completion)
{
    if (completion->res < 0)
        return completion->res;
    if (completion->user_data == 1)
        return 1;
    say_goodbye(churn, completion->res);
    struct io_uring_sqe *entry = pnd_bench_ring_entry(&churn->ring);
    io_uring_prep_close(entry, completion->res);
    io_uring_sqe_set_data64(entry, 1);
    if ((completion->flags & IORING_CQE_F_MORE) == 0)
        arm(churn);
    return 0;
}

static int accept_pendio(struct churn *churn)
{
    struct pendio_completion records[PND_BENCH_BATCH_MAXIMUM];

    for (uint32_t closed = 0; closed < churn->client_count;) {
        int count = pnd_bench_batch_turn(&churn->batch, records);
        for (int index = 0; index < count; index++) {
            int status = follow(churn, &records[index], &closed);
            if (status < 0)
                return status;
        }
        if (count < 0)
            return count;
    }
    return pendio_loop_flush(churn->batch.loop);
}

static int follow(struct churn *churn, const struct pendio_completion *record, uint32_t *closed)
{
    struct pendio_completion last = *record;
    int answer = PENDIO_DONE;

    while (answer == PENDIO_DONE) {
        if (last.error < 0)
            return last.error;
        if (last.operation == PENDIO_OPERATION_CLOSE) {
            (*closed)++;
            answer = pendio_accept(last.context, churn->handle, 0);
        } else {
            answer = pendio_close(last.context, last.value,
                                  churn->is_reset ? PENDIO_ABORTIVE : PENDIO_GRACEFUL);
        }
        if (answer == PENDIO_DONE)
            (void)pendio_context_result(last.context, &last);
    }
    return answer < 0 ? answer : 0;
}

static void end_calls(void *state)
{
    struct churn *churn = state;
    if (churn->handle == 0)
        (void)close(churn->listener);
    free(churn);
}

static void end_bare(void *state)
{
    struct churn *churn = state;
    io_uring_queue_exit(&churn->ring);
    end_calls(churn);
}

static void end_pendio(void *state)
{
    struct churn *churn = state;
    pnd_bench_batch_fini(&churn->batch);
    end_calls(churn);
}
