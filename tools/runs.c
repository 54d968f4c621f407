/*
 * runs.c - `pendio runs`: finished runs that the daemon keeps, one of them, or the end of one.
 *
 * Happy path:  list page by page -> a table or JSON; fetch -> what `pendio run` would have shown,
 *              and its exit code; cancel -> one line.
 * Failures:    words that are none of these, and a run the daemon does not know, are wrong usage; a
 *              run that has not finished cannot be fetched, which is exit 3, as no daemon is.
 */
#include "command.h"
#include "daemon.h"
#include "judge.h"
#include "output.h"
#include "results.h"
#include "say.h"
#include "summary.h"
#include "table.h"
#include "units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct pnd_column columns[] = {
    {"RUN", PND_RIGHT},
    {"ENDED", PND_LEFT},
    {"VERDICT", PND_LEFT},
    {"WORKLOAD", PND_LEFT},
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0], TIME_BYTES = 32 };

/* What the command was asked, and where. */
struct wish {
    const struct pnd_options *options;
    struct pnd_daemon daemon;
    const char *word; /* the number of the run, as it was given */
    uint64_t run;
};

/* Where the rows of a list go. */
struct list {
    struct pnd_table *table;
    json_t *array;
    size_t count;
};

static int read_run(struct wish *wish);
static enum pnd_exit list(struct wish *wish);
static int show_list(struct wish *wish, FILE *stream);
static int take_pages(struct wish *wish, struct list *list);
static int take_page(const Pendio__ListReply *page, struct list *list);
static int add_row(struct list *list, const Pendio__Finished *run);
static void format_time(uint64_t seconds, char *ret_text);
static enum pnd_exit fetch(struct wish *wish);
static enum pnd_exit show_report(struct wish *wish, Pendio__Reply *reply);
static enum pnd_exit explain_unfinished(const struct wish *wish, const Pendio__Progress *progress);
static enum pnd_exit cancel(struct wish *wish);
static int ask(struct wish *wish, Pendio__Request *request, Pendio__Reply__BodyCase expected,
               Pendio__Reply **ret_reply);
static enum pnd_exit exit_for(int status);

static const struct {
    const char *name;
    bool of_a_run;
    enum pnd_exit (*act)(struct wish *wish);
} verbs[] = {{"list", false, list}, {"fetch", true, fetch}, {"cancel", true, cancel}};

enum pnd_exit pnd_command_runs(const struct pnd_options *options)
{
    struct wish wish = {.options = options};
    const char *word = options->file_count > 0 ? options->files[0] : verbs[0].name;
    size_t index = 0;
    while (index < sizeof verbs / sizeof *verbs && strcmp(word, verbs[index].name) != 0)
        index++;
    if (index == sizeof verbs / sizeof *verbs) {
        pnd_say_error("'runs' does not know '%s'; use list, fetch RUN or cancel RUN", word);
        return PND_EXIT_USAGE;
    }
    if (verbs[index].of_a_run != (options->file_count == 2)) {
        pnd_say_error("'runs %s' %s", word,
                      verbs[index].of_a_run ? "needs the number of a run" : "needs no more words");
        return PND_EXIT_USAGE;
    }
    if (verbs[index].of_a_run && read_run(&wish) < 0)
        return PND_EXIT_USAGE;
    int status = pnd_daemon_open(options, &wish.daemon);
    return status < 0 ? pnd_daemon_exit(status) : verbs[index].act(&wish);
}

static int read_run(struct wish *wish)
{
    char *end = NULL;
    wish->word = wish->options->files[1];
    errno = 0;
    wish->run = strtoull(wish->word, &end, 10);
    if (wish->word[0] >= '0' && wish->word[0] <= '9' && *end == '\0' && errno == 0 && wish->run > 0)
        return 0;
    pnd_say_error("run %s: use its number, as 'pendio runs' lists it", wish->word);
    return -EINVAL;
}

/* ------------------------------------------------------------------------------------------------
 * All of them
 * --------------------------------------------------------------------------------------------- */

static enum pnd_exit list(struct wish *wish)
{
    struct pnd_output output;
    const char *json = wish->options->json;
    int status = pnd_output_begin(json != NULL ? json : "-", &output);
    if (status < 0)
        return PND_EXIT_UNREACHABLE;
    status = show_list(wish, output.stream);
    if (status == -EPROTO)
        pnd_output_abandon(&output); /* the daemon's own fault, and told */
    else if (status < 0)
        (void)pnd_output_fail(&output, status);
    else
        status = pnd_output_end(&output);
    return exit_for(status);
}

static int show_list(struct wish *wish, FILE *stream)
{
    struct list list = {0};
    int status = 0;
    if (wish->options->json != NULL)
        list.array = json_array();
    else
        status = pnd_table_create(columns, COLUMN_COUNT, stream, &list.table);
    if (status == 0)
        status = take_pages(wish, &list);
    if (status == 0 && list.array != NULL)
        status = pnd_results_dump(
            json_pack("{s:s, s:O}", "version", PENDIO_VERSION_TEXT, "runs", list.array), stream);
    else if (status == 0 && list.count == 0)
        (void)fputs("No run has finished yet: 'pendio run FILE' starts one.\n", stream);
    else if (status == 0)
        status = pnd_table_print(list.table);
    json_decref(list.array);
    if (list.table != NULL)
        pnd_table_destroy(list.table);
    return status;
}

/* A page that brings nothing is the last one, whatever the daemon says. */
static int take_pages(struct wish *wish, struct list *list)
{
    Pendio__ListRequest page = PENDIO__LIST_REQUEST__INIT;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.body_case = PENDIO__REQUEST__BODY_LIST;
    request.list = &page;
    bool more = true;
    while (more) {
        Pendio__Reply *reply = NULL;
        int status = ask(wish, &request, PENDIO__REPLY__BODY_LIST, &reply);
        if (status < 0)
            return -EPROTO;
        size_t count = reply->list->n_runs;
        more = reply->list->more && count > 0;
        status = take_page(reply->list, list);
        page.before = count > 0 ? reply->list->runs[count - 1]->run : 0;
        pnd_link_free_reply(reply);
        if (status < 0)
            return status;
    }
    return 0;
}

static int take_page(const Pendio__ListReply *page, struct list *list)
{
    int status = 0;
    for (size_t index = 0; status == 0 && index < page->n_runs; index++)
        status = add_row(list, page->runs[index]);
    return status;
}

static int add_row(struct list *list, const Pendio__Finished *run)
{
    char ended[TIME_BYTES];
    format_time(run->ended_s, ended);
    const char *verdict = pnd_outcome_verdict(run->verdict);
    list->count++;
    if (list->array != NULL)
        return json_array_append_new(list->array,
                                     json_pack("{s:I, s:s, s:s, s:s, s:s}", "run",
                                               pnd_results_integer(run->run), "workload",
                                               run->workload, "verdict", verdict, "ended", ended,
                                               "content_hash", run->content_hash));
    const struct pnd_units_text number = pnd_units_count(run->run);
    const char *const cells[COLUMN_COUNT] = {number.text, ended, verdict, run->workload};
    bool bad = run->verdict == PENDIO__VERDICT__FAILED || run->verdict == PENDIO__VERDICT__CRASHED;
    return pnd_table_add(list->table, cells, bad ? PND_RED : PND_PLAIN);
}

static void format_time(uint64_t seconds, char *ret_text)
{
    time_t moment = (time_t)seconds;
    struct tm parts;
    if (gmtime_r(&moment, &parts) == NULL ||
        strftime(ret_text, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        (void)snprintf(ret_text, TIME_BYTES, "unknown");
}

/* ------------------------------------------------------------------------------------------------
 * One of them
 * --------------------------------------------------------------------------------------------- */

static enum pnd_exit fetch(struct wish *wish)
{
    Pendio__FetchRequest which = PENDIO__FETCH_REQUEST__INIT;
    which.run = wish->run;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.body_case = PENDIO__REQUEST__BODY_FETCH;
    request.fetch = &which;

    Pendio__Reply *reply = NULL;
    int status = ask(wish, &request, PENDIO__REPLY__BODY_FETCH, &reply);
    if (status < 0)
        return exit_for(status);
    if (reply->fetch->finished)
        return show_report(wish, reply);
    enum pnd_exit code = explain_unfinished(wish, reply->fetch->progress);
    pnd_link_free_reply(reply);
    return code;
}

/* Takes over the reply. */
static enum pnd_exit show_report(struct wish *wish, Pendio__Reply *reply)
{
    struct pnd_outcome outcome;
    struct pnd_judgement judgement = {0};
    struct pnd_results results = {.outcomes = &outcome, .outcome_count = 1};
    struct pnd_output output = {0};
    int status = pnd_outcome_init(&outcome, wish->word, reply);
    if (status < 0) {
        pnd_link_free_reply(reply);
        return exit_for(pnd_daemon_explain(&wish->daemon, wish->word, status));
    }
    status = pnd_output_begin(wish->options->json, &output);
    if (status == 0) {
        const struct pnd_summary summary = {
            .outcomes = &outcome,
            .outcome_count = 1,
            .stream = pnd_output_is_stdout(&output) ? stderr : stdout,
        };
        status = pnd_summary_print(&summary);
    }
    if (status == 0 && output.stream != NULL) {
        pnd_environment_init(&results.environment, &wish->daemon, 1, &outcome, 1);
        status = pnd_results_write(&results, output.stream);
        status = status < 0 ? pnd_output_fail(&output, status) : pnd_output_end(&output);
    }
    pnd_judge_add(&judgement, &outcome, 1);
    pnd_outcome_fini(&outcome);
    return status < 0 ? PND_EXIT_UNREACHABLE : pnd_judge_exit(&judgement);
}

static enum pnd_exit explain_unfinished(const struct wish *wish, const Pendio__Progress *progress)
{
    if (progress != NULL && progress->ahead_count > 0)
        pnd_say_error("run %s has not finished: it waits for %u others; fetch it later", wish->word,
                      progress->ahead_count);
    else
        pnd_say_error("run %s has not finished, after %llu operations; fetch it later", wish->word,
                      progress != NULL ? (unsigned long long)progress->operations : 0);
    return PND_EXIT_UNREACHABLE;
}

static enum pnd_exit cancel(struct wish *wish)
{
    Pendio__CancelRequest which = PENDIO__CANCEL_REQUEST__INIT;
    which.run = wish->run;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.body_case = PENDIO__REQUEST__BODY_CANCEL;
    request.cancel = &which;

    Pendio__Reply *reply = NULL;
    int status = ask(wish, &request, PENDIO__REPLY__BODY__NOT_SET, &reply);
    if (status < 0)
        return exit_for(status);
    pnd_link_free_reply(reply);
    (void)printf("Run %s is cancelled: its report will say so.\n", wish->word);
    return PND_EXIT_OK;
}

/* -ENOENT when the daemon knows no such run. */
static int ask(struct wish *wish, Pendio__Request *request, Pendio__Reply__BodyCase expected,
               Pendio__Reply **ret_reply)
{
    struct pnd_daemon *daemon = &wish->daemon;
    request->version = 1;
    int status = pnd_daemon_ask(daemon, daemon->url, request, expected, ret_reply);
    if (status < 0 || (*ret_reply)->status == PENDIO__STATUS__OK)
        return status;
    pnd_daemon_complain(daemon->url, *ret_reply);
    status = (*ret_reply)->status == PENDIO__STATUS__NO_SUCH_RUN ? -ENOENT : -EPROTO;
    pnd_link_free_reply(*ret_reply);
    return status;
}

static enum pnd_exit exit_for(int status)
{
    return status == 0 ? PND_EXIT_OK : status == -ENOENT ? PND_EXIT_USAGE : PND_EXIT_UNREACHABLE;
}
