/*
 * output.c - files that appear whole or not at all.
 *
 * Happy path:  a temporary file beside the one asked for is written, then takes its name. What is
 *              no regular file (a terminal, a pipe, /dev/null) is written in place.
 * Failures:    a full disk is noticed before the name is taken; the temporary file goes.
 */
#include "output.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int begin_in_place(struct pnd_output *output);
static int begin_beside(struct pnd_output *output, const struct stat *before);
static mode_t mode_for(const struct stat *before);
static void complain(const struct pnd_output *output, int status);
static void forget(struct pnd_output *output);

int pnd_output_begin(const char *name, struct pnd_output *ret_output)
{
    struct pnd_output output = {.name = name};
    struct stat before;
    int status = 0;
    if (name == NULL) {
        *ret_output = output;
        return 0;
    }
    if (strcmp(name, "-") == 0)
        output.stream = stdout;
    else if (stat(name, &before) < 0)
        status = begin_beside(&output, NULL);
    else if (S_ISREG(before.st_mode))
        status = begin_beside(&output, &before);
    else
        status = begin_in_place(&output);

    if (status < 0)
        pnd_say_error("%s: %s; name a file that can be written", name, strerror(-status));
    else
        *ret_output = output;
    return status;
}

static int begin_in_place(struct pnd_output *output)
{
    output->stream = fopen(output->name, "we");
    return output->stream != NULL ? 0 : -errno;
}

/* A link stays a link: what it leads to is replaced. */
static int begin_beside(struct pnd_output *output, const struct stat *before)
{
    char *path = before != NULL ? realpath(output->name, NULL) : strdup(output->name);
    if (path == NULL)
        return -errno;

    int status = 0, descriptor = -1;
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        status = -ENOMEM;
        goto path_made;
    }
    descriptor = mkostemp(temporary, O_CLOEXEC);
    if (descriptor < 0) {
        status = -errno;
        goto name_made;
    }
    output->stream = fchmod(descriptor, mode_for(before)) == 0 ? fdopen(descriptor, "w") : NULL;
    if (output->stream == NULL) {
        status = -errno;
        goto file_made;
    }
    output->path = path;
    output->temporary = temporary;
    return 0;

file_made:
    (void)close(descriptor);
    (void)unlink(temporary);
name_made:
    free(temporary);
path_made:
    free(path);
    return status;
}

static mode_t mode_for(const struct stat *before)
{
    if (before != NULL)
        return before->st_mode & 0777;
    mode_t mask = umask(0);
    (void)umask(mask);
    return 0666 & ~mask;
}

int pnd_output_end(struct pnd_output *output)
{
    if (output->stream == NULL)
        return 0;

    int status = fflush(output->stream) != 0 ? -errno : ferror(output->stream) ? -EIO : 0;
    if (!pnd_output_is_stdout(output) && fclose(output->stream) != 0 && status == 0)
        status = -errno;
    if (status == 0 && output->path != NULL && rename(output->temporary, output->path) < 0)
        status = -errno;
    if (status < 0) {
        complain(output, status);
        if (output->path != NULL)
            (void)unlink(output->temporary);
    }
    forget(output);
    return status;
}

static void complain(const struct pnd_output *output, int status)
{
    pnd_say_error("%s: %s; %s", pnd_output_is_stdout(output) ? "stdout" : output->name,
                  strerror(-status),
                  status == -ENOMEM ? "free some memory and try again"
                                    : "make room, or write to another place");
}

int pnd_output_fail(struct pnd_output *output, int status)
{
    complain(output, status);
    pnd_output_abandon(output);
    return status;
}

void pnd_output_abandon(struct pnd_output *output)
{
    if (output->stream != NULL && !pnd_output_is_stdout(output))
        (void)fclose(output->stream);
    if (output->path != NULL)
        (void)unlink(output->temporary);
    forget(output);
}

bool pnd_output_is_stdout(const struct pnd_output *output)
{
    return output->stream == stdout;
}

static void forget(struct pnd_output *output)
{
    free(output->temporary);
    free(output->path);
    *output = (struct pnd_output){.name = output->name};
}
