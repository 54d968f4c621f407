/* dispatch.h - what each kind of request is answered. Knows nothing of how it travels. */
#ifndef PND_DISPATCH_H
#define PND_DISPATCH_H

#include "plan.h"
#include "supervisor.h"

/* What requests work on; all of it outlives the dispatch. */
struct pnd_dispatch {
    struct pnd_supervisor *supervisor;
    const struct pnd_store *store;
    struct pnd_plan_limits limits;
    char *events_url;
    uint32_t run_limit;
    uint64_t file_bytes; /* of the largest file of a run; 0: no limit */
    bool is_local;       /* requests come from this machine only */
    bool is_ending;      /* no run is taken any more */
    const char *peer;    /* whose the request at hand is; NULL: nobody knows */
};

/*
 * Answers one packed pendio.Request with one packed pendio.Reply, whatever it is: also what is no
 * request at all gets a reply that says so. Returns 0 or -ENOMEM; the caller frees the reply with
 * free().
 */
int pnd_dispatch_answer(struct pnd_dispatch *dispatch, const void *request,
                        size_t request_byte_count, uint8_t **ret_reply,
                        size_t *ret_reply_byte_count);

#endif
