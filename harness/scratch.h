/* scratch.h - the private directory of one run. */
#ifndef PND_SCRATCH_H
#define PND_SCRATCH_H

enum { PND_SCRATCH_BYTES = 80 }; /* short, so that a socket's path fits below it */

/* Below which directory they are made: $TMPDIR, else /tmp. */
const char *pnd_scratch_base(void);

/* Makes a new directory (0700) there. Returns 0 or -errno. */
int pnd_scratch_create(char *ret_path);

/* Removes it with all that lies in it, following no link out of it. */
void pnd_scratch_destroy(const char *path);

#endif
