/*
 * every_call.c - every function that takes a loop, a pool or a context, callable one after another.
 *
 * Happy path:  outputs are marked -> the call is made -> status and marks are compared.
 * Failures:    a call that answers otherwise is named; the others are made all the same.
 */
#include "every_call.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { MARK = 0xa5 };

static struct outputs {
    struct pendio_pool *pool;
    struct pendio_loop *loop;
    struct pendio_group *group;
    struct pendio_context *context;
    void *memory;
    size_t byte_count;
    uint64_t slice_bytes;
    uint64_t leaked_count;
    pendio_handle handle;
    int descriptor;
    int option;
    uint32_t strategy;
    uint32_t reason;
    struct pendio_endpoint endpoint;
    struct pendio_completion completion;
    struct pendio_request request;
    struct pendio_message message;
    struct pendio_loop_statistics statistics;
} outputs;

static const struct sockaddr_in any_address = {.sin_family = AF_INET};
static const int yes = 1;

static void never_accepted(struct pendio_loop *loop, pendio_handle handle, void *state)
{
    (void)loop;
    (void)handle;
    (void)state;
}

#define CALL(name, ...)                                                                            \
    static int make_##name(const struct every_subject *subject)                                    \
    {                                                                                              \
        return pendio_##name(__VA_ARGS__);                                                         \
    }

CALL(accept, subject->context, subject->handle, 0)
CALL(cancel, subject->loop, 1)
CALL(child, subject->context, 1)
CALL(close, subject->context, subject->handle, PENDIO_GRACEFUL)
CALL(connect, subject->context, subject->handle)
CALL(connect_name, subject->context, subject->handle, "localhost", 1)
CALL(context_message, subject->context, &outputs.message)
CALL(context_request, subject->context, &outputs.request)
CALL(context_result, subject->context, &outputs.completion)
CALL(context_sender, subject->context, &outputs.endpoint)
CALL(context_set_callback, subject->context, NULL, NULL)
CALL(context_set_control, subject->context, NULL, 0)
CALL(context_set_deadline, subject->context, 1)
CALL(context_set_endpoint, subject->context, NULL, 0)
CALL(context_set_flags, subject->context, 0)
CALL(context_set_lending, subject->context)
CALL(context_set_memory, subject->context, NULL, 0)
CALL(context_set_pieces, subject->context, NULL, 0)
CALL(context_set_policy, subject->context, PENDIO_QUEUE)
CALL(context_set_slice, subject->context)
CALL(context_set_user_data, subject->context, 1)
CALL(context_set_window, subject->context, 0, 0)
CALL(context_window, subject->context, &outputs.memory, &outputs.byte_count)
CALL(disconnect, subject->context, subject->handle, PENDIO_REUSE)
CALL(fsync, subject->context, subject->handle, PENDIO_DATA_ONLY)
CALL(group_destroy, subject->group, 0, &outputs.leaked_count)
CALL(group_listen, subject->group, &any_address, sizeof any_address, 1, never_accepted, NULL,
     &outputs.endpoint)
CALL(group_loop, subject->group, 0, &outputs.loop)
CALL(group_shutdown, subject->group)
CALL(handle_adopt, subject->loop, 0, &outputs.handle)
CALL(handle_bind, subject->loop, subject->handle, &any_address, sizeof any_address)
CALL(handle_close, subject->loop, subject->handle, PENDIO_GRACEFUL)
CALL(handle_detach, subject->loop, subject->handle, &outputs.descriptor)
CALL(handle_get_option, subject->loop, subject->handle, SOL_SOCKET, SO_TYPE, sizeof outputs.option,
     &outputs.option)
CALL(handle_get_receive, subject->loop, subject->handle, &outputs.strategy, &outputs.reason)
CALL(handle_listen, subject->loop, subject->handle, 1)
CALL(handle_local, subject->loop, subject->handle, &outputs.endpoint)
CALL(handle_peer, subject->loop, subject->handle, &outputs.endpoint)
CALL(handle_set_option, subject->loop, subject->handle, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes)
CALL(handle_set_receive, subject->loop, subject->handle, PENDIO_RECEIVE_SINGLE)
CALL(handle_shutdown, subject->loop, subject->handle, SHUT_WR)
CALL(handle_socket, subject->loop, AF_INET, SOCK_STREAM, 0, &outputs.handle)
CALL(loop_descriptor, subject->loop)
CALL(loop_destroy, subject->loop, 0, &outputs.leaked_count)
CALL(loop_flush, subject->loop)
CALL(loop_post, subject->loop, 1, 2)
CALL(loop_shutdown, subject->loop)
CALL(loop_stats, subject->loop, &outputs.statistics)
CALL(loop_turn, subject->loop, 0, &outputs.completion, 1)
CALL(loop_wake, subject->loop)
CALL(mkdir, subject->context, "/nowhere/at/all", 0700)
CALL(move, subject->context, subject->handle, (struct pendio_loop *)&outputs)
CALL(nop, subject->context, subject->loop)
CALL(open, subject->context, "/dev/null", O_RDONLY, 0)
CALL(poll, subject->context, subject->handle, 1)
CALL(pool_create, subject->loop, NULL, &outputs.pool)
CALL(pool_destroy, subject->pool)
CALL(pool_get, subject->pool, &outputs.context)
CALL(pool_memory, subject->pool, &outputs.memory, &outputs.slice_bytes)
CALL(pool_put, subject->context)
CALL(read, subject->context, subject->handle, 0)
CALL(receive, subject->context, subject->handle)
CALL(receive_from, subject->context, subject->handle)
CALL(receive_message, subject->context, subject->handle)
CALL(rename, subject->context, "/nowhere/at/all", "/nowhere/else")
CALL(send, subject->context, subject->handle)
CALL(send_message, subject->context, subject->handle)
CALL(send_packets, subject->context, subject->handle, NULL, 0, 0)
CALL(send_to, subject->context, subject->handle)
CALL(splice, subject->context, subject->handle, PENDIO_STREAMING, subject->handle, 0, 1)
CALL(signal, subject->context, 0)
CALL(stat, subject->context, subject->handle, NULL)
CALL(timer, subject->context, 1)
CALL(truncate, subject->context, subject->handle, 0)
CALL(unlink, subject->context, "/nowhere/at/all", 0)
CALL(write, subject->context, subject->handle, 0)

#undef CALL

const struct every_call every_calls[] = {
    {"accept", make_accept, false},
    {"cancel", make_cancel, false},
    {"child", make_child, false},
    {"close", make_close, false},
    {"connect", make_connect, false},
    {"connect_name", make_connect_name, false},
    {"context_message", make_context_message, false},
    {"context_request", make_context_request, false},
    {"context_result", make_context_result, false},
    {"context_sender", make_context_sender, false},
    {"context_set_callback", make_context_set_callback, false},
    {"context_set_control", make_context_set_control, false},
    {"context_set_deadline", make_context_set_deadline, false},
    {"context_set_endpoint", make_context_set_endpoint, false},
    {"context_set_flags", make_context_set_flags, false},
    {"context_set_lending", make_context_set_lending, false},
    {"context_set_memory", make_context_set_memory, false},
    {"context_set_pieces", make_context_set_pieces, false},
    {"context_set_policy", make_context_set_policy, false},
    {"context_set_slice", make_context_set_slice, false},
    {"context_set_user_data", make_context_set_user_data, false},
    {"context_set_window", make_context_set_window, false},
    {"context_window", make_context_window, false},
    {"disconnect", make_disconnect, false},
    {"fsync", make_fsync, false},
    {"group_destroy", make_group_destroy, true},
    {"group_listen", make_group_listen, true},
    {"group_loop", make_group_loop, true},
    {"group_shutdown", make_group_shutdown, true},
    {"handle_adopt", make_handle_adopt, false},
    {"handle_bind", make_handle_bind, false},
    {"handle_close", make_handle_close, false},
    {"handle_detach", make_handle_detach, false},
    {"handle_get_option", make_handle_get_option, false},
    {"handle_get_receive", make_handle_get_receive, false},
    {"handle_listen", make_handle_listen, false},
    {"handle_local", make_handle_local, false},
    {"handle_peer", make_handle_peer, false},
    {"handle_set_option", make_handle_set_option, false},
    {"handle_set_receive", make_handle_set_receive, false},
    {"handle_shutdown", make_handle_shutdown, false},
    {"handle_socket", make_handle_socket, false},
    {"loop_descriptor", make_loop_descriptor, false},
    {"loop_destroy", make_loop_destroy, false},
    {"loop_flush", make_loop_flush, false},
    {"loop_post", make_loop_post, true},
    {"loop_shutdown", make_loop_shutdown, false},
    {"loop_stats", make_loop_stats, false},
    {"loop_turn", make_loop_turn, false},
    {"loop_wake", make_loop_wake, true},
    {"mkdir", make_mkdir, false},
    {"move", make_move, false},
    {"nop", make_nop, false},
    {"open", make_open, false},
    {"poll", make_poll, false},
    {"pool_create", make_pool_create, false},
    {"pool_destroy", make_pool_destroy, false},
    {"pool_get", make_pool_get, false},
    {"pool_memory", make_pool_memory, false},
    {"pool_put", make_pool_put, false},
    {"read", make_read, false},
    {"receive", make_receive, false},
    {"receive_from", make_receive_from, false},
    {"receive_message", make_receive_message, false},
    {"rename", make_rename, false},
    {"send", make_send, false},
    {"send_message", make_send_message, false},
    {"send_packets", make_send_packets, false},
    {"send_to", make_send_to, false},
    {"splice", make_splice, false},
    {"signal", make_signal, false},
    {"stat", make_stat, false},
    {"timer", make_timer, false},
    {"truncate", make_truncate, false},
    {"unlink", make_unlink, false},
    {"write", make_write, false},
};

const size_t every_call_count = sizeof every_calls / sizeof every_calls[0];

static bool are_marked(void)
{
    const unsigned char *bytes = (const unsigned char *)&outputs;

    for (size_t i = 0; i < sizeof outputs; i++)
        if (bytes[i] != MARK)
            return false;
    return true;
}

const char *every_call_answers(const struct every_call *call, const struct every_subject *subject,
                               int status)
{
    static char what[128];
    int answer;

    memset(&outputs, MARK, sizeof outputs);
    answer = call->make(subject);
    if (answer == status && are_marked())
        return NULL;
    snprintf(what, sizeof what, "pendio_%s answers %d%s", call->name, answer,
             are_marked() ? "" : " and touches its outputs");
    return what;
}

int every_call_count_others(const struct every_subject *subject, bool from_any_thread, int status)
{
    int count = 0;

    for (size_t i = 0; i < every_call_count; i++) {
        const char *what = NULL;

        if (!from_any_thread || !every_calls[i].may_any_thread)
            what = every_call_answers(&every_calls[i], subject, status);
        if (what != NULL) {
            fprintf(stderr, "%s\n", what);
            count++;
        }
    }
    return count;
}
