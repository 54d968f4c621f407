/*
 * report.c - `pendio report`: results of earlier runs, as a table, a page or JUnit.
 *
 * Happy path:  read every file -> table, unless it is quiet -> outputs -> the worst verdict is the
 *              exit code.
 * Failures:    a file that cannot be read stops it before anything is written.
 */
#include "command.h"
#include "judge.h"
#include "result_outputs.h"
#include "results_read.h"
#include "say.h"
#include "summary.h"

#include <stdlib.h>

struct session {
    const struct pnd_options *options;
    struct pnd_read_results *reads;
    struct pnd_results *results; /* those of `reads`, in a row */
    size_t count;                /* that were read */
    struct pnd_result_outputs outputs;
};

static enum pnd_exit show(struct session *session);
static int print(const struct session *session);
static void fini(struct session *session);

enum pnd_exit pnd_command_report(const struct pnd_options *options)
{
    size_t file_count = (size_t)options->file_count;
    struct session session = {.options = options};
    enum pnd_exit code = PND_EXIT_UNREACHABLE;
    session.reads = calloc(file_count, sizeof *session.reads);
    session.results = calloc(file_count, sizeof *session.results);
    if (session.reads == NULL || session.results == NULL) {
        pnd_say_error("no memory for %zu files; name fewer", file_count);
        fini(&session);
        return code;
    }
    int status = 0;
    for (size_t index = 0; status == 0 && index < file_count; index++) {
        status = pnd_results_read(options->files[index], &session.reads[index]);
        if (status == 0)
            session.results[session.count++] = session.reads[index].results;
    }
    code = status < 0 ? PND_EXIT_USAGE : show(&session);
    fini(&session);
    return code;
}

static enum pnd_exit show(struct session *session)
{
    struct pnd_judgement judgement = {0};
    if (pnd_result_outputs_begin(session->options, "input", &session->outputs) < 0)
        return PND_EXIT_USAGE;
    if (print(session) < 0 ||
        pnd_result_outputs_end(&session->outputs, session->results, session->count) < 0)
        return PND_EXIT_UNREACHABLE;
    for (size_t index = 0; index < session->count; index++)
        pnd_judge_add(&judgement, session->results[index].outcomes,
                      session->results[index].outcome_count);
    return pnd_judge_exit(&judgement);
}

static int print(const struct session *session)
{
    int status = 0;
    for (size_t index = 0; status == 0 && index < session->count; index++) {
        struct pnd_summary summary = {
            .outcomes = session->results[index].outcomes,
            .outcome_count = session->results[index].outcome_count,
            .stream = pnd_result_outputs_is_stdout(&session->outputs) ? stderr : stdout,
            .quiet = session->options->quiet,
        };
        if (summary.outcome_count > 0)
            status = pnd_summary_print(&summary);
    }
    return status;
}

static void fini(struct session *session)
{
    pnd_result_outputs_abandon(&session->outputs);
    for (size_t index = 0; index < session->count; index++)
        pnd_results_read_fini(&session->reads[index]);
    free(session->reads);
    free(session->results);
}
