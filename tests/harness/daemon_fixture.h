/* daemon_fixture.h - a directory, and the URLs below it, for daemons that one test starts. */
#ifndef DAEMON_FIXTURE_H
#define DAEMON_FIXTURE_H

enum { DAEMON_URL_BYTES = 128 };

extern char daemon_base[]; /* the working directory of a test, and all its daemons are told of */
extern char daemon_url[DAEMON_URL_BYTES]; /* "socket" below it */
extern char daemon_events_url[DAEMON_URL_BYTES];

void daemon_fixture_begin(void);

/* Fails when a daemon left anything behind. */
void daemon_fixture_end(void);

/* The permissions of a file that must be there. */
unsigned daemon_mode_of(const char *path);

/* A client that comes now is served. */
void daemon_assert_greets(const char *url);

/* With these arguments (NULL at the end) pendiod ends with `status`, saying `part`. */
void daemon_assert_refuses(const char *const *arguments, int status, const char *part);

#endif
