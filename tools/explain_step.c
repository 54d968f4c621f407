/*
 * explain_step.c - one step of a workload, in words.
 *
 * Happy path:  the sentence of its operation, in which signs stand for what the step names; then
 *              what belongs to that operation only, how it is done, and what must come of it.
 * Failures:    an operation without a sentence is called by its name.
 */
#include "explain.h"

#include "words.h"

#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>

/*
 * $h handle, $k handle of a connection, $i into, $e endpoint, $a address, $t target, $c context,
 * $b bytes, $m message, $v event, $n times, $d time, $f from, $s signal, $o host, $w write end,
 * $x operation to fail, $r its error, $p packets, $l events of a poll
 */
static const char *const sentences[] = {
    [PENDIO__OPERATION__NOP] = "does nothing (NOP)",
    [PENDIO__OPERATION__TIMER] = "waits for a timer of $d",
    [PENDIO__OPERATION__ACCEPT] = "accepts a connection on $h",
    [PENDIO__OPERATION__CONNECT] = "connects $h to $e",
    [PENDIO__OPERATION__RECEIVE] = "receives $b on $h",
    [PENDIO__OPERATION__SEND] = "sends $b on $h",
    [PENDIO__OPERATION__RECEIVE_FROM] = "receives $m on $h",
    [PENDIO__OPERATION__SEND_TO] = "sends $m on $h$a",
    [PENDIO__OPERATION__OPEN] = "opens the file $e as $i",
    [PENDIO__OPERATION__READ] = "reads $b from $h",
    [PENDIO__OPERATION__WRITE] = "writes $b to $h",
    [PENDIO__OPERATION__CLOSE] = "closes $h",
    [PENDIO__OPERATION__FSYNC] = "makes sure that what was written to $h will last",
    [PENDIO__OPERATION__TRUNCATE] = "makes the file $h $b long",
    [PENDIO__OPERATION__STAT] = "asks for the size of $e$h",
    [PENDIO__OPERATION__RENAME] = "renames $e to $t",
    [PENDIO__OPERATION__UNLINK] = "removes $e",
    [PENDIO__OPERATION__MKDIR] = "makes the directory $e",
    [PENDIO__OPERATION__POLL] = "waits until $h $l",
    [PENDIO__OPERATION__DISCONNECT] = "disconnects $h",
    [PENDIO__OPERATION__RECEIVE_MESSAGE] = "receives $m, and what came with it, on $h",
    [PENDIO__OPERATION__SEND_MESSAGE] = "sends $m on $h",
    [PENDIO__OPERATION__SEND_PACKETS] = "sends $p on $h",
    [PENDIO__OPERATION__SPLICE] = "moves $b from $f to $h",
    [PENDIO__OPERATION__CHILD] = "waits for the end of the process it began",
    [PENDIO__OPERATION__CATCH_SIGNAL] = "waits for signal $s",
    [PENDIO__OPERATION__CONNECT_NAME] = "connects $k to $o at the port of $e",
    [PENDIO__OPERATION__SOCKET] = "makes a socket $i for $e",
    [PENDIO__OPERATION__BIND] = "binds $h to $e",
    [PENDIO__OPERATION__LISTEN] = "listens on $h",
    [PENDIO__OPERATION__HALF_CLOSE] = "ends what it sends on $h",
    [PENDIO__OPERATION__CANCEL] = "cancels what the context $c does",
    [PENDIO__OPERATION__POST] = "posts a message to its loop",
    [PENDIO__OPERATION__GET] = "takes the context $c",
    [PENDIO__OPERATION__PUT] = "puts the context $c back",
    [PENDIO__OPERATION__CLOSE_NOW] = "closes $h without a context",
    [PENDIO__OPERATION__PIPE] = "makes a pipe with the ends $i and $w",
    [PENDIO__OPERATION__AWAIT] = "waits for all it has begun in the background",
    [PENDIO__OPERATION__SIGNAL] = "counts one on the event $v",
    [PENDIO__OPERATION__WAIT] = "waits until the event $v has been counted $n",
    [PENDIO__OPERATION__PAUSE] = "pauses for $d",
    [PENDIO__OPERATION__SPAWN] = "begins a process that ends after $d",
    [PENDIO__OPERATION__RAISE] = "sends signal $s to the process of the run",
    [PENDIO__OPERATION__LIMIT_DESCRIPTORS] = "lets $n descriptors be opened, and no others",
    [PENDIO__OPERATION__HOLD_BUFFERS] = "sees that the context $c still has the buffer it was lent",
    [PENDIO__OPERATION__FAIL] = "has $x fail with $r, $n",
    [PENDIO__OPERATION__DIE] = "kills the process of the run",
};

static const char *sentence_of(const Pendio__Step *step);
static void put_sentence(const Pendio__Step *step, const char *sentence, FILE *out);
static void put_sign(const Pendio__Step *step, char sign, FILE *out);
static void put_name(const char *name, FILE *out);
static void put_bytes(const Pendio__Step *step, FILE *out);
static void put_message(const Pendio__Step *step, FILE *out);
static void put_packets(const Pendio__Step *step, FILE *out);
static void put_events(uint32_t events, FILE *out);
static void put_more(const Pendio__Step *step, FILE *out);
static void put_place(const Pendio__Step *step, FILE *out);

void pnd_explain_step(const Pendio__Step *step, FILE *out)
{
    const char *sentence = sentence_of(step);
    if (sentence != NULL)
        put_sentence(step, sentence, out);
    else
        (void)fputs(pnd_words_value(&pendio__operation__descriptor, (int)step->operation), out);
    put_more(step, out);
    put_place(step, out);
    pnd_explain_manner(step, out);
    if (step->expect != NULL)
        pnd_explain_demand(step, out);
}

/* NULL: it has none. */
static const char *sentence_of(const Pendio__Step *step)
{
    if (step->operation == PENDIO__OPERATION__LIMIT_DESCRIPTORS && step->times == 0)
        return "lets as many descriptors be opened as before";
    if (step->operation == PENDIO__OPERATION__OPEN && step->create)
        return "opens the file $e, created or emptied, as $i";
    if (step->operation == PENDIO__OPERATION__UNLINK && step->directory)
        return "removes the directory $e";
    if (step->operation == PENDIO__OPERATION__FSYNC && step->data_only)
        return "makes sure that the data written to $h will last";
    if ((unsigned)step->operation < sizeof sentences / sizeof sentences[0])
        return sentences[step->operation];
    return NULL;
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

/* Signs that are more than a name. */
static void put_other_sign(const Pendio__Step *step, char sign, FILE *out)
{
    const uint64_t times = step->times > 0 ? step->times : 1;
    bool limits = step->operation == PENDIO__OPERATION__LIMIT_DESCRIPTORS;
    if (sign == 'b')
        put_bytes(step, out);
    else if (sign == 'm')
        put_message(step, out);
    else if (sign == 'l')
        put_events(step->poll_events, out);
    else if (sign == 'p')
        put_packets(step, out);
    else if (sign == 'n')
        (void)fputs(limits ? pnd_words_count(times, "more", "more").text
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
}

static void put_sign(const Pendio__Step *step, char sign, FILE *out)
{
    bool new_handle = step->handle[0] == '\0';
    bool named = step->endpoint[0] != '\0';
    const struct {
        char sign;
        const char *before;
        const char *name;
    } names[] = {
        {'h', "", step->handle},
        {'i', "", step->into},
        {'e', "", step->endpoint},
        {'t', "", step->target},
        {'c', "", step->context},
        {'v', "", step->event},
        {'f', "", step->from},
        {'o', "", step->host},
        {'w', "", step->write_end},
        {'k', new_handle ? "a new socket " : "", new_handle ? step->into : step->handle},
        {'a', named ? " to " : ", to its sender", step->endpoint},
    };
    for (size_t index = 0; index < sizeof names / sizeof names[0]; index++)
        if (names[index].sign == sign) {
            (void)fputs(names[index].before, out);
            put_name(names[index].name, out);
        }
    put_other_sign(step, sign, out);
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

static bool is_lent(const Pendio__Step *step)
{
    return step->memory == PENDIO__MEMORY__LENT && step->bytes == 0;
}

static void put_bytes(const Pendio__Step *step, FILE *out)
{
    if (step->content == PENDIO__CONTENT__ECHO)
        (void)fputs("back what it received", out);
    else if (is_lent(step))
        (void)fputs("what a buffer holds", out);
    else
        (void)fprintf(out, "%s%s", takes_what_comes(step) ? "up to " : "",
                      step->bytes_of != NULL ? pnd_words_drawn(step->bytes_of, pnd_words_bytes).text
                                             : pnd_words_bytes(step->bytes).text);
}

static void put_message(const Pendio__Step *step, FILE *out)
{
    if (step->content == PENDIO__CONTENT__ECHO) {
        (void)fputs("back the message it received", out);
    } else if (is_lent(step)) {
        (void)fputs("a message", out);
    } else {
        (void)fputs("a message of ", out);
        put_bytes(step, out);
    }
}

static void put_packets(const Pendio__Step *step, FILE *out)
{
    static const char *const sources[] = {"files by name", "open files", "memory", "nothing"};
    size_t counts[4] = {0, 0, 0, 0};
    size_t kind_count = 0, index = 0;
    for (size_t packet = 0; packet < step->n_packets; packet++) {
        const Pendio__Packet *one = step->packets[packet];
        bool memory = one->source == PENDIO__PACKET_SOURCE__BYTES;
        bool handle = one->source == PENDIO__PACKET_SOURCE__HANDLE;
        counts[memory ? 2 : handle ? 1 : one->endpoint[0] == '\0' ? 3 : 0]++;
    }
    for (size_t kind = 0; kind < 4; kind++)
        kind_count += counts[kind] > 0 ? 1 : 0;
    (void)fputs(pnd_words_count(step->n_packets, "part", "parts").text, out);
    for (size_t kind = 0; kind < 4; kind++)
        if (counts[kind] > 0) {
            (void)fprintf(out, "%s%s%s", index == 0 ? " of " : "",
                          pnd_words_between(index, kind_count), sources[kind]);
            index++;
        }
}

/* As of poll(2). */
static void put_events(uint32_t events, FILE *out)
{
    static const struct {
        uint32_t event;
        const char *words;
    } known[] = {
        {POLLIN, "can be read"},
        {POLLOUT, "can be written"},
        {POLLRDHUP, "has a peer that sends no more"},
    };
    const char *between = "";
    uint32_t left = events > 0 ? events : POLLIN;
    for (size_t index = 0; index < sizeof known / sizeof known[0]; index++)
        if ((left & known[index].event) != 0) {
            (void)fprintf(out, "%s%s", between, known[index].words);
            between = " or ";
            left &= ~known[index].event;
        }
    if (left != 0)
        (void)fprintf(out, "%shas events %#x of poll(2)", between, left);
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
    if (step->operation == PENDIO__OPERATION__GET && step->pool[0] != '\0')
        (void)fprintf(out, " from pool \"%s\"", step->pool);
    if (step->backlog > 0)
        (void)fprintf(out, ", with a backlog of %u", step->backlog);
    if (step->pass_count > 0)
        (void)fprintf(out, ", with %s",
                      pnd_words_count(step->pass_count, "descriptor", "descriptors").text);
    if (step->control_bytes > 0)
        (void)fprintf(out, ", with room for %s of control data",
                      pnd_words_bytes(step->control_bytes).text);
    if (step->first_data && step->bytes > 0)
        (void)fprintf(out, ", with %s as first data", pnd_words_bytes(step->bytes).text);
    else if (step->first_data)
        (void)fputs(", with first data", out);
}

/* Where in a file. */
static void put_place(const Pendio__Step *step, FILE *out)
{
    bool splices = step->operation == PENDIO__OPERATION__SPLICE;
    if (step->offset == UINT64_MAX && !splices)
        (void)fputs(", where the one before ended", out);
    else if (step->offset > 0 && step->offset != UINT64_MAX)
        (void)fprintf(out, ", from byte %" PRIu64 " on", step->offset);
    if (splices && step->to_offset > 0 && step->to_offset != UINT64_MAX)
        (void)fprintf(out, ", to byte %" PRIu64 " on", step->to_offset);
    if (step->offset_by_instance)
        (void)fputs(", in its own part of the file", out);
    if (step->advance)
        (void)fputs(", further on in each round", out);
}
