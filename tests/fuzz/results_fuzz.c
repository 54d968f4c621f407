/*
 * results_fuzz.c - any file of results, as `pendio report` reads and shows it.
 *
 * - What can be read becomes a table, JSON, JUnit and a page.
 */
#include "fuzz.h"
#include "judge.h"
#include "junit.h"
#include "results_read.h"
#include "run_html.h"
#include "summary.h"

#include <assert.h>

static void show(const struct pnd_results *results)
{
    struct pnd_judgement judgement = {0};
    const struct pnd_summary summary = {
        .outcomes = results->outcomes,
        .outcome_count = results->outcome_count,
        .stream = fuzz_nowhere(),
    };
    if (results->outcome_count > 0)
        assert(pnd_summary_print(&summary) == 0);
    assert(pnd_results_write(results, fuzz_nowhere()) == 0);
    assert(pnd_junit_write(results, 1, fuzz_nowhere()) == 0);
    assert(pnd_run_html_write(results, 1, fuzz_nowhere()) == 0);
    pnd_judge_add(&judgement, results->outcomes, results->outcome_count);
    (void)pnd_judge_exit(&judgement);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    char name[64];
    struct pnd_read_results read;
    FILE *heard = stderr;
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fuzz_file(bytes, byte_count));
    stderr = fuzz_nowhere(); /* it is told what is wrong, a thousand times a second */
    int status = pnd_results_read(name, &read);
    stderr = heard;
    if (status < 0)
        return 0;
    show(&read.results);
    pnd_results_read_fini(&read);
    return 0;
}
