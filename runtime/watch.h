/*
 * watch.h - what the loop itself waits for: descriptors of connects by name and of the resolver.
 *
 *     begin -> (the kernel answers) -> told, once
 *           -> end -> nobody is told
 *
 * One poll each. Completions of all of them, and of taking them back, have room of their own.
 */
#ifndef PND_WATCH_H
#define PND_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct pnd_loop;

/* Watches of a loop: some are the resolver's, the rest is shared by the connects under way. */
enum { PND_WATCH_LIMIT = 144, PND_WATCH_RESOLVER_LIMIT = 16 };

/* It is over when this is called; `events` as of poll(2). */
typedef void pnd_watch_fn(void *state, uint32_t events);

struct pnd_watch {
    struct pnd_watch *next_free;
    pnd_watch_fn *told; /* NULL: nobody any more */
    void *state;
    uint32_t generation;
    int leftover; /* descriptor to be closed when the kernel lets go of it; -1: none */
    bool in_use;
    bool is_shared;
};

struct pnd_watches {
    struct pnd_watch *cells; /* NULL: none was ever asked for */
    struct pnd_watch *free;
    uint32_t shared_count; /* to be had by connects */
};

/* 0 or -ENOMEM. */
int pnd_watch_init(struct pnd_watches *watches);
void pnd_watch_fini(struct pnd_watches *watches);

/* A watch for later. False: all are taken. What is not used is given back. */
bool pnd_watch_reserve(struct pnd_watches *watches);
void pnd_watch_give_back(struct pnd_watches *watches);

/* NULL: all are taken, or the ring has no room. */
struct pnd_watch *pnd_watch_begin(struct pnd_loop *loop, int descriptor, uint32_t events,
                                  bool is_shared, pnd_watch_fn *told, void *state);

/* `leftover` is closed as soon as the kernel has let go of it; -1: none is. */
void pnd_watch_end(struct pnd_loop *loop, struct pnd_watch *watch, int leftover);

/* The kernel has answered. False: the token is none of a watch. */
bool pnd_watch_completed(struct pnd_loop *loop, uint64_t token, int32_t result);

#endif
