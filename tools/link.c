/*
 * link.c - the wire to a daemon: requests and replies, and the events it publishes.
 *
 * Happy path:  dial in the background until the pipe notice comes, then send a request and poll
 *              for its reply, for the loss of the pipe and for the user's interruption at once.
 * Failures:    a pipe that goes is noticed at once; a second one is refused before the protocol
 *              sees it; a late reply to a request given up is dropped by the protocol.
 *
 * The only source of the tools that knows nng. A receive is never timed out, since that would
 * cancel the request: its descriptor is polled instead.
 */
#include "link.h"

#include "clock.h"
#include "interrupt.h"
#include "url.h"

#include <assert.h>
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    REPLY_LIMIT_BYTES = 4 << 20,
    SEND_TIMEOUT_MS = 1000,
    RECONNECT_MS = 50,
    HOST_BYTES = 256,
    FINISH_MS = 1000
};

struct pnd_link {
    nng_socket requests;
    nng_socket events; /* id 0: no subscription */
    int requests_descriptor;
    int events_descriptor; /* -1: no subscription, which poll() passes over */
    int notice_descriptor; /* readable when `connected` or `lost` has changed */
    const struct pnd_credentials *credentials;
    bool finishing; /* an interruption does not end a wait at once */
    atomic_bool connected;
    atomic_bool lost;
};

/*
 * Those of this process, never closed: nng_close() of nng before 1.8 may wait forever for a pipe
 * that was just receiving (its issue 1543). The end of the process closes everything.
 */
static struct pnd_link all_links[PND_LINK_COUNT];
static size_t all_link_count;

static int open_requests(struct pnd_link *link);
static int connect_requests(struct pnd_link *link, const char *url, int64_t patience_ns);
static int dial(struct pnd_link *link, nng_socket socket, const char *url);
static int secure(nng_dialer dialer, const char *url, const struct pnd_credentials *credentials);
static int why_unconnected(const char *url);
static void pipe_comes(nng_pipe pipe, nng_pipe_ev event, void *argument);
static void pipe_goes(nng_pipe pipe, nng_pipe_ev event, void *argument);
static void give_notice(struct pnd_link *link);
static int send_request(struct pnd_link *link, const Pendio__Request *request);
static int receive(nng_socket socket, const ProtobufCMessageDescriptor *type,
                   ProtobufCMessage **ret_message);
static int wait_for(struct pnd_link *link, int descriptor, int64_t deadline_ns);
static int status_of(int nng_error);

int pnd_link_open(const char *url, const struct pnd_credentials *credentials, int64_t patience_ns,
                  struct pnd_link **ret_link)
{
    assert(all_link_count < PND_LINK_COUNT);
    struct pnd_link *link = &all_links[all_link_count++];
    link->events_descriptor = -1;
    link->credentials = credentials;

    link->notice_descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (link->notice_descriptor < 0)
        return -errno;

    int status = status_of(nng_req0_open(&link->requests));
    if (status == 0)
        status = open_requests(link);
    if (status == 0)
        status = connect_requests(link, url, patience_ns);
    if (status == 0)
        *ret_link = link;
    return status;
}

/* The protocol must not send a request again by itself: a submit would become two runs. */
static int open_requests(struct pnd_link *link)
{
    nng_socket socket = link->requests;
    int error = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (error == 0)
        error = nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, SEND_TIMEOUT_MS);
    if (error == 0)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MS);
    if (error == 0)
        error = nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, RECONNECT_MS);
    if (error == 0)
        error = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, REPLY_LIMIT_BYTES);
    if (error == 0)
        error = nng_socket_get_int(socket, NNG_OPT_RECVFD, &link->requests_descriptor);
    if (error == 0)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, pipe_comes, link);
    if (error == 0)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, pipe_comes, link);
    if (error == 0)
        error = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, pipe_goes, link);
    return status_of(error);
}

static int connect_requests(struct pnd_link *link, const char *url, int64_t patience_ns)
{
    int64_t deadline_ns = pnd_clock_now_ns() + patience_ns;
    int status = dial(link, link->requests, url);
    while (status == 0 && !atomic_load(&link->connected))
        status = wait_for(link, -1, deadline_ns);
    return status == -ETIMEDOUT ? why_unconnected(url) : status;
}

static int dial(struct pnd_link *link, nng_socket socket, const char *url)
{
    nng_dialer dialer;
    if (nng_dialer_create(&dialer, socket, url) != 0)
        return -EINVAL;
    if (link->credentials->certificate != NULL && secure(dialer, url, link->credentials) != 0)
        return -EPROTO;
    return nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) != 0 ? -EINVAL : 0;
}

/* The other end must have a certificate, too, and it must be that of the host we call. */
static int secure(nng_dialer dialer, const char *url, const struct pnd_credentials *credentials)
{
    char host[HOST_BYTES];
    nng_tls_config *config = NULL;
    int error = nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT);
    if (error != 0)
        return error;
    if (!pnd_url_host(url, host, sizeof host))
        host[0] = '\0';
    error = nng_tls_config_version(config, NNG_TLS_1_2, NNG_TLS_1_3);
    if (error == 0)
        error = nng_tls_config_server_name(config, host);
    if (error == 0)
        error = nng_tls_config_own_cert(config, credentials->certificate, credentials->key, NULL);
    if (error == 0)
        error = nng_tls_config_ca_chain(config, credentials->authority, NULL);
    if (error == 0)
        error = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
    if (error == 0)
        error = nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config);
    nng_tls_config_free(config); /* the dialer holds it, too */
    return error;
}

/* The background dialer keeps its reasons to itself; one matters to the user. */
static int why_unconnected(const char *url)
{
    static const char scheme[] = "ipc://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return -ECONNREFUSED;
    bool forbidden = access(url + sizeof scheme - 1, W_OK) < 0 && errno == EACCES;
    return forbidden ? -EACCES : -ECONNREFUSED;
}

/* Runs on a thread of nng's, as the next one does. */
static void pipe_comes(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    struct pnd_link *link = argument;
    if (event == NNG_PIPE_EV_ADD_POST) {
        atomic_store(&link->connected, true);
        give_notice(link);
    } else if (atomic_load(&link->connected)) {
        (void)nng_pipe_close(pipe);
    }
}

static void pipe_goes(nng_pipe pipe, nng_pipe_ev event, void *argument)
{
    (void)pipe;
    (void)event;
    struct pnd_link *link = argument;
    if (atomic_load(&link->connected))
        atomic_store(&link->lost, true);
    give_notice(link);
}

static void give_notice(struct pnd_link *link)
{
    const uint64_t one = 1;
    ssize_t written = write(link->notice_descriptor, &one, sizeof one);
    (void)written; /* full means readable already */
}

int pnd_link_call(struct pnd_link *link, const Pendio__Request *request, int64_t timeout_ns,
                  Pendio__Reply **ret_reply)
{
    int64_t deadline_ns = pnd_clock_now_ns() + timeout_ns;
    int status = send_request(link, request);
    if (status < 0)
        return status;

    ProtobufCMessage *message = NULL;
    do {
        status = wait_for(link, link->requests_descriptor, deadline_ns);
        if (status == 0)
            status = receive(link->requests, &pendio__reply__descriptor, &message);
    } while (status == -EAGAIN);
    if (status == 0)
        *ret_reply = (Pendio__Reply *)message;
    return status;
}

void pnd_link_free_reply(Pendio__Reply *reply)
{
    pnd_message_free((ProtobufCMessage *)reply);
}

static int send_request(struct pnd_link *link, const Pendio__Request *request)
{
    if (atomic_load(&link->lost))
        return -ECONNRESET;

    uint8_t *bytes = NULL;
    size_t byte_count = 0;
    int status = pnd_message_pack(&request->base, &bytes, &byte_count);
    if (status < 0)
        return status;
    status = status_of(nng_send(link->requests, bytes, byte_count, 0));
    free(bytes);
    /* The pipe may go after we looked; then it is the next one that nng waited for. */
    return status == -ETIMEDOUT && atomic_load(&link->lost) ? -ECONNRESET : status;
}

/* -EAGAIN when nothing is there after all. */
static int receive(nng_socket socket, const ProtobufCMessageDescriptor *type,
                   ProtobufCMessage **ret_message)
{
    nng_msg *message = NULL;
    int status = status_of(nng_recvmsg(socket, &message, NNG_FLAG_NONBLOCK));
    if (status < 0)
        return status;

    struct pnd_message_error error;
    status = pnd_message_unpack(type, nng_msg_body(message), nng_msg_len(message), NULL,
                                ret_message, &error);
    nng_msg_free(message);
    return status == 0 || status == -ENOMEM ? status : -EBADMSG;
}

int pnd_link_subscribe(struct pnd_link *link, const char *url)
{
    int descriptor = -1;
    int error = nng_sub0_open(&link->events);
    if (error == 0)
        error = nng_socket_set(link->events, NNG_OPT_SUB_SUBSCRIBE, "", 0);
    if (error == 0)
        error = nng_socket_set_size(link->events, NNG_OPT_RECVMAXSZ, REPLY_LIMIT_BYTES);
    if (error == 0)
        error = nng_socket_get_int(link->events, NNG_OPT_RECVFD, &descriptor);
    if (error != 0 || dial(link, link->events, url) < 0)
        return -EINVAL;
    link->events_descriptor = descriptor;
    return 0;
}

/* An event that cannot be read is passed over: it only tells sooner what a request would tell. */
int pnd_link_wait(struct pnd_link *link, int64_t timeout_ns, Pendio__Event **ret_event)
{
    int64_t deadline_ns = pnd_clock_now_ns() + timeout_ns;
    ProtobufCMessage *message = NULL;
    int status = 0;
    while (status == 0 && message == NULL) {
        status = wait_for(link, link->events_descriptor, deadline_ns);
        if (status == 0 && receive(link->events, &pendio__event__descriptor, &message) < 0 &&
            pnd_clock_left_ms(deadline_ns) == 0)
            status = -ETIMEDOUT;
    }
    if (status == 0 || status == -ETIMEDOUT) {
        *ret_event = (Pendio__Event *)message;
        return 0;
    }
    return status;
}

/*
 * Returns 0 when `descriptor` is readable or, without one, when a pipe has come; else why not.
 * What has arrived is looked at before the loss of the pipe: a daemon may answer and go.
 */
static int wait_for(struct pnd_link *link, int descriptor, int64_t deadline_ns)
{
    bool interrupted = false;
    struct pollfd watched[] = {
        {.fd = descriptor, .events = POLLIN},
        {.fd = link->notice_descriptor, .events = POLLIN},
        {.fd = pnd_interrupt_descriptor(), .events = POLLIN},
    };
    for (;;) {
        int ready = poll(watched, 3, pnd_clock_left_ms(deadline_ns));
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (pnd_interrupt_signal() != 0 && !link->finishing)
            return -EINTR;
        if (pnd_interrupt_signal() != 0 && !interrupted) {
            interrupted = true;
            watched[2].fd = -1;
            if (pnd_clock_left_ms(deadline_ns) > FINISH_MS)
                deadline_ns = pnd_clock_now_ns() + FINISH_MS * (int64_t)PND_CLOCK_MS;
        }
        if (ready > 0 && (watched[0].revents & POLLIN) != 0)
            return 0;
        if (atomic_load(&link->lost))
            return -ECONNRESET;
        if (ready == 0)
            return interrupted ? -EINTR : -ETIMEDOUT;
        uint64_t notices = 0;
        if (read(link->notice_descriptor, &notices, sizeof notices) > 0 && descriptor < 0)
            return 0;
    }
}

/* 1 with an event, 0 when there is none, -ECONNRESET. */
static int look(struct pnd_link *link, Pendio__Event **ret_event)
{
    ProtobufCMessage *message = NULL;
    uint64_t notices = 0;
    ssize_t taken = read(link->notice_descriptor, &notices, sizeof notices);
    (void)taken; /* it shall not wake us twice */
    while (link->events_descriptor >= 0) {
        int status = receive(link->events, &pendio__event__descriptor, &message);
        if (status == 0) {
            *ret_event = (Pendio__Event *)message;
            return 1;
        }
        if (status != -EBADMSG)
            break;
    }
    return atomic_load(&link->lost) ? -ECONNRESET : 0;
}

int pnd_link_wait_any(struct pnd_link *const *links, size_t link_count, int64_t timeout_ns,
                      size_t *ret_index, Pendio__Event **ret_event)
{
    struct pollfd watched[2 * PND_LINK_COUNT + 1];
    int64_t deadline_ns = pnd_clock_now_ns() + timeout_ns;
    nfds_t count = 0;
    for (size_t i = 0; i < link_count; i++) {
        int events = links[i] != NULL ? links[i]->events_descriptor : -1;
        int notices = links[i] != NULL ? links[i]->notice_descriptor : -1;
        watched[count++] = (struct pollfd){.fd = events, .events = POLLIN};
        watched[count++] = (struct pollfd){.fd = notices, .events = POLLIN};
    }
    watched[count++] = (struct pollfd){.fd = pnd_interrupt_descriptor(), .events = POLLIN};
    for (;;) {
        for (size_t i = 0; i < link_count; i++) {
            int status = links[i] != NULL ? look(links[i], ret_event) : 0;
            *ret_index = i;
            if (status != 0)
                return status < 0 ? status : 0;
        }
        if (pnd_interrupt_signal() != 0)
            return -EINTR;
        int ready = poll(watched, count, pnd_clock_left_ms(deadline_ns));
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready == 0) {
            *ret_event = NULL;
            return 0;
        }
    }
}

void pnd_link_finish(struct pnd_link *link, bool finishing)
{
    link->finishing = finishing;
}

static int status_of(int nng_error)
{
    switch (nng_error) {
    case 0:
        return 0;
    case NNG_EAGAIN:
        return -EAGAIN;
    case NNG_ETIMEDOUT:
        return -ETIMEDOUT;
    case NNG_ENOMEM:
        return -ENOMEM;
    case NNG_ENOFILES:
        return -EMFILE;
    default:
        return -ECONNRESET;
    }
}
