/*
 * foreign_line.c - a line of the subject protocol, taken apart.
 *
 * Happy path:  word and fields are cut in place; a field is found by its key, its value read as
 *              what it should be.
 * Failures:    what is no line is -EBADMSG; a value of the wrong kind is remembered by its key, for
 *              the one question at the end whether all was well.
 */
#include "foreign_line.h"

#include "names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char because[] = "because";

/* Cuts the field that begins at `text`; returns what follows it, or NULL when it is none. */
static char *cut_field(char *text, struct pnd_foreign_field *ret_field)
{
    char *equals = strchr(text, '=');
    char *space = strchr(text, ' ');
    if (equals == NULL || equals == text || (space != NULL && space < equals))
        return NULL;
    *equals = '\0';
    *ret_field = (struct pnd_foreign_field){text, equals + 1};
    if (space == NULL || strcmp(text, because) == 0)
        return equals + 1 + strlen(equals + 1);
    *space = '\0';
    return space + 1;
}

int pnd_foreign_line_parse(char *text, struct pnd_foreign_line *ret_line)
{
    ret_line->word = text;
    ret_line->field_count = 0;
    ret_line->next = 0;
    ret_line->wrong = NULL;
    text += strcspn(text, " ");
    if (text == ret_line->word)
        return -EBADMSG;
    if (*text == ' ')
        *text++ = '\0';
    while (*text != '\0') {
        if (ret_line->field_count == PND_FOREIGN_FIELD_COUNT)
            return -EBADMSG;
        text = cut_field(text, &ret_line->fields[ret_line->field_count++]);
        if (text == NULL)
            return -EBADMSG;
    }
    return 0;
}

const char *pnd_foreign_line_text(struct pnd_foreign_line *line, const char *key)
{
    for (uint32_t i = 0; i < line->field_count; i++) {
        uint32_t at = (line->next + i) % line->field_count;
        if (strcmp(line->fields[at].key, key) != 0)
            continue;
        line->next = at + 1;
        return line->fields[at].value;
    }
    return "";
}

static void set_wrong(struct pnd_foreign_line *line, const char *key)
{
    if (line->wrong == NULL)
        line->wrong = key;
}

/* Decimal digits and nothing else; returns what follows, or NULL. */
static const char *read_number(const char *text, uint64_t *ret_number)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return NULL;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 ? end : NULL;
}

uint64_t pnd_foreign_line_number(struct pnd_foreign_line *line, const char *key)
{
    const char *text = pnd_foreign_line_text(line, key);
    uint64_t number = 0;
    if (*text == '\0')
        return 0;
    const char *end = read_number(text, &number);
    if (end != NULL && *end == '\0')
        return number;
    set_wrong(line, key);
    return 0;
}

void pnd_foreign_line_range(struct pnd_foreign_line *line, const char *key, uint64_t *ret_offset,
                            uint64_t *ret_byte_count)
{
    const char *text = pnd_foreign_line_text(line, key);
    uint64_t offset = 0;
    uint64_t byte_count = 0;
    *ret_offset = *ret_byte_count = 0;
    if (*text == '\0')
        return;
    const char *end = read_number(text, &offset);
    if (end != NULL && *end == '+')
        end = read_number(end + 1, &byte_count);
    if (end == NULL || *end != '\0' || end == text) {
        set_wrong(line, key);
        return;
    }
    *ret_offset = offset;
    *ret_byte_count = byte_count;
}

int pnd_foreign_line_error(struct pnd_foreign_line *line, const char *key)
{
    const char *text = pnd_foreign_line_text(line, key);
    int error = *text == '\0' ? 0 : pnd_names_find_error(text);
    if (error >= 0)
        return -error;
    set_wrong(line, key);
    return 0;
}

/* The index of the first `length` characters among the names, or -1. */
static int find_name(const char *text, size_t length, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strncmp(names[i], text, length) == 0 && names[i][length] == '\0')
            return i;
    return -1;
}

uint32_t pnd_foreign_line_name(struct pnd_foreign_line *line, const char *key,
                               const char *const *names)
{
    const char *text = pnd_foreign_line_text(line, key);
    int index = *text == '\0' ? 0 : find_name(text, strlen(text), names);
    if (index < 0)
        set_wrong(line, key);
    return index < 0 ? 0 : (uint32_t)index;
}

uint32_t pnd_foreign_line_names(struct pnd_foreign_line *line, const char *key,
                                const char *const *names)
{
    uint32_t bits = 0;
    for (const char *text = pnd_foreign_line_text(line, key); *text != '\0';) {
        size_t length = strcspn(text, ",");
        int index = find_name(text, length, names);
        if (index < 0)
            set_wrong(line, key);
        else
            bits |= UINT32_C(1) << index;
        text += length + (text[length] == ',' ? 1 : 0);
    }
    return bits;
}

static bool read_port(const char *text, in_port_t *ret_port)
{
    uint64_t port = 0;
    const char *end = read_number(text, &port);
    *ret_port = htons((uint16_t)port);
    return end != NULL && *end == '\0' && port <= UINT16_MAX;
}

/* The host before the comma, as a string of its own, and the port behind it. */
static bool cut_host(const char *text, char *ret_host, size_t host_bytes, in_port_t *ret_port)
{
    size_t length = strcspn(text, ",");
    if (text[length] != ',' || length >= host_bytes)
        return false;
    memcpy(ret_host, text, length);
    ret_host[length] = '\0';
    return read_port(text + length + 1, ret_port);
}

static bool read_ip4(const char *text, struct pendio_endpoint *ret_address)
{
    char host[INET_ADDRSTRLEN];
    struct sockaddr_in ip = {.sin_family = AF_INET};
    if (!cut_host(text, host, sizeof host, &ip.sin_port) ||
        inet_pton(AF_INET, host, &ip.sin_addr) != 1)
        return false;
    memcpy(ret_address->address, &ip, sizeof ip);
    ret_address->byte_count = sizeof ip;
    return true;
}

static bool read_ip6(const char *text, struct pendio_endpoint *ret_address)
{
    char host[INET6_ADDRSTRLEN];
    struct sockaddr_in6 ip = {.sin6_family = AF_INET6};
    if (!cut_host(text, host, sizeof host, &ip.sin6_port) ||
        inet_pton(AF_INET6, host, &ip.sin6_addr) != 1)
        return false;
    memcpy(ret_address->address, &ip, sizeof ip);
    ret_address->byte_count = sizeof ip;
    return true;
}

static bool read_unix(const char *text, struct pendio_endpoint *ret_address)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t length = strlen(text);
    if (length >= sizeof name.sun_path)
        return false;
    memcpy(name.sun_path, text, length);
    memcpy(ret_address->address, &name, sizeof name);
    ret_address->byte_count =
        (uint32_t)(offsetof(struct sockaddr_un, sun_path) + (length > 0 ? length + 1 : 0));
    return true;
}

void pnd_foreign_line_address(struct pnd_foreign_line *line, const char *key,
                              struct pendio_endpoint *ret_address)
{
    const char *text = pnd_foreign_line_text(line, key);
    bool right = true;
    memset(ret_address, 0, sizeof *ret_address);
    if (strncmp(text, "ip4,", 4) == 0)
        right = read_ip4(text + 4, ret_address);
    else if (strncmp(text, "ip6,", 4) == 0)
        right = read_ip6(text + 4, ret_address);
    else if (strncmp(text, "unix,", 5) == 0)
        right = read_unix(text + 5, ret_address);
    else
        right = *text == '\0' || strcmp(text, "none") == 0;
    if (!right)
        set_wrong(line, key);
}

const char *pnd_foreign_line_tell_address(const struct pendio_endpoint *address, char *text)
{
    char host[INET6_ADDRSTRLEN] = "";
    struct sockaddr_storage any = {0};
    memcpy(&any, address->address, address->byte_count);
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)&any;
    const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)&any;
    const struct sockaddr_un *name = (const struct sockaddr_un *)&any;
    switch (any.ss_family) {
    case AF_INET:
        (void)inet_ntop(AF_INET, &ip4->sin_addr, host, sizeof host);
        snprintf(text, PND_FOREIGN_ADDRESS_BYTES, "ip4,%s,%u", host, ntohs(ip4->sin_port));
        break;
    case AF_INET6:
        (void)inet_ntop(AF_INET6, &ip6->sin6_addr, host, sizeof host);
        snprintf(text, PND_FOREIGN_ADDRESS_BYTES, "ip6,%s,%u", host, ntohs(ip6->sin6_port));
        break;
    case AF_UNIX:
        snprintf(text, PND_FOREIGN_ADDRESS_BYTES, "unix,%.*s", (int)sizeof name->sun_path,
                 name->sun_path);
        break;
    default:
        snprintf(text, PND_FOREIGN_ADDRESS_BYTES, "none");
        break;
    }
    return text;
}
