/* client.c - a REQ socket, or a SUB one. */
#include "client.h"

#include <check.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 30000 }; /* only met by a test that would never end */

struct client {
    nng_socket socket;
};

static struct client *start(nng_socket socket, const char *url)
{
    struct client *client = calloc(1, sizeof *client);
    ck_assert_ptr_nonnull(client);
    client->socket = socket;
    ck_assert_int_eq(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, PATIENCE_MS), 0);
    ck_assert_int_eq(nng_dial(socket, url, NULL, 0), 0);
    return client;
}

struct client *client_open(const char *url)
{
    nng_socket socket;
    ck_assert_int_eq(nng_req0_open(&socket), 0);
    return start(socket, url);
}

struct client *client_subscribe(const char *events_url)
{
    nng_socket socket;
    ck_assert_int_eq(nng_sub0_open(&socket), 0);
    ck_assert_int_eq(nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, "", 0), 0);
    return start(socket, events_url);
}

/* nng_close() of nng before 1.8 may wait for ever for a pipe that was just receiving. */
void client_free(struct client *client)
{
    free(client);
}

static ProtobufCMessage *receive(struct client *client, const ProtobufCMessageDescriptor *type)
{
    void *bytes = NULL;
    size_t byte_count = 0;
    int result = nng_recv(client->socket, &bytes, &byte_count, NNG_FLAG_ALLOC);
    ck_assert_msg(result == 0, "no answer: %s", nng_strerror(result));

    ProtobufCMessage *message = NULL;
    struct pnd_message_error error = {""};
    int status = pnd_message_unpack(type, bytes, byte_count, NULL, &message, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    nng_free(bytes, byte_count);
    return message;
}

void client_send_bytes(struct client *client, const void *bytes, size_t byte_count)
{
    nng_msg *message = NULL;
    ck_assert_int_eq(nng_msg_alloc(&message, 0), 0);
    ck_assert_int_eq(nng_msg_append(message, bytes, byte_count), 0);
    ck_assert_int_eq(nng_sendmsg(client->socket, message, 0), 0);
}

Pendio__Reply *client_ask_bytes(struct client *client, const void *bytes, size_t byte_count)
{
    client_send_bytes(client, bytes, byte_count);
    return (Pendio__Reply *)receive(client, &pendio__reply__descriptor);
}

Pendio__Reply *client_ask(struct client *client, const char *json)
{
    ProtobufCMessage *request = NULL;
    struct pnd_message_error error = {""};
    uint8_t *packed = NULL;
    size_t byte_count = 0;
    int status = pnd_message_from_json(&pendio__request__descriptor, json, strlen(json), "request",
                                       NULL, &request, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    ck_assert_int_eq(pnd_message_pack(request, &packed, &byte_count), 0);
    pnd_message_free(request);
    Pendio__Reply *reply = client_ask_bytes(client, packed, byte_count);
    free(packed);
    return reply;
}

Pendio__Event *client_hear(struct client *client)
{
    return (Pendio__Event *)receive(client, &pendio__event__descriptor);
}
