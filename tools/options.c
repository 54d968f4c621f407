/*
 * options.c - the command line of one command, taken apart.
 *
 * Happy path:  getopt_long() permutes, so options and files may mix; each option found is checked
 *              against what the command understands, then its value is taken.
 * Failures:    an unknown option, a missing or wrong value and a wrong number of files are one
 *              line each, with the nearest right name when there is one.
 */
#include "options.h"

#include "command.h"
#include "say.h"
#include "setting.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct described_option {
    const char *name;
    unsigned bit;
    const char *value; /* as help shows it; NULL: none */
    const char *text;
    int (*take)(struct pnd_options *options); /* NULL: the text goes to `offset` as it is */
    size_t offset;
};

static int take_url(struct pnd_options *options);
static int take_address(struct pnd_options *options);
static int take_seed(struct pnd_options *options);
static int take_backend(struct pnd_options *options);
static int take_features(struct pnd_options *options);
static int take_subject(struct pnd_options *options);
static int take_timeout(struct pnd_options *options);
static int take_case(struct pnd_options *options);
static int take_quiet(struct pnd_options *options);
static int take_quick(struct pnd_options *options);
static int take_list(struct pnd_options *options);
static int take_seconds(struct pnd_options *options);
static int take_nothing(struct pnd_options *options);

#define AS_TEXT(member) NULL, offsetof(struct pnd_options, member)

static const struct described_option table[] = {
    {"url", PND_OPTION_URL, "URL", "where the daemon listens", take_url, 0},
    {"address", PND_OPTION_ADDRESS, "ADDRESS", "where runs on the daemon before are reached",
     take_address, 0},
    {"tls-certificate", PND_OPTION_CERTIFICATE, "FILE", "ours, in PEM, for a URL of tls+tcp://",
     AS_TEXT(certificate)},
    {"tls-key", PND_OPTION_KEY, "FILE", "of that certificate", AS_TEXT(key)},
    {"tls-authority", PND_OPTION_AUTHORITY, "FILE", "who must have signed the daemon's",
     AS_TEXT(authority)},
    {"json", PND_OPTION_JSON, "FILE", "results as JSON; - is stdout", AS_TEXT(json)},
    {"junit", PND_OPTION_JUNIT, "FILE", "results as JUnit XML; - is stdout", AS_TEXT(junit)},
    {"seed", PND_OPTION_SEED, "N", "another seed, of bytes and draws", take_seed, 0},
    {"backend", PND_OPTION_BACKEND, "NAME", "uring, epoll or sim", take_backend, 0},
    {"features", PND_OPTION_FEATURES, "LIST", "as in -multishot_receive,-buffer_ring: those off",
     take_features, 0},
    {"subject", PND_OPTION_SUBJECT, "PROGRAM", "judge this one, with its arguments, not libpendio",
     take_subject, 0},
    {"timeout", PND_OPTION_TIMEOUT, "SECONDS", "give up on the daemon, or on one run, after this",
     take_timeout, 0},
    {"quiet", PND_OPTION_QUIET, NULL, "only what went wrong", take_quiet, 0},
    {"from", PND_OPTION_FROM, "FORMAT", "of IN: json or protobuf", AS_TEXT(from)},
    {"to", PND_OPTION_TO, "FORMAT", "of OUT: json or protobuf", AS_TEXT(to)},
    {"type", PND_OPTION_TYPE, "MESSAGE", "what IN holds; Workload unless said", AS_TEXT(type)},
    {"case", PND_OPTION_CASE, "PATTERN",
     "only these: a pattern, or how names begin; may be repeated", take_case, 0},
    {"list", PND_OPTION_LIST, NULL, "name the cases, measure nothing", take_list, 0},
    {"quick", PND_OPTION_QUICK, NULL, "see that everything runs, time nothing", take_quick, 0},
    {"seconds", PND_OPTION_SECONDS, "SECONDS", "measure each case for this long; 5 unless said",
     take_seconds, 0},
    {"html", PND_OPTION_HTML, "FILE", "results as a page with plots; - is stdout", AS_TEXT(html)},
    {"svg", PND_OPTION_SVG, "FILE", "the echo cells as a picture; - is stdout", AS_TEXT(svg)},
    {"results", PND_OPTION_RESULTS, "FILE", "measure nothing: take what --json wrote earlier",
     AS_TEXT(results)},
    {"directory", PND_OPTION_DIRECTORY, "NAME", "for files; $TMPDIR or /var/tmp unless said",
     AS_TEXT(directory)},
    {"help", PND_OPTION_HELP, NULL, "this help", take_nothing, 0},
};

enum { SUBJECT_BYTES = 1024 }; /* of arguments */
enum { OPTION_COUNT = sizeof table / sizeof table[0] };

static const struct described_option *find(int value);
static int take_duration(const char *option, double *ret_seconds);
static int take(const struct pnd_command *command, const struct described_option *found,
                struct pnd_options *options);
static int refuse_unknown(const struct pnd_command *command, const char *argument);
static int refuse_without_value(const struct pnd_command *command, const char *argument);
static int check_files(const struct pnd_command *command, const struct pnd_options *options);

int pnd_options_parse(const struct pnd_command *command, int count, char **arguments,
                      struct pnd_options *ret_options)
{
    struct option known[OPTION_COUNT + 1] = {{0}};
    for (size_t index = 0; index < OPTION_COUNT; index++) {
        known[index].name = table[index].name;
        known[index].has_arg = table[index].value != NULL ? required_argument : no_argument;
        known[index].val = (int)table[index].bit; /* a power of two: no letter, no '?', no ':' */
    }

    struct pnd_options parsed = {0};
    int status = 0;
    opterr = 0;
    while (status == 0) {
        int value = getopt_long(count, arguments, ":hq", known, NULL);
        if (value == -1)
            break;
        if (value == '?')
            status = refuse_unknown(command, arguments[optind - 1]);
        else if (value == ':')
            status = refuse_without_value(command, arguments[optind - 1]);
        else
            status = take(command, find(value), &parsed);
    }
    parsed.files = arguments + optind;
    parsed.file_count = count - optind;

    if (status == 0)
        status = check_files(command, &parsed);
    if (status == 0)
        *ret_options = parsed;
    return status;
}

/* getopt_long() answers nothing but what the table told it to. */
static const struct described_option *find(int value)
{
    unsigned bit = value == 'h'   ? PND_OPTION_HELP
                   : value == 'q' ? PND_OPTION_QUIET
                                  : (unsigned)value;
    size_t index = 0;
    while (table[index].bit != bit)
        index++;
    return &table[index];
}

static int take(const struct pnd_command *command, const struct described_option *found,
                struct pnd_options *options)
{
    if (((command->options | PND_OPTION_HELP) & found->bit) == 0) {
        pnd_say_error("'%s' has no option --%s; 'pendio help %s' lists those it has", command->name,
                      found->name, command->name);
        return -EINVAL;
    }

    options->given |= found->bit;
    if (found->take != NULL)
        return found->take(options);
    *(const char **)(void *)((char *)options + found->offset) = optarg;
    return 0;
}

/* One of a list. */
static int take_next(const char *option, const char **list, int *count, int most)
{
    if (*count == most) {
        pnd_say_error("--%s %.60s: is one too many; name at most %d", option, optarg, most);
        return -EINVAL;
    }
    list[(*count)++] = optarg;
    return 0;
}

static int take_url(struct pnd_options *options)
{
    return take_next("url", options->urls, &options->url_count, PND_OPTION_URL_COUNT);
}

/* Of the URL before it. */
static int take_address(struct pnd_options *options)
{
    if (options->url_count == 0) {
        pnd_say_error("--address %.60s: is of the --url before it, and there is none", optarg);
        return -EINVAL;
    }
    options->addresses[options->url_count - 1] = optarg;
    return 0;
}

static int take_seed(struct pnd_options *options)
{
    char *end = NULL;
    errno = 0;
    unsigned long long seed = strtoull(optarg, &end, 0);
    if (errno != 0 || end == optarg || *end != '\0' || strchr(optarg, '-') != NULL || seed == 0) {
        pnd_say_error("--seed %s: use a whole number from 1 to 18446744073709551615", optarg);
        return -EINVAL;
    }
    options->seed = seed;
    return 0;
}

static int take_backend(struct pnd_options *options)
{
    struct pnd_message_error error = {""};
    if (pnd_setting_check_backend(optarg, &error) < 0) {
        pnd_say_error("--backend: %s", error.text);
        return -EINVAL;
    }
    options->backend = optarg;
    return 0;
}

/* Which names there are the daemon will tell. */
static int take_features(struct pnd_options *options)
{
    struct pnd_message_error error = {""};
    if (pnd_setting_check_features(optarg, NULL, 0, &error) < 0) {
        pnd_say_error("--features: %s", error.text);
        return -EINVAL;
    }
    options->features = optarg;
    return 0;
}

/* The daemon works elsewhere: the program is named by its absolute path. */
static int take_subject(struct pnd_options *options)
{
    static char subject[PATH_MAX + SUBJECT_BYTES];
    char program[PATH_MAX];
    char absolute[PATH_MAX];
    size_t length = strcspn(optarg, " ");
    if (length == 0 || length >= sizeof program || strlen(optarg + length) >= SUBJECT_BYTES) {
        pnd_say_error("--subject \"%.60s\": use a program and its arguments, apart by spaces",
                      optarg);
        return -EINVAL;
    }
    memcpy(program, optarg, length);
    program[length] = '\0';
    if (realpath(program, absolute) == NULL) {
        pnd_say_error("--subject %s: %s", program, strerror(errno));
        return -EINVAL;
    }
    if (strchr(absolute, ' ') != NULL) {
        pnd_say_error("--subject %s: its path has a space; use one without", program);
        return -EINVAL;
    }
    (void)snprintf(subject, sizeof subject, "%s%s", absolute, optarg + length);
    options->subject = subject;
    return 0;
}

static int take_case(struct pnd_options *options)
{
    return take_next("case", options->patterns, &options->pattern_count, PND_OPTION_CASE_COUNT);
}

static int take_timeout(struct pnd_options *options)
{
    double seconds = 0;
    int status = take_duration("--timeout", &seconds);
    if (status == 0)
        options->timeout_ns = (int64_t)(seconds * 1e9);
    return status;
}

static int take_seconds(struct pnd_options *options)
{
    return take_duration("--seconds", &options->seconds);
}

static int take_duration(const char *option, double *ret_seconds)
{
    char *end = NULL;
    double seconds = strtod(optarg, &end);
    if (end == optarg || *end != '\0' || !(seconds >= 0.001 && seconds <= 1e6)) {
        pnd_say_error("%s %s: use seconds from 0.001 to 1000000", option, optarg);
        return -EINVAL;
    }
    *ret_seconds = seconds;
    return 0;
}

static int take_quiet(struct pnd_options *options)
{
    options->quiet = true;
    return 0;
}

static int take_quick(struct pnd_options *options)
{
    options->quick = true;
    return 0;
}

static int take_list(struct pnd_options *options)
{
    options->list = true;
    return 0;
}

static int take_nothing(struct pnd_options *options)
{
    (void)options;
    return 0;
}

static int refuse_unknown(const struct pnd_command *command, const char *argument)
{
    if (isalnum(optopt)) {
        pnd_say_error("unknown option -%c; 'pendio help %s' lists those there are", optopt,
                      command->name);
        return -EINVAL;
    }

    const char *names[OPTION_COUNT];
    size_t name_count = 0;
    for (size_t index = 0; index < OPTION_COUNT; index++)
        if (((command->options | PND_OPTION_HELP) & table[index].bit) != 0)
            names[name_count++] = table[index].name;

    const char *near = pnd_say_nearest(argument + strspn(argument, "-"), names, name_count);
    if (near != NULL)
        pnd_say_error("unknown option %s; did you mean --%s?", argument, near);
    else
        pnd_say_error("unknown option %s; 'pendio help %s' lists those there are", argument,
                      command->name);
    return -EINVAL;
}

static int refuse_without_value(const struct pnd_command *command, const char *argument)
{
    pnd_say_error("%s needs a value; 'pendio help %s' shows which", argument, command->name);
    return -EINVAL;
}

static int check_files(const struct pnd_command *command, const struct pnd_options *options)
{
    if ((options->given & PND_OPTION_HELP) != 0)
        return 0;

    if (options->url_count > 1 && (command->options & PND_OPTION_ADDRESS) == 0) {
        pnd_say_error("'%s' asks one daemon; name one --url", command->name);
        return -EINVAL;
    }

    if (options->file_count < command->file_minimum) {
        pnd_say_error("'%s' needs %s; 'pendio help %s' tells more", command->name,
                      command->arguments, command->name);
        return -EINVAL;
    }
    if (options->file_count > command->file_maximum) {
        pnd_say_error("'%s' has no use for '%s'; 'pendio help %s' tells more", command->name,
                      options->files[command->file_maximum], command->name);
        return -EINVAL;
    }
    return 0;
}

void pnd_options_print(FILE *stream, unsigned options)
{
    for (size_t index = 0; index < OPTION_COUNT; index++) {
        if ((table[index].bit & (options | PND_OPTION_HELP)) == 0)
            continue;
        char name[64];
        (void)snprintf(name, sizeof name, "--%s %s", table[index].name,
                       table[index].value != NULL ? table[index].value : "");
        (void)fprintf(stream, "  %-20s %s\n", name, table[index].text);
    }
}
