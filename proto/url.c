/*
 * url.c - the default URL of a daemon, from the environment and the user; the host of any.
 *
 * Happy path:  take the first base that applies, then append the names that never change.
 * Failures:    a text that does not fit is -ENAMETOOLONG and writes nothing.
 */
#include "url.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *absolute_or_null(const char *variable);
static int format_directory(char *ret_directory, size_t byte_count);

int pnd_url_default(char *ret_url, size_t byte_count)
{
    char directory[PATH_MAX];
    int status = format_directory(directory, sizeof directory);
    if (status < 0)
        return status;

    static const char scheme[] = "ipc://";
    static const char name[] = "/pendiod.sock";
    if (strlen(scheme) + strlen(directory) + sizeof name > byte_count)
        return -ENAMETOOLONG;

    (void)snprintf(ret_url, byte_count, "%s%s%s", scheme, directory, name);
    return 0;
}

bool pnd_url_host(const char *url, char *ret_host, size_t byte_count)
{
    static const char scheme[] = "tcp://"; /* also the end of tls+tcp:// */
    const char *begin = strstr(url, scheme);
    if (begin == NULL)
        return false;
    begin += strlen(scheme);
    const char *end = begin + strcspn(begin, ":");
    if (*begin == '[') {
        begin++;
        end = begin + strcspn(begin, "]");
    }
    int length = snprintf(ret_host, byte_count, "%.*s", (int)(end - begin), begin);
    return length > 0 && (size_t)length < byte_count;
}

static int format_directory(char *ret_directory, size_t byte_count)
{
    const char *runtime = absolute_or_null("XDG_RUNTIME_DIR");
    const char *temporary = absolute_or_null("TMPDIR");
    int length = 0;
    if (runtime != NULL)
        length = snprintf(ret_directory, byte_count, "%s/pendio", runtime);
    else if (geteuid() == 0)
        length = snprintf(ret_directory, byte_count, "/run/pendio");
    else
        length = snprintf(ret_directory, byte_count, "%s/pendio-%u",
                          temporary != NULL ? temporary : "/tmp", (unsigned)geteuid());
    return length < 0 || (size_t)length >= byte_count ? -ENAMETOOLONG : 0;
}

/* A relative directory would mean another place for every working directory: as if unset. */
static const char *absolute_or_null(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && value[0] == '/' ? value : NULL;
}
