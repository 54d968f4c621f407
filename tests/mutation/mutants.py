"""mutants.py - small lies of the runtime, each of which a good suite must catch.

A mutant replaces text that stands exactly once in one file, so a line may move without breaking
it. Lies are about what the contract fixes and a caller sees; the runtime still builds with them.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    lie: str  # one line for people
    path: str
    before: str
    after: str


MUTANTS = (
    Mutant(
        "pending_always", "every answer is pending", "runtime/context.c",
        """\
    return context->policy != PENDIO_QUEUE && (line == NULL || line->undelivered_count == 0) &&
           pnd_budget_is_left(context->loop, budget_of(context));
""",
        """\
    (void)context;
    (void)line;
    return false;
"""),
    Mutant(
        "bytes_off_by_one", "byte counts of the straight way are one too many",
        "runtime/harvest.c",
        "    ret_completion->bytes = moved_bytes;\n",
        "    ret_completion->bytes = moved_bytes + 1;\n"),
    Mutant(
        "bytes_off_by_one_at_last", "byte counts of the long way are one too many",
        "runtime/context.c",
        "    struct pnd_handle *product = context->product;\n",
        "    struct pnd_handle *product = context->product;\n\n    context->moved_bytes++;\n"),
    Mutant(
        "harvest_overtakes", "the straight way overtakes what waits to be delivered",
        "runtime/context.c",
        "        loop->harvest.end = loop->harvest.next; /* the order is that of finishing */\n",
        "        (void)0;\n"),
    Mutant(
        "queue_may_be_done", "QUEUE is answered as AUTO is", "runtime/context.c",
        "context->policy != PENDIO_QUEUE && (", "("),
    Mutant(
        "line_is_lifo", "of those who wait in line the last one goes first", "runtime/context.c",
        "    TAILQ_INSERT_TAIL(&line->waiting, context, line_link);\n",
        """\
    if (first)
        TAILQ_INSERT_TAIL(&line->waiting, context, line_link);
    else
        TAILQ_INSERT_AFTER(&line->waiting, TAILQ_FIRST(&line->waiting), context, line_link);
"""),
    Mutant(
        "try_goes_first", "TRY overtakes those who wait in line", "runtime/context.c",
        "    TAILQ_INSERT_TAIL(&line->waiting, context, line_link);\n",
        """\
    if (first || context->policy != PENDIO_TRY)
        TAILQ_INSERT_TAIL(&line->waiting, context, line_link);
    else
        TAILQ_INSERT_AFTER(&line->waiting, TAILQ_FIRST(&line->waiting), context, line_link);
"""),
    Mutant(
        "done_before_delivery", "done, though an earlier one is yet to be delivered",
        "runtime/context.c",
        "(line == NULL || line->undelivered_count == 0) &&", "(line == NULL || line != NULL) &&"),
    Mutant(
        "budget_never_spent", "the number of done answers is not bounded", "runtime/loop.h",
        "    budget->used_count++;\n", ""),
    Mutant(
        "budget_one_too_many", "one done answer more than the budget has", "runtime/loop.h",
        "budget->used_count < loop->done_budget", "budget->used_count <= loop->done_budget"),
    Mutant(
        "cancel_is_silent", "a cancelled operation has no flag BY_CANCEL", "runtime/stop.c",
        "{-ECANCELED, PENDIO_BY_CANCEL},", "{-ECANCELED, 0},"),
    Mutant(
        "stale_run_is_cancelled", "a run that is over names the one under way", "runtime/stop.c",
        "context->token == run && context->state == PND_PENDING",
        "context->state == PND_PENDING"),
    Mutant(
        "deadline_at_once", "a deadline comes at once", "runtime/context.c",
        """\
        start_deadline(context, context->deadline_ns);
    wait_for(context, source);
    if (first &&""",
        """\
        start_deadline(context, 1);
    wait_for(context, source);
    if (first &&"""),
    Mutant(
        "timer_is_early", "a timer ends at half of its time", "runtime/context.c",
        """\
    start_deadline(context, after_ns);
    return PENDIO_PENDING;
""",
        """\
    start_deadline(context, after_ns / 2);
    return PENDIO_PENDING;
"""),
    Mutant(
        "refused_start_begins", "a start refused for its handle changes the result",
        "runtime/reserve.c",
        """\
    if (status == 0 && handle == NULL)
        status = pnd_loop_refuse(context->loop, -EBADF);
""",
        """\
    if (status == 0 && handle == NULL) {
        context->token += UINT64_C(1) << PND_TOKEN_SLOT_BITS;
        status = pnd_loop_refuse(context->loop, -EBADF);
    }
"""),
    Mutant(
        "records_come_first", "records are delivered before callbacks", "runtime/loop.c",
        """\
    else if (!pnd_ready_is_empty(&loop->callbacks))
        pnd_deliver_callbacks(loop); /* before records; behind harvested ones by the next turn */
""",
        """\
    else if (!pnd_ready_is_empty(&loop->records))
        return (int)pnd_deliver_records(loop, ret_completions, count);
    else
        pnd_deliver_callbacks(loop);
"""),
    Mutant(
        "callbacks_between", "callbacks come while harvested records wait to be handed out",
        "runtime/loop.c",
        """\
    else if (!pnd_ready_is_empty(&loop->callbacks))
        pnd_deliver_callbacks(loop); /* before records; behind harvested ones by the next turn */
""",
        """\
    pnd_deliver_callbacks(loop);
"""),
    Mutant(
        "turn_failure_is_forgotten", "a turn that fails with records at hand is not told of",
        "runtime/loop.c", "        loop->failure = status;", "        loop->failure = 0;"),
    Mutant(
        "harvest_goes_on", "what ends others with itself is written behind the caller's array",
        "runtime/harvest.c",
        "    return PND_USUAL(loop->harvest.next != loop->harvest.end && !context->attached &&\n",
        "    (void)loop;\n    return PND_USUAL(!context->attached &&\n"),
    Mutant(
        "generation_is_ignored", "a stale handle names whoever has its place now",
        "runtime/handle.h",
        "PND_USUAL(handle->value == value && handle", "PND_USUAL(handle->value != 0 && handle"),
    Mutant(
        "pool_is_fifo", "get hands out the context put back first, not last", "runtime/pool.c",
        "    context = pool->free_contexts[--pool->free_count];\n",
        """\
    context = pool->free_contexts[0];
    pool->free_count--;
    for (uint32_t i = 0; i < pool->free_count; i++)
        pool->free_contexts[i] = pool->free_contexts[i + 1];
"""),
    Mutant(
        "end_is_silent", "a receive that meets the end does not say so", "runtime/op_receive.c",
        "context->flags |= PENDIO_END_OF_STREAM;", "context->flags |= 0;"),
    Mutant(
        "end_is_forgotten", "the end of a stream does not stick", "runtime/transfer.c",
        "        pnd_line_end(context->line, PND_ENDED, 0);\n", "        (void)0;\n"),
    Mutant(
        "failure_is_forgotten", "a fatal error of a stream does not stick", "runtime/transfer.c",
        "    pnd_line_end(line, PND_FAILED, error);\n", "    (void)0;\n"),
    Mutant(
        "truncated_is_silent", "a message cut short has no flag TRUNCATED", "runtime/op_receive.c",
        "        context->flags |= PENDIO_TRUNCATED;\n", ""),
    Mutant(
        "sender_is_lost", "receive_from does not tell who sent", "runtime/op_receive.c",
        "extra->sender.byte_count = extra->message.msg_namelen;",
        "extra->sender.byte_count = 0;"),
    Mutant(
        "graceful_cancels_sends", "a graceful close cancels the sends under way",
        "runtime/op_close.c",
        "stop_all(handle, mode == PENDIO_ABORTIVE);", "stop_all(handle, true);"),
    Mutant(
        "unread_data_reset", "a graceful close leaves unread data, so the peer sees a reset",
        "runtime/op_close.c",
        "        pnd_descriptor_discard_unread(handle->descriptor);\n",
        """\
        if (handle->state == PND_HANDLE_FREE)
            pnd_descriptor_discard_unread(handle->descriptor);
"""),
    Mutant(
        "abortive_says_goodbye", "an abortive close sends no reset", "runtime/op_close.c",
        "(void)setsockopt(handle->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);",
        "(void)at_once;"),
    Mutant(
        "packets_stay_connected", "the end asked for behind packets does not come",
        "runtime/op_packets.c",
        """\
    if (context->argument == 0)
        return PND_DELIVER;
    packets_release(context);
""",
        """\
    if (context->argument <= UINT32_MAX)
        return PND_DELIVER;
    packets_release(context);
"""),
    Mutant(
        "cancelled_disconnects", "a cancelled run ends the connection all the same",
        "runtime/op_disconnect.c",
        "context->stop == PND_STOP_NONE ? check(handle, reuse) : -ECANCELED;",
        "check(handle, reuse);"),
    Mutant(
        "shutdown_leaves_listeners", "a shutdown is over while closed listeners still listen",
        "runtime/loop.c", "loop->under_way_count == 0 && loop->armed_count == 0 &&",
        "loop->under_way_count == 0 &&"),
    Mutant(
        "zero_copy_told_at_once", "a zero-copy send is told while its memory is in use",
        "runtime/context.c",
        "if (context->notice_count > 0)", "if (context->notice_count > 1)"),
    Mutant(
        "held_memory_keeps_closing", "an abortive close waits for a peer that takes no more",
        "runtime/op_close.c",
        "if (handle->gives_up && handle->kind == PND_KIND_STREAM)",
        "if (handle->gives_up && handle->kind == PND_KIND_DATAGRAM)"),
    Mutant(
        "copies_are_not_told", "a send that had to be copied does not say so",
        "runtime/zero_copy.c",
        "context->flags |= result >= 0 ? PENDIO_COPIED : 0;", "context->flags |= 0;"),
    Mutant(
        "fixed_read_is_shifted", "reads into the arena come from one byte behind",
        "runtime/op_file.c",
        """\
    prepare(context, sqe, as_message ? IORING_OP_RECVMSG : IORING_OP_READV, IORING_OP_READ_FIXED);
""",
        """\
    prepare(context, sqe, as_message ? IORING_OP_RECVMSG : IORING_OP_READV, IORING_OP_READ_FIXED);
    sqe->off += sqe->opcode == IORING_OP_READ_FIXED && sqe->off != PENDIO_STREAMING;
"""),
    Mutant(
        "restriction_is_forgotten", "a loop starts what it may not", "runtime/context.h",
        "(loop->allowed_operations >> operation->code & 1) != 0 &&",
        "loop->allowed_operations != 0 &&"),
    Mutant(
        "restriction_is_not_told", "the kernel is not told what a loop may do",
        "runtime/loop_life.c",
        ".allowed = options->allowed_operations != 0 ? &allowed : NULL,",
        ".allowed = options->allowed_operations == UINT64_MAX ? &allowed : NULL,"),
    Mutant(
        "accept_forgets_target", "a prepared handle is closed before the accept it ended is told",
        "runtime/op_accept.c",
        "pnd_guest_join(&pnd_context_use_extra(context)->target, context, product, true);", ""),
    Mutant(
        "arrival_is_forgotten", "a moved handle nobody is told of stays open", "runtime/op_move.c",
        "    if (handle != NULL) {\n        close(handle->descriptor);\n",
        "    if (handle != NULL && handle->kind > PND_KIND_FLOW) {\n"
        "        close(handle->descriptor);\n"),
    Mutant(
        "message_tried_again", "the kernel tries a message again by itself", "runtime/transfer.h",
        "MSG_NOSIGNAL | MSG_DONTWAIT;", "MSG_NOSIGNAL;"),
    Mutant(
        "piece_begins_again", "a piece sent in part is sent again from its beginning",
        "runtime/transfer.c",
        "return one_stretch(context, (uintptr_t)piece->memory + moved_bytes,",
        "return one_stretch(context, (uintptr_t)piece->memory + 0 * moved_bytes,"),
    Mutant(
        "auto_put_is_reversed", "of those that go back by themselves the last one goes first",
        "runtime/pool.c",
        "pnd_loop_first(loop, PND_RETURNS)) != NULL)",
        "TAILQ_LAST(&loop->queues[PND_RETURNS], pnd_context_list)) != NULL)"),
    Mutant(
        "packet_begins_again", "each stretch of a file in send_packets is its first one",
        "runtime/op_packets.c",
        "sqe->splice_off_in = part->offset + packets->gone_bytes;",
        "sqe->splice_off_in = part->offset;"),
    Mutant(
        "packets_stay_open", "what send_packets opened is never closed", "runtime/op_packets.c",
        "    pnd_packets_close(packets);\n    if (packets->pipe", "    if (packets->pipe"),
    Mutant(
        "splice_end_is_silent", "a splice with nothing left to move does not say so",
        "runtime/op_splice.c",
        "        context->flags |= PENDIO_END_OF_STREAM;\n", "        (void)0;\n"),
    Mutant(
        "control_goes_twice", "descriptors go with every part of a message that is sent in parts",
        "runtime/op_message.c",
        "    if (first) {\n        message->msg_control",
        "    if (first || !aimed) {\n        message->msg_control"),
    Mutant(
        "descriptors_are_inherited", "received descriptors are not close-on-exec",
        "runtime/op_message.c", " | MSG_CMSG_CLOEXEC", ""),
    Mutant(
        "destination_is_lost", "receive_message tells no address a datagram was sent to",
        "runtime/op_message.c",
        "    address.sin_addr = info.ipi_addr;\n", "    address.sin_addr.s_addr = 0;\n"),
    Mutant(
        "lent_is_not_held", "a buffer that is lent is free all the same", "runtime/lend.c",
        "    context->lent_buffer = buffer + 1;\n    context->lent_charge_bytes = charge_bytes;\n",
        """\
    pnd_buffers_release(&context->loop->buffers, buffer);
    context->lent_buffer = 0;
    context->lent_charge_bytes = charge_bytes;
"""),
    Mutant(
        "try_is_gathered", "TRY leaves with the sends before and behind it", "runtime/outbox.c",
        "context->operation->gathers && context->policy != PENDIO_TRY &&",
        "context->operation->gathers &&"),
    Mutant(
        "company_is_cancelled", "a cancelled send takes the first of its company with it",
        "runtime/outbox.c",
        "    if (result > 0 || pnd_outbox_is_interrupted(first, result))\n",
        "    if (result > 0)\n"),
    Mutant(
        "stopped_goes_on", "a send that was stopped in company is sent again all the same",
        "runtime/outbox.c",
        "    if (any_stopped)\n", "    if (any_stopped && line->ending != PND_GOES_ON)\n"),
    Mutant(
        "company_shares_blame", "memory that is none is an error of the first of its company",
        "runtime/outbox.c",
        "    if (result < 0 && may_be_of_another(result)) {\n",
        "    if (result < 0 && may_be_of_another(result) && first->window.memory == NULL) {\n"),
    Mutant(
        "first_data_stay", "a connect keeps its first data for itself", "runtime/op_connect.c",
        "if (!(context->request_flags & PENDIO_FIRST_DATA) ||",
        "if (context->handle->kind == PND_KIND_STREAM ||\n"
        "        !(context->request_flags & PENDIO_FIRST_DATA) ||"),
    Mutant(
        "spin_is_deaf", "a loop that looks before it sleeps sees nothing of other threads",
        "runtime/spin.c",
        "is_stirring(&loop->ring) || pnd_wake_has_news(&loop->wake);", "is_stirring(&loop->ring);"),
    Mutant(
        "spin_never_rests", "looks before sleeping go on though they bring nothing",
        "runtime/spin.c", "        spin->rest_count = REST_COUNT;\n",
        "        spin->rest_count = 0;\n"),
    Mutant(
        "spin_oversleeps", "a look before sleeping goes on when a deadline is due",
        "runtime/spin.c", "    if (end_ns > until_ns)\n        end_ns = until_ns;\n",
        "    (void)until_ns;\n"),
    Mutant(
        "batch_is_one", "a sleep that is to go on is over with the first completion",
        "runtime/sleep.c", "loop->under_way_count : loop->batch_count;", "1 : 1;"),
    Mutant(
        "batch_waits_for_nobody", "a sleep waits for more completions than can come",
        "runtime/sleep.c", "loop->under_way_count : loop->batch_count;",
        "loop->batch_count : loop->batch_count;"),
    Mutant(
        "try_looks_once", "TRY gives up when a request for many ends as it looks",
        "runtime/context.c", "             ++look_count < TRY_LOOK_COUNT);",
        "             ++look_count < TRY_LOOK_COUNT - 2);"),
    Mutant(
        "flood_goes_first", "who gives a buffer back gets it again before those who wait",
        "runtime/lend.c", "    if (pnd_multishot_is_behind(loop, handle) || !pnd_buffers",
        "    if (!pnd_buffers"),
    Mutant(
        "fed_waits_again", "whose turn it is to be lent memory waits behind all others again",
        "runtime/multishot.c", "        loop->fed = handle;\n", "        loop->fed = NULL;\n"),
    Mutant(
        "descriptors_are_collected", "what comes beside the bytes of a Unix stream is lost",
        "runtime/strategy.c",
        "    if (pnd_descriptor_is_internet(handle->descriptor))\n",
        "    if (handle->descriptor >= 0)\n"),
    Mutant(
        "unasked_comes_ahead", "what nobody asks for is collected for ever",
        "runtime/strategy.c", "    if (++strategy->unasked < PND_STRATEGY_PATIENCE)\n",
        "    if (++strategy->unasked < UINT8_MAX)\n"),
    Mutant(
        "pin_does_not_hold", "a choice of the caller's is given up by what comes",
        "runtime/strategy.c", "    handle->strategy.pin = (uint8_t)strategy;\n",
        "    handle->strategy.pin = PENDIO_RECEIVE_ADAPTIVE;\n"),
    Mutant(
        "pin_stays_behind", "a choice of the caller's does not move with its handle",
        "runtime/strategy.c", "    if (other->strategy.pin != PENDIO_RECEIVE_ADAPTIVE)\n",
        "    if (other->strategy.pin > PENDIO_RECEIVE_MULTISHOT)\n"),
    Mutant(
        "refused_is_ahead", "a stream the kernel has no request for many for counts as such",
        "runtime/strategy.c", "    if (handle->strategy.is_ahead)\n        turn_single(",
        "    if (handle->strategy.is_ahead && handle->kind == PND_KIND_FILE)\n"
        "        turn_single("),
    Mutant(
        "sends_pass_the_lone", "what is there for a lone stream waits while others send",
        "runtime/loop.c",
        "    if (pnd_lone_waits(loop) && loop->handles.lone->strategy.has_rung)\n"
        "        return false;\n",
        ""),
    Mutant(
        "sends_pass_the_rest", "what the ring has done waits while one stream sends",
        "runtime/outbox.c", "if (is_stirring && !pnd_lone_goes_on(loop))",
        "if (is_stirring && loop->handles.lone == NULL)"),
    Mutant(
        "lone_goes_on_for_ever", "who else has something waits until the lone stream has nothing",
        "runtime/lone.c", "loop->lone_unasked_count == PND_LONE_UNASKED",
        "loop->lone_unasked_count == UINT32_MAX"),
    Mutant(
        "warm_goes_on_for_ever", "who else has something waits until large pieces are gone",
        "runtime/warm.c", "    loop->warm.left_count--;\n", ""),
    Mutant(
        "warm_is_enough", "a turn has looked at nothing but what it handed over",
        "runtime/warm.c", "if (!pnd_loop_is_deliverable(loop)) {",
        "if (loop->warm.left_count == UINT32_MAX) {"),
    Mutant(
        "own_takes_all", "what nobody asks for takes the buffers of those who are to be lent some",
        "runtime/strategy.h", "quota_bytes < own_bytes ? quota_bytes : own_bytes;",
        "quota_bytes < own_bytes ? own_bytes : quota_bytes;"),
    Mutant(
        "lone_takes_on", "who else has something waits while the lone stream only receives",
        "runtime/lone.c", "    loop->lone_passes = false;\n", ""),
    Mutant(
        "crowd_never_goes", "a few streams are received from as the crowd that they once were",
        "runtime/crowd.c", "    crowd->count = 0;\n", ""),
    Mutant(
        "crowd_is_forgotten", "who comes first in a turn is not one of those who came before",
        "runtime/crowd.c", "    crowd->turn = turn;\n",
        "    crowd->turn = turn;\n    crowd->before_count = 0;\n"),
    Mutant(
        "two_are_a_crowd", "a stream counts again for each receive of a turn",
        "runtime/crowd.c", "    crowd->count += strategy->counted_turn != turn;\n",
        "    crowd->count++;\n"),
)
