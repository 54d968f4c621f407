/*
 * foreign_context.c - contexts of a foreign subject: what is set in them.
 *
 * Happy path:  setters -> one `set`, whose answer shows the context.
 * Failures:    a setter of a context in use is told at once, and its refusal handed on.
 */
#include "foreign_proxy.h"

#include <errno.h>
#include <string.h>

uint64_t pnd_foreign_offset(const struct pnd_foreign *foreign, const void *memory)
{
    return memory == NULL ? 0 : (uint64_t)((const uint8_t *)memory - foreign->link.process.base);
}

struct pendio_context *pnd_foreign_find(struct pnd_foreign *foreign, uint64_t number)
{
    uint32_t index = pnd_table_find(&foreign->numbers, number);
    return &foreign->faces[index == PND_TABLE_NOTHING ? foreign->context_capacity : index];
}

void pnd_foreign_context_renew(struct pendio_context *context)
{
    context->state->changes = 0;
    context->state->piece_count = 0;
    context->state->wanted = (struct pendio_request){0};
}

/* ------------------------------------------------------------------------------------------------
 * Setters
 * --------------------------------------------------------------------------------------------- */

static void add_flags(struct pnd_foreign_link *link, uint32_t bits)
{
    pnd_foreign_link_add(link, " flags=");
    const char *comma = "";
    for (uint32_t i = 0; pnd_foreign_flags[i] != NULL; i++)
        if ((bits & UINT32_C(1) << i) != 0) {
            pnd_foreign_link_add(link, "%s%s", comma, pnd_foreign_flags[i]);
            comma = ",";
        }
}

static void add_pieces(const struct pnd_foreign_context *context, struct pnd_foreign_link *link)
{
    pnd_foreign_link_add(link, " pieces=");
    for (uint32_t i = 0; i < context->piece_count; i++)
        pnd_foreign_link_add(
            link, "%s%llu+%zu", i > 0 ? "," : "",
            (unsigned long long)pnd_foreign_offset(context->foreign, context->pieces[i].memory),
            context->pieces[i].byte_count);
}

static void add_memory(const struct pnd_foreign_context *context, struct pnd_foreign_link *link)
{
    const struct pendio_request *wanted = &context->wanted;
    if ((context->changes & PND_FOREIGN_SLICE) != 0)
        pnd_foreign_link_add(link, " slice=1");
    if ((context->changes & PND_FOREIGN_MEMORY) != 0)
        pnd_foreign_link_add(
            link, " memory=%llu+%llu",
            (unsigned long long)pnd_foreign_offset(context->foreign, wanted->memory),
            (unsigned long long)wanted->byte_count);
    if ((context->changes & PND_FOREIGN_PIECES) != 0)
        add_pieces(context, link);
    if ((context->changes & PND_FOREIGN_LENDING) != 0)
        pnd_foreign_link_add(link, " lending=1");
    if ((context->changes & PND_FOREIGN_WINDOW) != 0)
        pnd_foreign_link_add(link, " window=%llu+%llu", (unsigned long long)wanted->window_offset,
                             (unsigned long long)wanted->window_bytes);
}

static void add_changes(const struct pnd_foreign_context *context, struct pnd_foreign_link *link)
{
    char address[PND_FOREIGN_ADDRESS_BYTES];
    const struct pendio_request *wanted = &context->wanted;
    if ((context->changes & PND_FOREIGN_POLICY) != 0)
        pnd_foreign_link_add(link, " policy=%s", pnd_foreign_policies[wanted->policy]);
    if ((context->changes & PND_FOREIGN_FLAGS) != 0)
        add_flags(link, wanted->flags);
    if ((context->changes & PND_FOREIGN_DEADLINE) != 0)
        pnd_foreign_link_add(link, " deadline=%llu", (unsigned long long)wanted->deadline_ns);
    if ((context->changes & PND_FOREIGN_USER) != 0)
        pnd_foreign_link_add(link, " user=%llu", (unsigned long long)wanted->user_data);
    if ((context->changes & PND_FOREIGN_CALLBACK) != 0)
        pnd_foreign_link_add(link, " callback=%d", wanted->completed != NULL);
    add_memory(context, link);
    if ((context->changes & PND_FOREIGN_ENDPOINT) != 0)
        pnd_foreign_link_add(link, " endpoint=%s",
                             pnd_foreign_line_tell_address(&wanted->endpoint, address));
}

/* What is sent and verified is where the context shows it: so that must be where it was set. */
static bool shows_what_was_set(const struct pnd_foreign_context *context, uint32_t changes)
{
    const struct pendio_request *shown = &context->shown.request;
    const struct pendio_request *wanted = &context->wanted;
    const struct {
        uint32_t change;
        bool same;
    } fields[] = {
        {PND_FOREIGN_POLICY, shown->policy == wanted->policy},
        {PND_FOREIGN_FLAGS, shown->flags == wanted->flags},
        {PND_FOREIGN_DEADLINE, shown->deadline_ns == wanted->deadline_ns},
        {PND_FOREIGN_USER, shown->user_data == wanted->user_data},
        {PND_FOREIGN_CALLBACK, shown->completed == wanted->completed},
        {PND_FOREIGN_MEMORY,
         shown->memory == wanted->memory && shown->byte_count == wanted->byte_count},
        {PND_FOREIGN_PIECES, shown->piece_count == context->piece_count},
        {PND_FOREIGN_WINDOW, shown->window_offset == wanted->window_offset &&
                                 shown->window_bytes == wanted->window_bytes},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if ((changes & fields[i].change) != 0 && !fields[i].same)
            return false;
    return true;
}

int pnd_foreign_context_tell(struct pendio_context *face)
{
    struct pnd_foreign_context *context = face->state;
    struct pnd_foreign_link *link = &context->foreign->link;
    if (context->changes == 0)
        return 0;
    pnd_foreign_link_begin(link, "set");
    pnd_foreign_link_add(link, " context=%llu", (unsigned long long)context->number);
    add_changes(context, link);
    uint32_t changes = context->shown.run == 0 ? context->changes : 0; /* else it must refuse */
    context->changes = 0;
    int status = pnd_foreign_link_ask(link);
    if (status == 0)
        status = pnd_foreign_link_status(link);
    if (status == 0)
        status = pnd_foreign_context_see(face);
    if (status < 0 || shows_what_was_set(context, changes))
        return status;
    return pnd_foreign_link_fail(link, PENDIO__VERDICT__FAILED,
                                 "shows something else than was set: \"%.120s\"", link->quoted);
}

/* The subject is asked at once when it should refuse; else when there is more to say. */
static int changed(struct pendio_context *context, uint32_t change)
{
    context->state->changes |= change;
    return context->state->shown.run != 0 ? pnd_foreign_context_tell(context) : 0;
}

static int set_policy(struct pendio_context *context, uint32_t policy)
{
    context->state->wanted.policy = policy;
    bool same = context->state->shown.run == 0 && context->state->shown.request.policy == policy;
    return same ? 0 : changed(context, PND_FOREIGN_POLICY);
}

static int set_flags(struct pendio_context *context, uint32_t bits)
{
    context->state->wanted.flags = bits;
    return context->state->shown.request.flags == bits ? 0 : changed(context, PND_FOREIGN_FLAGS);
}

static int set_deadline(struct pendio_context *context, uint64_t after_ns)
{
    context->state->wanted.deadline_ns = after_ns;
    bool same = context->state->shown.request.deadline_ns == after_ns;
    return same ? 0 : changed(context, PND_FOREIGN_DEADLINE);
}

static int set_user_data(struct pendio_context *context, uint64_t user_data)
{
    context->state->wanted.user_data = user_data;
    return changed(context, PND_FOREIGN_USER);
}

static int set_callback(struct pendio_context *context, pendio_completed_fn *completed, void *state)
{
    bool same = context->state->shown.request.completed == completed;
    context->state->wanted.completed = completed;
    context->state->wanted.completed_state = state;
    return same ? 0 : changed(context, PND_FOREIGN_CALLBACK);
}

/* One kind of memory takes the place of another, and of its window. */
static int changed_memory(struct pendio_context *context, uint32_t kind)
{
    if (kind != PND_FOREIGN_PIECES)
        context->state->piece_count = 0;
    context->state->changes &=
        ~(uint32_t)(PND_FOREIGN_SLICE | PND_FOREIGN_MEMORY | PND_FOREIGN_PIECES |
                    PND_FOREIGN_LENDING | PND_FOREIGN_WINDOW);
    return changed(context, kind);
}

static int set_slice(struct pendio_context *context)
{
    return changed_memory(context, PND_FOREIGN_SLICE);
}

static int set_memory(struct pendio_context *context, void *memory, size_t byte_count)
{
    context->state->wanted.memory = memory;
    context->state->wanted.byte_count = byte_count;
    return changed_memory(context, PND_FOREIGN_MEMORY);
}

static int set_pieces(struct pendio_context *context, const struct pendio_bytes *pieces,
                      uint32_t piece_count)
{
    if (piece_count > 0 && context->state->pieces == NULL)
        return pnd_foreign_link_fail(&context->state->foreign->link, PENDIO__VERDICT__FAILED,
                                     "gave more contexts of a pool than it has");
    if (piece_count > 0)
        memcpy(context->state->pieces, pieces, piece_count * sizeof *pieces);
    context->state->piece_count = piece_count;
    return changed_memory(context, PND_FOREIGN_PIECES);
}

static int set_lending(struct pendio_context *context)
{
    return changed_memory(context, PND_FOREIGN_LENDING);
}

static int set_window(struct pendio_context *context, size_t offset, size_t byte_count)
{
    context->state->wanted.window_offset = offset;
    context->state->wanted.window_bytes = byte_count;
    return changed(context, PND_FOREIGN_WINDOW);
}

static int set_endpoint(struct pendio_context *context, const void *address, uint32_t byte_count)
{
    struct pendio_endpoint endpoint = {.byte_count = byte_count};
    if (byte_count > 0)
        memcpy(endpoint.address, address, byte_count);
    context->state->wanted.endpoint = endpoint;
    return changed(context, PND_FOREIGN_ENDPOINT);
}

/* What matters in control data is the run's own process's: none is ever asked for. */
static int set_control(struct pendio_context *context, void *memory, size_t byte_count)
{
    (void)context;
    (void)memory;
    return byte_count == 0 ? 0 : -ENOTSUP;
}

void pnd_foreign_context_fill(struct pnd_subject *subject)
{
    subject->context_set_memory = set_memory;
    subject->context_set_slice = set_slice;
    subject->context_set_pieces = set_pieces;
    subject->context_set_lending = set_lending;
    subject->context_set_window = set_window;
    subject->context_set_endpoint = set_endpoint;
    subject->context_set_control = set_control;
    subject->context_set_flags = set_flags;
    subject->context_set_policy = set_policy;
    subject->context_set_deadline = set_deadline;
    subject->context_set_user_data = set_user_data;
    subject->context_set_callback = set_callback;
}
