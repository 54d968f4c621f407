/*
 * parts.c - parts of files and of memory, sent in one operation; and splices.
 *
 * Happy path:  memory gets the bytes that its file has there, outside every arena; then the parts
 *              are handed over as the plan has them.
 * Failures:    none of its own.
 */
#include "parts.h"

#include "vector.h"

static struct pendio_packet describe(const struct pnd_engine *engine, const struct pnd_task *task,
                                     const struct pnd_plan_packet *plan, uint8_t *memory)
{
    struct pendio_packet packet = {.offset = plan->offset, .byte_count = plan->bytes};
    if (plan->endpoint_index == PND_PLAN_NONE)
        return (struct pendio_packet){.memory = NULL};
    switch (plan->source) {
    case PENDIO__PACKET_SOURCE__BYTES:
        pnd_payload_fill(&engine->payload, 1 + (uint32_t)plan->endpoint_index, plan->offset, memory,
                         (size_t)plan->bytes);
        packet.memory = memory;
        packet.offset = 0;
        break;
    case PENDIO__PACKET_SOURCE__HANDLE:
        packet.file = task->instance->handles[plan->handle_index];
        break;
    default:
        packet.path = engine->endpoints[plan->endpoint_index].path;
        break;
    }
    return packet;
}

int pnd_parts_send(struct pnd_engine *engine, const struct pnd_task *task,
                   const struct pnd_start *start)
{
    const struct pnd_plan_step *step = task->step;
    uint8_t *memory = pnd_vector_plain(engine, task);
    for (uint32_t i = 0; i < step->packet_count; i++) {
        engine->packets[i] = describe(engine, task, &step->packets[i], memory);
        if (step->packets[i].source == PENDIO__PACKET_SOURCE__BYTES)
            memory += step->packets[i].sent_bytes;
    }
    return engine->subject->send_packets(start->context, start->handle, engine->packets,
                                         step->packet_count, 0);
}

int pnd_parts_splice(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start)
{
    const struct pnd_plan_step *step = task->step;
    return engine->subject->splice(start->context, task->instance->handles[step->from_index],
                                   task->offset, start->handle, step->to_offset, task->bytes);
}
