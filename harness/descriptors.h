/* descriptors.h - which descriptors this process has open, to be compared before and after. */
#ifndef PND_DESCRIPTORS_H
#define PND_DESCRIPTORS_H

#include <stdint.h>

struct pnd_descriptors {
    uint64_t *bits;
    uint32_t word_count;
};

/* Returns 0 or -errno. */
int pnd_descriptors_init(struct pnd_descriptors *descriptors);
void pnd_descriptors_fini(struct pnd_descriptors *descriptors);

/* The lowest descriptor open in one of them only, or -1. */
int pnd_descriptors_difference(const struct pnd_descriptors *before,
                               const struct pnd_descriptors *after);

#endif
