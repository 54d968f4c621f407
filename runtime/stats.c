/*
 * stats.c - the loop's counters: written by its thread where things happen, gathered here.
 */
#include "loop.h"

#include <errno.h>

int pnd_loop_refuse(struct pnd_loop *loop, int status)
{
    struct pendio_loop_statistics *stats = &loop->stats;

    stats->refused++;
    switch (status) {
    case -EBADF:
        stats->refused_handle++;
        break;
    case -EBUSY:
        stats->refused_busy++;
        break;
    case -EAGAIN:
        stats->refused_no_capacity++;
        break;
    case -ESHUTDOWN:
        stats->refused_shutdown++;
        break;
    default:
        stats->refused_invalid++;
        break;
    }
    return status;
}

void pnd_loop_stats(const struct pnd_loop *loop, struct pendio_loop_statistics *ret_statistics)
{
    *ret_statistics = loop->stats;
    ret_statistics->turns = loop->turn;
    ret_statistics->backend = loop->ring.backend->id;
    ret_statistics->features = loop->ring.features;
    ret_statistics->pending = loop->under_way_count;
    ret_statistics->delivered = loop->stats.delivered_callback + loop->stats.delivered_record;
    ret_statistics->pending += ret_statistics->delivered;
    ret_statistics->started = ret_statistics->pending + ret_statistics->done;
    ret_statistics->system_calls = loop->ring.system_call_count;
    ret_statistics->requests = loop->ring.request_count;
    ret_statistics->completion_overflows = loop->ring.overflow_count;
    ret_statistics->buffers = loop->buffers.memory != NULL ? loop->buffers.buffer_count : 0;
    ret_statistics->buffers_in_use = pnd_buffers_in_use(&loop->buffers);
    ret_statistics->streams_ahead = loop->handles.ahead_count;
    ret_statistics->streams_polled = loop->handles.bell_count;
    ret_statistics->received_direct = loop->lone_take_count;
    ret_statistics->handles_open = loop->handles.slot_count - loop->handles.free_count;
}
