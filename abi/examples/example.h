/*
 * example.h - what the examples share and what has little to do with pendio: numbers, addresses,
 * messages and exit codes.
 *
 * Failures:    what is wrong goes to standard error in one line, which begins with the program.
 */
#ifndef PENDIO_EXAMPLE_H
#define PENDIO_EXAMPLE_H

#include <pendio/pendio.h>

#include <stdbool.h>

enum { EXAMPLE_FAILED = 1, EXAMPLE_USAGE = 2, EXAMPLE_CANNOT_RUN = 3 }; /* exit codes */

enum { EXAMPLE_CONNECTIONS_MOST = 4096, EXAMPLE_MESSAGE_BYTES_MOST = 64 * 1024 };

/* "echo_server: cannot listen: Address already in use"; hands the status through. */
int example_complain(const char *what, int status);

/* Why there is no loop, in the library's own words; the exit code. */
int example_cannot_run(int status);

/* How to call the program; the exit code. */
int example_usage(const char *arguments);

/* False: not a decimal number from `least` to `most`. */
bool example_number(const char *text, uint32_t least, uint32_t most, uint32_t *ret_number);

/* What the echo programs are called with. */
struct example_arguments {
    uint32_t port;
    uint32_t policy;
    bool lend;
    const char *unix_path;         /* NULL: none */
    struct pendio_endpoint server; /* at that path, or else at the port */
    uint32_t connection_count;
    uint32_t message_count; /* on each connection */
    uint32_t message_bytes;
};

/* PORT and options; of a server's, only --policy, --unix and --lend. False: said what is wrong. */
bool example_read_arguments(int argument_count, char **arguments, bool is_client,
                            struct example_arguments *ret_arguments);

/* 127.0.0.1 and a port, 0 for any. */
struct pendio_endpoint example_tcp(uint32_t port);

/* The name of a Unix socket, of at most 107 bytes. */
struct pendio_endpoint example_unix(const char *path);

/* "listening on 127.0.0.1:7000", at once. */
void example_say_port(const struct pendio_endpoint *endpoint);

/* A stream socket of the address's family. */
int example_socket(struct pendio_loop *loop, const struct pendio_endpoint *endpoint,
                   pendio_handle *ret_handle);

/* Contexts with a slice of memory each. */
int example_pool(struct pendio_loop *loop, uint32_t context_count, uint64_t slice_bytes,
                 struct pendio_pool **ret_pool);

/* Turns the loop until what was started has ended, and nothing else is under way. Its error. */
int example_wait(struct pendio_loop *loop, struct pendio_context *context, int answer);

/* Opens a file, waits for it, and complains if it cannot be opened. */
int example_open(struct pendio_loop *loop, struct pendio_context *context, const char *path,
                 int flags, pendio_handle *ret_file);

/* Closes it, waits for that, and complains if what was written may be lost. */
int example_close(struct pendio_loop *loop, struct pendio_context *context, const char *path,
                  pendio_handle file);

/* False: one is no regular file, or both are the same; said which. Either may not exist yet. */
bool example_are_files(const char *source, const char *target);

/* Socket, bind, listen: the address is filled in with the port that was free. */
int example_listen(struct pendio_loop *loop, struct pendio_endpoint *endpoint,
                   pendio_handle *ret_listener);

/* Bytes that differ from place to place and from seed to seed. */
void example_fill_window(const struct pendio_context *context, uint64_t seed);

/* What was moved is the seed's bytes from `offset` on. */
bool example_is_intact(const struct pendio_completion *completion, uint64_t seed, uint64_t offset);

/* The monotonic clock, in seconds. */
double example_clock_s(void);

/* How many messages there were, and how fast they went. */
void example_print_rate(const struct example_arguments *arguments, double seconds);

/* From now on SIGINT and SIGTERM only end the turn under way, or the next that would sleep. */
int example_stop_on_signals(struct pendio_loop *loop);

/* One of them came. */
bool example_is_stopped(void);

#endif
