/*
 * link_peer.c - who is at the other end of the link's connections, and who may be.
 *
 * Happy path:  the system tells the user at the other end of a socket of the file system; of TLS it
 *              is a certificate, which both ends must have from the authority they name.
 * Failures:    who cannot be told is turned away, and described as what is known of the connection.
 */
#include "link_peer.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <nng/supplemental/tls/tls.h>
#include <nng/transport/tls/tls.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool describe_local(nng_pipe pipe, char *ret_text, size_t byte_count);
static bool describe_certificate(nng_pipe pipe, char *ret_text, size_t byte_count);
static void describe_address(nng_pipe pipe, char *ret_text, size_t byte_count);

/* On one of nng's threads, before the protocol hears of the client. */
void pnd_link_peer_admit(nng_pipe pipe, nng_pipe_ev event, void *state)
{
    (void)event;
    (void)state;
    uint64_t user = 0;
    bool is_known = nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &user) == 0;
    if (!is_known || (user != 0 && user != geteuid()))
        (void)nng_pipe_close(pipe);
}

void pnd_link_peer_describe(nng_pipe pipe, char *ret_text, size_t byte_count)
{
    if (!describe_local(pipe, ret_text, byte_count) &&
        !describe_certificate(pipe, ret_text, byte_count))
        describe_address(pipe, ret_text, byte_count);
}

static bool describe_local(nng_pipe pipe, char *ret_text, size_t byte_count)
{
    uint64_t user = 0;
    uint64_t process = 0;
    if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &user) != 0 ||
        nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_PID, &process) != 0)
        return false;
    (void)snprintf(ret_text, byte_count, "uid %" PRIu64 " pid %" PRIu64, user, process);
    return true;
}

/* nng before 1.6 keeps the name to itself. */
static bool describe_certificate(nng_pipe pipe, char *ret_text, size_t byte_count)
{
#ifdef NNG_OPT_TLS_PEER_CN
    char *name = NULL;
    if (nng_pipe_get_string(pipe, NNG_OPT_TLS_PEER_CN, &name) != 0)
        return false;
    (void)snprintf(ret_text, byte_count, "certificate of %.100s", name);
    nng_strfree(name);
    return true;
#else
    (void)pipe;
    (void)ret_text;
    (void)byte_count;
    return false;
#endif
}

static void describe_address(nng_pipe pipe, char *ret_text, size_t byte_count)
{
    char host[INET6_ADDRSTRLEN] = "";
    nng_sockaddr address;
    if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &address) != 0)
        (void)snprintf(ret_text, byte_count, "one that has gone");
    else if (address.s_family == NNG_AF_INET &&
             inet_ntop(AF_INET, &address.s_in.sa_addr, host, sizeof host) != NULL)
        (void)snprintf(ret_text, byte_count, "%s:%u", host, ntohs(address.s_in.sa_port));
    else if (address.s_family == NNG_AF_INET6 &&
             inet_ntop(AF_INET6, address.s_in6.sa_addr, host, sizeof host) != NULL)
        (void)snprintf(ret_text, byte_count, "[%s]:%u", host, ntohs(address.s_in6.sa_port));
    else
        (void)snprintf(ret_text, byte_count, "unknown");
}

int pnd_link_peer_secure(nng_listener listener, const struct pnd_credentials *credentials)
{
    nng_tls_config *config = NULL;
    int result = nng_tls_config_alloc(&config, NNG_TLS_MODE_SERVER);
    if (result != 0)
        return result;
    result = nng_tls_config_version(config, NNG_TLS_1_2, NNG_TLS_1_3);
    if (result == 0)
        result = nng_tls_config_own_cert(config, credentials->certificate, credentials->key, NULL);
    if (result == 0)
        result = nng_tls_config_ca_chain(config, credentials->authority, NULL);
    if (result == 0)
        result = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
    if (result == 0)
        result = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, config);
    nng_tls_config_free(config); /* the listener holds it, too */
    return result;
}
