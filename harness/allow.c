/*
 * allow.c - whether a run may have the subject it names.
 *
 * Happy path:  asked over a local socket, an absolute path, an executable regular file.
 * Failures:    anything else is one line that says what would do.
 */
#include "allow.h"

#include "complain.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SUBJECT_BYTES = 1024 };

static bool is_text(const char *subject)
{
    for (; *subject != '\0'; subject++)
        if (*subject < ' ' || *subject > '~')
            return false;
    return true;
}

static int check_program(const char *program, struct pnd_message_error *error)
{
    struct stat file;
    if (stat(program, &file) < 0)
        return pnd_complain(error, -EINVAL, "request refused: subject %.200s: %s", program,
                            strerror(errno));
    if (!S_ISREG(file.st_mode))
        return pnd_complain(error, -EINVAL,
                            "request refused: subject %.200s is no regular file; name a program",
                            program);
    if (faccessat(AT_FDCWD, program, X_OK, AT_EACCESS) < 0)
        return pnd_complain(error, -EINVAL,
                            "request refused: subject %.200s cannot be executed: %s; chmod +x it",
                            program, strerror(errno));
    return 0;
}

int pnd_allow_subject(const char *subject, bool asked_locally, struct pnd_message_error *error)
{
    char program[SUBJECT_BYTES + 1];
    size_t length = strcspn(subject, " ");
    if (*subject == '\0')
        return 0;
    if (!asked_locally)
        return pnd_complain(error, -EPERM,
                            "request refused: a subject is a program of the daemon's machine, and "
                            "may only be named from there; submit it over ipc://");
    if (strlen(subject) > SUBJECT_BYTES || !is_text(subject))
        return pnd_complain(error, -EINVAL,
                            "request refused: the subject is longer than %d bytes, or no plain "
                            "text",
                            SUBJECT_BYTES);
    if (subject[0] != '/')
        return pnd_complain(error, -EINVAL,
                            "request refused: subject \"%.200s\" does not begin with an absolute "
                            "path; write one",
                            subject);
    memcpy(program, subject, length);
    program[length] = '\0';
    return check_program(program, error);
}
