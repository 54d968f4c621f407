/*
 * name_server.h - a name server on the loopback, which answers when a test lets it.
 *
 * Happy path:  start -> its list goes into the loop's options -> wait, which turns and answers.
 * Failures:    asserted. What it knows is in name_server.c: names below "test".
 */
#ifndef NAME_SERVER_H
#define NAME_SERVER_H

#include "fixture.h"

struct name_server {
    int descriptor;
    char list[32]; /* for pendio_loop_options.name_servers */
    uint32_t query_count;
};

void name_server_start(struct name_server *ret_server);
void name_server_stop(struct name_server *server);

/* Answers what was asked. */
void name_server_answer(struct name_server *server);

/* The next delivery, turning and answering until there is one. */
const struct pendio_completion *name_server_next(struct name_server *server,
                                                 struct fixture *fixture);

#endif
