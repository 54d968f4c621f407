/*
 * stage.h - a loop and a file with content: what tests of files by name begin with.
 */
#ifndef STAGE_H
#define STAGE_H

#include "fixture.h"

#include <sys/stat.h>

enum {
    STAGE_CONTENT_BYTES = 1000,
    STAGE_POLICY_COUNT = 3,
    STAGE_STAT_BYTES = sizeof(struct statx)
};

struct stage {
    struct fixture fixture;
    struct fixture_file file; /* filled with pattern 1 */
    char other[96];           /* a free name beside it */
    pendio_handle handle;     /* the file, open for reading and writing */
};

extern struct stage stage;

void stage_begin(void);
void stage_begin_with(uint32_t context_count);
void stage_end(void);

/* A context with its slice, of that policy. */
struct pendio_context *stage_get(int policy);

/* True where a truncate is an ordinary system call. */
bool stage_truncates_directly(void);

bool stage_exists(const char *path);
off_t stage_size_of(const char *path);

/* Makes an empty file, if there is none. */
void stage_touch(const char *path);

struct pendio_completion stage_result_of(const struct pendio_context *context);

/* The context's last run was this operation, on this handle, and moved nothing. */
void stage_expect_bare(const struct pendio_context *context, uint16_t operation,
                       pendio_handle handle);

#endif
