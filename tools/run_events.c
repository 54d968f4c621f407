/*
 * run_events.c - what happened to a context before a rule was broken, as SVG and as a table.
 *
 * Happy path:  a column for each event, oldest first, equally far from each other, for nanoseconds
 *              and seconds are in one story; what was pending is a bar until its delivery.
 * Failures:    want of memory.
 */
#include "run_events.h"

#include "markup.h"
#include "page.h"
#include "svg.h"
#include "text.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

enum {
    WIDTH = 960,
    HEIGHT = 220,
    LEFT = 40,
    RIGHT = 90,
    LANE = 145,
    EVENT_LIMIT = 64,
    LABEL_BYTES = 40
};

struct kind {
    const char *name, *colour;
};

static const struct kind kinds[] = {
    [PENDIO__TRACE_KIND__TRACE_UNSPECIFIED] = {"unknown", "#77767b"},
    [PENDIO__TRACE_KIND__TAKEN] = {"taken", "#77767b"},
    [PENDIO__TRACE_KIND__STARTED] = {"started", "#1a5fb4"},
    [PENDIO__TRACE_KIND__DELIVERED] = {"delivered", "#26a269"},
    [PENDIO__TRACE_KIND__CANCELLED] = {"cancel", "#e66100"},
    [PENDIO__TRACE_KIND__PUT_BACK] = {"put back", "#77767b"},
};

static const char *const answers[] = {"", ", done", ", pending", ", refused"};

static const struct kind *kind_of(const Pendio__TraceEvent *event)
{
    size_t index = (size_t)event->kind;
    return &kinds[index < sizeof kinds / sizeof kinds[0] ? index : 0];
}

static const char *answer_of(const Pendio__TraceEvent *event)
{
    size_t index = (size_t)event->answer;
    return answers[index < sizeof answers / sizeof answers[0] ? index : 0];
}

/* From a file may come more than can be drawn. */
static size_t drawn_count(const Pendio__Violation *violation)
{
    return violation->n_events < EVENT_LIMIT ? violation->n_events : EVENT_LIMIT;
}

static double place_of(const Pendio__Violation *violation, size_t index)
{
    double step = (double)(WIDTH - LEFT - RIGHT) / (double)drawn_count(violation);
    return LEFT + ((double)index + 0.5) * (step < 60 ? step : 60);
}

/* Until its delivery, or beyond the end. */
static bool draw_pending(xmlTextWriter *writer, const Pendio__Violation *violation, size_t index)
{
    const Pendio__TraceEvent *event = violation->events[index];
    size_t end = index + 1;
    if (event->kind != PENDIO__TRACE_KIND__STARTED || event->answer != PENDIO__ANSWER__PENDING)
        return true;
    while (end < drawn_count(violation) &&
           violation->events[end]->kind != PENDIO__TRACE_KIND__DELIVERED)
        end++;
    double x = place_of(violation, index);
    const double place[] = {x, LANE - 4, place_of(violation, end) - x, 8};
    return pnd_svg_rect(writer, place, "#99c1f1", "pending");
}

static bool draw_event(xmlTextWriter *writer, const Pendio__Violation *violation, size_t index)
{
    const Pendio__TraceEvent *event = violation->events[index];
    bool last = index + 1 == drawn_count(violation);
    double x = place_of(violation, index);
    struct pnd_message_error what = {""};
    pnd_text_add(&what, "%s%s%s%s", event->operation, event->operation[0] != '\0' ? " " : "",
                 kind_of(event)->name, answer_of(event));
    pnd_text_cut(what.text, LABEL_BYTES);
    return (!last || pnd_svg_dot(writer, x, LANE, "9", "#f66151", "the rule was broken here")) &&
           pnd_svg_dot(writer, x, LANE, "5", kind_of(event)->colour, what.text) &&
           pnd_svg_slanted(writer, x + 2, LANE - 12, -40, what.text) &&
           pnd_svg_slanted(writer, x - 2, LANE + 20, 40, pnd_units_ns(event->elapsed_ns).text);
}

bool pnd_run_events_plot(xmlTextWriter *writer, const Pendio__Violation *violation)
{
    char title[96];
    const double lane[] = {LEFT, LANE, WIDTH - RIGHT, LANE};
    (void)snprintf(title, sizeof title, "The last %zu events of context %u", drawn_count(violation),
                   violation->context);
    bool whole = pnd_svg_begin(writer, WIDTH, HEIGHT, title, false) &&
                 pnd_svg_line(writer, lane, "#cccccc", "1");
    for (size_t index = 0; whole && index < drawn_count(violation); index++)
        whole = draw_pending(writer, violation, index);
    for (size_t index = 0; whole && index < drawn_count(violation); index++)
        whole = draw_event(writer, violation, index);
    return whole && pnd_markup_end(writer);
}

static bool write_event(xmlTextWriter *writer, const Pendio__TraceEvent *event)
{
    char what[64], figures[5][32], error[64] = "success";
    (void)snprintf(what, sizeof what, "%s%s", kind_of(event)->name, answer_of(event));
    (void)snprintf(figures[0], sizeof figures[0], "%llu", (unsigned long long)event->elapsed_ns);
    (void)snprintf(figures[1], sizeof figures[1], "%llu", (unsigned long long)event->generation);
    (void)snprintf(figures[2], sizeof figures[2], "%u", event->handle);
    (void)snprintf(figures[3], sizeof figures[3], "%llu", (unsigned long long)event->bytes);
    (void)snprintf(figures[4], sizeof figures[4], "%#x", event->flags);
    if (event->error != 0)
        (void)snprintf(error, sizeof error, "%s",
                       strerror(event->error < 0 ? -event->error : event->error));
    return pnd_markup_begin(writer, "tr") && pnd_page_figure(writer, figures[0]) &&
           pnd_page_cell(writer, what) && pnd_page_cell(writer, event->operation) &&
           pnd_page_cell(writer, error) && pnd_page_figure(writer, figures[1]) &&
           pnd_page_figure(writer, figures[2]) && pnd_page_figure(writer, figures[3]) &&
           pnd_page_figure(writer, figures[4]) && pnd_page_cell(writer, event->place) &&
           pnd_markup_end(writer);
}

bool pnd_run_events_table(xmlTextWriter *writer, const Pendio__Violation *violation)
{
    static const char *const titles[] = {"Elapsed, ns", "Event", "Operation", "Result", "Start",
                                         "Handle",      "Bytes", "Flags",     "Step",   NULL};
    bool whole = pnd_markup_begin(writer, "table") && pnd_page_titles(writer, titles, 9);
    for (size_t index = 0; whole && index < drawn_count(violation); index++)
        whole = write_event(writer, violation->events[index]);
    return whole && pnd_markup_end(writer);
}
