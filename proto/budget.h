/* budget.h - an allocator for protobuf-c that gives out so many bytes and then none. */
#ifndef PND_BUDGET_H
#define PND_BUDGET_H

#include "messages.h"

#include <stdbool.h>

struct pnd_budget {
    struct pnd_message_limits limits; /* without zeroes */
    size_t left_bytes;
    bool is_spent;
    bool is_out_of_memory;
    ProtobufCAllocator allocator;
};

/* In place: `budget` must not move afterwards. `limits` may be NULL. */
void pnd_budget_init(struct pnd_budget *budget, const struct pnd_message_limits *limits);

/* The memory is malloc's, so whoever frees it needs no budget. NULL also when it is spent. */
void *pnd_budget_alloc(struct pnd_budget *budget, size_t byte_count);

/* Says that the input is too long. Returns -E2BIG, or 0 if it is not. */
int pnd_budget_check_input(const struct pnd_budget *budget, const char *name, size_t byte_count,
                           struct pnd_message_error *error);

/* After an allocation gave NULL: says why. Returns -E2BIG or -ENOMEM. */
int pnd_budget_explain(const struct pnd_budget *budget, const char *name,
                       struct pnd_message_error *error);

#endif
