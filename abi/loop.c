/*
 * loop.c - the shell of the loop's functions.
 */
#include "shell.h"

#include <string.h>

_Static_assert(sizeof(struct pendio_completion) == 64, "frozen");

enum { VERSION = 0x000100 }; /* 0.1.0, as in CMakeLists.txt */

uint32_t pendio_version(void)
{
    return VERSION;
}

int pnd_shell_copy_options(void *known, uint32_t known_bytes, const void *given)
{
    const unsigned char *bytes = given;
    uint32_t given_bytes;

    memcpy(&given_bytes, given, sizeof given_bytes);
    if (given_bytes < sizeof given_bytes)
        return -EINVAL;
    for (uint32_t i = known_bytes; i < given_bytes; i++)
        if (bytes[i] != 0)
            return -E2BIG;
    memcpy(known, given, given_bytes < known_bytes ? given_bytes : known_bytes);
    return 0;
}

static void set_default(uint32_t *option, uint32_t value)
{
    if (*option == 0)
        *option = value;
}

/* Both or none. */
static bool is_batch(uint32_t batch_count, uint64_t batch_ns)
{
    if (batch_count == 0 && batch_ns == 0)
        return true;
    return batch_count >= 2 && batch_count <= 32768 && batch_ns >= 1000 && batch_ns <= 1000000000;
}

int pnd_shell_complete_options(struct pendio_loop_options *options)
{
    set_default(&options->operation_count, 4096);
    set_default(&options->handle_count, 4096);
    set_default(&options->done_budget, 16);
    set_default(&options->post_count, 256);
    set_default(&options->buffer_bytes, 4096);
    set_default(&options->buffer_count, 1024);
    set_default(&options->collect_bytes, 65536);
    set_default(&options->collect_count, 64);
    if (options->timer_slack_ns == 0)
        options->timer_slack_ns = 50000;
    if (options->flags != 0 || options->operation_count > 32768 ||
        options->handle_count > 0xfffff || options->post_count > 1u << 20 ||
        options->timer_slack_ns < 1000 || options->buffer_bytes > 1u << 20 ||
        options->buffer_count < 2 || options->buffer_count > 1u << 15 ||
        options->collect_bytes > 1u << 30 || options->spin_ns > 1000000000 ||
        options->reserved != 0 || !is_batch(options->batch_count, options->batch_ns))
        return -EINVAL;
    return 0;
}

int pendio_loop_create(const struct pendio_loop_options *options, struct pendio_loop **ret_loop)
{
    struct pendio_loop_options known = {0};
    struct pnd_loop *loop;
    int status = ret_loop == NULL ? -EINVAL : 0;

    if (status == 0 && options != NULL)
        status = pnd_shell_copy_options(&known, sizeof known, options);
    if (status == 0)
        status = pnd_shell_complete_options(&known);
    if (status == 0)
        status = pnd_loop_create(&known, &loop);
    if (status == 0)
        *ret_loop = (struct pendio_loop *)loop;
    return status;
}

const char *pendio_loop_explain(int status)
{
    return pnd_loop_explain(status);
}

const char *pendio_feature_name(uint64_t feature)
{
    return pnd_probe_feature_name(feature);
}

PND_HOT int pendio_loop_turn(struct pendio_loop *loop, int64_t timeout_ns,
                             struct pendio_completion *completions, uint32_t completion_count)
{
    struct pnd_loop *self = pnd_shell_loop(loop);
    int status = pnd_shell_check_loop(self);

    if (status == 0 && (timeout_ns < -1 || completion_count > INT32_MAX ||
                        (completions == NULL && completion_count != 0)))
        status = -EINVAL;
    return status < 0 ? status : pnd_loop_turn(self, timeout_ns, completions, completion_count);
}

int pendio_loop_flush(struct pendio_loop *loop)
{
    int status = pnd_shell_check_loop(pnd_shell_loop(loop));

    return status < 0 ? status : pnd_loop_flush(pnd_shell_loop(loop));
}

int pendio_loop_descriptor(struct pendio_loop *loop)
{
    int status = pnd_shell_check_loop(pnd_shell_loop(loop));

    return status < 0 ? status : pnd_host_descriptor(pnd_shell_loop(loop));
}

static int check_alive(const struct pnd_loop *loop)
{
    if (loop == NULL)
        return -EINVAL;
    return pnd_loop_is_alive(loop) ? 0 : -EPERM;
}

int pendio_loop_wake(struct pendio_loop *loop)
{
    int status = check_alive(pnd_shell_loop(loop));

    if (status == 0)
        pnd_wake_up(&pnd_shell_loop(loop)->wake);
    return status;
}

int pendio_loop_post(struct pendio_loop *loop, uint64_t user_data, uint64_t value)
{
    const struct pnd_post post = {.user_data = user_data, .value = value};
    int status = check_alive(pnd_shell_loop(loop));

    return status < 0 ? status : pnd_wake_post(&pnd_shell_loop(loop)->wake, post);
}

int pendio_loop_shutdown(struct pendio_loop *loop)
{
    int status = pnd_shell_check_loop(pnd_shell_loop(loop));

    if (status == 0)
        pnd_loop_shutdown(pnd_shell_loop(loop));
    return status;
}

int pendio_loop_destroy(struct pendio_loop *loop, int64_t drain_ns, uint64_t *ret_leaked_count)
{
    struct pnd_loop *self = pnd_shell_loop(loop);
    int status = pnd_shell_check_loop(self);
    uint64_t leaked_count;

    if (status == 0 && drain_ns < -1)
        status = -EINVAL;
    if (status == 0 && self->in_callback)
        status = -EBUSY;
    if (status < 0)
        return status;
    leaked_count = pnd_loop_destroy(self, drain_ns);
    if (ret_leaked_count != NULL)
        *ret_leaked_count = leaked_count;
    return 0;
}

int pendio_loop_stats(struct pendio_loop *loop, struct pendio_loop_statistics *ret_statistics)
{
    struct pendio_loop_statistics all;
    uint32_t byte_count;
    int status = pnd_shell_check_loop(pnd_shell_loop(loop));

    if (status == 0 && (ret_statistics == NULL || ret_statistics->size < 8))
        status = -EINVAL;
    if (status < 0)
        return status;
    pnd_loop_stats(pnd_shell_loop(loop), &all);
    byte_count = ret_statistics->size < sizeof all ? ret_statistics->size : (uint32_t)sizeof all;
    all.size = byte_count;
    memcpy(ret_statistics, &all, byte_count);
    return 0;
}

int pendio_cancel(struct pendio_loop *loop, pendio_run run)
{
    struct pnd_context *context;
    int status = pnd_shell_check_loop(pnd_shell_loop(loop));

    if (status < 0)
        return status;
    context = pnd_context_of_run(pnd_shell_loop(loop), run);
    if (context == NULL)
        return -ENOENT;
    pnd_context_stop(context, PND_STOP_BY_CANCEL);
    return 0;
}
