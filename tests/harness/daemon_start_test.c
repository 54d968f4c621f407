/* daemon_start_test.c - how pendiod can be started, and how not. */
#include "daemon_fixture.h"
#include "real_daemon.h"
#include "suite.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NOBODY = 65534 };

START_TEST(wrong_usage_is_one_line_and_exit_2)
{
    static const struct {
        const char *arguments[3];
        const char *part;
    } wrong[] = {
        {{"--listen", "ws://127.0.0.1:80"}, "pendiod: cannot listen on ws://127.0.0.1:80: only"},
        {{"--listen", "tcp://0.0.0.0:7100"}, "only loopback addresses are accepted"},
        {{"--listen", "ipc://relative"}, "must begin with a slash"},
        {{"--max-runs", "0"}, "pendiod: --max-runs 0: give a number from 1 to 64"},
        {{"--max-runs", "65"}, "pendiod: --max-runs 65: give a number from 1 to 64"},
        {{"--max-runs", "two"}, "pendiod: --max-runs two: give a number from 1 to 64"},
        {{"surplus"}, "pendiod: unexpected argument \"surplus\"; see pendiod --help"},
        {{"--no-such-option"}, "pendiod: --no-such-option is no option; see pendiod --help"},
        {{"--quiet=3"}, "pendiod: --quiet=3 is no option, or takes no value; see pendiod --help"},
        {{"--listen"}, "pendiod: --listen needs a value; see pendiod --help"},
        {{"-xy"}, "pendiod: -x is no option; see pendiod --help"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        daemon_assert_refuses(wrong[i].arguments, 2, wrong[i].part);
}
END_TEST

START_TEST(help_and_version_are_printed)
{
    const char *const help[] = {"--help", NULL};
    const char *const version[] = {"--version", NULL};
    daemon_assert_refuses(help, 0, "Usage: pendiod");
    daemon_assert_refuses(version, 0, "pendiod " PENDIO_VERSION_TEXT);
}
END_TEST

START_TEST(place_that_cannot_be_used_is_exit_3)
{
    const char *const arguments[] = {"--listen", "ipc:///nonexistent/socket", NULL};
    daemon_assert_refuses(arguments, 3, "make its directory");
}
END_TEST

/* Outside of those that connections are given, so that nobody takes it meanwhile. */
enum { PORT_FIRST = 20000, PORT_COUNT = 10000 };

static int take_port(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(descriptor, 0);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(descriptor, 1) == 0)
        return descriptor;
    ck_assert_int_eq(close(descriptor), 0);
    return -1;
}

static bool is_free(unsigned port)
{
    int descriptor = take_port(port);
    if (descriptor >= 0)
        ck_assert_int_eq(close(descriptor), 0);
    return descriptor >= 0;
}

/* One with a free one above. */
static unsigned find_port(void)
{
    unsigned offset = (unsigned)getpid() * 2 % PORT_COUNT;
    while (!is_free(PORT_FIRST + offset) || !is_free(PORT_FIRST + offset + 1))
        offset = (offset + 2) % PORT_COUNT;
    return PORT_FIRST + offset;
}

START_TEST(port_of_the_events_that_is_taken_is_named)
{
    char part[128];
    unsigned port = find_port();
    int descriptor = take_port(port + 1);
    const char *const arguments[] = {"--listen", daemon_url, NULL};
    (void)snprintf(daemon_url, sizeof daemon_url, "tcp://127.0.0.1:%u", port);
    (void)snprintf(part, sizeof part, "cannot listen on tcp://127.0.0.1:%u: ", port + 1);

    daemon_assert_refuses(arguments, 3, part);

    ck_assert_int_eq(close(descriptor), 0);
}
END_TEST

START_TEST(port_of_the_loopback_interface_is_served)
{
    (void)snprintf(daemon_url, sizeof daemon_url, "tcp://127.0.0.1:%u", find_port());
    struct real_daemon daemon = real_daemon_start_at(daemon_url);
    const char *const arguments[] = {"--listen", daemon_url, NULL};

    daemon_assert_refuses(arguments, 3, "another pendiod already listens on tcp://127.0.0.1:");

    daemon_assert_greets(daemon_url);
    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
}
END_TEST

START_TEST(ordinary_user_needs_no_privilege)
{
    if (geteuid() != 0)
        return; /* then every other test has shown it */
    const char *const arguments[] = {NULL};
    char expected[128];
    (void)snprintf(expected, sizeof expected, "listens on ipc://%s/pendio-%d/pendiod.sock",
                   daemon_base, NOBODY);
    ck_assert_int_eq(chown(daemon_base, NOBODY, NOBODY), 0);
    ck_assert_int_eq(unsetenv("XDG_RUNTIME_DIR"), 0);

    struct real_daemon daemon = real_daemon_start(arguments, NOBODY);
    real_daemon_read_line(&daemon);
    ck_assert_msg(strstr(daemon.line, expected) != NULL, "%s", daemon.line);
    (void)snprintf(daemon_url, sizeof daemon_url, "%s", strstr(daemon.line, "ipc://"));
    daemon_assert_greets(daemon_url);

    ck_assert_int_eq(real_daemon_stop(&daemon), 0);
    (void)snprintf(expected, sizeof expected, "pendio-%d", NOBODY);
    ck_assert_int_eq(rmdir(expected), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        wrong_usage_is_one_line_and_exit_2,       help_and_version_are_printed,
        place_that_cannot_be_used_is_exit_3,      port_of_the_events_that_is_taken_is_named,
        port_of_the_loopback_interface_is_served, ordinary_user_needs_no_privilege,
    };
    return suite_run("daemon_start", daemon_fixture_begin, daemon_fixture_end, tests,
                     sizeof tests / sizeof tests[0]);
}
