/*
 * dispatch.c - a request in, a reply out.
 *
 * Happy path:  decode within bounds -> find the kind in the table -> let it fill the reply -> pack.
 * Failures:    every one is a reply with a status and one line that names the input and the remedy;
 *              nothing here ends the daemon, and nothing waits.
 */
#include "dispatch.h"

#include "allow.h"
#include "complain.h"
#include "names.h"
#include "setting.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ENVELOPE_VERSION = 1,
    MESSAGE_BYTES = 4 << 20, /* of a request or a reply */
    SETTING_BYTES = 512,     /* of features or backend */
    LIST_COUNT = 100,        /* runs of a list whose request names no count */
    PATIENCE_MS = 60000,     /* of one place of several that is ready, for the others */
};

/* A reply with all it refers to, so that a kind only fills in and nothing is left to free. */
struct answer {
    Pendio__Reply reply;
    struct pnd_message_error error;
    Pendio__HelloReply hello;
    char *features[PND_NAMES_FEATURE_COUNT];
    Pendio__SubmitReply submit;
    Pendio__FetchReply fetch;
    Pendio__StatsReply stats;
    Pendio__ListReply list;
    Pendio__Progress progress;
    Pendio__Stats running[PND_SUPERVISOR_RUNNING_MAXIMUM];
    Pendio__Stats *runs[PND_SUPERVISOR_RUNNING_MAXIMUM + PND_STORE_STATS_COUNT];
    Pendio__Finished finished[PND_STORE_RUN_COUNT];
    Pendio__Finished *finished_runs[PND_STORE_RUN_COUNT];
};

typedef Pendio__Status kind_fn(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                               struct answer *answer);

static Pendio__Status answer_request(struct pnd_dispatch *dispatch, const void *bytes,
                                     size_t byte_count, struct answer *answer);
static Pendio__Status answer_message(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                     struct answer *answer);
static kind_fn answer_hello;
static kind_fn answer_submit;
static kind_fn answer_fetch;
static kind_fn answer_check;
static kind_fn answer_stats;
static kind_fn answer_cancel;
static kind_fn answer_list;
static kind_fn answer_tell;
static Pendio__Status check_workload(const struct pnd_dispatch *dispatch,
                                     const Pendio__Workload *workload,
                                     const Pendio__Placement *placement,
                                     struct pnd_message_error *error);
static Pendio__Status check_settings(const struct pnd_dispatch *dispatch,
                                     const Pendio__SubmitRequest *request,
                                     struct pnd_message_error *error);
static bool is_short(const char *name, const char *value, struct pnd_message_error *error);
static struct pnd_submission submission_of(const struct pnd_dispatch *dispatch,
                                           const Pendio__SubmitRequest *request);
static int pack_reply(struct answer *answer, uint8_t **ret_reply, size_t *ret_byte_count);

static const struct kind {
    Pendio__Request__BodyCase body;
    kind_fn *answer;
} kinds[] = {
    {PENDIO__REQUEST__BODY_HELLO, answer_hello}, {PENDIO__REQUEST__BODY_SUBMIT, answer_submit},
    {PENDIO__REQUEST__BODY_FETCH, answer_fetch}, {PENDIO__REQUEST__BODY_CHECK, answer_check},
    {PENDIO__REQUEST__BODY_STATS, answer_stats}, {PENDIO__REQUEST__BODY_CANCEL, answer_cancel},
    {PENDIO__REQUEST__BODY_LIST, answer_list},   {PENDIO__REQUEST__BODY_TELL, answer_tell},
};

int pnd_dispatch_answer(struct pnd_dispatch *dispatch, const void *request,
                        size_t request_byte_count, uint8_t **ret_reply,
                        size_t *ret_reply_byte_count)
{
    struct answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        return -ENOMEM;

    answer->reply = (Pendio__Reply)PENDIO__REPLY__INIT;
    answer->reply.status = answer_request(dispatch, request, request_byte_count, answer);
    int status = pack_reply(answer, ret_reply, ret_reply_byte_count);
    free(answer);
    return status;
}

static Pendio__Status answer_request(struct pnd_dispatch *dispatch, const void *bytes,
                                     size_t byte_count, struct answer *answer)
{
    static const struct pnd_message_limits limits = {.input_bytes = MESSAGE_BYTES};
    struct pnd_message_error error = {""};
    ProtobufCMessage *message = NULL;
    int status = pnd_message_unpack(&pendio__request__descriptor, bytes, byte_count, &limits,
                                    &message, &error);
    if (status < 0) {
        (void)pnd_complain(&answer->error, status,
                           "request of %zu bytes refused: %s; send one pendio.Request of at most "
                           "%d bytes, as pendio.proto describes it",
                           byte_count, error.text, MESSAGE_BYTES);
        return PENDIO__STATUS__BAD_REQUEST;
    }
    Pendio__Status result = answer_message(dispatch, (const Pendio__Request *)message, answer);
    pnd_message_free(message);
    return result;
}

static Pendio__Status answer_message(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                     struct answer *answer)
{
    if (request->version != ENVELOPE_VERSION) {
        (void)pnd_complain(&answer->error, 0,
                           "request of version %" PRIu32 " refused: pendiod " PENDIO_VERSION_TEXT
                           " speaks version %d; use the tools of its release",
                           request->version, ENVELOPE_VERSION);
        return PENDIO__STATUS__BAD_REQUEST;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].body == request->body_case)
            return kinds[i].answer(dispatch, request, answer);
    }
    (void)pnd_complain(&answer->error, 0,
                       "request without a body refused: pendiod " PENDIO_VERSION_TEXT
                       " knows hello, submit, fetch, check, stats, cancel, list and tell; set "
                       "one of them");
    return PENDIO__STATUS__BAD_REQUEST;
}

/* ------------------------------------------------------------------------------------------------
 * The kinds
 * --------------------------------------------------------------------------------------------- */

static Pendio__Status answer_hello(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                   struct answer *answer)
{
    static char version[] = PENDIO_VERSION_TEXT;
    (void)request;
    answer->hello = (Pendio__HelloReply)PENDIO__HELLO_REPLY__INIT;
    answer->hello.version = version;
    answer->hello.events_url = dispatch->events_url;
    answer->hello.process = (uint32_t)getpid();
    answer->hello.run_limit = dispatch->run_limit;
    answer->hello.features = answer->features;
    answer->hello.n_features = pnd_names_features(answer->features);
    answer->reply.body_case = PENDIO__REPLY__BODY_HELLO;
    answer->reply.hello = &answer->hello;
    return PENDIO__STATUS__OK;
}

static Pendio__Status answer_submit(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                    struct answer *answer)
{
    const Pendio__SubmitRequest *asked = request->submit;
    if (dispatch->is_ending) {
        (void)pnd_complain(&answer->error, 0,
                           "request refused: pendiod was told to stop; submit it again when it is "
                           "there again");
        return PENDIO__STATUS__BUSY;
    }
    Pendio__Status result =
        check_workload(dispatch, asked->workload, asked->placement, &answer->error);
    if (result == PENDIO__STATUS__OK)
        result = check_settings(dispatch, asked, &answer->error);
    if (result != PENDIO__STATUS__OK)
        return result;

    struct pnd_submission submission = submission_of(dispatch, asked);
    answer->submit = (Pendio__SubmitReply)PENDIO__SUBMIT_REPLY__INIT;
    int status = pnd_supervisor_submit(dispatch->supervisor, &submission, &answer->submit.run,
                                       &answer->submit.ahead_count);
    if (status == -EBUSY) {
        (void)pnd_complain(&answer->error, status,
                           "workload \"%s\" refused: as many runs wait as may; submit it again "
                           "when some have finished",
                           asked->workload->name);
        return PENDIO__STATUS__BUSY;
    }
    if (status < 0) {
        (void)pnd_complain(&answer->error, status, "workload \"%s\" refused: %s; submit it later",
                           asked->workload->name, strerror(-status));
        return PENDIO__STATUS__FAULT;
    }
    answer->reply.body_case = PENDIO__REPLY__BODY_SUBMIT;
    answer->reply.submit = &answer->submit;
    return PENDIO__STATUS__OK;
}

/* What the client has not seen yet. */
static void put_happened(const struct pnd_happened *happened, uint32_t seen_count,
                         Pendio__FetchReply *reply)
{
    if (happened == NULL || happened->count <= seen_count)
        return;
    reply->happened = happened->items + seen_count;
    reply->n_happened = happened->count - seen_count;
}

static Pendio__Status answer_fetch(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                   struct answer *answer)
{
    uint64_t run = request->fetch->run;
    const Pendio__Progress *progress = pnd_supervisor_find(dispatch->supervisor, run);
    Pendio__Report *report = pnd_store_find(dispatch->store, run);
    if (progress == NULL && report == NULL) {
        (void)pnd_complain(&answer->error, 0,
                           "run %" PRIu64 " is not known: of the finished runs the last %d are "
                           "kept; submit its workload again",
                           run, PND_STORE_RUN_COUNT);
        return PENDIO__STATUS__NO_SUCH_RUN;
    }

    answer->fetch = (Pendio__FetchReply)PENDIO__FETCH_REPLY__INIT;
    if (report != NULL) {
        answer->fetch.finished = true;
        answer->fetch.report = report;
    } else {
        answer->progress = *progress;
        answer->fetch.progress = &answer->progress;
        put_happened(pnd_supervisor_happened(dispatch->supervisor, run), request->fetch->seen,
                     &answer->fetch);
    }
    answer->reply.body_case = PENDIO__REPLY__BODY_FETCH;
    answer->reply.fetch = &answer->fetch;
    return PENDIO__STATUS__OK;
}

static Pendio__Status answer_check(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                   struct answer *answer)
{
    return check_workload(dispatch, request->check->workload, NULL, &answer->error);
}

static Pendio__Status answer_stats(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                   struct answer *answer)
{
    (void)request;
    size_t count =
        pnd_supervisor_stats(dispatch->supervisor, answer->running, PND_SUPERVISOR_RUNNING_MAXIMUM);
    for (size_t i = 0; i < count; i++)
        answer->runs[i] = &answer->running[i];
    count += pnd_store_stats(dispatch->store, answer->runs + count, PND_STORE_STATS_COUNT);

    answer->stats = (Pendio__StatsReply)PENDIO__STATS_REPLY__INIT;
    answer->stats.n_runs = count;
    answer->stats.runs = answer->runs;
    answer->reply.body_case = PENDIO__REPLY__BODY_STATS;
    answer->reply.stats = &answer->stats;
    return PENDIO__STATUS__OK;
}

static Pendio__Status answer_cancel(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                    struct answer *answer)
{
    uint64_t run = request->cancel->run;
    if (pnd_supervisor_cancel(dispatch->supervisor, run) == 0)
        return PENDIO__STATUS__OK;
    bool is_over = pnd_store_find(dispatch->store, run) != NULL;
    (void)pnd_complain(&answer->error, 0, "run %" PRIu64 " %s", run,
                       is_over ? "has ended already; fetch its report"
                               : "is not known: it never was, or has ended long ago");
    return PENDIO__STATUS__NO_SUCH_RUN;
}

static Pendio__Status answer_tell(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                  struct answer *answer)
{
    uint64_t run = request->tell->run;
    int status = pnd_supervisor_tell(dispatch->supervisor, request->tell);
    if (status == 0)
        return PENDIO__STATUS__OK;
    if (status == -EINVAL) {
        (void)pnd_complain(&answer->error, status,
                           "request refused: run %" PRIu64 " is not on several daemons; tell "
                           "nothing to it",
                           run);
        return PENDIO__STATUS__BAD_REQUEST;
    }
    if (status == -ENOENT || status == -EPIPE) {
        (void)pnd_complain(&answer->error, status,
                           "run %" PRIu64 " is not under way: it waits for its turn, or has ended",
                           run);
        return PENDIO__STATUS__NO_SUCH_RUN;
    }
    (void)pnd_complain(&answer->error, status, "run %" PRIu64 " cannot be told more: %s", run,
                       status == -ENOBUFS ? "it does not listen" : strerror(-status));
    return PENDIO__STATUS__FAULT;
}

static Pendio__Status answer_list(struct pnd_dispatch *dispatch, const Pendio__Request *request,
                                  struct answer *answer)
{
    size_t wanted = request->list->count > 0 ? request->list->count : LIST_COUNT;
    size_t count = pnd_store_list(dispatch->store, request->list->before, answer->finished,
                                  PND_STORE_RUN_COUNT);
    answer->list = (Pendio__ListReply)PENDIO__LIST_REPLY__INIT;
    answer->list.more = count > wanted;
    answer->list.n_runs = count < wanted ? count : wanted;
    answer->list.runs = answer->finished_runs;
    for (size_t i = 0; i < answer->list.n_runs; i++)
        answer->finished_runs[i] = &answer->finished[i];
    answer->reply.body_case = PENDIO__REPLY__BODY_LIST;
    answer->reply.list = &answer->list;
    return PENDIO__STATUS__OK;
}

/* ------------------------------------------------------------------------------------------------
 * What a run may be asked for
 * --------------------------------------------------------------------------------------------- */

static Pendio__Status check_workload(const struct pnd_dispatch *dispatch,
                                     const Pendio__Workload *workload,
                                     const Pendio__Placement *placement,
                                     struct pnd_message_error *error)
{
    if (workload == NULL) {
        (void)pnd_complain(error, 0, "request without a workload refused: set one");
        return PENDIO__STATUS__BAD_REQUEST;
    }
    int status = pnd_plan_check(workload, placement, &dispatch->limits, error);
    if (status == 0)
        return PENDIO__STATUS__OK;
    if (status == -EINVAL)
        return PENDIO__STATUS__BAD_WORKLOAD;
    if (status == -E2BIG)
        return PENDIO__STATUS__OVER_LIMIT;
    (void)pnd_complain(error, status, "workload \"%s\" could not be checked: %s; try again later",
                       workload->name, strerror(-status));
    return PENDIO__STATUS__FAULT;
}

/* They go into the environment of the run's process, and of no other. */
static Pendio__Status check_settings(const struct pnd_dispatch *dispatch,
                                     const Pendio__SubmitRequest *request,
                                     struct pnd_message_error *error)
{
    char *known[PND_NAMES_FEATURE_COUNT];
    size_t known_count = pnd_names_features(known);
    if (!is_short("features", request->features, error) ||
        !is_short("backend", request->backend, error) ||
        pnd_allow_subject(request->subject, dispatch->is_local, error) < 0)
        return PENDIO__STATUS__BAD_REQUEST;

    (void)pnd_complain(error, 0, "request refused: ");
    if (pnd_setting_check_features(request->features, known, known_count, error) < 0 ||
        pnd_setting_check_backend(request->backend, error) < 0)
        return PENDIO__STATUS__BAD_REQUEST;
    error->text[0] = '\0';
    return PENDIO__STATUS__OK;
}

static bool is_short(const char *name, const char *value, struct pnd_message_error *error)
{
    if (strlen(value) <= SETTING_BYTES)
        return true;
    (void)pnd_complain(error, 0, "request refused: %s has %zu bytes; at most %d are accepted", name,
                       strlen(value), SETTING_BYTES);
    return false;
}

static struct pnd_submission submission_of(const struct pnd_dispatch *dispatch,
                                           const Pendio__SubmitRequest *request)
{
    static const Pendio__Limits none = PENDIO__LIMITS__INIT;
    const Pendio__Limits *asked =
        request->workload->limits != NULL ? request->workload->limits : &none;
    return (struct pnd_submission){
        .request = request,
        .time_limit_ms = asked->time_ms > 0 ? asked->time_ms : dispatch->limits.time_ms,
        .descriptor_count = asked->descriptor_count > 0 ? asked->descriptor_count
                                                        : dispatch->limits.descriptor_count,
        .memory_bytes =
            asked->memory_bytes > 0 ? asked->memory_bytes : dispatch->limits.memory_bytes,
        .file_bytes = dispatch->file_bytes,
        .peer = dispatch->peer,
        .patience_ms = PATIENCE_MS,
    };
}

/* ------------------------------------------------------------------------------------------------
 * The reply
 * --------------------------------------------------------------------------------------------- */

static int pack_reply(struct answer *answer, uint8_t **ret_reply, size_t *ret_byte_count)
{
    Pendio__Reply *reply = &answer->reply;
    uint8_t *packed = NULL;
    size_t byte_count = 0;
    reply->message = answer->error.text;
    int status = pnd_message_pack(&reply->base, &packed, &byte_count);
    if (status == 0 && byte_count > MESSAGE_BYTES) {
        free(packed);
        (void)pnd_complain(&answer->error, -E2BIG,
                           "the reply would have %zu bytes, and a message has at most %d; ask for "
                           "less",
                           byte_count, MESSAGE_BYTES);
        reply->status = PENDIO__STATUS__FAULT;
        reply->body_case = PENDIO__REPLY__BODY__NOT_SET;
        status = pnd_message_pack(&reply->base, &packed, &byte_count);
    }
    if (status < 0)
        return status;
    *ret_reply = packed;
    *ret_byte_count = byte_count;
    return 0;
}
