/*
 * progress.c - a line on the terminal that moves while workloads run.
 *
 * Happy path:  nothing for the first second; then a line ten times a second, redrawn in place.
 * Failures:    where stderr is no terminal, or a dumb one, nothing is drawn at all.
 */
#include "progress.h"

#include "clock.h"
#include "say.h"
#include "units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_CELLS = 20, WIDTH_DEFAULT = 80, LINE_BYTES = 256 };

static const int64_t appears_ns = PND_CLOCK_SECOND;
static const int64_t redraw_ns = 100 * (int64_t)PND_CLOCK_MS;

static bool is_capable_terminal(void);
static void draw(struct pnd_progress *progress);
static void draw_bar(const struct pnd_progress *progress, char *ret_bar);
static double fraction_done(const struct pnd_progress *progress);
static int terminal_width(void);

void pnd_progress_begin(struct pnd_progress *progress, int workload_count, bool wanted)
{
    *progress = (struct pnd_progress){
        .wanted = wanted && is_capable_terminal(),
        .started_ns = pnd_clock_now_ns(),
        .workload_count = workload_count,
        .workload = "",
        .unit = "operations",
    };
}

static bool is_capable_terminal(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
}

void pnd_progress_next(struct pnd_progress *progress, int workload_index, const char *workload)
{
    progress->workload_index = workload_index;
    progress->workload = workload;
    progress->operations = 0;
    progress->operations_expected = 0;
    progress->ahead_count = 0;
}

void pnd_progress_wait(struct pnd_progress *progress, uint32_t ahead_count)
{
    progress->ahead_count = ahead_count;
}

void pnd_progress_update(struct pnd_progress *progress, uint64_t operations,
                         uint64_t operations_expected)
{
    if (operations > progress->operations)
        progress->operations = operations;
    progress->operations_expected = operations_expected;
}

void pnd_progress_tick(struct pnd_progress *progress)
{
    int64_t now_ns = pnd_clock_now_ns();
    if (!progress->wanted || now_ns - progress->started_ns < appears_ns ||
        now_ns - progress->drawn_ns < redraw_ns)
        return;
    progress->drawn_ns = now_ns;
    draw(progress);
}

/* One write, no longer than the terminal is wide: a line that wraps cannot be redrawn. */
static void draw(struct pnd_progress *progress)
{
    char bar[BAR_CELLS + 1], line[LINE_BYTES];
    draw_bar(progress, bar);
    double seconds = (double)(pnd_clock_now_ns() - progress->started_ns) / 1e9;
    int width = terminal_width();
    if (width > LINE_BYTES)
        width = LINE_BYTES;
    if (progress->ahead_count > 0)
        (void)snprintf(line, (size_t)width, "[%d/%d] [%s] %3.0f %%  waits for %u %s  %.0f s  %s",
                       progress->workload_index + 1, progress->workload_count, bar,
                       fraction_done(progress) * 100, progress->ahead_count,
                       progress->ahead_count == 1 ? "run" : "runs", seconds, progress->workload);
    else
        (void)snprintf(line, (size_t)width, "[%d/%d] [%s] %3.0f %%  %s %s  %.0f s  %s",
                       progress->workload_index + 1, progress->workload_count, bar,
                       fraction_done(progress) * 100, pnd_units_brief(progress->operations).text,
                       progress->unit, seconds, progress->workload);
    pnd_say_clean(line);
    pnd_say_for_now(line);
}

static void draw_bar(const struct pnd_progress *progress, char *ret_bar)
{
    int full = (int)(fraction_done(progress) * BAR_CELLS);
    memset(ret_bar, '.', BAR_CELLS);
    memset(ret_bar, '#', (size_t)full);
    ret_bar[BAR_CELLS] = '\0';
}

/* Of everything: workloads done, and as much of this one as is known. */
static double fraction_done(const struct pnd_progress *progress)
{
    double within = 0;
    if (progress->operations_expected > 0)
        within = (double)progress->operations / (double)progress->operations_expected;
    if (within > 1)
        within = 1;
    return (progress->workload_index + within) / progress->workload_count;
}

static int terminal_width(void)
{
    struct winsize size = {0};
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : WIDTH_DEFAULT;
}

void pnd_progress_end(struct pnd_progress *progress)
{
    progress->wanted = false;
    pnd_say_for_now("");
}
