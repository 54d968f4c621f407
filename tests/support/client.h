/* client.h - talks to a daemon over nng, with requests written as JSON. */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include "messages.h"

struct client;

/* Trouble of any kind fails the test, but where a function says otherwise. */
struct client *client_open(const char *url);

/* Its socket lives on until the test's process ends, and dials whoever listens there next. */
void client_free(struct client *client);

/* The reply, to be freed with pnd_message_free(&reply->base). */
Pendio__Reply *client_ask(struct client *client, const char *json);
Pendio__Reply *client_ask_bytes(struct client *client, const void *bytes, size_t byte_count);

/* Sends a request that may never be answered. */
void client_send_bytes(struct client *client, const void *bytes, size_t byte_count);

/* Events of a daemon from now on. */
struct client *client_subscribe(const char *events_url);

/* The next event, to be freed with pnd_message_free(&event->base). */
Pendio__Event *client_hear(struct client *client);

#endif
