/*
 * daemon_fuzz.c - any requests to the daemon, and whatever the processes of its runs write.
 *
 * The input is a file: its first byte says how many requests there are; each is a frame, its length
 * first; what follows is what the processes of the runs write, one after another.
 *
 * - Every request gets a reply that is one, whatever it is; every run is concluded.
 */
#include "dispatch.h"
#include "fake_process.h"
#include "frame.h"
#include "fuzz.h"
#include "supervisor.h"

#include <assert.h>
#include <stdlib.h>

enum { REQUEST_COUNT = 8, REQUEST_BYTES = 1 << 20 };

struct fuzzed {
    struct pnd_audit audit;
    struct pnd_store *store;
    struct pnd_supervisor *supervisor;
    struct pnd_dispatch dispatch;
};

static const char *const command[] = {"/nowhere", NULL};
static char events_url[] = "ipc:///nowhere";

/* As the daemon publishes it. */
static void hear(void *state, const Pendio__Event *event)
{
    uint8_t *packed = NULL;
    size_t byte_count = 0;
    (void)state;
    assert(pnd_message_pack(&event->base, &packed, &byte_count) == 0);
    free(packed);
}

static void init(struct fuzzed *fuzzed)
{
    struct pnd_message_error error;
    if (pnd_audit_init(&fuzzed->audit, "/dev/null", &error) < 0 ||
        pnd_store_create(&fuzzed->store) < 0)
        abort();
    const struct pnd_supervisor_options options = {
        .command = command,
        .running_count = 1,
        .store = fuzzed->store,
        .audit = &fuzzed->audit,
        .listener = {.hear = hear},
    };
    if (pnd_supervisor_create(&options, &fuzzed->supervisor) < 0)
        abort();
    fuzzed->dispatch = (struct pnd_dispatch){
        .supervisor = fuzzed->supervisor,
        .store = fuzzed->store,
        .events_url = events_url,
        .run_limit = 1,
        .is_local = true,
        .peer = "nobody",
    };
    pnd_plan_limits_init(&fuzzed->dispatch.limits);
}

static void fini(struct fuzzed *fuzzed)
{
    while (!pnd_supervisor_is_idle(fuzzed->supervisor))
        pnd_supervisor_turn(fuzzed->supervisor);
    pnd_supervisor_destroy(fuzzed->supervisor);
    pnd_store_destroy(fuzzed->store);
    pnd_audit_fini(&fuzzed->audit);
}

static void ask(struct fuzzed *fuzzed, const uint8_t *request, size_t byte_count)
{
    uint8_t *reply = NULL;
    size_t reply_bytes = 0;
    struct pnd_message_error error;
    ProtobufCMessage *message = NULL;
    assert(pnd_dispatch_answer(&fuzzed->dispatch, request, byte_count, &reply, &reply_bytes) == 0);
    assert(pnd_message_unpack(&pendio__reply__descriptor, reply, reply_bytes, NULL, &message,
                              &error) == 0);
    pnd_message_free(message);
    free(reply);
}

static void ask_all(struct fuzzed *fuzzed, int file, unsigned request_count)
{
    uint8_t *requests[REQUEST_COUNT];
    size_t byte_counts[REQUEST_COUNT];
    unsigned count = 0;
    while (count < request_count &&
           pnd_frame_read(file, REQUEST_BYTES, &requests[count], &byte_counts[count]) == 0)
        count++;
    for (unsigned i = 0; i < count; i++) {
        ask(fuzzed, requests[i], byte_counts[i]);
        if (i % 2 == 0) /* some are asked while a run waits */
            pnd_supervisor_turn(fuzzed->supervisor);
        free(requests[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    struct fuzzed fuzzed;
    if (byte_count == 0)
        return 0;
    int file = fuzz_file(bytes + 1, byte_count - 1);
    fake_process_from(file);
    init(&fuzzed);
    ask_all(&fuzzed, file, 1 + bytes[0] % REQUEST_COUNT);
    fini(&fuzzed);
    return 0;
}
