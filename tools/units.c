/*
 * units.c - numbers as people read them.
 *
 * Happy path:  the largest unit that leaves at least 1, with three digits.
 * Failures:    none; every number fits.
 */
#include "units.h"

#include <stddef.h>
#include <stdio.h>

struct unit {
    const char *name;
    double size;
};

static const struct unit byte_units[] = {
    {"B", 1},
    {"KiB", 1024.0},
    {"MiB", 1024.0 * 1024},
    {"GiB", 1024.0 * 1024 * 1024},
    {"TiB", 1024.0 * 1024 * 1024 * 1024},
    {NULL, 0},
};
static const struct unit time_units[] = {
    {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0},
};
static const struct unit count_units[] = {
    {"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {NULL, 0},
};

static struct pnd_units_text scale(uint64_t number, const struct unit *units);
static int digits_after_point(double value);

struct pnd_units_text pnd_units_count(uint64_t count)
{
    struct pnd_units_text result;
    (void)snprintf(result.text, sizeof result.text, "%llu", (unsigned long long)count);
    return result;
}

struct pnd_units_text pnd_units_bytes(uint64_t bytes)
{
    return scale(bytes, byte_units);
}

struct pnd_units_text pnd_units_ns(uint64_t ns)
{
    return scale(ns, time_units);
}

struct pnd_units_text pnd_units_brief(uint64_t count)
{
    return scale(count, count_units);
}

struct pnd_units_text pnd_units_times(uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return (struct pnd_units_text){.text = "-"};

    struct pnd_units_text result;
    double value = (double)part / (double)whole;
    (void)snprintf(result.text, sizeof result.text, "%.*fx", value < 100 ? 1 : 0, value);
    return result;
}

/* 999.6 of a unit would read as 1000 of it: the next one takes over at 999.5. */
static struct pnd_units_text scale(uint64_t number, const struct unit *units)
{
    const struct unit *unit = units;
    while (unit[1].name != NULL && (double)number >= 0.9995 * unit[1].size)
        unit++;

    struct pnd_units_text result;
    double value = (double)number / unit->size;
    (void)snprintf(result.text, sizeof result.text, "%.*f%s%s",
                   unit == units ? 0 : digits_after_point(value), value,
                   unit->name[0] != '\0' ? " " : "", unit->name);
    return result;
}

static int digits_after_point(double value)
{
    return value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
}
