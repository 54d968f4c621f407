/* daemon_fixture.c - begins and ends a test with daemons. */
#include "daemon_fixture.h"

#include "client.h"
#include "real_daemon.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char daemon_base[] = "/tmp/pendio-daemon-XXXXXX";
char daemon_url[DAEMON_URL_BYTES];
char daemon_events_url[DAEMON_URL_BYTES];

void daemon_fixture_begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(daemon_base));
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", daemon_base, 1), 0);
    ck_assert_int_eq(setenv("TMPDIR", daemon_base, 1), 0);
    ck_assert_int_eq(chdir(daemon_base), 0);
    (void)snprintf(daemon_url, sizeof daemon_url, "ipc://%s/socket", daemon_base);
    (void)snprintf(daemon_events_url, sizeof daemon_events_url, "ipc://%s/socket.events",
                   daemon_base);
}

/* A daemon that stopped leaves nothing: then the directory is empty. */
void daemon_fixture_end(void)
{
    (void)rmdir("pendio");
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(daemon_base), 0);
}

unsigned daemon_mode_of(const char *path)
{
    struct stat state;
    ck_assert_msg(lstat(path, &state) == 0, "%s is not there", path);
    return state.st_mode & 07777;
}

void daemon_assert_greets(const char *url)
{
    struct client *client = client_open(url);
    Pendio__Reply *reply = client_ask(client, "{\"version\": 1, \"hello\": {}}");
    ck_assert_int_eq(reply->status, PENDIO__STATUS__OK);
    ck_assert_str_eq(reply->hello->version, PENDIO_VERSION_TEXT);
    pnd_message_free(&reply->base);
    client_free(client);
}

void daemon_assert_refuses(const char *const *arguments, int status, const char *part)
{
    struct real_daemon daemon = real_daemon_start(arguments, 0);
    real_daemon_read_line(&daemon);
    ck_assert_msg(strstr(daemon.line, part) != NULL, "\"%s\" in: %s", part, daemon.line);
    ck_assert_int_eq(real_daemon_wait(&daemon), status);
}
