/*
 * scratch.h - the private directory of one run, locked as long as its daemon lives: what is there
 * and not locked was left by a daemon that was killed.
 */
#ifndef PND_SCRATCH_H
#define PND_SCRATCH_H

enum { PND_SCRATCH_BYTES = 80 }; /* short, so that a socket's path fits below it */

struct pnd_scratch {
    char path[PND_SCRATCH_BYTES]; /* empty: there is none */
    int lock;                     /* descriptor */
};

/* Below which directory they are made: $TMPDIR, else /tmp. */
const char *pnd_scratch_base(void);

/* Makes a new directory (0700) there. Returns 0 or -errno. */
int pnd_scratch_create(struct pnd_scratch *ret_scratch);

/* Removes it with all that lies in it, following no link out of it. Nothing, if there is none. */
void pnd_scratch_destroy(struct pnd_scratch *scratch);

/* Removes those that daemons of this user left, because they were killed. */
void pnd_scratch_sweep(void);

#endif
