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

#include <errno.h>
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
    OPTION_KEEP,
    OPTION_AUDIT,
    OPTION_CERTIFICATE,
    OPTION_KEY,
    OPTION_AUTHORITY,
    OPTION_MAXIMUM_SECONDS,
    OPTION_MAXIMUM_CONTEXTS,
    OPTION_MAXIMUM_MEMORY,
    OPTION_MAXIMUM_DESCRIPTORS,
    OPTION_MAXIMUM_FILE,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_RUN_CHILD,
    OPTION_UNKNOWN = '?',
    OPTION_WITHOUT_VALUE = ':',
    OPTIONS_DONE = -1,
    GO_ON = -1, /* no exit status yet */
    SECONDS_MAXIMUM = 3600,
    MILLISECONDS = 1000,
};

/* This very program, even when its file was replaced meanwhile. */
static const char *const child_command[] = {"/proc/self/exe", "--run-child", NULL};

static const struct option long_options[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"stats-dir", required_argument, NULL, OPTION_STATS_DIRECTORY},
    {"max-runs", required_argument, NULL, OPTION_MAXIMUM_RUNS},
    {"keep", required_argument, NULL, OPTION_KEEP},
    {"audit", required_argument, NULL, OPTION_AUDIT},
    {"tls-certificate", required_argument, NULL, OPTION_CERTIFICATE},
    {"tls-key", required_argument, NULL, OPTION_KEY},
    {"tls-authority", required_argument, NULL, OPTION_AUTHORITY},
    {"max-seconds", required_argument, NULL, OPTION_MAXIMUM_SECONDS},
    {"max-contexts", required_argument, NULL, OPTION_MAXIMUM_CONTEXTS},
    {"max-memory", required_argument, NULL, OPTION_MAXIMUM_MEMORY},
    {"max-descriptors", required_argument, NULL, OPTION_MAXIMUM_DESCRIPTORS},
    {"max-file", required_argument, NULL, OPTION_MAXIMUM_FILE},
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
    "  --listen URL     ipc://PATH, tcp://127.0.0.1:PORT, or tls+tcp://ADDRESS:PORT (events on "
    "the\n"
    "                   port above); default: a private socket below $XDG_RUNTIME_DIR, /run or\n"
    "                   $TMPDIR\n"
    "  --tls-certificate FILE, --tls-key FILE, --tls-authority FILE\n"
    "                   for tls+tcp: ours, and who signs those of clients, in PEM\n"
    "  --keep DIR       keep the reports of finished runs there; default: in memory only\n"
    "  --audit FILE     add a line for each run that has ended; default: standard error\n"
    "  --stats-dir DIR  keep the latest statistics of each run as DIR/<run>.stats.json\n"
    "  --max-runs N     runs at once, 1 to 64; others wait in line; default 1\n"
    "  --max-seconds N, --max-contexts N, --max-memory BYTES, --max-descriptors N\n"
    "                   what a run may use, below what is built in\n"
    "  --max-file BYTES of the largest file of a run; default: no limit\n"
    "  --quiet          do not say when it is ready\n"
    "  --help           print this and exit\n"
    "  --version        print the version and exit\n"
    "\n"
    "Exit status: 0 told to stop, 2 wrong usage, 3 could not start.\n";

static int read_options(int count, char **arguments, struct pnd_daemon_options *options);
static int apply(int option, struct pnd_daemon_options *options);
static int refuse_option(int option, const char *word);
static int read_number(int option, const char *text, uint64_t maximum, uint64_t *ret_number);
static int read_run_limit(const char *text, uint32_t *ret_limit);
static int apply_limit(int option, struct pnd_daemon_options *options);
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
    case OPTION_KEEP:
        options->keep_directory = optarg;
        return GO_ON;
    case OPTION_AUDIT:
        options->audit_path = optarg;
        return GO_ON;
    case OPTION_CERTIFICATE:
        options->credentials.certificate = optarg;
        return GO_ON;
    case OPTION_KEY:
        options->credentials.key = optarg;
        return GO_ON;
    case OPTION_AUTHORITY:
        options->credentials.authority = optarg;
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
    case OPTION_RUN_CHILD:
        return run_child();
    default:
        return apply_limit(option, options);
    }
}

static int apply_limit(int option, struct pnd_daemon_options *options)
{
    struct pnd_plan_limits *limits = &options->limits;
    uint64_t seconds = 0;
    switch (option) {
    case OPTION_MAXIMUM_CONTEXTS:
        return read_number(option, optarg, UINT32_MAX, &limits->context_count);
    case OPTION_MAXIMUM_MEMORY:
        return read_number(option, optarg, INT64_MAX, &limits->memory_bytes);
    case OPTION_MAXIMUM_DESCRIPTORS:
        return read_number(option, optarg, UINT32_MAX, &limits->descriptor_count);
    case OPTION_MAXIMUM_FILE:
        return read_number(option, optarg, INT64_MAX, &options->file_bytes);
    default:
        break;
    }
    int status = read_number(option, optarg, SECONDS_MAXIMUM, &seconds);
    limits->time_ms = seconds * MILLISECONDS;
    return status;
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
    uint64_t number = 0;
    int status = read_number(OPTION_MAXIMUM_RUNS, text, PND_SUPERVISOR_RUNNING_MAXIMUM, &number);
    if (status == GO_ON)
        *ret_limit = (uint32_t)number;
    return status;
}

/* The options of the table begin with the first number of an option. */
static int read_number(int option, const char *text, uint64_t maximum, uint64_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value >= 1 &&
        value <= maximum) {
        *ret_number = value;
        return GO_ON;
    }
    (void)fprintf(stderr, "pendiod: --%s %s: give a number from 1 to %llu\n",
                  long_options[option - OPTION_LISTEN].name, text, (unsigned long long)maximum);
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
