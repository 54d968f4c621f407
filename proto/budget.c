/*
 * budget.c - an allocator for protobuf-c that gives out so many bytes and then none.
 *
 * - Every allocation is charged, with what malloc adds to it; freeing gives nothing back, for a
 *   block does not know its size. So the sum over a whole decode is what is capped.
 * - Blocks come from malloc as they are: a finished message needs no allocator to be freed.
 */
#include "budget.h"

#include "text.h"

#include <errno.h>
#include <stdlib.h>

enum { OVERHEAD_BYTES = 16 }; /* what malloc adds to a block */

static const struct pnd_message_limits default_limits = {
    .input_bytes = (size_t)4 << 20,
    .allocation_bytes = (size_t)64 << 20,
};

static void *allocate(void *state, size_t byte_count)
{
    return pnd_budget_alloc(state, byte_count);
}

static void release(void *state, void *memory)
{
    (void)state;
    free(memory);
}

void pnd_budget_init(struct pnd_budget *budget, const struct pnd_message_limits *limits)
{
    *budget = (struct pnd_budget){
        .limits = default_limits,
        .allocator = {.alloc = allocate, .free = release, .allocator_data = budget},
    };
    if (limits != NULL && limits->input_bytes != 0)
        budget->limits.input_bytes = limits->input_bytes;
    if (limits != NULL && limits->allocation_bytes != 0)
        budget->limits.allocation_bytes = limits->allocation_bytes;
    budget->left_bytes = budget->limits.allocation_bytes;
}

void *pnd_budget_alloc(struct pnd_budget *budget, size_t byte_count)
{
    if (budget->left_bytes < OVERHEAD_BYTES || budget->left_bytes - OVERHEAD_BYTES < byte_count) {
        budget->is_spent = true;
        return NULL;
    }
    budget->left_bytes -= OVERHEAD_BYTES + byte_count;

    void *memory = malloc(byte_count != 0 ? byte_count : 1);
    budget->is_out_of_memory = memory == NULL;
    return memory;
}

int pnd_budget_check_input(const struct pnd_budget *budget, const char *name, size_t byte_count,
                           struct pnd_message_error *error)
{
    if (byte_count <= budget->limits.input_bytes)
        return 0;
    pnd_text_add(error, "%s: has more than %zu bytes; make it smaller", pnd_text_tail(name),
                 budget->limits.input_bytes);
    return -E2BIG;
}

int pnd_budget_explain(const struct pnd_budget *budget, const char *name,
                       struct pnd_message_error *error)
{
    if (!budget->is_spent) {
        pnd_text_add(error, "%s: out of memory", pnd_text_tail(name));
        return -ENOMEM;
    }
    pnd_text_add(error, "%s: decoding it takes more than the %zu bytes allowed; make it smaller",
                 pnd_text_tail(name), budget->limits.allocation_bytes);
    return -E2BIG;
}
