/*
 * call.c - the runtime's start calls and setters behind one door.
 *
 * Happy path:  a step becomes a description, the description becomes setters and one start call.
 * Failures:    a setter that refuses a free context ends the run: nothing could be judged.
 */
#include "call.h"

#include "content.h"
#include "control.h"
#include "kind.h"
#include "parts.h"
#include "vector.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

typedef int call_fn(struct pnd_engine *engine, const struct pnd_task *task,
                    const struct pnd_start *start);

static int call_nop(struct pnd_engine *engine, const struct pnd_task *task,
                    const struct pnd_start *start)
{
    (void)task;
    return engine->subject->nop(start->context, engine->loop);
}

static int call_timer(struct pnd_engine *engine, const struct pnd_task *task,
                      const struct pnd_start *start)
{
    (void)task;
    return engine->subject->timer(start->context, start->after_ns);
}

static int call_accept(struct pnd_engine *engine, const struct pnd_task *task,
                       const struct pnd_start *start)
{
    (void)task;
    return engine->subject->accept(start->context, start->handle, start->into);
}

static int call_connect(struct pnd_engine *engine, const struct pnd_task *task,
                        const struct pnd_start *start)
{
    (void)task;
    return engine->subject->connect(start->context, start->handle);
}

static int call_receive(struct pnd_engine *engine, const struct pnd_task *task,
                        const struct pnd_start *start)
{
    (void)task;
    return engine->subject->receive(start->context, start->handle);
}

static int call_send(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start)
{
    (void)task;
    return engine->subject->send(start->context, start->handle);
}

static int call_receive_from(struct pnd_engine *engine, const struct pnd_task *task,
                             const struct pnd_start *start)
{
    (void)task;
    return engine->subject->receive_from(start->context, start->handle);
}

static int call_send_to(struct pnd_engine *engine, const struct pnd_task *task,
                        const struct pnd_start *start)
{
    (void)task;
    return engine->subject->send_to(start->context, start->handle);
}

static int call_open(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start)
{
    int flags = task->step->create ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR;
    return engine->subject->open(start->context, engine->endpoints[task->step->endpoint_index].path,
                                 flags, 0600);
}

static uint64_t file_offset(const struct pnd_task *task)
{
    return task->offset == PENDIO_STREAMING ? PENDIO_STREAMING : task->offset + task->moved_bytes;
}

static int call_read(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start)
{
    return engine->subject->read(start->context, start->handle, file_offset(task));
}

static int call_write(struct pnd_engine *engine, const struct pnd_task *task,
                      const struct pnd_start *start)
{
    return engine->subject->write(start->context, start->handle, file_offset(task));
}

static int call_close(struct pnd_engine *engine, const struct pnd_task *task,
                      const struct pnd_start *start)
{
    return engine->subject->close(start->context, start->handle, task->step->close_mode);
}

static int call_fsync(struct pnd_engine *engine, const struct pnd_task *task,
                      const struct pnd_start *start)
{
    return engine->subject->fsync(start->context, start->handle,
                                  task->step->data_only ? PENDIO_DATA_ONLY : 0);
}

static int call_truncate(struct pnd_engine *engine, const struct pnd_task *task,
                         const struct pnd_start *start)
{
    return engine->subject->truncate(start->context, start->handle, task->bytes);
}

/* NULL: the step names none. */
static const char *path_of(const struct pnd_engine *engine, int32_t endpoint_index)
{
    return endpoint_index == PND_PLAN_NONE ? NULL : engine->endpoints[endpoint_index].path;
}

static int call_stat(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start)
{
    return engine->subject->stat(start->context, start->handle,
                                 path_of(engine, task->step->endpoint_index));
}

static int call_rename(struct pnd_engine *engine, const struct pnd_task *task,
                       const struct pnd_start *start)
{
    return engine->subject->rename(start->context, path_of(engine, task->step->endpoint_index),
                                   path_of(engine, task->step->target_index));
}

static int call_unlink(struct pnd_engine *engine, const struct pnd_task *task,
                       const struct pnd_start *start)
{
    return engine->subject->unlink(start->context, path_of(engine, task->step->endpoint_index),
                                   task->step->directory ? PENDIO_DIRECTORY : 0);
}

static int call_mkdir(struct pnd_engine *engine, const struct pnd_task *task,
                      const struct pnd_start *start)
{
    return engine->subject->mkdir(start->context, path_of(engine, task->step->endpoint_index),
                                  0700);
}

static int call_poll(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start)
{
    return engine->subject->poll(start->context, start->handle, task->step->poll_events);
}

static int call_receive_message(struct pnd_engine *engine, const struct pnd_task *task,
                                const struct pnd_start *start)
{
    (void)task;
    return engine->subject->receive_message(start->context, start->handle);
}

static int call_send_message(struct pnd_engine *engine, const struct pnd_task *task,
                             const struct pnd_start *start)
{
    (void)task;
    return engine->subject->send_message(start->context, start->handle);
}

static int call_connect_name(struct pnd_engine *engine, const struct pnd_task *task,
                             const struct pnd_start *start)
{
    struct sockaddr_in6 address; /* the port is at the same place in both families */
    memcpy(&address, engine->endpoints[task->step->endpoint_index].address.address, sizeof address);
    return engine->subject->connect_name(start->context, start->handle, task->step->host,
                                         ntohs(address.sin6_port));
}

static int call_disconnect(struct pnd_engine *engine, const struct pnd_task *task,
                           const struct pnd_start *start)
{
    (void)task;
    return engine->subject->disconnect(start->context, start->handle,
                                       start->reuse ? PENDIO_REUSE : 0);
}

static int call_child(struct pnd_engine *engine, const struct pnd_task *task,
                      const struct pnd_start *start)
{
    return engine->subject->child(start->context, task->instance->process);
}

static int call_signal(struct pnd_engine *engine, const struct pnd_task *task,
                       const struct pnd_start *start)
{
    return engine->subject->signal(start->context, (int)task->step->number);
}

static call_fn *const calls[] = {
    [PENDIO__OPERATION__NOP] = call_nop,
    [PENDIO__OPERATION__TIMER] = call_timer,
    [PENDIO__OPERATION__ACCEPT] = call_accept,
    [PENDIO__OPERATION__CONNECT] = call_connect,
    [PENDIO__OPERATION__RECEIVE] = call_receive,
    [PENDIO__OPERATION__SEND] = call_send,
    [PENDIO__OPERATION__RECEIVE_FROM] = call_receive_from,
    [PENDIO__OPERATION__SEND_TO] = call_send_to,
    [PENDIO__OPERATION__OPEN] = call_open,
    [PENDIO__OPERATION__READ] = call_read,
    [PENDIO__OPERATION__WRITE] = call_write,
    [PENDIO__OPERATION__CLOSE] = call_close,
    [PENDIO__OPERATION__FSYNC] = call_fsync,
    [PENDIO__OPERATION__TRUNCATE] = call_truncate,
    [PENDIO__OPERATION__STAT] = call_stat,
    [PENDIO__OPERATION__RENAME] = call_rename,
    [PENDIO__OPERATION__UNLINK] = call_unlink,
    [PENDIO__OPERATION__MKDIR] = call_mkdir,
    [PENDIO__OPERATION__POLL] = call_poll,
    [PENDIO__OPERATION__RECEIVE_MESSAGE] = call_receive_message,
    [PENDIO__OPERATION__SEND_MESSAGE] = call_send_message,
    [PENDIO__OPERATION__SEND_PACKETS] = pnd_parts_send,
    [PENDIO__OPERATION__SPLICE] = pnd_parts_splice,
    [PENDIO__OPERATION__CONNECT_NAME] = call_connect_name,
    [PENDIO__OPERATION__DISCONNECT] = call_disconnect,
    [PENDIO__OPERATION__CHILD] = call_child,
    [PENDIO__OPERATION__CATCH_SIGNAL] = call_signal,
};

static bool is_lending(const struct pnd_plan_step *step)
{
    return step->memory == PENDIO__MEMORY__LENT && step->content != PENDIO__CONTENT__ECHO;
}

static pendio_handle handle_at(const struct pnd_task *task, int32_t index)
{
    return index == PND_PLAN_NONE ? 0 : task->instance->handles[index];
}

void pnd_call_describe(const struct pnd_engine *engine, const struct pnd_task *task,
                       struct pnd_start *ret_start)
{
    const struct pnd_plan_step *step = task->step;
    *ret_start = (struct pnd_start){
        .context = task->context,
        .handle = handle_at(task, step->handle_index),
        .into = handle_at(task, step->prepared_index),
        .reuse = step->reuse,
        .lending = is_lending(step),
        .user_data = engine->nonce,
        .deadline_ns = step->deadline_ns,
        .after_ns = step->after_ns,
        .policy = step->policy,
        .flags = step->flags,
        .operation = pnd_plan_start(step->operation),
        .streaming = step->offset == PENDIO_STREAMING,
        .callback = step->callback,
    };
}

static void completed(const struct pendio_completion *completion, void *state)
{
    pnd_engine_deliver(state, completion, true);
    pnd_engine_run_ready(state); /* so that starts from inside a callback are tried, too */
}

/* How many bytes of the window `whole` still wants, or an echo has to send back. */
static size_t window_bytes(const struct pnd_task *task)
{
    if (task->step->content == PENDIO__CONTENT__ECHO)
        return (size_t)task->moved_bytes;
    return (size_t)(task->bytes - task->moved_bytes);
}

static int set_memory(struct pnd_engine *engine, const struct pnd_task *task)
{
    struct pnd_engine_pool *pool = &engine->pools[task->step->pool_index];
    if (task->step->memory == PENDIO__MEMORY__SLICE)
        return engine->subject->context_set_slice(task->context);
    return engine->subject->context_set_memory(task->context, pnd_vector_plain(engine, task),
                                               (size_t)pool->caller_bytes);
}

static int set_window(struct pnd_engine *engine, const struct pnd_task *task)
{
    if (task->step->piece_count > 0)
        return pnd_vector_set(engine, task);
    if (is_lending(task->step))
        return engine->subject->context_set_lending(task->context);
    if (task->step->memory == PENDIO__MEMORY__LENT)
        return 0; /* what the last receive lent is the window */
    size_t offset = task->step->content == PENDIO__CONTENT__ECHO ? 0 : (size_t)task->moved_bytes;
    int status = set_memory(engine, task);
    if (status == 0)
        status = engine->subject->context_set_window(task->context, offset, window_bytes(task));
    return status;
}

static int set_endpoint(struct pnd_engine *engine, const struct pnd_task *task)
{
    struct pendio_endpoint sender;
    const struct pendio_endpoint *address = &sender;
    if (task->step->operation == PENDIO__OPERATION__SEND_MESSAGE &&
        task->step->endpoint_index == PND_PLAN_NONE)
        return engine->subject->context_set_endpoint(task->context, NULL, 0);
    if (task->step->endpoint_index != PND_PLAN_NONE)
        address = &engine->endpoints[task->step->endpoint_index].address;
    else if (engine->subject->context_sender(task->context, &sender) < 0)
        return -EINVAL;
    return engine->subject->context_set_endpoint(task->context, address->address,
                                                 address->byte_count);
}

int pnd_call_configure(struct pnd_engine *engine, const struct pnd_task *task,
                       const struct pnd_start *start)
{
    int status = engine->subject->context_set_user_data(start->context, start->user_data);
    if (status == 0)
        status = engine->subject->context_set_policy(start->context, start->policy);
    if (status == 0)
        status = engine->subject->context_set_flags(start->context, start->flags);
    if (status == 0)
        status = engine->subject->context_set_deadline(start->context, start->deadline_ns);
    if (status == 0)
        status = engine->subject->context_set_callback(start->context,
                                                       start->callback ? completed : NULL, engine);
    if (status == 0 && pnd_ledger_has_window(start))
        status = set_window(engine, task);
    if (status == 0 && (task->step->operation == PENDIO__OPERATION__CONNECT ||
                        start->operation == PENDIO_OPERATION_SEND_TO ||
                        start->operation == PENDIO_OPERATION_SEND_MESSAGE))
        status = set_endpoint(engine, task);
    if (status == 0 && (start->operation == PENDIO_OPERATION_RECEIVE_MESSAGE ||
                        start->operation == PENDIO_OPERATION_SEND_MESSAGE))
        status = pnd_control_set(engine, task);
    return status;
}

int pnd_call_start(struct pnd_engine *engine, const struct pnd_task *task,
                   const struct pnd_start *start)
{
    return calls[task->step->operation](engine, task, start);
}
