/*
 * group.h - loops on threads of the library's own, and connections spread over them.
 *
 * Each thread creates its loop, turns it, and ends it: nothing of a loop is touched by another
 * thread but what wake.h allows. Whoever wants something of the others sends them an errand. The
 * lock is for the beginning, the end and the listeners of a group; no operation takes it.
 */
#ifndef PND_GROUP_H
#define PND_GROUP_H

#include "context.h"

#include <pthread.h>

struct pnd_listener;

/* A connection that was moved here and not told of yet. */
struct pnd_arrival {
    const struct pnd_listener *listener;
    pendio_handle handle;
};

/* One thread and its loop. */
struct pnd_member {
    struct pnd_errand errand; /* to shut down; sent once */
    struct pnd_group *group;
    uint32_t index;
    pthread_t thread;
    struct pnd_loop *loop;
    int status; /* why it could not begin; 0: it did */
    bool has_begun;
    uint64_t leaked_count;
    struct pnd_arrival *arrivals; /* the thread's own */
    uint32_t arrival_count;
    uint32_t arrival_limit;
    struct pnd_station *first_station; /* the thread's own */
};

struct pnd_group {
    struct pendio_loop_options loop_options;
    struct pendio_group_options options;
    struct pnd_member *members;
    uint32_t thread_count;
    _Atomic uint64_t end_ns; /* when turning ends, finished or not; UINT64_MAX: open */
    _Atomic bool is_stopping;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t changed;
    uint32_t step;          /* how often the threads were let go on */
    uint32_t waiting_count; /* threads that wait for that */
    int status;             /* why the group cannot begin */
    uint32_t listener_count;
    struct pnd_listener *listeners;
};

/* All of `options` set, none 0, and so of its loop's. Statuses as of pendio_group_create(). */
int pnd_group_create(const struct pendio_group_options *options, struct pnd_group **ret_group);

/* Any thread. */
void pnd_group_shutdown(struct pnd_group *group);

/* No thread of the group's. Returns how many operations of all loops leaked. */
uint64_t pnd_group_destroy(struct pnd_group *group, int64_t drain_ns);

/* Statuses as of pendio_group_listen(); `ret_endpoint` may be NULL. No thread of the group's. */
int pnd_group_listen(struct pnd_group *group, const struct pendio_endpoint *address,
                     uint32_t backlog, pendio_group_accepted_fn *accepted, void *state,
                     struct pendio_endpoint *ret_endpoint);

/* The calling thread's member; NULL: it is no thread of a group. */
struct pnd_member *pnd_group_self(void);

/* The rest is between the two files. */

/* Stops accepting; the thread's own. */
void pnd_group_leave_stations(struct pnd_member *member);

/* Tells of the connections that were moved here; the thread's own. */
void pnd_group_deliver_arrivals(struct pnd_member *member);

/* The threads are gone. */
void pnd_group_free_listeners(struct pnd_group *group);

#endif
