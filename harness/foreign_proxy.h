/*
 * foreign_proxy.h - what stands here for a foreign subject's loop, pools and contexts.
 *
 * Setters of a free context are remembered, and told with one `set` before anything else is asked
 * of it; what it shows is what the subject showed last.
 */
#ifndef PND_FOREIGN_PROXY_H
#define PND_FOREIGN_PROXY_H

#include "foreign_link.h"
#include "plan.h"
#include "subject.h"
#include "table.h"

enum {
    PND_FOREIGN_PIECE_LIMIT = 2048, /* of one vector, and of packets: what fits into a line */
    PND_FOREIGN_PACKET_LIMIT = 512,
};

/* What of the request half was set and not told yet. */
enum {
    PND_FOREIGN_POLICY = 1,
    PND_FOREIGN_FLAGS = 2,
    PND_FOREIGN_DEADLINE = 4,
    PND_FOREIGN_USER = 8,
    PND_FOREIGN_CALLBACK = 16,
    PND_FOREIGN_SLICE = 32,
    PND_FOREIGN_MEMORY = 64,
    PND_FOREIGN_PIECES = 128,
    PND_FOREIGN_LENDING = 256,
    PND_FOREIGN_WINDOW = 512,
    PND_FOREIGN_ENDPOINT = 1024,
};

/* What a context showed last. */
struct pnd_foreign_shown {
    pendio_run run;
    void *memory; /* its window */
    size_t byte_count;
    struct pendio_request request;
    struct pendio_completion result;
    struct pendio_message message;
};

struct pnd_foreign_context {
    struct pnd_foreign *foreign;
    uint64_t number;
    uint32_t changes; /* PND_FOREIGN_... */
    uint32_t piece_count;
    struct pendio_request wanted; /* what was set */
    struct pendio_bytes *pieces;
    struct pnd_foreign_shown shown;
};

/* These are the ones of this subject: no other one's are ever given to its functions. */
struct pendio_context {
    struct pnd_foreign_context *state;
};

struct pendio_pool {
    struct pnd_foreign *foreign;
    uint64_t number;
    uint32_t piece_count; /* the most of a vector of its contexts */
};

struct pendio_loop {
    struct pnd_foreign *foreign;
};

struct pnd_foreign {
    struct pnd_subject subject; /* first: the subject is the whole */
    struct pnd_foreign_link link;
    char name[64];
    char abilities[2048]; /* ",nop,timer,", as hello announced them */
    char unable[160];     /* why it has no loop, as it says itself */
    uint64_t time_ms;
    uint64_t memory_used;
    uint64_t lend_offset;
    uint64_t lend_bytes;
    uint32_t descriptors; /* that it had open before its loop */
    bool statistics;
    struct pendio_loop loop;
    struct pendio_pool *pools;
    uint32_t pool_count;
    uint32_t pool_capacity;
    struct pnd_foreign_context *contexts;
    struct pendio_context *faces; /* of the contexts; the last one stands for any never got */
    uint32_t context_count;
    uint32_t context_capacity;
    const struct pnd_plan *plan;
    struct pendio_bytes *pieces; /* of those whose pool has vectors, one after another */
    uint64_t piece_used;
    uint64_t piece_capacity;
    struct pnd_table numbers; /* of contexts */
};

/* Puts the functions of contexts, of starts, and of loops and handles into the table. */
void pnd_foreign_context_fill(struct pnd_subject *subject);
void pnd_foreign_show_fill(struct pnd_subject *subject);
void pnd_foreign_start_fill(struct pnd_subject *subject);
void pnd_foreign_loop_fill(struct pnd_subject *subject);
void pnd_foreign_handle_fill(struct pnd_subject *subject);

/* As they are called in lines, by the order of their numbers and bits; NULL ends them. */
extern const char *const pnd_foreign_policies[];
extern const char *const pnd_foreign_flags[];

/* An offset in the shared memory, and back; 0 and NULL: none. */
uint64_t pnd_foreign_offset(const struct pnd_foreign *foreign, const void *memory);

/* The context of that number, if it was ever got; else the one that stands for those. */
struct pendio_context *pnd_foreign_find(struct pnd_foreign *foreign, uint64_t number);

/* Tells the subject what was set. 0, its refusal, or -EIO. */
int pnd_foreign_context_tell(struct pendio_context *context);

/* Takes what the line at hand shows of the context. 0 or -EIO. */
int pnd_foreign_context_see(struct pendio_context *context);

/* Takes the completion that the line at hand tells. 0 or -EIO. */
int pnd_foreign_context_told(struct pendio_context *context,
                             struct pendio_completion *ret_completion);

/* The context is as new. */
void pnd_foreign_context_renew(struct pendio_context *context);

#endif
