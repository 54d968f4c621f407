/*
 * run.c - `pendio run`: replays workloads through the daemon and shows what became of them.
 *
 * Happy path:  read every workload -> open the outputs -> replay one after another -> table, JSON,
 *              JUnit, page -> the worst verdict is the exit code.
 * Failures:    an unreadable workload stops it before anything runs; a daemon that goes stops it
 *              after showing what has run until then, without writing results.
 */
#include "command.h"
#include "conduct.h"
#include "environment.h"
#include "input.h"
#include "interrupt.h"
#include "judge.h"
#include "replay.h"
#include "result_outputs.h"
#include "say.h"
#include "summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct session {
    const struct pnd_options *options;
    int count;
    Pendio__Workload **workloads;
    struct pnd_outcome *outcomes;
    int outcome_count; /* how many have become of the workloads */
    struct pnd_result_outputs outputs;
    struct pnd_daemon daemons[PND_OPTION_URL_COUNT];
};

static enum pnd_exit run_session(struct session *session);
static enum pnd_exit read_workloads(struct session *session);
static int open_daemons(struct session *session);
static int replay_all(struct session *session);
static int replay_one(struct session *session, int index, const char *name,
                      struct pnd_progress *progress);
static enum pnd_exit show(struct session *session);
static int write_outputs(struct session *session);
static enum pnd_exit judge(const struct session *session);
static void fini(struct session *session);

enum pnd_exit pnd_command_run(const struct pnd_options *options)
{
    struct session session = {.options = options, .count = options->file_count};
    session.workloads = calloc((size_t)session.count, sizeof(Pendio__Workload *));
    session.outcomes = calloc((size_t)session.count, sizeof(struct pnd_outcome));

    enum pnd_exit code = PND_EXIT_UNREACHABLE;
    if (session.workloads != NULL && session.outcomes != NULL)
        code = run_session(&session);
    else
        pnd_say_error("no memory for %d workloads; name fewer", session.count);
    fini(&session);
    return code;
}

static enum pnd_exit run_session(struct session *session)
{
    enum pnd_exit code = read_workloads(session);
    if (code != PND_EXIT_OK)
        return code;
    if (pnd_result_outputs_begin(session->options, "workload", &session->outputs) < 0)
        return PND_EXIT_USAGE;
    int status = open_daemons(session);
    if (status < 0)
        return pnd_daemon_exit(status);

    status = replay_all(session);
    if (status == -EINTR)
        return PND_EXIT_UNREACHABLE; /* main() knows the signal, and answers that */
    code = show(session);
    return status < 0 ? pnd_daemon_exit(status) : code;
}

/* All of them, so that one call shows everything that is wrong. */
static enum pnd_exit read_workloads(struct session *session)
{
    enum pnd_exit code = PND_EXIT_OK;
    for (int index = 0; index < session->count; index++) {
        int status =
            pnd_input_read_workload(session->options->files[index], &session->workloads[index]);
        if (status < 0)
            code = PND_EXIT_USAGE;
        if (pnd_interrupt_signal() != 0)
            break;
    }
    return code;
}

static int open_daemons(struct session *session)
{
    int status = pnd_daemon_open(session->options, &session->daemons[0]);
    for (int index = 1; status == 0 && index < session->options->url_count; index++)
        status = pnd_daemon_open_each(session->options, index, &session->daemons[index]);
    return status;
}

static int replay_all(struct session *session)
{
    struct pnd_progress progress;
    pnd_progress_begin(&progress, session->count, !session->options->quiet);

    int status = 0;
    for (int index = 0; status == 0 && index < session->count; index++) {
        const char *name = pnd_input_name(session->options->files[index]);
        const char *title = session->workloads[index]->name;
        pnd_progress_next(&progress, index, title[0] != '\0' ? title : name);
        status = replay_one(session, index, name, &progress);
        session->outcome_count += status == 0;
    }
    pnd_progress_end(&progress);
    return status;
}

static int replay_one(struct session *session, int index, const char *name,
                      struct pnd_progress *progress)
{
    const struct pnd_replay replay = {
        .daemon = session->daemons, .options = session->options, .progress = progress};
    const struct pnd_conduct conduct = {
        .daemons = session->daemons, .options = session->options, .progress = progress};
    if (session->options->url_count > 1)
        return pnd_conduct_workload(&conduct, name, session->workloads[index],
                                    &session->outcomes[index]);
    return pnd_replay_workload(&replay, name, session->workloads[index], &session->outcomes[index]);
}

static enum pnd_exit show(struct session *session)
{
    struct pnd_summary summary = {
        .outcomes = session->outcomes,
        .outcome_count = (size_t)session->outcome_count,
        .stream = pnd_result_outputs_is_stdout(&session->outputs) ? stderr : stdout,
        .quiet = session->options->quiet,
    };
    int status = session->outcome_count > 0 ? pnd_summary_print(&summary) : 0;
    if (status == 0 && session->outcome_count == session->count)
        status = write_outputs(session);
    return status < 0 ? PND_EXIT_UNREACHABLE : judge(session);
}

static int write_outputs(struct session *session)
{
    struct pnd_results results = {.outcomes = session->outcomes,
                                  .outcome_count = (size_t)session->count};
    size_t daemon_count = session->options->url_count > 1 ? (size_t)session->options->url_count : 1;
    pnd_environment_init(&results.environment, session->daemons, daemon_count, session->outcomes,
                         results.outcome_count);
    return pnd_result_outputs_end(&session->outputs, &results, 1);
}

/* What did not run counts among none. */
static enum pnd_exit judge(const struct session *session)
{
    struct pnd_judgement judgement = {0};
    pnd_judge_add(&judgement, session->outcomes, (size_t)session->outcome_count);
    judgement.outcome_count = (size_t)session->count;
    return pnd_judge_exit(&judgement);
}

static void fini(struct session *session)
{
    pnd_result_outputs_abandon(&session->outputs);
    for (int index = 0; index < session->outcome_count; index++)
        pnd_outcome_fini(&session->outcomes[index]);
    for (int index = 0; session->workloads != NULL && index < session->count; index++)
        pnd_message_free((ProtobufCMessage *)session->workloads[index]);
    free(session->outcomes);
    free(session->workloads);
}
