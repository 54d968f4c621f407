/*
 * daemon.c - one thread, three descriptors: requests, runs, signals.
 *
 * Happy path:  place -> link -> say so -> turn (requests answered, runs looked after) until a
 *              signal asks for the end -> runs ended, requests still answered -> sockets removed.
 * Failures:    before it is ready: one line, exit 2 or 3. Afterwards only the loss of its own
 *              descriptors ends it.
 */
#include "daemon.h"

#include "complain.h"
#include "dispatch.h"
#include "link.h"
#include "notify.h"
#include "scratch.h"
#include "stats_files.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    EXIT_DONE = 0,
    EXIT_INVALID = 2,
    EXIT_NOT_STARTED = 3,
    REQUEST_COUNT = 16,         /* answered before the runs are looked after */
    DESCRIPTOR_CEILING = 65536, /* more is asked of nobody */
    LINGER_MS = 100,            /* at the end, for one more request */
    LINGER_S = 2,               /* for all of them */
};

static const char local_scheme[] = "ipc://"; /* nobody elsewhere can reach it */

enum { REQUESTS, RUNS, SIGNALS, WATCHED_COUNT };

struct daemon {
    struct pnd_place place;
    struct pnd_credentials credentials;
    struct pnd_audit audit;
    struct pnd_link *link;
    struct pnd_store *store;
    struct pnd_supervisor *supervisor;
    struct pnd_stats_files *stats_files; /* NULL: none wanted */
    struct pnd_dispatch dispatch;
    int signals;
};

static void prepare_process(void);
static void raise_descriptor_limit(void);
static int start(struct daemon *daemon, const struct pnd_daemon_options *options,
                 struct pnd_message_error *error);
static int check_credentials(const struct daemon *daemon, const struct pnd_credential_files *files,
                             struct pnd_message_error *error);
static int take_signals(int *ret_descriptor);
static void lower_limits(struct pnd_plan_limits *limits, const struct pnd_plan_limits *options);
static uint64_t lower_of(uint64_t built_in, uint64_t option);
static int start_runs(struct daemon *daemon, const struct pnd_daemon_options *options,
                      struct pnd_message_error *error);
static bool take_signal(const struct daemon *daemon);
static void serve(struct daemon *daemon);
static bool turn(struct daemon *daemon, struct pollfd *watched);
static void answer_requests(struct daemon *daemon);
static void publish(void *state, const Pendio__Event *event);
static bool end_runs(struct daemon *daemon, struct pollfd *watched);
static void end_answers(struct daemon *daemon, struct pollfd *requests);
static void stop(struct daemon *daemon);

int pnd_daemon_serve(const struct pnd_daemon_options *options)
{
    struct daemon daemon = {.place.lock = -1, .signals = -1};
    struct pnd_message_error error;
    prepare_process();
    int status = start(&daemon, options, &error);
    if (status == 0) {
        if (!options->quiet) {
            (void)printf("pendiod " PENDIO_VERSION_TEXT " listens on %s\n", daemon.place.url);
            (void)fflush(stdout);
        }
        pnd_notify("READY=1");
        serve(&daemon);
    } else {
        (void)fprintf(stderr, "pendiod: %s\n", error.text);
    }
    stop(&daemon);
    if (status < 0)
        return status == -EINVAL ? EXIT_INVALID : EXIT_NOT_STARTED;
    return EXIT_DONE;
}

/* ------------------------------------------------------------------------------------------------
 * Starting
 * --------------------------------------------------------------------------------------------- */

/* A peer or child that goes away is an answer to a call, not the end of the daemon. */
static void prepare_process(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(S_IRWXG | S_IRWXO);
    raise_descriptor_limit();
}

/* Whoever starts us is used to few; a run may have thousands of connections. */
static void raise_descriptor_limit(void)
{
    struct rlimit limits;
    if (getrlimit(RLIMIT_NOFILE, &limits) < 0)
        return;
    rlim_t wanted = limits.rlim_max < DESCRIPTOR_CEILING ? limits.rlim_max : DESCRIPTOR_CEILING;
    if (limits.rlim_cur >= wanted)
        return;
    limits.rlim_cur = wanted;
    (void)setrlimit(RLIMIT_NOFILE, &limits);
}

/* Better said now than by every run. What a daemon before this one left is removed. */
static int check_scratch(struct pnd_message_error *error)
{
    struct pnd_scratch scratch;
    int status = pnd_scratch_create(&scratch);
    if (status < 0)
        return pnd_complain(error, status == -EINVAL ? -EIO : status,
                            "cannot make a directory below %s: %s; set TMPDIR to one that can be "
                            "written",
                            pnd_scratch_base(), strerror(-status));
    pnd_scratch_destroy(&scratch);
    pnd_scratch_sweep();
    return 0;
}

/* What was started before a failure is for stop() to end. */
static int start(struct daemon *daemon, const struct pnd_daemon_options *options,
                 struct pnd_message_error *error)
{
    int status = take_signals(&daemon->signals); /* before nng's threads, which inherit the mask */
    if (status < 0)
        return pnd_complain(error, -EIO, "cannot start: %s", strerror(-status));
    status = pnd_credentials_read(&options->credentials, &daemon->credentials, error);
    if (status == 0)
        status = pnd_audit_init(&daemon->audit, options->audit_path, error);
    if (status == 0)
        status = start_runs(daemon, options, error);
    if (status == 0)
        status = check_scratch(error);
    if (status == 0 && options->stats_directory != NULL)
        status = pnd_stats_files_create(options->stats_directory, &daemon->stats_files, error);
    if (status == 0)
        status = pnd_place_take(options->url, &daemon->place, error);
    daemon->dispatch.is_local = strncmp(daemon->place.url, local_scheme, strlen(local_scheme)) == 0;
    if (status == 0)
        status = check_credentials(daemon, &options->credentials, error);
    if (status == 0)
        status = pnd_link_create(&daemon->place, &daemon->credentials, &daemon->link, error);
    return status;
}

/* A port that asks nobody who it is, where somebody meant it to, must not be. */
static int check_credentials(const struct daemon *daemon, const struct pnd_credential_files *files,
                             struct pnd_message_error *error)
{
    bool given = daemon->credentials.certificate != NULL;
    int status = given && daemon->place.is_secure ? pnd_link_prove(&daemon->credentials) : 0;
    if (status < 0)
        return pnd_complain(error, status,
                            "cannot listen on %s: the key in %s is not that of the certificate in "
                            "%s; name the two that belong together",
                            daemon->place.url, files->key, files->certificate);
    if (given == daemon->place.is_secure)
        return 0;
    return pnd_complain(error, -EINVAL,
                        given ? "cannot listen on %s: certificates are of use to tls+tcp:// only; "
                                "leave them out, or choose that"
                              : "cannot listen on %s: it needs --tls-certificate, --tls-key and "
                                "--tls-authority, so that both ends can prove who they are",
                        daemon->place.url);
}

static int take_signals(int *ret_descriptor)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    int descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    *ret_descriptor = descriptor;
    return 0;
}

static int start_runs(struct daemon *daemon, const struct pnd_daemon_options *options,
                      struct pnd_message_error *error)
{
    struct pnd_keep *keep = NULL;
    int status = pnd_store_create(&daemon->store);
    if (status < 0)
        return pnd_complain(error, status, "cannot start: %s", strerror(-status));
    if (options->keep_directory != NULL)
        status = pnd_keep_create(options->keep_directory, &keep, error);
    if (status < 0)
        return status;
    if (keep != NULL)
        pnd_store_keep(daemon->store, keep);
    const struct pnd_supervisor_options supervisor = {
        .command = options->command,
        .running_count = options->run_limit,
        .store = daemon->store,
        .audit = &daemon->audit,
        .last_run = keep != NULL ? pnd_keep_last_run(keep) : 0,
        .listener = {.hear = publish, .state = daemon},
    };
    status = pnd_supervisor_create(&supervisor, &daemon->supervisor);
    if (status < 0)
        return pnd_complain(error, status == -EINVAL ? -EIO : status, "cannot start: %s",
                            strerror(-status));

    daemon->dispatch = (struct pnd_dispatch){
        .supervisor = daemon->supervisor,
        .store = daemon->store,
        .events_url = daemon->place.events_url,
        .run_limit = options->run_limit,
        .file_bytes = options->file_bytes,
    };
    pnd_plan_limits_init(&daemon->dispatch.limits);
    lower_limits(&daemon->dispatch.limits, &options->limits);
    return 0;
}

static void lower_limits(struct pnd_plan_limits *limits, const struct pnd_plan_limits *options)
{
    limits->context_count = lower_of(limits->context_count, options->context_count);
    limits->memory_bytes = lower_of(limits->memory_bytes, options->memory_bytes);
    limits->time_ms = lower_of(limits->time_ms, options->time_ms);
    limits->descriptor_count = lower_of(limits->descriptor_count, options->descriptor_count);
}

static uint64_t lower_of(uint64_t built_in, uint64_t option)
{
    return option > 0 && option < built_in ? option : built_in;
}

/* ------------------------------------------------------------------------------------------------
 * Serving
 * --------------------------------------------------------------------------------------------- */

static void serve(struct daemon *daemon)
{
    struct pollfd watched[WATCHED_COUNT] = {
        [REQUESTS] = {.fd = pnd_link_descriptor(daemon->link), .events = POLLIN},
        [RUNS] = {.fd = pnd_supervisor_descriptor(daemon->supervisor), .events = POLLIN},
        [SIGNALS] = {.fd = daemon->signals, .events = POLLIN},
    };
    while (turn(daemon, watched)) {
    }
    pnd_notify("STOPPING=1");
    daemon->dispatch.is_ending = true;
    if (end_runs(daemon, watched))
        end_answers(daemon, &watched[REQUESTS]);
}

/* One that has come since it was last looked. */
static bool take_signal(const struct daemon *daemon)
{
    struct signalfd_siginfo signal;
    return read(daemon->signals, &signal, sizeof signal) == (ssize_t)sizeof signal;
}

/* False once it is time to end. */
static bool turn(struct daemon *daemon, struct pollfd *watched)
{
    if (poll(watched, WATCHED_COUNT, pnd_link_patience_ms(daemon->link)) < 0)
        return errno == EINTR;
    pnd_link_mend(daemon->link);
    if (watched[SIGNALS].revents != 0)
        return !take_signal(daemon);
    if (watched[REQUESTS].revents != 0)
        answer_requests(daemon);
    if (watched[RUNS].revents != 0)
        pnd_supervisor_turn(daemon->supervisor);
    return true;
}

/* Without memory for a reply the client hears nothing, and asks again or gives up. */
static void answer_requests(struct daemon *daemon)
{
    char peer[PND_AUDIT_PEER_BYTES];
    const void *request = NULL;
    size_t request_bytes = 0;
    for (unsigned i = 0; i < REQUEST_COUNT; i++) {
        if (pnd_link_take(daemon->link, &request, &request_bytes) < 0)
            return;
        uint8_t *reply = NULL;
        size_t reply_bytes = 0;
        pnd_link_describe_peer(daemon->link, peer, sizeof peer);
        daemon->dispatch.peer = peer;
        (void)pnd_dispatch_answer(&daemon->dispatch, request, request_bytes, &reply, &reply_bytes);
        pnd_link_answer(daemon->link, reply, reply_bytes);
        free(reply);
    }
}

static void publish(void *state, const Pendio__Event *event)
{
    struct daemon *daemon = state;
    uint8_t *packed = NULL;
    size_t packed_bytes = 0;
    if (pnd_message_pack(&event->base, &packed, &packed_bytes) == 0)
        pnd_link_publish(daemon->link, packed, packed_bytes);
    free(packed);
    if (daemon->stats_files != NULL && event->body_case == PENDIO__EVENT__BODY_STATS)
        pnd_stats_files_write(daemon->stats_files, event->stats);
}

/* ------------------------------------------------------------------------------------------------
 * Ending
 * --------------------------------------------------------------------------------------------- */

/*
 * No run is taken any more; those under way are killed if they do not end when asked, or at once
 * when a second signal comes. False when one did.
 */
static bool end_runs(struct daemon *daemon, struct pollfd *watched)
{
    bool patient = true;
    pnd_supervisor_stop(daemon->supervisor);
    while (!pnd_supervisor_is_idle(daemon->supervisor)) {
        if (poll(watched, WATCHED_COUNT, pnd_link_patience_ms(daemon->link)) < 0)
            continue;
        pnd_link_mend(daemon->link);
        if (watched[SIGNALS].revents != 0 && take_signal(daemon)) {
            patient = false;
            pnd_supervisor_kill(daemon->supervisor);
        }
        if (watched[REQUESTS].revents != 0)
            answer_requests(daemon);
        pnd_supervisor_turn(daemon->supervisor);
    }
    return patient && !take_signal(daemon);
}

/* Whoever was told that a run has ended fetches its report. */
static void end_answers(struct daemon *daemon, struct pollfd *requests)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const time_t end_s = now.tv_sec + LINGER_S;
    do {
        answer_requests(daemon);
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < end_s && !take_signal(daemon) && poll(requests, 1, LINGER_MS) > 0);
}

/* In the order opposite to starting; whatever was not started is none. */
static void stop(struct daemon *daemon)
{
    pnd_link_destroy(daemon->link);
    pnd_place_leave(&daemon->place);
    pnd_stats_files_destroy(daemon->stats_files);
    pnd_supervisor_destroy(daemon->supervisor);
    pnd_store_destroy(daemon->store);
    pnd_audit_fini(&daemon->audit);
    pnd_credentials_fini(&daemon->credentials);
    if (daemon->signals >= 0)
        (void)close(daemon->signals);
}
