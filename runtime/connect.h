/*
 * connect.h - what connects to an address and connects by name share.
 */
#ifndef PND_CONNECT_H
#define PND_CONNECT_H

#include "operation.h"

/* The context's handle is connected. PND_AGAIN: first data go as the next entry. */
enum pnd_verdict pnd_connect_made(struct pnd_context *context);

/* A connect was ended early: its handle is good for nothing but disconnect with reuse. */
void pnd_connect_spoil(struct pnd_context *context);

#endif
