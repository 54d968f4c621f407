/*
 * host.h - the one descriptor by which another event loop hosts this one.
 *
 * An eventfd, readable whenever a turn would deliver something. Inside a turn the ring does not
 * touch it. Between turns the ring signals each completion, other threads write to it instead of
 * the wake-up's own, an alarm in the ring stands for the next deadline, and what becomes ready in
 * user space is told here.
 */
#ifndef PND_HOST_H
#define PND_HOST_H

#include "uring_abi.h"

#include <stdbool.h>
#include <stdint.h>

struct pnd_loop;

struct pnd_host {
    int descriptor;  /* eventfd */
    bool is_asked;   /* the descriptor exists */
    bool is_resting; /* between turns, and nothing was deliverable when the last one ended */
    bool has_alarm;  /* the ring has one, for `alarm_ns` */
    uint64_t alarm_ns;
    struct __kernel_timespec alarm; /* read by the kernel when it takes the entry */
};

/* The descriptor, made when first asked for; or -errno. */
int pnd_host_descriptor(struct pnd_loop *loop);

/* Closes it; the ring is gone. */
void pnd_host_fini(struct pnd_host *host);

/* Around every turn, once the descriptor exists. */
void pnd_host_begin_turn(struct pnd_loop *loop, bool may_sleep);
void pnd_host_end_turn(struct pnd_loop *loop, bool has_delivered);

/* Makes the descriptor readable: a turn has something to do. */
void pnd_host_tell(struct pnd_host *host);

#endif
