/*
 * inbox.h - what multishot requests brought and nobody took yet, first in first out.
 *
 * A handle's inbox holds connections (descriptors) or bytes (pieces of buffers). The items of all
 * handles come from one store per loop, which grows when more is collected than ever before.
 */
#ifndef PND_INBOX_H
#define PND_INBOX_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum pnd_inbox_kind {
    PND_INBOX_UNUSED,
    PND_INBOX_CONNECTIONS,
    PND_INBOX_BYTES,
};

/* A descriptor, or a piece of a buffer. */
struct pnd_inbox_item {
    uint32_t next; /* its index + 1; 0: none */
    int descriptor;
    uint32_t buffer; /* its index */
    uint32_t offset_bytes;
    uint32_t byte_count;
};

struct pnd_inbox_store {
    struct pnd_inbox_item *items;
    uint32_t item_count;
    uint32_t first_free; /* index + 1; 0: none */
};

/* Zeroed: empty. */
struct pnd_inbox {
    uint32_t first; /* index + 1; 0: none */
    uint32_t last;
    uint32_t amount; /* how many connections, or bytes */
    uint8_t kind;    /* enum pnd_inbox_kind */
};

/* Returns 0 or -ENOMEM. */
int pnd_inbox_store_init(struct pnd_inbox_store *store);
void pnd_inbox_store_fini(struct pnd_inbox_store *store);

/* Adds a copy of the item; a piece that goes on where the last one ends is joined to it, and then
 * *ret_joined is true. 0 or -ENOMEM. */
int pnd_inbox_push(struct pnd_inbox_store *store, struct pnd_inbox *inbox,
                   struct pnd_inbox_item item, bool *ret_joined);

/* Takes the first item out. */
struct pnd_inbox_item pnd_inbox_pop(struct pnd_inbox_store *store, struct pnd_inbox *inbox);

/* The first item, in place; may be shortened from its front by pnd_inbox_consume(). */
const struct pnd_inbox_item *pnd_inbox_first(const struct pnd_inbox_store *store,
                                             const struct pnd_inbox *inbox);

/* Takes that many bytes off the front of the first item, which must leave some. */
void pnd_inbox_consume(struct pnd_inbox_store *store, struct pnd_inbox *inbox, uint32_t byte_count);

static inline bool pnd_inbox_is_empty(const struct pnd_inbox *inbox)
{
    return inbox->first == 0;
}

#endif
