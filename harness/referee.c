/*
 * referee.c - the rules a run is held to, and the first offence against each.
 *
 * Happy path:  a rule that holds is counted; the report lists each rule that was ever applied.
 * Failures:    an offence is counted, and the first of each rule kept in words, with what had
 *              happened to its context.
 */
#include "referee.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct rule_text {
    const char *name;
    const char *expected;
};

static const struct rule_text texts[PND_RULE_COUNT] = {
    [PND_RULE_ANSWER] = {"three answers", "0, 1 or a documented refusal"},
    [PND_RULE_REFUSED_UNCHANGED] = {"refused changes nothing", "result, run and window as before"},
    [PND_RULE_REFUSED_RIGHTLY] = {"refused rightly",
                                  "-EBUSY, -EBADF, -ESHUTDOWN and -EPERM only where that is so"},
    [PND_RULE_BUSY] = {"busy context refused", "refused while the context is in use"},
    [PND_RULE_STALE] = {"stale handle refused", "-EBADF for a handle that is closed or closing"},
    [PND_RULE_FRESH_RUN] = {"fresh run", "a run value never given before, not 0"},
    [PND_RULE_POLICY] = {"policy", "done only where the context's policy allows it"},
    [PND_RULE_BUDGET] = {"done budget", "no more done answers per handle and turn than the budget"},
    [PND_RULE_ONE_DELIVERY] = {"one delivery", "each pending run delivered exactly once"},
    [PND_RULE_NO_DELIVERY] = {"no delivery", "nothing delivered for done or refused starts"},
    [PND_RULE_FROM_TURN] = {"delivered by a turn", "nothing delivered outside a turn, or from "
                                                   "inside a start call"},
    [PND_RULE_IDENTITY] = {"delivery names its start",
                           "context, user data, run, handle and operation as started"},
    [PND_RULE_FREE_AGAIN] = {"free when told", "the context is free before it is delivered"},
    [PND_RULE_RESULT_KEPT] = {"result kept", "the context's result equals what was delivered"},
    [PND_RULE_REQUEST_KEPT] = {"request kept", "what was set is as it was set"},
    [PND_RULE_BYTES] = {"bytes", "no more bytes than the window has"},
    [PND_RULE_WHOLE_SEND] = {"whole send", "a send or write that succeeds moves its whole window"},
    [PND_RULE_MEMORY] = {"memory", "the address of the window, or 0 without memory"},
    [PND_RULE_LENT] = {"lent", "memory and LENT exactly when bytes came"},
    [PND_RULE_PRODUCT] = {"product",
                          "a new handle, a size or events where the operation makes one, else 0"},
    [PND_RULE_END_OF_STREAM] = {"end of stream", "set exactly when a stream brings 0 bytes"},
    [PND_RULE_END_STICKS] = {"end sticks", "no bytes after the end of a stream"},
    [PND_RULE_ERROR_STICKS] = {"error sticks", "no bytes after a stream has failed"},
    [PND_RULE_UNUSABLE] = {"ended connect", "nothing succeeds on the handle until it is "
                                            "disconnected for reuse"},
    [PND_RULE_TRUNCATED] = {"truncated", "only on messages, with the window full"},
    [PND_RULE_ENDED_EARLY] = {"ended early", "flag and error agree with what was asked for"},
    [PND_RULE_NEVER_EARLY] = {"never early", "no timer or deadline before its time"},
    [PND_RULE_ORDER] = {"order", "completions of a handle and direction in start order"},
    [PND_RULE_CLOSE_LAST] = {"close comes last", "nothing under way on a handle that is closed"},
    [PND_RULE_POOL] = {"pool", "get takes the one put back last, as new; put gives it back once"},
    [PND_RULE_CANCEL] = {"cancel", "0 for a run under way, else -ENOENT"},
    [PND_RULE_POST] = {"post", "each message delivered once, unchanged"},
    [PND_RULE_MESSAGE] = {"message", "descriptors of the file passed, close-on-exec"},
    [PND_RULE_CHILD] = {"child", "its status taken when told, and else left for others"},
    [PND_RULE_SIGNAL] = {"signal", "the number asked for, and who sent it"},
    [PND_RULE_CONTENT] = {"content", "every byte as it was sent or written"},
    [PND_RULE_UNTOUCHED] = {"untouched", "no byte changed behind those that were moved"},
    [PND_RULE_SUMS] = {"sums of bytes", "as many bytes received until the end as were sent"},
    [PND_RULE_EXPECTED_ANSWER] = {"expected answers", "an answer the step allows"},
    [PND_RULE_EXPECTED_ERROR] = {"expected errors", "an error the step allows"},
    [PND_RULE_EXPECTED_BYTES] = {"expected bytes", "as many bytes as the step allows"},
    [PND_RULE_EXPECTED_SIZE] = {"expected sizes", "the size of the file the step asks for"},
    [PND_RULE_EXPECTED_VALUE] = {"expected values", "the value the step asks for"},
    [PND_RULE_EXPECTED_MESSAGE] = {"expected messages",
                                   "sender, destination, interface and descriptors as asked for"},
    [PND_RULE_EXPECTED_FLAGS] = {"expected flags", "the flags the step asks for"},
    [PND_RULE_EXPECTED_ORDER] = {"expected order", "after those the step is to come after"},
    [PND_RULE_EXPECTED_LATENCY] = {"expected latency", "no longer than the step allows"},
    [PND_RULE_FINISHED] = {"finished", "every instance comes to its end"},
    [PND_RULE_REUSE] = {"reuse", "as many operations per context as the workload asks for"},
    [PND_RULE_OPERATIONS] = {"operations", "as many operations as the workload asks for"},
    [PND_RULE_LATENCY] = {"latency", "as many as the workload asks for took no longer"},
    [PND_RULE_ALL_DELIVERED] = {"deliveries equal pending",
                                "as many deliveries as pending answers"},
    [PND_RULE_POOL_BALANCED] = {"pool balanced", "no context left taken"},
    [PND_RULE_HANDLES_CLOSED] = {"handles closed", "no handle left open"},
    [PND_RULE_BUFFERS] = {"buffers given back", "no buffer in use"},
    [PND_RULE_STATISTICS] = {"statistics agree", "the runtime's counters equal the ledger"},
    [PND_RULE_SHUTDOWN] = {"shutdown", "-ESHUTDOWN once everything was delivered"},
    [PND_RULE_NOTHING_LEAKED] = {"nothing leaked", "0 operations left to the kernel"},
    [PND_RULE_DESCRIPTORS] = {"descriptors", "the same open descriptors as before the run"},
    [PND_RULE_ALLOCATIONS] = {"allocations after warm-up", "0"},
};

void pnd_referee_init(struct pnd_referee *referee)
{
    memset(referee, 0, sizeof *referee);
}

void pnd_referee_about(struct pnd_referee *referee, const struct pnd_trace_ring *ring)
{
    referee->about = ring;
}

bool pnd_referee_hold(struct pnd_referee *referee, enum pnd_rule rule, bool holds,
                      const char *format, ...)
{
    struct pnd_finding *finding = &referee->findings[rule];
    if (referee->closed)
        return holds;
    if (holds) {
        finding->held_count++;
        return true;
    }
    if (referee->offence_count++ == 0)
        referee->first_broken = rule;
    if (finding->offence_count++ == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(finding->seen, sizeof finding->seen, format, arguments);
        va_end(arguments);
        if (referee->about != NULL)
            finding->event_count = pnd_trace_last(referee->about, finding->events);
    }
    return false;
}

const char *pnd_referee_name(enum pnd_rule rule)
{
    return texts[rule].name;
}

const char *pnd_referee_expected(enum pnd_rule rule)
{
    return texts[rule].expected;
}
