/*
 * explain_step.c - one step of a workload, in words.
 *
 * Happy path:  the sentence of its operation, in which signs stand for what the step names; then
 *              how it is done, and what must come of it.
 * Failures:    an operation without a sentence is called by its name.
 */
#include "explain.h"

#include "words.h"

#include <inttypes.h>
#include <stdbool.h>

/*
 * $h handle, $i into, $e endpoint, $t target, $c context, $b bytes, $v event, $n times, $d time,
 * $f from, $s signal, $o host, $w write end, $x operation to fail, $r its error, $p packets
 */
static const char *const sentences[] = {
    [PENDIO__OPERATION__NOP] = "does nothing (NOP)",
    [PENDIO__OPERATION__TIMER] = "waits for a timer of $d",
    [PENDIO__OPERATION__ACCEPT] = "accepts a connection on $h",
    [PENDIO__OPERATION__CONNECT] = "connects $h to $e",
    [PENDIO__OPERATION__RECEIVE] = "receives $b on $h",
    [PENDIO__OPERATION__SEND] = "sends $b on $h",
    [PENDIO__OPERATION__RECEIVE_FROM] = "receives a message of $b on $h",
    [PENDIO__OPERATION__SEND_TO] = "sends a message of $b on $h to $e",
    [PENDIO__OPERATION__OPEN] = "opens the file $e as $i",
    [PENDIO__OPERATION__READ] = "reads $b from $h",
    [PENDIO__OPERATION__WRITE] = "writes $b to $h",
    [PENDIO__OPERATION__CLOSE] = "closes $h",
    [PENDIO__OPERATION__FSYNC] = "has what was written to $h kept",
    [PENDIO__OPERATION__TRUNCATE] = "makes the file $h $b long",
    [PENDIO__OPERATION__STAT] = "asks for the size of $e$h",
    [PENDIO__OPERATION__RENAME] = "renames $e to $t",
    [PENDIO__OPERATION__UNLINK] = "removes $e",
    [PENDIO__OPERATION__MKDIR] = "makes the directory $e",
    [PENDIO__OPERATION__POLL] = "waits until $h is ready",
    [PENDIO__OPERATION__DISCONNECT] = "disconnects $h",
    [PENDIO__OPERATION__RECEIVE_MESSAGE] = "receives a message of $b, and what came with it, "
                                           "on $h",
    [PENDIO__OPERATION__SEND_MESSAGE] = "sends a message of $b on $h",
    [PENDIO__OPERATION__SEND_PACKETS] = "sends $p of files and memory on $h",
    [PENDIO__OPERATION__SPLICE] = "moves $b from $f to $h",
    [PENDIO__OPERATION__CHILD] = "waits for the end of the process it began",
    [PENDIO__OPERATION__CATCH_SIGNAL] = "waits for signal $s",
    [PENDIO__OPERATION__CONNECT_NAME] = "connects $h$i to $o at the port of $e",
    [PENDIO__OPERATION__SOCKET] = "makes a socket $i for $e",
    [PENDIO__OPERATION__BIND] = "binds $h to $e",
    [PENDIO__OPERATION__LISTEN] = "listens on $h",
    [PENDIO__OPERATION__HALF_CLOSE] = "says on $h that it sends no more",
    [PENDIO__OPERATION__CANCEL] = "cancels what the context $c does",
    [PENDIO__OPERATION__POST] = "posts itself a message",
    [PENDIO__OPERATION__GET] = "takes the context $c",
    [PENDIO__OPERATION__PUT] = "puts the context $c back",
    [PENDIO__OPERATION__CLOSE_NOW] = "closes $h without a context",
    [PENDIO__OPERATION__PIPE] = "makes a pipe with the ends $i and $w",
    [PENDIO__OPERATION__AWAIT] = "waits for all it has in the background",
    [PENDIO__OPERATION__SIGNAL] = "counts the event $v",
    [PENDIO__OPERATION__WAIT] = "waits until the event $v was counted $n",
    [PENDIO__OPERATION__PAUSE] = "pauses for $d",
    [PENDIO__OPERATION__SPAWN] = "begins a process that ends after $d",
    [PENDIO__OPERATION__RAISE] = "sends the run signal $s",
    [PENDIO__OPERATION__LIMIT_DESCRIPTORS] = "lets $n descriptors be opened, and no others",
    [PENDIO__OPERATION__HOLD_BUFFERS] = "sees that the context $c still has the buffer it was lent",
    [PENDIO__OPERATION__FAIL] = "has $x fail with $r, $n",
    [PENDIO__OPERATION__DIE] = "kills the process of the run",
};

static void put_sentence(const Pendio__Step *step, const char *sentence, FILE *out);
static void put_sign(const Pendio__Step *step, char sign, FILE *out);
static void put_name(const char *name, FILE *out);
static void put_bytes(const Pendio__Step *step, FILE *out);
static void put_more(const Pendio__Step *step, FILE *out);
static void put_manner(const Pendio__Step *step, FILE *out);
static void put_expectation(const Pendio__Expectation *expect, FILE *out);
static void put_bounds(const Pendio__Expectation *expect, const char **between, FILE *out);

void pnd_explain_step(const Pendio__Step *step, FILE *out)
{
    const char *sentence = NULL;
    if ((unsigned)step->operation < sizeof sentences / sizeof sentences[0])
        sentence = sentences[step->operation];
    if (step->operation == PENDIO__OPERATION__LIMIT_DESCRIPTORS && step->times == 0)
        sentence = "lets as many descriptors be opened as before";
    if (sentence != NULL)
        put_sentence(step, sentence, out);
    else
        (void)fputs(pnd_words_value(&pendio__operation__descriptor, (int)step->operation), out);
    put_more(step, out);
    put_manner(step, out);
    if (step->expect != NULL)
        put_expectation(step->expect, out);
}

static void put_sentence(const Pendio__Step *step, const char *sentence, FILE *out)
{
    for (const char *at = sentence; *at != '\0'; at++) {
        if (*at == '$')
            put_sign(step, *++at, out);
        else
            (void)fputc(*at, out);
    }
}

static void put_sign(const Pendio__Step *step, char sign, FILE *out)
{
    const uint64_t times = step->times > 0 ? step->times : 1;
    const struct {
        char sign;
        const char *name;
    } names[] = {
        {'h', step->handle}, {'i', step->into},    {'e', step->endpoint},
        {'t', step->target}, {'c', step->context}, {'v', step->event},
        {'f', step->from},   {'o', step->host},    {'w', step->write_end},
    };
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++)
        if (names[index].sign == sign)
            put_name(names[index].name, out);
    if (sign == 'b')
        put_bytes(step, out);
    else if (sign == 'n')
        (void)fputs(step->operation == PENDIO__OPERATION__LIMIT_DESCRIPTORS
                        ? pnd_words_count(times, "more", "more").text
                        : pnd_words_times(times).text,
                    out);
    else if (sign == 'd')
        (void)fputs(pnd_words_ns(step->after_ns).text, out);
    else if (sign == 's')
        (void)fprintf(out, "%u", step->number);
    else if (sign == 'x')
        (void)fputs(pnd_words_value(&pendio__operation__descriptor, (int)step->failing), out);
    else if (sign == 'r')
        (void)fputs(step->errno_name, out);
    else if (sign == 'p')
        (void)fputs(pnd_words_count(step->n_packets, "part", "parts").text, out);
}

static void put_name(const char *name, FILE *out)
{
    if (name[0] != '\0')
        (void)fprintf(out, "\"%s\"", name);
}

/* As many as come, and not those that are asked for. */
static bool takes_what_comes(const Pendio__Step *step)
{
    switch (step->operation) {
    case PENDIO__OPERATION__RECEIVE:
    case PENDIO__OPERATION__RECEIVE_FROM:
    case PENDIO__OPERATION__RECEIVE_MESSAGE:
    case PENDIO__OPERATION__READ:
        return !step->whole;
    default:
        return false;
    }
}

static void put_bytes(const Pendio__Step *step, FILE *out)
{
    if (takes_what_comes(step))
        (void)fputs("up to ", out);
    if (step->content == PENDIO__CONTENT__ECHO)
        (void)fputs("back what it received", out);
    else if (step->bytes_of != NULL)
        (void)fputs(pnd_words_drawn(step->bytes_of, pnd_words_bytes).text, out);
    else if (step->memory == PENDIO__MEMORY__LENT && step->bytes == 0)
        (void)fputs("a buffer", out);
    else
        (void)fputs(pnd_words_bytes(step->bytes).text, out);
}

/* What belongs to some operations only. */
static void put_more(const Pendio__Step *step, FILE *out)
{
    if (step->operation == PENDIO__OPERATION__ACCEPT && step->into[0] != '\0')
        (void)fprintf(out, " as \"%s\"", step->into);
    if (step->prepared[0] != '\0')
        (void)fprintf(out, " into the socket \"%s\"", step->prepared);
    if (step->start_actor[0] != '\0')
        (void)fprintf(out, ", for which an instance of \"%s\" begins", step->start_actor);
    if (step->operation == PENDIO__OPERATION__SPAWN && step->number > 0)
        (void)fprintf(out, " by signal %u", step->number);
    else if (step->operation == PENDIO__OPERATION__SPAWN)
        (void)fprintf(out, " with code %u", step->exit_code);
    if (step->pass_count > 0)
        (void)fprintf(out, ", with %s",
                      pnd_words_count(step->pass_count, "descriptor", "descriptors").text);
    if (step->offset > 0 && step->offset != UINT64_MAX)
        (void)fprintf(out, ", from byte %" PRIu64 " on", step->offset);
    if (step->advance || step->offset_by_instance)
        (void)fprintf(out, ", %s",
                      step->advance ? "further on each round" : "where its part of the file is");
    if (step->first_data)
        (void)fprintf(out, ", with first data");
}

/* How it is done. */
static void put_manner(const Pendio__Step *step, FILE *out)
{
    const struct {
        bool holds;
        const char *words;
    } manners[] = {
        {step->whole, ", as often as it takes"},
        {step->peek, ", taking nothing"},
        {step->zero_copy, ", without copying it"},
        {step->reuse, ", to be used again"},
        {step->close_mode == PENDIO__CLOSE_MODE__ABORTIVE, ", abortively"},
        {step->memory == PENDIO__MEMORY__LENT && step->content != PENDIO__CONTENT__ECHO,
         ", lent to it"},
        {step->memory == PENDIO__MEMORY__CALLER, ", in memory of its own"},
        {step->n_pieces > 0, ", in pieces"},
        {step->content == PENDIO__CONTENT__NONE, ", unverified"},
        {step->callback, ", told by callback"},
        {step->policy == PENDIO__POLICY__TRY, ", at once if it can (TRY)"},
        {step->policy == PENDIO__POLICY__QUEUE, ", always later (QUEUE)"},
    };
    bool counts = step->operation == PENDIO__OPERATION__WAIT ||
                  step->operation == PENDIO__OPERATION__FAIL ||
                  step->operation == PENDIO__OPERATION__LIMIT_DESCRIPTORS;
    for (size_t index = 0; index < sizeof manners / sizeof manners[0]; index++)
        if (manners[index].holds)
            (void)fputs(manners[index].words, out);
    if (step->background)
        (void)fputs(", in the background", out);
    if (step->background && step->context[0] != '\0')
        (void)fprintf(out, " with the context \"%s\"", step->context);
    if (step->times > 1 && !counts)
        (void)fprintf(out, ", %s", pnd_words_times(step->times).text);
    if (step->deadline_ns > 0)
        (void)fprintf(out, ", with a deadline of %s", pnd_words_ns(step->deadline_ns).text);
    if (step->label[0] != '\0')
        (void)fprintf(out, " (\"%s\")", step->label);
}

/* The first thing that must be so begins the list. */
static const char *next(const char **between)
{
    const char *now = *between;
    *between = ", ";
    return now;
}

static void put_expectation(const Pendio__Expectation *expect, FILE *out)
{
    const char *between = "; must ";
    bool refused = expect->n_answers == 1 && expect->answers[0] == PENDIO__ANSWER__REFUSED;
    for (size_t index = 0; index < expect->n_answers; index++)
        (void)fprintf(out, "%s%s%s", index == 0 ? next(&between) : " or ", index == 0 ? "be " : "",
                      pnd_words_value(&pendio__answer__descriptor, (int)expect->answers[index]));
    for (size_t index = 0; index < expect->n_errors; index++)
        (void)fprintf(out, "%s%s%s",
                      index > 0 ? " or "
                      : refused ? " with "
                                : next(&between),
                      index == 0 && !refused ? "end with " : "",
                      expect->errors[index][0] == '0' ? "success" : expect->errors[index]);
    for (size_t index = 0; index < expect->n_flags; index++)
        (void)fprintf(out, "%s%s%s", index == 0 ? next(&between) : " and ",
                      index == 0 ? "be flagged " : "", expect->flags[index]);
    put_bounds(expect, &between, out);
    for (size_t index = 0; index < expect->n_after; index++)
        (void)fprintf(out, "%s%s\"%s\"", index == 0 ? next(&between) : " and ",
                      index == 0 ? "be over after " : "", expect->after[index]);
}

static void put_bounds(const Pendio__Expectation *expect, const char **between, FILE *out)
{
    if (expect->check_bytes && expect->bytes_minimum == expect->bytes_maximum)
        (void)fprintf(out, "%smove %s", next(between), pnd_words_bytes(expect->bytes_minimum).text);
    else if (expect->check_bytes)
        (void)fprintf(out, "%smove %" PRIu64 " to %s", next(between), expect->bytes_minimum,
                      pnd_words_bytes(expect->bytes_maximum).text);
    if (expect->check_size)
        (void)fprintf(out, "%stell %s", next(between), pnd_words_bytes(expect->size).text);
    if (expect->check_value)
        (void)fprintf(out, "%stell %" PRIu64, next(between), expect->value);
    if (expect->sender[0] != '\0')
        (void)fprintf(out, "%scome from \"%s\"", next(between), expect->sender);
    if (expect->destination[0] != '\0')
        (void)fprintf(out, "%sbe sent to \"%s\"", next(between), expect->destination);
    if (expect->loopback)
        (void)fprintf(out, "%scome by loopback", next(between));
    if (expect->check_descriptors)
        (void)fprintf(out, "%sbring %s", next(between),
                      pnd_words_count(expect->descriptors, "descriptor", "descriptors").text);
    if (expect->latency_most_ns > 0)
        (void)fprintf(out, "%stake at most %s", next(between),
                      pnd_words_ns(expect->latency_most_ns).text);
}
