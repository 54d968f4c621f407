/*
 * context.c - the shell of the context's functions: request half, result half.
 */
#include "request.h"
#include "shell.h"

#include <string.h>

PND_HOT int pendio_context_set_memory(struct pendio_context *context, void *memory,
                                      size_t byte_count)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0 && memory == NULL && byte_count != 0)
        status = -EINVAL;
    if (status < 0)
        return status;
    pnd_request_set_memory(self, memory, byte_count);
    return 0;
}

int pendio_context_set_slice(struct pendio_context *context)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0)
        pnd_request_set_slice(self);
    return status;
}

int pendio_context_set_lending(struct pendio_context *context)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0)
        pnd_request_set_lending(self);
    return status;
}

int pendio_context_set_pieces(struct pendio_context *context, const struct pendio_bytes *pieces,
                              uint32_t piece_count)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0 && pieces == NULL && piece_count != 0)
        status = -EINVAL;
    return status < 0 ? status : pnd_request_set_pieces(self, pieces, piece_count);
}

int pendio_context_set_window(struct pendio_context *context, size_t offset, size_t byte_count)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    return status < 0 ? status : pnd_request_set_window(self, offset, byte_count);
}

int pendio_context_set_control(struct pendio_context *context, void *memory, size_t byte_count)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0 && (memory == NULL) != (byte_count == 0))
        status = -EINVAL;
    return status < 0 ? status : pnd_request_set_control(self, memory, byte_count);
}

int pendio_context_set_endpoint(struct pendio_context *context, const void *address,
                                uint32_t byte_count)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0 && (address == NULL ? byte_count != 0 : byte_count < 2))
        status = -EINVAL;
    if (status == 0 && byte_count > sizeof pnd_context_extra(self)->endpoint.address)
        status = -EINVAL;
    if (status < 0)
        return status;
    pnd_context_use_extra(self)->endpoint.byte_count = byte_count;
    if (address != NULL)
        memcpy(pnd_context_extra(self)->endpoint.address, address, byte_count);
    return 0;
}

int pendio_context_set_policy(struct pendio_context *context, uint32_t policy)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0 && policy > PENDIO_QUEUE)
        status = -EINVAL;
    if (status == 0)
        self->policy = (uint8_t)policy;
    return status;
}

int pendio_context_set_deadline(struct pendio_context *context, uint64_t after_ns)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0)
        pnd_request_set_deadline(self, after_ns);
    return status;
}

int pendio_context_set_flags(struct pendio_context *context, uint32_t flags)
{
    static const uint32_t known =
        PENDIO_AUTO_PUT | PENDIO_PEEK | PENDIO_ZERO_COPY | PENDIO_FIRST_DATA;
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0 && (flags & ~known) != 0)
        status = -EINVAL;
    if (status == 0)
        pnd_request_set_flags(self, flags);
    return status;
}

int pendio_context_set_user_data(struct pendio_context *context, uint64_t user_data)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status == 0)
        self->user_data = user_data;
    return status;
}

int pendio_context_set_callback(struct pendio_context *context, pendio_completed_fn *completed,
                                void *state)
{
    struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_setter(self);

    if (status < 0)
        return status;
    pnd_request_set_callback(self, completed, state);
    return 0;
}

/* As many bytes of the structure as the caller has room for; both begin with their size. */
static int give(const struct pnd_context *context, void *all, uint32_t all_bytes, void *ret_some)
{
    uint32_t byte_count = 0;
    int status = pnd_shell_check_context(context);

    if (status == 0 && ret_some != NULL)
        memcpy(&byte_count, ret_some, sizeof byte_count);
    if (status == 0 && byte_count < 8)
        status = -EINVAL;
    if (status < 0)
        return status;
    if (byte_count > all_bytes)
        byte_count = all_bytes;
    memcpy(all, &byte_count, sizeof byte_count);
    memcpy(ret_some, all, byte_count);
    return 0;
}

int pendio_context_request(const struct pendio_context *context, struct pendio_request *ret_request)
{
    const struct pnd_context *self = pnd_shell_context(context);
    struct pendio_request all = {.size = 0};

    if (pnd_shell_check_context(self) == 0)
        pnd_request_read(self, &all);
    return give(self, &all, sizeof all, ret_request);
}

int pendio_context_result(const struct pendio_context *context,
                          struct pendio_completion *ret_completion)
{
    const struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_context(self);

    if (status == 0 && ret_completion == NULL)
        status = -EINVAL;
    if (status == 0)
        pnd_context_read_result(self, ret_completion);
    return status;
}

int pendio_context_sender(const struct pendio_context *context,
                          struct pendio_endpoint *ret_endpoint)
{
    const struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_context(self);

    if (status == 0 && ret_endpoint == NULL)
        status = -EINVAL;
    if (status == 0)
        *ret_endpoint = pnd_context_extra(self)->sender;
    return status;
}

static void read_message(const struct pnd_context *context, struct pendio_message *ret_message)
{
    const struct pnd_context_extra *extra = pnd_context_extra(context);
    const struct pnd_operation *operation = context->operation;

    if (operation == NULL || operation->code != PENDIO_OPERATION_RECEIVE_MESSAGE)
        return;
    ret_message->interface_index = extra->told.interface_index;
    ret_message->control_bytes = extra->told.control_bytes;
    ret_message->sender = extra->sender;
    ret_message->destination = extra->told.destination;
}

int pendio_context_message(const struct pendio_context *context, struct pendio_message *ret_message)
{
    const struct pnd_context *self = pnd_shell_context(context);
    struct pendio_message all = {.size = 0};

    if (pnd_shell_check_context(self) == 0)
        read_message(self, &all);
    return give(self, &all, sizeof all, ret_message);
}

int pendio_context_window(const struct pendio_context *context, void **ret_memory,
                          size_t *ret_byte_count)
{
    const struct pnd_context *self = pnd_shell_context(context);
    int status = pnd_shell_check_context(self);

    if (status == 0 && (ret_memory == NULL || ret_byte_count == NULL))
        status = -EINVAL;
    if (status < 0)
        return status;
    *ret_memory = self->window.memory;
    *ret_byte_count = self->window.byte_count;
    return 0;
}

pendio_run pendio_context_run(const struct pendio_context *context)
{
    const struct pnd_context *self = pnd_shell_context(context);
    bool in_use = pnd_shell_check_context(self) == 0 && pnd_context_check_free(self) == -EBUSY;

    return in_use ? self->token : 0;
}
