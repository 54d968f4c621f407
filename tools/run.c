/*
 * run.c - `pendio run`: replays workloads through the daemon and shows what became of them.
 *
 * Happy path:  read every workload -> open the outputs -> replay one after another -> table, JSON,
 *              JUnit -> the worst verdict is the exit code.
 * Failures:    an unreadable workload stops it before anything runs; a daemon that goes stops it
 *              after showing what has run until then, without writing results.
 */
#include "command.h"
#include "environment.h"
#include "input.h"
#include "interrupt.h"
#include "junit.h"
#include "output.h"
#include "replay.h"
#include "results.h"
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
    struct pnd_output json;
    struct pnd_output junit;
    struct pnd_daemon daemon;
};

static enum pnd_exit run_session(struct session *session);
static enum pnd_exit read_workloads(struct session *session);
static int open_outputs(struct session *session);
static int replay_all(struct session *session);
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
    if (open_outputs(session) < 0)
        return PND_EXIT_USAGE;
    int status = pnd_daemon_open(session->options, &session->daemon);
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

/* Before anything runs: an output that cannot be written must not cost the runs. */
static int open_outputs(struct session *session)
{
    int status = pnd_output_begin(session->options->json, &session->json);
    if (status == 0)
        status = pnd_output_begin(session->options->junit, &session->junit);
    if (status == 0 && session->json.stream != NULL &&
        session->json.stream == session->junit.stream) {
        pnd_say_error("--json and --junit cannot both go to stdout; name a file for one");
        status = -EINVAL;
    }
    return status;
}

static int replay_all(struct session *session)
{
    struct pnd_progress progress;
    pnd_progress_begin(&progress, session->count, !session->options->quiet);
    const struct pnd_replay replay = {
        .daemon = &session->daemon, .options = session->options, .progress = &progress};

    int status = 0;
    for (int index = 0; status == 0 && index < session->count; index++) {
        const char *name = pnd_input_name(session->options->files[index]);
        const char *title = session->workloads[index]->name;
        pnd_progress_next(&progress, index, title[0] != '\0' ? title : name);
        status = pnd_replay_workload(&replay, name, session->workloads[index],
                                     &session->outcomes[index]);
        session->outcome_count += status == 0;
    }
    pnd_progress_end(&progress);
    return status;
}

static enum pnd_exit show(struct session *session)
{
    bool stdout_taken =
        pnd_output_is_stdout(&session->json) || pnd_output_is_stdout(&session->junit);
    struct pnd_summary summary = {
        .outcomes = session->outcomes,
        .outcome_count = (size_t)session->outcome_count,
        .stream = stdout_taken ? stderr : stdout,
        .quiet = session->options->quiet,
    };
    int status = session->outcome_count > 0 ? pnd_summary_print(&summary) : 0;
    if (status == 0 && session->outcome_count == session->count)
        status = write_outputs(session);
    return status < 0 ? PND_EXIT_UNREACHABLE : judge(session);
}

static int write_outputs(struct session *session)
{
    struct pnd_environment environment;
    pnd_environment_init(&environment, &session->daemon, session->outcomes, (size_t)session->count);
    int status = 0;
    if (session->json.stream != NULL)
        status = pnd_results_write(&environment, session->outcomes, (size_t)session->count,
                                   session->json.stream);
    if (status < 0)
        return pnd_output_fail(&session->json, status);
    if (session->junit.stream != NULL)
        status = pnd_junit_write(&environment, session->outcomes, (size_t)session->count,
                                 session->junit.stream);
    if (status < 0)
        return pnd_output_fail(&session->junit, status);

    status = pnd_output_end(&session->json);
    return status < 0 ? status : pnd_output_end(&session->junit);
}

/* Failed before invalid before skipped. */
static enum pnd_exit judge(const struct session *session)
{
    int counts[PENDIO__VERDICT__SKIPPED + 1] = {0};
    for (int index = 0; index < session->outcome_count; index++)
        counts[session->outcomes[index].verdict]++;

    if (counts[PENDIO__VERDICT__FAILED] + counts[PENDIO__VERDICT__CRASHED] > 0)
        return PND_EXIT_FAILED;
    if (counts[PENDIO__VERDICT__INVALID] > 0)
        return PND_EXIT_USAGE;
    if (counts[PENDIO__VERDICT__SKIPPED] == session->count)
        return PND_EXIT_SKIPPED;
    return PND_EXIT_OK;
}

static void fini(struct session *session)
{
    pnd_output_abandon(&session->json);
    pnd_output_abandon(&session->junit);
    for (int index = 0; index < session->outcome_count; index++)
        pnd_outcome_fini(&session->outcomes[index]);
    for (int index = 0; session->workloads != NULL && index < session->count; index++)
        pnd_message_free((ProtobufCMessage *)session->workloads[index]);
    free(session->outcomes);
    free(session->workloads);
}
