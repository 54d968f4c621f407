/*
 * contract_child_test.c - waiting for the end of a child process.
 *
 * - The value is the status as waitpid(2) has it, told exactly once; then the child is reaped.
 * - Whatever ends a wait early leaves the child to be waited for, and no descriptor behind.
 */
#include "fixture.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MANY = 40, CODE = 7 };

static struct fixture fixture;

/* ---- children ------------------------------------------------------------------------------- */

/* Ends when told to, each in its way. */
enum way { EXITS, EXITS_WITH_CODE, IS_KILLED, ABORTS, WAY_COUNT };

struct family {
    pid_t pid;
    int order; /* a byte tells the child to end */
};

static void end_of_child(enum way way)
{
    switch (way) {
    case EXITS:
        _exit(0);
    case EXITS_WITH_CODE:
        _exit(CODE);
    case IS_KILLED:
        raise(SIGKILL);
        _exit(1);
    default:
        signal(SIGABRT, SIG_DFL);
        abort();
    }
}

static struct family begin_child(enum way way)
{
    struct family family;
    int ends[2];
    char nothing;

    ck_assert_int_eq(pipe(ends), 0);
    family = (struct family){.pid = fork(), .order = ends[1]};
    ck_assert_int_ge(family.pid, 0);
    if (family.pid == 0) {
        close(ends[1]);
        (void)!read(ends[0], &nothing, 1);
        end_of_child(way);
    }
    close(ends[0]);
    return family;
}

static void end_child(const struct family *family)
{
    fixture_put(family->order, "x", 1);
    ck_assert_int_eq(close(family->order), 0);
}

/* Ended, and still to be waited for. */
static void wait_until_ended(pid_t pid)
{
    siginfo_t info;

    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static int status_of(pid_t pid)
{
    int status = -1;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void expect_nobody_left(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static void expect_status(struct pendio_context *context, int status)
{
    const struct pendio_completion *completion = fixture_next(&fixture);

    ck_assert_ptr_eq(completion->context, context);
    expect_completion(completion, 0, 0, 0);
    ck_assert_uint_eq(completion->operation, PENDIO_OPERATION_CHILD);
    ck_assert_uint_eq(completion->value, (unsigned int)status);
    ck_assert_uint_eq(completion->handle, 0);
    ck_assert_uint_eq(completion->memory, 0);
}

/* ---- results -------------------------------------------------------------------------------- */

START_TEST(what_is_no_process_is_refused)
{
    struct pendio_context *context;
    struct family family;

    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_child(context, 0), -EINVAL);
    ck_assert_int_eq(pendio_child(context, -1), -EINVAL);
    family = begin_child(EXITS);
    expect_pending(pendio_child(context, family.pid));
    ck_assert_int_eq(pendio_child(context, family.pid), -EBUSY);
    end_child(&family);
    expect_status(context, 0);
    ck_assert_uint_eq(fixture_stats(&fixture).refused, 3);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(status_is_told_as_waitpid_has_it_and_the_child_is_reaped)
{
    struct family like_it = begin_child((enum way)(_i / 3));
    struct family family;
    struct pendio_context *context;
    int status;

    end_child(&like_it);
    status = status_of(like_it.pid);
    fixture_init(&fixture);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_policy(context, (uint32_t)_i % 3), 0);
    family = begin_child((enum way)(_i / 3));
    expect_pending(pendio_child(context, family.pid));
    fixture_quiet(&fixture);
    end_child(&family);
    expect_status(context, status);
    expect_nobody_left(family.pid);
    fixture_quiet(&fixture);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(child_that_has_ended_before_is_told)
{
    struct family family = begin_child(EXITS_WITH_CODE);
    struct pendio_context *context;

    end_child(&family);
    wait_until_ended(family.pid);
    fixture_init(&fixture);
    context = fixture_get(&fixture);
    expect_pending(pendio_child(context, family.pid));
    expect_status(context, CODE << 8);
    expect_nobody_left(family.pid);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(stop_and_continuation_of_a_child_are_not_its_end)
{
    struct family family;
    struct pendio_context *context;
    siginfo_t info;

    fixture_init(&fixture);
    family = begin_child(EXITS);
    context = fixture_get(&fixture);
    expect_pending(pendio_child(context, family.pid));
    ck_assert_int_eq(kill(family.pid, SIGSTOP), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)family.pid, &info, WSTOPPED), 0);
    fixture_quiet(&fixture);
    ck_assert_int_eq(kill(family.pid, SIGCONT), 0);
    fixture_quiet(&fixture);
    end_child(&family);
    expect_status(context, 0);
    fixture_fini(&fixture);
}
END_TEST

static void expect_no_child(struct pendio_context *context, int pid)
{
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_AUTO), 0);
    expect_done(pendio_child(context, pid));
    expect_result(context, -ECHILD, 0, 0);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    expect_pending(pendio_child(context, pid));
    expect_next(&fixture, context, -ECHILD, 0, 0);
}

START_TEST(who_is_no_child_any_more_or_never_was_is_told)
{
    struct family family = begin_child(EXITS);
    struct pendio_context *context;

    end_child(&family);
    ck_assert_int_eq(status_of(family.pid), 0);
    fixture_init(&fixture);
    context = fixture_get(&fixture);
    expect_no_child(context, family.pid);
    expect_no_child(context, getpid());
    expect_no_child(context, getppid());
    expect_no_child(context, INT32_MAX);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(status_that_somebody_else_takes_is_missing)
{
    struct pendio_context *contexts[2];
    struct family family;
    const struct pendio_completion *seen[2];

    fixture_init(&fixture);
    family = begin_child(EXITS_WITH_CODE);
    for (int i = 0; i < 2; i++) {
        contexts[i] = fixture_get(&fixture);
        expect_pending(pendio_child(contexts[i], family.pid));
    }
    end_child(&family);
    fixture_wait(&fixture, 2);
    for (int i = 0; i < 2; i++)
        seen[i] = fixture_next(&fixture);
    ck_assert((seen[0]->error == 0) != (seen[1]->error == 0));
    for (int i = 0; i < 2; i++) {
        ck_assert(seen[i]->error == 0 || seen[i]->error == -ECHILD);
        ck_assert_uint_eq(seen[i]->value, seen[i]->error == 0 ? CODE << 8 : 0);
    }
    expect_nobody_left(family.pid);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(children_nobody_keeps_have_no_status)
{
    struct pendio_context *context;
    struct family family;

    signal(SIGCHLD, SIG_IGN);
    fixture_init(&fixture);
    context = fixture_get(&fixture);
    family = begin_child(EXITS);
    expect_pending(pendio_child(context, family.pid));
    end_child(&family);
    expect_next(&fixture, context, -ECHILD, 0, 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(many_children_end_in_any_order_and_leave_no_descriptor)
{
    struct pendio_context *contexts[MANY];
    struct family families[MANY];
    int descriptor_count;

    fixture_init(&fixture);
    descriptor_count = fixture_count_descriptors();
    for (int i = 0; i < MANY; i++) {
        families[i] = begin_child(i % 2 == 0 ? EXITS_WITH_CODE : IS_KILLED);
        contexts[i] = fixture_get(&fixture);
        expect_pending(pendio_child(contexts[i], families[i].pid));
    }
    fixture_quiet(&fixture);
    for (int i = 0; i < MANY; i++) {
        int next = i * 7 % MANY; /* each once, not in the order of the starts */

        end_child(&families[next]);
        expect_status(contexts[next], next % 2 == 0 ? CODE << 8 : SIGKILL);
        expect_nobody_left(families[next].pid);
    }
    ck_assert_int_eq(fixture_count_descriptors(), descriptor_count);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(want_of_descriptors_is_a_result_and_takes_nothing)
{
    struct pendio_context *context;
    struct family family;
    struct rlimit limit;
    struct rlimit none;

    fixture_init(&fixture);
    family = begin_child(EXITS);
    context = fixture_get(&fixture);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    expect_done(pendio_child(context, family.pid));
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    expect_result(context, -EMFILE, 0, 0);
    end_child(&family);
    ck_assert_int_eq(status_of(family.pid), 0);
    fixture_fini(&fixture);
}
END_TEST

/* ---- early ends ----------------------------------------------------------------------------- */

/* The child can still be waited for, by the loop, too. */
static void expect_still_there(struct pendio_context *context, const struct family *family)
{
    ck_assert_int_eq(pendio_context_set_deadline(context, 0), 0);
    expect_pending(pendio_child(context, family->pid));
    end_child(family);
    expect_status(context, CODE << 8);
}

START_TEST(cancel_leaves_the_child_to_be_waited_for)
{
    struct family family;
    struct pendio_context *context;
    int descriptor_count;

    fixture_init(&fixture);
    family = begin_child(EXITS_WITH_CODE);
    descriptor_count = fixture_count_descriptors();
    context = fixture_get(&fixture);
    expect_pending(pendio_child(context, family.pid));
    if (_i == 1)
        fixture_quiet(&fixture);
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(fixture_count_descriptors(), descriptor_count);
    expect_still_there(context, &family);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(wait_that_is_not_with_the_kernel_yet_is_cancelled_at_once)
{
    enum { FILLERS = 600 };
    struct family family;
    struct pendio_context *context;
    int descriptor_count;

    fixture_init_with(&fixture, NULL, FILLERS + 1, 0);
    family = begin_child(EXITS_WITH_CODE);
    descriptor_count = fixture_count_descriptors();
    context = fixture_get(&fixture);
    for (int i = 0; i < FILLERS; i++)
        expect_pending(pendio_nop(fixture_get(&fixture), fixture.loop));
    expect_pending(pendio_child(context, family.pid));
    ck_assert_int_eq(pendio_cancel(fixture.loop, pendio_context_run(context)), 0);
    ck_assert_int_eq(fixture_count_descriptors(), descriptor_count);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    for (int i = 0; i < FILLERS; i++)
        expect_completion(fixture_next(&fixture), 0, 0, 0);
    expect_still_there(context, &family);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(deadline_leaves_the_child_to_be_waited_for)
{
    struct family family;
    struct pendio_context *context;

    fixture_init(&fixture);
    family = begin_child(EXITS_WITH_CODE);
    context = fixture_get(&fixture);
    ck_assert_int_eq(pendio_context_set_deadline(context, 2000000), 0);
    expect_pending(pendio_child(context, family.pid));
    expect_next(&fixture, context, -ETIMEDOUT, 0, PENDIO_BY_DEADLINE);
    expect_still_there(context, &family);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(shutdown_leaves_the_child_to_be_waited_for)
{
    struct family family;
    struct pendio_context *context;

    fixture_init(&fixture);
    family = begin_child(EXITS_WITH_CODE);
    context = fixture_get(&fixture);
    expect_pending(pendio_child(context, family.pid));
    ck_assert_int_eq(pendio_loop_shutdown(fixture.loop), 0);
    expect_next(&fixture, context, -ECANCELED, 0, PENDIO_BY_CANCEL);
    ck_assert_int_eq(fixture_turn(&fixture, -1), -ESHUTDOWN);
    ck_assert_int_eq(pendio_child(context, family.pid), -ESHUTDOWN);
    end_child(&family);
    ck_assert_int_eq(status_of(family.pid), CODE << 8);
    fixture_fini(&fixture);
}
END_TEST

/* Also of a child that has ended without anybody having looked. */
START_TEST(end_of_the_loop_leaves_the_child_to_be_waited_for)
{
    struct family family;
    bool ends_before = _i / 2 == 1;

    fixture_init(&fixture);
    family = begin_child(EXITS_WITH_CODE);
    expect_pending(pendio_child(fixture_get(&fixture), family.pid));
    fixture_quiet(&fixture);
    if (ends_before) {
        end_child(&family);
        wait_until_ended(family.pid);
    }
    ck_assert_int_eq(pendio_loop_destroy(fixture.loop, _i % 2 == 0 ? -1 : 0, NULL), 0);
    fixture.destroyed = true;
    if (!ends_before)
        end_child(&family);
    ck_assert_int_eq(status_of(family.pid), CODE << 8);
    fixture_discard(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {what_is_no_process_is_refused, 0},
        {status_is_told_as_waitpid_has_it_and_the_child_is_reaped, WAY_COUNT * 3},
        {child_that_has_ended_before_is_told, 0},
        {stop_and_continuation_of_a_child_are_not_its_end, 0},
        {who_is_no_child_any_more_or_never_was_is_told, 0},
        {status_that_somebody_else_takes_is_missing, 0},
        {children_nobody_keeps_have_no_status, 0},
        {many_children_end_in_any_order_and_leave_no_descriptor, 0},
        {want_of_descriptors_is_a_result_and_takes_nothing, 0},
        {cancel_leaves_the_child_to_be_waited_for, 2},
        {wait_that_is_not_with_the_kernel_yet_is_cancelled_at_once, 0},
        {deadline_leaves_the_child_to_be_waited_for, 0},
        {shutdown_leaves_the_child_to_be_waited_for, 0},
        {end_of_the_loop_leaves_the_child_to_be_waited_for, 4},
    };
    return fixture_run("contract: child", cases, sizeof cases / sizeof cases[0]);
}
