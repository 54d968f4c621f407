/*
 * credentials.c - three files in PEM, as text.
 *
 * Happy path:  all are named -> each is read whole.
 * Failures:    one that is missing, too long, or no text is named in one line.
 */
#include "credentials.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT_BYTES = 1 << 18 };

static int read_text(const char *path, char **ret_text, struct pnd_message_error *error);
static int read_stream(FILE *stream, char **ret_text);

int pnd_credentials_read(const struct pnd_credential_files *files,
                         struct pnd_credentials *ret_credentials, struct pnd_message_error *error)
{
    struct pnd_credentials credentials = {NULL, NULL, NULL};
    int count = (files->certificate != NULL) + (files->key != NULL) + (files->authority != NULL);
    int status = 0;
    if (count != 0 && count != 3) {
        (void)snprintf(error->text, sizeof error->text,
                       "--tls-certificate, --tls-key and --tls-authority belong together: name all "
                       "three, or none");
        return -EINVAL;
    }
    if (count == 3) {
        status = read_text(files->certificate, &credentials.certificate, error);
        if (status == 0)
            status = read_text(files->key, &credentials.key, error);
        if (status == 0)
            status = read_text(files->authority, &credentials.authority, error);
    }
    if (status < 0)
        pnd_credentials_fini(&credentials);
    else
        *ret_credentials = credentials;
    return status;
}

static int read_text(const char *path, char **ret_text, struct pnd_message_error *error)
{
    FILE *stream = fopen(path, "re");
    int status = stream != NULL ? read_stream(stream, ret_text) : -errno;
    if (stream != NULL)
        (void)fclose(stream);
    if (status < 0)
        (void)snprintf(error->text, sizeof error->text, "%.200s: %s; name a file in PEM", path,
                       status == -EBADMSG ? "it has nothing in PEM" : strerror(-status));
    return status;
}

static int read_stream(FILE *stream, char **ret_text)
{
    char *text = calloc(1, FILE_LIMIT_BYTES);
    if (text == NULL)
        return -ENOMEM;
    size_t length = fread(text, 1, FILE_LIMIT_BYTES - 1, stream);
    int status = ferror(stream)                        ? -EIO
                 : !feof(stream)                       ? -EFBIG
                 : strlen(text) != length              ? -EBADMSG
                 : strstr(text, "-----BEGIN ") == NULL ? -EBADMSG
                                                       : 0;
    if (status < 0)
        free(text);
    else
        *ret_text = text;
    return status;
}

void pnd_credentials_fini(struct pnd_credentials *credentials)
{
    if (credentials->key != NULL)
        explicit_bzero(credentials->key, strlen(credentials->key));
    free(credentials->certificate);
    free(credentials->key);
    free(credentials->authority);
    *credentials = (struct pnd_credentials){NULL, NULL, NULL};
}
