/*
 * foreign_handle.c - immediate calls of a foreign subject's handles.
 *
 * Happy path:  one command, one answer.
 * Failures:    refusals are handed on; whatever is no answer ends the run.
 */
#include "foreign_proxy.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>

static int ask(struct pnd_foreign_link *link)
{
    int status = pnd_foreign_link_ask(link);
    return status < 0 ? status : pnd_foreign_link_status(link);
}

static struct pnd_foreign_link *begin(struct pendio_loop *loop, const char *word,
                                      pendio_handle handle)
{
    struct pnd_foreign_link *link = &loop->foreign->link;
    pnd_foreign_link_begin(link, word);
    pnd_foreign_link_add(link, " handle=%" PRIu64, handle);
    return link;
}

static const char *family_name(int domain, int type)
{
    static const struct {
        int domain;
        int type;
        const char *name;
    } families[] = {
        {AF_INET, SOCK_STREAM, "tcp4"},
        {AF_INET, SOCK_DGRAM, "udp4"},
        {AF_INET6, SOCK_STREAM, "tcp6"},
        {AF_INET6, SOCK_DGRAM, "udp6"},
        {AF_UNIX, SOCK_STREAM, "unix_stream"},
        {AF_UNIX, SOCK_DGRAM, "unix_datagram"},
        {AF_UNIX, SOCK_SEQPACKET, "unix_seqpacket"},
    };
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (families[i].domain == domain && families[i].type == type)
            return families[i].name;
    return "";
}

static int handle_socket(struct pendio_loop *loop, int domain, int type, int protocol,
                         pendio_handle *ret_handle)
{
    struct pnd_foreign_link *link = &loop->foreign->link;
    (void)protocol; /* always the usual one */
    pnd_foreign_link_begin(link, "socket");
    pnd_foreign_link_add(link, " family=%s", family_name(domain, type));
    int status = ask(link);
    if (status == 0)
        *ret_handle = pnd_foreign_line_number(&link->line, "handle");
    return status < 0 ? status : pnd_foreign_link_check(link);
}

static int handle_pipe(struct pendio_loop *loop, pendio_handle *ret_ends)
{
    struct pnd_foreign_link *link = &loop->foreign->link;
    pnd_foreign_link_begin(link, "pipe");
    int status = ask(link);
    if (status < 0)
        return status;
    ret_ends[0] = pnd_foreign_line_number(&link->line, "read");
    ret_ends[1] = pnd_foreign_line_number(&link->line, "write");
    return pnd_foreign_link_check(link);
}

static int handle_bind(struct pendio_loop *loop, pendio_handle handle, const void *address,
                       uint32_t byte_count)
{
    char text[PND_FOREIGN_ADDRESS_BYTES];
    struct pendio_endpoint endpoint = {.byte_count = byte_count};
    memcpy(endpoint.address, address, byte_count);
    struct pnd_foreign_link *link = begin(loop, "bind", handle);
    pnd_foreign_link_add(link, " address=%s", pnd_foreign_line_tell_address(&endpoint, text));
    return ask(link);
}

static int handle_listen(struct pendio_loop *loop, pendio_handle handle, uint32_t backlog)
{
    struct pnd_foreign_link *link = begin(loop, "listen", handle);
    pnd_foreign_link_add(link, " backlog=%u", backlog);
    return ask(link);
}

static int handle_shutdown(struct pendio_loop *loop, pendio_handle handle, int how)
{
    (void)how; /* always what it sends */
    return ask(begin(loop, "half_close", handle));
}

static int handle_local(struct pendio_loop *loop, pendio_handle handle,
                        struct pendio_endpoint *ret_endpoint)
{
    struct pnd_foreign_link *link = begin(loop, "local", handle);
    int status = ask(link);
    if (status < 0)
        return status;
    pnd_foreign_line_address(&link->line, "address", ret_endpoint);
    return pnd_foreign_link_check(link);
}

static int handle_close(struct pendio_loop *loop, pendio_handle handle, uint32_t mode)
{
    struct pnd_foreign_link *link = begin(loop, "close_now", handle);
    pnd_foreign_link_add(link, " mode=%s", mode == PENDIO_ABORTIVE ? "abortive" : "graceful");
    return ask(link);
}

void pnd_foreign_handle_fill(struct pnd_subject *subject)
{
    subject->handle_socket = handle_socket;
    subject->handle_pipe = handle_pipe;
    subject->handle_bind = handle_bind;
    subject->handle_listen = handle_listen;
    subject->handle_shutdown = handle_shutdown;
    subject->handle_local = handle_local;
    subject->handle_close = handle_close;
}
