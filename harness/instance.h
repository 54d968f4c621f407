/* instance.h - how an instance walks through its steps. */
#ifndef PND_INSTANCE_H
#define PND_INSTANCE_H

#include "engine.h"

/* What a step leaves behind. */
enum pnd_step_verdict {
    PND_STEP_NEXT, /* done with it: go on with the next one */
    PND_STEP_WAIT, /* the instance waits; its state says for what */
};

typedef enum pnd_step_verdict pnd_step_fn(struct pnd_engine *engine, struct pnd_instance *instance,
                                          const struct pnd_plan_step *step);

/* What executes an operation. */
pnd_step_fn *pnd_step_find(Pendio__Operation operation);

/* Every step that starts an operation with a context. */
enum pnd_step_verdict pnd_step_start(struct pnd_engine *engine, struct pnd_instance *instance,
                                     const struct pnd_plan_step *step);

/* In step_system.c: processes and signals. */
pnd_step_fn pnd_step_spawn;
pnd_step_fn pnd_step_raise;

/* A message posted by an instance came back. */
void pnd_post_delivered(struct pnd_engine *engine, const struct pendio_completion *completion);

/* The value that goes with a message's user data. */
uint64_t pnd_post_value(uint64_t user_data);

void pnd_queue_add(struct pnd_queue *queue, struct pnd_instance *instance);
struct pnd_instance *pnd_queue_take(struct pnd_queue *queue);

/* Begins an instance; `self` is the connection it was begun for, or 0. */
void pnd_instance_begin(struct pnd_engine *engine, uint32_t actor_index, pendio_handle self);

/* Walks until the instance waits or ends. */
void pnd_instance_run(struct pnd_engine *engine, struct pnd_instance *instance);

/* It can go on. */
void pnd_instance_wake(struct pnd_engine *engine, struct pnd_instance *instance);

/* Wakes everyone in the queue. */
void pnd_instance_wake_all(struct pnd_engine *engine, struct pnd_queue *queue);

/* The step it stands at, or NULL at its end. */
const struct pnd_plan_step *pnd_instance_step(const struct pnd_instance *instance);

/* "client[3] at actors[1].blocks[0].steps[2] (RECEIVE)" */
const char *pnd_instance_describe(const struct pnd_engine *engine,
                                  const struct pnd_instance *instance,
                                  const struct pnd_plan_step *step, char *text, size_t text_bytes);

/* The same for the trace: what happens from now on happens at that step. */
void pnd_instance_mark(struct pnd_engine *engine, const struct pnd_instance *instance,
                       const struct pnd_plan_step *step, uint32_t block_index);

/* Takes a context from a pool, on the books. Returns 0 or what get answered. */
int pnd_instance_get(struct pnd_engine *engine, uint32_t pool_index,
                     struct pendio_context **ret_context);

/* Puts a context back, on the books, and wakes one who waits for it. Returns what put answered. */
int pnd_instance_put(struct pnd_engine *engine, struct pendio_context *context);

#endif
