/* tracing.c - the system calls of a child, counted from outside between two marks. */
#include "tracing.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MARK = -4242 }; /* closing that is the mark */

void tracing_mark(void)
{
    (void)close(MARK);
}

/* A child that stops before it runs `body`; 0: tracing is not permitted. */
static pid_t begin_traced(tracing_fn *body, void *state, struct tally *tally)
{
    pid_t child = fork();
    int status = 0;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(77);
        (void)raise(SIGSTOP);
        body(tally, state);
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return 0;
    ck_assert(WIFSTOPPED(status));
    ck_assert_int_eq(ptrace(PTRACE_SETOPTIONS, child, NULL,
                            (void *)(uintptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)),
                     0);
    return child;
}

static bool go_to_next_call(pid_t child, struct __ptrace_syscall_info *ret_call)
{
    int status = 0;

    do {
        ck_assert_int_eq(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (!WIFSTOPPED(status)) {
            ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
            return false;
        }
        ck_assert_int_eq(WSTOPSIG(status), SIGTRAP | 0x80);
        ck_assert_int_gt(ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof *ret_call, ret_call),
                         0);
    } while (ret_call->op != PTRACE_SYSCALL_INFO_ENTRY);
    return true;
}

static uint64_t count_calls(pid_t child)
{
    struct __ptrace_syscall_info call;
    uint64_t count = 0;
    bool marked = false;

    while (go_to_next_call(child, &call)) {
        if (call.entry.nr == SYS_close && (int)call.entry.args[0] == MARK) {
            marked = !marked;
        } else if (marked) {
            ck_assert(call.entry.nr == SYS_io_uring_enter || call.entry.nr == SYS_sendmsg ||
                      call.entry.nr == SYS_sendto);
            count++;
        }
    }
    return count;
}

static struct tally *share_tally(void)
{
    void *shared =
        mmap(NULL, sizeof(struct tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(shared, MAP_FAILED);
    return shared;
}

static void take_tally(struct tally *shared, struct tally *ret_tally)
{
    *ret_tally = *shared;
    ck_assert_int_eq(munmap(shared, sizeof *shared), 0);
}

uint64_t tracing_count(tracing_fn *body, void *state, struct tally *ret_tally)
{
    struct tally *shared = share_tally();
    pid_t child = begin_traced(body, state, shared);
    uint64_t count;

    ck_assert_int_ne(child, 0);
    count = count_calls(child);
    take_tally(shared, ret_tally);
    return count;
}

void tracing_leave_alone(tracing_fn *body, void *state, struct tally *ret_tally)
{
    struct tally *shared = share_tally();
    pid_t child = fork();
    int status = 1;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        body(shared, state);
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    take_tally(shared, ret_tally);
}

bool tracing_is_permitted(void)
{
    pid_t child = fork();
    int status = 1;

    if (child == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? 77 : 0);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}
