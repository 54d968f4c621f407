/*
 * bench_outputs.c - where a report of the bench goes: JSON, a page, a picture.
 *
 * Happy path:  all files are begun before anything is measured, and appear together at the end.
 * Failures:    two outputs in one place are refused; what cannot be written leaves no trace.
 */
#include "bench_outputs.h"

#include "bench_html.h"
#include "results.h"
#include "say.h"

#include <errno.h>
#include <string.h>

typedef int write_fn(const json_t *report, FILE *stream);

static int write_json(const json_t *report, FILE *stream);

static const struct {
    const char *option;
    write_fn *write;
} kinds[PND_BENCH_OUTPUT_COUNT] = {
    {"--json", write_json}, {"--html", pnd_bench_html_write}, {"--svg", pnd_bench_html_picture}};

int pnd_bench_outputs_begin(const struct pnd_options *options,
                            struct pnd_bench_outputs *ret_outputs)
{
    const char *const names[PND_BENCH_OUTPUT_COUNT] = {options->json, options->html, options->svg};

    for (size_t index = 0; index < PND_BENCH_OUTPUT_COUNT; index++)
        for (size_t other = 0; names[index] != NULL && other < index; other++)
            if (names[other] != NULL && (strcmp(names[index], names[other]) == 0 ||
                                         pnd_output_is_same_file(names[index], names[other]))) {
                pnd_say_error("%s and %s are both %s; name another file for one",
                              kinds[other].option, kinds[index].option, names[index]);
                return -EINVAL;
            }
    int status = 0;
    for (size_t index = 0; status == 0 && index < PND_BENCH_OUTPUT_COUNT; index++)
        status = pnd_output_begin(names[index], &ret_outputs->each[index]);
    return status;
}

bool pnd_bench_outputs_is_any(const struct pnd_bench_outputs *outputs)
{
    bool is_any = false;
    for (size_t index = 0; index < PND_BENCH_OUTPUT_COUNT; index++)
        is_any = is_any || outputs->each[index].stream != NULL;
    return is_any;
}

bool pnd_bench_outputs_is_stdout(const struct pnd_bench_outputs *outputs)
{
    bool is_stdout = false;
    for (size_t index = 0; index < PND_BENCH_OUTPUT_COUNT; index++)
        is_stdout = is_stdout || pnd_output_is_stdout(&outputs->each[index]);
    return is_stdout;
}

int pnd_bench_outputs_end(struct pnd_bench_outputs *outputs, json_t *report)
{
    int status = 0;
    for (size_t index = 0; status == 0 && index < PND_BENCH_OUTPUT_COUNT; index++) {
        struct pnd_output *output = &outputs->each[index];
        if (output->stream == NULL)
            continue;
        status = report == NULL ? -ENOMEM : kinds[index].write(report, output->stream);
        status = status < 0 ? pnd_output_fail(output, status) : pnd_output_end(output);
    }
    json_decref(report);
    return status;
}

static int write_json(const json_t *report, FILE *stream)
{
    return pnd_results_dump(json_deep_copy(report), stream);
}

void pnd_bench_outputs_abandon(struct pnd_bench_outputs *outputs)
{
    for (size_t index = 0; index < PND_BENCH_OUTPUT_COUNT; index++)
        pnd_output_abandon(&outputs->each[index]);
}

json_t *pnd_bench_outputs_read(const char *name)
{
    json_error_t error;
    json_t *report = json_load_file(name, JSON_REJECT_DUPLICATES, &error);
    if (report == NULL)
        pnd_say_error("--results %s: %s", name, error.text);
    else if (!json_is_array(json_object_get(report, "results"))) {
        pnd_say_error("--results %s: these are no results of 'pendio bench --json'", name);
        json_decref(report);
        report = NULL;
    }
    return report;
}
