/*
 * vector.c - windows of many pieces, and the plain memory in which their bytes stand in a row.
 *
 * Happy path:  set the pieces -> scatter what is to be sent, or a background -> start -> gather.
 * Failures:    none of its own.
 */
#include "vector.h"

#include <string.h>

enum { BETWEEN = 0x5a };

static uint64_t slot_of(const struct pnd_engine *engine, const struct pnd_task *task)
{
    return engine->ledger.contexts[task - engine->tasks].pool_slot;
}

uint8_t *pnd_vector_plain(const struct pnd_engine *engine, const struct pnd_task *task)
{
    const struct pnd_engine_pool *pool = &engine->pools[task->step->pool_index];
    return pool->caller_memory + slot_of(engine, task) * pool->caller_bytes;
}

static uint8_t *vector_memory(const struct pnd_engine *engine, const struct pnd_task *task)
{
    const struct pnd_engine_pool *pool = &engine->pools[task->step->pool_index];
    return pool->vector_memory + slot_of(engine, task) * pool->vector_bytes;
}

/* All of the step's pieces, without regard to what has been moved. */
static void lay_out(struct pnd_engine *engine, const struct pnd_task *task)
{
    const struct pnd_plan_step *step = task->step;
    uint8_t *end = vector_memory(engine, task) + step->bytes + step->piece_count;
    uint64_t left = step->bytes;
    for (uint32_t i = 0; i < step->piece_count; i++) {
        uint64_t size = step->pieces[i % step->piece_size_count];
        if (size > left)
            size = left;
        left -= size;
        end -= size + 1;
        engine->pieces[i] = (struct pendio_bytes){end, (size_t)size};
    }
}

int pnd_vector_set(struct pnd_engine *engine, const struct pnd_task *task)
{
    struct pendio_bytes *first = engine->pieces;
    uint32_t count = task->step->piece_count;
    uint64_t moved_bytes = task->moved_bytes;
    lay_out(engine, task);
    for (uint32_t i = 0; i < count; i++)
        ((uint8_t *)first[i].memory)[first[i].byte_count] = BETWEEN;
    while (moved_bytes > 0 && moved_bytes >= first->byte_count) {
        moved_bytes -= first->byte_count;
        first++;
        count--;
    }
    first->memory = (uint8_t *)first->memory + moved_bytes;
    first->byte_count -= moved_bytes;
    return engine->subject->context_set_pieces(task->context, first, count);
}

void pnd_vector_scatter(struct pnd_engine *engine, const struct pnd_task *task)
{
    const uint8_t *plain = pnd_vector_plain(engine, task);
    lay_out(engine, task);
    for (uint32_t i = 0; i < task->step->piece_count; i++) {
        memcpy(engine->pieces[i].memory, plain, engine->pieces[i].byte_count);
        plain += engine->pieces[i].byte_count;
    }
}

bool pnd_vector_gather(struct pnd_engine *engine, const struct pnd_task *task)
{
    uint8_t *plain = pnd_vector_plain(engine, task);
    bool untouched = true;
    lay_out(engine, task);
    for (uint32_t i = 0; i < task->step->piece_count; i++) {
        const uint8_t *memory = engine->pieces[i].memory;
        size_t byte_count = engine->pieces[i].byte_count;
        memcpy(plain, memory, byte_count);
        plain += byte_count;
        untouched = untouched && memory[byte_count] == BETWEEN;
    }
    return untouched;
}
