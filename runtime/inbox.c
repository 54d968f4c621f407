/*
 * inbox.c - what multishot requests brought and nobody took yet, first in first out.
 *
 * Happy path:  push -> (joined to the last, or an item of its own) -> consume or pop.
 * Failures:    a store that cannot grow refuses the push; whoever pushes disposes of the item.
 */
#include "inbox.h"

#include <errno.h>
#include <stdlib.h>

enum { ITEM_COUNT_FIRST = 256 };

static int grow(struct pnd_inbox_store *store)
{
    uint32_t count = store->item_count == 0 ? ITEM_COUNT_FIRST : store->item_count * 2;
    struct pnd_inbox_item *items = realloc(store->items, count * sizeof *items);

    if (items == NULL)
        return -ENOMEM;
    for (uint32_t i = count; i > store->item_count; i--) {
        items[i - 1] = (struct pnd_inbox_item){.next = store->first_free};
        store->first_free = i;
    }
    store->items = items;
    store->item_count = count;
    return 0;
}

int pnd_inbox_store_init(struct pnd_inbox_store *store)
{
    *store = (struct pnd_inbox_store){.items = NULL};
    return grow(store);
}

void pnd_inbox_store_fini(struct pnd_inbox_store *store)
{
    free(store->items);
}

static uint32_t amount_of(const struct pnd_inbox *inbox, const struct pnd_inbox_item *item)
{
    return inbox->kind == PND_INBOX_BYTES ? item->byte_count : 1;
}

static bool join(struct pnd_inbox_store *store, struct pnd_inbox *inbox,
                 const struct pnd_inbox_item *item)
{
    struct pnd_inbox_item *last;

    if (inbox->kind != PND_INBOX_BYTES || inbox->last == 0)
        return false;
    last = &store->items[inbox->last - 1];
    if (last->buffer != item->buffer || last->offset_bytes + last->byte_count != item->offset_bytes)
        return false;
    last->byte_count += item->byte_count;
    return true;
}

int pnd_inbox_push(struct pnd_inbox_store *store, struct pnd_inbox *inbox,
                   struct pnd_inbox_item item, bool *ret_joined)
{
    uint32_t place;

    assert(inbox->kind != PND_INBOX_UNUSED);
    *ret_joined = join(store, inbox, &item);
    if (!*ret_joined) {
        if (store->first_free == 0 && grow(store) < 0)
            return -ENOMEM;
        place = store->first_free;
        store->first_free = store->items[place - 1].next;
        item.next = 0;
        store->items[place - 1] = item;
        if (inbox->last != 0)
            store->items[inbox->last - 1].next = place;
        else
            inbox->first = place;
        inbox->last = place;
    }
    inbox->amount += amount_of(inbox, &item);
    return 0;
}

struct pnd_inbox_item pnd_inbox_pop(struct pnd_inbox_store *store, struct pnd_inbox *inbox)
{
    uint32_t place = inbox->first;
    struct pnd_inbox_item item;

    assert(place != 0);
    item = store->items[place - 1];
    inbox->first = item.next;
    if (inbox->first == 0)
        inbox->last = 0;
    inbox->amount -= amount_of(inbox, &item);
    store->items[place - 1].next = store->first_free;
    store->first_free = place;
    return item;
}

const struct pnd_inbox_item *pnd_inbox_first(const struct pnd_inbox_store *store,
                                             const struct pnd_inbox *inbox)
{
    assert(inbox->first != 0);
    return &store->items[inbox->first - 1];
}

void pnd_inbox_consume(struct pnd_inbox_store *store, struct pnd_inbox *inbox, uint32_t byte_count)
{
    struct pnd_inbox_item *first = &store->items[inbox->first - 1];

    assert(inbox->first != 0 && byte_count < first->byte_count);
    first->offset_bytes += byte_count;
    first->byte_count -= byte_count;
    inbox->amount -= byte_count;
}
