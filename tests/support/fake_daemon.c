/*
 * fake_daemon.c - answers requests as a script says, so that tests can be daemons of any kind.
 *
 * - One thread receives, looks up the reply and sends it.
 * - Stopping ends the thread. Sockets are left to the end of the test's process: nng_close() of nng
 *   before 1.8 may wait forever (its issue 1543).
 */
#include "fake_daemon.h"

#include "content_hash.h"
#include "messages.h"

#include <check.h>
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 20 }; /* how often the thread looks whether it is to stop */

struct fake_daemon {
    const struct fake_script *script;
    struct fake_log log;
    nng_socket replies;
    nng_socket events;
    nng_listener listener; /* for requests */
    nng_pipe pipe;         /* where the last request came from */
    pthread_t thread;
    atomic_bool stopped;
    sem_t fetched; /* counts fetches */
    char hello[512];
};

static const char default_submit[] = "{\"submit\": {\"run\": \"1\"}}";
static const char default_fetch[] = "{\"fetch\": {\"finished\": true, \"report\": {"
                                    "\"workload\": \"fake/one\", \"verdict\": \"PASSED\"}}}";
static const char default_running[] = "{\"fetch\": {\"progress\": {\"operations\": \"5\"}}}";
static const char default_stats[] = "{\"stats\": {}}";
static const char busy[] = "{\"status\": \"BUSY\", \"message\": \"too many runs wait\"}";

static void *serve(void *argument);
static bool answer(struct fake_daemon *fake, const Pendio__Request *request);
static const char *choose(struct fake_daemon *fake, const Pendio__Request *request,
                          const char **ret_default);
static const char *choose_submit(struct fake_daemon *fake, const Pendio__SubmitRequest *submit);
static const char *choose_fetch(struct fake_daemon *fake, const char **ret_default);
static void send_json(struct fake_daemon *fake, const char *json, size_t divisor);
static void send_bytes(struct fake_daemon *fake, const void *bytes, size_t byte_count);
static void publish(struct fake_daemon *fake);

struct fake_daemon *fake_daemon_start(const char *url, const struct fake_script *script)
{
    struct fake_daemon *fake = calloc(1, sizeof *fake);
    ck_assert_ptr_nonnull(fake);
    fake->script = script;
    ck_assert_int_eq(sem_init(&fake->fetched, 0, 0), 0);
    (void)snprintf(fake->hello, sizeof fake->hello,
                   "{\"hello\": {\"version\": \"9.8.7\", \"events_url\": \"%s.events\","
                   " \"process\": 4711, \"run_limit\": 1}}",
                   url);

    char events_url[256];
    (void)snprintf(events_url, sizeof events_url, "%s.events", url);
    ck_assert_int_eq(nng_rep0_open(&fake->replies), 0);
    ck_assert_int_eq(nng_pub0_open(&fake->events), 0);
    ck_assert_int_eq(nng_socket_set_ms(fake->replies, NNG_OPT_RECVTIMEO, LOOK_MS), 0);
    ck_assert_int_eq(nng_listen(fake->replies, url, &fake->listener, 0), 0);
    ck_assert_int_eq(nng_listen(fake->events, events_url, NULL, 0), 0);
    ck_assert_int_eq(pthread_create(&fake->thread, NULL, serve, fake), 0);
    return fake;
}

static void *serve(void *argument)
{
    struct fake_daemon *fake = argument;
    bool goes_on = true;
    while (goes_on && !atomic_load(&fake->stopped)) {
        nng_msg *message = NULL;
        if (nng_recvmsg(fake->replies, &message, 0) != 0)
            continue;
        struct pnd_message_error error;
        ProtobufCMessage *request = NULL;
        int status = pnd_message_unpack(&pendio__request__descriptor, nng_msg_body(message),
                                        nng_msg_len(message), NULL, &request, &error);
        fake->pipe = nng_msg_get_pipe(message);
        nng_msg_free(message);
        goes_on = status == 0 && answer(fake, (Pendio__Request *)request);
        pnd_message_free(request);
    }
    return NULL;
}

/* False when it has died. */
static bool answer(struct fake_daemon *fake, const Pendio__Request *request)
{
    const char *fallback = NULL;
    const char *reply = choose(fake, request, &fallback);
    if (reply == NULL) {
        send_json(fake, fallback, 1);
    } else if (strcmp(reply, FAKE_DIES) == 0) {
        (void)nng_listener_close(fake->listener);
        (void)nng_pipe_close(fake->pipe);
        return false;
    } else if (strcmp(reply, FAKE_HANGS_UP) == 0) {
        (void)nng_pipe_close(fake->pipe);
    } else if (strcmp(reply, FAKE_GARBAGE) == 0) {
        send_bytes(fake, "\xff\xff\xff\xff garbage", 12);
    } else if (strcmp(reply, FAKE_TRUNCATED) == 0) {
        send_json(fake, fallback, 2);
    } else if (strcmp(reply, FAKE_EMPTY) == 0) {
        send_bytes(fake, "", 0);
    } else if (strcmp(reply, FAKE_SILENT) != 0) {
        send_json(fake, reply, 1);
    }
    return true;
}

static const char *choose(struct fake_daemon *fake, const Pendio__Request *request,
                          const char **ret_default)
{
    switch (request->body_case) {
    case PENDIO__REQUEST__BODY_HELLO:
        *ret_default = fake->hello;
        return fake->script->hello;
    case PENDIO__REQUEST__BODY_SUBMIT:
        *ret_default = default_submit;
        return choose_submit(fake, request->submit);
    case PENDIO__REQUEST__BODY_FETCH:
        return choose_fetch(fake, ret_default);
    case PENDIO__REQUEST__BODY_CHECK:
        *ret_default = "{}";
        return fake->script->check;
    default:
        *ret_default = default_stats;
        return fake->script->stats;
    }
}

static const char *choose_submit(struct fake_daemon *fake, const Pendio__SubmitRequest *submit)
{
    struct fake_log *log = &fake->log;
    struct pnd_message_error error = {""};
    log->seed = submit->workload->seed;
    log->hash_is_right = submit->workload->content_hash[0] != '\0' &&
                         pnd_content_hash_check(submit->workload, &error) == 0;
    (void)snprintf(log->backend, sizeof log->backend, "%s", submit->backend);
    (void)snprintf(log->features, sizeof log->features, "%s", submit->features);
    (void)snprintf(log->subject, sizeof log->subject, "%s", submit->subject);
    if (log->submit_count++ < fake->script->busy_count)
        return busy;
    return fake->script->submit;
}

static const char *choose_fetch(struct fake_daemon *fake, const char **ret_default)
{
    *ret_default = default_fetch;
    (void)sem_post(&fake->fetched);
    if (fake->script->publishes)
        publish(fake);
    if (fake->log.fetch_count++ < fake->script->running_count)
        return default_running;
    int run_index = fake->log.submit_count - fake->script->busy_count - 1;
    return run_index < FAKE_RUN_MAXIMUM ? fake->script->fetch[run_index] : NULL;
}

/* The first part of the message only, if `divisor` is above 1. */
static void send_json(struct fake_daemon *fake, const char *json, size_t divisor)
{
    struct pnd_message_error error = {.text = ""};
    ProtobufCMessage *reply = NULL;
    int status = pnd_message_from_json(&pendio__reply__descriptor, json, strlen(json), "script",
                                       NULL, &reply, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    uint8_t *bytes = NULL;
    size_t byte_count = 0;
    ck_assert_int_eq(pnd_message_pack(reply, &bytes, &byte_count), 0);
    send_bytes(fake, bytes, byte_count / divisor);
    free(bytes);
    pnd_message_free(reply);
}

static void send_bytes(struct fake_daemon *fake, const void *bytes, size_t byte_count)
{
    (void)nng_send(fake->replies, (void *)bytes, byte_count, 0);
}

/* Rubbish first; then progress of a run that nobody waits for, and of the first one. */
static void publish(struct fake_daemon *fake)
{
    for (uint64_t run = 0; run < 2; run++) {
        Pendio__Progress progress = PENDIO__PROGRESS__INIT;
        progress.operations = 7;
        Pendio__Event event = PENDIO__EVENT__INIT;
        event.run = run;
        event.body_case = PENDIO__EVENT__BODY_PROGRESS;
        event.progress = &progress;
        uint8_t *bytes = NULL;
        size_t byte_count = 0;
        ck_assert_int_eq(pnd_message_pack(&event.base, &bytes, &byte_count), 0);
        (void)nng_send(fake->events, (void *)"\xff rubbish", 9, 0);
        (void)nng_send(fake->events, bytes, byte_count, 0);
        free(bytes);
    }
}

void fake_daemon_wait_for_fetch(struct fake_daemon *fake)
{
    while (sem_wait(&fake->fetched) != 0)
        ck_assert_int_eq(errno, EINTR);
}

struct fake_log fake_daemon_stop(struct fake_daemon *fake)
{
    atomic_store(&fake->stopped, true);
    ck_assert_int_eq(pthread_join(fake->thread, NULL), 0);
    struct fake_log log = fake->log;
    (void)sem_destroy(&fake->fetched);
    free(fake);
    return log;
}
