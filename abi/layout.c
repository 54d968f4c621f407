/*
 * layout.c - the layouts programs were built with: whoever moves a member cannot build the library.
 *
 * The completion is frozen. Structures that begin with their size may grow at the end: a line is
 * added here then, and none changes.
 */
#include <pendio/pendio.h>

#define MEMBER(structure, member, offset_bytes)                                                    \
    _Static_assert(offsetof(struct structure, member) == (offset_bytes),                           \
                   #structure "." #member " has moved")

_Static_assert(sizeof(struct pendio_completion) == 64, "frozen");
MEMBER(pendio_completion, context, 0);
MEMBER(pendio_completion, user_data, 8);
MEMBER(pendio_completion, run, 16);
MEMBER(pendio_completion, handle, 24);
MEMBER(pendio_completion, value, 32);
MEMBER(pendio_completion, bytes, 40);
MEMBER(pendio_completion, memory, 48);
MEMBER(pendio_completion, error, 56);
MEMBER(pendio_completion, operation, 60);
MEMBER(pendio_completion, flags, 62);

_Static_assert(sizeof(struct pendio_endpoint) == 136, "frozen: it has no size");
MEMBER(pendio_endpoint, byte_count, 0);
MEMBER(pendio_endpoint, reserved, 4);
MEMBER(pendio_endpoint, address, 8);

_Static_assert(sizeof(struct pendio_packet) == 40, "frozen: it has no size");
MEMBER(pendio_packet, memory, 0);
MEMBER(pendio_packet, path, 8);
MEMBER(pendio_packet, file, 16);
MEMBER(pendio_packet, offset, 24);
MEMBER(pendio_packet, byte_count, 32);

MEMBER(pendio_message, size, 0);
MEMBER(pendio_message, interface_index, 4);
MEMBER(pendio_message, control_bytes, 8);
MEMBER(pendio_message, sender, 16);
MEMBER(pendio_message, destination, 152);

MEMBER(pendio_loop_options, size, 0);
MEMBER(pendio_loop_options, flags, 4);
MEMBER(pendio_loop_options, operation_count, 8);
MEMBER(pendio_loop_options, handle_count, 12);
MEMBER(pendio_loop_options, done_budget, 16);
MEMBER(pendio_loop_options, post_count, 20);
MEMBER(pendio_loop_options, timer_slack_ns, 24);
MEMBER(pendio_loop_options, name_servers, 32);
MEMBER(pendio_loop_options, buffer_bytes, 40);
MEMBER(pendio_loop_options, buffer_count, 44);
MEMBER(pendio_loop_options, collect_bytes, 48);
MEMBER(pendio_loop_options, collect_count, 52);
MEMBER(pendio_loop_options, allowed_operations, 56);
MEMBER(pendio_loop_options, spin_ns, 64);
MEMBER(pendio_loop_options, batch_ns, 72);
MEMBER(pendio_loop_options, batch_count, 80);
MEMBER(pendio_loop_options, reserved, 84);

MEMBER(pendio_loop_statistics, size, 0);
MEMBER(pendio_loop_statistics, backend, 4);
MEMBER(pendio_loop_statistics, features, 8);
MEMBER(pendio_loop_statistics, started, 16);
MEMBER(pendio_loop_statistics, done, 24);
MEMBER(pendio_loop_statistics, done_known_end, 32);
MEMBER(pendio_loop_statistics, done_known_error, 40);
MEMBER(pendio_loop_statistics, done_empty, 48);
MEMBER(pendio_loop_statistics, done_tried, 56);
MEMBER(pendio_loop_statistics, pending, 64);
MEMBER(pendio_loop_statistics, refused, 72);
MEMBER(pendio_loop_statistics, refused_invalid, 80);
MEMBER(pendio_loop_statistics, refused_handle, 88);
MEMBER(pendio_loop_statistics, refused_busy, 96);
MEMBER(pendio_loop_statistics, refused_no_capacity, 104);
MEMBER(pendio_loop_statistics, refused_shutdown, 112);
MEMBER(pendio_loop_statistics, delivered, 120);
MEMBER(pendio_loop_statistics, delivered_callback, 128);
MEMBER(pendio_loop_statistics, delivered_record, 136);
MEMBER(pendio_loop_statistics, posts, 144);
MEMBER(pendio_loop_statistics, turns, 152);
MEMBER(pendio_loop_statistics, system_calls, 160);
MEMBER(pendio_loop_statistics, requests, 168);
MEMBER(pendio_loop_statistics, cancels, 176);
MEMBER(pendio_loop_statistics, stale_completions, 184);
MEMBER(pendio_loop_statistics, completion_overflows, 192);
MEMBER(pendio_loop_statistics, handles_open, 200);
MEMBER(pendio_loop_statistics, pool_contexts, 208);
MEMBER(pendio_loop_statistics, pool_in_use, 216);
MEMBER(pendio_loop_statistics, pool_high_water, 224);
MEMBER(pendio_loop_statistics, pool_gets, 232);
MEMBER(pendio_loop_statistics, pool_exhausted, 240);
MEMBER(pendio_loop_statistics, arena_registered_bytes, 248);
MEMBER(pendio_loop_statistics, arena_unregistered_bytes, 256);
MEMBER(pendio_loop_statistics, arena_error, 264);
MEMBER(pendio_loop_statistics, reserved, 268);
MEMBER(pendio_loop_statistics, done_direct, 272);
MEMBER(pendio_loop_statistics, done_cached, 280);
MEMBER(pendio_loop_statistics, done_collected, 288);
MEMBER(pendio_loop_statistics, multishot_armed, 296);
MEMBER(pendio_loop_statistics, multishot_ended, 304);
MEMBER(pendio_loop_statistics, buffers, 312);
MEMBER(pendio_loop_statistics, buffers_in_use, 320);
MEMBER(pendio_loop_statistics, buffers_exhausted, 328);
MEMBER(pendio_loop_statistics, connections_collected, 336);
MEMBER(pendio_loop_statistics, spins, 344);
MEMBER(pendio_loop_statistics, spins_paid, 352);
MEMBER(pendio_loop_statistics, gathers, 360);
MEMBER(pendio_loop_statistics, sends_gathered, 368);
MEMBER(pendio_loop_statistics, streams_ahead, 376);
MEMBER(pendio_loop_statistics, ahead_for_lending, 384);
MEMBER(pendio_loop_statistics, ahead_for_lone, 392);
MEMBER(pendio_loop_statistics, ahead_for_crowd, 400);
MEMBER(pendio_loop_statistics, single_for_large, 408);
MEMBER(pendio_loop_statistics, single_for_unasked, 416);
MEMBER(pendio_loop_statistics, streams_polled, 424);
MEMBER(pendio_loop_statistics, polled_for_lone, 432);
MEMBER(pendio_loop_statistics, polled_for_crowd, 440);
MEMBER(pendio_loop_statistics, received_direct, 448);
MEMBER(pendio_loop_statistics, warm_rounds, 456);

MEMBER(pendio_pool_options, size, 0);
MEMBER(pendio_pool_options, flags, 4);
MEMBER(pendio_pool_options, context_count, 8);
MEMBER(pendio_pool_options, piece_count, 12);
MEMBER(pendio_pool_options, slice_bytes, 16);

_Static_assert(sizeof(struct pendio_bytes) == 16, "frozen: it has no size");
MEMBER(pendio_bytes, memory, 0);
MEMBER(pendio_bytes, byte_count, 8);

MEMBER(pendio_request, size, 0);
MEMBER(pendio_request, flags, 4);
MEMBER(pendio_request, policy, 8);
MEMBER(pendio_request, piece_count, 12);
MEMBER(pendio_request, memory, 16);
MEMBER(pendio_request, byte_count, 24);
MEMBER(pendio_request, window_offset, 32);
MEMBER(pendio_request, window_bytes, 40);
MEMBER(pendio_request, control, 48);
MEMBER(pendio_request, control_bytes, 56);
MEMBER(pendio_request, deadline_ns, 64);
MEMBER(pendio_request, user_data, 72);
MEMBER(pendio_request, completed, 80);
MEMBER(pendio_request, completed_state, 88);
MEMBER(pendio_request, endpoint, 96);
MEMBER(pendio_request, pieces, 232);
MEMBER(pendio_request, lending, 240);

MEMBER(pendio_group_options, size, 0);
MEMBER(pendio_group_options, flags, 4);
MEMBER(pendio_group_options, loop_count, 8);
MEMBER(pendio_group_options, spread, 12);
MEMBER(pendio_group_options, context_count, 16);
MEMBER(pendio_group_options, reserved, 20);
MEMBER(pendio_group_options, loop, 24);
MEMBER(pendio_group_options, begin, 32);
MEMBER(pendio_group_options, end, 40);
MEMBER(pendio_group_options, completed, 48);
MEMBER(pendio_group_options, state, 56);
