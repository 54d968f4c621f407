/*
 * explain.c - what a workload will do, in words.
 *
 * Happy path:  what it is and runs in -> what it has -> each actor, block by block -> what must be
 *              so in the end.
 * Failures:    none; whatever cannot be written is found when stdout is closed.
 */
#include "explain.h"

#include "words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static void explain_identity(const Pendio__Workload *workload, const char *hash, FILE *out);
static void explain_limits(const Pendio__Limits *limits, FILE *out);
static void explain_environment(const Pendio__Environment *environment, FILE *out);
static void explain_loop(const Pendio__LoopSettings *loop, FILE *out);
static void explain_places(const Pendio__Workload *workload, FILE *out);
static uint32_t count_places(const Pendio__Workload *workload);
static void explain_resources(const Pendio__Workload *workload, FILE *out);
static void explain_record(const Pendio__Record *record, FILE *out);
static const char *describe_family(Pendio__Family family);
static void explain_actor(const Pendio__Workload *workload, const Pendio__Actor *actor, FILE *out);
static bool is_begun_by_accepts(const Pendio__Workload *workload, const Pendio__Actor *actor);
static void explain_block(const Pendio__Block *block, bool first, bool alone, FILE *out);
static void explain_rounds(const Pendio__Block *block, FILE *out);
static void explain_load(const Pendio__Block *block, bool alone, FILE *out);
static void explain_rate(const Pendio__Load *load, FILE *out);
static void explain_steps(const Pendio__Block *block, FILE *out);
static void explain_expectation(const Pendio__Workload *workload, FILE *out);
static bool has_load(const Pendio__Workload *workload);

void pnd_explain_workload(const Pendio__Workload *workload, const char *hash, FILE *out)
{
    explain_identity(workload, hash, out);
    if (workload->environment != NULL)
        explain_environment(workload->environment, out);
    if (workload->loop != NULL)
        explain_loop(workload->loop, out);
    explain_places(workload, out);
    explain_resources(workload, out);
    for (size_t index = 0; index < workload->n_actors; index++)
        explain_actor(workload, workload->actors[index], out);
    explain_expectation(workload, out);
    if (workload->record != NULL)
        explain_record(workload->record, out);
}

static void explain_identity(const Pendio__Workload *workload, const char *hash, FILE *out)
{
    (void)fprintf(out, "  Its hash is %s%s.\n", hash,
                  workload->content_hash[0] != '\0' ? ", as it says" : "");
    (void)fprintf(out, "  Its seed is %" PRIu64 ".", workload->seed > 0 ? workload->seed : 1);
    if (workload->limits != NULL)
        explain_limits(workload->limits, out);
    if (workload->n_needs > 0)
        (void)fputs(" It is skipped without ", out);
    for (size_t index = 0; index < workload->n_needs; index++)
        (void)fprintf(out, "%s%s", pnd_words_between(index, workload->n_needs),
                      workload->needs[index]);
    (void)fprintf(out, "%s\n", workload->n_needs > 0 ? "." : "");
}

static void explain_limits(const Pendio__Limits *limits, FILE *out)
{
    const struct pnd_words parts[] = {
        pnd_words_ns(limits->time_ms * UINT64_C(1000000)),
        pnd_words_count(limits->context_count, "context", "contexts"),
        pnd_words_bytes(limits->memory_bytes),
        pnd_words_count(limits->descriptor_count, "descriptor", "descriptors"),
    };
    const bool given[] = {limits->time_ms > 0, limits->context_count > 0, limits->memory_bytes > 0,
                          limits->descriptor_count > 0};
    size_t count = 0, index = 0;
    for (size_t part = 0; part < sizeof given / sizeof given[0]; part++)
        count += given[part] ? 1 : 0;
    (void)fputs(count > 0 ? " It takes at most " : "", out);
    for (size_t part = 0; part < sizeof given / sizeof given[0]; part++)
        if (given[part])
            (void)fprintf(out, "%s%s", pnd_words_between(index++, count), parts[part].text);
    (void)fputs(count > 0 ? "." : "", out);
}

static void explain_environment(const Pendio__Environment *environment, FILE *out)
{
    const char *between = "  Unless told otherwise it runs ";
    if (environment->backend[0] != '\0') {
        (void)fprintf(out, "%son backend %s", between, environment->backend);
        between = ", ";
    }
    if (environment->features[0] != '\0') {
        (void)fprintf(out, "%swith features %s", between, environment->features);
        between = ", ";
    }
    if (environment->backend[0] != '\0' || environment->features[0] != '\0')
        (void)fputs(".\n", out);
    if (environment->n_processors > 0)
        (void)fprintf(out, "  It is bound to processor%s ",
                      environment->n_processors > 1 ? "s" : "");
    for (size_t index = 0; index < environment->n_processors; index++)
        (void)fprintf(out, "%s%u", pnd_words_between(index, environment->n_processors),
                      environment->processors[index]);
    if (environment->n_processors > 0)
        (void)fputs(", and skipped where it cannot be.\n", out);
    if (environment->locked_memory_bytes > 0)
        (void)fprintf(out, "  It may lock %s of memory.\n",
                      pnd_words_bytes(environment->locked_memory_bytes).text);
}

/* Of what is 0 the library decides. */
static void explain_loop(const Pendio__LoopSettings *loop, FILE *out)
{
    const struct {
        uint64_t number;
        struct pnd_words words;
        const char *rest;
    } settings[] = {
        {loop->operation_count, pnd_words_count(loop->operation_count, "context", "contexts"), ""},
        {loop->handle_count, pnd_words_count(loop->handle_count, "handle", "handles"), ""},
        {loop->done_budget, pnd_words_count(loop->done_budget, "done answer", "done answers"),
         " for each handle in a turn at most"},
        {loop->harvest_count, pnd_words_count(loop->harvest_count, "completion", "completions"),
         " taken by a turn at most"},
        {loop->buffer_count, pnd_words_count(loop->buffer_count, "buffer", "buffers"), " to lend"},
        {loop->buffer_bytes, pnd_words_bytes(loop->buffer_bytes),
         loop->buffer_count > 0 ? " in each" : " in a buffer to lend"},
        {loop->collect_bytes, pnd_words_bytes(loop->collect_bytes),
         " collected for a handle at most"},
        {loop->collect_count, pnd_words_count(loop->collect_count, "connection", "connections"),
         " collected for a listener at most"},
        {loop->spin_ns, pnd_words_ns(loop->spin_ns), " of looking before it sleeps"},
        {loop->batch_ns, pnd_words_ns(loop->batch_ns),
         " more of sleep for more completions than one"},
        {loop->batch_count, pnd_words_count(loop->batch_count, "completion", "completions"),
         " that end it"},
    };
    const char *between = "  Loop: ";
    for (size_t index = 0; index < sizeof settings / sizeof settings[0]; index++) {
        if (settings[index].number == 0)
            continue;
        (void)fprintf(out, "%s%s%s", between, settings[index].words.text, settings[index].rest);
        between = ", ";
    }
    (void)fputs(*between == ',' ? ".\n" : "", out);
}

static void explain_places(const Pendio__Workload *workload, FILE *out)
{
    uint32_t count = count_places(workload);
    if (count > 1)
        (void)fprintf(out, "  It has %u places, from 0: each its own daemon, or all on one.\n",
                      count);
}

/* The highest of those that begin, and one. */
static uint32_t count_places(const Pendio__Workload *workload)
{
    uint32_t count = 1;
    for (size_t index = 0; index < workload->n_actors; index++)
        if (workload->actors[index]->instance_count > 0 && workload->actors[index]->place >= count)
            count = workload->actors[index]->place + 1;
    return count;
}

static void explain_resources(const Pendio__Workload *workload, FILE *out)
{
    for (size_t index = 0; index < workload->n_pools; index++) {
        const Pendio__Pool *pool = workload->pools[index];
        (void)fprintf(out, "  Pool \"%s\": %s", pool->name,
                      pnd_words_count(pool->context_count, "context", "contexts").text);
        if (pool->slice_bytes > 0)
            (void)fprintf(out, " with %s each.\n", pnd_words_bytes(pool->slice_bytes).text);
        else
            (void)fprintf(out, " without memory of %s own.\n",
                          pool->context_count == 1 ? "its" : "their");
    }
    for (size_t index = 0; index < workload->n_endpoints; index++) {
        const Pendio__Endpoint *endpoint = workload->endpoints[index];
        bool made = endpoint->family != PENDIO__FAMILY__FILE || endpoint->file_bytes > 0;
        (void)fprintf(out, "  Endpoint \"%s\": %s", endpoint->name,
                      made ? describe_family(endpoint->family) : "a file's name");
        if (endpoint->file_bytes > 0)
            (void)fprintf(out, " of %s", pnd_words_bytes(endpoint->file_bytes).text);
        if (count_places(workload) > 1 && endpoint->family <= PENDIO__FAMILY__UDP6)
            (void)fputs(", or at the address of its place where others use it", out);
        (void)fputs(".\n", out);
    }
}

static void explain_record(const Pendio__Record *record, FILE *out)
{
    if (record->answers)
        (void)fprintf(out, "  Its report has the first %u answers and deliveries.\n",
                      record->event_count > 0 ? record->event_count : 1000);
    if (record->timeline)
        (void)fputs("  Its report tells how it went over its time.\n", out);
}

static const char *describe_family(Pendio__Family family)
{
    static const char *const names[] = {
        [PENDIO__FAMILY__TCP4] = "TCP over IPv4 loopback",
        [PENDIO__FAMILY__TCP6] = "TCP over IPv6 loopback",
        [PENDIO__FAMILY__UDP4] = "UDP over IPv4 loopback",
        [PENDIO__FAMILY__UDP6] = "UDP over IPv6 loopback",
        [PENDIO__FAMILY__UNIX_STREAM] = "a Unix stream",
        [PENDIO__FAMILY__UNIX_DATAGRAM] = "Unix datagrams",
        [PENDIO__FAMILY__UNIX_SEQPACKET] = "Unix sequenced packets",
        [PENDIO__FAMILY__FILE] = "a file",
    };
    bool known = (unsigned)family < sizeof names / sizeof names[0] && names[family] != NULL;
    return known ? names[family] : "something unknown";
}

static void explain_actor(const Pendio__Workload *workload, const Pendio__Actor *actor, FILE *out)
{
    (void)fprintf(out, "  Actor \"%s\", ", actor->name);
    if (actor->instance_count > 0)
        (void)fputs(pnd_words_count(actor->instance_count, "instance", "instances").text, out);
    if (is_begun_by_accepts(workload, actor))
        (void)fprintf(out, "%sone instance for each connection accepted for it",
                      actor->instance_count > 0 ? " and " : "");
    else if (actor->instance_count == 0)
        (void)fputs("which nobody begins", out);
    if (actor->instance_count > 0 && count_places(workload) > 1)
        (void)fprintf(out, ", at place %u", actor->place);
    if (actor->instance_count == 0 && count_places(workload) > 1)
        (void)fputs(", where that is", out);
    bool alone = actor->instance_count <= 1 && !is_begun_by_accepts(workload, actor);
    (void)fputs(alone ? ":\n" : ", each of which does:\n", out);
    for (size_t index = 0; index < actor->n_blocks; index++)
        explain_block(actor->blocks[index], index == 0, alone, out);
}

static bool begins(const Pendio__Actor *by, const char *name)
{
    for (size_t block = 0; block < by->n_blocks; block++)
        for (size_t step = 0; step < by->blocks[block]->n_steps; step++)
            if (strcmp(by->blocks[block]->steps[step]->start_actor, name) == 0)
                return true;
    return false;
}

static bool is_begun_by_accepts(const Pendio__Workload *workload, const Pendio__Actor *actor)
{
    for (size_t index = 0; index < workload->n_actors; index++)
        if (begins(workload->actors[index], actor->name))
            return true;
    return false;
}

static void explain_block(const Pendio__Block *block, bool first, bool alone, FILE *out)
{
    (void)fprintf(out, "    %s", first ? "First, " : "Then, ");
    if (block->load != NULL)
        explain_load(block, alone, out);
    else
        explain_rounds(block, out);
    if (block->order == PENDIO__ORDER__IN_PARALLEL)
        (void)fputs(", all of these side by side", out);
    else if (block->order == PENDIO__ORDER__ONE_OF_THEM)
        (void)fputs(", one of these, drawn anew each time", out);
    (void)fputs(":\n", out);
    explain_steps(block, out);
}

static void explain_rounds(const Pendio__Block *block, FILE *out)
{
    (void)fputs(pnd_words_times(block->repeat_count).text, out);
    if (block->think != NULL)
        (void)fprintf(out, ", with a pause of %s in between",
                      pnd_words_drawn(block->think, pnd_words_ns).text);
}

static void explain_load(const Pendio__Block *block, bool alone, FILE *out)
{
    const Pendio__Load *load = block->load;
    bool rated =
        load->arrival != PENDIO__ARRIVAL__CLOSED && load->arrival != PENDIO__ARRIVAL__TRACE;
    bool ends = load->time_ns > 0 || load->steady_percent > 0;
    uint64_t count = load->n_at_ns > 0 ? load->n_at_ns : block->repeat_count;
    if (count > 0 || !ends)
        (void)fprintf(out, "%s%s", ends ? "at most " : "",
                      pnd_words_count(count > 0 ? count : 1, "round", "rounds").text);
    else
        (void)fputs("rounds", out);
    explain_rate(load, out);
    if (rated && !alone)
        (void)fputs(", in each instance", out);
    if (load->time_ns > 0)
        (void)fprintf(out, ", for %s%s", load->steady_percent > 0 ? "at most " : "",
                      pnd_words_ns(load->time_ns).text);
    if (load->steady_percent > 0)
        (void)fprintf(out, "%s until their mean latency stays within %g per cent",
                      load->time_ns > 0 ? " or" : ",", load->steady_percent);
}

static void explain_rate(const Pendio__Load *load, FILE *out)
{
    switch (load->arrival) {
    case PENDIO__ARRIVAL__CONSTANT:
        (void)fprintf(out, ", %g a second, evenly", load->rate);
        break;
    case PENDIO__ARRIVAL__POISSON:
        (void)fprintf(out, ", %g a second in the mean, at times that are drawn", load->rate);
        break;
    case PENDIO__ARRIVAL__RAMP:
        (void)fprintf(out, ", %g a second at first, and %g after %s", load->rate, load->end_rate,
                      pnd_words_ns(load->ramp_ns).text);
        break;
    case PENDIO__ARRIVAL__BURST:
        (void)fprintf(out, ", %g a second, %u at once", load->rate, load->burst_count);
        break;
    case PENDIO__ARRIVAL__TRACE:
        (void)fputs(" at the times that are listed", out);
        break;
    default:
        (void)fputs(", each as the one before has ended", out);
        break;
    }
}

static void explain_steps(const Pendio__Block *block, FILE *out)
{
    uint64_t weight_sum = 0;
    for (size_t index = 0; index < block->n_steps; index++)
        weight_sum += block->steps[index]->weight > 0 ? block->steps[index]->weight : 1;
    for (size_t index = 0; index < block->n_steps; index++) {
        const Pendio__Step *step = block->steps[index];
        (void)fputs("      - ", out);
        if (block->order == PENDIO__ORDER__ONE_OF_THEM)
            (void)fprintf(out, "in %u of %" PRIu64 " rounds ", step->weight > 0 ? step->weight : 1,
                          weight_sum);
        pnd_explain_step(step, out);
        (void)fputs(".\n", out);
    }
}

static void explain_expectation(const Pendio__Workload *workload, FILE *out)
{
    const Pendio__RunExpectation *expect = workload->expect;
    const char *whose = has_load(workload) ? "rounds" : "operations";
    if (expect != NULL && expect->verdict == PENDIO__VERDICT__CRASHED) {
        (void)fputs("  It passes when its process is killed so, and by nothing else.\n", out);
        return;
    }
    if (expect != NULL && expect->reuse_minimum > 0)
        (void)fprintf(out, "  Contexts must be used %g times or more in the mean.\n",
                      expect->reuse_minimum);
    if (expect != NULL && expect->operations_minimum > 0)
        (void)fprintf(out, "  There must be %" PRIu64 " operations or more.\n",
                      expect->operations_minimum);
    for (size_t index = 0; expect != NULL && index < expect->n_latency; index++)
        (void)fprintf(out, "  Of 1000 %s at least %u must take no longer than %s.\n", whose,
                      expect->latency[index]->per_mille,
                      pnd_words_ns(expect->latency[index]->most_ns).text);
    (void)fprintf(out,
                  "  Every answer, delivery and byte is held to the contract; nothing may be left "
                  "over%s.\n",
                  expect != NULL && expect->allow_allocations ? ""
                                                              : ", or allocated once it is warm");
}

static bool has_load(const Pendio__Workload *workload)
{
    for (size_t actor = 0; actor < workload->n_actors; actor++)
        for (size_t block = 0; block < workload->actors[actor]->n_blocks; block++)
            if (workload->actors[actor]->blocks[block]->load != NULL)
                return true;
    return false;
}
