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
#include "run_files.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char suffix[] = ".stats.json";

struct pnd_stats_files {
    struct pnd_run_files files;
    uint64_t runs[PND_STATS_FILES_COUNT]; /* a ring; 0: none yet */
    size_t next_index;
};

static int note_file(void *state, uint64_t run);
static void remember(struct pnd_stats_files *files, uint64_t run);

int pnd_stats_files_create(const char *directory, struct pnd_stats_files **ret_files,
                           struct pnd_message_error *error)
{
    struct pnd_stats_files *files = calloc(1, sizeof *files);
    if (files == NULL)
        return pnd_complain(error, -ENOMEM, "out of memory");

    files->files.directory = -1;
    int status = pnd_run_files_open(directory, suffix, &files->files);
    if (status < 0) {
        pnd_stats_files_destroy(files);
        return pnd_complain(error, status,
                            "cannot write to the directory %s: %s; choose another --stats-dir",
                            directory, strerror(-status));
    }
    (void)pnd_run_files_list(&files->files, note_file, files);
    *ret_files = files;
    return 0;
}

/*
 * Those that another daemon left count, too: the youngest stay. In ascending order, behind those of
 * none: the first is the oldest, or none.
 */
static int note_file(void *state, uint64_t run)
{
    struct pnd_stats_files *files = state;
    uint64_t oldest = files->runs[0];
    if (oldest != 0)
        pnd_run_files_remove(&files->files, run < oldest ? run : oldest);
    if (run < oldest)
        return 0;
    size_t place = 0;
    for (; place + 1 < PND_STATS_FILES_COUNT && files->runs[place + 1] < run; place++)
        files->runs[place] = files->runs[place + 1];
    files->runs[place] = run;
    return 0;
}

void pnd_stats_files_write(struct pnd_stats_files *files, const Pendio__Stats *stats)
{
    char *text = NULL;
    if (pnd_message_to_json(&stats->base, &text) < 0)
        return;
    if (pnd_run_files_write(&files->files, stats->run, text, strlen(text), false) == 0)
        remember(files, stats->run);
    free(text);
}

/* Makes room when the run is new. */
static void remember(struct pnd_stats_files *files, uint64_t run)
{
    for (size_t i = 0; i < PND_STATS_FILES_COUNT; i++) {
        if (files->runs[i] == run)
            return;
    }
    uint64_t *oldest = &files->runs[files->next_index];
    if (*oldest != 0)
        pnd_run_files_remove(&files->files, *oldest);
    *oldest = run;
    files->next_index = (files->next_index + 1) % PND_STATS_FILES_COUNT;
}

void pnd_stats_files_destroy(struct pnd_stats_files *files)
{
    if (files == NULL)
        return;
    pnd_run_files_close(&files->files);
    free(files);
}
