/*
 * multishot.h - requests the loop makes for a handle, once, and the kernel answers many times.
 *
 *     a start asks -> want -> arm -> completed, again and again -> the last word -> (want again)
 *                                    |
 *                                    +-> at its bound: stop -> the last word
 *
 * What they bring fills the handle's inbox, and whoever waits first in its line of receives takes
 * it from there. While one is armed nobody else reads the descriptor. A handle has one at a time,
 * and keeps its slot until the last word has come.
 */
#ifndef PND_MULTISHOT_H
#define PND_MULTISHOT_H

#include "context.h"

struct pnd_multishot {
    uint64_t feature;   /* PENDIO_FEATURE_... it needs; 0: none */
    uint8_t inbox_kind; /* enum pnd_inbox_kind */
    void (*prepare)(struct pnd_loop *loop, const struct pnd_handle *handle,
                    struct io_uring_sqe *sqe);
    /* So much is collected, or so little, that it is to stop, or may be armed (again). */
    bool (*is_full)(const struct pnd_loop *loop, const struct pnd_handle *handle);
    bool (*has_room)(const struct pnd_loop *loop, const struct pnd_handle *handle);
    /* The kernel chooses its buffer, else one is taken for it; NULL: it needs none. */
    bool (*chooses)(const struct pnd_loop *loop, const struct pnd_handle *handle);
    /* One answer: into the inbox. */
    void (*collect)(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result,
                    uint32_t cqe_flags);
    /* It ended for a reason of its own, and the first in line may wait. True: arm it again. */
    bool (*end)(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result);
    /* It is not for this descriptor: nobody is to wait for it; NULL: nobody would. */
    void (*refused)(struct pnd_loop *loop, struct pnd_handle *handle);
    void (*discard)(struct pnd_loop *loop, struct pnd_handle *handle,
                    const struct pnd_inbox_item *item);
};

/*
 * It may be armed for the handle. Whoever waits beside the line (a poll) must see the descriptor as
 * it is.
 */
bool pnd_multishot_may_be_used(const struct pnd_loop *loop, const struct pnd_handle *handle,
                               const struct pnd_multishot *multishot);

/* Somebody waits for what it brings. */
bool pnd_multishot_is_waited_for(const struct pnd_handle *handle);

/* For the first in line, its inbox empty: wait for the multishot, or ask the kernel oneself. */
enum pnd_source pnd_multishot_ask(const struct pnd_context *context,
                                  const struct pnd_multishot *multishot);

/* The first in line asks for itself, but not now: again when there is room and a buffer. */
void pnd_multishot_wait(struct pnd_loop *loop, struct pnd_handle *handle,
                        const struct pnd_multishot *multishot);

/* Others wait for buffers, and it is not this one that gets the next: it waits behind them. */
static inline bool pnd_multishot_is_behind(const struct pnd_loop *loop,
                                           const struct pnd_handle *handle)
{
    return loop->fed != handle && pnd_loop_first_of(loop, PND_STARVED) != NULL;
}

/*
 * Those that had no buffer may go on, as many as there may be buffers for. True: more may go on
 * when these have looked, who need not have found any data for theirs.
 */
bool pnd_multishot_feed(struct pnd_loop *loop);

/* Something was taken from the inbox, or given back: there may be room again. */
void pnd_multishot_relieve(struct pnd_loop *loop, struct pnd_handle *handle);

/* Ends it, as soon as that may be; nothing collected is lost. */
void pnd_multishot_stop(struct pnd_loop *loop, struct pnd_handle *handle);
void pnd_multishot_stop_all(struct pnd_loop *loop);

/* As that, and looks until it has ended. False: that was not to be had. */
bool pnd_multishot_settle(struct pnd_loop *loop, struct pnd_handle *handle);

/* Ends it so that the descriptor may leave. False: operations are under way, or data collected. */
bool pnd_multishot_let_go(struct pnd_loop *loop, struct pnd_handle *handle);

/* Disposes of what is collected. */
void pnd_multishot_discard(struct pnd_loop *loop, struct pnd_handle *handle);
void pnd_multishot_discard_all(struct pnd_loop *loop);

/* The first of those that wait: writes its entry, if it may be armed now. The ring has room. */
void pnd_multishot_arm_first(struct pnd_loop *loop);

/* The token to be cancelled. */
uint64_t pnd_multishot_stop_first(struct pnd_loop *loop);

/* The kernel has answered. */
void pnd_multishot_completed(struct pnd_loop *loop, struct pnd_handle *handle, int32_t result,
                             uint32_t cqe_flags);

#endif
