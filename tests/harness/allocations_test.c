/* allocations_test.c - allocations are counted, libc's own included, and only when asked for. */
#include "allocations.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept; /* so that no compiler takes an allocation away */

START_TEST(nothing_is_counted_before_the_beginning)
{
    uint64_t before = pnd_allocations_count();
    kept = malloc(10);
    free(kept);
    ck_assert_uint_eq(pnd_allocations_count(), before);
}
END_TEST

START_TEST(each_allocation_counts_once)
{
    pnd_allocations_begin();
    kept = malloc(10);
    free(kept);
    kept = calloc(10, 10);
    kept = realloc(kept, 5000);
    pnd_allocations_end();
    free(kept);
    ck_assert_uint_eq(pnd_allocations_count(), 3);
}
END_TEST

/* Those of which the thread sanitizer's hooks hear nothing. */
START_TEST(each_aligned_allocation_counts_once)
{
    void *memory = NULL;
    pnd_allocations_begin();
    kept = aligned_alloc(64, 64);
    free(kept);
    int status = posix_memalign(&memory, 4096, 100);
    kept = memory;
    pnd_allocations_end();
    free(kept);
    ck_assert_int_eq(status, 0);
#ifndef __SANITIZE_THREAD__
    ck_assert_uint_eq(pnd_allocations_count(), 2);
#endif
}
END_TEST

START_TEST(libcs_own_allocations_count)
{
    char *volatile text = NULL;
    pnd_allocations_begin();
    text = strdup("strdup allocates inside libc");
    FILE *file = fopen("/dev/null", "re");
    pnd_allocations_end();
    ck_assert_ptr_nonnull(file);
    fclose(file);
    free(text);
    ck_assert_uint_ge(pnd_allocations_count(), 2);
}
END_TEST

START_TEST(a_pause_is_not_counted)
{
    pnd_allocations_begin();
    pnd_allocations_end();
    kept = malloc(10);
    free(kept);
    pnd_allocations_begin();
    kept = malloc(10);
    free(kept);
    pnd_allocations_end();
    ck_assert_uint_eq(pnd_allocations_count(), 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_is_counted_before_the_beginning,
        each_allocation_counts_once,
        each_aligned_allocation_counts_once,
        libcs_own_allocations_count,
        a_pause_is_not_counted,
    };
    return suite_run("allocations", NULL, NULL, tests, sizeof tests / sizeof tests[0]);
}
