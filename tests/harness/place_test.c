/* place_test.c - where a daemon may listen, and how a second one is kept out. */
#include "place.h"
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[] = "/tmp/pendio-place-XXXXXX";
static struct pnd_place place;
static struct pnd_message_error error;

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(setenv("XDG_RUNTIME_DIR", base, 1), 0);
    ck_assert_int_eq(chdir(base), 0);
}

/* Only what the tests put there. */
static void end(void)
{
    (void)unlink("pendio/pendiod.sock.lock");
    (void)unlink("pendio");
    (void)rmdir("pendio");
    (void)unlink("plain");
    (void)unlink("plain.lock");
    ck_assert_int_eq(rmdir(base), 0);
}

static const char *url_below(const char *name)
{
    static char url[PND_URL_BYTES];
    (void)snprintf(url, sizeof url, "ipc://%s/%s", base, name);
    return url;
}

static void assert_refused(const char *url, int status, const char *part)
{
    struct pnd_place untouched = {.lock = 77};
    ck_assert_int_eq(pnd_place_take(url, &untouched, &error), status);
    ck_assert_msg(strstr(error.text, part) != NULL, "\"%s\" in: %s", part, error.text);
    ck_assert_int_eq(untouched.lock, 77);
}

START_TEST(default_place_is_made_private)
{
    struct stat state;

    ck_assert_int_eq(pnd_place_take(NULL, &place, &error), 0);

    ck_assert_str_eq(place.url, url_below("pendio/pendiod.sock"));
    ck_assert_str_eq(place.events_url, url_below("pendio/pendiod.sock.events"));
    ck_assert_int_eq(stat("pendio", &state), 0);
    ck_assert_uint_eq(state.st_mode & 07777, S_IRWXU);
    ck_assert_int_eq(stat("pendio/pendiod.sock.lock", &state), 0);
    ck_assert_uint_eq(state.st_mode & 07777, S_IRUSR | S_IWUSR);
    pnd_place_leave(&place);
    ck_assert_int_eq(stat("pendio/pendiod.sock.lock", &state), -1);
}
END_TEST

START_TEST(default_directory_open_to_others_is_refused)
{
    ck_assert_int_eq(mkdir("pendio", S_IRWXU), 0);
    ck_assert_int_eq(chmod("pendio", 0755), 0);
    assert_refused(NULL, -EACCES, "chmod 700");
}
END_TEST

START_TEST(default_directory_that_is_a_link_is_refused)
{
    ck_assert_int_eq(symlink("/tmp", "pendio"), 0);
    assert_refused(NULL, -EACCES, "is not a directory of user");
}
END_TEST

START_TEST(place_that_is_taken_is_refused_until_it_is_left)
{
    struct pnd_place second;
    char url[PND_URL_BYTES];
    (void)snprintf(url, sizeof url, "%s", url_below("plain"));
    ck_assert_int_eq(pnd_place_take(url, &place, &error), 0);

    assert_refused(url, -EADDRINUSE, "another pendiod already listens on ");
    pnd_place_leave(&place);

    ck_assert_int_eq(pnd_place_take(url, &second, &error), 0);
    pnd_place_leave(&second);
}
END_TEST

START_TEST(lock_file_that_was_left_behind_keeps_nobody_out)
{
    int file = open("plain.lock", O_CREAT | O_WRONLY, S_IRUSR | S_IWUSR);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(close(file), 0);

    ck_assert_int_eq(pnd_place_take(url_below("plain"), &place, &error), 0);
    pnd_place_leave(&place);
}
END_TEST

START_TEST(file_that_is_no_socket_is_not_replaced)
{
    int file = open("plain", O_CREAT | O_WRONLY, S_IRUSR | S_IWUSR);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(close(file), 0);

    assert_refused(url_below("plain"), -EEXIST, "is no socket");
}
END_TEST

START_TEST(directory_that_is_not_there_is_named)
{
    assert_refused(url_below("nowhere/socket"), -ENOENT, "make its directory");
}
END_TEST

START_TEST(urls_that_are_not_accepted_say_why)
{
    static const struct {
        const char *url;
        const char *part;
    } wrong[] = {
        {"", "only ipc://PATH"},
        {"pendiod.sock", "only ipc://PATH"},
        {"inproc://pendiod", "only ipc://PATH"},
        {"ws://127.0.0.1:80", "only ipc://PATH"},
        {"tls+tcp://127.0.0.1", "as in tls+tcp://127.0.0.1:7100"},
        {"tls://127.0.0.1:7100", "only ipc://PATH"},
        {"ipc://relative", "must begin with a slash"},
        {"tcp://0.0.0.0:7100", "only loopback"},
        {"tcp://192.168.1.1:7100", "only loopback"},
        {"tcp://*:7100", "only loopback"},
        {"tcp://[::]:7100", "only loopback"},
        {"tcp://127.0.0.1.example.org:7100", "only loopback"},
        {"tcp://127.0.0.1", "needs an address and a port"},
        {"tcp://127.0.0.1:", "needs an address and a port"},
        {"tcp://127.0.0.1:0", "needs an address and a port"},
        {"tcp://127.0.0.1:65535", "needs an address and a port"},
        {"tcp://127.0.0.1:-1", "needs an address and a port"},
        {"tcp://127.0.0.1:71x", "needs an address and a port"},
        {"tcp://:7100", "needs an address and a port"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_refused(wrong[i].url, -EINVAL, wrong[i].part);
}
END_TEST

START_TEST(path_too_long_for_a_socket_is_refused)
{
    char url[PND_URL_BYTES + 100] = "ipc:///";
    memset(url + strlen(url), 'x', 110);
    assert_refused(url, -EINVAL, "a socket's path has at most 99 bytes");
    memset(url + 7, 'x', 200);
    assert_refused(url, -EINVAL, "longer than");
}
END_TEST

START_TEST(events_of_a_port_are_on_the_one_above)
{
    ck_assert_int_eq(pnd_place_take("tcp://127.0.0.1:7100", &place, &error), 0);
    ck_assert_str_eq(place.events_url, "tcp://127.0.0.1:7101");
    ck_assert_int_eq(place.lock, -1);
    ck_assert_int_eq(pnd_place_take("tcp://[::1]:65534", &place, &error), 0);
    ck_assert_str_eq(place.events_url, "tcp://[::1]:65535");
    ck_assert_int_eq(pnd_place_take("tcp://localhost:1", &place, &error), 0);
    ck_assert(!place.is_secure);
    ck_assert_int_eq(pnd_place_take("tls+tcp://192.0.2.1:7100", &place, &error), 0);
    ck_assert_str_eq(place.events_url, "tls+tcp://192.0.2.1:7101");
    ck_assert(place.is_secure);
    pnd_place_leave(&place);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        default_place_is_made_private,
        default_directory_open_to_others_is_refused,
        default_directory_that_is_a_link_is_refused,
        place_that_is_taken_is_refused_until_it_is_left,
        lock_file_that_was_left_behind_keeps_nobody_out,
        file_that_is_no_socket_is_not_replaced,
        directory_that_is_not_there_is_named,
        urls_that_are_not_accepted_say_why,
        path_too_long_for_a_socket_is_refused,
        events_of_a_port_are_on_the_one_above,
    };
    return suite_run("place", begin, end, tests, sizeof tests / sizeof tests[0]);
}
