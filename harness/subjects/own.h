/* own.h - libpendio itself as a subject in another process. */
#ifndef OWN_H
#define OWN_H

#include <pendio/pendio.h>

#include <stdbool.h>
#include <stdint.h>

enum { OWN_POOL_COUNT = 64 };

struct own_pool {
    struct pendio_pool *pool;
    uint64_t memory; /* of the next slice */
    uint64_t slice_bytes;
};

/* Its number is its place. */
struct own_context {
    struct pendio_context *context;
    uint64_t slice;
    uint64_t slice_bytes;
    char name[256]; /* of a file or a host, for as long as it is under way */
    char target[256];
    uint64_t lend; /* where what it is lent is copied to */
    char *packets; /* as the line had them, for the same reason */
};

extern struct own {
    uint8_t *memory;
    uint64_t memory_bytes, lend_offset, lend_bytes;
    struct pendio_loop *loop;
    struct own_context *contexts;
    struct own_pool pools[OWN_POOL_COUNT];
    uint32_t context_count;
    uint32_t context_room;
    uint32_t pool_count;
} own;

/* Of own_show.c. */
struct own_context *pnd_own_find(const struct pendio_context *context); /* or a free place */
void pnd_own_lend(const struct own_context *context, const struct pendio_completion *told);
void pnd_own_show(const struct own_context *context);
void pnd_own_tell(const char *word, const struct pendio_completion *told);

/* Of own.c. */
struct own_context *pnd_own_context(void); /* that the line names */
void pnd_own_answer(int status);
void pnd_own_do(void);

/* Of own_start.c; false: it is none of theirs. */
bool pnd_own_do_handle(void);
bool pnd_own_do_start(void);

#endif
