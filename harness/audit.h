/* audit.h - who had what run, and what came of it: a line for each run that has ended. */
#ifndef PND_AUDIT_H
#define PND_AUDIT_H

#include "messages.h"

struct pnd_audit {
    int descriptor;
};

enum { PND_AUDIT_PEER_BYTES = 160 };

/*
 * Adds to the end of the file at `path`, which is made 0600 if it is not there; NULL: standard
 * error, unless that is a terminal. Returns 0 or -errno with `error` filled.
 */
int pnd_audit_init(struct pnd_audit *audit, const char *path, struct pnd_message_error *error);

/* The line of one run: `report` is an event with its report, `peer` who submitted it. */
void pnd_audit_write(const struct pnd_audit *audit, const Pendio__Event *report, const char *peer);

void pnd_audit_fini(struct pnd_audit *audit);

#endif
