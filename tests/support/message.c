/*
 * message.c - control data of tests: descriptors that are sent and received.
 *
 * Failures:    whatever is not as expected fails the test at once.
 */
#include "message.h"

#include <fcntl.h>
#include <string.h>

struct pendio_context *message_over(struct fixture *fixture, void *memory, size_t byte_count,
                                    union message_control *control)
{
    struct pendio_context *context = fixture_over(fixture, memory, byte_count);

    ck_assert_int_eq(pendio_context_set_control(context, control, sizeof *control), 0);
    return context;
}

struct pendio_message message_of(const struct pendio_context *context)
{
    struct pendio_message message = {.size = sizeof message};

    ck_assert_int_eq(pendio_context_message(context, &message), 0);
    ck_assert_uint_eq(message.size, sizeof message);
    return message;
}

void message_fill_rights(union message_control *ret_control, int descriptor)
{
    *ret_control = (union message_control){.header = {.cmsg_len = CMSG_LEN(sizeof descriptor),
                                                      .cmsg_level = SOL_SOCKET,
                                                      .cmsg_type = SCM_RIGHTS}};
    memcpy(ret_control->bytes + CMSG_LEN(0), &descriptor, sizeof descriptor);
}

void message_put_rights(int far, int descriptor, size_t byte_count)
{
    unsigned char bytes[64] = {'a', 'b', 'c'};
    struct iovec piece = {bytes, byte_count};
    union message_control control;
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

    message_fill_rights(&control, descriptor);
    message.msg_control = &control;
    message.msg_controllen = MESSAGE_RIGHTS_BYTES;
    ck_assert_int_eq(sendmsg(far, &message, MSG_NOSIGNAL), (int)byte_count);
}

int message_descriptor(const union message_control *control, uint64_t byte_count)
{
    int descriptor;

    ck_assert_uint_ge(byte_count, CMSG_LEN(sizeof descriptor));
    ck_assert_int_eq(control->header.cmsg_level, SOL_SOCKET);
    ck_assert_int_eq(control->header.cmsg_type, SCM_RIGHTS);
    ck_assert_uint_eq(control->header.cmsg_len, CMSG_LEN(sizeof descriptor));
    memcpy(&descriptor, control->bytes + CMSG_LEN(0), sizeof descriptor);
    return descriptor;
}

int message_take_rights(int far, void *ret_bytes, size_t byte_count)
{
    struct iovec piece = {ret_bytes, byte_count};
    union message_control control;
    struct msghdr message = {
        .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = 256};

    ck_assert_int_gt(recvmsg(far, &message, MSG_CMSG_CLOEXEC), 0);
    return message_descriptor(&control, message.msg_controllen);
}

int message_open_null(void)
{
    int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(descriptor, 0);
    return descriptor;
}
