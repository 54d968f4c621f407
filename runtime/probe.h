/*
 * probe.h - what the kernel at hand can do, asked once per ring; features by name.
 */
#ifndef PND_PROBE_H
#define PND_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct io_uring;
struct pnd_ring;

/* The opcodes a ring may be asked for, one bit each. */
struct pnd_opcodes {
    uint64_t bits[2];
};

static inline bool pnd_opcodes_have(const struct pnd_opcodes *opcodes, uint32_t opcode)
{
    return (opcodes->bits[opcode / 64] >> (opcode % 64) & 1) != 0;
}

/* The bit PENDIO_FEATURE_... of a feature; 0: there is none of that name. */
uint64_t pnd_probe_feature_by_name(const char *name, size_t byte_count);

/* NULL: no feature has just that bit. */
const char *pnd_probe_feature_name(uint64_t feature);

/* Asks the kernel which opcodes it has. Returns 0 or -errno. */
int pnd_probe_opcodes(struct io_uring *uring, struct pnd_opcodes *ret_opcodes);

/* Takes from the ring's features those that cannot be asked for, only tried, and are not there. */
void pnd_probe_try(struct io_uring *uring, struct pnd_ring *ring);

/* Gives the kernel a ring of buffers. Returns 0 or -errno. */
int pnd_probe_add_buffers(struct io_uring *uring, void *entries, uint32_t entry_count,
                          bool is_incremental);

#endif
