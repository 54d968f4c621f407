/* options.h - the command line of one command, taken apart. */
#ifndef PND_OPTIONS_H
#define PND_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct pnd_command;

enum {
    PND_OPTION_URL = 1u << 0,
    PND_OPTION_JSON = 1u << 1,
    PND_OPTION_JUNIT = 1u << 2,
    PND_OPTION_SEED = 1u << 3,
    PND_OPTION_BACKEND = 1u << 4,
    PND_OPTION_FEATURES = 1u << 5,
    PND_OPTION_TIMEOUT = 1u << 6,
    PND_OPTION_QUIET = 1u << 7,
    PND_OPTION_FROM = 1u << 8,
    PND_OPTION_TO = 1u << 9,
    PND_OPTION_TYPE = 1u << 10,
    PND_OPTION_HELP = 1u << 11, /* every command has it */
    PND_OPTION_QUICK = 1u << 12,
    PND_OPTION_CASE = 1u << 13,
    PND_OPTION_LIST = 1u << 14,
    PND_OPTION_SECONDS = 1u << 15,
    PND_OPTION_DIRECTORY = 1u << 16,
    PND_OPTION_HTML = 1u << 17,
    PND_OPTION_SVG = 1u << 18,
    PND_OPTION_RESULTS = 1u << 19,
    PND_OPTION_ADDRESS = 1u << 20, /* who has it may be on several daemons */
    PND_OPTION_SUBJECT = 1u << 24,
    PND_OPTION_CERTIFICATE = 1u << 25,
    PND_OPTION_KEY = 1u << 26,
    PND_OPTION_AUTHORITY = 1u << 27,
    PND_OPTION_REACH = /* the daemon */
    PND_OPTION_URL | PND_OPTION_CERTIFICATE | PND_OPTION_KEY | PND_OPTION_AUTHORITY |
    PND_OPTION_TIMEOUT,
};

enum { PND_OPTION_URL_COUNT = 16, PND_OPTION_CASE_COUNT = 16 };

struct pnd_options {
    unsigned given; /* PND_OPTION_... */
    const char *urls[PND_OPTION_URL_COUNT];
    const char *addresses[PND_OPTION_URL_COUNT]; /* of each; NULL: its URL tells */
    int url_count;                               /* 0: the default one */
    const char *json;                            /* NULL: none, "-": stdout; so is `junit` */
    const char *junit;
    const char *html; /* NULL: none, "-": stdout; so is `svg` */
    const char *svg;
    const char *results;     /* NULL: measure */
    const char *certificate; /* NULL: none; so are the next two */
    const char *key;
    const char *authority;
    const char *backend; /* NULL: the daemon's own; so is `features` */
    const char *features;
    const char *subject; /* NULL: libpendio */
    const char *from;    /* NULL: by the file's name; so is `to` */
    const char *to;
    const char *type;                            /* NULL: "Workload" */
    uint64_t seed;                               /* 0: the workload's own */
    int64_t timeout_ns;                          /* 0: not given */
    const char *patterns[PND_OPTION_CASE_COUNT]; /* of cases; none: all */
    int pattern_count;
    double seconds;        /* for each case; 0: not given */
    const char *directory; /* for files; NULL: the environment's */
    bool quiet;
    bool quick;
    bool list;
    char **files;
    int file_count;
};

/*
 * `arguments[0]` is the command's name. Options and files may stand in any order. Returns 0, or
 * -EINVAL after a line on stderr. The result points into `arguments`, whose order changes.
 */
int pnd_options_parse(const struct pnd_command *command, int count, char **arguments,
                      struct pnd_options *ret_options);

/* One line for each option in `options`. */
void pnd_options_print(FILE *stream, unsigned options);

#endif
