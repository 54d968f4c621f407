/*
 * allocation_test.c - what a loop costs once it is warm: no allocation.
 *
 * malloc and its kin are replaced in this program, so libc's own calls are counted as well.
 */
#include "rounds.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { WARM_UP_COUNT = 300, ROUND_COUNT = 1000, POLICY_COUNT = 3 };

/* ---- counting allocations ------------------------------------------------------------------- */

static bool counting;
static uint64_t allocation_count;

#ifndef TEST_IS_SANITIZED

extern void *__libc_malloc(size_t byte_count);
extern void *__libc_calloc(size_t count, size_t byte_count);
extern void *__libc_realloc(void *memory, size_t byte_count);
extern void __libc_free(void *memory);

void *malloc(size_t size)
{
    allocation_count += counting;
    return __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    allocation_count += counting;
    return __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    allocation_count += counting;
    return __libc_realloc(ptr, size);
}

void free(void *ptr)
{
    allocation_count += counting && ptr != NULL;
    __libc_free(ptr);
}

#endif

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(allocations_are_seen_when_there_are_any)
{
    void *volatile memory; /* or the compiler does without */

    counting = true;
    memory = malloc(1);
    memory = realloc(memory, 10000);
    free(memory);
    counting = false;
    ck_assert_uint_ge(allocation_count, 3);
}
END_TEST

static void allocates_nothing(const struct round *round, uint32_t policy)
{
    struct work work;

    round_begin(round, &work, policy);
    round_repeat(round, &work, WARM_UP_COUNT);
    allocation_count = 0;
    counting = true;
    round_repeat(round, &work, ROUND_COUNT);
    counting = false;
    ck_assert_msg(!work.failed, "%s fail, policy %u", round->name, policy);
    ck_assert_msg(allocation_count == 0, "%s allocate %lu times, policy %u", round->name,
                  (unsigned long)allocation_count, policy);
    round_end(&work);
}

START_TEST(nothing_is_allocated_once_warm)
{
    for (int i = 0; i < round_count; i++)
        for (uint32_t policy = 0; policy < POLICY_COUNT; policy++)
            allocates_nothing(&rounds[i], policy);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        allocations_are_seen_when_there_are_any,
        nothing_is_allocated_once_warm,
    };

#ifdef TEST_IS_SANITIZED
    puts("skipped: a sanitizer has an allocator of its own");
    return 77;
#endif
    return suite_run("allocation", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
