/* task.h - one start of a context on behalf of a step, until its step is done with it. */
#ifndef PND_TASK_H
#define PND_TASK_H

#include "engine.h"

enum pnd_task_outcome {
    PND_TASK_PENDING,     /* a delivery will go on with it */
    PND_TASK_OVER,        /* done or refused, and judged */
    PND_TASK_NO_CAPACITY, /* refused for want of capacity, which nobody expected: again later */
};

/* The task of a context that was taken. */
struct pnd_task *pnd_task_of(struct pnd_engine *engine, const struct pendio_context *context);

/* Starts the task's context as its step says, again and again as long as `whole` wants more. */
enum pnd_task_outcome pnd_task_run(struct pnd_engine *engine, struct pnd_task *task);

/* Starts a context that is in use already: the runtime must refuse, and nothing changes. */
void pnd_task_run_busy(struct pnd_engine *engine, struct pnd_instance *instance,
                       const struct pnd_plan_step *step, struct pendio_context *context);

/* Its delivery came. */
void pnd_task_delivered(struct pnd_engine *engine, struct pnd_task *task,
                        const struct pnd_context_page *page,
                        const struct pendio_completion *completion);

/* Tries those again that were refused for want of capacity in the middle of a `whole`. */
void pnd_task_retry_all(struct pnd_engine *engine);

/* Gives an unnamed context back. */
void pnd_task_release(struct pnd_engine *engine, struct pnd_task *task);

#endif
