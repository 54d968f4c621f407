/* fake_daemon.h - answers requests as a script says, so that tests can be daemons of any kind. */
#ifndef TEST_FAKE_DAEMON_H
#define TEST_FAKE_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

/* In place of a reply's JSON. */
#define FAKE_SILENT    "silent"    /* never answers */
#define FAKE_DIES      "dies"      /* stops listening and breaks the connection */
#define FAKE_HANGS_UP  "hangs up"  /* breaks the connection, and goes on listening */
#define FAKE_GARBAGE   "garbage"   /* answers with bytes that are no message */
#define FAKE_TRUNCATED "truncated" /* answers with the first half of the default reply */
#define FAKE_EMPTY     "empty"     /* answers with no bytes at all */

enum { FAKE_RUN_MAXIMUM = 4 };

/* Replies as JSON of pendio.Reply; NULL takes what a daemon would say when all is well. */
struct fake_script {
    const char *hello;
    const char *submit;
    const char *fetch[FAKE_RUN_MAXIMUM]; /* once finished, for the first run, the second, ... */
    const char *check;
    const char *stats;
    int busy_count;    /* submits that are answered with BUSY before any is accepted */
    int running_count; /* fetches that find the run not finished yet */
    int publishes;     /* also sends garbage and progress as events */
};

/* What it was asked. */
struct fake_log {
    int submit_count;
    int fetch_count;
    uint64_t seed;
    bool hash_is_right; /* the workload names one, and it is its own */
    char backend[64];
    char features[64];
    char subject[64];
};

struct fake_daemon;

/*
 * Listens on `url`, never used before, when it returns; the script must outlive it. Trouble fails
 * the test.
 */
struct fake_daemon *fake_daemon_start(const char *url, const struct fake_script *script);

/* Until it was asked for a report. */
void fake_daemon_wait_for_fetch(struct fake_daemon *fake);

/* Ends it, and tells what it was asked. */
struct fake_log fake_daemon_stop(struct fake_daemon *fake);

#endif
