/*
 * pendiod.c - the program: options, then the daemon, or the process of one run.
 *
 * Happy path:  read the options -> serve until told to stop.
 * Failures:    a wrong option is one line and exit 2; see pendiod(1) for the other exit codes.
 */
#include "child.h"
#include "complain.h"
#include "daemon.h"
#include "supervisor.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    EXIT_INVALID = 2,
    EXIT_NOT_STARTED = 3,
    OPTION_LISTEN = 1,
    OPTION_STATS_DIRECTORY,
    OPTION_MAXIMUM_RUNS,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_RUN_CHILD,
    OPTION_UNKNOWN = '?',
    OPTION_WITHOUT_VALUE = ':',
    OPTIONS_DONE = -1,
    GO_ON = -1, /* no exit status yet */
};

/* This very program, even when its file was replaced meanwhile. */
static const char *const child_command[] = {"/proc/self/exe", "--run-child", NULL};

static const struct option long_options[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"stats-dir", required_argument, NULL, OPTION_STATS_DIRECTORY},
    {"max-runs", required_argument, NULL, OPTION_MAXIMUM_RUNS},
    {"quiet", no_argument, NULL, OPTION_QUIET},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"run-child", no_argument, NULL, OPTION_RUN_CHILD}, /* how the daemon starts its runs */
    {0},
};

static const char help[] =
    "Usage: pendiod [OPTION]...\n"
    "Replay pendio workloads, each in a process of its own, and referee what the runtime answers.\n"
    "\n"
    "  --listen URL     ipc://PATH, or tcp://127.0.0.1:PORT (events on the port above); default:\n"
    "                   a private socket below $XDG_RUNTIME_DIR, /run or $TMPDIR\n"
    "  --stats-dir DIR  keep the latest statistics of each run as DIR/<run>.stats.json\n"
    "  --max-runs N     runs at once, 1 to 64; others wait in line; default 1\n"
    "  --quiet          do not say when it is ready\n"
    "  --help           print this and exit\n"
    "  --version        print the version and exit\n"
    "\n"
    "Exit status: 0 told to stop, 2 wrong usage, 3 could not start.\n";

static int read_options(int count, char **arguments, struct pnd_daemon_options *options);
static int apply(int option, struct pnd_daemon_options *options);
static int refuse_option(int option, const char *word);
static int read_run_limit(const char *text, uint32_t *ret_limit);
static int run_child(void);
static int open_standard_descriptors(void);

int main(int count, char **arguments)
{
    struct pnd_daemon_options options = {.run_limit = 1, .command = child_command};
    if (open_standard_descriptors() < 0)
        return EXIT_NOT_STARTED;
    int status = read_options(count, arguments, &options);
    return status != GO_ON ? status : pnd_daemon_serve(&options);
}

/* A descriptor below three that is closed would be given to a socket, and then written to. */
static int open_standard_descriptors(void)
{
    int descriptor = 0;
    while (descriptor >= 0 && descriptor <= STDERR_FILENO)
        descriptor = open("/dev/null", O_RDWR);
    if (descriptor >= 0)
        (void)close(descriptor);
    return descriptor;
}

static int read_options(int count, char **arguments, struct pnd_daemon_options *options)
{
    int status = GO_ON;
    opterr = 0; /* it would say it in a line of its own, after the path of this program */
    while (status == GO_ON) {
        int option = getopt_long(count, arguments, ":", long_options, NULL);
        if (option == OPTIONS_DONE)
            break;
        status = option == OPTION_UNKNOWN || option == OPTION_WITHOUT_VALUE
                     ? refuse_option(option, arguments[optind - 1])
                     : apply(option, options);
    }
    if (status == GO_ON && optind < count) {
        (void)fprintf(stderr, "pendiod: unexpected argument \"%s\"; see pendiod --help\n",
                      arguments[optind]);
        status = EXIT_INVALID;
    }
    return status;
}

static int apply(int option, struct pnd_daemon_options *options)
{
    switch (option) {
    case OPTION_LISTEN:
        options->url = optarg;
        return GO_ON;
    case OPTION_STATS_DIRECTORY:
        options->stats_directory = optarg;
        return GO_ON;
    case OPTION_MAXIMUM_RUNS:
        return read_run_limit(optarg, &options->run_limit);
    case OPTION_QUIET:
        options->quiet = true;
        return GO_ON;
    case OPTION_HELP:
        return fputs(help, stdout) < 0 ? EXIT_NOT_STARTED : EXIT_SUCCESS;
    case OPTION_VERSION:
        return puts("pendiod " PENDIO_VERSION_TEXT) < 0 ? EXIT_NOT_STARTED : EXIT_SUCCESS;
    default:
        return run_child();
    }
}

static int refuse_option(int option, const char *word)
{
    struct pnd_message_error error;
    const char letter[] = {'-', (char)optopt, '\0'};
    if (optopt > ' ') /* one of a cluster, as in -xyz: getopt_long() is not past it yet */
        word = letter;
    (void)pnd_complain(&error, 0, "%.200s %s; see pendiod --help", word,
                       option == OPTION_WITHOUT_VALUE ? "needs a value"
                       : strchr(word, '=') != NULL    ? "is no option, or takes no value"
                                                      : "is no option");
    (void)fprintf(stderr, "pendiod: %s\n", error.text);
    return EXIT_INVALID;
}

static int read_run_limit(const char *text, uint32_t *ret_limit)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= 1 &&
        value <= PND_SUPERVISOR_RUNNING_MAXIMUM) {
        *ret_limit = (uint32_t)value;
        return GO_ON;
    }
    (void)fprintf(stderr, "pendiod: --max-runs %s: give a number from 1 to %d\n", text,
                  PND_SUPERVISOR_RUNNING_MAXIMUM);
    return EXIT_INVALID;
}

/* Events get a descriptor of their own: whatever is printed by mistake goes to standard error. */
static int run_child(void)
{
    int events = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (events < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return EXIT_NOT_STARTED;
    return pnd_child_main(STDIN_FILENO, events);
}
