/*
 * link_listen.c - one of the link's listeners, which nobody can make deaf for long.
 *
 * Happy path:  listen, and admit whoever may come.
 * Failures:    a listener that was made deaf is replaced: another one takes its name in the file
 *              system, and it is closed when its last connection has gone, but not before those
 *              that were about to be one are: who is cut off then does not call again.
 *
 * Somebody who connects to a socket of the file system and leaves before it has said which protocol
 * it speaks is taken by nng before 1.6 for the end of the listener itself, which hears nobody any
 * more (its issue 1518). That shows in its statistics only, as an error of no kind it knows, and so
 * does everybody who leaves: there are to be more errors than have left, and for longer than a
 * moment, since an error is counted before who made it has left.
 */
#include "link_listen.h"

#include "link_peer.h"
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char scheme[] = "ipc://";
static const char spare_suffix[] = "~";

enum {
    PATH_BYTES = PND_URL_BYTES + 16,
    GRACE_MS = 500, /* for those who called a listener before it was replaced */
};

static bool is_of_files(const char *url);
static int start_at(const struct pnd_link_listen *listen, const char *url,
                    nng_listener *ret_listener);
static uint64_t count_of(nng_stat *all, nng_listener listener, const char *name);
static bool may_be_deaf(nng_stat *all, nng_listener listener);
static void replace(struct pnd_link_listen *listen, uint64_t now_ms);
static void close_former(struct pnd_link_listen *listen, struct pnd_link_former *former);

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

void pnd_link_listen_mend(struct pnd_link_listen *listen, uint64_t now_ms)
{
    nng_stat *all = NULL;
    if (nng_stats_get(&all) != 0)
        return;
    bool was_suspected = listen->suspected;
    listen->suspected = may_be_deaf(all, listen->listener);
    if (was_suspected && listen->suspected)
        replace(listen, now_ms);
    for (size_t i = 0; i < PND_LINK_FORMER_COUNT; i++) {
        struct pnd_link_former *former = &listen->formers[i];
        if (nng_listener_id(former->listener) > 0 && now_ms >= former->replaced_ms + GRACE_MS &&
            count_of(all, former->listener, "pipes") == 0)
            close_former(listen, former);
    }
    nng_stats_free(all);
}

static bool may_be_deaf(nng_stat *all, nng_listener listener)
{
    uint64_t errors = count_of(all, listener, "other") + count_of(all, listener, "disconnect");
    uint64_t came = count_of(all, listener, "accept");
    uint64_t stayed = count_of(all, listener, "pipes") + count_of(all, listener, "reject");
    return errors + stayed > came;
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
static void replace(struct pnd_link_listen *listen, uint64_t now_ms)
{
    char url[PATH_BYTES];
    char spare[PATH_BYTES];
    char path[PATH_BYTES];
    nng_listener next = NNG_LISTENER_INITIALIZER;
    struct pnd_link_former *former = listen->formers;
    for (size_t i = 0; i < PND_LINK_FORMER_COUNT && nng_listener_id(former->listener) > 0; i++)
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
    if (nng_listener_id(former->listener) > 0) /* all are taken: those connections end */
        close_former(listen, former);
    *former = (struct pnd_link_former){.listener = listen->listener, .replaced_ms = now_ms};
    listen->listener = next;
    listen->suspected = false;
}

/* nng removes the name that it was made with, which is another's now. */
static void close_former(struct pnd_link_listen *listen, struct pnd_link_former *former)
{
    char spare[PATH_BYTES];
    char path[PATH_BYTES];
    path_of(listen, spare_suffix, spare);
    path_of(listen, "", path);
    bool kept = link(path, spare) == 0;
    (void)nng_listener_close(former->listener);
    if (kept)
        (void)rename(spare, path);
    *former = (struct pnd_link_former){0};
}

void pnd_link_listen_stop(struct pnd_link_listen *listen)
{
    char path[PATH_BYTES];
    if (nng_listener_id(listen->listener) <= 0)
        return;
    for (size_t i = 0; i < PND_LINK_FORMER_COUNT; i++)
        if (nng_listener_id(listen->formers[i].listener) > 0)
            close_former(listen, &listen->formers[i]);
    (void)nng_listener_close(listen->listener);
    if (!is_of_files(listen->url))
        return;
    path_of(listen, "", path);
    (void)unlink(path); /* where it was not made with that name */
}
