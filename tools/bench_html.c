/*
 * bench_html.c - a report of the bench as a page, and its plots as a picture.
 *
 * Happy path:  what it was measured on -> verdicts -> a plot and a table for each group of cases;
 *              all in one file that needs nothing else.
 * Failures:    a figure that is not there is a dash, text that is not there is left out.
 */
#include "bench_html.h"

#include "bench_plot.h"
#include "markup.h"
#include "page.h"

#include <errno.h>
#include <string.h>

enum { ROW_HEIGHT = 26, PICTURE_ROW_HEIGHT = 16 };

static const char style[] =
    "body{font:14px/1.4 sans-serif;margin:2em auto;max-width:64em;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;font-size:12px;margin:1em 0;width:100%}"
    "th,td{border-bottom:1px solid #ddd;padding:2px 8px;text-align:left;white-space:nowrap}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}"
    "tr.pendio td{font-weight:bold}tr.met td:last-child{color:#1b7f4d}"
    "tr.missed td:last-child{color:#b3261e;font-weight:bold}svg{max-width:100%;height:auto}"
    "@media print{body{margin:0;max-width:none;font-size:10px}table{font-size:8px}"
    "svg,tr{break-inside:avoid}h2{break-after:avoid}}";

static bool write_page(xmlTextWriter *writer, const void *state);
static bool write_machine(xmlTextWriter *writer, const json_t *report);
static bool write_budgets(xmlTextWriter *writer, const json_t *budgets);
static bool write_budget(xmlTextWriter *writer, const json_t *budget);
static bool write_groups(xmlTextWriter *writer, const json_t *results);
static bool write_group(xmlTextWriter *writer, const json_t *results, const char *group);
static bool write_result(xmlTextWriter *writer, const json_t *result);
static bool write_number(xmlTextWriter *writer, const json_t *value, int digits);
static bool write_range(xmlTextWriter *writer, const json_t *low, const json_t *high);
static bool write_picture(xmlTextWriter *writer, const void *state);
static const char *text_of(const json_t *value, const char *name);

int pnd_bench_html_write(const json_t *report, FILE *stream)
{
    return pnd_markup_print("<!DOCTYPE html>\n", write_page, report, stream);
}

static bool write_page(xmlTextWriter *writer, const void *state)
{
    const json_t *report = state;
    return pnd_page_begin(writer, "pendio bench", style) && write_machine(writer, report) &&
           write_budgets(writer, json_object_get(report, "budgets")) &&
           write_groups(writer, json_object_get(report, "results")) && pnd_markup_end(writer) &&
           pnd_markup_end(writer);
}

static bool write_machine(xmlTextWriter *writer, const json_t *report)
{
    const json_t *environment = json_object_get(report, "environment");
    char line[512];
    (void)snprintf(
        line, sizeof line,
        "pendio %s; Linux %s, %s; %s network, %s; a system call that does nothing: %.0f "
        "ns; load average %.1f; %g seconds a case%s.",
        text_of(report, "version"), text_of(environment, "kernel"), text_of(environment, "machine"),
        json_is_true(json_object_get(environment, "private_network")) ? "private" : "the system's",
        text_of(environment, "congestion"),
        json_number_value(json_object_get(environment, "system_call_ns")),
        json_number_value(json_object_get(environment, "load_average")),
        json_number_value(json_object_get(report, "seconds_per_case")),
        json_is_true(json_object_get(report, "quick")) ? "; quick: nothing was timed" : "");
    return pnd_markup_element(writer, "p", line) &&
           pnd_markup_element(writer, "p",
                              "All subjects of a case do the same work in the same rounds; a ratio "
                              "is the median of the rounds' ratios, with its quartiles.");
}

/* ---- budgets -------------------------------------------------------------------------------- */

static bool write_budgets(xmlTextWriter *writer, const json_t *budgets)
{
    static const char *const titles[] = {"Budget",    "Where",     "Limit",   "Mean", "Worst",
                                         "Quartiles", "Cells met", "Verdict", NULL};
    size_t index;
    const json_t *budget;
    bool whole = pnd_markup_element(writer, "h2", "Budgets") && pnd_markup_begin(writer, "table") &&
                 pnd_page_titles(writer, titles, 2);

    json_array_foreach(budgets, index, budget) whole = whole && write_budget(writer, budget);
    return whole && pnd_markup_end(writer);
}

static bool write_budget(xmlTextWriter *writer, const json_t *budget)
{
    const char *elsewhere = text_of(budget, "elsewhere");
    const char *where = elsewhere[0] != '\0' ? elsewhere : text_of(budget, "worst_case");
    char cells[32] = "-";
    json_int_t measured = json_integer_value(json_object_get(budget, "cells_measured"));
    if (measured > 0)
        (void)snprintf(cells, sizeof cells, "%d of %d",
                       (int)json_integer_value(json_object_get(budget, "cells_met")),
                       (int)measured);
    return pnd_markup_begin(writer, "tr") &&
           pnd_markup_attribute(writer, "class", text_of(budget, "verdict")) &&
           pnd_page_cell(writer, text_of(budget, "budget")) && pnd_page_cell(writer, where) &&
           pnd_page_cell(writer, text_of(budget, "limit")) &&
           write_number(writer, json_object_get(budget, "mean"), 3) &&
           write_number(writer, json_object_get(budget, "seen"), 3) &&
           write_range(writer, json_object_get(budget, "low_quartile"),
                       json_object_get(budget, "high_quartile")) &&
           pnd_page_cell(writer, cells) && pnd_page_cell(writer, text_of(budget, "verdict")) &&
           pnd_markup_end(writer);
}

/* ---- groups of cases ------------------------------------------------------------------------ */

/* Those of a group stand together. */
static bool write_groups(xmlTextWriter *writer, const json_t *results)
{
    char last[PND_BENCH_GROUP_BYTES] = "", group[PND_BENCH_GROUP_BYTES];
    size_t index;
    const json_t *result;
    bool whole = true;

    json_array_foreach(results, index, result)
    {
        pnd_bench_plot_group(text_of(result, "case"), group);
        if (whole && strcmp(group, last) != 0)
            whole = write_group(writer, results, group);
        memcpy(last, group, sizeof last);
    }
    return whole;
}

static bool write_group(xmlTextWriter *writer, const json_t *results, const char *group)
{
    static const char *const titles[] = {"Case",    "Subject",    "Reference", "Median",
                                         "Unit",    "Ratio",      "Quartiles", "To best",
                                         "To peer", "Per second", NULL};
    char title[PND_BENCH_GROUP_BYTES + 64], cases[PND_BENCH_GROUP_BYTES + 4];
    const struct pnd_bench_plot plot = {
        .results = results, .title = title, .cases = cases, .row_height = ROW_HEIGHT};
    char own[PND_BENCH_GROUP_BYTES];
    size_t index;
    const json_t *result;
    bool whole = pnd_markup_element(writer, "h2", group);

    (void)snprintf(cases, sizeof cases, "%s/*", group);
    (void)snprintf(title, sizeof title, "%s: cost beside the best loop written by hand, which is 1",
                   group);
    if (whole && pnd_bench_plot_has_marks(&plot))
        whole = pnd_bench_plot_write(writer, &plot);
    whole = whole && pnd_markup_begin(writer, "table") && pnd_page_titles(writer, titles, 3);
    json_array_foreach(results, index, result)
    {
        pnd_bench_plot_group(text_of(result, "case"), own);
        if (whole && strcmp(own, group) == 0)
            whole = write_result(writer, result);
    }
    return whole && pnd_markup_end(writer);
}

static bool write_result(xmlTextWriter *writer, const json_t *result)
{
    bool whole = pnd_markup_begin(writer, "tr") &&
                 pnd_markup_attribute(writer, "class", text_of(result, "role")) &&
                 pnd_page_cell(writer, text_of(result, "case")) &&
                 pnd_page_cell(writer, text_of(result, "subject"));
    if (strcmp(text_of(result, "state"), "ok") != 0)
        return whole && pnd_page_cell(writer, text_of(result, "state")) &&
               pnd_markup_begin(writer, "td") && pnd_markup_attribute(writer, "colspan", "7") &&
               pnd_markup_text(writer, text_of(result, "reason")) && pnd_markup_end(writer) &&
               pnd_markup_end(writer);
    return whole && pnd_page_cell(writer, text_of(result, "reference")) &&
           write_number(writer, json_object_get(result, "median"), 1) &&
           pnd_page_cell(writer, text_of(result, "unit")) &&
           write_number(writer, json_object_get(result, "ratio_to_reference"), 3) &&
           write_range(writer, json_object_get(result, "ratio_low_quartile"),
                       json_object_get(result, "ratio_high_quartile")) &&
           write_number(writer, json_object_get(result, "ratio_to_best"), 3) &&
           write_number(writer, json_object_get(result, "ratio_to_peer"), 3) &&
           write_number(writer, json_object_get(result, "per_second"), 0) && pnd_markup_end(writer);
}

static bool write_number(xmlTextWriter *writer, const json_t *value, int digits)
{
    char text[48] = "-";
    if (json_is_number(value))
        (void)snprintf(text, sizeof text, "%.*f", digits, json_number_value(value));
    return pnd_page_figure(writer, text);
}

static bool write_range(xmlTextWriter *writer, const json_t *low, const json_t *high)
{
    char text[64] = "-";
    if (json_is_number(low) && json_is_number(high))
        (void)snprintf(text, sizeof text, "%.3f-%.3f", json_number_value(low),
                       json_number_value(high));
    return pnd_page_figure(writer, text);
}

/* ---- the picture ---------------------------------------------------------------------------- */

int pnd_bench_html_picture(const json_t *report, FILE *stream)
{
    return pnd_markup_print("", write_picture, report, stream);
}

static bool write_picture(xmlTextWriter *writer, const void *state)
{
    static const char *const subjects[] = {"pendio", "epoll", "libuv", NULL};
    const struct pnd_bench_plot plot = {
        .results = json_object_get(state, "results"),
        .title = "CPU time of an echo server (family / connections x bytes x depth); the best loop "
                 "written by hand is 1",
        .cases = "echo/*",
        .subjects = subjects,
        .row_height = PICTURE_ROW_HEIGHT,
    };
    return pnd_bench_plot_write(writer, &plot);
}

/* "" for what is not there. */
static const char *text_of(const json_t *value, const char *name)
{
    const char *text = json_string_value(json_object_get(value, name));
    return text != NULL ? text : "";
}
