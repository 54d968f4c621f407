/*
 * spin.c - looking for a while, before a sleep, for what would end it.
 *
 * Happy path:  look at the ring and at what other threads leave -> something is there.
 * Failures:    nothing comes: after a few such looks most sleeps do without.
 *
 * The kernel bounds its own polling before a virtual processor sleeps by whether that paid lately
 * (Documentation/virt/kvm/halt-polling.rst). So does this, by counting: a look that fails costs all
 * of its time, so MISS_COUNT of them in a row are followed by REST_COUNT sleeps without; one look
 * then decides anew. A loop that spins in vain looks before one sleep of REST_COUNT.
 */
#include "spin.h"

#include "loop.h"

enum { MISS_COUNT = 4, REST_COUNT = 64, LOOKS_PER_TIME = 16 };

bool pnd_spin_may(struct pnd_spin *spin)
{
    if (spin->rest_count == 0)
        return true;
    spin->rest_count--;
    return false;
}

static void learn(struct pnd_spin *spin, bool has_paid)
{
    if (has_paid) {
        spin->miss_count = 0;
    } else if (++spin->miss_count >= MISS_COUNT) {
        spin->miss_count = MISS_COUNT - 1;
        spin->rest_count = REST_COUNT;
    }
}

/* Leaves the processor's other thread, if it has one, more of it. */
static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static bool is_wanted(const struct pnd_loop *loop)
{
    return loop->ring.backend->is_stirring(&loop->ring) || pnd_wake_has_news(&loop->wake);
}

bool pnd_spin_look(struct pnd_loop *loop, uint64_t until_ns)
{
    uint64_t now_ns = pnd_clock_ns();
    uint64_t end_ns = now_ns + loop->spin.most_ns;
    bool is_seen = false;

    if (end_ns > until_ns)
        end_ns = until_ns;
    while (!is_seen && now_ns < end_ns) {
        for (int i = 0; i < LOOKS_PER_TIME && !is_seen; i++) {
            is_seen = is_wanted(loop);
            relax();
        }
        now_ns = pnd_clock_ns();
    }
    learn(&loop->spin, is_seen);
    loop->stats.spins++;
    loop->stats.spins_paid += is_seen;
    return is_seen;
}
