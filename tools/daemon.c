/*
 * daemon.c - a daemon that has said hello, and what can be asked of it.
 *
 * Happy path:  connect -> hello -> listen to its events -> requests, one at a time.
 * Failures:    nobody there, gone, silent, or no daemon at all: one line each, with the remedy.
 */
#include "daemon.h"

#include "clock.h"
#include "say.h"
#include "setting.h"
#include "url.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char tls_scheme[] = "tls+tcp://";
static struct pnd_credentials credentials; /* of all links that have any */
static const struct pnd_credentials no_credentials;

static const int64_t connect_patience_ns = 3 * (int64_t)PND_CLOCK_SECOND;
static const int64_t glance_patience_ns = 200 * (int64_t)PND_CLOCK_MS;
static const int64_t request_timeout_ns = 10 * (int64_t)PND_CLOCK_SECOND;

static int choose_url(const struct pnd_options *options, int index, struct pnd_daemon *daemon);
static bool is_secure(const char *url);
static bool has_socket(const char *url);
static int read_credentials(const struct pnd_options *options, const char *url);
static bool is_any_secure(const struct pnd_options *options);
static void take_events_url(const struct pnd_daemon *daemon, const char *told, char *ret_url);
static int say_hello(const struct pnd_options *options, struct pnd_daemon *daemon);
static int take_hello(const struct pnd_options *options, const Pendio__HelloReply *hello,
                      struct pnd_daemon *daemon);
static int explain_connect(const struct pnd_daemon *daemon, int status);
static int check_path(const char *url);

int pnd_daemon_open(const struct pnd_options *options, struct pnd_daemon *ret_daemon)
{
    return pnd_daemon_open_each(options, 0, ret_daemon);
}

int pnd_daemon_open_each(const struct pnd_options *options, int index,
                         struct pnd_daemon *ret_daemon)
{
    struct pnd_daemon daemon = {.timeout_ns = request_timeout_ns};
    int64_t patience_ns = connect_patience_ns;
    if (options->timeout_ns > 0)
        daemon.timeout_ns = patience_ns = options->timeout_ns;

    int status = choose_url(options, index, &daemon);
    if (status == 0)
        status = check_path(daemon.url);
    if (status == 0)
        status = read_credentials(options, daemon.url);
    if (status < 0)
        return status;
    status = pnd_link_open(daemon.url, is_secure(daemon.url) ? &credentials : &no_credentials,
                           patience_ns, &daemon.link);
    if (status < 0)
        return explain_connect(&daemon, status);
    status = say_hello(options, &daemon);
    if (status == 0)
        *ret_daemon = daemon;
    return status;
}

int pnd_daemon_open_if_there(const struct pnd_options *options, struct pnd_daemon *ret_daemon)
{
    if (options->url_count > 0)
        return pnd_daemon_open(options, ret_daemon);

    struct pnd_daemon daemon = {.timeout_ns = request_timeout_ns};
    if (pnd_url_default(daemon.url, sizeof daemon.url) == 0 && has_socket(daemon.url) &&
        pnd_link_open(daemon.url, &no_credentials, glance_patience_ns, &daemon.link) == -EINTR)
        return -EINTR;
    int status = daemon.link != NULL ? say_hello(options, &daemon) : 0;
    if (status == 0)
        *ret_daemon = daemon;
    return status;
}

/* Saves the wait for what pendiod would refuse. */
static int check_path(const char *url)
{
    static const char scheme[] = "ipc://";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0 ||
        strlen(url + sizeof scheme - 1) <= PND_URL_PATH_BYTES)
        return 0;
    pnd_say_error("%s: a socket's path has at most %d bytes; name a shorter one with --url, or "
                  "set XDG_RUNTIME_DIR",
                  url, PND_URL_PATH_BYTES);
    return -EINVAL;
}

static bool is_secure(const char *url)
{
    return strncmp(url, tls_scheme, strlen(tls_scheme)) == 0;
}

static bool is_any_secure(const struct pnd_options *options)
{
    for (int index = 0; index < options->url_count; index++)
        if (is_secure(options->urls[index]))
            return true;
    return false;
}

/* Where both ends prove who they are, and nowhere else. */
static int read_credentials(const struct pnd_options *options, const char *url)
{
    const struct pnd_credential_files files = {
        .certificate = options->certificate,
        .key = options->key,
        .authority = options->authority,
    };
    struct pnd_message_error error = {""};
    if (credentials.certificate == NULL && pnd_credentials_read(&files, &credentials, &error) < 0) {
        pnd_say_error("%s", error.text);
        return -EINVAL;
    }
    bool given = credentials.certificate != NULL;
    if (given ? is_any_secure(options) : !is_secure(url))
        return 0;
    pnd_say_error(given ? "%s: certificates are of use to tls+tcp:// only; leave them out"
                        : "%s: it needs --tls-certificate, --tls-key and --tls-authority",
                  url);
    return -EINVAL;
}

/* A daemon that listens at all its addresses does not know which one it was called by. */
static void take_events_url(const struct pnd_daemon *daemon, const char *told, char *ret_url)
{
    const char *port = strrchr(told, ':');
    const char *end = strrchr(daemon->url, ':');
    if (is_secure(daemon->url) && port != NULL && end != NULL)
        (void)snprintf(ret_url, sizeof daemon->url, "%.*s%s", (int)(end - daemon->url), daemon->url,
                       port);
    else
        (void)snprintf(ret_url, sizeof daemon->url, "%s", told);
}

/* Saves the wait where no daemon has ever been. */
static bool has_socket(const char *url)
{
    static const char scheme[] = "ipc://";
    return strncmp(url, scheme, sizeof scheme - 1) != 0 ||
           access(url + sizeof scheme - 1, F_OK) == 0;
}

static int choose_url(const struct pnd_options *options, int index, struct pnd_daemon *daemon)
{
    if (options->url_count == 0) {
        int status = pnd_url_default(daemon->url, sizeof daemon->url);
        if (status < 0)
            pnd_say_error("XDG_RUNTIME_DIR or TMPDIR is too long for a URL; name one with --url");
        return status;
    }
    const char *url = options->urls[index];
    if (strlen(url) >= sizeof daemon->url) {
        pnd_say_error("--url %.40s...: use a URL of less than %zu bytes", url, sizeof daemon->url);
        return -EINVAL;
    }
    (void)snprintf(daemon->url, sizeof daemon->url, "%s", url);
    return 0;
}

static int say_hello(const struct pnd_options *options, struct pnd_daemon *daemon)
{
    Pendio__HelloRequest hello = PENDIO__HELLO_REQUEST__INIT;
    Pendio__Request request = PENDIO__REQUEST__INIT;
    request.version = 1;
    request.body_case = PENDIO__REQUEST__BODY_HELLO;
    request.hello = &hello;

    Pendio__Reply *reply = NULL;
    int status = pnd_daemon_ask(daemon, daemon->url, &request, PENDIO__REPLY__BODY_HELLO, &reply);
    if (status < 0)
        return status;
    if (reply->status != PENDIO__STATUS__OK) {
        pnd_daemon_complain(daemon->url, reply);
        status = -EPROTO;
    } else {
        status = take_hello(options, reply->hello, daemon);
    }
    pnd_link_free_reply(reply);
    return status;
}

static int take_hello(const struct pnd_options *options, const Pendio__HelloReply *hello,
                      struct pnd_daemon *daemon)
{
    struct pnd_message_error error = {""};
    if (options->features != NULL && pnd_setting_check_features(options->features, hello->features,
                                                                hello->n_features, &error) < 0) {
        pnd_say_error("--features: %s", error.text);
        return -EINVAL;
    }
    (void)snprintf(daemon->version, sizeof daemon->version, "%s", hello->version);
    daemon->process = hello->process;
    daemon->run_limit = hello->run_limit;
    /* Without events progress comes from requests alone. */
    char events_url[sizeof daemon->url];
    take_events_url(daemon, hello->events_url, events_url);
    (void)pnd_link_subscribe(daemon->link, events_url);
    return 0;
}

static int explain_connect(const struct pnd_daemon *daemon, int status)
{
    switch (status) {
    case -EINTR:
        break;
    case -EINVAL:
        pnd_say_error("%s is no URL; use one like ipc:///run/pendio/pendiod.sock", daemon->url);
        break;
    case -EACCES:
        pnd_say_error("%s belongs to somebody else; start a pendiod of your own, or name another "
                      "with --url",
                      daemon->url);
        break;
    case -EPROTO:
        pnd_say_error("%s: the files of --tls-certificate, --tls-key and --tls-authority do not go "
                      "together, or this nng has no TLS",
                      daemon->url);
        break;
    case -ECONNREFUSED:
        if (is_secure(daemon->url)) {
            pnd_say_error("%s: nobody listens there, or one of the two certificates is not what "
                          "the other end trusts: look at its name, its time and its authority",
                          daemon->url);
            break;
        }
        pnd_say_error("nobody listens on %s; start pendiod, or name another with --url",
                      daemon->url);
        break;
    default:
        pnd_say_error("%s: %s; free some and try again", daemon->url, strerror(-status));
        break;
    }
    return status;
}

int pnd_daemon_ask(struct pnd_daemon *daemon, const char *subject, const Pendio__Request *request,
                   Pendio__Reply__BodyCase expected, Pendio__Reply **ret_reply)
{
    Pendio__Reply *reply = NULL;
    int status = pnd_link_call(daemon->link, request, daemon->timeout_ns, &reply);
    if (status == 0 && reply->status == PENDIO__STATUS__OK && reply->body_case != expected) {
        pnd_link_free_reply(reply);
        status = -EBADMSG;
    }
    if (status < 0)
        return pnd_daemon_explain(daemon, subject, status);

    pnd_say_clean_message(&reply->base);
    *ret_reply = reply;
    return 0;
}

void pnd_daemon_complain(const char *subject, const Pendio__Reply *reply)
{
    if (reply->message[0] != '\0')
        pnd_say_error("%s: %s", subject, reply->message);
    else
        pnd_say_error("%s: the daemon refused with status %d and gave no reason; see its log",
                      subject, (int)reply->status);
}

int pnd_daemon_explain(const struct pnd_daemon *daemon, const char *subject, int status)
{
    bool about_input = strcmp(subject, daemon->url) != 0; /* else the URL alone is named, once */
    const char *input = about_input ? subject : "", *colon = about_input ? ": " : "";
    switch (status) {
    case -EINTR:
        break;
    case -ECONNRESET:
        pnd_say_error("%s%sthe daemon on %s has gone; start pendiod again", input, colon,
                      daemon->url);
        break;
    case -ETIMEDOUT:
        pnd_say_error("%s%sno answer from %s within %.3g s; is it pendiod? allow more with "
                      "--timeout",
                      input, colon, daemon->url, (double)daemon->timeout_ns / 1e9);
        break;
    case -EBADMSG:
        pnd_say_error("%s%s%s answers, but not as pendiod does; name another with --url", input,
                      colon, daemon->url);
        break;
    default:
        pnd_say_error("%s: %s", subject, strerror(-status));
        break;
    }
    return status;
}

/* A URL that is none is wrong usage. */
enum pnd_exit pnd_daemon_exit(int status)
{
    return status == -EINVAL ? PND_EXIT_USAGE : PND_EXIT_UNREACHABLE;
}
