/*
 * foreign_link.c - commands to a foreign subject, and its answers, each within its time.
 *
 * Happy path:  a command is put together and written; its answer is read, line by line.
 * Failures:    a subject that is silent, babbles, or dies has failed: it is killed, the reason
 *              quotes it, and all that is asked from then on is answered -EIO.
 */
#include "foreign_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MILLISECOND_NS UINT64_C(1000000)

static const uint64_t patience_ns = 5000 * MILLISECOND_NS;
static const uint64_t first_ns = 20000 * MILLISECOND_NS; /* a program may take its time to begin */
static const uint64_t least_ns = 500 * MILLISECOND_NS;   /* also when the run's time is over */
static const uint64_t end_ns = 2000 * MILLISECOND_NS;

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t pnd_foreign_link_until_ns(const struct pnd_foreign_link *link, uint64_t wait_ns)
{
    uint64_t begin_ns = now_ns();
    uint64_t last_ns = begin_ns + wait_ns + (link->known ? patience_ns : first_ns);
    if (link->limit_ns > 0 && last_ns > link->limit_ns)
        last_ns = link->limit_ns;
    return last_ns > begin_ns + least_ns ? last_ns : begin_ns + least_ns;
}

/* ------------------------------------------------------------------------------------------------
 * The end of it
 * --------------------------------------------------------------------------------------------- */

static void hear_errors(struct pnd_foreign_link *link, int events)
{
    char piece[4096];
    ssize_t count = 0;
    for (int i = 0; (events & POLLIN) != 0 && i < 64; i++) {
        count = read(link->process.errors, piece, sizeof piece);
        if (count <= 0)
            break;
        pnd_last_words_hear(&link->words, piece, (size_t)count);
    }
    if ((events & ~POLLIN) != 0 && (events & POLLIN) == 0)
        link->deaf = true;
}

int pnd_foreign_link_fail(struct pnd_foreign_link *link, Pendio__Verdict verdict,
                          const char *format, ...)
{
    char what[320];
    int status = 0;
    va_list arguments;
    if (link->reason[0] != '\0')
        return -EIO;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    (void)pnd_foreign_process_end(&link->process, 0, &status);
    hear_errors(link, POLLIN);
    const char *words = pnd_last_words_quote(&link->words);
    snprintf(link->reason, sizeof link->reason, "subject %.40s %s%s%.100s%s", link->name, what,
             *words != '\0' ? "; its last words: \"" : "", words, *words != '\0' ? "\"" : "");
    link->verdict = verdict;
    if (link->failed != NULL)
        link->failed(link->failed_state);
    return -EIO;
}

static void describe_end(int status, char *text, size_t text_bytes)
{
    if (WIFSIGNALED(status))
        snprintf(text, text_bytes, "was killed by signal %d (SIG%s)", WTERMSIG(status),
                 sigabbrev_np(WTERMSIG(status)) != NULL ? sigabbrev_np(WTERMSIG(status)) : "?");
    else
        snprintf(text, text_bytes, "ended with status %d", WEXITSTATUS(status));
}

/* Its end of a pipe is closed: it is ending, or has at least stopped to talk. */
static int fail_ended(struct pnd_foreign_link *link)
{
    char how[80];
    int status = 0;
    if (pnd_foreign_process_end(&link->process, end_ns, &status))
        describe_end(status, how, sizeof how);
    else
        snprintf(how, sizeof how, "closed its end of a pipe");
    return pnd_foreign_link_fail(link, PENDIO__VERDICT__CRASHED, "%s when asked for %s", how,
                                 link->asked);
}

/* What stands there, for people: as much as fits, without what cannot be printed. */
static void quote(struct pnd_foreign_link *link, const char *from, size_t byte_count)
{
    size_t length = byte_count < sizeof link->quoted - 1 ? byte_count : sizeof link->quoted - 1;
    for (size_t i = 0; i < length; i++)
        link->quoted[i] = from[i];
    link->quoted[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (link->quoted[i] < ' ' || link->quoted[i] > '~')
            link->quoted[i] = '?';
}

/* Something stands there that answers nothing. */
static bool spoke_unasked(struct pnd_foreign_link *link)
{
    if (link->begin == link->end) {
        ssize_t count = read(link->process.output, link->input, sizeof link->input - 1);
        link->begin = 0;
        link->end = count > 0 ? (size_t)count : 0;
    }
    if (link->begin == link->end)
        return false;
    quote(link, link->input + link->begin, link->end - link->begin);
    return true;
}

int pnd_foreign_link_end(struct pnd_foreign_link *link)
{
    char how[80];
    int status = 0;
    if (link->reason[0] != '\0')
        return -EIO;
    if (!pnd_foreign_process_end(&link->process, end_ns, &status))
        return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED,
                                     "did not end within 2 s of its last answer");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && !spoke_unasked(link))
        return 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED,
                                     "wrote unasked, after its last answer: \"%.100s\"",
                                     link->quoted);
    describe_end(status, how, sizeof how);
    return pnd_foreign_link_fail(link, PENDIO__VERDICT__CRASHED, "%s after its last answer", how);
}

/* ------------------------------------------------------------------------------------------------
 * Commands
 * --------------------------------------------------------------------------------------------- */

void pnd_foreign_link_begin(struct pnd_foreign_link *link, const char *word)
{
    link->asked = word;
    link->command_bytes = 0;
    pnd_foreign_link_add(link, "%s", word);
}

void pnd_foreign_link_add_list(struct pnd_foreign_link *link, const char *format, va_list list)
{
    size_t room = sizeof link->command - link->command_bytes;
    int length = vsnprintf(link->command + link->command_bytes, room, format, list);
    if (length >= 0 && (size_t)length < room)
        link->command_bytes += (size_t)length;
}

void pnd_foreign_link_add(struct pnd_foreign_link *link, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    pnd_foreign_link_add_list(link, format, arguments);
    va_end(arguments);
}

static int fail_late(struct pnd_foreign_link *link)
{
    return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED, "did not answer to %s in time",
                                 link->asked);
}

/* Until one of its pipes can be gone on with. */
static int wait_for(struct pnd_foreign_link *link, bool writing, uint64_t last_ns)
{
    struct pollfd pipes[] = {
        {.fd = writing ? link->process.input : link->process.output,
         .events = writing ? POLLOUT : POLLIN},
        {.fd = link->deaf ? -1 : link->process.errors, .events = POLLIN},
    };
    uint64_t begin_ns = now_ns();
    if (begin_ns >= last_ns)
        return fail_late(link);
    (void)poll(pipes, 2, (int)((last_ns - begin_ns) / MILLISECOND_NS) + 1);
    hear_errors(link, pipes[1].revents);
    return 0;
}

int pnd_foreign_link_send(struct pnd_foreign_link *link)
{
    size_t sent_bytes = 0;
    uint64_t last_ns = pnd_foreign_link_until_ns(link, 0);
    if (link->reason[0] != '\0')
        return -EIO;
    if (spoke_unasked(link))
        return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED,
                                     "wrote unasked, before %s: \"%.100s\"", link->asked,
                                     link->quoted);
    link->command[link->command_bytes++] = '\n';
    while (sent_bytes < link->command_bytes) {
        ssize_t count = write(link->process.input, link->command + sent_bytes,
                              link->command_bytes - sent_bytes);
        if (count >= 0)
            sent_bytes += (size_t)count;
        else if (errno == EAGAIN && wait_for(link, true, last_ns) < 0)
            return -EIO;
        else if (errno != EAGAIN && errno != EINTR)
            return fail_ended(link);
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------
 * Answers
 * --------------------------------------------------------------------------------------------- */

static int fail_answer(struct pnd_foreign_link *link, const char *why)
{
    return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED, "answered to %s %s: \"%.120s\"",
                                 link->asked, why, link->quoted);
}

static bool is_text(const char *line)
{
    for (; *line != '\0'; line++)
        if (*line < ' ' || *line > '~')
            return false;
    return true;
}

/* The whole line at `begin`, its end replaced; NULL: there is none yet. */
static char *take_line(struct pnd_foreign_link *link)
{
    char *from = link->input + link->begin;
    size_t byte_count = link->end - link->begin;
    char *feed = memchr(from, '\n', byte_count);
    if (feed == NULL)
        return NULL;
    quote(link, from, (size_t)(feed - from));
    if (memchr(from, '\0', (size_t)(feed - from)) != NULL)
        *from = '\x01'; /* no text either way */
    *feed = '\0';
    link->begin += (size_t)(feed - from) + 1;
    return from;
}

/* More of what it writes. Returns 0 or -EIO. */
static int fill(struct pnd_foreign_link *link, uint64_t last_ns)
{
    if (link->begin > 0) {
        memmove(link->input, link->input + link->begin, link->end - link->begin);
        link->end -= link->begin;
        link->begin = 0;
    }
    if (link->end == sizeof link->input - 1) {
        quote(link, link->input, link->end);
        return fail_answer(link, "with a line of more than 65536 bytes");
    }
    ssize_t count =
        read(link->process.output, link->input + link->end, sizeof link->input - 1 - link->end);
    if (count > 0) {
        link->end += (size_t)count;
        link->input[link->end] = '\0';
        return 0;
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR))
        return fail_ended(link);
    return wait_for(link, false, last_ns);
}

int pnd_foreign_link_read(struct pnd_foreign_link *link, uint64_t until_ns)
{
    char *line = NULL;
    if (link->reason[0] != '\0')
        return -EIO;
    while ((line = take_line(link)) == NULL)
        if (fill(link, until_ns) < 0)
            return -EIO;
    if (now_ns() >= until_ns)
        return fail_late(link); /* there is no end of lines */
    link->known = true;
    if (!is_text(line) || pnd_foreign_line_parse(line, &link->line) < 0)
        return fail_answer(link, "with no answer");
    return 0;
}

int pnd_foreign_link_ask(struct pnd_foreign_link *link)
{
    int status = pnd_foreign_link_send(link);
    if (status < 0)
        return status;
    return pnd_foreign_link_read(link, pnd_foreign_link_until_ns(link, 0));
}

int pnd_foreign_link_check(struct pnd_foreign_link *link)
{
    char why[64];
    if (link->line.wrong == NULL)
        return 0;
    snprintf(why, sizeof why, "with a wrong %.30s", link->line.wrong);
    return fail_answer(link, why);
}

int pnd_foreign_link_status(struct pnd_foreign_link *link)
{
    if (strcmp(link->line.word, "ok") == 0)
        return pnd_foreign_link_check(link);
    int error = pnd_foreign_line_error(&link->line, "error");
    if (strcmp(link->line.word, "refused") != 0 || error == 0)
        return fail_answer(link, "with no answer to it");
    return error;
}
