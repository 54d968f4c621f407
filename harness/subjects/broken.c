/*
 * broken.c - the small subject with one fault, named by its argument: what has to be caught.
 *
 * Happy path:  without an argument, or with "none", it is right in everything.
 * Failures:    one of those below. The first ones break the protocol itself, when the fifth turn is
 *              asked for; plain.c and its neighbours have the others, which break the contract.
 */
#include "plain.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TURN = 5 };

static const char *chosen = "none";

static void die(void)
{
    (void)fprintf(stderr, "farewell\n");
    (void)raise(SIGKILL);
}

static void leave(void)
{
    (void)fprintf(stderr, "enough of this\n");
    exit(7);
}

static void be_silent(void)
{
    for (;;)
        (void)pause();
}

static void babble(void)
{
    puts("Lorem ipsum dolor");
}

static void write_no_text(void)
{
    (void)fwrite("told \0\x80\n", 1, 8, stdout);
}

static void write_without_end(void)
{
    for (;;)
        (void)printf("and so on ");
}

static void write_unasked(void)
{
    puts("end\nend\nend");
}

static void point_elsewhere(void)
{
    puts("told context=1 operation=nop run=1 set.memory=99999999999 set.bytes=1 set.window=0+1");
}

static const struct {
    const char *name;
    void (*act)(void);
} breaches[] = {
    {"dies", die},
    {"leaves", leave},
    {"is_silent", be_silent},
    {"babbles", babble},
    {"writes_no_text", write_no_text},
    {"writes_without_end", write_without_end},
    {"writes_unasked", write_unasked},
    {"points_elsewhere", point_elsewhere},
};

bool pnd_plain_wrong(const char *fault)
{
    static uint64_t last_turn;
    for (size_t i = 0; i < sizeof breaches / sizeof *breaches; i++)
        if (all.turn >= TURN && all.turn != last_turn && strcmp(chosen, breaches[i].name) == 0) {
            last_turn = all.turn;
            breaches[i].act();
        }
    return strcmp(fault, chosen) == 0;
}

int main(int count, char **arguments)
{
    if (count > 1)
        chosen = arguments[1];
    if (strcmp(chosen, "is_mute") == 0)
        be_silent();
    int status = pnd_plain_serve("broken");
    return strcmp(chosen, "ends_badly") == 0 ? EXIT_FAILURE : status;
}
