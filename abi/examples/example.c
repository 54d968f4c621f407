/*
 * example.c - what the examples share: numbers, addresses, listeners, messages.
 *
 * Happy path:  arguments are read -> an address is made -> a listener stands there.
 * Failures:    are handed back; whoever knows what was wanted says it in one line.
 */
#include "example.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

int example_complain(const char *what, int status)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(-status));
    return status;
}

int example_cannot_run(int status)
{
    fprintf(stderr, "%s: cannot run: %s\n", program_invocation_short_name,
            pendio_loop_explain(status));
    return EXAMPLE_CANNOT_RUN;
}

int example_usage(const char *arguments)
{
    fprintf(stderr, "usage: %s %s\n", program_invocation_short_name, arguments);
    return EXAMPLE_USAGE;
}

bool example_number(const char *text, uint32_t least, uint32_t most, uint32_t *ret_number)
{
    unsigned long number;
    char *end;

    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    number = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || number < least || number > most)
        return false;
    *ret_number = (uint32_t)number;
    return true;
}

static bool read_policy(const char *name, uint32_t *ret_policy)
{
    static const char *const names[] = {
        [PENDIO_AUTO] = "auto", [PENDIO_TRY] = "try", [PENDIO_QUEUE] = "queue"};

    for (uint32_t policy = PENDIO_AUTO; policy <= PENDIO_QUEUE; policy++) {
        if (strcmp(name, names[policy]) == 0) {
            *ret_policy = policy;
            return true;
        }
    }
    return false;
}

static bool read_option(int option, struct example_arguments *arguments)
{
    switch (option) {
    case 'p':
        return read_policy(optarg, &arguments->policy);
    case 'u':
        arguments->unix_path = optarg;
        return strlen(optarg) < sizeof((struct sockaddr_un *)NULL)->sun_path;
    case 'c':
        return example_number(optarg, 1, EXAMPLE_CONNECTIONS_MOST, &arguments->connection_count);
    case 'm':
        return example_number(optarg, 1, UINT32_MAX, &arguments->message_count);
    case 'b':
        return example_number(optarg, 1, EXAMPLE_MESSAGE_BYTES_MOST, &arguments->message_bytes);
    case 'l':
        arguments->lend = true;
        return true;
    default:
        return false;
    }
}

bool example_read_arguments(int argument_count, char **arguments, bool is_client,
                            struct example_arguments *ret_arguments)
{
    static const struct option options[] = {{"policy", required_argument, NULL, 'p'},
                                            {"unix", required_argument, NULL, 'u'},
                                            {"lend", no_argument, NULL, 'l'},
                                            {0}};
    static const struct option client_options[] = {
        {"policy", required_argument, NULL, 'p'},      {"unix", required_argument, NULL, 'u'},
        {"connections", required_argument, NULL, 'c'}, {"messages", required_argument, NULL, 'm'},
        {"bytes", required_argument, NULL, 'b'},       {0}};
    struct example_arguments read = {
        .connection_count = 1, .message_count = 1000, .message_bytes = 64};
    int option = 0;

    while (option != -1) {
        option =
            getopt_long(argument_count, arguments, "", is_client ? client_options : options, NULL);
        if (option != -1 && !read_option(option, &read))
            return false;
    }
    if (optind != argument_count - 1 || !example_number(arguments[optind], 0, 65535, &read.port))
        return false;
    read.server = read.unix_path == NULL ? example_tcp(read.port) : example_unix(read.unix_path);
    *ret_arguments = read;
    return true;
}

/* ---- addresses ------------------------------------------------------------------------------ */

struct pendio_endpoint example_tcp(uint32_t port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct pendio_endpoint endpoint = {.byte_count = sizeof address};

    memcpy(endpoint.address, &address, sizeof address);
    return endpoint;
}

struct pendio_endpoint example_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct pendio_endpoint endpoint = {.byte_count = sizeof address};

    memcpy(address.sun_path, path, strnlen(path, sizeof address.sun_path - 1));
    memcpy(endpoint.address, &address, sizeof address);
    return endpoint;
}

void example_say_port(const struct pendio_endpoint *endpoint)
{
    struct sockaddr_in address;

    memcpy(&address, endpoint->address, sizeof address);
    printf("listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
    fflush(stdout);
}

static int family_of(const struct pendio_endpoint *endpoint)
{
    sa_family_t family;

    memcpy(&family, endpoint->address, sizeof family);
    return family;
}

int example_pool(struct pendio_loop *loop, uint32_t context_count, uint64_t slice_bytes,
                 struct pendio_pool **ret_pool)
{
    const struct pendio_pool_options options = {
        .size = sizeof options, .context_count = context_count, .slice_bytes = slice_bytes};

    return pendio_pool_create(loop, &options, ret_pool);
}

/* ---- files ---------------------------------------------------------------------------------- */

int example_wait(struct pendio_loop *loop, struct pendio_context *context, int answer)
{
    struct pendio_completion last = {.error = 0};

    while (answer == PENDIO_PENDING) {
        int count = pendio_loop_turn(loop, -1, &last, 1);

        if (count != 0)
            answer = count < 0 ? count : PENDIO_DONE;
    }
    if (answer == PENDIO_DONE)
        answer = pendio_context_result(context, &last);
    return answer < 0 ? answer : last.error;
}

int example_open(struct pendio_loop *loop, struct pendio_context *context, const char *path,
                 int flags, pendio_handle *ret_file)
{
    struct pendio_completion opened = {.value = 0};
    int status = example_wait(loop, context, pendio_open(context, path, flags, 0666));

    if (status == 0)
        status = pendio_context_result(context, &opened);
    if (status < 0)
        return example_complain(path, status);
    *ret_file = opened.value;
    return 0;
}

int example_close(struct pendio_loop *loop, struct pendio_context *context, const char *path,
                  pendio_handle file)
{
    int status = example_wait(loop, context, pendio_close(context, file, PENDIO_GRACEFUL));

    return status < 0 ? example_complain(path, status) : 0;
}

/* 1 a regular file, 0 nothing there, -EINVAL anything else: pipes and devices have no offsets. */
static int look_at(const char *path, struct stat *ret_stat)
{
    if (stat(path, ret_stat) < 0)
        return 0;
    if (S_ISREG(ret_stat->st_mode))
        return 1;
    fprintf(stderr, "%s: %s: not a regular file\n", program_invocation_short_name, path);
    return -EINVAL;
}

bool example_are_files(const char *source, const char *target)
{
    struct stat from, to;
    int source_status = look_at(source, &from);
    int target_status = source_status < 0 ? 0 : look_at(target, &to);

    if (source_status < 0 || target_status < 0)
        return false;
    if (source_status == 0 || target_status == 0 || from.st_dev != to.st_dev ||
        from.st_ino != to.st_ino)
        return true;
    fprintf(stderr, "%s: %s and %s are the same file\n", program_invocation_short_name, source,
            target);
    return false;
}

/* ---- sockets: immediate calls, with the arguments and the errors of the system's own --------- */

int example_socket(struct pendio_loop *loop, const struct pendio_endpoint *endpoint,
                   pendio_handle *ret_handle)
{
    const int yes = 1;
    int family = family_of(endpoint);
    int status = pendio_handle_socket(loop, family, SOCK_STREAM, 0, ret_handle);

    if (status == 0 && family == AF_INET) {
        pendio_handle_set_option(loop, *ret_handle, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        pendio_handle_set_option(loop, *ret_handle, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    return status;
}

int example_listen(struct pendio_loop *loop, struct pendio_endpoint *endpoint,
                   pendio_handle *ret_listener)
{
    pendio_handle listener;
    int status = example_socket(loop, endpoint, &listener);

    if (status < 0)
        return status;
    status = pendio_handle_bind(loop, listener, endpoint->address, endpoint->byte_count);
    if (status == 0)
        status = pendio_handle_listen(loop, listener, SOMAXCONN);
    if (status == 0)
        status = pendio_handle_local(loop, listener, endpoint);
    if (status == 0)
        *ret_listener = listener;
    else
        pendio_handle_close(loop, listener, PENDIO_ABORTIVE);
    return status;
}

/* ---- content and time ----------------------------------------------------------------------- */

static unsigned char byte_at(uint64_t seed, uint64_t index)
{
    return (unsigned char)(seed + index * 7 + index / 256);
}

void example_fill_window(const struct pendio_context *context, uint64_t seed)
{
    void *memory = NULL;
    size_t byte_count = 0;

    pendio_context_window(context, &memory, &byte_count);
    for (size_t i = 0; i < byte_count; i++)
        ((unsigned char *)memory)[i] = byte_at(seed, i);
}

bool example_is_intact(const struct pendio_completion *completion, uint64_t seed, uint64_t offset)
{
    const unsigned char *memory = (const unsigned char *)(uintptr_t)completion->memory;

    for (uint64_t i = 0; i < completion->bytes; i++)
        if (memory[i] != byte_at(seed, offset + i))
            return false;
    return true;
}

double example_clock_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void example_print_rate(const struct example_arguments *arguments, double seconds)
{
    double count = (double)arguments->connection_count * arguments->message_count;

    printf("%.0f messages of %u bytes over %u connections in %.3f s: %.0f/s\n", count,
           arguments->message_bytes, arguments->connection_count, seconds, count / seconds);
}

/* ---- signals -------------------------------------------------------------------------------- */

static struct pendio_loop *loop_to_stop;
static volatile sig_atomic_t is_stopped;

/* A turn that sleeps answers 0 when interrupted; waking covers the moment before the sleep. */
static void stop(int signal_number)
{
    int saved_errno = errno;

    (void)signal_number;
    is_stopped = 1;
    pendio_loop_wake(loop_to_stop);
    errno = saved_errno;
}

int example_stop_on_signals(struct pendio_loop *loop)
{
    const struct sigaction action = {.sa_handler = stop};

    loop_to_stop = loop;
    if (sigaction(SIGINT, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0)
        return -errno;
    return 0;
}

bool example_is_stopped(void)
{
    return is_stopped != 0;
}
