/* foreign_process.h - the process of a foreign subject, and the memory shared with it. */
#ifndef PND_FOREIGN_PROCESS_H
#define PND_FOREIGN_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pnd_foreign_process {
    pid_t id;      /* 0: there is none (any more) */
    int input;     /* what it reads */
    int output;    /* what it writes; this and the next never block */
    int errors;    /* what it says to people */
    int memory;    /* descriptor of the shared memory */
    uint8_t *base; /* where it is mapped here */
    size_t memory_bytes;
};

/*
 * Starts `command`, a program by its absolute path and its arguments, apart by spaces, in a process
 * group of its own, to be killed when this process ends, with no descriptor but those that
 * SUBJECT.md names. Returns 0 or -errno.
 */
int pnd_foreign_process_start(const char *command, size_t memory_bytes,
                              struct pnd_foreign_process *ret_process);

/* How many descriptors it has open; 0: that cannot be known. */
uint32_t pnd_foreign_process_descriptors(const struct pnd_foreign_process *process);

/*
 * Waits until it has ended, for at most wait_ns, kills its group, and takes its status as waitpid()
 * tells it; true when it ended by itself. Only once.
 */
bool pnd_foreign_process_end(struct pnd_foreign_process *process, uint64_t wait_ns,
                             int *ret_status);

/* Unmaps and closes what is left. */
void pnd_foreign_process_fini(struct pnd_foreign_process *process);

#endif
