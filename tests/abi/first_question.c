/*
 * first_question.c - prints the first question a loop asks its name server about a name.
 *
 * Usage: first_question NAME
 * Happy path:  a loop with a name server of our own -> connect by name -> what the server is asked.
 * Failures:    exit code 3 where the loop cannot be created, 1 for all else.
 */
#include <pendio/pendio.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEADER_BYTES = 12, QUESTION_BYTES = 512, TURN_LIMIT = 1000 };

static int open_server(char ret_list[32])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t byte_count = sizeof address;
    int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (bind(server, (struct sockaddr *)&address, byte_count) < 0 ||
        getsockname(server, (struct sockaddr *)&address, &byte_count) < 0)
        return -1;
    snprintf(ret_list, 32, "127.0.0.1:%u", ntohs(address.sin_port));
    return server;
}

/* Its labels, with dots between them. */
static int print_question(const unsigned char *query, size_t byte_count)
{
    size_t at = HEADER_BYTES;

    while (at < byte_count && query[at] != 0 && at + query[at] < byte_count) {
        printf("%s%.*s", at == HEADER_BYTES ? "" : ".", query[at], (const char *)&query[at + 1]);
        at += query[at] + 1u;
    }
    printf("\n");
    return 0;
}

static int ask(struct pendio_loop *loop, int server, const char *name)
{
    unsigned char query[QUESTION_BYTES];
    struct pendio_pool *pool = NULL;
    struct pendio_context *context = NULL;
    ssize_t byte_count = -1;

    if (pendio_pool_create(loop, NULL, &pool) < 0 || pendio_pool_get(pool, &context) < 0 ||
        pendio_connect_name(context, 0, name, 1) < 0)
        return 1;
    for (int i = 0; i < TURN_LIMIT && byte_count < 0; i++) {
        (void)pendio_loop_turn(loop, 10000000, NULL, 0);
        byte_count = recv(server, query, sizeof query, MSG_DONTWAIT);
    }
    return byte_count < 0 ? 1 : print_question(query, (size_t)byte_count);
}

int main(int argc, char **argv)
{
    char list[32];
    const struct pendio_loop_options options = {.size = sizeof options, .name_servers = list};
    struct pendio_loop *loop = NULL;
    int server = open_server(list);
    int failed;

    if (argc != 2 || server < 0)
        return 1;
    if (pendio_loop_create(&options, &loop) < 0)
        return 3;
    failed = ask(loop, server, argv[1]);
    (void)pendio_loop_destroy(loop, -1, NULL);
    close(server);
    return failed;
}
