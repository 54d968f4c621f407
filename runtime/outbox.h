/*
 * outbox.h - sends of one stream, gathered: those that wait when the ring is handed over leave in
 * one request.
 *
 * That request is the first one's: the others are carried by it, until it is answered. What it
 * says is theirs in the order of the line.
 */
#ifndef PND_OUTBOX_H
#define PND_OUTBOX_H

#include "context.h"

/* Returns 0 or -ENOMEM. */
int pnd_outbox_init(struct pnd_outbox *outbox, uint32_t entry_count);
void pnd_outbox_fini(struct pnd_outbox *outbox);

/* A send is about to wait, or waits, behind others. */
void pnd_outbox_joined(struct pnd_loop *loop, struct pnd_handle *handle);

/* The entry fetched last is that of the first send in line. */
void pnd_outbox_leads(const struct pnd_context *context);

/*
 * The ring is about to be handed over: entries of first sends take along who waits behind them.
 * True: the entry that was fetched last does.
 */
bool pnd_outbox_gather(struct pnd_loop *loop);

/*
 * Sends what was gathered last, or a single send, without entering the ring, where nothing else is
 * in it and nothing is to be collected. True: that is its answer.
 */
bool pnd_outbox_send_now(struct pnd_loop *loop, struct pnd_ring_completion *ret_completion);

/* The answer to a request that carries others. */
void pnd_outbox_completed(struct pnd_context *first, int32_t result);

/* The same, where those before this one have got theirs: so many of the bytes are left. */
void pnd_outbox_go_on(struct pnd_context *first, uint32_t gone_bytes);

/* Whether a send that is first now has its answer, from a request that carried it. */
enum pnd_source pnd_outbox_take(struct pnd_context *context);

/* Asks for an early end of one who is carried, or carries. */
void pnd_outbox_stop(struct pnd_context *context);

/* The request was cancelled, and nobody asked that of this run: it is to be asked again. */
bool pnd_outbox_is_interrupted(const struct pnd_context *context, int32_t result);

#endif
