/*
 * bench_plot.c - a plot of ratios, as SVG.
 *
 * Happy path:  look which cases and subjects there are, and how far they reach -> legend, axis ->
 *              a row for each case, with a mark and its quartiles for each subject.
 * Failures:    what lies beyond the axis is drawn at its end; a result without figures, or none at
 *              all as it may come from a file, is left out.
 */
#include "bench_plot.h"

#include "markup.h"
#include "svg.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SUBJECT_MAXIMUM = 16,
    WIDTH = 960,
    LEFT = 190, /* of the axis */
    RIGHT = 30,
    TOP = 34,
    BOTTOM = 30,
    LEGEND_COLUMNS = 5,
};

static const double least_bound = 0.5, most_bound = 16;

struct sheet {
    xmlTextWriter *writer;
    const struct pnd_bench_plot *plot;
    const char *subjects[SUBJECT_MAXIMUM];
    const char *colours[SUBJECT_MAXIMUM];
    size_t subject_count, row_count;
    double high; /* where the axis ends */
    int top, height;
};

struct mark {
    const char *case_name, *subject, *role;
    double low, median, high;
};

static void survey(struct sheet *sheet);
static bool read_mark(const struct pnd_bench_plot *plot, const json_t *result,
                      struct mark *ret_mark);
static bool is_wanted(const struct pnd_bench_plot *plot, const char *subject);
static size_t find_subject(struct sheet *sheet, const struct mark *mark);
static const char *colour_of(const struct sheet *sheet, const char *role);
static bool draw_legend(const struct sheet *sheet);
static bool draw_axis(const struct sheet *sheet);
static bool draw_tick(const struct sheet *sheet, double ratio, const char *colour);
static bool draw_rows(struct sheet *sheet);
static bool draw_label(const struct sheet *sheet, const char *name, size_t row);
static bool draw_mark(struct sheet *sheet, const struct mark *mark, size_t row);
static double place_of(const struct sheet *sheet, double ratio);

/* "echo/tcp/1x64x1" is one of "echo/tcp", "nop/32" one of "nop". */
void pnd_bench_plot_group(const char *case_name, char ret_group[PND_BENCH_GROUP_BYTES])
{
    const char *first = strchr(case_name, '/');
    const char *second = first != NULL ? strchr(first + 1, '/') : NULL;
    const char *end = second != NULL ? second : first;
    int length = end != NULL ? (int)(end - case_name) : (int)strlen(case_name);
    (void)snprintf(ret_group, PND_BENCH_GROUP_BYTES, "%.*s", length, case_name);
}

bool pnd_bench_plot_has_marks(const struct pnd_bench_plot *plot)
{
    struct sheet sheet = {.plot = plot};
    survey(&sheet);
    return sheet.row_count > 0;
}

bool pnd_bench_plot_write(xmlTextWriter *writer, const struct pnd_bench_plot *plot)
{
    struct sheet sheet = {.writer = writer, .plot = plot, .high = 2};

    survey(&sheet);
    size_t legend_rows = (sheet.subject_count + LEGEND_COLUMNS - 1) / LEGEND_COLUMNS;
    sheet.top = TOP + (int)legend_rows * 18;
    sheet.height = sheet.top + (int)sheet.row_count * plot->row_height + BOTTOM;
    return pnd_svg_begin(writer, WIDTH, sheet.height, plot->title, true) && draw_legend(&sheet) &&
           draw_axis(&sheet) && draw_rows(&sheet) && pnd_markup_end(writer);
}

static void survey(struct sheet *sheet)
{
    const char *last = "";
    size_t index;
    const json_t *result;
    struct mark mark;

    json_array_foreach(sheet->plot->results, index, result)
    {
        if (!read_mark(sheet->plot, result, &mark))
            continue;
        sheet->row_count += strcmp(mark.case_name, last) != 0;
        last = mark.case_name;
        (void)find_subject(sheet, &mark);
        if (mark.high > sheet->high)
            sheet->high = mark.high < most_bound ? mark.high : most_bound;
    }
}

/* False: it belongs to another plot, or has nothing to show. */
static bool read_mark(const struct pnd_bench_plot *plot, const json_t *result,
                      struct mark *ret_mark)
{
    *ret_mark = (struct mark){
        .case_name = json_string_value(json_object_get(result, "case")),
        .subject = json_string_value(json_object_get(result, "subject")),
        .role = json_string_value(json_object_get(result, "role")),
        .low = json_number_value(json_object_get(result, "ratio_to_best_low_quartile")),
        .median = json_number_value(json_object_get(result, "ratio_to_best")),
        .high = json_number_value(json_object_get(result, "ratio_to_best_high_quartile")),
    };
    if (ret_mark->case_name == NULL || ret_mark->subject == NULL || ret_mark->role == NULL ||
        ret_mark->low <= 0 || ret_mark->median <= 0 || ret_mark->high <= 0)
        return false;
    return fnmatch(plot->cases, ret_mark->case_name, 0) == 0 && is_wanted(plot, ret_mark->subject);
}

static bool is_wanted(const struct pnd_bench_plot *plot, const char *subject)
{
    const char *const *wanted = plot->subjects;
    while (wanted != NULL && *wanted != NULL && strcmp(*wanted, subject) != 0)
        wanted++;
    return wanted == NULL || *wanted != NULL;
}

/* Those that are too many share the last place. */
static size_t find_subject(struct sheet *sheet, const struct mark *mark)
{
    size_t place = 0;
    while (place < sheet->subject_count && strcmp(sheet->subjects[place], mark->subject) != 0)
        place++;
    if (place < sheet->subject_count || place == SUBJECT_MAXIMUM)
        return place < SUBJECT_MAXIMUM ? place : place - 1;
    sheet->colours[place] = colour_of(sheet, mark->role);
    sheet->subjects[place] = mark->subject;
    sheet->subject_count++;
    return place;
}

/* The next of its role's: ours are warm, those written by hand cold, peers green. */
static const char *colour_of(const struct sheet *sheet, const char *role)
{
    static const char *const ours[] = {"#e66100", "#8f2d00", "#c01c28", "#f5a623", NULL};
    static const char *const floors[] = {"#1a5fb4", "#62a0ea", "#5e5c9c",
                                         "#8fa3c8", "#0b3d66", NULL};
    static const char *const others[] = {"#26a269", "#77767b", "#86a315", "#0f6b5c",
                                         "#9c6b9e", "#3d3846", "#b5835a", NULL};
    const char *const *colour = strcmp(role, "pendio") == 0  ? ours
                                : strcmp(role, "floor") == 0 ? floors
                                                             : others;
    for (size_t place = 0; colour[1] != NULL && place < sheet->subject_count; place++)
        if (strcmp(sheet->colours[place], *colour) == 0) {
            colour++;
            place = (size_t)-1; /* once more from the start */
        }
    return *colour;
}

/* ---- drawing -------------------------------------------------------------------------------- */

static bool draw_legend(const struct sheet *sheet)
{
    bool whole = true;
    for (size_t place = 0; whole && place < sheet->subject_count; place++) {
        double x = 20.0 + (double)(place % LEGEND_COLUMNS) * 185;
        double y = 40.0 + (double)(place / LEGEND_COLUMNS) * 18;
        whole = pnd_svg_dot(sheet->writer, x, y - 4, "4", sheet->colours[place], NULL) &&
                pnd_svg_text(sheet->writer, x + 9, y, "start", sheet->subjects[place]);
    }
    return whole;
}

static bool draw_axis(const struct sheet *sheet)
{
    static const double ticks[] = {0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 16};
    bool whole = true;
    for (size_t index = 0; whole && index < sizeof ticks / sizeof ticks[0]; index++)
        if (ticks[index] <= sheet->high)
            whole = draw_tick(sheet, ticks[index], ticks[index] == 1 ? "#000000" : "#dddddd");
    return whole;
}

static bool draw_tick(const struct sheet *sheet, double ratio, const char *colour)
{
    double x = place_of(sheet, ratio), bottom = sheet->height - BOTTOM;
    const double ends[] = {x, (double)sheet->top, x, bottom};
    char text[16];
    (void)snprintf(text, sizeof text, "%g", ratio);
    return pnd_svg_line(sheet->writer, ends, colour, "1") &&
           pnd_svg_text(sheet->writer, x, bottom + 16, "middle", text);
}

static bool draw_rows(struct sheet *sheet)
{
    const char *last = "";
    size_t index, row = 0;
    const json_t *result;
    struct mark mark;
    bool whole = true;

    json_array_foreach(sheet->plot->results, index, result)
    {
        if (!whole || !read_mark(sheet->plot, result, &mark))
            continue;
        if (strcmp(mark.case_name, last) != 0)
            whole = draw_label(sheet, mark.case_name, row++);
        last = mark.case_name;
        whole = whole && draw_mark(sheet, &mark, row - 1);
    }
    return whole;
}

static bool draw_label(const struct sheet *sheet, const char *name, size_t row)
{
    double y = sheet->top + (double)row * sheet->plot->row_height;
    const double ends[] = {10, y, WIDTH - RIGHT, y};
    return pnd_svg_line(sheet->writer, ends, "#eeeeee", "1") &&
           pnd_svg_text(sheet->writer, LEFT - 12, y + sheet->plot->row_height / 2.0 + 4, "end",
                        name);
}

/* Subjects of a row lie a little below each other, so that none hides another. */
static bool draw_mark(struct sheet *sheet, const struct mark *mark, size_t row)
{
    size_t place = find_subject(sheet, mark);
    double height = sheet->plot->row_height;
    double share = ((double)place + 0.5) / (double)sheet->subject_count;
    double y = sheet->top + (double)row * height + 0.15 * height + share * 0.7 * height;
    const double ends[] = {place_of(sheet, mark->low), y, place_of(sheet, mark->high), y};
    char text[160];

    (void)snprintf(text, sizeof text, "%s %s: %.3f (%.3f to %.3f)", mark->case_name, mark->subject,
                   mark->median, mark->low, mark->high);
    return pnd_svg_line(sheet->writer, ends, sheet->colours[place], "2") &&
           pnd_svg_dot(sheet->writer, place_of(sheet, mark->median), y, "3.5",
                       sheet->colours[place], text);
}

/* Logarithmic: twice as dear and half as dear are equally far from 1. */
static double place_of(const struct sheet *sheet, double ratio)
{
    double within = ratio < least_bound ? least_bound : ratio > sheet->high ? sheet->high : ratio;
    double share = log(within / least_bound) / log(sheet->high / least_bound);
    return LEFT + share * (WIDTH - LEFT - RIGHT);
}
