/*
 * allocation_test.c - what a loop costs once it is warm: no allocation, and one system call a turn.
 *
 * - malloc and its kin are replaced in this program, so libc's own calls are counted as well.
 * - System calls are counted from outside, by tracing a child: what the loop says of itself is
 *   compared with that.
 * - Check's own assertions allocate and write, so rounds of work only keep what went wrong.
 */
#include "suite.h"
#include "workbench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WARM_UP_COUNT = 100, ROUND_COUNT = 2000, READ_COUNT = 8, SLICE_BYTES = 4096 };

/* ---- counting allocations ------------------------------------------------------------------- */

static bool counting;
static uint64_t allocation_count;

#ifndef TEST_IS_SANITIZED

extern void *__libc_malloc(size_t byte_count);
extern void *__libc_calloc(size_t count, size_t byte_count);
extern void *__libc_realloc(void *memory, size_t byte_count);
extern void __libc_free(void *memory);

void *malloc(size_t size)
{
    allocation_count += counting;
    return __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    allocation_count += counting;
    return __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    allocation_count += counting;
    return __libc_realloc(ptr, size);
}

void free(void *ptr)
{
    allocation_count += counting && ptr != NULL;
    __libc_free(ptr);
}

#endif

/* ---- work ----------------------------------------------------------------------------------- */

struct work {
    struct pendio_loop *loop;
    struct pendio_context *contexts[READ_COUNT];
    pendio_handle handles[2];
    int far; /* where no handle is: the other end */
    bool failed;
};

typedef void round_fn(struct work *work);

static void begin_work(struct work *work, uint32_t policy)
{
    struct pendio_pool *pool;

    *work = (struct work){.loop = workbench_loop(64, 0)};
    pool = workbench_pool(work->loop, READ_COUNT, SLICE_BYTES);
    for (int i = 0; i < READ_COUNT; i++) {
        work->contexts[i] = workbench_context(pool);
        ck_assert_int_eq(pendio_context_set_policy(work->contexts[i], policy), 0);
        ck_assert_int_eq(pendio_context_set_deadline(work->contexts[i], WORKBENCH_LIMIT_NS), 0);
    }
}

static void begin_echo(struct work *work, uint32_t policy)
{
    struct workbench_stream stream;

    begin_work(work, policy);
    stream = workbench_stream(work->loop, SOCK_STREAM);
    work->handles[0] = stream.near;
    ck_assert_int_eq(pendio_handle_adopt(work->loop, stream.far, &work->handles[1]), 0);
}

static void begin_reads(struct work *work, uint32_t policy)
{
    begin_work(work, policy);
    ck_assert_int_eq(pendio_handle_adopt(work->loop,
                                         workbench_file((uint64_t)READ_COUNT * SLICE_BYTES),
                                         &work->handles[0]),
                     0);
}

static void await(struct work *work, int pending_count)
{
    struct pendio_completion completions[READ_COUNT];

    while (pending_count > 0 && !work->failed) {
        int count = pendio_loop_turn(work->loop, WORKBENCH_LIMIT_NS, completions, READ_COUNT);

        work->failed = work->failed || count < 0;
        for (int i = 0; i < count; i++)
            work->failed = work->failed || completions[i].error != 0 || completions[i].bytes == 0 ||
                           completions[i].bytes > SLICE_BYTES;
        pending_count -= count;
    }
}

static int start(struct work *work, int answer)
{
    work->failed = work->failed || answer < 0;
    return answer;
}

/* One end sends and the other receives, there and back. */
static void echo(struct work *work)
{
    for (int from = 0; from < 2; from++) {
        pendio_handle sender = work->handles[from];
        pendio_handle receiver = work->handles[1 - from];
        int pending_count = start(work, pendio_send(work->contexts[0], sender));

        pending_count += start(work, pendio_receive(work->contexts[1], receiver));
        await(work, pending_count);
    }
}

static void read_file(struct work *work)
{
    int pending_count = 0;

    for (uint64_t i = 0; i < READ_COUNT; i++)
        pending_count +=
            start(work, pendio_read(work->contexts[i], work->handles[0], i * SLICE_BYTES));
    await(work, pending_count);
}

enum { FILE_BYTES = READ_COUNT * SLICE_BYTES };

/* A connection whose far end is the caller's, and a file to go through it, or to a pipe. */
static void begin_packets(struct work *work, uint32_t policy)
{
    struct workbench_stream stream;

    begin_work(work, policy);
    stream = workbench_stream(work->loop, SOCK_STREAM);
    work->handles[0] = stream.near;
    work->far = stream.far;
    ck_assert_int_eq(pendio_handle_adopt(work->loop, workbench_file(FILE_BYTES), &work->handles[1]),
                     0);
}

static void begin_splices(struct work *work, uint32_t policy)
{
    int ends[2];

    begin_work(work, policy);
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    work->far = ends[0];
    ck_assert_int_eq(pendio_handle_adopt(work->loop, ends[1], &work->handles[0]), 0);
    ck_assert_int_eq(pendio_handle_adopt(work->loop, workbench_file(FILE_BYTES), &work->handles[1]),
                     0);
}

/* All of it is there when the operation has ended. */
static void take_far(struct work *work, size_t byte_count)
{
    char bytes[SLICE_BYTES];

    work->failed = work->failed || read(work->far, bytes, sizeof bytes) != (ssize_t)byte_count;
}

static void send_packets(struct work *work)
{
    static char header[] = "header";
    const struct pendio_packet packets[] = {
        {.memory = header, .byte_count = sizeof header},
        {.file = work->handles[1], .offset = SLICE_BYTES, .byte_count = 1000},
        {.memory = header, .byte_count = sizeof header},
    };

    await(work,
          start(work, pendio_send_packets(work->contexts[0], work->handles[0], packets, 3, 0)));
    take_far(work, 1000 + 2 * sizeof header);
}

static void splice_file(struct work *work)
{
    await(work, start(work, pendio_splice(work->contexts[0], work->handles[1], SLICE_BYTES,
                                          work->handles[0], PENDIO_STREAMING, 1000)));
    take_far(work, 1000);
}

static void repeat(struct work *work, round_fn *round, int count)
{
    for (int i = 0; i < count; i++)
        round(work);
}

static void allocates_nothing(struct work *work, round_fn *round)
{
    repeat(work, round, WARM_UP_COUNT);
    allocation_count = 0;
    counting = true;
    repeat(work, round, ROUND_COUNT);
    counting = false;
    ck_assert(!work->failed);
    ck_assert_uint_eq(allocation_count, 0);
    workbench_end(work->loop);
}

START_TEST(allocations_are_seen_when_there_are_any)
{
    void *volatile memory; /* or the compiler does without */

    counting = true;
    memory = malloc(1);
    memory = realloc(memory, 10000);
    free(memory);
    counting = false;
    ck_assert_uint_ge(allocation_count, 3);
}
END_TEST

START_TEST(echo_allocates_nothing_once_warm)
{
    for (uint32_t policy = PENDIO_AUTO; policy <= PENDIO_QUEUE; policy++) {
        struct work work;

        begin_echo(&work, policy);
        allocates_nothing(&work, echo);
    }
}
END_TEST

START_TEST(reading_a_file_allocates_nothing_once_warm)
{
    struct work work;

    begin_reads(&work, PENDIO_AUTO);
    allocates_nothing(&work, read_file);
}
END_TEST

START_TEST(files_to_sockets_and_pipes_allocate_nothing_once_warm)
{
    for (uint32_t policy = PENDIO_AUTO; policy <= PENDIO_QUEUE; policy++) {
        struct work work;

        begin_packets(&work, policy);
        allocates_nothing(&work, send_packets);
        close(work.far);
        begin_splices(&work, policy);
        allocates_nothing(&work, splice_file);
        close(work.far);
    }
}
END_TEST

/* ---- counting system calls ------------------------------------------------------------------ */

enum { MARK = -4242 }; /* closing that is the mark between warm-up and work, and after it */

/* Shared with the traced child. */
struct tally {
    uint64_t turns;
    uint64_t system_calls; /* as the loop counts them */
    uint64_t starts;
};

static void work_between_marks(struct work *work, round_fn *round, struct tally *tally)
{
    struct pendio_loop_statistics before;
    struct pendio_loop_statistics after;

    repeat(work, round, WARM_UP_COUNT);
    before = workbench_statistics(work->loop);
    (void)close(MARK);
    repeat(work, round, ROUND_COUNT);
    (void)close(MARK);
    after = workbench_statistics(work->loop);
    ck_assert(!work->failed);
    tally->turns = after.turns - before.turns;
    tally->system_calls = after.system_calls - before.system_calls;
    tally->starts = after.started - before.started;
}

static bool go_to_next_call(pid_t child, struct __ptrace_syscall_info *ret_call)
{
    int status = 0;

    do {
        ck_assert_int_eq(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (!WIFSTOPPED(status))
            return false;
        ck_assert_int_eq(WSTOPSIG(status), SIGTRAP | 0x80);
        ck_assert_int_gt(ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof *ret_call, ret_call),
                         0);
    } while (ret_call->op != PTRACE_SYSCALL_INFO_ENTRY);
    return true;
}

/* Counts the child's system calls between the marks; all of them enter the ring. */
static uint64_t count_calls(pid_t child)
{
    struct __ptrace_syscall_info call;
    uint64_t count = 0;
    bool marked = false;

    while (go_to_next_call(child, &call)) {
        if (call.entry.nr == SYS_close && (int)call.entry.args[0] == MARK) {
            marked = !marked;
        } else if (marked) {
            ck_assert_uint_eq(call.entry.nr, SYS_io_uring_enter);
            count++;
        }
    }
    return count;
}

static pid_t begin_traced(void (*body)(struct tally *tally), struct tally *tally)
{
    pid_t child = fork();
    int status = 0;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(77);
        (void)raise(SIGSTOP);
        body(tally);
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

/* Returns the number of system calls, or 0 where tracing is not permitted. */
static uint64_t trace(void (*body)(struct tally *tally), struct tally *ret_tally)
{
    struct tally *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t count = 0;
    pid_t child;

    ck_assert_ptr_ne(shared, MAP_FAILED);
    child = begin_traced(body, shared);
    if (child != 0)
        count = count_calls(child);
    else
        puts("skipped: system calls cannot be counted, tracing is not permitted here");
    *ret_tally = *shared;
    ck_assert_int_eq(munmap(shared, sizeof *shared), 0);
    return count;
}

static void queued_echo(struct tally *tally)
{
    struct work work;

    begin_echo(&work, PENDIO_AUTO);
    work_between_marks(&work, echo, tally);
}

static void tried_echo(struct tally *tally)
{
    struct work work;

    begin_echo(&work, PENDIO_TRY);
    work_between_marks(&work, echo, tally);
}

static void reads(struct tally *tally)
{
    struct work work;

    begin_reads(&work, PENDIO_QUEUE);
    work_between_marks(&work, read_file, tally);
}

START_TEST(a_turn_of_echo_is_one_system_call)
{
    struct tally tally;
    uint64_t count = trace(queued_echo, &tally);

    ck_assert_uint_le(count, tally.turns);
    ck_assert_uint_le(count, tally.system_calls);
    ck_assert_uint_le(tally.turns, UINT64_C(2) * ROUND_COUNT + 16);
}
END_TEST

START_TEST(trying_spends_at_most_one_system_call_a_start)
{
    struct tally tally;
    uint64_t count = trace(tried_echo, &tally);

    ck_assert_uint_le(count, tally.turns + tally.starts);
}
END_TEST

START_TEST(a_turn_of_reads_is_one_system_call_for_all_of_them)
{
    struct tally tally;
    uint64_t count = trace(reads, &tally);

    ck_assert_uint_le(count, tally.turns);
    ck_assert_uint_le(tally.turns, UINT64_C(2) * ROUND_COUNT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        allocations_are_seen_when_there_are_any,
        echo_allocates_nothing_once_warm,
        reading_a_file_allocates_nothing_once_warm,
        files_to_sockets_and_pipes_allocate_nothing_once_warm,
        a_turn_of_echo_is_one_system_call,
        trying_spends_at_most_one_system_call_a_start,
        a_turn_of_reads_is_one_system_call_for_all_of_them,
    };

#ifdef TEST_IS_SANITIZED
    puts("skipped: a sanitizer has an allocator of its own");
    return 77;
#endif
    return suite_run("allocation", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
