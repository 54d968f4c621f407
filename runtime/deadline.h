/*
 * deadline.h - a hierarchical timer wheel in user space: who is to be told at what time.
 *
 * Adding and removing cost the same however many deadlines there are; most are removed before they
 * are due. Times are ns of the monotonic clock. A deadline is never early, and late by one tick at
 * most, plus the time until somebody advances the wheel.
 */
#ifndef PND_DEADLINE_H
#define PND_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    PND_WHEEL_LEVELS = 8, /* 64^8 ticks of 50 us are 400 years */
    PND_WHEEL_SLOTS = 64,
};

/* Embedded in what has a deadline. Zeroed: not in a wheel. */
struct pnd_deadline {
    TAILQ_ENTRY(pnd_deadline) link;
    struct pnd_deadline_list *list; /* the one it is in; NULL: in none */
    uint64_t tick;
    void (*told)(struct pnd_deadline *deadline); /* NULL: it is a context's */
};

TAILQ_HEAD(pnd_deadline_list, pnd_deadline);

struct pnd_wheel {
    uint64_t tick_ns;
    uint64_t now_tick;
    uint32_t count;
    uint64_t occupied[PND_WHEEL_LEVELS]; /* a clear bit: the slot is empty; a set one: it may be */
    struct pnd_deadline_list slots[PND_WHEEL_LEVELS][PND_WHEEL_SLOTS];
    struct pnd_deadline_list due;
};

/* The monotonic clock, ns. */
uint64_t pnd_clock_ns(void);

void pnd_wheel_init(struct pnd_wheel *wheel, uint64_t tick_ns, uint64_t now_ns);

void pnd_wheel_add(struct pnd_wheel *wheel, struct pnd_deadline *deadline, uint64_t due_ns);

/* Does nothing for one that is in no wheel. */
void pnd_wheel_remove(struct pnd_wheel *wheel, struct pnd_deadline *deadline);

/* Makes due what is due at now_ns; pnd_wheel_take_due() then hands it out, earliest first. */
void pnd_wheel_advance(struct pnd_wheel *wheel, uint64_t now_ns);

/* NULL: nothing more is due. */
struct pnd_deadline *pnd_wheel_take_due(struct pnd_wheel *wheel);

/* When the wheel wants to be advanced next, perhaps sooner than needed; UINT64_MAX: never. */
uint64_t pnd_wheel_next_ns(const struct pnd_wheel *wheel);

static inline bool pnd_wheel_is_empty(const struct pnd_wheel *wheel)
{
    return wheel->count == 0;
}

#endif
