/*
 * stats_files.c - a bounded folder of statistics.
 *
 * Happy path:  note which files are there -> JSON into a file of another name, renamed over the old
 *              one: a reader sees either.
 * Failures:    a directory that cannot be used is told at the start; later a full disk only means
 *              that files are old.
 */
#include "stats_files.h"

#include "complain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_BYTES = 40 };

static const char unfinished_name[] = ".stats.json.unfinished";

struct pnd_stats_files {
    int directory;
    uint64_t runs[PND_STATS_FILES_COUNT]; /* a ring; 0: none yet */
    size_t next_index;
};

static void note_files(struct pnd_stats_files *files);
static void note_file(struct pnd_stats_files *files, uint64_t run);
static void remember(struct pnd_stats_files *files, uint64_t run);
static bool write_unfinished(int directory, const char *text);
static void format_name(uint64_t run, char *ret_name);

int pnd_stats_files_create(const char *directory, struct pnd_stats_files **ret_files,
                           struct pnd_message_error *error)
{
    struct pnd_stats_files *files = calloc(1, sizeof *files);
    if (files == NULL)
        return pnd_complain(error, -ENOMEM, "out of memory");

    (void)mkdir(directory, S_IRWXU);
    files->directory = open(directory, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    if (files->directory < 0 || faccessat(files->directory, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        int status = pnd_complain(error, -errno,
                                  "cannot write to the directory %s: %s; choose another "
                                  "--stats-dir",
                                  directory, strerror(errno));
        pnd_stats_files_destroy(files);
        return status;
    }
    (void)unlinkat(files->directory, unfinished_name, 0);
    note_files(files);
    *ret_files = files;
    return 0;
}

/* Those that another daemon left count, too: the youngest stay. */
static void note_files(struct pnd_stats_files *files)
{
    int copy = fcntl(files->directory, F_DUPFD_CLOEXEC, 0);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry = NULL;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        char name[NAME_BYTES];
        uint64_t run = strtoull(entry->d_name, NULL, 10);
        format_name(run, name);
        if (run > 0 && strcmp(name, entry->d_name) == 0)
            note_file(files, run);
    }
    if (entries != NULL)
        (void)closedir(entries);
    else if (copy >= 0)
        (void)close(copy);
}

/* In ascending order, behind those of none: the first is the oldest, or none. */
static void note_file(struct pnd_stats_files *files, uint64_t run)
{
    uint64_t oldest = files->runs[0];
    if (oldest != 0) {
        char name[NAME_BYTES];
        format_name(run < oldest ? run : oldest, name);
        (void)unlinkat(files->directory, name, 0);
    }
    if (run < oldest)
        return;
    size_t place = 0;
    for (; place + 1 < PND_STATS_FILES_COUNT && files->runs[place + 1] < run; place++)
        files->runs[place] = files->runs[place + 1];
    files->runs[place] = run;
}

void pnd_stats_files_write(struct pnd_stats_files *files, const Pendio__Stats *stats)
{
    char *text = NULL;
    if (pnd_message_to_json(&stats->base, &text) < 0)
        return;
    if (write_unfinished(files->directory, text)) {
        char name[NAME_BYTES];
        format_name(stats->run, name);
        remember(files, stats->run);
        (void)renameat(files->directory, unfinished_name, files->directory, name);
    }
    free(text);
}

static bool write_unfinished(int directory, const char *text)
{
    int file = openat(directory, unfinished_name,
                      O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0)
        return false;
    size_t byte_count = strlen(text);
    bool written = write(file, text, byte_count) == (ssize_t)byte_count;
    (void)close(file);
    return written;
}

/* Makes room when the run is new. */
static void remember(struct pnd_stats_files *files, uint64_t run)
{
    for (size_t i = 0; i < PND_STATS_FILES_COUNT; i++) {
        if (files->runs[i] == run)
            return;
    }
    uint64_t *oldest = &files->runs[files->next_index];
    if (*oldest != 0) {
        char name[NAME_BYTES];
        format_name(*oldest, name);
        (void)unlinkat(files->directory, name, 0);
    }
    *oldest = run;
    files->next_index = (files->next_index + 1) % PND_STATS_FILES_COUNT;
}

static void format_name(uint64_t run, char *ret_name)
{
    (void)snprintf(ret_name, NAME_BYTES, "%" PRIu64 ".stats.json", run);
}

void pnd_stats_files_destroy(struct pnd_stats_files *files)
{
    if (files == NULL)
        return;
    if (files->directory >= 0)
        (void)close(files->directory);
    free(files);
}
