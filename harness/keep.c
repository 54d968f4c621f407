/*
 * keep.c - a directory of reports: RUN.report is one packed pendio.Event.
 *
 * Happy path:  lock the directory -> note which runs are there -> read one after another; then
 *              write each new one under another name, and rename it when it is on the disk.
 * Failures:    a directory that cannot be used is told at the start. A file that is broken, and a
 *              report that cannot be written, is one line, and nothing else suffers.
 */
#include "keep.h"

#include "complain.h"
#include "run_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LIMIT_BYTES = 4 << 20 };

static const char suffix[] = ".report";

struct pnd_keep {
    char *path;
    struct pnd_run_files files;
    uint64_t *runs; /* that were there at the start, in their order */
    size_t run_count;
    size_t next_index;
};

static int use_directory(struct pnd_keep *keep, struct pnd_message_error *error);
static int check_private(const struct pnd_keep *keep, struct pnd_message_error *error);
static int note_run(void *state, uint64_t run);
static int compare(const void *one, const void *other);
static int read_report(const struct pnd_keep *keep, uint64_t run, struct pnd_kept *ret_kept);
static int read_file(int file, uint8_t **ret_bytes, struct pnd_kept *kept);

int pnd_keep_create(const char *directory, struct pnd_keep **ret_keep,
                    struct pnd_message_error *error)
{
    struct pnd_keep *keep = calloc(1, sizeof *keep);
    if (keep == NULL)
        return pnd_complain(error, -ENOMEM, "out of memory");
    keep->files.directory = -1;
    keep->path = strdup(directory);
    int status = keep->path != NULL ? use_directory(keep, error)
                                    : pnd_complain(error, -ENOMEM, "out of memory");
    if (status < 0)
        pnd_keep_destroy(keep);
    else
        *ret_keep = keep;
    return status;
}

static int use_directory(struct pnd_keep *keep, struct pnd_message_error *error)
{
    int status = pnd_run_files_open(keep->path, suffix, &keep->files);
    if (status < 0)
        return pnd_complain(error, status,
                            "cannot keep reports in the directory %s: %s; choose another --keep",
                            keep->path, strerror(-status));
    status = check_private(keep, error);
    if (status < 0)
        return status;
    if (flock(keep->files.directory, LOCK_EX | LOCK_NB) < 0)
        return pnd_complain(error, -EADDRINUSE,
                            "another pendiod keeps its reports in %s; stop it or choose another "
                            "--keep",
                            keep->path);
    status = pnd_run_files_list(&keep->files, note_run, keep);
    if (status < 0)
        return pnd_complain(error, status, "cannot read the directory %s: %s", keep->path,
                            strerror(-status));
    if (keep->run_count > 0)
        qsort(keep->runs, keep->run_count, sizeof *keep->runs, compare);
    return 0;
}

/* Whoever may write there could have written the reports. */
static int check_private(const struct pnd_keep *keep, struct pnd_message_error *error)
{
    struct stat state;
    if (fstat(keep->files.directory, &state) == 0 && state.st_uid == geteuid() &&
        (state.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return 0;
    return pnd_complain(error, -EACCES,
                        "%s is not a directory that user %u alone may write to; make it so with "
                        "chown and chmod 700, or choose another --keep",
                        keep->path, (unsigned)geteuid());
}

/* Room is doubled whenever the count has reached a power of two. */
static int note_run(void *state, uint64_t run)
{
    struct pnd_keep *keep = state;
    if ((keep->run_count & (keep->run_count - 1)) == 0) {
        size_t room = keep->run_count > 0 ? keep->run_count * 2 : 1;
        uint64_t *runs = reallocarray(keep->runs, room, sizeof *runs);
        if (runs == NULL)
            return -ENOMEM;
        keep->runs = runs;
    }
    keep->runs[keep->run_count++] = run;
    return 0;
}

static int compare(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one;
    uint64_t b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

uint64_t pnd_keep_last_run(const struct pnd_keep *keep)
{
    return keep->run_count > 0 ? keep->runs[keep->run_count - 1] : 0;
}

bool pnd_keep_next(struct pnd_keep *keep, size_t run_count, struct pnd_kept *ret_kept)
{
    while (keep->next_index < keep->run_count) {
        uint64_t run = keep->runs[keep->next_index++];
        if (keep->run_count - keep->next_index >= run_count) {
            pnd_keep_remove(keep, run);
            continue;
        }
        int status = read_report(keep, run, ret_kept);
        if (status == 0)
            return true;
        (void)fprintf(stderr,
                      "pendiod: %s/%" PRIu64 "%s is passed over: %s; remove it, or put back a copy "
                      "that is whole\n",
                      keep->path, run, suffix,
                      status == -EBADMSG ? "it is no whole report" : strerror(-status));
    }
    return false;
}

static int read_report(const struct pnd_keep *keep, uint64_t run, struct pnd_kept *ret_kept)
{
    char name[PND_RUN_FILES_NAME_BYTES];
    uint8_t *bytes = NULL;
    ProtobufCMessage *message = NULL;
    struct pnd_message_error error;
    pnd_run_files_format(&keep->files, run, name);
    int file = openat(keep->files.directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0)
        return -errno;
    int status = read_file(file, &bytes, ret_kept);
    (void)close(file);
    if (status == 0 && pnd_message_unpack(&pendio__event__descriptor, bytes, ret_kept->byte_count,
                                          NULL, &message, &error) < 0)
        status = -EBADMSG;
    free(bytes);
    if (status < 0)
        return status;

    ret_kept->report = (Pendio__Event *)message;
    if (ret_kept->report->body_case == PENDIO__EVENT__BODY_REPORT && ret_kept->report->run == run)
        return 0;
    pnd_message_free(message);
    return -EBADMSG;
}

static int read_file(int file, uint8_t **ret_bytes, struct pnd_kept *kept)
{
    struct stat state;
    if (fstat(file, &state) < 0)
        return -errno;
    if (!S_ISREG(state.st_mode) || state.st_size <= 0 || state.st_size > FILE_LIMIT_BYTES)
        return -EBADMSG;
    size_t byte_count = (size_t)state.st_size;
    uint8_t *bytes = malloc(byte_count);
    if (bytes == NULL)
        return -ENOMEM;
    if (read(file, bytes, byte_count) != (ssize_t)byte_count) {
        free(bytes);
        return -EIO;
    }
    *ret_bytes = bytes;
    kept->byte_count = byte_count;
    kept->ended_s = (uint64_t)state.st_mtime;
    return 0;
}

void pnd_keep_write(struct pnd_keep *keep, const Pendio__Event *report)
{
    uint8_t *bytes = NULL;
    size_t byte_count = 0;
    int status = pnd_message_pack(&report->base, &bytes, &byte_count);
    if (status == 0)
        status = pnd_run_files_write(&keep->files, report->run, bytes, byte_count, true);
    free(bytes);
    if (status < 0)
        (void)fprintf(stderr, "pendiod: the report of run %" PRIu64 " is not kept in %s: %s\n",
                      report->run, keep->path, strerror(-status));
}

void pnd_keep_remove(struct pnd_keep *keep, uint64_t run)
{
    pnd_run_files_remove(&keep->files, run);
}

void pnd_keep_destroy(struct pnd_keep *keep)
{
    if (keep == NULL)
        return;
    pnd_run_files_close(&keep->files);
    free(keep->runs);
    free(keep->path);
    free(keep);
}
