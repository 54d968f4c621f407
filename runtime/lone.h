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
 * taken down, for longer each time.
 *
 * The ring is asked between two deliveries, by a turn or by a flush, so that nobody else waits for
 * longer; but a stream that has had something eight times in a row has eight to itself at a time,
 * as warm rounds do (warm.h): the bell of the next piece need not be heard, then, to find it.
 */
#ifndef PND_LONE_H
#define PND_LONE_H

#include "bell.h"

/* How often the pause may become longer; a pause that never ends. */
enum { PND_LONE_PAUSE_MOST = 4, PND_LONE_NEVER = 7 };

/* How many right guesses of more are remembered. */
enum { PND_LONE_SCORE_MOST = 7 };

/* Sends in a row that leave by a call of their own although the ring is said to stir. */
enum { PND_LONE_UNASKED = 8 };

/* It was received from so often with nobody between that it is one, or it may get a bell for it. */
void pnd_lone_begin(struct pnd_loop *loop, struct pnd_handle *handle);
bool pnd_lone_may_be(const struct pnd_loop *loop, const struct pnd_handle *handle);

/* It was received from, with nobody between or not. */
void pnd_lone_count(struct pnd_loop *loop, struct pnd_handle *handle, bool is_again);

/* Its requests do not wait in the kernel: it is none. */
void pnd_lone_never(struct pnd_loop *loop, struct pnd_handle *handle);

/*
 * The ring stirs: it is taken to do so for the lone stream alone, which has had something each time
 * lately. So a send need not enter it; but then, after so many, it is asked all the same.
 */
bool pnd_lone_goes_on(struct pnd_loop *loop);

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
