/*
 * descriptors.c - which descriptors this process has open, to be compared before and after.
 *
 * Happy path:  every name in /proc/self/fd is a bit, but the one that lists them.
 * Failures:    no /proc or no memory gives -errno.
 */
#include "descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int mark(struct pnd_descriptors *descriptors, unsigned long descriptor)
{
    uint32_t word = (uint32_t)(descriptor / 64);
    if (word >= descriptors->word_count) {
        uint64_t *bits = realloc(descriptors->bits, (word + 1) * sizeof *bits);
        if (bits == NULL)
            return -ENOMEM;
        memset(bits + descriptors->word_count, 0,
               (word + 1 - descriptors->word_count) * sizeof *bits);
        descriptors->bits = bits;
        descriptors->word_count = word + 1;
    }
    descriptors->bits[word] |= UINT64_C(1) << descriptor % 64;
    return 0;
}

int pnd_descriptors_init(struct pnd_descriptors *descriptors)
{
    *descriptors = (struct pnd_descriptors){0};
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        return -errno;
    int status = 0;
    unsigned long own = (unsigned long)dirfd(directory);
    for (struct dirent *entry; status == 0 && (entry = readdir(directory)) != NULL;) {
        char *end = NULL;
        unsigned long descriptor = strtoul(entry->d_name, &end, 10);
        if (*end == '\0' && descriptor != own)
            status = mark(descriptors, descriptor);
    }
    closedir(directory);
    if (status < 0)
        pnd_descriptors_fini(descriptors);
    return status;
}

void pnd_descriptors_fini(struct pnd_descriptors *descriptors)
{
    free(descriptors->bits);
    *descriptors = (struct pnd_descriptors){0};
}

static uint64_t word_of(const struct pnd_descriptors *descriptors, uint32_t index)
{
    return index < descriptors->word_count ? descriptors->bits[index] : 0;
}

int pnd_descriptors_difference(const struct pnd_descriptors *before,
                               const struct pnd_descriptors *after)
{
    uint32_t count =
        before->word_count > after->word_count ? before->word_count : after->word_count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t different = word_of(before, i) ^ word_of(after, i);
        if (different != 0)
            return (int)(i * 64) + __builtin_ctzll(different);
    }
    return -1;
}
