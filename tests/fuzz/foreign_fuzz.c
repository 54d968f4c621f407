/*
 * foreign_fuzz.c - any lines as the answers of a foreign subject, in a whole run.
 *
 * The first line of the input names one of workloads/; the others are what the subject says.
 *
 * - Whatever it says, the run comes to its end and has a report.
 */
#include "engine.h"
#include "fake_subject.h"
#include "foreign.h"
#include "fuzz.h"
#include "report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64, WORKLOAD_BYTES = 1 << 16 };

/* Small ones, without files and processes, which are made here whatever the subject is. */
static const char *const names[] = {"alone", "message", "stream"};
enum { NAME_COUNT = sizeof names / sizeof names[0] };

static Pendio__Workload *workloads[NAME_COUNT];

static Pendio__Workload *load(const char *name)
{
    static uint8_t text[WORKLOAD_BYTES];
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s.json", WORKLOADS, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        abort();
    size_t byte_count = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    return fuzz_workload(text, byte_count);
}

static const Pendio__Workload *find(const uint8_t *name, size_t byte_count)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (strlen(names[i]) != byte_count || memcmp(names[i], name, byte_count) != 0)
            continue;
        if (workloads[i] == NULL)
            workloads[i] = load(names[i]);
        return workloads[i];
    }
    return NULL;
}

static void forget(struct pnd_engine *engine, void *state)
{
    (void)engine;
    (void)state;
}

static void give_up(void *engine)
{
    pnd_engine_give_up(engine);
}

static void run(const struct pnd_plan *plan, struct pnd_foreign *foreign)
{
    char reason[300];
    struct pnd_engine *engine = NULL;
    struct pnd_engine_failure failure;
    Pendio__Verdict verdict;
    if (pnd_foreign_lacks(foreign, plan, reason, sizeof reason))
        return;
    if (pnd_engine_create(plan, pnd_foreign_subject(foreign), forget, NULL, &engine, &failure) < 0)
        return;
    pnd_foreign_attend(foreign, give_up, engine);
    pnd_engine_run(engine);
    pnd_engine_finish(engine);
    (void)pnd_foreign_descriptors(foreign);
    pnd_foreign_end(foreign);
    struct pnd_report_end end = {.subject = "fuzz", .verdict = pnd_report_verdict(engine)};
    end.reason = pnd_foreign_failure(foreign, &verdict);
    assert(pnd_report_run(engine, &end, 0, fileno(fuzz_nowhere())) == 0);
    pnd_engine_destroy(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    struct pnd_plan_limits limits;
    struct pnd_plan *plan = NULL;
    struct pnd_foreign *foreign = NULL;
    struct pnd_message_error error;
    const uint8_t *feed = memchr(bytes, '\n', byte_count < NAME_BYTES ? byte_count : NAME_BYTES);
    const Pendio__Workload *workload = feed != NULL ? find(bytes, (size_t)(feed - bytes)) : NULL;
    if (workload == NULL)
        return 0;
    pnd_plan_limits_init(&limits);
    if (pnd_plan_create(workload, NULL, &limits, &plan, &error) < 0)
        abort();
    fake_subject_says(feed + 1, byte_count - (size_t)(feed + 1 - bytes));
    if (pnd_foreign_create("/fuzz", plan, &foreign, &error) == 0)
        run(plan, foreign);
    pnd_foreign_destroy(foreign);
    pnd_plan_destroy(plan);
    return 0;
}
