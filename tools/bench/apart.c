/*
 * apart.c - a subject in a process of its own, where all would need too many descriptors.
 *
 * Happy path:  fork -> the child begins, and says so -> told to, it does a block, and answers with
 *              what that cost by its own clocks -> told to go, it ends.
 * Failures:    a child that stalls or breaks off is killed; one whose parent is gone goes, too.
 */
#include "apart.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum wish { WISH_RUN, WISH_END };

struct order {
    enum wish wish;
    struct pnd_bench_block block;
};

struct answer {
    int status;
    struct pnd_bench_block block;
};

struct apart {
    pid_t child;
    int channel;
};

static _Noreturn void be_child(const struct pnd_bench_case *bench_case,
                               const struct pnd_bench_subject *subject, int channel);
static void obey(const struct pnd_bench_subject *subject, void *state, int channel);
static int hear(const struct apart *apart, struct answer *ret_answer);
static void bury(struct apart *apart);

int pnd_bench_apart_begin(const struct pnd_bench_case *bench_case,
                          const struct pnd_bench_subject *subject, void **ret_state)
{
    struct answer answer;
    int ends[2];
    struct apart *apart = malloc(sizeof *apart);
    if (apart == NULL)
        return -ENOMEM;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        free(apart);
        return -errno;
    }
    *apart = (struct apart){.child = fork(), .channel = ends[0]};
    if (apart->child == 0)
        be_child(bench_case, subject, ends[1]);
    (void)close(ends[1]);
    int status = apart->child < 0 ? -errno : hear(apart, &answer);
    if (status == 0)
        status = answer.status;
    if (status < 0)
        bury(apart);
    else
        *ret_state = apart;
    return status;
}

static _Noreturn void be_child(const struct pnd_bench_case *bench_case,
                               const struct pnd_bench_subject *subject, int channel)
{
    struct answer answer = {0};
    void *state = NULL;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    answer.status = subject->begin(bench_case, subject, &state);
    if (send(channel, &answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer && state != NULL)
        obey(subject, state, channel);
    _exit(0);
}

static void obey(const struct pnd_bench_subject *subject, void *state, int channel)
{
    struct order order;
    ssize_t got;

    do {
        got = recv(channel, &order, sizeof order, 0);
        if (got != sizeof order || order.wish == WISH_END)
            continue;
        struct answer answer = {.block = order.block};
        answer.status = subject->run(state, &answer.block);
        (void)send(channel, &answer, sizeof answer, MSG_NOSIGNAL);
    } while ((got < 0 && errno == EINTR) || (got == sizeof order && order.wish != WISH_END));
    subject->end(state);
}

int pnd_bench_apart_run(void *state, struct pnd_bench_block *block)
{
    const struct apart *apart = state;
    const struct order order = {.wish = WISH_RUN, .block = *block};
    struct answer answer;

    if (send(apart->channel, &order, sizeof order, MSG_NOSIGNAL) != sizeof order)
        return -ECHILD;
    int status = hear(apart, &answer);
    if (status < 0) {
        (void)kill(apart->child, SIGKILL); /* whatever it does is of no use any more */
        return status;
    }
    *block = answer.block;
    return answer.status;
}

static int hear(const struct apart *apart, struct answer *ret_answer)
{
    ssize_t got = recv(apart->channel, ret_answer, sizeof *ret_answer, 0);
    if (got < 0)
        return -errno;
    return got == sizeof *ret_answer ? 0 : -ECHILD;
}

void pnd_bench_apart_end(void *state)
{
    struct apart *apart = state;
    const struct order order = {.wish = WISH_END};
    (void)send(apart->channel, &order, sizeof order, MSG_NOSIGNAL);
    bury(apart);
}

/* Closed first: who does not obey reads the end. */
static void bury(struct apart *apart)
{
    (void)close(apart->channel);
    while (apart->child > 0 && waitpid(apart->child, NULL, 0) < 0 && errno == EINTR)
        ;
    free(apart);
}
