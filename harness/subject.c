/*
 * subject.c - libpendio as a subject.
 *
 * Happy path:  each entry of the table is the function itself.
 * Failures:    none of its own.
 */
#include "subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void *own_memory_create(const struct pnd_subject *subject, size_t count, size_t byte_count)
{
    (void)subject;
    return calloc(count, byte_count);
}

static void own_memory_destroy(const struct pnd_subject *subject, void *memory)
{
    (void)subject;
    free(memory);
}

static int own_loop_create(const struct pnd_subject *subject,
                           const struct pendio_loop_options *options, struct pendio_loop **ret_loop)
{
    (void)subject;
    return pendio_loop_create(options, ret_loop);
}

/* Both ends or none. */
static int adopt_ends(struct pendio_loop *loop, int ends[2], pendio_handle *ret_ends)
{
    int status = pendio_handle_adopt(loop, ends[0], &ret_ends[0]);
    if (status == 0) {
        status = pendio_handle_adopt(loop, ends[1], &ret_ends[1]);
        if (status < 0)
            (void)pendio_handle_detach(loop, ret_ends[0], &ends[0]);
    }
    if (status < 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
    return status;
}

static int own_handle_pipe(struct pendio_loop *loop, pendio_handle *ret_ends)
{
    int ends[2];
    return pipe2(ends, O_CLOEXEC) < 0 ? -errno : adopt_ends(loop, ends, ret_ends);
}

const struct pnd_subject pnd_subject_own = {
    .name = "libpendio " PENDIO_VERSION_TEXT,
    .memory_create = own_memory_create,
    .memory_destroy = own_memory_destroy,
    .loop_create = own_loop_create,
    .loop_turn = pendio_loop_turn,
    .loop_post = pendio_loop_post,
    .loop_stats = pendio_loop_stats,
    .loop_shutdown = pendio_loop_shutdown,
    .loop_destroy = pendio_loop_destroy,
    .cancel = pendio_cancel,
    .pool_create = pendio_pool_create,
    .pool_get = pendio_pool_get,
    .pool_put = pendio_pool_put,
    .context_set_memory = pendio_context_set_memory,
    .context_set_slice = pendio_context_set_slice,
    .context_set_pieces = pendio_context_set_pieces,
    .context_set_lending = pendio_context_set_lending,
    .context_set_window = pendio_context_set_window,
    .context_set_endpoint = pendio_context_set_endpoint,
    .context_set_control = pendio_context_set_control,
    .context_set_flags = pendio_context_set_flags,
    .context_set_policy = pendio_context_set_policy,
    .context_set_deadline = pendio_context_set_deadline,
    .context_set_user_data = pendio_context_set_user_data,
    .context_set_callback = pendio_context_set_callback,
    .context_request = pendio_context_request,
    .context_result = pendio_context_result,
    .context_sender = pendio_context_sender,
    .context_message = pendio_context_message,
    .context_window = pendio_context_window,
    .context_run = pendio_context_run,
    .handle_socket = pendio_handle_socket,
    .handle_pipe = own_handle_pipe,
    .handle_bind = pendio_handle_bind,
    .handle_listen = pendio_handle_listen,
    .handle_shutdown = pendio_handle_shutdown,
    .handle_local = pendio_handle_local,
    .handle_close = pendio_handle_close,
    .nop = pendio_nop,
    .timer = pendio_timer,
    .accept = pendio_accept,
    .connect = pendio_connect,
    .connect_name = pendio_connect_name,
    .disconnect = pendio_disconnect,
    .receive = pendio_receive,
    .receive_from = pendio_receive_from,
    .receive_message = pendio_receive_message,
    .send = pendio_send,
    .send_to = pendio_send_to,
    .send_message = pendio_send_message,
    .send_packets = pendio_send_packets,
    .splice = pendio_splice,
    .open = pendio_open,
    .read = pendio_read,
    .write = pendio_write,
    .fsync = pendio_fsync,
    .truncate = pendio_truncate,
    .stat = pendio_stat,
    .rename = pendio_rename,
    .unlink = pendio_unlink,
    .mkdir = pendio_mkdir,
    .poll = pendio_poll,
    .child = pendio_child,
    .signal = pendio_signal,
    .close = pendio_close,
};
