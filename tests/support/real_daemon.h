/* real_daemon.h - pendiod itself, started for one test and below one directory of its own. */
#ifndef TEST_REAL_DAEMON_H
#define TEST_REAL_DAEMON_H

#include <sys/types.h>

enum { REAL_DAEMON_TEXT_BYTES = 512 };

struct real_daemon {
    pid_t process;
    int output;                        /* of standard output and standard error */
    char line[REAL_DAEMON_TEXT_BYTES]; /* the first it printed */
};

/*
 * Starts pendiod with these arguments (NULL at the end) as `user`, or as ourselves for 0. It dies
 * with the test. Trouble fails the test.
 */
struct real_daemon real_daemon_start(const char *const *arguments, uid_t user);

/* Starts one that listens on `url`, and waits until it says that it does. */
struct real_daemon real_daemon_start_at(const char *url);

/* Reads its first line, which may be all there is. */
void real_daemon_read_line(struct real_daemon *daemon);

/* Waits for its end: the exit status, or 128 + signal. */
int real_daemon_wait(struct real_daemon *daemon);

/* Tells it to stop, and waits. */
int real_daemon_stop(struct real_daemon *daemon);

/* The one child of a process, or 0. */
pid_t real_daemon_child_of(pid_t process);

#endif
