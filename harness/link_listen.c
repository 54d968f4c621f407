/*
 * link_listen.c - one of the link's listeners, which nobody can make deaf for long.
 *
 * Happy path:  listen, and admit whoever may come.
 * Failures:    a listener that was made deaf is replaced: another one takes its name in the file
 *              system, and it is closed when its last connection has gone.
 *
 * Somebody who connects to a socket of the file system and leaves before it has said which protocol
 * it speaks is taken by nng before 1.6 for the end of the listener itself, which hears nobody any
 * more (its issue 1518). It counts as an error of no kind that nng knows, but so does the end of
 * any connection. So when there are more of them the listener is probed: we connect ourselves, and
 * say what we speak. A deaf listener still says so, too, but it accepts nobody.
 */
#include "link_listen.h"

#include "link_peer.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char scheme[] = "ipc://";
static const char spare_suffix[] = "~";

enum {
    PATH_BYTES = PND_URL_BYTES + 16,
    PATIENT_LOOK_COUNT = 5, /* that a probe may go unheard on a busy machine */
};

static bool is_of_files(const char *url);
static int start_at(const struct pnd_link_listen *listen, const char *url,
                    nng_listener *ret_listener);
static bool is_deaf(struct pnd_link_listen *listen, nng_stat *all);
static bool has_more_errors(const struct pnd_link_listen *listen, uint64_t other_count);
static bool begin_probe(struct pnd_link_listen *listen);
static uint64_t count_of(nng_stat *all, nng_listener listener, const char *name);
static void replace(struct pnd_link_listen *listen);
static void close_former(struct pnd_link_listen *listen, nng_listener *former);

int pnd_link_listen_start(struct pnd_link_listen *listen, nng_socket socket, const char *url,
                          const struct pnd_credentials *credentials)
{
    listen->socket = socket;
    listen->url = url;
    listen->credentials = credentials;
    return start_at(listen, url, &listen->listener);
}

/* nng sets the permissions after it has made the file: the mask closes the moment between. */
static int start_at(const struct pnd_link_listen *listen, const char *url,
                    nng_listener *ret_listener)
{
    nng_listener listener = NNG_LISTENER_INITIALIZER;
    int result = nng_listener_create(&listener, listen->socket, url);
    if (result != 0)
        return result;
    if (is_of_files(url))
        result = nng_listener_set_int(listener, NNG_OPT_IPC_PERMISSIONS, S_IRUSR | S_IWUSR);
    if (result == 0 && listen->credentials->certificate != NULL)
        result = pnd_link_peer_secure(listener, listen->credentials);
    if (result == 0 && is_of_files(url))
        result = nng_pipe_notify(listen->socket, NNG_PIPE_EV_ADD_PRE, pnd_link_peer_admit, NULL);
    if (result == 0) {
        mode_t mask = umask(S_IXUSR | S_IRWXG | S_IRWXO);
        result = nng_listener_start(listener, 0);
        (void)umask(mask);
    }
    if (result == 0)
        *ret_listener = listener;
    else
        (void)nng_listener_close(listener);
    return result;
}

static bool is_of_files(const char *url)
{
    return strncmp(url, scheme, strlen(scheme)) == 0;
}

bool pnd_link_listen_is_frail(const struct pnd_link_listen *listen)
{
    char *rest = NULL;
    long major = strtol(nng_version(), &rest, 10);
    long minor = *rest == '.' ? strtol(rest + 1, NULL, 10) : 0;
    return is_of_files(listen->url) && major == 1 && minor < 6;
}

void pnd_link_listen_mend(struct pnd_link_listen *listen)
{
    nng_stat *all = NULL;
    if (nng_stats_get(&all) != 0)
        return;
    if (is_deaf(listen, all))
        replace(listen);
    for (size_t i = 0; i < PND_LINK_FORMER_COUNT; i++) {
        nng_listener *former = &listen->formers[i];
        if (nng_listener_id(*former) > 0 && count_of(all, *former, "pipes") == 0)
            close_former(listen, former);
    }
    nng_stats_free(all);
}

/* Whoever is so, and could not be replaced, is found so again. */
static bool is_deaf(struct pnd_link_listen *listen, nng_stat *all)
{
    uint64_t accepted_count = count_of(all, listen->listener, "accept");
    uint64_t other_count = count_of(all, listen->listener, "other");
    if (listen->state == PND_LINK_PROBED && accepted_count == listen->accepted_count)
        return ++listen->look_count >= PATIENT_LOOK_COUNT;
    if (listen->state == PND_LINK_PROBED) {
        (void)close(listen->probe);
        listen->state = PND_LINK_SETTLING;
    } else if (!has_more_errors(listen, other_count)) {
        listen->state = PND_LINK_TRUSTED;
        listen->other_count = other_count;
    } else if (begin_probe(listen)) {
        listen->state = PND_LINK_PROBED;
        listen->look_count = 0;
        listen->accepted_count = accepted_count;
        listen->other_count = other_count;
    }
    return false;
}

/* The end of a probe is one itself, and is counted until the next look. */
static bool has_more_errors(const struct pnd_link_listen *listen, uint64_t other_count)
{
    return other_count > listen->other_count + (listen->state == PND_LINK_SETTLING);
}

/* False when we lack what it takes. What cannot be connected to will not be heard. */
static bool begin_probe(struct pnd_link_listen *listen)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = listen->url + strlen(scheme);
    int protocol = 0;
    (void)nng_socket_get_int(listen->socket, NNG_OPT_PEER, &protocol);
    const uint8_t greeting[] = {0, 'S', 'P', 0, (uint8_t)(protocol >> 8), (uint8_t)protocol, 0, 0};
    memcpy(address.sun_path, path, strnlen(path, sizeof address.sun_path - 1));
    listen->probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listen->probe < 0)
        return false;
    if (connect(listen->probe, (const struct sockaddr *)&address, sizeof address) == 0)
        (void)send(listen->probe, greeting, sizeof greeting, MSG_NOSIGNAL);
    return true;
}

static uint64_t count_of(nng_stat *all, nng_listener listener, const char *name)
{
    nng_stat *own = nng_stat_find_listener(all, listener);
    nng_stat *count = own != NULL ? nng_stat_find(own, name) : NULL;
    return count != NULL ? nng_stat_value(count) : 0;
}

/* The path of its socket with that suffix. */
static void path_of(const struct pnd_link_listen *listen, const char *suffix, char *ret_path)
{
    (void)snprintf(ret_path, PATH_BYTES, "%s%s", listen->url + strlen(scheme), suffix);
}

/* Where no listener can be made now, it is tried the next time. */
static void replace(struct pnd_link_listen *listen)
{
    char url[PATH_BYTES];
    char spare[PATH_BYTES];
    char path[PATH_BYTES];
    nng_listener next = NNG_LISTENER_INITIALIZER;
    nng_listener *former = listen->formers;
    for (size_t i = 0; i < PND_LINK_FORMER_COUNT && nng_listener_id(*former) > 0; i++)
        former = &listen->formers[i];
    (void)snprintf(url, sizeof url, "%s%s", listen->url, spare_suffix);
    path_of(listen, spare_suffix, spare);
    path_of(listen, "", path);
    if (start_at(listen, url, &next) != 0)
        return;
    if (rename(spare, path) < 0) {
        (void)nng_listener_close(next);
        return;
    }
    if (nng_listener_id(*former) > 0) /* all are taken: those connections end */
        close_former(listen, former);
    *former = listen->listener;
    listen->listener = next;
    (void)close(listen->probe);
    listen->state = PND_LINK_TRUSTED;
    listen->other_count = 0;
}

/* nng removes the name that it was made with, which is another's now. */
static void close_former(struct pnd_link_listen *listen, nng_listener *former)
{
    char spare[PATH_BYTES];
    char path[PATH_BYTES];
    path_of(listen, spare_suffix, spare);
    path_of(listen, "", path);
    bool kept = link(path, spare) == 0;
    (void)nng_listener_close(*former);
    if (kept)
        (void)rename(spare, path);
    *former = (nng_listener)NNG_LISTENER_INITIALIZER;
}

void pnd_link_listen_stop(struct pnd_link_listen *listen)
{
    char path[PATH_BYTES];
    if (nng_listener_id(listen->listener) <= 0)
        return;
    if (listen->state == PND_LINK_PROBED)
        (void)close(listen->probe);
    for (size_t i = 0; i < PND_LINK_FORMER_COUNT; i++)
        if (nng_listener_id(listen->formers[i]) > 0)
            close_former(listen, &listen->formers[i]);
    (void)nng_listener_close(listen->listener);
    if (!is_of_files(listen->url))
        return;
    path_of(listen, "", path);
    (void)unlink(path); /* where it was not made with that name */
}
