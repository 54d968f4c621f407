/*
 * place.c - who may listen where.
 *
 * Happy path:  check the URL and derive that of the events; for ipc also make the default directory
 *              and take the lock beside the socket.
 * Failures:    each says in one line what is wrong and what helps. A lock that is held means that
 *              another daemon lives, for a dead one's lock went with it; so the socket it left
 *              behind may be replaced, and two that start at once cannot both win.
 */
#include "place.h"

#include "complain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORT_MAXIMUM = 65534 }; /* the one above is for the events */

static const char ipc_scheme[] = "ipc://";
static const char tcp_scheme[] = "tcp://";
static const char tls_scheme[] = "tls+tcp://";
static const char events_suffix[] = ".events";

static int take_ipc(struct pnd_place *place, bool by_default, struct pnd_message_error *error);
static int check_socket_path(const char *path, struct pnd_message_error *error);
static int make_private(const char *path, struct pnd_message_error *error);
static int check_private(const char *directory, struct pnd_message_error *error);
static int take_lock(struct pnd_place *place, struct pnd_message_error *error);
static int try_lock(struct pnd_place *place);
static bool lock_has_its_name(const struct pnd_place *place);
static int take_tcp(struct pnd_place *place, struct pnd_message_error *error);
static int take_tls(struct pnd_place *place, struct pnd_message_error *error);
static int take_port(struct pnd_place *place, const char *scheme, char *ret_host,
                     struct pnd_message_error *error);
static bool split_authority(const char *authority, char *ret_host, size_t byte_count,
                            unsigned *ret_port);
static bool is_loopback(const char *host);

int pnd_place_take(const char *url, struct pnd_place *ret_place, struct pnd_message_error *error)
{
    struct pnd_place place = {.lock = -1};
    int status = 0;
    if (url == NULL)
        status = pnd_url_default(place.url, sizeof place.url);
    else if (strlen(url) >= sizeof place.url)
        status = -ENAMETOOLONG;
    else
        (void)snprintf(place.url, sizeof place.url, "%s", url);
    if (status < 0)
        return pnd_complain(error, -EINVAL,
                            "the URL is longer than %d bytes; give a shorter one with --listen",
                            PND_URL_BYTES - 1);

    if (strncmp(place.url, ipc_scheme, strlen(ipc_scheme)) == 0)
        status = take_ipc(&place, url == NULL, error);
    else if (strncmp(place.url, tcp_scheme, strlen(tcp_scheme)) == 0)
        status = take_tcp(&place, error);
    else if (strncmp(place.url, tls_scheme, strlen(tls_scheme)) == 0)
        status = take_tls(&place, error);
    else
        status = pnd_complain(error, -EINVAL,
                              "cannot listen on %s: only ipc://PATH, tls+tcp://ADDRESS:PORT and, "
                              "on this machine alone, tcp://127.0.0.1:PORT are accepted; choose "
                              "one of them",
                              place.url);
    if (status == 0)
        *ret_place = place;
    return status;
}

/* ------------------------------------------------------------------------------------------------
 * A socket in the file system
 * --------------------------------------------------------------------------------------------- */

static int take_ipc(struct pnd_place *place, bool by_default, struct pnd_message_error *error)
{
    const char *path = place->url + strlen(ipc_scheme);
    int status = check_socket_path(path, error);
    if (status == 0 && by_default)
        status = make_private(path, error);
    if (status < 0)
        return status;

    (void)snprintf(place->events_url, sizeof place->events_url, "%s%s", place->url, events_suffix);
    (void)snprintf(place->lock_path, sizeof place->lock_path, "%s.lock", path);
    return take_lock(place, error);
}

static int check_socket_path(const char *path, struct pnd_message_error *error)
{
    if (path[0] != '/')
        return pnd_complain(error, -EINVAL,
                            "cannot listen on ipc://%s: the path must begin with a slash, as in "
                            "ipc:///run/pendio/pendiod.sock",
                            path);
    if (strlen(path) > PND_URL_PATH_BYTES)
        return pnd_complain(error, -EINVAL,
                            "cannot listen on ipc://%s: a socket's path has at most %d bytes; "
                            "choose a shorter one",
                            path, PND_URL_PATH_BYTES);
    struct stat state;
    if (lstat(path, &state) == 0 && !S_ISSOCK(state.st_mode))
        return pnd_complain(error, -EEXIST,
                            "cannot listen on ipc://%s: that file exists and is no socket; "
                            "choose another --listen",
                            path);
    return 0;
}

/* Makes the default directory, or refuses one that others could have prepared. */
static int make_private(const char *path, struct pnd_message_error *error)
{
    char directory[PND_URL_BYTES];
    (void)snprintf(directory, sizeof directory, "%s", path);
    *strrchr(directory, '/') = '\0';
    if (mkdir(directory, S_IRWXU) == 0 || errno == EEXIST)
        return check_private(directory, error);
    return pnd_complain(error, -errno,
                        "cannot make the directory %s: %s; make it, or choose another place with "
                        "--listen",
                        directory, strerror(errno));
}

static int check_private(const char *directory, struct pnd_message_error *error)
{
    struct stat state;
    if (lstat(directory, &state) < 0)
        return pnd_complain(error, -errno, "cannot look at the directory %s: %s", directory,
                            strerror(errno));
    if (S_ISDIR(state.st_mode) && state.st_uid == geteuid() &&
        (state.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return 0;
    return pnd_complain(error, -EACCES,
                        "%s is not a directory of user %u alone; remove it, or make it so with "
                        "chown and chmod 700, or choose another place with --listen",
                        directory, (unsigned)geteuid());
}

static int take_lock(struct pnd_place *place, struct pnd_message_error *error)
{
    int status = -ESTALE;
    while (status == -ESTALE)
        status = try_lock(place);
    if (status == -EWOULDBLOCK) {
        pnd_place_explain_taken(place->url, error);
        return -EADDRINUSE;
    }
    if (status < 0)
        return pnd_complain(error, status, "cannot use the lock file %s: %s; %s", place->lock_path,
                            strerror(-status),
                            status == -ENOENT ? "make its directory, or choose another --listen"
                                              : "choose another --listen");
    return 0;
}

/* A daemon that leaves removes its lock file: a lock on a file without a name binds nobody. */
static int try_lock(struct pnd_place *place)
{
    place->lock = open(place->lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                       (mode_t)(S_IRUSR | S_IWUSR));
    if (place->lock < 0)
        return -errno;

    int status = flock(place->lock, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
    if (status == 0 && !lock_has_its_name(place))
        status = -ESTALE;
    if (status < 0) {
        (void)close(place->lock);
        place->lock = -1;
    }
    return status;
}

static bool lock_has_its_name(const struct pnd_place *place)
{
    struct stat held;
    struct stat named;
    return fstat(place->lock, &held) == 0 && lstat(place->lock_path, &named) == 0 &&
           held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* ------------------------------------------------------------------------------------------------
 * A port: of the loopback interface, or of any where both ends prove who they are
 * --------------------------------------------------------------------------------------------- */

static int take_tcp(struct pnd_place *place, struct pnd_message_error *error)
{
    char host[PND_URL_BYTES];
    int status = take_port(place, tcp_scheme, host, error);
    if (status == 0 && !is_loopback(host))
        status = pnd_complain(error, -EINVAL,
                              "cannot listen on %s: nobody is asked who it is, so only loopback "
                              "addresses are accepted; use 127.0.0.1, [::1], ipc://PATH, or "
                              "tls+tcp:// with certificates",
                              place->url);
    return status;
}

static int take_tls(struct pnd_place *place, struct pnd_message_error *error)
{
    char host[PND_URL_BYTES];
    place->is_secure = true;
    return take_port(place, tls_scheme, host, error);
}

/* And the one above. `ret_host` has room for a URL. */
static int take_port(struct pnd_place *place, const char *scheme, char *ret_host,
                     struct pnd_message_error *error)
{
    unsigned port = 0;
    if (!split_authority(place->url + strlen(scheme), ret_host, PND_URL_BYTES, &port))
        return pnd_complain(error, -EINVAL,
                            "cannot listen on %s: it needs an address and a port from 1 to %d, as "
                            "in %s127.0.0.1:7100",
                            place->url, PORT_MAXIMUM, scheme);

    int length = snprintf(place->events_url, sizeof place->events_url, "%s%s:%u", scheme, ret_host,
                          port + 1);
    if (length < 0 || (size_t)length >= sizeof place->events_url)
        return pnd_complain(error, -EINVAL, "cannot listen on %s: it is too long", place->url);
    return 0;
}

/* Takes "host:port" apart; the host keeps the brackets of an IPv6 address. */
static bool split_authority(const char *authority, char *ret_host, size_t byte_count,
                            unsigned *ret_port)
{
    const char *colon = strrchr(authority, ':');
    if (colon == NULL || colon == authority || (size_t)(colon - authority) >= byte_count)
        return false;
    if (colon[1] < '0' || colon[1] > '9')
        return false;
    char *end = NULL;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || port < 1 || port > PORT_MAXIMUM)
        return false;

    memcpy(ret_host, authority, (size_t)(colon - authority));
    ret_host[colon - authority] = '\0';
    *ret_port = (unsigned)port;
    return true;
}

static bool is_loopback(const char *host)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

/* ------------------------------------------------------------------------------------------------
 * Both
 * --------------------------------------------------------------------------------------------- */

void pnd_place_explain_taken(const char *url, struct pnd_message_error *error)
{
    (void)pnd_complain(error, -EADDRINUSE,
                       "another pendiod already listens on %s; stop it or choose another --listen",
                       url);
}

void pnd_place_leave(struct pnd_place *place)
{
    if (place->lock < 0)
        return;
    (void)unlink(place->lock_path);
    (void)close(place->lock);
    place->lock = -1;
}
