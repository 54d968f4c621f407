/*
 * child_run.h - runs the child of a run on a workload in JSON, as the daemon would.
 *
 * The workload's file is packed into a SubmitRequest and goes over a pipe into a forked process
 * that works in a private directory; the events come back over another.
 */
#ifndef PND_CHILD_RUN_H
#define PND_CHILD_RUN_H

#include "messages.h"

#include <stdbool.h>
#include <stdint.h>

struct child_run {
    ProtobufCMessage *event; /* holds the report; NULL when none came */
    const Pendio__Report *report;
    uint64_t progress_count;
    uint64_t stats_count;
    uint64_t report_count;
    int exit_status; /* of the process; -1: killed */
    bool to_crash;   /* as its workload expects */
    bool is_dying;   /* as its last progress says */
};

/* Runs the text of a workload. Returns 0, or -EINVAL with `error` filled. */
int child_run_text(const char *json, const char *name, struct child_run *ret_run,
                   struct pnd_message_error *error);

/* The same for a file. */
int child_run_file(const char *path, struct child_run *ret_run, struct pnd_message_error *error);

/* A text with another subject than libpendio: a program for the subject protocol. */
int child_run_text_with(const char *subject, const char *json, const char *name,
                        struct child_run *ret_run, struct pnd_message_error *error);

/* Sends raw bytes instead of a request. */
int child_run_bytes(const void *bytes, size_t byte_count, struct child_run *ret_run);

void child_run_fini(struct child_run *run);

/* Forgets the run before, runs the text, and fails the test unless there is a report. */
void child_run_must_report(struct child_run *run, const char *json);

/* The same, and fails the test unless it ends so, with these words in its reason. */
void child_run_must_end(struct child_run *run, const char *json, Pendio__Verdict verdict,
                        const char *words);

/* The check of the report named so, or NULL. */
const Pendio__Check *child_run_check(const struct child_run *run, const char *name);

#endif
