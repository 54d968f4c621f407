/* program.h - runs a program to its end and keeps what it wrote. */
#ifndef TEST_PROGRAM_H
#define TEST_PROGRAM_H

#include <sys/types.h>

enum { PROGRAM_WORD_MAXIMUM = 24 };

struct program {
    const char *words[PROGRAM_WORD_MAXIMUM]; /* the path first, NULL last */
    const char *input;                       /* a file for stdin; NULL: empty */
    const char *output;                      /* a file for stdout; NULL: kept */
    const char *directory;                   /* for what it writes; must exist */
};

struct program_end {
    int code; /* of the exit, or 128 + the signal that ended it */
    char *out;
    char *error;
};

/* Waits for the end. Everything that goes wrong on the way fails the test. */
struct program_end program_run(const struct program *program);

/* The same in two halves. */
pid_t program_begin(const struct program *program);
struct program_end program_wait(const struct program *program, pid_t process);

void program_end_fini(struct program_end *end);

/* A new directory below $TMPDIR, short enough for sockets; removed with everything in it. */
char *program_make_directory(void);
void program_remove_directory(char *directory);

/* "directory/name", to be freed. */
char *program_path(const char *directory, const char *name);

void program_write_file(const char *path, const char *text);

/* NULL when there is no such file. */
char *program_read_file(const char *path);

#endif
