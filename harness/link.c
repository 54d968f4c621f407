/*
 * link.c - the daemon's two nng sockets: REP for requests, PUB for events.
 *
 * Happy path:  listen -> (await requests -> descriptor readable -> take one -> answer) for ever,
 *              and publish between.
 * Failures:    what nng itself finds malformed or longer than twice a message costs the sender its
 *              connection and nothing else, and so does not reading one's replies; out of memory,
 *              or a subscriber that does not read, costs that one reply or event.
 *
 * A fixed number of exchanges await requests, each a context of the protocol: so a reply that waits
 * for its client to read holds up none but that client.
 *
 * Everything is called from the daemon's one thread. On nng's threads run two callbacks: one makes
 * our descriptor readable, the other turns strangers away. (nng's own descriptor, NNG_OPT_RECVFD,
 * stays readable when a client with a waiting request leaves: a loop would spin.)
 */
#include "link.h"

#include "complain.h"
#include "link_listen.h"
#include "link_peer.h"

#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENT_QUEUE_COUNT = 256,  /* for each subscriber */
    HEARD_LIMIT_BYTES = 1024, /* of what a subscriber sends, who has nothing to say */
    EXCHANGE_COUNT = 64,
    UNREAD_COUNT = 16,       /* replies of one client that may wait for it to read */
    REPLY_TIMEOUT_MS = 2000, /* that one may wait so */
    PATIENCE_MS = 100,       /* between two looks at listeners that are to be mended */
};

enum { REQUESTS, EVENTS, LISTENER_COUNT };

/* A request awaited, or a reply on its way. */
struct exchange {
    nng_ctx context;
    nng_aio *aio; /* NULL: not made */
    struct pnd_link *link;
    bool answering;
    atomic_bool ended; /* what was under way; set on one of nng's threads */
    nng_pipe client;   /* of the last request */
};

struct pnd_link {
    nng_socket requests;
    nng_socket events;
    struct pnd_link_listen listeners[LISTENER_COUNT];
    uint64_t mended_ms;
    struct exchange exchanges[EXCHANGE_COUNT];
    size_t next_index;      /* of the exchange that is looked at first */
    int descriptor;         /* eventfd: one has ended */
    struct exchange *taken; /* its request is, and not answered yet */
    nng_msg *request;
};

/* The one of this process: nng goes on using it until the process ends. */
static struct pnd_link the_link;

static int open_descriptor(struct pnd_link *link);
static int open_sockets(struct pnd_link *link);
static int open_exchanges(struct pnd_link *link);
static void await_request(struct exchange *exchange);
static void notice_end(void *state);
static struct exchange *take_ended(struct pnd_link *link);
static struct exchange *find_ended(struct pnd_link *link);
static void end_reply(struct exchange *exchange);
static size_t count_unread(const struct pnd_link *link, nng_pipe client);
static int make_message(const void *bytes, size_t byte_count, nng_msg **ret_message);
static uint64_t now_ms(void);
static int status_of(int result);
static int explain(int result, const char *url, const struct pnd_place *place,
                   struct pnd_message_error *error);

int pnd_link_create(const struct pnd_place *place, const struct pnd_credentials *credentials,
                    struct pnd_link **ret_link, struct pnd_message_error *error)
{
    struct pnd_link *link = &the_link;
    int status = open_descriptor(link);
    if (status < 0)
        return pnd_complain(error, status, "cannot start: %s", strerror(-status));

    const char *url = place->url;
    int result = open_sockets(link);
    if (result == 0)
        result =
            pnd_link_listen_start(&link->listeners[REQUESTS], link->requests, url, credentials);
    if (result == 0) {
        url = place->events_url;
        result = pnd_link_listen_start(&link->listeners[EVENTS], link->events, url, credentials);
    }
    if (result != 0) {
        pnd_link_destroy(link);
        return explain(result, url, place, error);
    }
    for (size_t i = 0; i < EXCHANGE_COUNT; i++)
        await_request(&link->exchanges[i]);
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
    int result = nng_rep0_open(&link->requests);
    if (result == 0)
        result = nng_pub0_open(&link->events);
    if (result == 0)
        result = nng_socket_set_size(link->requests, NNG_OPT_RECVMAXSZ,
                                     (size_t)PND_LINK_MESSAGE_BYTES * 2);
    if (result == 0)
        result = nng_socket_set_size(link->events, NNG_OPT_RECVMAXSZ, HEARD_LIMIT_BYTES);
    if (result == 0)
        result = nng_socket_set_int(link->events, NNG_OPT_SENDBUF, EVENT_QUEUE_COUNT);
    return result == 0 ? open_exchanges(link) : result;
}

static int open_exchanges(struct pnd_link *link)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < EXCHANGE_COUNT; i++) {
        struct exchange *exchange = &link->exchanges[i];
        exchange->link = link;
        result = nng_ctx_open(&exchange->context, link->requests);
        if (result == 0)
            result = nng_aio_alloc(&exchange->aio, notice_end, exchange);
    }
    return result;
}

static int explain(int result, const char *url, const struct pnd_place *place,
                   struct pnd_message_error *error)
{
    int status = status_of(result);
    if (status == -EADDRINUSE && url == place->url)
        pnd_place_explain_taken(url, error);
    else
        (void)pnd_complain(error, status, "cannot listen on %s: %s; %s", url, nng_strerror(result),
                           place->is_secure ? "look at the files of --tls-certificate, --tls-key "
                                              "and --tls-authority, or choose another --listen"
                                            : "choose another --listen");
    return status;
}

int pnd_link_descriptor(const struct pnd_link *link)
{
    return link->descriptor;
}

/* ------------------------------------------------------------------------------------------------
 * Requests and replies
 * --------------------------------------------------------------------------------------------- */

static void await_request(struct exchange *exchange)
{
    exchange->answering = false;
    nng_aio_set_timeout(exchange->aio, NNG_DURATION_INFINITE);
    nng_ctx_recv(exchange->context, exchange->aio);
}

/* On one of nng's threads. */
static void notice_end(void *state)
{
    struct exchange *exchange = state;
    atomic_store(&exchange->ended, true);
    (void)eventfd_write(exchange->link->descriptor, 1);
}

int pnd_link_take(struct pnd_link *link, const void **ret_bytes, size_t *ret_byte_count)
{
    struct exchange *exchange = NULL;
    while ((exchange = take_ended(link)) != NULL) {
        nng_aio_wait(exchange->aio); /* until the callback is through, which is now */
        int result = nng_aio_result(exchange->aio);
        if (result == NNG_ECLOSED && !exchange->answering)
            return -EIO;
        if (exchange->answering)
            end_reply(exchange);
        if (exchange->answering || result != 0) {
            await_request(exchange);
            continue;
        }
        link->taken = exchange;
        link->request = nng_aio_get_msg(exchange->aio);
        nng_aio_set_msg(exchange->aio, NULL);
        exchange->client = nng_msg_get_pipe(link->request);
        *ret_bytes = nng_msg_body(link->request);
        *ret_byte_count = nng_msg_len(link->request);
        return 0;
    }
    return -EAGAIN;
}

/* Only when there is none is the descriptor read, and then looked once more. */
static struct exchange *take_ended(struct pnd_link *link)
{
    eventfd_t count;
    struct exchange *exchange = find_ended(link);
    if (exchange == NULL && eventfd_read(link->descriptor, &count) == 0)
        exchange = find_ended(link);
    return exchange;
}

/* Each has its turn. */
static struct exchange *find_ended(struct pnd_link *link)
{
    for (size_t i = 0; i < EXCHANGE_COUNT; i++) {
        struct exchange *exchange = &link->exchanges[(link->next_index + i) % EXCHANGE_COUNT];
        if (atomic_exchange(&exchange->ended, false)) {
            link->next_index = (link->next_index + i + 1) % EXCHANGE_COUNT;
            return exchange;
        }
    }
    return NULL;
}

/* A message that could not be sent is still ours; one who does not read is sent no more. */
static void end_reply(struct exchange *exchange)
{
    int result = nng_aio_result(exchange->aio);
    if (result == 0)
        return;
    nng_msg_free(nng_aio_get_msg(exchange->aio));
    nng_aio_set_msg(exchange->aio, NULL);
    if (result == NNG_ETIMEDOUT)
        (void)nng_pipe_close(exchange->client);
}

void pnd_link_describe_peer(const struct pnd_link *link, char *ret_text, size_t byte_count)
{
    pnd_link_peer_describe(link->taken->client, ret_text, byte_count);
}

void pnd_link_answer(struct pnd_link *link, const void *bytes, size_t byte_count)
{
    struct exchange *exchange = link->taken;
    nng_msg *reply = NULL;
    nng_msg_free(link->request);
    link->request = NULL;
    link->taken = NULL;
    if (count_unread(link, exchange->client) >= UNREAD_COUNT)
        (void)nng_pipe_close(exchange->client);
    else if (bytes != NULL && make_message(bytes, byte_count, &reply) == 0) {
        exchange->answering = true;
        nng_aio_set_msg(exchange->aio, reply);
        nng_aio_set_timeout(exchange->aio, REPLY_TIMEOUT_MS);
        nng_ctx_send(exchange->context, exchange->aio);
        return;
    }
    await_request(exchange);
}

/* Replies to this client that wait for it to read those before. */
static size_t count_unread(const struct pnd_link *link, nng_pipe client)
{
    size_t count = 0;
    for (size_t i = 0; i < EXCHANGE_COUNT; i++) {
        const struct exchange *exchange = &link->exchanges[i];
        count += exchange->answering && !atomic_load(&exchange->ended) &&
                 nng_pipe_id(exchange->client) == nng_pipe_id(client);
    }
    return count;
}

static int make_message(const void *bytes, size_t byte_count, nng_msg **ret_message)
{
    nng_msg *message = NULL;
    int result = nng_msg_alloc(&message, 0);
    if (result == 0)
        result = nng_msg_append(message, bytes, byte_count);
    if (result == 0)
        *ret_message = message;
    else
        nng_msg_free(message);
    return result;
}

/* ------------------------------------------------------------------------------------------------
 * Events, and the end
 * --------------------------------------------------------------------------------------------- */

void pnd_link_publish(struct pnd_link *link, const void *bytes, size_t byte_count)
{
    nng_msg *message = NULL;
    if (make_message(bytes, byte_count, &message) == 0 &&
        nng_sendmsg(link->events, message, NNG_FLAG_NONBLOCK) != 0)
        nng_msg_free(message);
}

int pnd_link_patience_ms(const struct pnd_link *link)
{
    return pnd_link_listen_is_frail(&link->listeners[REQUESTS]) ? PATIENCE_MS : -1;
}

void pnd_link_mend(struct pnd_link *link)
{
    if (!pnd_link_listen_is_frail(&link->listeners[REQUESTS]) ||
        now_ms() < link->mended_ms + PATIENCE_MS)
        return;
    for (int i = 0; i < LISTENER_COUNT; i++)
        pnd_link_listen_mend(&link->listeners[i]);
    link->mended_ms = now_ms();
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
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
        pnd_link_listen_stop(&link->listeners[i]);
}
