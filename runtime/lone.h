/*
 * lone.h - a stream that is received from alone, and has a bell (bell.h): what has come for it is
 * taken by a system call of its own, and the turn does without the ring.
 *
 *     its receive waits in line -> the ring is said to stir -> received: the turn is over
 *                               -> it is not -> its request goes along when the ring is entered
 *
 * A request for each receive, handed over before there is anything for it and then waited for,
 * enters the ring twice. The bell is in the kernel all the time, and that it rang shows without
 * entering. So a busy stream has one call for a receive and one for a send, as with a request for
 * many; and an ordinary call is cheaper than the ring's by a seventh (64 bytes: 1.59 and 1.85 us,
 * where an empty one takes 1.1).
 *
 * Whoever is idle gains nothing: its requests wait in the kernel as ever, beside the bell, which is
 * taken down, for longer each time. Nobody else waits for longer than one delivery: after that the
 * ring is asked first, by a turn or by a flush.
 */
#ifndef PND_LONE_H
#define PND_LONE_H

#include "bell.h"

/* How often the pause may become longer; a pause that never ends. */
enum { PND_LONE_PAUSE_MOST = 4, PND_LONE_NEVER = 7 };

/* It was received from so often with nobody between that it is one, or it may get a bell for it. */
void pnd_lone_begin(struct pnd_loop *loop, struct pnd_handle *handle);
bool pnd_lone_may_be(const struct pnd_loop *loop, const struct pnd_handle *handle);

/* It was received from, with nobody between or not. */
void pnd_lone_count(struct pnd_loop *loop, struct pnd_handle *handle, bool is_again);

/* Its requests do not wait in the kernel: it is none. */
void pnd_lone_never(struct pnd_loop *loop, struct pnd_handle *handle);

/* Receives for the first in its line, if it is known that there may be something. True: it has. */
bool pnd_lone_take(struct pnd_loop *loop);

bool pnd_lone_has_waiting(const struct pnd_loop *loop);

/* Its first in line waits to be handed over when the ring is entered. */
static inline bool pnd_lone_waits(const struct pnd_loop *loop)
{
    return PND_RARE(loop->handles.lone != NULL) && pnd_lone_has_waiting(loop);
}

/* The handle is one, and its bell is in the kernel. */
static inline bool pnd_lone_is(const struct pnd_loop *loop, const struct pnd_handle *handle)
{
    return loop->handles.lone == handle && pnd_bell_is_up(handle);
}

#endif
