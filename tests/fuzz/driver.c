/*
 * driver.c - runs a target where there is no libFuzzer: a corpus, then random changes of it.
 *
 * usage: TARGET [-seconds=N] [-seed=N] FILE|DIRECTORY...
 *
 * Happy path:  every file once -> changed ones for so many seconds -> one line with the counts. The
 *              same seed tries the same inputs in the same order.
 * Failures:    an input that the target does not return from within ten seconds, or with which it
 *              ends, is printed in hexadecimal: `xxd -r -p` makes it a file for the corpus.
 */
#include "fuzz.h"

#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    INPUT_LIMIT = 4096, /* of files */
    INPUT_BYTES = 1 << 16,
    CHANGE_COUNT = 6, /* to one input, at most */
    PATIENCE_S = 10,
    MEMORY_KIB = 1 << 20, /* that a target may have used, the sanitizer's own included */
};

struct input {
    uint8_t *bytes;
    size_t byte_count;
};

static struct input inputs[INPUT_LIMIT];
static size_t input_count;
static uint64_t random_state = 1;

/* The one at hand, to be told when it is the last. */
static uint8_t tried[INPUT_BYTES];
static size_t tried_bytes;

/* Of the sanitizer, where there is one. */
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* ------------------------------------------------------------------------------------------------
 * What went wrong
 * --------------------------------------------------------------------------------------------- */

static void print_tried(void)
{
    static const char digits[] = "0123456789abcdef";
    static const char head[] = "\nthe input, in hexadecimal:\n";
    static char text[2 * INPUT_BYTES + 1];
    size_t length = 0;
    for (size_t i = 0; i < tried_bytes; i++) {
        text[length++] = digits[tried[i] >> 4];
        text[length++] = digits[tried[i] & 15];
    }
    text[length++] = '\n';
    (void)!write(STDERR_FILENO, head, sizeof head - 1);
    (void)!write(STDERR_FILENO, text, length);
}

static void end_by(int number)
{
    static const char late[] = "\nno end after ten seconds\n";
    if (number == SIGALRM)
        (void)!write(STDERR_FILENO, late, sizeof late - 1);
    print_tried();
    _exit(EXIT_FAILURE);
}

static void expect_the_worst(void)
{
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(print_tried);
    (void)signal(SIGALRM, end_by);
    (void)signal(SIGABRT, end_by);
}

static void try_it(void)
{
    (void)alarm(PATIENCE_S);
    (void)LLVMFuzzerTestOneInput(tried, tried_bytes);
    (void)alarm(0);
}

/* ------------------------------------------------------------------------------------------------
 * The corpus
 * --------------------------------------------------------------------------------------------- */

static int load(const char *path, const struct stat *state, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F || input_count == INPUT_LIMIT || state->st_size > INPUT_BYTES)
        return 0;
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc((size_t)state->st_size + 1);
    if (file == NULL || bytes == NULL)
        abort();
    size_t byte_count = fread(bytes, 1, (size_t)state->st_size, file);
    (void)fclose(file);
    inputs[input_count++] = (struct input){bytes, byte_count};
    return 0;
}

static int compare(const void *one, const void *other)
{
    const struct input *a = one;
    const struct input *b = other;
    if (a->byte_count != b->byte_count)
        return a->byte_count < b->byte_count ? -1 : 1;
    return memcmp(a->bytes, b->bytes, a->byte_count);
}

static void replay(void)
{
    qsort(inputs, input_count, sizeof *inputs, compare); /* whatever order a directory has */
    for (size_t i = 0; i < input_count; i++) {
        memcpy(tried, inputs[i].bytes, inputs[i].byte_count);
        tried_bytes = inputs[i].byte_count;
        try_it();
    }
}

/* ------------------------------------------------------------------------------------------------
 * Changes
 * --------------------------------------------------------------------------------------------- */

static uint64_t draw(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t draw_below(size_t limit)
{
    return limit > 0 ? (size_t)(draw() % limit) : 0;
}

static void change_byte(void)
{
    static const uint8_t chosen[] = {0, 1, 127, 128, 255, '0', '9', '"', '{', '}', '[', ',', '-'};
    if (tried_bytes == 0)
        return;
    size_t at = draw_below(tried_bytes);
    uint64_t how = draw() % 3;
    if (how == 0)
        tried[at] = (uint8_t)draw();
    else if (how == 1)
        tried[at] = (uint8_t)(tried[at] ^ 1U << draw_below(8));
    else
        tried[at] = chosen[draw_below(sizeof chosen)];
}

static void take_out(void)
{
    size_t at = draw_below(tried_bytes);
    size_t byte_count = draw_below(tried_bytes - at < 64 ? tried_bytes - at : 64);
    memmove(tried + at, tried + at + byte_count, tried_bytes - at - byte_count);
    tried_bytes -= byte_count;
}

/* A part of an input, its own or another one's, at any place. */
static void put_in(const uint8_t *bytes, size_t byte_count)
{
    uint8_t piece[256];
    size_t from = draw_below(byte_count);
    size_t room =
        INPUT_BYTES - tried_bytes < sizeof piece ? INPUT_BYTES - tried_bytes : sizeof piece;
    size_t length = draw_below(byte_count - from < room ? byte_count - from : room);
    size_t at = draw_below(tried_bytes);
    memcpy(piece, bytes + from, length);
    memmove(tried + at + length, tried + at, tried_bytes - at);
    memcpy(tried + at, piece, length);
    tried_bytes += length;
}

static void change(void)
{
    const struct input *other = &inputs[draw_below(input_count)];
    switch (draw() % 8) {
    case 0:
        take_out();
        return;
    case 1:
        put_in(tried, tried_bytes);
        return;
    case 2:
        put_in(other->bytes, other->byte_count);
        return;
    default:
        change_byte();
    }
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static uint64_t mutate(uint64_t seconds)
{
    uint64_t count = 0;
    uint64_t end_ms = now_ms() + seconds * 1000;
    while (now_ms() < end_ms) {
        const struct input *base = &inputs[draw_below(input_count)];
        memcpy(tried, base->bytes, base->byte_count);
        tried_bytes = base->byte_count;
        for (size_t left = 1 + draw_below(CHANGE_COUNT); left > 0; left--)
            change();
        try_it();
        count++;
    }
    return count;
}

int main(int count, char **arguments)
{
    static const char seconds_option[] = "-seconds=";
    static const char seed_option[] = "-seed=";
    struct rusage used;
    uint64_t seconds = 0;
    expect_the_worst();
    for (int i = 1; i < count; i++) {
        if (strncmp(arguments[i], seconds_option, sizeof seconds_option - 1) == 0)
            seconds = strtoull(arguments[i] + sizeof seconds_option - 1, NULL, 10);
        else if (strncmp(arguments[i], seed_option, sizeof seed_option - 1) == 0)
            random_state = strtoull(arguments[i] + sizeof seed_option - 1, NULL, 10) | 1;
        else if (nftw(arguments[i], load, 8, FTW_PHYS) != 0) {
            (void)fprintf(stderr, "%s: cannot be read\n", arguments[i]);
            return EXIT_FAILURE;
        }
    }
    if (input_count == 0) {
        (void)fputs("usage: TARGET [-seconds=N] [-seed=N] FILE|DIRECTORY...\n", stderr);
        return EXIT_FAILURE;
    }
    replay();
    uint64_t changed_count = mutate(seconds);
    (void)getrusage(RUSAGE_SELF, &used);
    (void)printf("%zu inputs, %llu changed ones, %ld MiB at most\n", input_count,
                 (unsigned long long)changed_count, used.ru_maxrss / 1024);
    return used.ru_maxrss <= MEMORY_KIB ? EXIT_SUCCESS : EXIT_FAILURE;
}
