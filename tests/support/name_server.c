/*
 * name_server.c - a name server on the loopback, which answers when a test lets it.
 *
 * Happy path:  a query is its own answer, with records behind it that point to its question.
 * Failures:    other names do not exist; what is asked of "silent.test" is never answered.
 */
#include "name_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_BYTES = 12, TYPE_A = 1, TYPE_AAAA = 28, RECORD_LIMIT = 4 };
enum { NO_ERROR = 0, SERVER_FAILURE = 2, NO_SUCH_NAME = 3, SILENT = 255 };

static const struct entry {
    const char *name;
    int status;
    const char *addresses[RECORD_LIMIT];
} entries[] = {
    {"one.test", NO_ERROR, {"127.0.0.1"}},
    {"six.test", NO_ERROR, {"::1"}},
    {"both.test", NO_ERROR, {"127.0.0.1", "::1"}},
    {"second.test", NO_ERROR, {"127.0.0.2", "127.0.0.1"}},
    {"first.test", NO_ERROR, {"127.0.0.1", "127.0.0.2"}},
    {"none.test", NO_ERROR, {"127.0.0.2", "127.0.0.3", "::1"}},
    {"empty.test", NO_ERROR, {NULL}},
    {"fail.test", SERVER_FAILURE, {NULL}},
    {"silent.test", SILENT, {NULL}},
};

void name_server_start(struct name_server *ret_server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t byte_count = sizeof address;

    *ret_server = (struct name_server){.descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    ck_assert_int_ge(ret_server->descriptor, 0);
    ck_assert_int_eq(bind(ret_server->descriptor, (struct sockaddr *)&address, byte_count), 0);
    ck_assert_int_eq(getsockname(ret_server->descriptor, (struct sockaddr *)&address, &byte_count),
                     0);
    snprintf(ret_server->list, sizeof ret_server->list, "127.0.0.1:%u", ntohs(address.sin_port));
}

void name_server_stop(struct name_server *server)
{
    close(server->descriptor);
}

/* The name asked for, with dots; returns where its question ends. */
static size_t read_question(const unsigned char *query, char ret_name[256])
{
    size_t at = HEADER_BYTES;
    size_t length = 0;

    while (query[at] != 0) {
        memcpy(ret_name + length, query + at + 1, query[at]);
        length += query[at];
        ret_name[length++] = '.';
        at += 1u + query[at];
    }
    ret_name[length == 0 ? 0 : length - 1] = '\0';
    return at + 5;
}

static size_t add_record(unsigned char *answer, size_t at, int type, const char *address)
{
    const unsigned char head[] = {0xc0, HEADER_BYTES, 0, (unsigned char)type, 0, 1, 0, 0, 0, 9, 0};
    unsigned char bytes = type == TYPE_A ? 4 : 16;

    memcpy(answer + at, head, sizeof head);
    at += sizeof head;
    answer[at++] = bytes;
    ck_assert_int_eq(inet_pton(type == TYPE_A ? AF_INET : AF_INET6, address, answer + at), 1);
    return at + bytes;
}

static const struct entry *find(const char *name)
{
    static const struct entry unknown = {"", NO_SUCH_NAME, {NULL}};

    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++)
        if (strcasecmp(entries[i].name, name) == 0)
            return &entries[i];
    return &unknown;
}

/* The answer in place of the query; its length, 0: none. */
static size_t make_answer(unsigned char *message)
{
    char name[256];
    size_t at = read_question(message, name);
    const struct entry *entry = find(name);
    int type = message[at - 3];
    unsigned char count = 0;

    if (entry->status == SILENT)
        return 0;
    for (int i = 0; i < RECORD_LIMIT && entry->addresses[i] != NULL; i++) {
        if ((strchr(entry->addresses[i], ':') != NULL) == (type == TYPE_AAAA)) {
            at = add_record(message, at, type, entry->addresses[i]);
            count++;
        }
    }
    message[2] = 0x81;
    message[3] = (unsigned char)(0x80 | entry->status);
    memset(message + 6, 0, 6);
    message[7] = count;
    return at;
}

void name_server_answer(struct name_server *server)
{
    struct sockaddr_in asker;
    socklen_t byte_count = sizeof asker;
    unsigned char message[1024];
    ssize_t length;

    while ((length = recvfrom(server->descriptor, message, 512, MSG_DONTWAIT,
                              (struct sockaddr *)&asker, &byte_count)) > HEADER_BYTES) {
        size_t answered = make_answer(message);

        server->query_count++;
        if (answered != 0)
            (void)!sendto(server->descriptor, message, answered, 0, (struct sockaddr *)&asker,
                          byte_count);
    }
}

const struct pendio_completion *name_server_next(struct name_server *server,
                                                 struct fixture *fixture)
{
    time_t end = time(NULL) + 20;

    while (fixture->read_count == fixture->seen_count) {
        ck_assert_int_ge(fixture_turn(fixture, 1000000), 0);
        name_server_answer(server);
        ck_assert_msg(time(NULL) < end, "nothing was delivered");
    }
    return fixture_next(fixture);
}
