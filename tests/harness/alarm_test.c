/* alarm_test.c - those who wait for a time are woken in the order of their times. */
#include "draw.h"
#include "engine.h"
#include "suite.h"

enum { INSTANCE_COUNT = 300 };

static struct pnd_instance instances[INSTANCE_COUNT];
static struct pnd_instance *heap[INSTANCE_COUNT];
static struct pnd_alarms alarms;

static void begin(void)
{
    alarms = (struct pnd_alarms){.heap = heap};
}

START_TEST(nobody_waits_at_first)
{
    ck_assert_ptr_null(pnd_alarm_take(&alarms, UINT64_MAX));
    ck_assert_uint_eq(pnd_alarm_next_ns(&alarms), UINT64_MAX);
}
END_TEST

START_TEST(nobody_is_woken_before_the_time)
{
    instances[0].wake_ns = 10;
    pnd_alarm_add(&alarms, &instances[0]);
    ck_assert_ptr_null(pnd_alarm_take(&alarms, 9));
    ck_assert_uint_eq(pnd_alarm_next_ns(&alarms), 10);
    ck_assert_ptr_eq(pnd_alarm_take(&alarms, 10), &instances[0]);
    ck_assert_ptr_null(pnd_alarm_take(&alarms, UINT64_MAX));
}
END_TEST

START_TEST(all_are_woken_in_the_order_of_their_times_and_numbers)
{
    struct pnd_draw draw;
    pnd_draw_init(&draw, 1, 0, 0);
    for (int i = 0; i < INSTANCE_COUNT; i++)
        instances[i].wake_ns = pnd_draw_below(&draw, 50);
    for (int i = 0; i < INSTANCE_COUNT; i++)
        pnd_alarm_add(&alarms, &instances[(i * 7) % INSTANCE_COUNT]);
    const struct pnd_instance *before = pnd_alarm_take(&alarms, 50);
    for (int i = 1; i < INSTANCE_COUNT; i++) {
        const struct pnd_instance *next = pnd_alarm_take(&alarms, 50);
        ck_assert_ptr_nonnull(next);
        ck_assert(before->wake_ns < next->wake_ns ||
                  (before->wake_ns == next->wake_ns && before < next));
        before = next;
    }
    ck_assert_uint_eq(alarms.count, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        nobody_waits_at_first,
        nobody_is_woken_before_the_time,
        all_are_woken_in_the_order_of_their_times_and_numbers,
    };
    return suite_run("alarm", begin, NULL, tests, sizeof tests / sizeof tests[0]);
}
