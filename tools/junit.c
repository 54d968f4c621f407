/*
 * junit.c - outcomes as JUnit XML, for what collects test results.
 *
 * Happy path:  one suite; each workload is a test case whose class is its area. Failed checks are
 *              a failure, crashed and invalid runs an error.
 * Failures:    every call of the writer answers below zero for want of memory; their sum tells.
 */
#include "junit.h"

#include "markup.h"
#include "text.h"

#include <string.h>

struct counts {
    int failed, broken, skipped;
    double seconds;
};

struct suites {
    const struct pnd_results *results;
    size_t result_count;
};

static bool write_suites(xmlTextWriter *writer, const void *state);
static struct counts count(const struct pnd_outcome *outcomes, size_t outcome_count);
static bool write_suite(xmlTextWriter *writer, const struct pnd_results *results);
static bool write_properties(xmlTextWriter *writer, const struct pnd_environment *environment);
static bool write_features(xmlTextWriter *writer, const struct pnd_environment *environment);
static bool write_case(xmlTextWriter *writer, const struct pnd_outcome *outcome);
static bool write_verdict(xmlTextWriter *writer, const struct pnd_outcome *outcome);
static bool write_failed_checks(xmlTextWriter *writer, const struct pnd_outcome *outcome);
static bool write_violations(xmlTextWriter *writer, const Pendio__Report *report);
static bool write_pieces(xmlTextWriter *writer, const char *const *pieces);
static bool number(xmlTextWriter *writer, const char *name, int value);
static bool seconds(xmlTextWriter *writer, double value);
static bool property(xmlTextWriter *writer, const char *name, const char *value);

int pnd_junit_write(const struct pnd_results *results, size_t result_count, FILE *stream)
{
    const struct suites suites = {results, result_count};
    return pnd_markup_print("", write_suites, &suites, stream);
}

static bool write_suites(xmlTextWriter *writer, const void *state)
{
    const struct suites *suites = state;
    bool whole = xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL) >= 0 &&
                 pnd_markup_begin(writer, "testsuites");
    for (size_t index = 0; whole && index < suites->result_count; index++)
        whole = write_suite(writer, &suites->results[index]);
    return whole && pnd_markup_end(writer);
}

static struct counts count(const struct pnd_outcome *outcomes, size_t outcome_count)
{
    struct counts counts = {0};
    for (size_t index = 0; index < outcome_count; index++) {
        Pendio__Verdict verdict = outcomes[index].verdict;
        counts.failed += verdict == PENDIO__VERDICT__FAILED;
        counts.broken += verdict == PENDIO__VERDICT__CRASHED || verdict == PENDIO__VERDICT__INVALID;
        counts.skipped += verdict == PENDIO__VERDICT__SKIPPED;
        counts.seconds += (double)outcomes[index].report->elapsed_ns / 1e9;
    }
    return counts;
}

static bool write_suite(xmlTextWriter *writer, const struct pnd_results *results)
{
    size_t outcome_count = results->outcome_count;
    struct counts counts = count(results->outcomes, outcome_count);
    bool whole =
        pnd_markup_begin(writer, "testsuite") && pnd_markup_attribute(writer, "name", "pendio") &&
        number(writer, "tests", (int)outcome_count) && number(writer, "failures", counts.failed) &&
        number(writer, "errors", counts.broken) && number(writer, "skipped", counts.skipped) &&
        seconds(writer, counts.seconds) && write_properties(writer, &results->environment);
    for (size_t index = 0; whole && index < outcome_count; index++)
        whole = write_case(writer, &results->outcomes[index]);
    return whole && pnd_markup_end(writer);
}

static bool write_properties(xmlTextWriter *writer, const struct pnd_environment *environment)
{
    return pnd_markup_begin(writer, "properties") &&
           property(writer, "version", environment->version) &&
           property(writer, "kernel", environment->system.release) &&
           property(writer, "machine", environment->system.machine) &&
           property(writer, "backend", environment->backend) &&
           write_features(writer, environment) &&
           property(writer, "daemon", environment->daemon_version) &&
           property(writer, "url", environment->url) && pnd_markup_end(writer);
}

/* Those in use, on one line. */
static bool write_features(xmlTextWriter *writer, const struct pnd_environment *environment)
{
    struct pnd_message_error line = {""};
    for (size_t index = 0; index < environment->feature_count; index++)
        pnd_text_add(&line, "%s%s", index > 0 ? " " : "", environment->features[index]);
    return property(writer, "features", line.text);
}

static bool write_case(xmlTextWriter *writer, const struct pnd_outcome *outcome)
{
    const char *slash = strrchr(outcome->workload, '/');
    char area[128] = "pendio";
    if (slash != NULL)
        (void)snprintf(area, sizeof area, "pendio.%.*s", (int)(slash - outcome->workload),
                       outcome->workload);

    return pnd_markup_begin(writer, "testcase") &&
           pnd_markup_attribute(writer, "classname", area) &&
           pnd_markup_attribute(writer, "name", slash != NULL ? slash + 1 : outcome->workload) &&
           seconds(writer, (double)outcome->report->elapsed_ns / 1e9) &&
           write_verdict(writer, outcome) && pnd_markup_end(writer);
}

static bool write_verdict(xmlTextWriter *writer, const struct pnd_outcome *outcome)
{
    switch (outcome->verdict) {
    case PENDIO__VERDICT__PASSED:
        return true;
    case PENDIO__VERDICT__SKIPPED:
        return pnd_markup_begin(writer, "skipped") &&
               pnd_markup_attribute(writer, "message", outcome->reason) && pnd_markup_end(writer);
    case PENDIO__VERDICT__FAILED:
        return pnd_markup_begin(writer, "failure") &&
               pnd_markup_attribute(writer, "type", "failed") &&
               pnd_markup_attribute(writer, "message", outcome->reason) &&
               write_failed_checks(writer, outcome) && write_violations(writer, outcome->report) &&
               pnd_markup_end(writer);
    default:
        return pnd_markup_begin(writer, "error") &&
               pnd_markup_attribute(writer, "type", pnd_outcome_verdict(outcome->verdict)) &&
               pnd_markup_attribute(writer, "message", outcome->reason) &&
               write_failed_checks(writer, outcome) && write_violations(writer, outcome->report) &&
               pnd_markup_end(writer);
    }
}

static bool write_failed_checks(xmlTextWriter *writer, const struct pnd_outcome *outcome)
{
    bool whole = true;
    for (size_t index = 0; whole && index < outcome->report->n_checks; index++) {
        const Pendio__Check *check = outcome->report->checks[index];
        if (check->verdict != PENDIO__VERDICT__FAILED)
            continue;
        const char *const pieces[] = {
            check->name, ": expected ", check->expected, ", seen ", check->seen, "\n", NULL};
        whole = write_pieces(writer, pieces);
    }
    return whole;
}

/* Whom it happened to, and how to see it again. */
static bool write_violations(xmlTextWriter *writer, const Pendio__Report *report)
{
    bool whole = true;
    for (size_t index = 0; whole && index < report->n_violations; index++) {
        const Pendio__Violation *violation = report->violations[index];
        struct pnd_message_error whose = {""};
        if (violation->context > 0)
            pnd_text_add(&whose, " (context %u, start %llu, %s)", violation->context,
                         (unsigned long long)violation->generation,
                         violation->operation[0] != '\0' ? violation->operation : "none");
        const char *const pieces[] = {
            "violation of ",   violation->rule,           whose.text, ": ", violation->seen,
            "; repeat with: ", violation->repeat_command, "\n",       NULL};
        whole = write_pieces(writer, pieces);
    }
    return whole;
}

static bool write_pieces(xmlTextWriter *writer, const char *const *pieces)
{
    bool whole = true;
    for (; whole && *pieces != NULL; pieces++)
        whole = pnd_markup_text(writer, *pieces);
    return whole;
}

static bool number(xmlTextWriter *writer, const char *name, int value)
{
    return xmlTextWriterWriteFormatAttribute(writer, BAD_CAST name, "%d", value) >= 0;
}

static bool seconds(xmlTextWriter *writer, double value)
{
    return xmlTextWriterWriteFormatAttribute(writer, BAD_CAST "time", "%.6f", value) >= 0;
}

static bool property(xmlTextWriter *writer, const char *name, const char *value)
{
    return pnd_markup_begin(writer, "property") && pnd_markup_attribute(writer, "name", name) &&
           pnd_markup_attribute(writer, "value", value) && pnd_markup_end(writer);
}
