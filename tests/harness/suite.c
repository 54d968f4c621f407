/* suite.c - runs a list of tests. */
#include "suite.h"

#include <stdlib.h>

enum { TIMEOUT_SECONDS = 60 }; /* only met by a test that would never end */

int suite_run(const char *name, SFun begin, SFun end, const TTest *const *tests, size_t test_count)
{
    Suite *suite = suite_create(name);
    TCase *all = tcase_create(name);
    tcase_add_checked_fixture(all, begin, end);
    tcase_set_timeout(all, TIMEOUT_SECONDS);
    for (size_t i = 0; i < test_count; i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed_count = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
