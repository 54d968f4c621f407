/*
 * request.h - the half of a context that belongs to the application: what its setters set.
 *
 * The runtime reads it and never changes it, but for making it new.
 */
#ifndef PND_REQUEST_H
#define PND_REQUEST_H

#include "context.h"

/* What a new context has. */
void pnd_request_renew(struct pnd_context *context);

/* Works on one stretch of memory, all of it; on the context's own slice. */
void pnd_request_set_memory(struct pnd_context *context, void *memory, uint64_t byte_count);
void pnd_request_set_slice(struct pnd_context *context);

/* Works on none: receives lend it theirs. */
void pnd_request_set_lending(struct pnd_context *context);

/* Returns 0, -EINVAL (beyond the memory, or that is a vector). */
int pnd_request_set_window(struct pnd_context *context, uint64_t offset, uint64_t byte_count);

/* Copies the vector. Returns 0, -EINVAL (a piece without memory, sum too large) or -ENOMEM. */
int pnd_request_set_pieces(struct pnd_context *context, const struct pendio_bytes *pieces,
                           uint32_t piece_count);

/* Also makes room to receive as much. Returns 0 or -ENOMEM. */
int pnd_request_set_control(struct pnd_context *context, void *memory, uint64_t byte_count);

void pnd_request_set_flags(struct pnd_context *context, uint32_t flags);
void pnd_request_set_deadline(struct pnd_context *context, uint64_t after_ns);

/* Is told of by a call; NULL: by a record. */
void pnd_request_set_callback(struct pnd_context *context, pendio_completed_fn *completed,
                              void *state);

/* Everything that was set. */
void pnd_request_read(const struct pnd_context *context, struct pendio_request *ret_request);

/* Frees what grew for the context alone. */
void pnd_request_release(struct pnd_context *context);

#endif
