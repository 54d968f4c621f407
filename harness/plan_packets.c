/*
 * plan_packets.c - compiles what a SEND_PACKETS sends.
 *
 * Happy path:  names become indices; the bytes of memory stand one behind the other outside every
 *              arena.
 * Failures:    a name nobody makes, an endpoint that is no FILE, or a part beyond it is refused.
 */
#include "plan_compile.h"

#include <errno.h>
#include <stdlib.h>

enum { PACKET_LIMIT = 4096 };

static int compile_part(const struct pnd_compiler *compiler, const Pendio__Packet *source,
                        struct pnd_plan_packet *packet)
{
    const struct pnd_plan_endpoint *endpoint = &compiler->plan->endpoints[packet->endpoint_index];
    bool memory = source->source == PENDIO__PACKET_SOURCE__BYTES;
    if (endpoint->family != PENDIO__FAMILY__FILE)
        return pnd_plan_refuse_step(compiler, "a packet of endpoint \"%.60s\", which is no FILE",
                                    source->endpoint);
    if (source->bytes == 0 && !memory && source->offset > endpoint->file_bytes)
        return pnd_plan_refuse_step(compiler, "a packet begins at %llu of %llu bytes; lower it",
                                    (unsigned long long)source->offset,
                                    (unsigned long long)endpoint->file_bytes);
    packet->sent_bytes =
        source->bytes > 0 || memory ? source->bytes : endpoint->file_bytes - source->offset;
    if (source->source != PENDIO__PACKET_SOURCE__HANDLE)
        return 0;
    return pnd_plan_use_handle(compiler, source->handle, &packet->handle_index);
}

static int compile_packet(const struct pnd_compiler *compiler, const Pendio__Packet *source,
                          struct pnd_plan_packet *packet)
{
    *packet = (struct pnd_plan_packet){
        .endpoint_index = PND_PLAN_NONE,
        .handle_index = PND_PLAN_NONE,
        .source = source->source,
        .offset = source->offset,
        .bytes = source->bytes,
    };
    if ((unsigned int)source->source > PENDIO__PACKET_SOURCE__BYTES)
        return pnd_plan_refuse_step(compiler, "source %d is unknown; use PATH, HANDLE or BYTES",
                                    (int)source->source);
    if (source->endpoint[0] == '\0')
        return 0;
    packet->endpoint_index = pnd_plan_find_endpoint(compiler->plan, source->endpoint);
    if (packet->endpoint_index == PND_PLAN_NONE)
        return pnd_plan_refuse_step(
            compiler, "there is no endpoint \"%.60s\"; add it to `endpoints`", source->endpoint);
    return compile_part(compiler, source, packet);
}

static int compile_all(const struct pnd_compiler *compiler, const Pendio__Step *source,
                       struct pnd_plan_step *step)
{
    struct pnd_plan_pool *pool = &compiler->plan->pools[step->pool_index];
    uint64_t memory_bytes = 0;
    for (size_t i = 0; i < source->n_packets; i++) {
        int status = compile_packet(compiler, source->packets[i], &step->packets[i]);
        if (status < 0)
            return status;
        if (step->packets[i].source == PENDIO__PACKET_SOURCE__BYTES)
            memory_bytes += step->packets[i].sent_bytes;
        step->bytes += step->packets[i].sent_bytes;
    }
    if (memory_bytes > pool->caller_bytes)
        pool->caller_bytes = memory_bytes;
    return 0;
}

int pnd_plan_compile_packets(const struct pnd_compiler *compiler, const Pendio__Step *source,
                             struct pnd_plan_step *step)
{
    if (source->n_packets > 0 && step->operation != PENDIO__OPERATION__SEND_PACKETS)
        return pnd_plan_refuse_step(compiler, "`packets` are for SEND_PACKETS; remove them");
    if (step->operation != PENDIO__OPERATION__SEND_PACKETS)
        return 0;
    if (source->bytes != 0 || source->n_packets > PACKET_LIMIT)
        return pnd_plan_refuse_step(
            compiler, "SEND_PACKETS has at most %d `packets`, and no `bytes` of its own",
            PACKET_LIMIT);
    step->packets = calloc(source->n_packets + 1, sizeof *step->packets);
    if (step->packets == NULL)
        return -ENOMEM;
    step->packet_count = (uint32_t)source->n_packets;
    if (step->packet_count > compiler->plan->packet_count)
        compiler->plan->packet_count = step->packet_count;
    return compile_all(compiler, source, step);
}
