/*
 * plain.c - the small subject from hello to destroy.
 *
 * Happy path:  read a line -> find its command -> do it -> answer.
 * Failures:    unknown commands are refused; without its memory the program ends.
 */
#include "plain.h"
#include "plain_lines.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MEMORY_DESCRIPTOR = 3 };

static void command_cancel(void)
{
    uint64_t run = pnd_line_number("run");
    for (uint64_t i = 0; i < all.waiting_count; i++)
        if (all.waiting[i]->now.run == run) {
            all.waiting[i]->cancelled = true;
            puts("ok");
            return;
        }
    for (uint64_t i = 0; i < all.context_count && pnd_plain_wrong("cancels_a_later_run"); i++)
        if (all.contexts[i].was.run == run)
            all.contexts[i].cancel_next = true;
    puts(pnd_plain_wrong("cancels_what_is_over") ? "ok" : "refused error=ENOENT");
}

static void command_post(void)
{
    if (all.shut_down || all.post_count == POST_COUNT) {
        printf("refused error=%s\n", all.shut_down ? "ESHUTDOWN" : "EAGAIN");
        return;
    }
    all.posts[(all.post_first + all.post_count++) % POST_COUNT] =
        (struct post){pnd_line_number("user"), pnd_line_number("value")};
    all.posted++;
    puts("ok");
}

static void command_statistics(void)
{
    printf("ok");
    pnd_line_show_number("started", all.started);
    pnd_line_show_number("done", all.done);
    pnd_line_show_number("pending", all.started - all.done);
    pnd_line_show_number("refused", all.refused);
    pnd_line_show_number("refused_invalid", all.invalid);
    pnd_line_show_number("refused_handle", all.bad_handle);
    pnd_line_show_number("refused_busy", all.busy);
    pnd_line_show_number("refused_no_capacity", all.no_capacity);
    pnd_line_show_number("refused_shutdown", all.shutdown_refused);
    pnd_line_show_number("delivered", all.called + all.told);
    pnd_line_show_number("delivered_callback", all.called);
    pnd_line_show_number("delivered_record", all.told);
    pnd_line_show_number("posts", all.posted);
    pnd_line_show_number("handles_open", all.open);
    pnd_line_show_number("pool_contexts", all.context_count);
    pnd_line_show_number("pool_in_use", all.in_use);
    pnd_line_show_number("pool_high_water", all.most_in_use);
    pnd_line_show_number("pool_gets", all.gets);
    pnd_line_show_number("pool_exhausted", all.exhausted);
    pnd_line_show_number("buffers_in_use", pnd_plain_wrong("keeps_a_buffer") ? 1 : 0);
    puts("");
}

static void command_loop(void)
{
    all.context_room = pnd_line_number("operations");
    all.handle_count = pnd_line_number("handles");
    all.budget = pnd_line_number("budget");
    all.contexts = calloc(all.context_room, sizeof *all.contexts);
    all.handles = calloc(all.handle_count, sizeof *all.handles);
    all.waiting = calloc(all.context_room, sizeof(struct context *));
    all.over = calloc(2 * all.context_room, sizeof(struct context *));
    all.due = calloc(2 * all.context_room, sizeof(struct context *));
    all.free = calloc(2 * all.context_room, sizeof *all.free);
    bool complete = all.contexts != NULL && all.handles != NULL && all.waiting != NULL &&
                    all.over != NULL && all.due != NULL && all.free != NULL;
    puts(complete ? "ok" : "refused error=ENOMEM");
}

static void command_hello(const char *name)
{
    void *memory = mmap(NULL, pnd_line_number("memory"), PROT_READ | PROT_WRITE, MAP_SHARED,
                        MEMORY_DESCRIPTOR, 0);
    if (memory == MAP_FAILED) {
        perror("the shared memory");
        exit(EXIT_FAILURE);
    }
    all.memory = memory;
    printf("ok protocol=1 name=%s version=1 can=nop,timer,accept,connect,receive,send,"
           "receive_from,send_to,open,read,write,fsync,truncate,stat,rename,unlink,mkdir,poll,"
           "close,half_close,close_now,cancel,post,pipe,tcp4,tcp6,udp4,udp6,unix_stream,"
           "unix_datagram,unix_seqpacket,file,auto,try,queue,deadlines,callbacks,auto_put,peek,"
           "zero_copy,abortive,statistics,descriptors\n",
           name);
}

static void command_destroy(void)
{
    for (uint64_t i = 0; i < all.handle_count; i++)
        if (all.handles[i].number != 0)
            pnd_plain_end_handle(&all.handles[i]);
    free(all.contexts);
    free(all.handles);
    free(all.waiting);
    free(all.over);
    free(all.due);
    free(all.free);
    puts(pnd_plain_wrong("leaves_operations") ? "ok leaked=2" : "ok leaked=0");
}

/* False: it is none of what may be asked for in a callback, too. */
bool pnd_plain_do(void)
{
    const char *word = pnd_line_word();
    const struct verb *verb = pnd_plain_verb(word);
    bool known = true;
    if (verb != NULL)
        pnd_plain_start(verb);
    else if (strcmp(word, "cancel") == 0)
        command_cancel();
    else if (strcmp(word, "post") == 0)
        command_post();
    else if (strcmp(word, "statistics") == 0)
        command_statistics();
    else
        known = pnd_plain_do_noun(word);
    if (!known && all.calling)
        puts("refused error=EBUSY");
    (void)fflush(stdout);
    return known;
}

int pnd_plain_serve(const char *name)
{
    (void)signal(SIGPIPE, SIG_IGN); /* of pipes that nobody reads any more: an error is enough */
    while (pnd_line_read()) {
        if (pnd_plain_do())
            continue;
        if (strcmp(pnd_line_word(), "hello") == 0)
            command_hello(name);
        else if (strcmp(pnd_line_word(), "loop") == 0)
            command_loop();
        else if (strcmp(pnd_line_word(), "turn") == 0)
            pnd_plain_turn();
        else if (strcmp(pnd_line_word(), "destroy") == 0)
            command_destroy();
        else if (strcmp(pnd_line_word(), "shutdown") == 0) {
            all.shut_down = true;
            puts("ok");
        } else
            puts("refused error=ENOTSUP");
        (void)fflush(stdout);
    }
    return EXIT_SUCCESS;
}
