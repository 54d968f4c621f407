/*
 * result_outputs.c - where results go: JSON, JUnit, a page.
 *
 * Happy path:  all are begun at once, each is written as a whole, and they appear together.
 * Failures:    two in one place, or one in that of an input, are refused; what cannot be written
 *              leaves no trace.
 */
#include "result_outputs.h"

#include "junit.h"
#include "run_html.h"
#include "say.h"

#include <errno.h>
#include <string.h>

typedef int write_fn(const struct pnd_results *results, size_t result_count, FILE *stream);

static int write_json(const struct pnd_results *results, size_t result_count, FILE *stream);

static const struct {
    const char *option;
    write_fn *write;
} kinds[PND_RESULT_OUTPUT_COUNT] = {
    {"--json", write_json}, {"--junit", pnd_junit_write}, {"--html", pnd_run_html_write}};

/* The later one would take the place of the earlier. */
static int check_two(const char *const *names, size_t one, size_t other)
{
    if (names[one] == NULL || names[other] == NULL)
        return 0;
    if (strcmp(names[one], "-") == 0 && strcmp(names[other], "-") == 0) {
        pnd_say_error("%s and %s cannot both go to stdout; name a file for one", kinds[one].option,
                      kinds[other].option);
        return -EINVAL;
    }
    if (pnd_output_is_same_file(names[one], names[other])) {
        pnd_say_error("%s and %s are both %s; name another file for one", kinds[one].option,
                      kinds[other].option, names[other]);
        return -EINVAL;
    }
    return 0;
}

static int check_input(const struct pnd_options *options, const char *what, const char *option,
                       const char *name)
{
    for (int index = 0; name != NULL && index < options->file_count; index++)
        if (pnd_output_is_same_file(name, options->files[index])) {
            pnd_say_error("%s %s is the %s itself; name another file", option, name, what);
            return -EINVAL;
        }
    return 0;
}

int pnd_result_outputs_begin(const struct pnd_options *options, const char *what,
                             struct pnd_result_outputs *ret_outputs)
{
    const char *const names[PND_RESULT_OUTPUT_COUNT] = {options->json, options->junit,
                                                        options->html};
    int status = 0;
    for (size_t index = 0; status == 0 && index < PND_RESULT_OUTPUT_COUNT; index++) {
        for (size_t other = 0; status == 0 && other < index; other++)
            status = check_two(names, other, index);
        if (status == 0)
            status = check_input(options, what, kinds[index].option, names[index]);
    }
    for (size_t index = 0; status == 0 && index < PND_RESULT_OUTPUT_COUNT; index++)
        status = pnd_output_begin(names[index], &ret_outputs->each[index]);
    return status;
}

bool pnd_result_outputs_is_stdout(const struct pnd_result_outputs *outputs)
{
    bool is_stdout = false;
    for (size_t index = 0; index < PND_RESULT_OUTPUT_COUNT; index++)
        is_stdout = is_stdout || pnd_output_is_stdout(&outputs->each[index]);
    return is_stdout;
}

int pnd_result_outputs_end(struct pnd_result_outputs *outputs, const struct pnd_results *results,
                           size_t result_count)
{
    int status = 0;
    for (size_t index = 0; status == 0 && index < PND_RESULT_OUTPUT_COUNT; index++) {
        struct pnd_output *output = &outputs->each[index];
        if (output->stream == NULL)
            continue;
        status = kinds[index].write(results, result_count, output->stream);
        if (status < 0)
            return pnd_output_fail(output, status);
    }
    for (size_t index = 0; status == 0 && index < PND_RESULT_OUTPUT_COUNT; index++)
        status = pnd_output_end(&outputs->each[index]);
    return status;
}

static int write_json(const struct pnd_results *results, size_t result_count, FILE *stream)
{
    (void)result_count;
    return pnd_results_write(results, stream);
}

void pnd_result_outputs_abandon(struct pnd_result_outputs *outputs)
{
    for (size_t index = 0; index < PND_RESULT_OUTPUT_COUNT; index++)
        pnd_output_abandon(&outputs->each[index]);
}
