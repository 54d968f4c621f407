/*
 * foreign_start.c - starts of a foreign subject's contexts.
 *
 * Happy path:  what was set is told; the start is asked for; its answer is one of three, and shows
 *              the context.
 * Failures:    an answer that is none of the three ends the run.
 */
#include "foreign_proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

/* One of the three answers, or -EIO. */
static int take_answer(struct pendio_context *context)
{
    struct pnd_foreign_link *link = &context->state->foreign->link;
    int status = -EIO;
    if (strcmp(link->line.word, "done") == 0)
        status = PENDIO_DONE;
    else if (strcmp(link->line.word, "pending") == 0)
        status = PENDIO_PENDING;
    else
        status = pnd_foreign_link_status(link);
    if (status == 0 && strcmp(link->line.word, "ok") == 0)
        return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED,
                                     "answered to %s neither done, pending nor refused: \"%.120s\"",
                                     link->asked, link->quoted);
    return pnd_foreign_context_see(context) < 0 ? -EIO : status;
}

static int ask(struct pendio_context *context)
{
    int status = pnd_foreign_link_ask(&context->state->foreign->link);
    return status < 0 ? status : take_answer(context);
}

static struct pnd_foreign_link *begin(struct pendio_context *context, const char *word)
{
    struct pnd_foreign_link *link = &context->state->foreign->link;
    (void)pnd_foreign_context_tell(context); /* it was looked at before: there is nothing left */
    pnd_foreign_link_begin(link, word);
    pnd_foreign_link_add(link, " context=%" PRIu64, context->state->number);
    return link;
}

__attribute__((format(printf, 3, 4))) static int start(struct pendio_context *context,
                                                       const char *word, const char *format, ...)
{
    va_list arguments;
    struct pnd_foreign_link *link = begin(context, word);
    va_start(arguments, format);
    pnd_foreign_link_add_list(link, format, arguments);
    va_end(arguments);
    return ask(context);
}

static int start_nop(struct pendio_context *context, struct pendio_loop *loop)
{
    (void)loop;
    return start(context, "nop", "%s", "");
}

static int start_timer(struct pendio_context *context, uint64_t after_ns)
{
    return start(context, "timer", " after=%" PRIu64, after_ns);
}

static int start_accept(struct pendio_context *context, pendio_handle listener, pendio_handle into)
{
    return start(context, "accept", " handle=%" PRIu64 " into=%" PRIu64, listener, into);
}

static int start_connect(struct pendio_context *context, pendio_handle handle)
{
    return start(context, "connect", " handle=%" PRIu64, handle);
}

static int start_connect_name(struct pendio_context *context, pendio_handle handle,
                              const char *host, uint16_t port)
{
    return start(context, "connect_name", " handle=%" PRIu64 " host=%s port=%u", handle, host,
                 port);
}

static int start_disconnect(struct pendio_context *context, pendio_handle handle, uint32_t flags)
{
    return start(context, "disconnect", " handle=%" PRIu64 " reuse=%d", handle,
                 (flags & PENDIO_REUSE) != 0);
}

static int start_receive(struct pendio_context *context, pendio_handle handle)
{
    return start(context, "receive", " handle=%" PRIu64, handle);
}

static int start_receive_from(struct pendio_context *context, pendio_handle handle)
{
    return start(context, "receive_from", " handle=%" PRIu64, handle);
}

static int start_receive_message(struct pendio_context *context, pendio_handle handle)
{
    return start(context, "receive_message", " handle=%" PRIu64, handle);
}

static int start_send(struct pendio_context *context, pendio_handle handle)
{
    return start(context, "send", " handle=%" PRIu64, handle);
}

static int start_send_to(struct pendio_context *context, pendio_handle handle)
{
    return start(context, "send_to", " handle=%" PRIu64, handle);
}

static int start_send_message(struct pendio_context *context, pendio_handle handle)
{
    return start(context, "send_message", " handle=%" PRIu64, handle);
}

static void add_packet(struct pnd_foreign_link *link, const struct pnd_foreign *foreign,
                       const struct pendio_packet *packet)
{
    if (packet->memory != NULL)
        pnd_foreign_link_add(link, "memory:%" PRIu64 "+%" PRIu64,
                             pnd_foreign_offset(foreign, packet->memory) + packet->offset,
                             packet->byte_count);
    else if (packet->path != NULL)
        pnd_foreign_link_add(link, "path:%s:%" PRIu64 "+%" PRIu64, packet->path, packet->offset,
                             packet->byte_count);
    else if (packet->file != 0)
        pnd_foreign_link_add(link, "handle:%" PRIu64 ":%" PRIu64 "+%" PRIu64, packet->file,
                             packet->offset, packet->byte_count);
    else
        pnd_foreign_link_add(link, "nothing");
}

static int start_send_packets(struct pendio_context *context, pendio_handle handle,
                              const struct pendio_packet *packets, uint32_t packet_count,
                              uint32_t flags)
{
    struct pnd_foreign_link *link = begin(context, "send_packets");
    (void)flags; /* no step has any */
    pnd_foreign_link_add(link, " handle=%" PRIu64 " packets=", handle);
    for (uint32_t i = 0; i < packet_count; i++) {
        pnd_foreign_link_add(link, "%s", i > 0 ? "," : "");
        add_packet(link, context->state->foreign, &packets[i]);
    }
    return ask(context);
}

static void add_offset(struct pnd_foreign_link *link, const char *key, uint64_t offset)
{
    if (offset == PENDIO_STREAMING)
        pnd_foreign_link_add(link, " %s=stream", key);
    else
        pnd_foreign_link_add(link, " %s=%" PRIu64, key, offset);
}

static int start_splice(struct pendio_context *context, pendio_handle from, uint64_t from_offset,
                        pendio_handle to, uint64_t to_offset, uint64_t byte_count)
{
    struct pnd_foreign_link *link = begin(context, "splice");
    pnd_foreign_link_add(link, " from=%" PRIu64, from);
    add_offset(link, "from_offset", from_offset);
    pnd_foreign_link_add(link, " handle=%" PRIu64, to);
    add_offset(link, "offset", to_offset);
    pnd_foreign_link_add(link, " bytes=%" PRIu64, byte_count);
    return ask(context);
}

static int start_open(struct pendio_context *context, const char *path, int flags, uint32_t mode)
{
    (void)mode; /* always 0600 */
    return start(context, "open", " path=%s create=%d", path, (flags & O_CREAT) != 0);
}

static int start_at(struct pendio_context *context, const char *word, pendio_handle handle,
                    uint64_t offset)
{
    struct pnd_foreign_link *link = begin(context, word);
    pnd_foreign_link_add(link, " handle=%" PRIu64, handle);
    add_offset(link, "offset", offset);
    return ask(context);
}

static int start_read(struct pendio_context *context, pendio_handle handle, uint64_t offset)
{
    return start_at(context, "read", handle, offset);
}

static int start_write(struct pendio_context *context, pendio_handle handle, uint64_t offset)
{
    return start_at(context, "write", handle, offset);
}

static int start_fsync(struct pendio_context *context, pendio_handle handle, uint32_t flags)
{
    return start(context, "fsync", " handle=%" PRIu64 " data_only=%d", handle,
                 (flags & PENDIO_DATA_ONLY) != 0);
}

static int start_truncate(struct pendio_context *context, pendio_handle handle, uint64_t byte_count)
{
    return start(context, "truncate", " handle=%" PRIu64 " size=%" PRIu64, handle, byte_count);
}

static int start_stat(struct pendio_context *context, pendio_handle handle, const char *path)
{
    if (path == NULL)
        return start(context, "stat", " handle=%" PRIu64, handle);
    return start(context, "stat", " path=%s", path);
}

static int start_rename(struct pendio_context *context, const char *from, const char *to)
{
    return start(context, "rename", " path=%s target=%s", from, to);
}

static int start_unlink(struct pendio_context *context, const char *path, uint32_t flags)
{
    return start(context, "unlink", " path=%s directory=%d", path, (flags & PENDIO_DIRECTORY) != 0);
}

static int start_mkdir(struct pendio_context *context, const char *path, uint32_t mode)
{
    (void)mode; /* always 0700 */
    return start(context, "mkdir", " path=%s", path);
}

static int start_poll(struct pendio_context *context, pendio_handle handle, uint32_t events)
{
    return start(context, "poll", " handle=%" PRIu64 " events=%u", handle, events);
}

/* What belongs to this process cannot be waited for in another. */
static int start_child(struct pendio_context *context, int pid)
{
    (void)context;
    (void)pid;
    return -ENOTSUP;
}

static int start_close(struct pendio_context *context, pendio_handle handle, uint32_t mode)
{
    return start(context, "close", " handle=%" PRIu64 " mode=%s", handle,
                 mode == PENDIO_ABORTIVE ? "abortive" : "graceful");
}

void pnd_foreign_start_fill(struct pnd_subject *subject)
{
    subject->nop = start_nop;
    subject->timer = start_timer;
    subject->accept = start_accept;
    subject->connect = start_connect;
    subject->connect_name = start_connect_name;
    subject->disconnect = start_disconnect;
    subject->receive = start_receive;
    subject->receive_from = start_receive_from;
    subject->receive_message = start_receive_message;
    subject->send = start_send;
    subject->send_to = start_send_to;
    subject->send_message = start_send_message;
    subject->send_packets = start_send_packets;
    subject->splice = start_splice;
    subject->open = start_open;
    subject->read = start_read;
    subject->write = start_write;
    subject->fsync = start_fsync;
    subject->truncate = start_truncate;
    subject->stat = start_stat;
    subject->rename = start_rename;
    subject->unlink = start_unlink;
    subject->mkdir = start_mkdir;
    subject->poll = start_poll;
    subject->child = start_child;
    subject->signal = start_child;
    subject->close = start_close;
}
