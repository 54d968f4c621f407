/*
 * explain_demand.c - how a step of a workload is done, and what must come of it, in words.
 *
 * Happy path:  whatever is not as usual is added to its sentence; then, all that must be so.
 * Failures:    none; of a step as usual that nothing is asked of there is nothing to say.
 */
#include "explain.h"

#include "words.h"

#include <inttypes.h>
#include <stdbool.h>

/* What must be so, one thing after the other. */
struct list {
    size_t count;
    size_t index;
    FILE *out;
};

static bool takes_context(const Pendio__Step *step);
static void put_memory(const Pendio__Step *step, FILE *out);
static void put_context(const Pendio__Step *step, FILE *out);
static size_t count_demands(const Pendio__Expectation *expect, bool refused);
static void put_next(struct list *list);
static void put_answers(const Pendio__Expectation *expect, bool immediate, struct list *list);
static void put_result(const Pendio__Expectation *expect, struct list *list);
static void put_message(const Pendio__Expectation *expect, struct list *list);

void pnd_explain_manner(const Pendio__Step *step, FILE *out)
{
    const struct {
        bool holds;
        const char *words;
    } manners[] = {
        {step->whole, ", in as many starts as it takes"},
        {step->peek, ", taking nothing"},
        {step->zero_copy, ", without copying it"},
        {step->reuse, ", to be used again"},
        {step->close_mode == PENDIO__CLOSE_MODE__ABORTIVE, ", abortively"},
        {step->content == PENDIO__CONTENT__NONE, ", unverified"},
        {step->callback, ", told by callback"},
        {step->policy == PENDIO__POLICY__TRY, ", at once if it can (TRY)"},
        {step->policy == PENDIO__POLICY__QUEUE, ", always later (QUEUE)"},
        {step->background, ", in the background"},
    };
    bool counts = step->operation == PENDIO__OPERATION__WAIT ||
                  step->operation == PENDIO__OPERATION__FAIL ||
                  step->operation == PENDIO__OPERATION__LIMIT_DESCRIPTORS;
    put_memory(step, out);
    for (size_t index = 0; index < sizeof manners / sizeof manners[0]; index++)
        if (manners[index].holds)
            (void)fputs(manners[index].words, out);
    put_context(step, out);
    if (step->times > 1 && !counts)
        (void)fprintf(out, ", %s", pnd_words_times(step->times).text);
    if (step->deadline_ns > 0)
        (void)fprintf(out, ", with a deadline of %s", pnd_words_ns(step->deadline_ns).text);
    if (step->label[0] != '\0')
        (void)fprintf(out, " (\"%s\")", step->label);
}

/* The schema's numbers of those begin there, and end where the immediate calls do. */
static bool takes_context(const Pendio__Step *step)
{
    return step->operation < PENDIO__OPERATION__SOCKET;
}

static void put_memory(const Pendio__Step *step, FILE *out)
{
    if (step->memory == PENDIO__MEMORY__LENT && step->content != PENDIO__CONTENT__ECHO)
        (void)fputs(", in memory lent to it", out);
    else if (step->memory == PENDIO__MEMORY__CALLER)
        (void)fputs(", in memory outside of its pool", out);
    if (step->n_pieces > 4)
        (void)fprintf(out, ", in pieces of %zu sizes", step->n_pieces);
    for (size_t index = 0; index < step->n_pieces && step->n_pieces <= 4; index++)
        (void)fprintf(out, "%s%s%u%s", index == 0 ? ", in pieces of " : "",
                      pnd_words_between(index, step->n_pieces), step->pieces[index],
                      index + 1 < step->n_pieces ? ""
                      : step->pieces[index] == 1 ? " byte"
                                                 : " bytes");
}

static void put_context(const Pendio__Step *step, FILE *out)
{
    if (!takes_context(step))
        return;
    if (step->context[0] != '\0')
        (void)fprintf(out, ", with the context \"%s\"", step->context);
    else if (step->pool[0] != '\0' || step->auto_put)
        (void)fputs(", with a context", out);
    if (step->pool[0] != '\0')
        (void)fprintf(out, " of pool \"%s\"", step->pool);
    if (step->auto_put)
        (void)fputs(" that goes back to its pool by itself", out);
}

void pnd_explain_demand(const Pendio__Step *step, FILE *out)
{
    const Pendio__Expectation *expect = step->expect;
    bool refused = expect->n_answers == 1 && expect->answers[0] == PENDIO__ANSWER__REFUSED;
    bool immediate = !takes_context(step) && expect->n_answers > 0;
    struct list list = {.count = count_demands(expect, refused || immediate), .out = out};
    put_answers(expect, refused || immediate, &list);
    put_result(expect, &list);
    put_message(expect, &list);
    for (size_t index = 0; index < expect->n_after; index++) {
        if (index == 0)
            put_next(&list);
        (void)fprintf(out, "%s%s\"%s\"", index == 0 ? "be over after " : "",
                      pnd_words_between(index, expect->n_after), expect->after[index]);
    }
    if (expect->latency_most_ns > 0) {
        put_next(&list);
        (void)fprintf(out, "take at most %s", pnd_words_ns(expect->latency_most_ns).text);
    }
}

/* The error of a refusal stands with the answer. */
static size_t count_demands(const Pendio__Expectation *expect, bool refused)
{
    const bool demands[] = {
        expect->n_answers > 0,     expect->n_errors > 0 && !refused,
        expect->n_flags > 0,       expect->check_bytes,
        expect->check_size,        expect->check_value,
        expect->sender[0] != '\0', expect->destination[0] != '\0',
        expect->loopback,          expect->check_descriptors,
        expect->n_after > 0,       expect->latency_most_ns > 0,
    };
    size_t count = 0;
    for (size_t index = 0; index < sizeof demands / sizeof demands[0]; index++)
        count += demands[index] ? 1 : 0;
    return count;
}

/* What stands before the next one. */
static void put_next(struct list *list)
{
    (void)fputs(list->index == 0                 ? "; must "
                : list->index + 1 == list->count ? ", and "
                                                 : ", ",
                list->out);
    list->index++;
}

static void put_answers(const Pendio__Expectation *expect, bool refused, struct list *list)
{
    for (size_t index = 0; index < expect->n_answers; index++) {
        if (index == 0)
            put_next(list);
        (void)fprintf(list->out, "%s%s%s", index == 0 ? "be " : "",
                      pnd_words_or(index, expect->n_answers),
                      pnd_words_value(&pendio__answer__descriptor, (int)expect->answers[index]));
    }
    for (size_t index = 0; index < expect->n_errors; index++) {
        if (index == 0 && !refused)
            put_next(list);
        (void)fprintf(list->out, "%s%s%s",
                      index > 0 ? ""
                      : refused ? " with "
                                : "end with ",
                      pnd_words_or(index, expect->n_errors),
                      expect->errors[index][0] == '0' ? "success" : expect->errors[index]);
    }
}

static void put_result(const Pendio__Expectation *expect, struct list *list)
{
    for (size_t index = 0; index < expect->n_flags; index++) {
        if (index == 0)
            put_next(list);
        (void)fprintf(list->out, "%s%s%s", index == 0 ? "be flagged " : "",
                      pnd_words_between(index, expect->n_flags), expect->flags[index]);
    }
    if (expect->check_bytes)
        put_next(list);
    if (expect->check_bytes && expect->bytes_minimum == expect->bytes_maximum)
        (void)fprintf(list->out, "move %s", pnd_words_bytes(expect->bytes_minimum).text);
    else if (expect->check_bytes)
        (void)fprintf(list->out, "move %" PRIu64 " to %s", expect->bytes_minimum,
                      pnd_words_bytes(expect->bytes_maximum).text);
    if (expect->check_size) {
        put_next(list);
        (void)fprintf(list->out, "tell a size of %s", pnd_words_bytes(expect->size).text);
    }
    if (expect->check_value) {
        put_next(list);
        (void)fprintf(list->out, "tell the value %" PRIu64, expect->value);
    }
}

static void put_message(const Pendio__Expectation *expect, struct list *list)
{
    if (expect->sender[0] != '\0') {
        put_next(list);
        (void)fprintf(list->out, "come from \"%s\"", expect->sender);
    }
    if (expect->destination[0] != '\0') {
        put_next(list);
        (void)fprintf(list->out, "be sent to \"%s\"", expect->destination);
    }
    if (expect->loopback) {
        put_next(list);
        (void)fputs("come in by loopback", list->out);
    }
    if (expect->check_descriptors) {
        put_next(list);
        (void)fprintf(list->out, "bring %s",
                      pnd_words_count(expect->descriptors, "descriptor", "descriptors").text);
    }
}
