/*
 * names.c - numbers of the system and of pendio, as people write them in workloads and reports.
 *
 * Happy path:  a name is found in a table, or with strerrorname_np() for errno.
 * Failures:    an unknown name gives -1 or 0; an unknown number gives "unknown".
 */
#include "names.h"

#include <pendio/pendio.h>

#include <stdlib.h>
#include <string.h>

#define ERROR_COUNT 134 /* one beyond the highest errno of Linux */

struct flag_name {
    uint16_t flag;
    const char *name;
};

static const struct flag_name flag_names[] = {
    {PENDIO_END_OF_STREAM, "END_OF_STREAM"},
    {PENDIO_TRUNCATED, "TRUNCATED"},
    {PENDIO_BY_CANCEL, "BY_CANCEL"},
    {PENDIO_BY_DEADLINE, "BY_DEADLINE"},
    {PENDIO_BY_CLOSE, "BY_CLOSE"},
    {PENDIO_CONTROL_TRUNCATED, "CONTROL_TRUNCATED"},
    {PENDIO_COPIED, "COPIED"},
    {PENDIO_LENT, "LENT"},
};

static const char *const operation_names[] = {
    [PENDIO_OPERATION_NONE] = "NONE",
    [PENDIO_OPERATION_POST] = "POST",
    [PENDIO_OPERATION_NOP] = "NOP",
    [PENDIO_OPERATION_TIMER] = "TIMER",
    [PENDIO_OPERATION_ACCEPT] = "ACCEPT",
    [PENDIO_OPERATION_CONNECT] = "CONNECT",
    [PENDIO_OPERATION_RECEIVE] = "RECEIVE",
    [PENDIO_OPERATION_SEND] = "SEND",
    [PENDIO_OPERATION_RECEIVE_FROM] = "RECEIVE_FROM",
    [PENDIO_OPERATION_SEND_TO] = "SEND_TO",
    [PENDIO_OPERATION_OPEN] = "OPEN",
    [PENDIO_OPERATION_READ] = "READ",
    [PENDIO_OPERATION_WRITE] = "WRITE",
    [PENDIO_OPERATION_CLOSE] = "CLOSE",
    [PENDIO_OPERATION_FSYNC] = "FSYNC",
    [PENDIO_OPERATION_TRUNCATE] = "TRUNCATE",
    [PENDIO_OPERATION_STAT] = "STAT",
    [PENDIO_OPERATION_RENAME] = "RENAME",
    [PENDIO_OPERATION_UNLINK] = "UNLINK",
    [PENDIO_OPERATION_MKDIR] = "MKDIR",
    [PENDIO_OPERATION_POLL] = "POLL",
    [PENDIO_OPERATION_DISCONNECT] = "DISCONNECT",
    [PENDIO_OPERATION_RECEIVE_MESSAGE] = "RECEIVE_MESSAGE",
    [PENDIO_OPERATION_SEND_MESSAGE] = "SEND_MESSAGE",
    [PENDIO_OPERATION_SEND_PACKETS] = "SEND_PACKETS",
    [PENDIO_OPERATION_SPLICE] = "SPLICE",
    [PENDIO_OPERATION_CHILD] = "CHILD",
    [PENDIO_OPERATION_SIGNAL] = "SIGNAL",
};

int pnd_names_find_error(const char *name)
{
    for (int error = 0; error < ERROR_COUNT; error++) {
        const char *known = strerrorname_np(error);
        if (known != NULL && strcmp(known, name) == 0)
            return error;
    }
    return -1;
}

const char *pnd_names_error(int error)
{
    const char *name =
        error > -ERROR_COUNT && error < ERROR_COUNT ? strerrorname_np(abs(error)) : NULL;
    return name != NULL ? name : "unknown";
}

uint16_t pnd_names_find_flag(const char *name)
{
    for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
        if (strcmp(flag_names[i].name, name) == 0)
            return flag_names[i].flag;
    return 0;
}

uint64_t pnd_names_find_feature(const char *name)
{
    for (uint64_t bit = 1; bit != 0; bit <<= 1) {
        const char *known = pendio_feature_name(bit);
        if (known != NULL && strcmp(known, name) == 0)
            return bit;
    }
    return 0;
}

size_t pnd_names_features(char **ret_names)
{
    size_t count = 0;
    for (uint64_t bit = 1; bit != 0; bit <<= 1) {
        const char *name = pendio_feature_name(bit);
        if (name != NULL)
            ret_names[count++] = (char *)name;
    }
    return count;
}

const char *pnd_names_operation(uint16_t operation)
{
    size_t count = sizeof operation_names / sizeof *operation_names;
    const char *name = operation < count ? operation_names[operation] : NULL;
    return name != NULL ? name : "unknown";
}

const char *pnd_names_operation_or_none(uint16_t operation)
{
    return operation != 0 ? pnd_names_operation(operation) : "";
}
