/*
 * behaviour_run.c - a program of numbered tests: which to run, and what became of each number.
 *
 * Happy path:  the numbers asked for, or all -> the tests of each -> a verdict beside it.
 * Failures:    a number no test has is exit 2; one that fails makes the program fail after all
 *              others have run.
 */
#include "behaviour.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NUMBER_BYTES = 4, TESTS_LIMIT = 64, SKIPPED = 77 };

struct suite {
    const struct fixture_case *cases;
    size_t case_count;
};

/* Of b071_...: 071; of l04_...: L04. */
static void number_of(const struct fixture_case *behaviour, char ret_number[NUMBER_BYTES])
{
    const char *name = behaviour->test->name;

    snprintf(ret_number, NUMBER_BYTES, "%.3s", name[0] == 'b' ? name + 1 : name);
    if (ret_number[0] == 'l')
        ret_number[0] = 'L';
}

static bool is_of(const struct fixture_case *behaviour, const char *number)
{
    char own[NUMBER_BYTES];

    number_of(behaviour, own);
    return strcmp(own, number) == 0;
}

static size_t tests_of(const struct suite *suite, const char *number,
                       struct fixture_case ret_cases[TESTS_LIMIT])
{
    size_t count = 0;

    for (size_t i = 0; i < suite->case_count && count < TESTS_LIMIT; i++)
        if (is_of(&suite->cases[i], number))
            ret_cases[count++] = suite->cases[i];
    return count;
}

static void print_tests(FILE *file, const char *first, const struct fixture_case *cases,
                        size_t count)
{
    fprintf(file, "%s", first);
    for (size_t i = 0; i < count; i++)
        fprintf(file, " %s", cases[i].test->name);
    fprintf(file, "\n");
}

static FILE *open_verdict(const char *number)
{
    const char *folder = getenv("PENDIO_VERDICTS");
    char path[4096];

    if (folder == NULL)
        return NULL;
    snprintf(path, sizeof path, "%s/%s", folder, number);
    return fopen(path, "w");
}

/* An empty verdict stands for a run that did not come to its end. */
static int run_number(const struct suite *suite, const char *number)
{
    struct fixture_case cases[TESTS_LIMIT];
    size_t count = tests_of(suite, number, cases);
    FILE *verdict;
    int status;

    if (count == 0) {
        fprintf(stderr, "no test of number %s here\n", number);
        return 2;
    }
    verdict = open_verdict(number);
    status = fixture_run(number, cases, count);
    if (verdict != NULL) {
        print_tests(verdict,
                    status == 0         ? "passes"
                    : status == SKIPPED ? "skipped"
                                        : "fails",
                    cases, count);
        fclose(verdict);
    }
    return status;
}

static bool is_first_of_its_number(const struct suite *suite, size_t index, char *ret_number)
{
    number_of(&suite->cases[index], ret_number);
    for (size_t i = 0; i < index; i++)
        if (is_of(&suite->cases[i], ret_number))
            return false;
    return true;
}

static int run_all(const struct suite *suite)
{
    char number[NUMBER_BYTES];
    int worst = 0;

    for (size_t i = 0; i < suite->case_count; i++) {
        int status = is_first_of_its_number(suite, i, number) ? run_number(suite, number) : 0;

        worst = worst == 0 || worst == SKIPPED ? (status != 0 ? status : worst) : worst;
    }
    return worst;
}

static int list(const struct suite *suite)
{
    struct fixture_case cases[TESTS_LIMIT];
    char number[NUMBER_BYTES];

    for (size_t i = 0; i < suite->case_count; i++)
        if (is_first_of_its_number(suite, i, number))
            print_tests(stdout, number, cases, tests_of(suite, number, cases));
    return 0;
}

int behaviour_run(int argc, char **argv, const struct fixture_case *cases, size_t case_count)
{
    const struct suite suite = {.cases = cases, .case_count = case_count};
    int worst = 0;

    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list(&suite);
    if (argc == 1)
        return run_all(&suite);
    for (int i = 1; i < argc; i++) {
        int status = run_number(&suite, argv[i]);

        worst = status != 0 ? status : worst;
    }
    return worst;
}
