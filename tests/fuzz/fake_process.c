/*
 * fake_process.c - in place of harness/process.c: no process at all.
 *
 * Happy path:  it has ended well as soon as it is begun; what it wrote is the rest of a file.
 * Failures:    none.
 */
#include "fake_process.h"

#include "process.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int output;

void fake_process_from(int descriptor)
{
    output = descriptor;
}

int pnd_process_start(const struct pnd_process_options *options, uint8_t *input,
                      size_t input_byte_count, struct pnd_process *ret_process)
{
    (void)options;
    (void)input_byte_count;
    free(input);
    *ret_process = (struct pnd_process){.id = 1, .input = -1, .output = output, .errors = -1};
    return 0;
}

int pnd_process_feed(struct pnd_process *process, const uint8_t *bytes, size_t byte_count)
{
    (void)process;
    (void)bytes;
    (void)byte_count;
    return 0;
}

void pnd_process_move(struct pnd_process *process)
{
    static const char word[] = "the last word\n";
    pnd_last_words_hear(&process->words, word, sizeof word - 1);
}

int pnd_process_read(struct pnd_process *process, size_t byte_limit, const uint8_t **ret_bytes,
                     size_t *ret_byte_count)
{
    return pnd_inflow_read(&process->frames, process->output, byte_limit, ret_bytes,
                           ret_byte_count);
}

void pnd_process_signal(const struct pnd_process *process, int signal)
{
    (void)process;
    (void)signal;
}

bool pnd_process_has_ended(const struct pnd_process *process)
{
    (void)process;
    return true;
}

void pnd_process_reap(struct pnd_process *process, struct pnd_process_end *ret_end)
{
    *ret_end = (struct pnd_process_end){.code = CLD_EXITED, .value = EXIT_SUCCESS};
    pnd_inflow_fini(&process->frames);
}
