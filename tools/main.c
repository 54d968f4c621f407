/*
 * main.c - `pendio COMMAND`: finds the command in one table and runs it.
 *
 * Happy path:  command -> its options -> its function, whose answer is the exit code.
 * Failures:    an unknown command is exit 2 with the one that was probably meant; a signal is
 *              exit 128 + its number, with the terminal as it was before.
 */
#include "command.h"
#include "interrupt.h"
#include "say.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const struct pnd_command commands[] = {
    {
        .name = "run",
        .arguments = "FILE...",
        .summary = "replay workloads through the daemon",
        .about =
            "FILE is a workload: JSON in FILE.json, packed protobuf in FILE.pb or FILE.bin, JSON\n"
            "from stdin for -. With --json -, --junit - or --html - the table goes to stderr. "
            "Without\n"
            "--timeout a run may last as long as its own limit. With several --url the actors of\n"
            "place 0 are on the first daemon, those of place 1 on the second, and so on; they\n"
            "reach each other at the hosts of the URLs, or where --address says.\n",
        .options = PND_OPTION_REACH | PND_OPTION_ADDRESS | PND_OPTION_JSON | PND_OPTION_JUNIT |
                   PND_OPTION_HTML | PND_OPTION_SEED | PND_OPTION_BACKEND | PND_OPTION_FEATURES |
                   PND_OPTION_SUBJECT | PND_OPTION_QUIET,
        .file_minimum = 1,
        .file_maximum = INT_MAX,
        .run = pnd_command_run,
    },
    {
        .name = "report",
        .arguments = "RESULTS...",
        .summary = "show results of earlier runs again, as a table, a page or JUnit",
        .about = "RESULTS is what 'pendio run --json' wrote; - is stdin. No daemon is asked.\n",
        .options = PND_OPTION_JUNIT | PND_OPTION_HTML | PND_OPTION_QUIET,
        .file_minimum = 1,
        .file_maximum = INT_MAX,
        .run = pnd_command_report,
    },
    {
        .name = "check",
        .arguments = "FILE...",
        .summary = "validate workloads, and tell in words what they will do",
        .about = "Also asks the daemon, if one listens or --url names one. With --quiet a line\n"
                 "for each file is all.\n",
        .options = PND_OPTION_REACH | PND_OPTION_QUIET,
        .file_minimum = 1,
        .file_maximum = INT_MAX,
        .run = pnd_command_check,
    },
    {
        .name = "convert",
        .arguments = "IN OUT",
        .summary = "JSON to packed protobuf, or back",
        .about =
            "By the names (.json; .pb or .bin) or as --from and --to say; - is stdin or stdout.\n"
            "OUT is replaced as a whole or not at all.\n",
        .options = PND_OPTION_FROM | PND_OPTION_TO | PND_OPTION_TYPE,
        .file_minimum = 2,
        .file_maximum = 2,
        .run = pnd_command_convert,
    },
    {
        .name = "stats",
        .arguments = "",
        .summary = "the runtime's statistics of running and finished runs",
        .about = "",
        .options = PND_OPTION_REACH | PND_OPTION_JSON,
        .run = pnd_command_stats,
    },
    {
        .name = "runs",
        .arguments = "[list | fetch RUN | cancel RUN]",
        .summary = "finished runs that the daemon keeps; or one of them; or end one",
        .about = "RUN is a number, as list shows it. fetch ends as run would have.\n",
        .options = PND_OPTION_REACH | PND_OPTION_JSON,
        .file_maximum = 2,
        .run = pnd_command_runs,
    },
    {
        .name = "bench",
        .arguments = "",
        .summary = "what pendio costs, beside programs written by hand and its peers",
        .about =
            "Every subject of a case does a block of the same work in each round, in this process\n"
            "and on one core; every byte is compared. RATIO is the median of the rounds' ratios\n"
            "to the reference: above 1 is dearer. CASE is echo/FAMILY/CONNECTIONSxBYTESxDEPTH and\n"
            "so on; those of peer, rtt, latency, scale and binding have servers in processes of\n"
            "their own. Without --case all cases run, which takes a quarter of an hour.\n",
        .options = PND_OPTION_JSON | PND_OPTION_QUIET | PND_OPTION_QUICK | PND_OPTION_CASE |
                   PND_OPTION_LIST | PND_OPTION_SECONDS | PND_OPTION_DIRECTORY | PND_OPTION_HTML |
                   PND_OPTION_SVG | PND_OPTION_RESULTS,
        .run = pnd_command_bench,
    },
    {
        .name = "version",
        .arguments = "",
        .summary = "versions of this program and of the daemon",
        .about = "",
        .options = PND_OPTION_REACH | PND_OPTION_JSON,
        .run = pnd_command_version,
    },
};

enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static enum pnd_exit dispatch(int count, char **arguments);
static enum pnd_exit help(int count, char **arguments);
static void print_overview(FILE *stream);
static void print_help(const struct pnd_command *command);
static const struct pnd_command *find(const char *name);
static enum pnd_exit refuse_unknown(const char *name);

int main(int count, char **arguments)
{
    /* Whatever the user's language: names are UTF-8, numbers have a decimal point. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");

    if (pnd_interrupt_watch() < 0) {
        pnd_say_error("cannot watch for signals: out of descriptors; close some and try again");
        return PND_EXIT_UNREACHABLE;
    }
    enum pnd_exit code = dispatch(count - 1, arguments + 1);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == PND_EXIT_OK) {
        pnd_say_error("stdout: %s; make room, or write to another place", strerror(errno));
        code = PND_EXIT_UNREACHABLE;
    }
    int signal_number = pnd_interrupt_signal();
    return signal_number != 0 ? PND_EXIT_SIGNAL + signal_number : (int)code;
}

/* `arguments` begins with the command. */
static enum pnd_exit dispatch(int count, char **arguments)
{
    if (count < 1) {
        print_overview(stderr);
        return PND_EXIT_USAGE;
    }
    const char *name = arguments[0];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(count, arguments);
    if (strcmp(name, "--version") == 0)
        name = "version";

    const struct pnd_command *command = find(name);
    if (command == NULL)
        return refuse_unknown(name);

    struct pnd_options options;
    if (pnd_options_parse(command, count, arguments, &options) < 0)
        return PND_EXIT_USAGE;
    if ((options.given & PND_OPTION_HELP) != 0) {
        print_help(command);
        return PND_EXIT_OK;
    }
    return command->run(&options);
}

static enum pnd_exit help(int count, char **arguments)
{
    if (count < 2) {
        print_overview(stdout);
        return PND_EXIT_OK;
    }
    const struct pnd_command *command = find(arguments[1]);
    if (command == NULL)
        return refuse_unknown(arguments[1]);
    print_help(command);
    return PND_EXIT_OK;
}

static void print_overview(FILE *stream)
{
    (void)fputs("Usage: pendio COMMAND [OPTION...] [FILE...]\n\n", stream);
    for (size_t index = 0; index < COMMAND_COUNT; index++)
        (void)fprintf(stream, "  %-10s %s\n", commands[index].name, commands[index].summary);
    (void)fputs(
        "  help       all about one command\n\n"
        "Exit codes: 0 all held, 1 a check failed or a run crashed, 2 usage or invalid input,\n"
        "3 the daemon could not be reached, 77 everything was skipped.\n",
        stream);
}

static void print_help(const struct pnd_command *command)
{
    (void)printf("Usage: pendio %s [OPTION...]%s%s\n\n%c%s.\n%s\n", command->name,
                 command->arguments[0] != '\0' ? " " : "", command->arguments,
                 toupper(command->summary[0]), command->summary + 1, command->about);
    pnd_options_print(stdout, command->options);
}

static const struct pnd_command *find(const char *name)
{
    for (size_t index = 0; index < COMMAND_COUNT; index++)
        if (strcmp(commands[index].name, name) == 0)
            return &commands[index];
    return NULL;
}

static enum pnd_exit refuse_unknown(const char *name)
{
    const char *names[COMMAND_COUNT + 1] = {"help"};
    for (size_t index = 0; index < COMMAND_COUNT; index++)
        names[index + 1] = commands[index].name;

    const char *near = pnd_say_nearest(name, names, COMMAND_COUNT + 1);
    if (near != NULL)
        pnd_say_error("unknown command '%s'; did you mean '%s'?", name, near);
    else
        pnd_say_error("unknown command '%s'; 'pendio help' lists those there are", name);
    return PND_EXIT_USAGE;
}
