/* table_test.c - a map from 64-bit keys to indices. */
#include "suite.h"
#include "table.h"

enum { KEY_COUNT = 3000 };

static struct pnd_table table;

static void begin(void)
{
    ck_assert_int_eq(pnd_table_init(&table, KEY_COUNT), 0);
}

static void end(void)
{
    pnd_table_fini(&table);
}

static uint64_t key_of(uint32_t i)
{
    return (uint64_t)i * 64 + UINT64_C(0x7f0000000000);
}

START_TEST(what_was_added_is_found)
{
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        pnd_table_add(&table, key_of(i), i);
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        ck_assert_uint_eq(pnd_table_find(&table, key_of(i)), i);
    ck_assert_uint_eq(pnd_table_find(&table, key_of(KEY_COUNT)), PND_TABLE_NOTHING);
}
END_TEST

START_TEST(key_zero_is_a_key_like_others)
{
    ck_assert_uint_eq(pnd_table_find(&table, 0), PND_TABLE_NOTHING);
    pnd_table_add(&table, 0, 5);
    ck_assert_uint_eq(pnd_table_find(&table, 0), 5);
}
END_TEST

START_TEST(removing_some_leaves_the_others)
{
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        pnd_table_add(&table, key_of(i), i);
    for (uint32_t i = 0; i < KEY_COUNT; i += 3)
        pnd_table_remove(&table, key_of(i));
    for (uint32_t i = 0; i < KEY_COUNT; i++)
        ck_assert_uint_eq(pnd_table_find(&table, key_of(i)), i % 3 == 0 ? PND_TABLE_NOTHING : i);
}
END_TEST

START_TEST(a_table_serves_for_ever_when_keys_come_and_go)
{
    for (uint32_t i = 0; i < 100 * KEY_COUNT; i++) {
        pnd_table_add(&table, key_of(i), i);
        if (i >= KEY_COUNT - 1) {
            ck_assert_uint_eq(pnd_table_find(&table, key_of(i - KEY_COUNT + 1)), i - KEY_COUNT + 1);
            pnd_table_remove(&table, key_of(i - KEY_COUNT + 1));
        }
    }
}
END_TEST

START_TEST(removing_what_is_not_there_is_harmless)
{
    pnd_table_add(&table, 1, 1);
    pnd_table_remove(&table, 2);
    ck_assert_uint_eq(pnd_table_find(&table, 1), 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_added_is_found,
        key_zero_is_a_key_like_others,
        removing_some_leaves_the_others,
        a_table_serves_for_ever_when_keys_come_and_go,
        removing_what_is_not_there_is_harmless,
    };
    return suite_run("table", begin, end, tests, sizeof tests / sizeof tests[0]);
}
