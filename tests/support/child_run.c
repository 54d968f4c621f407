/*
 * child_run.c - runs the child of a run on a workload in JSON, as the daemon would.
 *
 * Happy path:  pipes -> fork -> private directory -> pnd_child_main; the parent writes the request
 *              and reads events until the child ends.
 * Failures:    bad JSON is told; a child that dies leaves a run without a report.
 */
#include "child_run.h"

#include "child.h"
#include "frame.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EVENT_LIMIT_BYTES = 16 << 20 };

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

/* The child: a directory of its own, then the same as the daemon's. */
static _Noreturn void be_child(int input, int output, const char *directory)
{
    if (chdir(directory) < 0)
        _exit(3);
    exit(pnd_child_main(input, output));
}

static void take_event(struct child_run *run, ProtobufCMessage *message)
{
    const Pendio__Event *event = (const Pendio__Event *)message;
    if (event->body_case == PENDIO__EVENT__BODY_REPORT) {
        pnd_message_free(run->event);
        run->event = message;
        run->report = event->report;
        run->report_count++;
        return;
    }
    run->progress_count += event->body_case == PENDIO__EVENT__BODY_PROGRESS ? 1 : 0;
    if (event->body_case == PENDIO__EVENT__BODY_PROGRESS)
        run->is_dying = event->progress->dying;
    run->stats_count += event->body_case == PENDIO__EVENT__BODY_STATS ? 1 : 0;
    pnd_message_free(message);
}

static void read_events(int events, struct child_run *run)
{
    uint8_t *bytes = NULL;
    size_t byte_count = 0;
    while (pnd_frame_read(events, EVENT_LIMIT_BYTES, &bytes, &byte_count) == 0) {
        struct pnd_message_error error;
        ProtobufCMessage *message = NULL;
        if (pnd_message_unpack(&pendio__event__descriptor, bytes, byte_count, NULL, &message,
                               &error) == 0)
            take_event(run, message);
        free(bytes);
    }
}

static int wait_for(pid_t process)
{
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_in(const char *directory, const void *bytes, size_t byte_count,
                  struct child_run *run)
{
    int request[2];
    int events[2];
    if (pipe(request) < 0 || pipe(events) < 0)
        return -errno;
    fflush(NULL);
    pid_t process = fork();
    if (process < 0)
        return -errno;
    if (process == 0) {
        close(request[1]);
        close(events[0]);
        be_child(request[0], events[1], directory);
    }
    close(request[0]);
    close(events[1]);
    (void)signal(SIGPIPE, SIG_IGN); /* a child that cannot begin reads nothing, and says why */
    if (write(request[1], bytes, byte_count) != (ssize_t)byte_count && errno != EPIPE)
        kill(process, SIGKILL);
    close(request[1]);
    read_events(events[0], run);
    close(events[0]);
    run->exit_status = wait_for(process);
    return 0;
}

int child_run_bytes(const void *bytes, size_t byte_count, struct child_run *ret_run)
{
    char directory[] = "/tmp/pendio-test-XXXXXX";
    memset(ret_run, 0, sizeof *ret_run);
    if (mkdtemp(directory) == NULL)
        return -errno;
    int status = run_in(directory, bytes, byte_count, ret_run);
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return status;
}

static int run_workload(Pendio__Workload *workload, const char *subject, struct child_run *ret_run)
{
    Pendio__SubmitRequest request = PENDIO__SUBMIT_REQUEST__INIT;
    uint8_t *frame = NULL;
    size_t byte_count = 0;
    request.workload = workload;
    request.subject = (char *)subject;
    int status = pnd_frame_pack(&request.base, &frame, &byte_count);
    if (status < 0)
        return status;
    status = child_run_bytes(frame, byte_count, ret_run);
    ret_run->to_crash =
        workload->expect != NULL && workload->expect->verdict == PENDIO__VERDICT__CRASHED;
    free(frame);
    return status;
}

int child_run_text_with(const char *subject, const char *json, const char *name,
                        struct child_run *ret_run, struct pnd_message_error *error)
{
    ProtobufCMessage *workload = NULL;
    int status = pnd_message_from_json(&pendio__workload__descriptor, json, strlen(json), name,
                                       NULL, &workload, error);
    if (status < 0)
        return -EINVAL;
    status = run_workload((Pendio__Workload *)workload, subject, ret_run);
    pnd_message_free(workload);
    return status;
}

int child_run_text(const char *json, const char *name, struct child_run *ret_run,
                   struct pnd_message_error *error)
{
    return child_run_text_with("", json, name, ret_run, error);
}

int child_run_file(const char *path, struct child_run *ret_run, struct pnd_message_error *error)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        snprintf(error->text, sizeof error->text, "%.300s: %s", path, strerror(errno));
        return -EINVAL;
    }
    size_t byte_count = fread(text, 1, sizeof text - 1, file);
    text[byte_count] = '\0';
    fclose(file);
    return child_run_text(text, path, ret_run, error);
}

void child_run_fini(struct child_run *run)
{
    pnd_message_free(run->event);
    memset(run, 0, sizeof *run);
}

const Pendio__Check *child_run_check(const struct child_run *run, const char *name)
{
    for (size_t i = 0; run->report != NULL && i < run->report->n_checks; i++)
        if (strcmp(run->report->checks[i]->name, name) == 0)
            return run->report->checks[i];
    return NULL;
}

void child_run_must_report(struct child_run *run, const char *json)
{
    struct pnd_message_error error;
    child_run_fini(run);
    ck_assert_msg(child_run_text(json, "test", run, &error) == 0, "%s", error.text);
    ck_assert_msg(run->report != NULL, "no report, exit status %d", run->exit_status);
}

void child_run_must_end(struct child_run *run, const char *json, Pendio__Verdict verdict,
                        const char *words)
{
    child_run_must_report(run, json);
    ck_assert_msg(run->report->verdict == verdict, "verdict %d: %s", (int)run->report->verdict,
                  run->report->reason);
    ck_assert_msg(strstr(run->report->reason, words) != NULL, "no \"%s\" in: %s", words,
                  run->report->reason);
}
