/*
 * group.c - the shell of the groups.
 */
#include "group.h"
#include "shell.h"

#include <string.h>
#include <unistd.h>

enum { LOOPS_MOST = 1024, CONTEXTS_DEFAULT = 16 };

static struct pnd_group *shell_group(struct pendio_group *group)
{
    return (struct pnd_group *)group;
}

/* 0, or the refusal of a call that any thread may make, and of one that the group's may not. */
static int check_alive(const struct pnd_group *group)
{
    if (group == NULL)
        return -EINVAL;
    return pnd_loop_is_alive(group->members[0].loop) ? 0 : -EPERM;
}

static int check_outside(const struct pnd_group *group)
{
    int status = check_alive(group);
    const struct pnd_member *self = pnd_group_self();

    if (status == 0 && self != NULL && self->group == group)
        status = -EBUSY;
    return status;
}

static uint32_t online_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    if (count < 1)
        return 1;
    return count < LOOPS_MOST ? (uint32_t)count : LOOPS_MOST;
}

/* The options of the loops are put beside those of the group. */
static int complete(struct pendio_group_options *options, struct pendio_loop_options *loop_options)
{
    int status = 0;

    if (options->flags != 0 || options->spread > PENDIO_SPREAD_MOVE || options->reserved != 0 ||
        options->loop_count > LOOPS_MOST || options->context_count > 32768)
        return -EINVAL;
    if (options->loop != NULL)
        status = pnd_shell_copy_options(loop_options, sizeof *loop_options, options->loop);
    if (status == 0)
        status = pnd_shell_complete_options(loop_options);
    options->loop = loop_options;
    if (options->loop_count == 0)
        options->loop_count = online_count();
    if (options->context_count == 0)
        options->context_count = CONTEXTS_DEFAULT;
    return status;
}

int pendio_group_create(const struct pendio_group_options *options, struct pendio_group **ret_group)
{
    struct pendio_group_options known = {0};
    struct pendio_loop_options loop_options = {0};
    struct pnd_group *group;
    int status = ret_group == NULL ? -EINVAL : 0;

    if (status == 0 && options != NULL)
        status = pnd_shell_copy_options(&known, sizeof known, options);
    if (status == 0)
        status = complete(&known, &loop_options);
    if (status == 0)
        status = pnd_group_create(&known, &group);
    if (status == 0)
        *ret_group = (struct pendio_group *)group;
    return status;
}

int pendio_group_loop(struct pendio_group *group, uint32_t index, struct pendio_loop **ret_loop)
{
    struct pnd_group *self = shell_group(group);
    int status = check_alive(self);

    if (status == 0 && (ret_loop == NULL || index >= self->thread_count))
        status = -EINVAL;
    if (status == 0)
        *ret_loop = (struct pendio_loop *)self->members[index].loop;
    return status;
}

int pendio_group_listen(struct pendio_group *group, const void *address, uint32_t byte_count,
                        uint32_t backlog, pendio_group_accepted_fn *accepted, void *state,
                        struct pendio_endpoint *ret_endpoint)
{
    struct pendio_endpoint endpoint = {.byte_count = byte_count};
    int status = check_outside(shell_group(group));

    if (status == 0 && (address == NULL || byte_count < 2 || byte_count > sizeof endpoint.address ||
                        backlog > INT32_MAX || accepted == NULL))
        status = -EINVAL;
    if (status < 0)
        return status;
    memcpy(endpoint.address, address, byte_count);
    return pnd_group_listen(shell_group(group), &endpoint, backlog, accepted, state, ret_endpoint);
}

int pendio_group_shutdown(struct pendio_group *group)
{
    int status = check_alive(shell_group(group));

    if (status == 0)
        pnd_group_shutdown(shell_group(group));
    return status;
}

int pendio_group_destroy(struct pendio_group *group, int64_t drain_ns, uint64_t *ret_leaked_count)
{
    int status = check_outside(shell_group(group));
    uint64_t leaked_count;

    if (status == 0 && drain_ns < -1)
        status = -EINVAL;
    if (status < 0)
        return status;
    leaked_count = pnd_group_destroy(shell_group(group), drain_ns);
    if (ret_leaked_count != NULL)
        *ret_leaked_count = leaked_count;
    return 0;
}
