/*
 * own_start.c - handles and starts of libpendio as a subject.
 *
 * Happy path:  the call of the command's name, its arguments from the line.
 * Failures:    refusals are handed on.
 */
#include "own.h"
#include "plain_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------
 * Handles
 * --------------------------------------------------------------------------------------------- */

static uint64_t handle(void)
{
    return pnd_line_number("handle");
}

static uint32_t mode(void)
{
    return pnd_line_text("mode")[0] == 'a' ? PENDIO_ABORTIVE : PENDIO_GRACEFUL;
}

static int make_socket(void)
{
    int domain = 0, type = 0;
    pendio_handle made = 0;
    if (!pnd_line_family(&domain, &type))
        return -EINVAL;
    int status = pendio_handle_socket(own.loop, domain, type, 0, &made);
    if (status == 0)
        printf("ok handle=%llu\n", (unsigned long long)made);
    return status == 0 ? 1 : status;
}

static int make_pipe(void)
{
    int ends[2];
    pendio_handle made[2] = {0, 0};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    int status = pendio_handle_adopt(own.loop, ends[0], &made[0]);
    if (status == 0)
        status = pendio_handle_adopt(own.loop, ends[1], &made[1]);
    if (status == 0)
        printf("ok read=%llu write=%llu\n", (unsigned long long)made[0],
               (unsigned long long)made[1]);
    return status == 0 ? 1 : status;
}

static int tell_local(void)
{
    char text[LINE_ADDRESS_BYTES];
    struct pendio_endpoint local;
    struct sockaddr_storage address = {0};
    int status = pendio_handle_local(own.loop, handle(), &local);
    if (status < 0)
        return status;
    memcpy(&address, local.address, local.byte_count);
    printf("ok address=%s\n", pnd_line_tell_address(&address, local.byte_count, text));
    return 1;
}

static int bind_it(void)
{
    struct sockaddr_storage address;
    socklen_t byte_count = 0;
    pnd_line_address("address", &address, &byte_count);
    return pendio_handle_bind(own.loop, handle(), &address, byte_count);
}

static int listen_there(void)
{
    return pendio_handle_listen(own.loop, handle(), (uint32_t)pnd_line_number("backlog"));
}

static int half_close(void)
{
    return pendio_handle_shutdown(own.loop, handle(), SHUT_WR);
}

static int close_now(void)
{
    return pendio_handle_close(own.loop, handle(), mode());
}

bool pnd_own_do_handle(void)
{
    static const struct {
        const char *word;
        int (*run)(void); /* 1: it has answered */
    } commands[] = {
        {"socket", make_socket},  {"pipe", make_pipe},      {"local", tell_local},
        {"bind", bind_it},        {"listen", listen_there}, {"half_close", half_close},
        {"close_now", close_now},
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].word, pnd_line_word()) != 0)
            continue;
        int status = commands[i].run();
        if (status != 1)
            pnd_own_answer(status);
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------
 * Starts
 * --------------------------------------------------------------------------------------------- */

static uint64_t offset(const char *key)
{
    return pnd_line_text(key)[0] == 's' ? PENDIO_STREAMING : pnd_line_number(key);
}

/* A copy that stays while it is under way; NULL: the line has none. */
static const char *keep(const char *key, char *place, size_t byte_count)
{
    if (!pnd_line_has(key))
        return NULL;
    snprintf(place, byte_count, "%.255s", pnd_line_text(key));
    return place;
}

static struct pendio_packet read_packet(char *text)
{
    struct pendio_packet packet = {.memory = NULL};
    char *rest = NULL;
    const char *kind = strtok_r(text, ":", &rest);
    char *what = strtok_r(NULL, ":", &rest);
    if (what == NULL)
        return packet;
    bool memory = strcmp(kind, "memory") == 0;
    char *range = memory ? what : strtok_r(NULL, ":", &rest);
    uint64_t begin = strtoull(range, &rest, 10);
    packet.byte_count = strtoull(rest + 1, NULL, 10);
    packet.offset = memory ? 0 : begin;
    if (memory)
        packet.memory = own.memory + begin;
    else if (strcmp(kind, "path") == 0)
        packet.path = what;
    else
        packet.file = strtoull(what, NULL, 10);
    return packet;
}

static int send_packets(struct own_context *context)
{
    static struct pendio_packet packets[512];
    uint32_t count = 0;
    const char *raw = pnd_line_raw("packets");
    char *copy = strndup(raw != NULL ? raw : "", raw != NULL ? strcspn(raw, "\n") : 0);
    char *rest = NULL;
    if (copy == NULL)
        return -ENOMEM;
    for (char *one = strtok_r(copy, ",", &rest); one != NULL && count < 512;
         one = strtok_r(NULL, ",", &rest))
        packets[count++] = read_packet(one);
    int status = pendio_send_packets(context->context, handle(), packets, count, 0);
    if (status < 0) {
        free(copy);
        return status;
    }
    free(context->packets);
    context->packets = copy;
    return status;
}

static int start_socket(struct own_context *own_context, const char *word)
{
    struct pendio_context *context = own_context->context;
    if (strcmp(word, "accept") == 0)
        return pendio_accept(context, handle(), pnd_line_number("into"));
    if (strcmp(word, "connect") == 0)
        return pendio_connect(context, handle());
    if (strcmp(word, "connect_name") == 0)
        return pendio_connect_name(context, handle(),
                                   keep("host", own_context->name, sizeof own_context->name),
                                   (uint16_t)pnd_line_number("port"));
    if (strcmp(word, "disconnect") == 0)
        return pendio_disconnect(context, handle(),
                                 pnd_line_number("reuse") != 0 ? PENDIO_REUSE : 0);
    if (strcmp(word, "receive") == 0)
        return pendio_receive(context, handle());
    if (strcmp(word, "receive_from") == 0)
        return pendio_receive_from(context, handle());
    if (strcmp(word, "receive_message") == 0)
        return pendio_receive_message(context, handle());
    if (strcmp(word, "send") == 0)
        return pendio_send(context, handle());
    if (strcmp(word, "send_to") == 0)
        return pendio_send_to(context, handle());
    if (strcmp(word, "send_message") == 0)
        return pendio_send_message(context, handle());
    if (strcmp(word, "send_packets") == 0)
        return send_packets(own_context);
    return 2;
}

static int start_file(struct own_context *own_context, const char *word)
{
    struct pendio_context *context = own_context->context;
    const char *path = keep("path", own_context->name, sizeof own_context->name);
    const char *target = keep("target", own_context->target, sizeof own_context->target);
    int flags = O_RDWR | (pnd_line_number("create") != 0 ? O_CREAT | O_TRUNC : 0);
    if (strcmp(word, "open") == 0)
        return pendio_open(context, path, flags, 0600);
    if (strcmp(word, "read") == 0)
        return pendio_read(context, handle(), offset("offset"));
    if (strcmp(word, "write") == 0)
        return pendio_write(context, handle(), offset("offset"));
    if (strcmp(word, "fsync") == 0)
        return pendio_fsync(context, handle(),
                            pnd_line_number("data_only") != 0 ? PENDIO_DATA_ONLY : 0);
    if (strcmp(word, "truncate") == 0)
        return pendio_truncate(context, handle(), pnd_line_number("size"));
    if (strcmp(word, "stat") == 0)
        return pendio_stat(context, handle(), path);
    if (strcmp(word, "rename") == 0)
        return pendio_rename(context, path, target);
    if (strcmp(word, "unlink") == 0)
        return pendio_unlink(context, path,
                             pnd_line_number("directory") != 0 ? PENDIO_DIRECTORY : 0);
    if (strcmp(word, "mkdir") == 0)
        return pendio_mkdir(context, path, 0700);
    return 2;
}

static int start_other(struct own_context *own_context, const char *word)
{
    struct pendio_context *context = own_context->context;
    if (strcmp(word, "nop") == 0)
        return pendio_nop(context, own.loop);
    if (strcmp(word, "timer") == 0)
        return pendio_timer(context, pnd_line_number("after"));
    if (strcmp(word, "poll") == 0)
        return pendio_poll(context, handle(), (uint32_t)pnd_line_number("events"));
    if (strcmp(word, "splice") == 0)
        return pendio_splice(context, pnd_line_number("from"), offset("from_offset"), handle(),
                             offset("offset"), pnd_line_number("bytes"));
    if (strcmp(word, "close") == 0)
        return pendio_close(context, handle(), mode());
    return 2;
}

bool pnd_own_do_start(void)
{
    const char *word = pnd_line_word();
    if (!pnd_line_has("context"))
        return false;
    struct pendio_completion was;
    struct own_context *context = pnd_own_context();
    int status = start_socket(context, word);
    if (status == 2)
        status = start_file(context, word);
    if (status == 2)
        status = start_other(context, word);
    if (status == 2)
        return false;
    if (status < 0)
        printf("refused error=%s", strerrorname_np(-status));
    else
        printf("%s", status == PENDIO_DONE ? "done" : "pending");
    if (status == PENDIO_DONE && pendio_context_result(context->context, &was) == 0)
        pnd_own_lend(context, &was);
    pnd_own_show(context);
    return true;
}
