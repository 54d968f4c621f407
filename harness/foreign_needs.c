/*
 * foreign_needs.c - what a plan needs of a subject, held against what that has announced.
 *
 * Happy path:  everything a step needs is a word, and each word is among those announced.
 * Failures:    the first word that is not there is the reason to skip the run.
 */
#include "foreign.h"

#include "foreign_proxy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    WORD_BYTES = 64,
};

struct search {
    const struct pnd_foreign *foreign;
    const struct pnd_plan *plan;
    char *reason;
    size_t reason_bytes;
};

static bool lacks_word(const struct search *search, const char *word)
{
    char listed[WORD_BYTES + 2];
    snprintf(listed, sizeof listed, ",%s,", word);
    if (strstr(search->foreign->abilities, listed) != NULL)
        return false;
    snprintf(search->reason, search->reason_bytes,
             "subject %s has not announced %s, which the workload needs", search->foreign->name,
             word);
    return true;
}

static bool lacks_number(const struct search *search, uint32_t count, uint32_t limit,
                         const char *what)
{
    if (count <= limit)
        return false;
    snprintf(search->reason, search->reason_bytes,
             "the workload needs %u %s; a subject in another process is given at most %u", count,
             what, limit);
    return true;
}

static void lower(const char *name, char *ret_word)
{
    size_t length = 0;
    for (; name[length] != '\0' && length < WORD_BYTES - 1; length++)
        ret_word[length] = (char)tolower((unsigned char)name[length]);
    ret_word[length] = '\0';
}

/* Steps of the harness's own, and what every subject can do. */
static bool is_plain(Pendio__Operation operation)
{
    switch (operation) {
    case PENDIO__OPERATION__SOCKET:
    case PENDIO__OPERATION__BIND:
    case PENDIO__OPERATION__LISTEN:
    case PENDIO__OPERATION__GET:
    case PENDIO__OPERATION__PUT:
    case PENDIO__OPERATION__AWAIT:
    case PENDIO__OPERATION__SIGNAL:
    case PENDIO__OPERATION__WAIT:
    case PENDIO__OPERATION__PAUSE:
    case PENDIO__OPERATION__HOLD_BUFFERS:
    case PENDIO__OPERATION__FAIL: /* which skips by itself */
        return true;
    default:
        return false;
    }
}

static bool lacks_operation(const struct search *search, const struct pnd_plan_step *step)
{
    char word[WORD_BYTES];
    const char *name = pnd_plan_operation_name(step->operation);
    switch (step->operation) {
    case PENDIO__OPERATION__SPAWN:
    case PENDIO__OPERATION__CHILD:
    case PENDIO__OPERATION__CATCH_SIGNAL:
    case PENDIO__OPERATION__RAISE:
    case PENDIO__OPERATION__LIMIT_DESCRIPTORS:
    case PENDIO__OPERATION__DIE:
        snprintf(search->reason, search->reason_bytes,
                 "%s is about the run's own process, and subject %s is another", name,
                 search->foreign->name);
        return true;
    default:
        lower(name, word);
        return !is_plain(step->operation) && lacks_word(search, word);
    }
}

static bool lacks_flags(const struct search *search, uint32_t flags)
{
    for (uint32_t i = 0; pnd_foreign_flags[i] != NULL; i++)
        if ((flags & UINT32_C(1) << i) != 0 && lacks_word(search, pnd_foreign_flags[i]))
            return true;
    return false;
}

static bool lacks_property(const struct search *search, const struct pnd_plan_step *step)
{
    const struct {
        bool needed;
        const char *word;
    } properties[] = {
        {step->deadline_ns > 0, "deadlines"},
        {step->callback, "callbacks"},
        {step->piece_count > 0, "vectors"},
        {step->memory == PENDIO__MEMORY__LENT, "lending"},
        {step->prepared_index != PND_PLAN_NONE, "prepared"},
        {step->reuse, "reuse"},
        {step->close_mode == PENDIO_ABORTIVE, "abortive"},
    };
    if (pnd_plan_is_start(step->operation) &&
        lacks_word(search, pnd_foreign_policies[step->policy]))
        return true;
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        if (properties[i].needed && lacks_word(search, properties[i].word))
            return true;
    if (step->control_bytes > 0) { /* passing takes some, too */
        snprintf(search->reason, search->reason_bytes,
                 "control data are about the run's own descriptors, and subject %s has others",
                 search->foreign->name);
        return true;
    }
    return lacks_flags(search, step->flags);
}

static bool lacks_step(const struct search *search, const struct pnd_plan_block *block)
{
    for (uint32_t i = 0; i < block->step_count; i++)
        if (lacks_operation(search, &block->steps[i]) || lacks_property(search, &block->steps[i]))
            return true;
    return false;
}

/* Families by the schema's numbers. */
static const char *const families[] = {
    "", "tcp4", "tcp6", "udp4", "udp6", "unix_stream", "unix_datagram", "unix_seqpacket", "file"};

static bool lacks_family(const struct search *search)
{
    for (uint32_t i = 0; i < search->plan->endpoint_count; i++)
        if (lacks_word(search, families[search->plan->endpoints[i].family]))
            return true;
    return false;
}

bool pnd_foreign_lacks(const struct pnd_foreign *foreign, const struct pnd_plan *plan, char *reason,
                       size_t reason_bytes)
{
    const struct search search = {foreign, plan, reason, reason_bytes};
    if (lacks_family(&search) ||
        lacks_number(&search, plan->piece_count, PND_FOREIGN_PIECE_LIMIT, "pieces of a vector") ||
        lacks_number(&search, plan->packet_count, PND_FOREIGN_PACKET_LIMIT, "packets at once"))
        return true;
    for (uint32_t i = 0; i < plan->actor_count; i++)
        for (uint32_t j = 0; j < plan->actors[i].block_count; j++)
            if (lacks_step(&search, &plan->actors[i].blocks[j]))
                return true;
    return false;
}
