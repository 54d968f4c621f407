/* descriptors_test.c - descriptors that come or go between two looks are noticed. */
#include "descriptors.h"
#include "suite.h"

#include <fcntl.h>
#include <unistd.h>

static struct pnd_descriptors before;
static struct pnd_descriptors after;

static void begin(void)
{
    ck_assert_int_eq(pnd_descriptors_init(&before), 0);
}

static void end(void)
{
    pnd_descriptors_fini(&before);
    pnd_descriptors_fini(&after);
}

static int difference(void)
{
    ck_assert_int_eq(pnd_descriptors_init(&after), 0);
    return pnd_descriptors_difference(&before, &after);
}

START_TEST(nothing_opened_is_no_difference)
{
    ck_assert_int_eq(difference(), -1);
}
END_TEST

START_TEST(one_left_open_is_named)
{
    int left = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(difference(), left);
    close(left);
}
END_TEST

START_TEST(one_far_away_is_named)
{
    int far = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 700);
    ck_assert_int_ge(far, 700);
    ck_assert_int_eq(difference(), far);
    close(far);
}
END_TEST

START_TEST(one_closed_that_was_open_is_named)
{
    close(STDIN_FILENO);
    ck_assert_int_eq(difference(), STDIN_FILENO);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nothing_opened_is_no_difference,
        one_left_open_is_named,
        one_far_away_is_named,
        one_closed_that_was_open_is_named,
    };
    return suite_run("descriptors", begin, end, tests, sizeof tests / sizeof tests[0]);
}
