/*
 * act.c - a run's process that behaves well or badly, as its workload is named.
 */
#include "act.h"

#include "inflow.h"
#include "messages.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REQUEST_BYTES = 1 << 20, CHECK_COUNT = 16, TEXT_BYTES = 4096 };

static void write_all(const void *bytes, size_t byte_count)
{
    const uint8_t *at = bytes;
    while (byte_count > 0) {
        ssize_t count = write(STDOUT_FILENO, at, byte_count);
        if (count < 0)
            _exit(9);
        at += count;
        byte_count -= (size_t)count;
    }
}

static void write_frame(const void *bytes, size_t byte_count)
{
    uint8_t header[PND_INFLOW_HEADER_BYTES];
    pnd_inflow_format_header((uint32_t)byte_count, header);
    write_all(header, sizeof header);
    write_all(bytes, byte_count);
}

static void write_event(const Pendio__Event *event)
{
    uint8_t *packed = NULL;
    size_t byte_count = 0;
    if (pnd_message_pack(&event->base, &packed, &byte_count) < 0)
        _exit(9);
    write_frame(packed, byte_count);
    free(packed);
}

static void tell_progress(void)
{
    Pendio__Progress progress = PENDIO__PROGRESS__INIT;
    Pendio__Event event = PENDIO__EVENT__INIT;
    progress.operations = ACT_OPERATION_COUNT;
    progress.operations_expected = (uint64_t)getpid();
    event.body_case = PENDIO__EVENT__BODY_PROGRESS;
    event.progress = &progress;
    write_event(&event);
}

static void tell_stats(void)
{
    Pendio__Stats stats = PENDIO__STATS__INIT;
    Pendio__Event event = PENDIO__EVENT__INIT;
    stats.started = ACT_OPERATION_COUNT;
    stats.pending = ACT_OPERATION_COUNT;
    stats.delivered = ACT_OPERATION_COUNT - 1;
    event.body_case = PENDIO__EVENT__BODY_STATS;
    event.stats = &stats;
    write_event(&event);
}

static void tell_report(Pendio__Report *report)
{
    Pendio__Event event = PENDIO__EVENT__INIT;
    report->operations = ACT_OPERATION_COUNT;
    event.body_case = PENDIO__EVENT__BODY_REPORT;
    event.report = report;
    write_event(&event);
}

static void tell_verdict(Pendio__Verdict verdict, const char *reason)
{
    char text[TEXT_BYTES];
    Pendio__Report report = PENDIO__REPORT__INIT;
    (void)snprintf(text, sizeof text, "%s", reason);
    report.verdict = verdict;
    report.reason = text;
    tell_report(&report);
}

static int act_report(void)
{
    tell_progress();
    tell_stats();
    tell_verdict(PENDIO__VERDICT__PASSED, "");
    return 0;
}

static int act_fail(void)
{
    tell_verdict(PENDIO__VERDICT__FAILED, "as wished");
    return 1;
}

static int act_hang(void)
{
    tell_progress();
    while (pause() < 0) {
    }
    return 0;
}

static int act_deaf(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    return act_hang();
}

static int act_abort(void)
{
    tell_stats();
    (void)fputs("first\nthe last of it\n\n", stderr);
    abort();
}

static int act_leave(void)
{
    return 3;
}

static int act_contradict(void)
{
    tell_verdict(PENDIO__VERDICT__PASSED, "");
    return 1;
}

static int act_linger(void)
{
    tell_verdict(PENDIO__VERDICT__PASSED, "");
    return act_hang();
}

static int act_noise(void)
{
    write_frame("hello, world", 12);
    return act_hang();
}

static int act_empty(void)
{
    write_frame("", 0);
    return act_hang();
}

static int act_long(void)
{
    write_all("\xFF\xFF\xFF\x7F", 4);
    return act_hang();
}

static int act_twice(void)
{
    tell_verdict(PENDIO__VERDICT__PASSED, "");
    tell_verdict(PENDIO__VERDICT__PASSED, "");
    return act_hang();
}

static int act_cut(void)
{
    write_all("\x10\x00\x00\x00\x08", 5);
    return 0;
}

static int act_chatter(void)
{
    for (int i = 0; i < 100000; i++)
        (void)fprintf(stderr, "line %d of many\n", i);
    return act_report();
}

static int act_litter(void)
{
    const char *directory = getenv("PENDIO_RUN_DIRECTORY");
    (void)mkdir("below", S_IRWXU);
    (void)mkdir("below/further", S_IRWXU);
    (void)symlink("/etc", "below/link");
    int file = open("below/further/file", O_CREAT | O_WRONLY, S_IRUSR);
    if (file >= 0)
        (void)close(file);
    tell_verdict(PENDIO__VERDICT__FAILED, directory);
    return 1;
}

static int act_fork(void)
{
    pid_t process = fork();
    if (process == 0)
        return act_hang();
    Pendio__Report report = PENDIO__REPORT__INIT;
    report.verdict = PENDIO__VERDICT__PASSED;
    report.deliveries = (uint64_t)process;
    tell_report(&report);
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * What a process sees of itself
 * --------------------------------------------------------------------------------------------- */

struct look {
    Pendio__Check checks[CHECK_COUNT];
    Pendio__Check *list[CHECK_COUNT];
    size_t count;
};

static void see(struct look *look, const char *name, const char *expected, const char *seen)
{
    Pendio__Check *check = &look->checks[look->count];
    *check = (Pendio__Check)PENDIO__CHECK__INIT;
    check->name = strdup(name);
    check->expected = strdup(expected);
    check->seen = strdup(seen != NULL ? seen : "nothing");
    check->verdict = strcmp(check->expected, check->seen) == 0 ? PENDIO__VERDICT__PASSED
                                                               : PENDIO__VERDICT__FAILED;
    look->list[look->count++] = check;
}

static void see_number(struct look *look, const char *name, long expected, long seen)
{
    char texts[2][32];
    (void)snprintf(texts[0], sizeof texts[0], "%ld", expected);
    (void)snprintf(texts[1], sizeof texts[1], "%ld", seen);
    see(look, name, texts[0], texts[1]);
}

static void see_descriptors(struct look *look)
{
    char seen[TEXT_BYTES] = "";
    DIR *directory = opendir("/proc/self/fd");
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) {
        long number = strtol(entry->d_name, NULL, 10);
        if (entry->d_name[0] == '.' || number == dirfd(directory))
            continue;
        (void)strncat(seen, entry->d_name, sizeof seen - strlen(seen) - 2);
        (void)strncat(seen, " ", sizeof seen - strlen(seen) - 1);
    }
    (void)closedir(directory);
    see(look, "descriptors", "0 1 2 ", seen);
}

static long signals_held(void)
{
    sigset_t set;
    long count = 0;
    (void)sigprocmask(SIG_BLOCK, NULL, &set);
    for (int i = 1; i < NSIG; i++)
        count += sigismember(&set, i) == 1;
    return count;
}

static long limit_of(int resource)
{
    struct rlimit limits = {0};
    (void)getrlimit((__rlimit_resource_t)resource, &limits);
    return limits.rlim_cur == limits.rlim_max ? (long)limits.rlim_cur : -1;
}

static int act_look(void)
{
    static struct look look;
    char directory[PATH_MAX];
    struct stat state = {0};
    struct sigaction pipe_action;
    (void)sigaction(SIGPIPE, NULL, &pipe_action);
    (void)stat(".", &state);
    see(&look, "features", "-buffer_ring", getenv("PENDIO_FEATURES"));
    see(&look, "backend", "uring", getenv("PENDIO_BACKEND"));
    see(&look, "working directory", getcwd(directory, sizeof directory),
        getenv("PENDIO_RUN_DIRECTORY"));
    see_number(&look, "mode of the directory", S_IRWXU, (long)(state.st_mode & 07777));
    see_number(&look, "process group", getpid(), getpgrp());
    see_number(&look, "core files", 0, limit_of(RLIMIT_CORE));
    see_number(&look, "descriptor limit", 100, limit_of(RLIMIT_NOFILE));
    see_number(&look, "file limit", 1000, limit_of(RLIMIT_FSIZE));
    see_number(&look, "processor limit", 60 * sysconf(_SC_NPROCESSORS_ONLN) + 5,
               limit_of(RLIMIT_CPU));
    see_number(&look, "new privileges", 1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    see_number(&look, "signals held", 0, signals_held());
    see_number(&look, "SIGPIPE ignored", 0, pipe_action.sa_handler == SIG_IGN);
    see_descriptors(&look);

    Pendio__Report report = PENDIO__REPORT__INIT;
    report.verdict = PENDIO__VERDICT__PASSED;
    report.checks = look.list;
    report.n_checks = look.count;
    tell_report(&report);
    return 0;
}

static void tell_happened(bool ready, const char *name)
{
    char text[TEXT_BYTES];
    char *names[] = {text};
    Pendio__Happened happened = PENDIO__HAPPENED__INIT;
    Pendio__Event event = PENDIO__EVENT__INIT;
    (void)snprintf(text, sizeof text, "%s", name != NULL ? name : "");
    happened.ready = ready;
    happened.n_signals = name != NULL;
    happened.signals = names;
    event.body_case = PENDIO__EVENT__BODY_HAPPENED;
    event.happened = &happened;
    write_event(&event);
}

/* One place of several: what it is told it says itself, until it is told "end". */
static int act_place(void)
{
    struct pnd_inflow reader = {0};
    const uint8_t *bytes = NULL;
    size_t byte_count = 0;
    bool ends = false;
    tell_happened(true, NULL);
    while (!ends &&
           pnd_inflow_read(&reader, STDIN_FILENO, REQUEST_BYTES, &bytes, &byte_count) == 1) {
        ProtobufCMessage *message = NULL;
        struct pnd_message_error error;
        if (pnd_message_unpack(&pendio__tell_request__descriptor, bytes, byte_count, NULL, &message,
                               &error) < 0)
            return 9;
        const Pendio__TellRequest *told = (const Pendio__TellRequest *)message;
        if (told->begin)
            tell_happened(false, "begun");
        for (size_t i = 0; i < told->n_signals; i++)
            tell_happened(false, told->signals[i]);
        ends = told->n_signals > 0 && strcmp(told->signals[0], "end") == 0;
        pnd_message_free(message);
    }
    tell_verdict(ends ? PENDIO__VERDICT__PASSED : PENDIO__VERDICT__FAILED, "");
    return ends ? 0 : 1;
}

/* Little is said, in fields that nobody knows there is much. */
static int act_padding(void)
{
    static uint8_t bytes[200000];
    ProtobufCMessageUnknownField field = {.tag = 1000,
                                          .wire_type = PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED};
    Pendio__Happened happened = PENDIO__HAPPENED__INIT;
    Pendio__Event event = PENDIO__EVENT__INIT;
    bytes[0] = 0x80 | (sizeof bytes - 3) % 128; /* how many follow */
    bytes[1] = 0x80 | (sizeof bytes - 3) / 128 % 128;
    bytes[2] = (sizeof bytes - 3) / 128 / 128;
    field.data = bytes;
    field.len = sizeof bytes;
    happened.base.unknown_fields = &field;
    happened.base.n_unknown_fields = 1;
    event.body_case = PENDIO__EVENT__BODY_HAPPENED;
    event.happened = &happened;
    for (int i = 0; i < 10; i++)
        write_event(&event);
    return act_report();
}

/* More than any plan allows. */
static int act_gossip(void)
{
    for (int i = 0; i < 2000; i++)
        tell_happened(false, "x");
    return act_report();
}

/* ------------------------------------------------------------------------------------------------
 * Being told what to do
 * --------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int (*act)(void);
} acts[] = {
    {"act/report", act_report}, {"act/fail", act_fail},
    {"act/hang", act_hang},     {"act/deaf", act_deaf},
    {"act/abort", act_abort},   {"act/leave", act_leave},
    {"act/linger", act_linger}, {"act/contradict", act_contradict},
    {"act/noise", act_noise},   {"act/empty", act_empty},
    {"act/long", act_long},     {"act/twice", act_twice},
    {"act/cut", act_cut},       {"act/chatter", act_chatter},
    {"act/litter", act_litter}, {"act/fork", act_fork},
    {"act/look", act_look},     {"act/place", act_place},
    {"act/gossip", act_gossip}, {"act/padding", act_padding},
};

int act_main(void)
{
    struct pnd_inflow reader = {0};
    const uint8_t *bytes = NULL;
    size_t byte_count = 0;
    ProtobufCMessage *message = NULL;
    struct pnd_message_error error = {""};
    if (pnd_inflow_read(&reader, STDIN_FILENO, REQUEST_BYTES, &bytes, &byte_count) != 1 ||
        pnd_message_unpack(&pendio__submit_request__descriptor, bytes, byte_count, NULL, &message,
                           &error) < 0)
        _exit(9);
    const char *name = ((Pendio__SubmitRequest *)message)->workload->name;
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(name, acts[i].name) == 0)
            _exit(acts[i].act()); /* leaks of this program are not what is tested */
    }
    _exit(9);
}
