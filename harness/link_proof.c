/*
 * link_proof.c - whether a key is that of its certificate, before anybody asks for it.
 *
 * Happy path:  a listener and a dialer of our own shake hands on the loopback interface: who dials
 *              accepts any certificate, but only with the signature of its key.
 * Failures:    what is no certificate, or cannot be tried here, is for the link itself to explain.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/supplemental/tls/tls.h>
#include <nng/transport/tls/tls.h>
#include <stdio.h>

enum { URL_BYTES = 64 };

static int listen_with(const struct pnd_credentials *credentials, nng_listener *ret_listener,
                       char *ret_url);
static int dial_any(const char *url);

/* The sockets end with the process: see pnd_link_destroy(). */
int pnd_link_prove(const struct pnd_credentials *credentials)
{
    char url[URL_BYTES];
    nng_listener listener = NNG_LISTENER_INITIALIZER;
    bool wrong = listen_with(credentials, &listener, url) == 0 && dial_any(url) == NNG_ECRYPTO;
    if (nng_listener_id(listener) > 0)
        (void)nng_listener_close(listener);
    return wrong ? -EKEYREJECTED : 0;
}

static int listen_with(const struct pnd_credentials *credentials, nng_listener *ret_listener,
                       char *ret_url)
{
    nng_socket socket;
    nng_sockaddr address;
    nng_tls_config *config = NULL;
    int result = nng_tls_config_alloc(&config, NNG_TLS_MODE_SERVER);
    if (result != 0)
        return result;
    result = nng_tls_config_own_cert(config, credentials->certificate, credentials->key, NULL);
    if (result == 0)
        result = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_NONE);
    if (result == 0)
        result = nng_pair0_open(&socket);
    if (result == 0)
        result = nng_listener_create(ret_listener, socket, "tls+tcp://127.0.0.1:0");
    if (result == 0)
        result = nng_listener_set_ptr(*ret_listener, NNG_OPT_TLS_CONFIG, config);
    if (result == 0)
        result = nng_listener_start(*ret_listener, 0);
    if (result == 0)
        result = nng_listener_get_addr(*ret_listener, NNG_OPT_LOCADDR, &address);
    if (result == 0)
        (void)snprintf(ret_url, URL_BYTES, "tls+tcp://127.0.0.1:%u", ntohs(address.s_in.sa_port));
    nng_tls_config_free(config);
    return result;
}

/* By TLS 1.2: with 1.3, a signature that is wrong and a peer that is not trusted have one name. */
static int dial_any(const char *url)
{
    nng_socket socket;
    nng_dialer dialer = NNG_DIALER_INITIALIZER;
    nng_tls_config *config = NULL;
    int result = nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT);
    if (result != 0)
        return result;
    result = nng_tls_config_version(config, NNG_TLS_1_2, NNG_TLS_1_2);
    if (result == 0)
        result = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_NONE);
    if (result == 0)
        result = nng_pair0_open(&socket);
    if (result == 0)
        result = nng_dialer_create(&dialer, socket, url);
    if (result == 0)
        result = nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config);
    if (result == 0)
        result = nng_dialer_start(dialer, 0); /* waits for the handshake */
    if (nng_dialer_id(dialer) > 0)
        (void)nng_dialer_close(dialer);
    nng_tls_config_free(config);
    return result;
}
