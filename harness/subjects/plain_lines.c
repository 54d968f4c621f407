/*
 * plain_lines.c - the line at hand, and what is written in answers, for the small subject.
 *
 * Happy path:  a line is read whole; a field is found by its key.
 * Failures:    what is not there is empty or 0.
 */
#include "plain_lines.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

const char *const pnd_line_flags[] = {"auto_put", "peek", "zero_copy", "first_data", NULL};
const char *const pnd_line_ends[] = {"end_of_stream", "truncated", "control_truncated",
                                     "lent",          "by_cancel", "by_deadline",
                                     "by_close",      "copied",    NULL};

static char line[1 << 16];
static char *fields; /* behind the word */

bool pnd_line_read(void)
{
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    fields = line + strcspn(line, " ");
    if (*fields == ' ')
        *fields++ = '\0';
    for (char *end = fields; *end != '\0'; end++)
        if (*end == ' ')
            *end = '\n'; /* ends a field from now on */
    return true;
}

const char *pnd_line_word(void)
{
    return line;
}

const char *pnd_line_raw(const char *key)
{
    size_t length = strlen(key);
    for (const char *at = fields; *at != '\0'; at += at[strcspn(at, "\n")] != '\0') {
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return at + length + 1;
        at += strcspn(at, "\n");
    }
    return NULL;
}

bool pnd_line_has(const char *key)
{
    return pnd_line_raw(key) != NULL;
}

const char *pnd_line_text(const char *key)
{
    static char value[512];
    const char *found = pnd_line_raw(key);
    snprintf(value, sizeof value, "%.*s", found != NULL ? (int)strcspn(found, "\n") : 0,
             found != NULL ? found : "");
    return value;
}

uint64_t pnd_line_number(const char *key)
{
    const char *found = pnd_line_raw(key);
    return found != NULL ? strtoull(found, NULL, 10) : 0;
}

void pnd_line_range(const char *key, uint64_t *ret_offset, uint64_t *ret_byte_count)
{
    char *end = NULL;
    const char *found = pnd_line_raw(key);
    *ret_offset = found != NULL ? strtoull(found, &end, 10) : 0;
    *ret_byte_count = found != NULL && *end == '+' ? strtoull(end + 1, NULL, 10) : 0;
}

uint32_t pnd_line_names(const char *key, const char *const *names)
{
    char value[512];
    char *rest = NULL;
    uint32_t bits = 0;
    snprintf(value, sizeof value, "%s", pnd_line_text(key));
    for (char *name = strtok_r(value, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest))
        for (uint32_t i = 0; names[i] != NULL; i++)
            bits |= strcmp(names[i], name) == 0 ? UINT32_C(1) << i : 0;
    return bits;
}

bool pnd_line_family(int *ret_domain, int *ret_type)
{
    static const struct {
        const char *name;
        int domain, type;
    } kinds[] = {
        {"tcp4", AF_INET, SOCK_STREAM},
        {"tcp6", AF_INET6, SOCK_STREAM},
        {"udp4", AF_INET, SOCK_DGRAM},
        {"udp6", AF_INET6, SOCK_DGRAM},
        {"unix_stream", AF_UNIX, SOCK_STREAM},
        {"unix_datagram", AF_UNIX, SOCK_DGRAM},
        {"unix_seqpacket", AF_UNIX, SOCK_SEQPACKET},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, pnd_line_text("family")) == 0) {
            *ret_domain = kinds[i].domain;
            *ret_type = kinds[i].type;
            return true;
        }
    }
    return false;
}

void pnd_line_address(const char *key, struct sockaddr_storage *ret_address,
                      socklen_t *ret_byte_count)
{
    char text[512];
    struct sockaddr_in *ip4 = (struct sockaddr_in *)ret_address;
    struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)ret_address;
    struct sockaddr_un *name = (struct sockaddr_un *)ret_address;
    snprintf(text, sizeof text, "%s", pnd_line_text(key));
    bool is_ip4 = strncmp(text, "ip4,", 4) == 0;
    char *host = text + strcspn(text, ",");
    host += *host == ',';
    char *port = host + strcspn(host, ",");
    memset(ret_address, 0, sizeof *ret_address);
    *ret_byte_count = 0;
    if (strncmp(text, "unix,", 5) == 0) {
        name->sun_family = AF_UNIX;
        snprintf(name->sun_path, sizeof name->sun_path, "%.*s", (int)sizeof name->sun_path - 1,
                 host);
        *ret_byte_count = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(host) + 1);
    } else if (*port == ',') {
        *port++ = '\0';
        ret_address->ss_family = is_ip4 ? AF_INET : AF_INET6;
        ip4->sin_port = htons((uint16_t)strtoul(port, NULL, 10)); /* at the same place in both */
        *ret_byte_count = is_ip4 ? sizeof *ip4 : sizeof *ip6;
        (void)inet_pton(ret_address->ss_family, host,
                        is_ip4 ? (void *)&ip4->sin_addr : (void *)&ip6->sin6_addr);
    }
}

const char *pnd_line_tell_address(const struct sockaddr_storage *address, socklen_t byte_count,
                                  char *text)
{
    char host[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)address;
    const struct sockaddr_un *name = (const struct sockaddr_un *)address;
    bool is_ip4 = address->ss_family == AF_INET;
    text[0] = '\0';
    if (byte_count > 0 && address->ss_family == AF_UNIX) {
        snprintf(text, LINE_ADDRESS_BYTES, "unix,%.*s",
                 (int)(byte_count - offsetof(struct sockaddr_un, sun_path)), name->sun_path);
    } else if (byte_count > 0) {
        (void)inet_ntop(address->ss_family,
                        is_ip4 ? (const void *)&ip4->sin_addr : (const void *)&ip6->sin6_addr, host,
                        sizeof host);
        snprintf(text, LINE_ADDRESS_BYTES, "%s,%s,%u", is_ip4 ? "ip4" : "ip6", host,
                 ntohs(ip4->sin_port));
    }
    return text;
}

void pnd_line_show(const char *key, const char *value)
{
    if (*value != '\0')
        printf(" %s=%s", key, value);
}

void pnd_line_show_number(const char *key, uint64_t number)
{
    if (number != 0)
        printf(" %s=%llu", key, (unsigned long long)number);
}

void pnd_line_show_range(const char *key, uint64_t offset, uint64_t byte_count)
{
    if (offset != 0 || byte_count != 0)
        printf(" %s=%llu+%llu", key, (unsigned long long)offset, (unsigned long long)byte_count);
}

void pnd_line_show_names(const char *key, uint32_t bits, const char *const *names)
{
    const char *before = "";
    if (bits == 0)
        return;
    printf(" %s=", key);
    for (uint32_t i = 0; names[i] != NULL; i++)
        if ((bits & UINT32_C(1) << i) != 0) {
            printf("%s%s", before, names[i]);
            before = ",";
        }
}

void pnd_line_show_result(const char *prefix, const char *operation, const struct result *result)
{
    const struct {
        const char *key;
        uint64_t number;
    } numbers[] = {
        {"handle", result->handle}, {"run", result->run},     {"user", result->user},
        {"value", result->value},   {"bytes", result->bytes}, {"memory", result->memory},
    };
    printf(" %soperation=%s", prefix, operation);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].number != 0)
            printf(" %s%s=%llu", prefix, numbers[i].key, (unsigned long long)numbers[i].number);
    if (result->error != 0)
        printf(" %serror=%s", prefix, strerrorname_np(result->error));
    if (result->flags != 0) {
        char key[64];
        snprintf(key, sizeof key, "%sflags", prefix);
        pnd_line_show_names(key, result->flags, pnd_line_ends);
    }
}
