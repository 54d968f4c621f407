/*
 * own.c - libpendio itself as a subject in another process: an adapter as SUBJECT.md asks for.
 *
 * Happy path:  each command is the call of its name; what a context shows is read back from it.
 * Failures:    refusals are handed on; without its memory the program ends.
 */
#include "own.h"
#include "plain_lines.h"

#include <pendio/pendio.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MEMORY_DESCRIPTOR = 3, PIECE_COUNT = 2048, RECORD_COUNT = 4096 };

struct own own;

struct own_context *pnd_own_context(void)
{
    return &own.contexts[pnd_line_number("context") - 1];
}

void pnd_own_answer(int status)
{
    if (status < 0)
        printf("refused error=%s\n", strerrorname_np(-status));
    else
        puts("ok");
}

static void completed(const struct pendio_completion *told, void *state)
{
    (void)state;
    pnd_own_tell("called", told);
    (void)fflush(stdout);
    while (pnd_line_read() && strcmp(pnd_line_word(), "return") != 0)
        pnd_own_do();
}

static void command_turn(void)
{
    static struct pendio_completion records[RECORD_COUNT];
    uint64_t most = pnd_line_number("count");
    int count = pendio_loop_turn(own.loop, (int64_t)pnd_line_number("timeout"), records,
                                 most < RECORD_COUNT ? (uint32_t)most : RECORD_COUNT);
    for (int i = 0; i < count; i++)
        if (records[i].context != NULL)
            pnd_own_tell("told", &records[i]);
        else
            printf("posted user=%llu value=%llu\n", (unsigned long long)records[i].user_data,
                   (unsigned long long)records[i].value);
    if (count < 0)
        printf("end error=%s\n", strerrorname_np(-count));
    else
        puts("end");
}

/* ------------------------------------------------------------------------------------------------
 * Pools and contexts
 * --------------------------------------------------------------------------------------------- */

/* The arena is the shared memory: libpendio's own is none of it. */
static int set_slice(const struct own_context *context)
{
    uint8_t *slice = context->slice == 0 ? NULL : own.memory + context->slice;
    return pendio_context_set_memory(context->context, slice, context->slice_bytes);
}

static void command_pool(void)
{
    struct own_pool *pool = &own.pools[own.pool_count];
    const struct pendio_pool_options options = {
        .size = sizeof options,
        .context_count = (uint32_t)pnd_line_number("contexts"),
    };
    pool->memory = pnd_line_number("memory");
    pool->slice_bytes = pnd_line_number("slice");
    int status = own.pool_count == OWN_POOL_COUNT
                     ? -ENOMEM
                     : pendio_pool_create(own.loop, &options, &pool->pool);
    if (status < 0)
        pnd_own_answer(status);
    else
        printf("ok pool=%u\n", ++own.pool_count);
}

static void command_get(void)
{
    struct own_pool *pool = &own.pools[pnd_line_number("pool") - 1];
    struct pendio_context *context = NULL;
    int status = pendio_pool_get(pool->pool, &context);
    if (status < 0) {
        pnd_own_answer(status);
        return;
    }
    struct own_context *known = pnd_own_find(context);
    if (known == own.contexts + own.context_count) {
        own.context_count++;
        known->context = context;
        known->slice_bytes = pool->slice_bytes;
        known->slice = pool->slice_bytes > 0 ? pool->memory : 0;
        known->lend = own.lend_offset +
                      (uint64_t)(known - own.contexts) * (own.lend_bytes / own.context_room);
        pool->memory += pool->slice_bytes;
    }
    (void)set_slice(known);
    printf("ok context=%llu", (unsigned long long)(known - own.contexts + 1));
    pnd_own_show(known);
}

static int set_pieces(struct pendio_context *context)
{
    static struct pendio_bytes pieces[PIECE_COUNT];
    uint32_t count = 0;
    char *at = (char *)(uintptr_t)pnd_line_raw("pieces");
    while (*at >= '0' && *at <= '9' && count < PIECE_COUNT) {
        uint64_t offset = strtoull(at, &at, 10);
        pieces[count].byte_count = strtoull(at + 1, &at, 10);
        pieces[count++].memory = own.memory + offset;
        at += *at == ',';
    }
    return pendio_context_set_pieces(context, pieces, count);
}

static int set_memory(const struct own_context *context)
{
    uint64_t offset = 0;
    uint64_t byte_count = 0;
    int status = 0;
    if (pnd_line_has("slice"))
        status = set_slice(context);
    pnd_line_range("memory", &offset, &byte_count);
    if (pnd_line_has("memory"))
        status = pendio_context_set_memory(context->context,
                                           offset != 0 ? own.memory + offset : NULL, byte_count);
    if (pnd_line_has("lending"))
        status = pendio_context_set_lending(context->context);
    if (pnd_line_has("pieces"))
        status = set_pieces(context->context);
    pnd_line_range("window", &offset, &byte_count);
    if (status == 0 && pnd_line_has("window"))
        status = pendio_context_set_window(context->context, offset, byte_count);
    return status;
}

static int set_endpoint(struct pendio_context *context)
{
    struct sockaddr_storage address;
    socklen_t byte_count = 0;
    pnd_line_address("endpoint", &address, &byte_count);
    return pendio_context_set_endpoint(context, byte_count > 0 ? &address : NULL, byte_count);
}

static void command_set(void)
{
    const struct own_context *context = pnd_own_context();
    struct pendio_context *set = context->context;
    const char *policy = pnd_line_text("policy");
    int status = 0;
    if (pnd_line_has("policy"))
        status = pendio_context_set_policy(set, *policy == 'a'   ? PENDIO_AUTO
                                                : *policy == 't' ? PENDIO_TRY
                                                                 : PENDIO_QUEUE);
    if (status == 0 && pnd_line_has("flags"))
        status = pendio_context_set_flags(set, pnd_line_names("flags", pnd_line_flags));
    if (status == 0 && pnd_line_has("deadline"))
        status = pendio_context_set_deadline(set, pnd_line_number("deadline"));
    if (status == 0 && pnd_line_has("user"))
        status = pendio_context_set_user_data(set, pnd_line_number("user"));
    if (status == 0 && pnd_line_has("callback"))
        status = pendio_context_set_callback(
            set, pnd_line_number("callback") != 0 ? completed : NULL, NULL);
    if (status == 0)
        status = set_memory(context);
    if (status == 0 && pnd_line_has("endpoint"))
        status = set_endpoint(set);
    if (status < 0) {
        pnd_own_answer(status);
        return;
    }
    printf("ok");
    pnd_own_show(context);
}

/* ------------------------------------------------------------------------------------------------
 * Loop
 * --------------------------------------------------------------------------------------------- */

static void command_hello(void)
{
    void *memory = mmap(NULL, pnd_line_number("memory"), PROT_READ | PROT_WRITE, MAP_SHARED,
                        MEMORY_DESCRIPTOR, 0);
    if (memory == MAP_FAILED) {
        perror("the shared memory");
        exit(EXIT_FAILURE);
    }
    own.memory = memory;
    own.memory_bytes = pnd_line_number("memory");
    pnd_line_range("lend", &own.lend_offset, &own.lend_bytes);
    puts("ok protocol=1 name=libpendio version=" PENDIO_VERSION_TEXT
         " can=nop,timer,accept,connect,connect_name,receive,send,receive_from,send_to,"
         "receive_message,send_message,send_packets,splice,open,read,write,fsync,truncate,stat,"
         "rename,unlink,mkdir,poll,disconnect,close,half_close,close_now,cancel,post,pipe,tcp4,"
         "tcp6,udp4,udp6,unix_stream,unix_datagram,unix_seqpacket,file,auto,try,queue,deadlines,"
         "callbacks,vectors,lending,auto_put,peek,zero_copy,first_data,prepared,reuse,abortive,"
         "statistics");
}

static void command_loop(void)
{
    const struct pendio_loop_options options = {
        .size = sizeof options,
        .operation_count = (uint32_t)pnd_line_number("operations"),
        .handle_count = (uint32_t)pnd_line_number("handles"),
        .done_budget = (uint32_t)pnd_line_number("budget"),
        .buffer_bytes = (uint32_t)pnd_line_number("buffer_bytes"),
        .buffer_count = (uint32_t)pnd_line_number("buffer_count"),
        .collect_bytes = (uint32_t)pnd_line_number("collect_bytes"),
        .collect_count = (uint32_t)pnd_line_number("collect_count"),
        .spin_ns = pnd_line_number("spin"),
        .batch_ns = pnd_line_number("batch"),
        .batch_count = (uint32_t)pnd_line_number("batch_count"),
    };
    own.context_room = options.operation_count;
    own.contexts = calloc(options.operation_count + 1, sizeof *own.contexts);
    int status = own.contexts == NULL ? -ENOMEM : pendio_loop_create(&options, &own.loop);
    if (status < 0)
        printf("refused error=%s because=%s\n", strerrorname_np(-status),
               pendio_loop_explain(status));
    else
        puts("ok");
}

static void command_statistics(void)
{
    struct pendio_loop_statistics s = {.size = sizeof s};
    (void)pendio_loop_stats(own.loop, &s);
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {
        {"started", s.started},
        {"done", s.done},
        {"pending", s.pending},
        {"refused", s.refused},
        {"refused_invalid", s.refused_invalid},
        {"refused_handle", s.refused_handle},
        {"refused_busy", s.refused_busy},
        {"refused_no_capacity", s.refused_no_capacity},
        {"refused_shutdown", s.refused_shutdown},
        {"delivered", s.delivered},
        {"delivered_callback", s.delivered_callback},
        {"delivered_record", s.delivered_record},
        {"posts", s.posts},
        {"handles_open", s.handles_open},
        {"pool_contexts", s.pool_contexts},
        {"pool_in_use", s.pool_in_use},
        {"pool_high_water", s.pool_high_water},
        {"pool_gets", s.pool_gets},
        {"pool_exhausted", s.pool_exhausted},
        {"buffers", s.buffers},
        {"buffers_in_use", s.buffers_in_use},
        {"connections_collected", s.connections_collected},
    };
    printf("ok");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        pnd_line_show_number(numbers[i].key, numbers[i].number);
    puts("");
}

static void command_destroy(void)
{
    uint64_t leaked_count = 0;
    (void)pendio_loop_destroy(own.loop, -1, &leaked_count);
    for (uint32_t i = 0; i < own.context_count; i++)
        free(own.contexts[i].packets);
    free(own.contexts);
    printf("ok leaked=%llu\n", (unsigned long long)leaked_count);
}

static void command_post(void)
{
    pnd_own_answer(pendio_loop_post(own.loop, pnd_line_number("user"), pnd_line_number("value")));
}

static void command_cancel(void)
{
    pnd_own_answer(pendio_cancel(own.loop, pnd_line_number("run")));
}

static void command_put(void)
{
    pnd_own_answer(pendio_pool_put(pnd_own_context()->context));
}

static void command_shutdown(void)
{
    pnd_own_answer(pendio_loop_shutdown(own.loop));
}

void pnd_own_do(void)
{
    static const struct {
        const char *word;
        void (*run)(void);
    } commands[] = {
        {"hello", command_hello},       {"loop", command_loop},
        {"pool", command_pool},         {"get", command_get},
        {"put", command_put},           {"set", command_set},
        {"turn", command_turn},         {"post", command_post},
        {"cancel", command_cancel},     {"statistics", command_statistics},
        {"shutdown", command_shutdown}, {"destroy", command_destroy},
    };
    size_t i = 0;
    while (i < sizeof commands / sizeof *commands && strcmp(commands[i].word, pnd_line_word()) != 0)
        i++;
    if (i < sizeof commands / sizeof *commands)
        commands[i].run();
    else if (!pnd_own_do_handle() && !pnd_own_do_start())
        puts("refused error=ENOTSUP");
    (void)fflush(stdout);
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    while (pnd_line_read())
        pnd_own_do();
    return EXIT_SUCCESS;
}
