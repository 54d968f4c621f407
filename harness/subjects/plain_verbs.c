/*
 * plain_verbs.c - what each start does: a system call that does not wait, tried until it is over.
 *
 * Happy path:  the call succeeds, the result says what came of it.
 * Failures:    what would block is tried again by a later turn; errors are results.
 */
#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

uint64_t pnd_plain_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

bool pnd_plain_finish(struct context *context, int error)
{
    context->now.error = error;
    return true;
}

/* A call answered -1. */
static bool failed(struct context *context)
{
    return errno != EAGAIN && errno != EINTR && pnd_plain_finish(context, errno);
}

static bool told(struct context *context, int status)
{
    return status < 0 ? failed(context) : pnd_plain_finish(context, 0);
}

static bool try_nop(struct context *context)
{
    return pnd_plain_finish(context, 0);
}

static bool try_timer(struct context *context)
{
    uint64_t late_ns = pnd_plain_wrong("is_late") ? 200000000 : 0;
    return pnd_plain_now_ns() - context->started_ns >= context->after_ns + late_ns &&
           pnd_plain_finish(context, 0);
}

static bool try_accept(struct context *context)
{
    int descriptor = accept4(context->handle->descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0)
        return failed(context);
    context->now.value = pnd_plain_open(descriptor, context->handle->stream);
    return pnd_plain_finish(context, 0);
}

/* Since a connect on it was ended. */
static bool is_unusable(struct context *context)
{
    bool unusable = context->handle->unusable && !pnd_plain_wrong("connects_after_an_end");
    return unusable && pnd_plain_finish(context, ECONNABORTED);
}

/* A second call asks how it ended; else the system would tell that to whoever connects again. */
static bool try_connect(struct context *context)
{
    struct pollfd ready = {.fd = context->handle->descriptor, .events = POLLOUT};
    if (is_unusable(context))
        return true;
    if (context->connecting && poll(&ready, 1, 0) <= 0)
        return false;
    if (connect(ready.fd, (struct sockaddr *)&context->set.endpoint, context->set.endpoint_bytes) ==
        0)
        return pnd_plain_finish(context, 0);
    context->connecting = errno == EINPROGRESS;
    return !context->connecting && failed(context);
}

/* What came is in the window; some faults change that. */
static void spoil(struct context *context)
{
    uint8_t *memory = pnd_plain_memory(context);
    if (context->now.bytes > 0 && pnd_plain_wrong("wrong_content"))
        memory[context->now.bytes - 1] ^= 1;
    if (context->now.bytes > 0 && pnd_plain_wrong("bytes_beyond_the_window"))
        memory[context->set.length] ^= 1;
    if ((context->now.flags & END_OF_STREAM) != 0 && pnd_plain_wrong("end_does_not_stick")) {
        static bool ended;
        context->now.flags = ended ? 0 : END_OF_STREAM;
        context->now.bytes = ended ? 1 : 0;
        ended = true;
    }
}

/* What ends a stream sticks; the system tells it once. */
static bool failed_receive(struct context *context)
{
    if (!failed(context))
        return false;
    if (context->handle->stream)
        context->handle->error = context->now.error;
    return true;
}

static bool try_receive(struct context *context)
{
    if (is_unusable(context))
        return true;
    if (context->handle->error != 0 && pnd_plain_wrong("forgets_an_error")) {
        context->now.bytes = 1;
        return pnd_plain_finish(context, 0);
    }
    if (context->handle->error != 0)
        return pnd_plain_finish(context, context->handle->error);
    uint8_t probe;
    bool stream = context->handle->stream;
    bool look = stream && context->set.length == 0; /* waits, and takes nothing */
    int flags = MSG_DONTWAIT | (stream ? 0 : MSG_TRUNC) |
                (look || (context->set.flags & PEEK) != 0 ? MSG_PEEK : 0);
    struct sockaddr_storage sender = {0};
    socklen_t sender_bytes = sizeof sender;
    ssize_t count = recvfrom(context->handle->descriptor, look ? &probe : pnd_plain_memory(context),
                             look || pnd_plain_wrong("brings_less") ? 1 : context->set.length,
                             flags, (struct sockaddr *)&sender, &sender_bytes);
    if (count < 0)
        return failed_receive(context);
    context->sender = sender;
    context->sender_bytes = sender_bytes;
    bool cut = (uint64_t)count > context->set.length;
    context->now.bytes = look ? 0 : cut ? context->set.length : (uint64_t)count;
    context->now.flags |= !stream && cut ? TRUNCATED : 0;
    context->now.flags |= stream && count == 0 ? END_OF_STREAM : 0;
    spoil(context);
    return pnd_plain_finish(context, 0);
}

static bool try_seqpacket(struct context *context)
{
    if (!try_receive(context))
        return false;
    bool end = context->now.error == 0 && context->now.bytes == 0 && context->set.length > 0;
    context->now.flags |= end ? END_OF_STREAM : 0;
    return true;
}

static bool try_receive_any(struct context *context)
{
    int type = 0;
    socklen_t size = sizeof type;
    (void)getsockopt(context->handle->descriptor, SOL_SOCKET, SO_TYPE, &type, &size);
    return type == SOCK_SEQPACKET ? try_seqpacket(context) : try_receive(context);
}

/* All of it, in as many calls as it takes. */
static bool try_send(struct context *context)
{
    bool to = strcmp(context->now.verb->name, "send_to") == 0;
    if (is_unusable(context))
        return true;
    if (context->set.length > 1 && pnd_plain_wrong("drops_a_byte"))
        context->set.length--;
    do {
        ssize_t count =
            sendto(context->handle->descriptor, pnd_plain_memory(context) + context->now.bytes,
                   context->set.length - context->now.bytes, MSG_DONTWAIT | MSG_NOSIGNAL,
                   to ? (struct sockaddr *)&context->set.endpoint : NULL,
                   to ? context->set.endpoint_bytes : 0);
        if (count < 0)
            return failed(context);
        context->now.bytes += (uint64_t)count;
    } while (context->now.bytes < context->set.length);
    context->now.flags |= (context->set.flags & ZERO_COPY) != 0 ? COPIED : 0;
    if (context->now.bytes > 1 && pnd_plain_wrong("wrong_byte_count"))
        context->now.bytes--;
    if (pnd_plain_wrong("drops_a_byte"))
        context->now.bytes = ++context->set.length;
    return pnd_plain_finish(context, 0);
}

static bool try_open(struct context *context)
{
    int flags = O_RDWR | O_CLOEXEC | (context->create ? O_CREAT | O_TRUNC : 0);
    int descriptor = open(context->path, flags, 0600);
    if (descriptor < 0)
        return failed(context);
    context->now.value = pnd_plain_open(descriptor, false);
    return pnd_plain_finish(context, 0);
}

static bool try_read(struct context *context)
{
    int descriptor = context->handle->descriptor;
    ssize_t count = context->position == UINT64_MAX
                        ? read(descriptor, pnd_plain_memory(context), context->set.length)
                        : pread(descriptor, pnd_plain_memory(context), context->set.length,
                                (off_t)context->position);
    if (count < 0)
        return failed(context);
    context->now.bytes = (uint64_t)count;
    context->now.flags |= count == 0 && context->set.length > 0 ? END_OF_STREAM : 0;
    return pnd_plain_finish(context, 0);
}

static bool try_write(struct context *context)
{
    while (context->now.bytes < context->set.length) {
        const uint8_t *from = pnd_plain_memory(context) + context->now.bytes;
        size_t left = context->set.length - context->now.bytes;
        off_t at = (off_t)(context->position + context->now.bytes);
        ssize_t count = context->position == UINT64_MAX
                            ? write(context->handle->descriptor, from, left)
                            : pwrite(context->handle->descriptor, from, left, at);
        if (count < 0)
            return failed(context);
        context->now.bytes += (uint64_t)count;
    }
    return pnd_plain_finish(context, 0);
}

static bool try_fsync(struct context *context)
{
    int descriptor = context->handle->descriptor;
    return told(context, context->data_only ? fdatasync(descriptor) : fsync(descriptor));
}

static bool try_truncate(struct context *context)
{
    return told(context, ftruncate(context->handle->descriptor, (off_t)context->size));
}

static bool try_stat(struct context *context)
{
    struct statx about;
    int descriptor = context->path[0] != '\0' ? AT_FDCWD : context->handle->descriptor;
    int flags = context->path[0] != '\0' ? 0 : AT_EMPTY_PATH;
    if (statx(descriptor, context->path, flags, STATX_BASIC_STATS, &about) < 0)
        return failed(context);
    memcpy(pnd_plain_memory(context), &about, sizeof about);
    context->now.value = about.stx_size;
    context->now.bytes = sizeof about;
    return pnd_plain_finish(context, 0);
}

static bool try_rename(struct context *context)
{
    return told(context, rename(context->path, context->target));
}

static bool try_unlink(struct context *context)
{
    return told(context, unlinkat(AT_FDCWD, context->path, context->directory ? AT_REMOVEDIR : 0));
}

static bool try_mkdir(struct context *context)
{
    return told(context, mkdir(context->path, 0700));
}

static bool try_poll(struct context *context)
{
    struct pollfd ready = {.fd = context->handle->descriptor, .events = (short)context->events};
    if (poll(&ready, 1, 0) <= 0)
        return false;
    context->now.value = (uint64_t)ready.revents;
    return pnd_plain_finish(context, 0);
}

/* Only when nothing else is under way on it; who closes it then is the caller. */
static bool try_close(struct context *context)
{
    return context->handle->under_way == 1 && pnd_plain_finish(context, 0);
}

static const struct verb verbs[] = {
    {"nop", NO_LINE, QUEUE, .attempt = try_nop},
    {"timer", NO_LINE, QUEUE, .attempt = try_timer},
    {"accept", LINE_IN, TRY, .events = POLLIN, .attempt = try_accept},
    {"connect", LINE_OUT, QUEUE, .events = POLLOUT, .attempt = try_connect},
    {"receive", LINE_IN, TRY, .window = true, .events = POLLIN, .attempt = try_receive_any},
    {"receive_from", LINE_IN, TRY, .window = true, .events = POLLIN, .attempt = try_receive_any},
    {"send", LINE_OUT, TRY, .goes_out = true, .window = true, .events = POLLOUT,
     .attempt = try_send},
    {"send_to", LINE_OUT, TRY, .goes_out = true, .window = true, .events = POLLOUT,
     .attempt = try_send},
    {"open", NO_LINE, QUEUE, .attempt = try_open},
    {"read", LINE_IN, AUTO, .window = true, .events = POLLIN, .attempt = try_read},
    {"write", LINE_OUT, QUEUE, .goes_out = true, .window = true, .events = POLLOUT,
     .attempt = try_write},
    {"fsync", NO_LINE, QUEUE, .goes_out = true, .attempt = try_fsync},
    {"truncate", NO_LINE, QUEUE, .goes_out = true, .attempt = try_truncate},
    {"stat", NO_LINE, QUEUE, .window = true, .attempt = try_stat},
    {"rename", NO_LINE, QUEUE, .attempt = try_rename},
    {"unlink", NO_LINE, QUEUE, .attempt = try_unlink},
    {"mkdir", NO_LINE, QUEUE, .attempt = try_mkdir},
    {"poll", NO_LINE, QUEUE, .attempt = try_poll},
    {"close", NO_LINE, QUEUE, .closes = true, .attempt = try_close},
};

const struct verb *pnd_plain_verb(const char *name)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}
