/* suite.h - a program of tests with one fixture. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>
#include <stddef.h>

/* Each test between `begin` and `end`, which may be NULL. Returns what main() returns. */
int suite_run(const char *name, SFun begin, SFun end, const TTest *const *tests, size_t test_count);

#endif
