/*
 * process.h - one child process: started, fed, listened to, ended. Never waits.
 *
 * SIGPIPE must be ignored: a process that no longer reads is no reason to end.
 */
#ifndef PND_PROCESS_H
#define PND_PROCESS_H

#include "inflow.h"
#include "last_words.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pnd_process_options {
    const char *const *command; /* program and arguments, NULL at the end */
    char **environment;
    const char *directory;     /* to work in */
    uint64_t descriptor_count; /* that it may open at most; 0: as many as the daemon */
    uint64_t memory_bytes;     /* of its own, beside what every process needs; 0: no limit */
    uint64_t file_bytes;       /* of its largest file; 0: no limit */
    uint64_t time_ms;          /* that it may take, on all processors; 0: no limit */
    int watch;                 /* epoll descriptor that shall wake for it */
    bool keeps_input;          /* open, for what it will be fed later */
};

/* How a process ended, as waitid() tells it. */
struct pnd_process_end {
    int code;  /* CLD_EXITED, CLD_KILLED, CLD_DUMPED */
    int value; /* exit status or signal */
};

struct pnd_process {
    pid_t id;
    int ended; /* readable when the process has ended */
    int input; /* each -1 once it is closed */
    int output;
    int errors;
    uint8_t *pending; /* what still has to be fed */
    size_t pending_bytes;
    size_t fed_bytes;
    bool keeps_input;
    struct pnd_inflow frames;
    struct pnd_last_words words;
};

/*
 * Starts it in a process group of its own, to be killed when this thread ends, without core files,
 * with no descriptor but its three, and with no way to privileges beyond its own. Takes over
 * `input`, from malloc(), in any case. Returns 0 or -errno.
 */
int pnd_process_start(const struct pnd_process_options *options, uint8_t *input,
                      size_t input_byte_count, struct pnd_process *ret_process);

/*
 * Adds to what it is fed, when it keeps its input. Returns 0, -EPIPE when it does not or reads no
 * longer, -ENOBUFS when it has left too much unread, or -ENOMEM.
 */
int pnd_process_feed(struct pnd_process *process, const uint8_t *bytes, size_t byte_count);

/* Moves what can be moved to its standard input and from its standard error. */
void pnd_process_move(struct pnd_process *process);

/* The next frame of its standard output, as pnd_inflow_read(). */
int pnd_process_read(struct pnd_process *process, size_t byte_limit, const uint8_t **ret_bytes,
                     size_t *ret_byte_count);

/* Sends a signal to the whole group. Only before pnd_process_reap(). */
void pnd_process_signal(const struct pnd_process *process, int signal);

bool pnd_process_has_ended(const struct pnd_process *process);

/* Once it has ended, and all it wrote was read: frees everything. */
void pnd_process_reap(struct pnd_process *process, struct pnd_process_end *ret_end);

#endif
