/*
 * ring_test.c - rings of every poverty: features masked, io_uring denied, switched off.
 *
 * - A denial is made with a filter of system calls, as container run-times make it; every test is
 *   a process of its own, so the filter ends with it.
 */
#include "suite.h"
#include "workbench.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const struct {
    const char *list;
    uint64_t gone; /* not found in the statistics */
} masks[] = {
    {"-single_issuer", PENDIO_FEATURE_SINGLE_ISSUER | PENDIO_FEATURE_DEFER_TASKRUN},
    {"-defer_taskrun", PENDIO_FEATURE_DEFER_TASKRUN},
    {"-coop_taskrun", PENDIO_FEATURE_COOP_TASKRUN},
    {"-registered_ring", PENDIO_FEATURE_REGISTERED_RING},
    {"-fixed_buffers", PENDIO_FEATURE_FIXED_BUFFERS},
    {"-no_signal", PENDIO_FEATURE_NO_SIGNAL},
    {"-ftruncate", PENDIO_FEATURE_FTRUNCATE},
    {"-zero_copy", PENDIO_FEATURE_ZERO_COPY},
    {"-multishot_accept,-multishot_receive,-buffer_ring", PENDIO_FEATURE_MULTISHOT_ACCEPT |
                                                              PENDIO_FEATURE_MULTISHOT_RECEIVE |
                                                              PENDIO_FEATURE_BUFFER_RING},
    {"-single_issuer,-defer_taskrun,-coop_taskrun,-registered_ring,-fixed_buffers,"
     "-no_signal,-ftruncate,-multishot_accept,-multishot_receive,-buffer_ring,-zero_copy",
     UINT64_MAX},
};

START_TEST(a_ring_works_without_any_one_feature_and_without_all)
{
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        struct pendio_loop *loop;

        ck_assert_int_eq(setenv("PENDIO_FEATURES", masks[i].list, 1), 0);
        loop = workbench_loop(64, 0);
        ck_assert_uint_eq(workbench_statistics(loop).features & masks[i].gone, 0);
        ck_assert_uint_eq(workbench_statistics(loop).backend, PENDIO_BACKEND_URING);
        workbench_exercise(loop);
        workbench_end(loop);
    }
}
END_TEST

/* What it answers an entry that no operation made. */
static int32_t answer_to(struct pnd_ring *ring, uint8_t opcode, uint8_t flags)
{
    int32_t result;
    struct io_uring_sqe *sqe = pnd_ring_fetch(ring);

    sqe->opcode = opcode;
    sqe->flags = flags;
    sqe->fd = -1;
    ck_assert_int_eq(ring->backend->submit(ring, WORKBENCH_LIMIT_NS), 0);
    ck_assert_uint_eq(ring->backend->collect(ring), 1);
    result = ring->given[0].result;
    ck_assert_uint_eq(ring->backend->collect(ring), 0);
    return result;
}

START_TEST(a_restricted_ring_takes_what_was_allowed_and_nothing_else)
{
    const struct pendio_loop_options options = {
        .size = sizeof options, .allowed_operations = UINT64_C(1) << PENDIO_OPERATION_READ};
    struct pendio_loop *loop;
    struct pnd_ring *ring;
    char byte = 0;

    ck_assert_int_eq(pendio_loop_create(&options, &loop), 0);
    ring = &((struct pnd_loop *)loop)->ring;
    ck_assert_int_eq(answer_to(ring, IORING_OP_NOP, 0), 0);
    ck_assert_int_eq(answer_to(ring, IORING_OP_READ, 0), -EBADF);
    ck_assert_int_eq(answer_to(ring, IORING_OP_READ, IOSQE_ASYNC), -EBADF);
    ck_assert_int_eq(answer_to(ring, IORING_OP_READ, IOSQE_IO_DRAIN), -EACCES);
    ck_assert_int_eq(answer_to(ring, IORING_OP_WRITE, 0), -EACCES);
    ck_assert_int_eq(answer_to(ring, IORING_OP_OPENAT, 0), -EACCES);
    ck_assert_int_eq(answer_to(ring, IORING_OP_CLOSE, 0), -EACCES);
    ck_assert_int_eq(answer_to(ring, IORING_OP_CONNECT, 0), -EACCES);
    ck_assert_int_eq(ring->backend->register_memory(ring, 0, &byte, 1),
                     ring->features & PENDIO_FEATURE_FIXED_BUFFERS ? 0 : -EOPNOTSUPP);
    workbench_end(loop);
}
END_TEST

START_TEST(a_ring_has_room_for_everything_it_promised)
{
    const uint32_t counts[] = {1, 63, 64, 448, 4096, 32768};

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct pendio_loop *loop = workbench_loop(counts[i], 0);
        const struct pnd_loop *inside = workbench_inside(loop);

        ck_assert_uint_eq(inside->slot_count, counts[i]);
        ck_assert_uint_gt(inside->ring.completion_count, counts[i] + PND_CANCEL_LIMIT);
        ck_assert_uint_eq(inside->ring.entry_count & (inside->ring.entry_count - 1), 0);
        workbench_end(loop);
    }
}
END_TEST

START_TEST(more_loops_than_the_kernel_registers_rings_for_work_as_well)
{
    struct pendio_loop *loops[20];

    for (int i = 0; i < 20; i++)
        loops[i] = workbench_loop(8, 0);
    for (int i = 0; i < 20; i++)
        workbench_exercise(loops[i]);
    for (int i = 0; i < 20; i++)
        workbench_end(loops[i]);
}
END_TEST

/* ---- denied --------------------------------------------------------------------------------- */

/* Every io_uring system call of this process ends so from now on. */
static void deny(uint32_t action)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_register, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof rules / sizeof rules[0], .filter = rules};

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static void creation_fails(int status, const char *word)
{
    struct pendio_loop *const untouched = (struct pendio_loop *)&masks;
    struct pendio_loop *loop = untouched;

    ck_assert_int_eq(pendio_loop_create(NULL, &loop), status);
    ck_assert_ptr_eq(loop, untouched);
    ck_assert_msg(strstr(pendio_loop_explain(status), word) != NULL, "\"%s\" lacks \"%s\"",
                  pendio_loop_explain(status), word);
}

START_TEST(a_profile_that_denies_io_uring_is_named_as_the_cause)
{
    deny(SECCOMP_RET_ERRNO | EPERM);
    creation_fails(-EPERM, "denied");
}
END_TEST

START_TEST(a_kernel_without_io_uring_is_named_as_the_cause)
{
    deny(SECCOMP_RET_ERRNO | ENOSYS);
    creation_fails(-ENOSYS, "kernel");
}
END_TEST

/* A profile that kills: the process lives on only if there is not one io_uring call. */
START_TEST(the_off_switch_acts_before_the_first_system_call)
{
    deny(SECCOMP_RET_KILL_PROCESS);
    ck_assert_int_eq(setenv("PENDIO_DISABLE_URING", "1", 1), 0);
    creation_fails(-EACCES, "PENDIO_DISABLE_URING");
    ck_assert_int_eq(setenv("PENDIO_BACKEND", "uring", 1), 0);
    creation_fails(-EACCES, "PENDIO_DISABLE_URING");
}
END_TEST

START_TEST(a_backend_or_feature_that_is_unknown_is_refused_before_the_first_system_call)
{
    deny(SECCOMP_RET_KILL_PROCESS);
    ck_assert_int_eq(setenv("PENDIO_BACKEND", "epoll", 1), 0);
    creation_fails(-ENOTSUP, "PENDIO_BACKEND");
    ck_assert_int_eq(unsetenv("PENDIO_BACKEND"), 0);
    ck_assert_int_eq(setenv("PENDIO_FEATURES", "defer_taskrun", 1), 0);
    creation_fails(-EINVAL, "PENDIO_FEATURES");
}
END_TEST

START_TEST(every_status_has_an_explanation)
{
    for (int status = 1; status > -200; status--) {
        const char *text = pendio_loop_explain(status);

        ck_assert_ptr_nonnull(text);
        ck_assert_ptr_null(strchr(text, '\n'));
        ck_assert_uint_gt(strlen(text), 10);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_ring_works_without_any_one_feature_and_without_all,
        a_restricted_ring_takes_what_was_allowed_and_nothing_else,
        a_ring_has_room_for_everything_it_promised,
        more_loops_than_the_kernel_registers_rings_for_work_as_well,
        a_profile_that_denies_io_uring_is_named_as_the_cause,
        a_kernel_without_io_uring_is_named_as_the_cause,
        the_off_switch_acts_before_the_first_system_call,
        a_backend_or_feature_that_is_unknown_is_refused_before_the_first_system_call,
        every_status_has_an_explanation,
    };

    return suite_run("ring", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
