/* credentials.h - who we are and whom we trust, where both ends prove who they are. */
#ifndef PND_CREDENTIALS_H
#define PND_CREDENTIALS_H

#include "messages.h"

/* PEM, each as the text of its file; all three or none. */
struct pnd_credentials {
    char *certificate; /* our own, and those between it and the authority */
    char *key;         /* of it, without a password */
    char *authority;   /* that has signed the other end's */
};

/* The files to read them from; NULL: not named. */
struct pnd_credential_files {
    const char *certificate;
    const char *key;
    const char *authority;
};

/*
 * Returns 0, also when none is named; -EINVAL when some but not all are, or -errno of a file that
 * cannot be read, with `error` filled.
 */
int pnd_credentials_read(const struct pnd_credential_files *files,
                         struct pnd_credentials *ret_credentials, struct pnd_message_error *error);

void pnd_credentials_fini(struct pnd_credentials *credentials);

#endif
