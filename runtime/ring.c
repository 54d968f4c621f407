/*
 * ring.c - the entries of a ring, which are fetched one after another and begin anew at their end.
 *
 * Happy path:  a row of entries is fetched -> at its end the next one begins -> they are handed
 *              over.
 * Failures:    without room nothing is fetched.
 */
#include "ring.h"

void pnd_ring_set_row_behind(struct pnd_ring *ring, struct io_uring_sqe *next,
                             uint32_t queued_count)
{
    uint32_t until_end = ring->entry_count - (uint32_t)(next - ring->entries);
    uint32_t room = ring->entry_count - queued_count;

    ring->first = next;
    ring->next = next;
    ring->limit = next + (room < until_end ? room : until_end);
    ring->queued_before = queued_count;
}

bool pnd_ring_turn_over(struct pnd_ring *ring)
{
    if (!pnd_ring_has_room(ring))
        return false;
    pnd_ring_set_row_behind(ring, ring->entries, pnd_ring_queued_count(ring));
    return true;
}
