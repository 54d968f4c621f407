/*
 * counting.c - all of pendio.h once more: each call is counted, and goes on to the library itself.
 *
 * It is in a program, or in a library of its own, libpendio_counting.so, which is loaded in place
 * of libpendio. SIGUSR1 has it say "CALLS COMPLETIONS" on standard output. Completions are records
 * of turns, but for those of posts, and starts that answered "done"; callbacks are not counted.
 *
 * Happy path:  libpendio is loaded, as whoever has this was linked to it -> its calls are looked up
 *              -> they are counted as they come, from whatever thread.
 * Failures:    without the library, or one of its calls, the process ends with a line that says so.
 */
#include <pendio/pendio.h>

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIGIT_MAXIMUM = 20 };

static const char library_name[] = "libpendio.so.0";

static struct {
    _Atomic uint64_t calls, completions;
} counted;

static void begin(void) __attribute__((constructor));
static void find_all(void *library);
static void count_one(_Atomic uint64_t *counter);
static int note_answer(int answer);
static int note_records(int count, const struct pendio_completion *records);
static void tell(int number);
static char *put_number(char *end, uint64_t value);

#define FORWARD(kind, result, name, parameters, arguments) static result(*real_##name) parameters;
#include "forwards.h"
#undef FORWARD

static const struct forward {
    const char *name;
    void *ret_real;
} forwards[] = {
#define FORWARD(kind, result, name, parameters, arguments) {#name, &real_##name},
#include "forwards.h"
#undef FORWARD
};

static void begin(void)
{
    struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
    void *library = dlopen(library_name, RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL) {
        (void)fprintf(stderr, "counting: %s is not loaded\n", library_name);
        exit(EXIT_FAILURE);
    }
    find_all(library);
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGUSR1, &action, NULL);
}

static void find_all(void *library)
{
    for (size_t index = 0; index < sizeof forwards / sizeof forwards[0]; index++) {
        void *real = dlsym(library, forwards[index].name);
        if (real == NULL) {
            (void)fprintf(stderr, "counting: %s\n", dlerror());
            exit(EXIT_FAILURE);
        }
        memcpy(forwards[index].ret_real, &real, sizeof real);
    }
}

#define CALL(answer)  (answer)
#define START(answer) note_answer(answer)
#define TURN(answer)  note_records((answer), completions)
#define FORWARD(kind, result, name, parameters, arguments)                                         \
    result name parameters                                                                         \
    {                                                                                              \
        count_one(&counted.calls);                                                                 \
        return kind(real_##name arguments);                                                        \
    }
#include "forwards.h"
#undef FORWARD

static int note_answer(int answer)
{
    if (answer == PENDIO_DONE)
        count_one(&counted.completions);
    return answer;
}

static int note_records(int count, const struct pendio_completion *records)
{
    for (int index = 0; index < count; index++)
        if (records[index].operation != PENDIO_OPERATION_POST)
            count_one(&counted.completions);
    return count;
}

static void count_one(_Atomic uint64_t *counter)
{
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Between any two instructions of the program: nothing but what a signal's handler may do. */
static void tell(int number)
{
    char line[2 * DIGIT_MAXIMUM + sizeof " \n"];
    char *const end = line + sizeof line;
    const int error = errno;
    char *place = end;

    (void)number;
    *--place = '\n';
    place = put_number(place, atomic_load_explicit(&counted.completions, memory_order_relaxed));
    *--place = ' ';
    place = put_number(place, atomic_load_explicit(&counted.calls, memory_order_relaxed));
    if (write(STDOUT_FILENO, place, (size_t)(end - place)) < 0)
        _exit(EXIT_FAILURE);
    errno = error;
}

/* Its digits, the last one before `end`. Returns where they begin. */
static char *put_number(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return end;
}
