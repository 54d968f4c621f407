/*
 * results_read.c - results as `pendio run --json` wrote them once.
 *
 * Happy path:  a run's object has the names of a Report, so that the codec reads it; only verdicts
 *              are written otherwise. The environment is a handful of texts.
 * Failures:    what is no JSON, no results or no report is told with its place; members that this
 *              version does not know are left out; texts are made printable.
 */
#include "results_read.h"

#include "say.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    RUN_LIMIT_BYTES = 64 << 20, /* of one run as JSON */
    TEXT_COUNT = 3,             /* of an environment, beside its features */
};

static json_t *load(const char *name);
static int read_environment(const json_t *document, struct pnd_read_results *read);
static const char *keep(struct pnd_read_results *read, const json_t *object, const char *name);
static int read_runs(const char *name, const json_t *runs, struct pnd_read_results *read);
static int read_run(const char *name, size_t index, const json_t *run,
                    struct pnd_outcome *ret_outcome);
static int as_report(const json_t *run, json_t **ret_report);
static int raise_verdict(json_t *object);

int pnd_results_read(const char *name, struct pnd_read_results *ret_read)
{
    json_t *document = load(name);
    if (document == NULL)
        return -EINVAL;
    *ret_read = (struct pnd_read_results){.texts = NULL};
    int status = read_environment(document, ret_read);
    if (status < 0)
        pnd_say_error("%s: no memory for what it says", name);
    else
        status = read_runs(name, json_object_get(document, "runs"), ret_read);
    json_decref(document);
    if (status < 0)
        pnd_results_read_fini(ret_read);
    return status;
}

void pnd_results_read_fini(struct pnd_read_results *read)
{
    for (size_t index = 0; index < read->results.outcome_count; index++)
        pnd_outcome_fini(&read->outcomes[index]);
    for (size_t index = 0; index < read->text_count; index++)
        free(read->texts[index]);
    free(read->outcomes);
    free(read->texts);
    *read = (struct pnd_read_results){.texts = NULL};
}

static json_t *load(const char *name)
{
    json_error_t error;
    json_t *document = strcmp(name, "-") == 0
                           ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                           : json_load_file(name, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL)
        pnd_say_error("%s: %s; name what 'pendio run --json' wrote", name, error.text);
    else if (!json_is_array(json_object_get(document, "runs"))) {
        pnd_say_error("%s: these are no results of 'pendio run --json'", name);
        json_decref(document);
        document = NULL;
    }
    return document;
}

static int read_environment(const json_t *document, struct pnd_read_results *read)
{
    struct pnd_environment *environment = &read->results.environment;
    const json_t *from = json_object_get(document, "environment");
    const json_t *features = json_object_get(from, "features");
    size_t feature_count = json_array_size(features);
    const char *text = NULL;
    read->texts = calloc(TEXT_COUNT + feature_count, sizeof *read->texts);
    if (read->texts == NULL)
        return -ENOMEM;

    for (size_t index = 0; index < feature_count; index++) {
        text = json_string_value(json_array_get(features, index));
        read->texts[index] = strdup(text != NULL ? text : "");
        if (read->texts[index] == NULL)
            return -ENOMEM;
        pnd_say_clean(read->texts[index]);
        read->text_count++;
    }
    environment->features = read->texts;
    environment->feature_count = feature_count;
    environment->version = keep(read, document, "version");
    environment->backend = keep(read, from, "backend");
    environment->daemon_version = keep(read, from, "daemon");
    if (environment->version == NULL || environment->backend == NULL ||
        environment->daemon_version == NULL)
        return -ENOMEM;

    text = json_string_value(json_object_get(from, "kernel"));
    (void)snprintf(environment->system.release, sizeof environment->system.release, "%s",
                   text != NULL ? text : "");
    text = json_string_value(json_object_get(from, "machine"));
    (void)snprintf(environment->system.machine, sizeof environment->system.machine, "%s",
                   text != NULL ? text : "");
    text = json_string_value(json_object_get(from, "url"));
    (void)snprintf(environment->url, sizeof environment->url, "%s", text != NULL ? text : "");
    pnd_say_clean(environment->system.release);
    pnd_say_clean(environment->system.machine);
    pnd_say_clean(environment->url);
    return 0;
}

/* "" for what is not there; NULL for want of memory. */
static const char *keep(struct pnd_read_results *read, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    char *copy = strdup(text != NULL ? text : "");
    if (copy == NULL)
        return NULL;
    pnd_say_clean(copy);
    read->texts[read->text_count++] = copy;
    return copy;
}

static int read_runs(const char *name, const json_t *runs, struct pnd_read_results *read)
{
    size_t index;
    const json_t *run;
    int status = 0;
    read->outcomes = calloc(json_array_size(runs) + 1, sizeof *read->outcomes);
    if (read->outcomes == NULL) {
        pnd_say_error("%s: no memory for its runs", name);
        return -ENOMEM;
    }
    read->results.outcomes = read->outcomes;
    json_array_foreach(runs, index, run)
    {
        if (status == 0)
            status = read_run(name, index, run, &read->outcomes[index]);
        read->results.outcome_count += status == 0;
    }
    return status;
}

static int read_run(const char *name, size_t index, const json_t *run,
                    struct pnd_outcome *ret_outcome)
{
    static const struct pnd_message_limits limits = {.input_bytes = RUN_LIMIT_BYTES,
                                                     .allocation_bytes = RUN_LIMIT_BYTES};
    struct pnd_message_error error = {""};
    ProtobufCMessage *message = NULL;
    json_t *report = NULL;
    char place[64];
    (void)snprintf(place, sizeof place, "runs[%zu]", index);

    int status = as_report(run, &report);
    char *text = status == 0 ? json_dumps(report, JSON_COMPACT) : NULL;
    json_decref(report);
    if (text == NULL) {
        pnd_say_error("%s: %s is no run", name, place);
        return status < 0 ? status : -ENOMEM;
    }
    status = pnd_message_from_json(&pendio__report__descriptor, text, strlen(text), place, &limits,
                                   &message, &error);
    free(text);
    if (status < 0) {
        pnd_say_error("%s: %s", name, error.text);
        return status;
    }
    pnd_say_clean_message(message);
    status = pnd_outcome_init_report(ret_outcome, place, (Pendio__Report *)message);
    if (status < 0) {
        pnd_say_error("%s: %s: a verdict is missing, or none that there is", name, place);
        pnd_message_free(message);
    }
    return status;
}

/* A copy that the codec can read. */
static int as_report(const json_t *run, json_t **ret_report)
{
    size_t index;
    json_t *check, *member;
    const char *name;
    json_t *report = json_is_object(run) ? json_object() : NULL;
    if (report == NULL)
        return -EINVAL;
    json_object_foreach((json_t *)run, name, member)
    {
        if (protobuf_c_message_descriptor_get_field_by_name(&pendio__report__descriptor, name) !=
            NULL)
            (void)json_object_set_new(report, name, json_deep_copy(member));
    }
    int status = raise_verdict(report);
    json_array_foreach(json_object_get(report, "checks"), index, check)
    {
        if (status == 0)
            status = raise_verdict(check);
    }
    if (status == 0)
        *ret_report = report;
    else
        json_decref(report);
    return status;
}

/* "passed" is PASSED in the schema. */
static int raise_verdict(json_t *object)
{
    char name[32];
    size_t length = 0;
    const char *verdict = json_string_value(json_object_get(object, "verdict"));
    if (verdict == NULL)
        return -EINVAL;
    for (; verdict[length] != '\0' && length + 1 < sizeof name; length++)
        name[length] = (char)toupper((unsigned char)verdict[length]);
    name[length] = '\0';
    return json_object_set_new(object, "verdict", json_string(name)) < 0 ? -EINVAL : 0;
}
