/*
 * start.c - the shell of the start calls: one for every operation.
 */
#include "move.h"
#include "shell.h"

PND_HOT int pendio_nop(struct pendio_context *context, struct pendio_loop *loop)
{
    struct pnd_context *self = pnd_shell_context(context);
    bool own_loop = self != NULL && self->loop == pnd_shell_loop(loop);
    int status = pnd_shell_check_start(self, own_loop);

    return status < 0 ? status : pnd_nop_start(self);
}

int pendio_timer(struct pendio_context *context, uint64_t after_ns)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_timer_start(self, after_ns);
}

int pendio_accept(struct pendio_context *context, pendio_handle listener, pendio_handle into)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_accept_start(self, pnd_shell_handle(self, listener), into);
}

int pendio_connect(struct pendio_context *context, pendio_handle handle)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_connect_start(self, pnd_shell_handle(self, handle));
}

int pendio_connect_name(struct pendio_context *context, pendio_handle handle, const char *host,
                        uint16_t port)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, host != NULL && host[0] != '\0');

    return status < 0 ? status : pnd_connect_name_start(self, handle, host, port);
}

int pendio_disconnect(struct pendio_context *context, pendio_handle handle, uint32_t flags)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, flags <= PENDIO_REUSE);

    return status < 0 ? status : pnd_disconnect_start(self, pnd_shell_handle(self, handle), flags);
}

PND_HOT int pendio_receive(struct pendio_context *context, pendio_handle handle)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_receive_start(self, pnd_shell_handle(self, handle));
}

PND_HOT int pendio_send(struct pendio_context *context, pendio_handle handle)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_send_start(self, pnd_shell_handle(self, handle));
}

int pendio_receive_from(struct pendio_context *context, pendio_handle handle)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_receive_from_start(self, pnd_shell_handle(self, handle));
}

int pendio_send_to(struct pendio_context *context, pendio_handle handle)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_send_to_start(self, pnd_shell_handle(self, handle));
}

int pendio_receive_message(struct pendio_context *context, pendio_handle handle)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_receive_message_start(self, pnd_shell_handle(self, handle));
}

int pendio_send_message(struct pendio_context *context, pendio_handle handle)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_send_message_start(self, pnd_shell_handle(self, handle));
}

int pendio_send_packets(struct pendio_context *context, pendio_handle handle,
                        const struct pendio_packet *packets, uint32_t packet_count, uint32_t flags)
{
    struct pnd_context *self = pnd_shell_context(context);
    uint32_t known = PENDIO_THEN_DISCONNECT | PENDIO_THEN_REUSE;
    bool valid = (flags & ~known) == 0 && (packets != NULL || packet_count == 0);
    int status = pnd_shell_check_start(self, valid);

    return status < 0 ? status
                      : pnd_send_packets_start(self, pnd_shell_handle(self, handle), packets,
                                               packet_count, flags);
}

int pendio_open(struct pendio_context *context, const char *path, int flags, uint32_t mode)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, path != NULL);

    return status < 0 ? status : pnd_open_start(self, path, flags, mode);
}

PND_HOT int pendio_read(struct pendio_context *context, pendio_handle handle, uint64_t offset)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, offset <= INT64_MAX || offset == PENDIO_STREAMING);

    return status < 0 ? status : pnd_read_start(self, pnd_shell_handle(self, handle), offset);
}

int pendio_write(struct pendio_context *context, pendio_handle handle, uint64_t offset)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, offset <= INT64_MAX || offset == PENDIO_STREAMING);

    return status < 0 ? status : pnd_write_start(self, pnd_shell_handle(self, handle), offset);
}

static bool is_offset(uint64_t offset)
{
    return offset <= INT64_MAX || offset == PENDIO_STREAMING;
}

int pendio_splice(struct pendio_context *context, pendio_handle from, uint64_t from_offset,
                  pendio_handle to, uint64_t to_offset, uint64_t byte_count)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, is_offset(from_offset) && is_offset(to_offset));

    return status < 0 ? status
                      : pnd_splice_start(self, pnd_shell_handle(self, from), from_offset,
                                         pnd_shell_handle(self, to), to_offset, byte_count);
}

int pendio_fsync(struct pendio_context *context, pendio_handle handle, uint32_t flags)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, flags <= PENDIO_DATA_ONLY);

    return status < 0 ? status : pnd_fsync_start(self, pnd_shell_handle(self, handle), flags);
}

int pendio_truncate(struct pendio_context *context, pendio_handle handle, uint64_t byte_count)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, byte_count <= INT64_MAX);

    return status < 0 ? status
                      : pnd_truncate_start(self, pnd_shell_handle(self, handle), byte_count);
}

int pendio_stat(struct pendio_context *context, pendio_handle handle, const char *path)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, handle != 0 || path != NULL);

    return status < 0 ? status : pnd_stat_start(self, handle, path);
}

int pendio_rename(struct pendio_context *context, const char *from, const char *to)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, from != NULL && to != NULL);

    return status < 0 ? status : pnd_rename_start(self, from, to);
}

int pendio_unlink(struct pendio_context *context, const char *path, uint32_t flags)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, path != NULL && flags <= PENDIO_DIRECTORY);

    return status < 0 ? status : pnd_unlink_start(self, path, flags);
}

int pendio_mkdir(struct pendio_context *context, const char *path, uint32_t mode)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, path != NULL);

    return status < 0 ? status : pnd_mkdir_start(self, path, mode);
}

int pendio_close(struct pendio_context *context, pendio_handle handle, uint32_t mode)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, mode <= PENDIO_ABORTIVE);

    return status < 0 ? status : pnd_close_start(self, pnd_shell_handle(self, handle), mode);
}

int pendio_child(struct pendio_context *context, int pid)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, pid > 0);

    return status < 0 ? status : pnd_child_start(self, pid);
}

int pendio_signal(struct pendio_context *context, int number)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, true);

    return status < 0 ? status : pnd_signal_start(self, number);
}

int pendio_move(struct pendio_context *context, pendio_handle handle, struct pendio_loop *target)
{
    struct pnd_context *self = pnd_shell_context(context);
    struct pnd_loop *other = pnd_shell_loop(target);
    bool is_another = self != NULL && other != NULL && self->loop != other;
    int status = pnd_shell_check_start(self, is_another);

    return status < 0 ? status
                      : pnd_move_start(self, pnd_shell_handle(self, handle), other, NULL, NULL);
}

int pendio_poll(struct pendio_context *context, pendio_handle handle, uint32_t events)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_start(self, events != 0 && events <= UINT16_MAX);

    return status < 0 ? status : pnd_poll_start(self, pnd_shell_handle(self, handle), events);
}
