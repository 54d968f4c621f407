/*
 * run_plot.c - how long operations took, and how a run went over its time, as SVG.
 *
 * Happy path:  latencies become bars on a logarithmic axis, with percentiles; samples become steps,
 *              one for each slice of time.
 * Failures:    want of memory; samples out of order, as files may have them, are left out.
 */
#include "run_plot.h"

#include "histogram.h"
#include "markup.h"
#include "svg.h"
#include "units.h"

#include <math.h>
#include <stdio.h>

enum {
    WIDTH = 480,
    HEIGHT = 220,
    LEFT = 48,
    RIGHT = 30,
    TOP = 44,
    BOTTOM = 34,
    BAR_COUNT = 48,
    SAMPLE_LIMIT = 1024,
};

/* What lies between the axes. */
static const double inner_width = WIDTH - LEFT - RIGHT, inner_height = HEIGHT - TOP - BOTTOM;

static double bottom(void)
{
    return HEIGHT - BOTTOM;
}

static bool draw_axes(xmlTextWriter *writer)
{
    const double below[] = {LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM};
    const double beside[] = {LEFT, TOP, LEFT, HEIGHT - BOTTOM};
    return pnd_svg_line(writer, below, "#888888", "1") &&
           pnd_svg_line(writer, beside, "#888888", "1");
}

/* ---- latencies ------------------------------------------------------------------------------ */

/* Powers of two, from that of the smallest value to that of the largest. */
struct scale {
    double low, high;
};

static double power_of(uint64_t value)
{
    return log2(value > 0 ? (double)value : 1);
}

static double place_of(const struct scale *scale, uint64_t value)
{
    double share = (power_of(value) - scale->low) / (scale->high - scale->low);
    return LEFT + inner_width * (share < 0 ? 0 : share > 1 ? 1 : share);
}

static struct scale scale_of(const Pendio__Histogram *histogram)
{
    uint32_t bits = histogram->linear_bits;
    const uint32_t *buckets = histogram->buckets;
    struct scale scale = {
        floor(power_of(pnd_histogram_low(bits, buckets[0]))),
        ceil(power_of(pnd_histogram_high(bits, buckets[histogram->n_buckets - 1]))),
    };
    if (scale.high - scale.low < 2)
        scale.high = scale.low + 2;
    return scale;
}

/* A bucket is where its middle is. */
static void gather(const Pendio__Histogram *histogram, const struct scale *scale,
                   uint64_t bars[BAR_COUNT])
{
    for (size_t index = 0; index < histogram->n_buckets; index++) {
        uint64_t low = pnd_histogram_low(histogram->linear_bits, histogram->buckets[index]);
        uint64_t high = pnd_histogram_high(histogram->linear_bits, histogram->buckets[index]);
        double share = (place_of(scale, low + (high - low) / 2) - LEFT) / inner_width;
        int bar = (int)(share * BAR_COUNT);
        bars[bar < BAR_COUNT ? bar : BAR_COUNT - 1] += histogram->counts[index];
    }
}

static bool draw_bars(xmlTextWriter *writer, const uint64_t bars[BAR_COUNT])
{
    uint64_t most = 1;
    bool whole = true;
    for (int bar = 0; bar < BAR_COUNT; bar++)
        most = bars[bar] > most ? bars[bar] : most;
    for (int bar = 0; whole && bar < BAR_COUNT; bar++) {
        double height = (double)bars[bar] / (double)most * inner_height;
        const double place[] = {LEFT + bar * inner_width / BAR_COUNT + 0.5, bottom() - height,
                                inner_width / BAR_COUNT - 1, height};
        if (bars[bar] > 0)
            whole = pnd_svg_rect(writer, place, "#62a0ea", pnd_units_count(bars[bar]).text);
    }
    return whole && pnd_svg_text(writer, LEFT - 4, TOP + 4, "end", pnd_units_brief(most).text);
}

/* About five of them, at powers of two. */
static bool draw_ticks(xmlTextWriter *writer, const struct scale *scale)
{
    bool whole = true;
    int high = (int)scale->high, step = ((int)(scale->high - scale->low) + 4) / 5;
    for (int power = (int)scale->low; whole && power <= high; power += step) {
        uint64_t value = power < 64 ? UINT64_C(1) << power : UINT64_MAX;
        double x = place_of(scale, value);
        const double ends[] = {x, bottom(), x, bottom() + 4};
        whole = pnd_svg_line(writer, ends, "#888888", "1") &&
                pnd_svg_text(writer, x, bottom() + 18, "middle", pnd_units_ns(value).text);
    }
    return whole;
}

static bool draw_quantiles(xmlTextWriter *writer, const Pendio__Histogram *histogram,
                           const struct scale *scale)
{
    static const struct {
        const char *name;
        uint32_t per_mille;
    } quantiles[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p99.9", 999}};
    bool whole = true;
    for (size_t index = 0; whole && index < sizeof quantiles / sizeof quantiles[0]; index++) {
        uint64_t value = pnd_histogram_quantile(histogram, quantiles[index].per_mille);
        double x = place_of(scale, value);
        const double ends[] = {x, TOP, x, bottom()};
        char text[48];
        (void)snprintf(text, sizeof text, "%s %s", quantiles[index].name, pnd_units_ns(value).text);
        whole =
            pnd_svg_line(writer, ends, "#c01c28", "1") &&
            pnd_svg_text(writer, LEFT + (double)index * inner_width / 4, TOP - 8, "start", text);
    }
    return whole;
}

bool pnd_run_plot_latency(xmlTextWriter *writer, const char *title,
                          const Pendio__Histogram *histogram)
{
    struct scale scale = scale_of(histogram);
    uint64_t bars[BAR_COUNT] = {0};
    char text[128];
    gather(histogram, &scale, bars);
    (void)snprintf(text, sizeof text, "%.64s (%s)", title,
                   pnd_units_count(pnd_histogram_count(histogram)).text);
    return pnd_svg_begin(writer, WIDTH, HEIGHT, text, false) && draw_axes(writer) &&
           draw_bars(writer, bars) && draw_ticks(writer, &scale) &&
           draw_quantiles(writer, histogram, &scale) && pnd_markup_end(writer);
}

/* ---- over time ------------------------------------------------------------------------------ */

/* What of a sample is drawn, as a height. */
typedef double height_fn(const Pendio__Sample *sample, double seconds);

struct curve {
    const char *name, *colour;
    height_fn *height;
};

static double done_rate(const Pendio__Sample *sample, double seconds)
{
    return (double)sample->done / seconds;
}

static double pending_rate(const Pendio__Sample *sample, double seconds)
{
    return (double)sample->pending / seconds;
}

static double refused_rate(const Pendio__Sample *sample, double seconds)
{
    return (double)sample->refused / seconds;
}

static double contexts_taken(const Pendio__Sample *sample, double seconds)
{
    (void)seconds;
    return sample->contexts_taken;
}

static size_t sample_count(const Pendio__Report *report)
{
    return report->n_timeline < SAMPLE_LIMIT ? report->n_timeline : SAMPLE_LIMIT;
}

static double begin_of(const Pendio__Report *report, size_t index)
{
    return index > 0 ? (double)report->timeline[index - 1]->elapsed_ns : 0;
}

/* 0 for one that is out of order. */
static double seconds_of(const Pendio__Report *report, size_t index)
{
    double seconds = ((double)report->timeline[index]->elapsed_ns - begin_of(report, index)) / 1e9;
    return seconds > 0 ? seconds : 0;
}

static double most_of(const Pendio__Report *report, const struct curve *curves, size_t curve_count)
{
    double most = 1;
    for (size_t index = 0; index < sample_count(report); index++)
        for (size_t curve = 0; curve < curve_count; curve++) {
            double seconds = seconds_of(report, index);
            if (seconds > 0)
                most = fmax(most, curves[curve].height(report->timeline[index], seconds));
        }
    return most;
}

static double end_of(const Pendio__Report *report)
{
    double end = 1;
    for (size_t index = 0; index < sample_count(report); index++)
        end = fmax(end, (double)report->timeline[index]->elapsed_ns);
    return end;
}

static bool draw_curve(xmlTextWriter *writer, const Pendio__Report *report,
                       const struct curve *curve, double most)
{
    double end = end_of(report), last_y = -1;
    bool whole = true;
    for (size_t index = 0; whole && index < sample_count(report); index++) {
        double seconds = seconds_of(report, index);
        if (seconds <= 0)
            continue;
        double left = LEFT + begin_of(report, index) / end * inner_width;
        double right = left + seconds * 1e9 / end * inner_width;
        double y = bottom() - curve->height(report->timeline[index], seconds) / most * inner_height;
        const double flat[] = {left, y, right, y};
        const double up[] = {left, last_y, left, y};
        whole = (last_y < 0 || pnd_svg_line(writer, up, curve->colour, "1.5")) &&
                pnd_svg_line(writer, flat, curve->colour, "1.5");
        last_y = y;
    }
    return whole;
}

static bool plot(xmlTextWriter *writer, const Pendio__Report *report, const char *title,
                 const struct curve *curves, size_t curve_count)
{
    double most = most_of(report, curves, curve_count);
    bool whole = pnd_svg_begin(writer, WIDTH, HEIGHT, title, false) && draw_axes(writer) &&
                 pnd_svg_text(writer, LEFT - 4, TOP + 4, "end",
                              pnd_units_brief((uint64_t)fmin(most, 1e18)).text) &&
                 pnd_svg_text(writer, LEFT, bottom() + 18, "middle", "0") &&
                 pnd_svg_text(writer, WIDTH - RIGHT, bottom() + 18, "end",
                              pnd_units_ns((uint64_t)end_of(report)).text);
    for (size_t curve = 0; whole && curve < curve_count; curve++) {
        double x = LEFT + 20 + (double)curve * 110;
        whole = draw_curve(writer, report, &curves[curve], most) &&
                pnd_svg_dot(writer, x - 10, TOP - 12, "4", curves[curve].colour, NULL) &&
                pnd_svg_text(writer, x, TOP - 8, "start", curves[curve].name);
    }
    return whole && pnd_markup_end(writer);
}

bool pnd_run_plot_answers(xmlTextWriter *writer, const Pendio__Report *report)
{
    static const struct curve curves[] = {{"pending", "#1a5fb4", pending_rate},
                                          {"done", "#26a269", done_rate},
                                          {"refused", "#c01c28", refused_rate}};
    return plot(writer, report, "Answers a second", curves, sizeof curves / sizeof curves[0]);
}

bool pnd_run_plot_contexts(xmlTextWriter *writer, const struct pnd_outcome *outcome)
{
    static const struct curve curves[] = {{"taken", "#5e5c9c", contexts_taken}};
    char title[96];
    (void)snprintf(title, sizeof title, "Contexts taken, of %llu",
                   (unsigned long long)outcome->pool->contexts);
    return plot(writer, outcome->report, title, curves, 1);
}
