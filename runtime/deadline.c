/*
 * deadline.c - a hierarchical timer wheel in user space: who is to be told at what time.
 *
 * Ticks are numbers to the base 64. A deadline lies on the level of the highest digit in which its
 * tick differs from now, in the slot of that digit. When now reaches the first tick of a slot,
 * its deadlines move to lower levels, or are due.
 */
#include "deadline.h"

#include "usual.h"

#include <assert.h>
#include <stddef.h>
#include <time.h>

enum { DIGIT_BITS = 6 };

static const uint64_t last_tick = (UINT64_C(1) << (DIGIT_BITS * PND_WHEEL_LEVELS)) - 1;

uint64_t pnd_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void pnd_wheel_init(struct pnd_wheel *wheel, uint64_t tick_ns, uint64_t now_ns)
{
    *wheel = (struct pnd_wheel){.tick_ns = tick_ns, .now_tick = now_ns / tick_ns};
    for (int level = 0; level < PND_WHEEL_LEVELS; level++)
        for (int slot = 0; slot < PND_WHEEL_SLOTS; slot++)
            TAILQ_INIT(&wheel->slots[level][slot]);
    TAILQ_INIT(&wheel->due);
}

static unsigned digit_of(uint64_t tick, unsigned level)
{
    return (unsigned)(tick >> (level * DIGIT_BITS)) % PND_WHEEL_SLOTS;
}

static void place(struct pnd_wheel *wheel, struct pnd_deadline *deadline)
{
    if (deadline->tick <= wheel->now_tick) {
        deadline->list = &wheel->due;
    } else {
        uint64_t difference = deadline->tick ^ wheel->now_tick;
        unsigned level = (63u - (unsigned)__builtin_clzll(difference)) / DIGIT_BITS;
        unsigned slot = digit_of(deadline->tick, level);

        deadline->list = &wheel->slots[level][slot];
        wheel->occupied[level] |= UINT64_C(1) << slot;
    }
    TAILQ_INSERT_TAIL(deadline->list, deadline, link);
}

void pnd_wheel_add(struct pnd_wheel *wheel, struct pnd_deadline *deadline, uint64_t due_ns)
{
    uint64_t tick = due_ns / wheel->tick_ns + (due_ns % wheel->tick_ns != 0);

    assert(deadline->list == NULL);
    deadline->tick = tick <= last_tick ? tick : last_tick;
    if (deadline->tick <= wheel->now_tick)
        deadline->tick = wheel->now_tick + 1;
    place(wheel, deadline);
    wheel->count++;
}

void pnd_wheel_remove(struct pnd_wheel *wheel, struct pnd_deadline *deadline)
{
    if (deadline->list == NULL)
        return;
    TAILQ_REMOVE(deadline->list, deadline, link);
    deadline->list = NULL;
    wheel->count--;
}

/* The first tick of the earliest slot that may hold a deadline; UINT64_MAX: all are empty. */
static uint64_t next_slot(const struct pnd_wheel *wheel, unsigned *ret_level)
{
    for (unsigned level = 0; level < PND_WHEEL_LEVELS; level++) {
        unsigned shift = level * DIGIT_BITS;
        unsigned here = digit_of(wheel->now_tick, level);
        uint64_t ahead = here == PND_WHEEL_SLOTS - 1 ? 0 : wheel->occupied[level] >> (here + 1);

        if (ahead != 0) {
            uint64_t above = wheel->now_tick >> shift >> DIGIT_BITS << DIGIT_BITS;
            uint64_t slot = here + 1 + (unsigned)__builtin_ctzll(ahead);

            *ret_level = level;
            return (above | slot) << shift;
        }
    }
    return UINT64_MAX;
}

static void empty_slot(struct pnd_wheel *wheel, unsigned level)
{
    unsigned slot = digit_of(wheel->now_tick, level);
    struct pnd_deadline_list *list = &wheel->slots[level][slot];
    struct pnd_deadline *deadline;

    wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    while ((deadline = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, deadline, link);
        place(wheel, deadline);
    }
}

void pnd_wheel_advance(struct pnd_wheel *wheel, uint64_t now_ns)
{
    uint64_t target = now_ns / wheel->tick_ns;

    while (wheel->now_tick < target) {
        unsigned level = 0;
        uint64_t next = next_slot(wheel, &level);

        if (next > target) {
            wheel->now_tick = target;
            break;
        }
        wheel->now_tick = next;
        empty_slot(wheel, level);
    }
}

struct pnd_deadline *pnd_wheel_take_due(struct pnd_wheel *wheel)
{
    struct pnd_deadline *deadline = TAILQ_FIRST(&wheel->due);

    if (deadline != NULL)
        pnd_wheel_remove(wheel, deadline);
    return deadline;
}

uint64_t pnd_wheel_next_ns(const struct pnd_wheel *wheel)
{
    unsigned level = 0;
    uint64_t tick;

    if (PND_USUAL(wheel->count == 0))
        return UINT64_MAX;
    if (!TAILQ_EMPTY(&wheel->due))
        return 0;
    tick = next_slot(wheel, &level);
    return tick == UINT64_MAX ? UINT64_MAX : tick * wheel->tick_ns;
}
