/* stats_files.h - the latest statistics of each run as a JSON file, to watch a folder. */
#ifndef PND_STATS_FILES_H
#define PND_STATS_FILES_H

#include "messages.h"

enum { PND_STATS_FILES_COUNT = 32 }; /* of the runs heard of last */

struct pnd_stats_files;

/* Makes the directory if its parent exists. Returns 0, or -errno with `error` filled. */
int pnd_stats_files_create(const char *directory, struct pnd_stats_files **ret_files,
                           struct pnd_message_error *error);

/*
 * Replaces `<run>.stats.json` (0600) in one step, and removes that of the oldest run when there are
 * too many. What cannot be written is not.
 */
void pnd_stats_files_write(struct pnd_stats_files *files, const Pendio__Stats *stats);

/* The files stay. NULL is allowed. */
void pnd_stats_files_destroy(struct pnd_stats_files *files);

#endif
