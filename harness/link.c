/*
 * link.c - the daemon's two nng sockets: REP for requests, PUB for events.
 *
 * Happy path:  listen -> (await a request -> descriptor readable -> take -> answer) for ever, and
 *              publish between.
 * Failures:    what nng itself finds malformed or longer than twice a message costs the sender its
 *              connection and nothing else; out of memory, or a peer that does not read, costs that
 *              one reply or event.
 *
 * Everything is called from the daemon's one thread. On nng's threads runs one callback, and all it
 * does is to make our descriptor readable. (nng's own, NNG_OPT_RECVFD, stays readable when a client
 * with a waiting request leaves: a loop would spin.)
 */
#include "link.h"

#include "complain.h"

#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVENT_QUEUE_COUNT = 256 }; /* for each subscriber */

/* The reply before may not have left when the next request is here: not waiting at all loses it. */
enum { REPLY_TIMEOUT_MS = 100 };

enum { REQUESTS, EVENTS, LISTENER_COUNT };

struct pnd_link {
    nng_socket requests;
    nng_socket events;
    nng_listener listeners[LISTENER_COUNT]; /* zero: none */
    nng_aio *awaited;                       /* the next request */
    int descriptor;                         /* eventfd: it has come */
    nng_msg *request;                       /* taken and not answered yet */
};

/* The one of this process: nng goes on using it until the process ends. */
static struct pnd_link the_link;

static int open_descriptor(struct pnd_link *link);
static int open_sockets(struct pnd_link *link);
static void await_request(struct pnd_link *link);
static void notice_request(void *state);
static int listen_at(nng_socket socket, const char *url, nng_listener *listener);
static int status_of(int result);
static int explain(int result, const char *url, const struct pnd_place *place,
                   struct pnd_message_error *error);
static int send_copy(nng_socket socket, const void *bytes, size_t byte_count, int flags);

int pnd_link_create(const struct pnd_place *place, struct pnd_link **ret_link,
                    struct pnd_message_error *error)
{
    struct pnd_link *link = &the_link;
    int status = open_descriptor(link);
    if (status < 0)
        return pnd_complain(error, status, "cannot start: %s", strerror(-status));

    const char *url = place->url;
    int result = open_sockets(link);
    if (result == 0)
        result = listen_at(link->requests, url, &link->listeners[REQUESTS]);
    if (result == 0) {
        url = place->events_url;
        result = listen_at(link->events, url, &link->listeners[EVENTS]);
    }
    if (result != 0) {
        pnd_link_destroy(link);
        return explain(result, url, place, error);
    }
    await_request(link);
    *ret_link = link;
    return 0;
}

static int open_descriptor(struct pnd_link *link)
{
    link->descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return link->descriptor < 0 ? -errno : 0;
}

static int open_sockets(struct pnd_link *link)
{
    int result = nng_aio_alloc(&link->awaited, notice_request, link);
    if (result == 0)
        result = nng_rep0_open(&link->requests);
    if (result == 0)
        result = nng_pub0_open(&link->events);
    if (result == 0)
        result = nng_socket_set_size(link->requests, NNG_OPT_RECVMAXSZ,
                                     (size_t)PND_LINK_MESSAGE_BYTES * 2);
    if (result == 0)
        result = nng_socket_set_ms(link->requests, NNG_OPT_SENDTIMEO, REPLY_TIMEOUT_MS);
    if (result == 0)
        result = nng_socket_set_int(link->events, NNG_OPT_SENDBUF, EVENT_QUEUE_COUNT);
    return result;
}

/* nng sets the permissions after it has made the file: the mask closes the moment between. */
static int listen_at(nng_socket socket, const char *url, nng_listener *listener)
{
    int result = nng_listener_create(listener, socket, url);
    if (result == 0 && strncmp(url, "ipc:", strlen("ipc:")) == 0)
        result = nng_listener_set_int(*listener, NNG_OPT_IPC_PERMISSIONS, S_IRUSR | S_IWUSR);
    if (result != 0)
        return result;

    mode_t mask = umask(S_IXUSR | S_IRWXG | S_IRWXO);
    result = nng_listener_start(*listener, 0);
    (void)umask(mask);
    return result;
}

static int explain(int result, const char *url, const struct pnd_place *place,
                   struct pnd_message_error *error)
{
    int status = status_of(result);
    if (status == -EADDRINUSE && url == place->url)
        pnd_place_explain_taken(url, error);
    else
        (void)pnd_complain(error, status, "cannot listen on %s: %s; choose another --listen", url,
                           nng_strerror(result));
    return status;
}

int pnd_link_descriptor(const struct pnd_link *link)
{
    return link->descriptor;
}

static void await_request(struct pnd_link *link)
{
    nng_recv_aio(link->requests, link->awaited);
}

/* On one of nng's threads. */
static void notice_request(void *state)
{
    const struct pnd_link *link = state;
    (void)eventfd_write(link->descriptor, 1);
}

int pnd_link_take(struct pnd_link *link, const void **ret_bytes, size_t *ret_byte_count)
{
    eventfd_t count;
    if (eventfd_read(link->descriptor, &count) < 0)
        return -EAGAIN;

    nng_aio_wait(link->awaited); /* until the callback is through, which is now */
    int result = nng_aio_result(link->awaited);
    if (result == NNG_ECLOSED)
        return -EIO;
    if (result != 0) {
        await_request(link); /* memory was short for a moment */
        return -EAGAIN;
    }
    link->request = nng_aio_get_msg(link->awaited);
    nng_aio_set_msg(link->awaited, NULL);
    *ret_bytes = nng_msg_body(link->request);
    *ret_byte_count = nng_msg_len(link->request);
    return 0;
}

void pnd_link_answer(struct pnd_link *link, const void *bytes, size_t byte_count)
{
    nng_msg_free(link->request);
    link->request = NULL;
    if (bytes != NULL)
        (void)send_copy(link->requests, bytes, byte_count, 0);
    await_request(link);
}

void pnd_link_publish(struct pnd_link *link, const void *bytes, size_t byte_count)
{
    (void)send_copy(link->events, bytes, byte_count, NNG_FLAG_NONBLOCK);
}

static int send_copy(nng_socket socket, const void *bytes, size_t byte_count, int flags)
{
    nng_msg *message = NULL;
    int result = nng_msg_alloc(&message, 0);
    if (result == 0)
        result = nng_msg_append(message, bytes, byte_count);
    if (result == 0)
        result = nng_sendmsg(socket, message, flags);
    if (result != 0)
        nng_msg_free(message); /* a message that could not be sent is still ours */
    return result;
}

/* The few that make a difference to a caller. */
static int status_of(int result)
{
    switch (result) {
    case NNG_EADDRINUSE:
        return -EADDRINUSE;
    case NNG_ENOMEM:
        return -ENOMEM;
    case NNG_EPERM:
        return -EACCES;
    default:
        return -EIO;
    }
}

/*
 * Nobody finds us any more. The sockets themselves end with the process: nng_close() of nng before
 * 1.8 may wait forever for a pipe that was just receiving (its issue 1543).
 */
void pnd_link_destroy(struct pnd_link *link)
{
    if (link == NULL)
        return;
    for (int i = 0; i < LISTENER_COUNT; i++)
        if (nng_listener_id(link->listeners[i]) > 0)
            (void)nng_listener_close(link->listeners[i]);
}
