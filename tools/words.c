/*
 * words.c - numbers, times and lists as parts of a sentence.
 *
 * Happy path:  a number in the largest unit that says it with few digits.
 * Failures:    none; what is too long is cut.
 */
#include "words.h"

#include <inttypes.h>
#include <stdarg.h>

__attribute__((format(printf, 1, 2))) static struct pnd_words words(const char *format, ...)
{
    struct pnd_words result;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(result.text, sizeof result.text, format, arguments);
    va_end(arguments);
    return result;
}

struct pnd_words pnd_words_count(uint64_t count, const char *one, const char *many)
{
    return words("%" PRIu64 " %s", count, count == 1 ? one : many);
}

struct pnd_words pnd_words_times(uint64_t count)
{
    if (count <= 2)
        return words("%s", count == 2 ? "twice" : "once");
    return words("%" PRIu64 " times", count);
}

struct pnd_words pnd_words_bytes(uint64_t byte_count)
{
    static const char *const units[] = {"KiB", "MiB", "GiB"};
    uint64_t number = byte_count;
    int unit = -1;
    while (unit < 2 && number >= 1024 && number % 1024 == 0) {
        number /= 1024;
        unit++;
    }
    if (unit < 0)
        return pnd_words_count(byte_count, "byte", "bytes");
    return words("%" PRIu64 " %s", number, units[unit]);
}

struct pnd_words pnd_words_ns(uint64_t ns)
{
    if (ns < 1000)
        return words("%" PRIu64 " ns", ns);
    if (ns < 1000000)
        return words("%.4g us", (double)ns / 1e3);
    if (ns < 1000000000)
        return words("%.4g ms", (double)ns / 1e6);
    return words("%.4g s", (double)ns / 1e9);
}

/* What is no mean of anything is 0; the daemon refuses it. */
static uint64_t whole(double number)
{
    return number > 0 && number < 1e18 ? (uint64_t)number : 0;
}

/* All there are, as long as they fit, and how often each is drawn unless all are alike. */
static struct pnd_words among(const Pendio__Distribution *distribution,
                              struct pnd_words (*unit)(uint64_t number))
{
    struct pnd_words list = {""};
    size_t used = 0;
    for (size_t index = 0; index < distribution->n_values && used < sizeof list.text; index++) {
        used += (size_t)snprintf(list.text + used, sizeof list.text - used, "%s%s",
                                 pnd_words_or(index, distribution->n_values),
                                 unit(distribution->values[index]).text);
    }
    if (used > sizeof list.text - sizeof " (drawn 65535:65535)")
        return words("one of %zu sizes (drawn)", distribution->n_values);
    for (size_t index = 0; index < distribution->n_weights && used < sizeof list.text; index++)
        used += (size_t)snprintf(list.text + used, sizeof list.text - used, "%s%u",
                                 index == 0 ? " (drawn " : ":", distribution->weights[index]);
    if (used < sizeof list.text)
        (void)snprintf(list.text + used, sizeof list.text - used, "%s",
                       distribution->n_weights > 0 ? ")" : " (drawn)");
    return list;
}

struct pnd_words pnd_words_drawn(const Pendio__Distribution *distribution,
                                 struct pnd_words (*unit)(uint64_t number))
{
    struct pnd_words low = unit(distribution->minimum);
    struct pnd_words high = unit(distribution->maximum);
    switch (distribution->shape) {
    case PENDIO__SHAPE__EVENLY:
        return words("%.40s to %.40s (drawn evenly)", low.text, high.text);
    case PENDIO__SHAPE__EXPONENTIALLY:
        return words("%.40s in the mean (drawn exponentially)",
                     unit(whole(distribution->mean)).text);
    case PENDIO__SHAPE__AMONG:
        return among(distribution, unit);
    default:
        return low;
    }
}

const char *pnd_words_between(size_t index, size_t count)
{
    return index == 0 ? "" : index + 1 == count ? " and " : ", ";
}

const char *pnd_words_or(size_t index, size_t count)
{
    return index == 0 ? "" : index + 1 == count ? " or " : ", ";
}

const char *pnd_words_value(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    return known != NULL ? known->name : "something unknown";
}
