/*
 * run_files.c - a directory with a file for each of some runs.
 *
 * Happy path:  a file is written under another name, and renamed over the old one.
 * Failures:    are returned; a file that is not finished stays until the next one, or the next
 *              list.
 */
#include "run_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void format_unfinished(const struct pnd_run_files *files, char *ret_name);
static bool read_name(const struct pnd_run_files *files, const char *name, uint64_t *ret_run);
static int write_all(int file, const void *bytes, size_t byte_count, bool durable);

int pnd_run_files_open(const char *path, const char *suffix, struct pnd_run_files *ret_files)
{
    (void)mkdir(path, S_IRWXU);
    int directory = open(path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (directory < 0)
        return -errno;
    if (faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        int status = -errno;
        (void)close(directory);
        return status;
    }
    *ret_files = (struct pnd_run_files){directory, suffix};
    return 0;
}

int pnd_run_files_list(const struct pnd_run_files *files, pnd_run_files_fn *tell, void *state)
{
    char unfinished[PND_RUN_FILES_NAME_BYTES];
    format_unfinished(files, unfinished);
    (void)unlinkat(files->directory, unfinished, 0);

    int copy = fcntl(files->directory, F_DUPFD_CLOEXEC, 0);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    if (entries == NULL) {
        int status = -errno;
        if (copy >= 0)
            (void)close(copy);
        return status;
    }
    int status = 0;
    const struct dirent *entry = NULL;
    while (status == 0 && (entry = readdir(entries)) != NULL) {
        uint64_t run = 0;
        if (read_name(files, entry->d_name, &run))
            status = tell(state, run);
    }
    (void)closedir(entries);
    return status;
}

/* As pnd_run_files_format() writes it, and not otherwise. */
static bool read_name(const struct pnd_run_files *files, const char *name, uint64_t *ret_run)
{
    char written[PND_RUN_FILES_NAME_BYTES];
    uint64_t run = strtoull(name, NULL, 10);
    pnd_run_files_format(files, run, written);
    *ret_run = run;
    return run > 0 && strcmp(name, written) == 0;
}

void pnd_run_files_format(const struct pnd_run_files *files, uint64_t run,
                          char ret_name[PND_RUN_FILES_NAME_BYTES])
{
    (void)snprintf(ret_name, PND_RUN_FILES_NAME_BYTES, "%" PRIu64 "%s", run, files->suffix);
}

static void format_unfinished(const struct pnd_run_files *files, char *ret_name)
{
    (void)snprintf(ret_name, PND_RUN_FILES_NAME_BYTES, "%s.unfinished", files->suffix);
}

int pnd_run_files_write(const struct pnd_run_files *files, uint64_t run, const void *bytes,
                        size_t byte_count, bool durable)
{
    char name[PND_RUN_FILES_NAME_BYTES];
    char unfinished[PND_RUN_FILES_NAME_BYTES];
    pnd_run_files_format(files, run, name);
    format_unfinished(files, unfinished);
    int file = openat(files->directory, unfinished,
                      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0)
        return -errno;
    int status = write_all(file, bytes, byte_count, durable);
    (void)close(file);
    if (status == 0 && renameat(files->directory, unfinished, files->directory, name) < 0)
        status = -errno;
    return status;
}

static int write_all(int file, const void *bytes, size_t byte_count, bool durable)
{
    ssize_t written = write(file, bytes, byte_count);
    if (written != (ssize_t)byte_count)
        return written < 0 ? -errno : -ENOSPC;
    return durable && fdatasync(file) < 0 ? -errno : 0;
}

void pnd_run_files_remove(const struct pnd_run_files *files, uint64_t run)
{
    char name[PND_RUN_FILES_NAME_BYTES];
    pnd_run_files_format(files, run, name);
    (void)unlinkat(files->directory, name, 0);
}

void pnd_run_files_close(struct pnd_run_files *files)
{
    if (files->directory >= 0)
        (void)close(files->directory);
    files->directory = -1;
}
