/* command.h - what every command of the CLI is, and how it may end. */
#ifndef PND_COMMAND_H
#define PND_COMMAND_H

#include "options.h"

/* Documented exit codes; scripts build on them. */
enum pnd_exit {
    PND_EXIT_OK = 0,
    PND_EXIT_FAILED = 1,      /* a check failed, or a run crashed */
    PND_EXIT_USAGE = 2,       /* wrong usage, or invalid input */
    PND_EXIT_UNREACHABLE = 3, /* the daemon could not be reached, or an output not be written */
    PND_EXIT_SKIPPED = 77,    /* everything was skipped */
    PND_EXIT_SIGNAL = 128,    /* plus the number of the signal that ended it */
};

struct pnd_command {
    const char *name;
    const char *arguments; /* as usage shows them */
    const char *summary;   /* one line for the list of commands */
    const char *about;     /* the rest of its help */
    unsigned options;      /* PND_OPTION_... it understands */
    int file_minimum, file_maximum;
    enum pnd_exit (*run)(const struct pnd_options *options);
};

enum pnd_exit pnd_command_run(const struct pnd_options *options);
enum pnd_exit pnd_command_report(const struct pnd_options *options);
enum pnd_exit pnd_command_check(const struct pnd_options *options);
enum pnd_exit pnd_command_convert(const struct pnd_options *options);
enum pnd_exit pnd_command_stats(const struct pnd_options *options);
enum pnd_exit pnd_command_runs(const struct pnd_options *options);
enum pnd_exit pnd_command_bench(const struct pnd_options *options);
enum pnd_exit pnd_command_version(const struct pnd_options *options);

#endif
