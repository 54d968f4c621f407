/*
 * contract_unix_test.c - Unix sockets by their names: abstract ones, paths, the system's choice.
 *
 * - Connections of streams and of messages begin by name, and both ends know each other's.
 * - A datagram reaches whom it names, and tells who sent it, if that one has a name.
 * - A name that cannot be is an error of the operation, and does not stick.
 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ABSTRACT, PATH, KIND_COUNT };
enum { UNNAMED_BYTES = offsetof(struct sockaddr_un, sun_path) };

static struct fixture fixture;
static struct fixture_file file;

static const int connected_types[] = {SOCK_STREAM, SOCK_SEQPACKET};

static struct pendio_endpoint endpoint_of(const void *name, size_t byte_count)
{
    struct pendio_endpoint endpoint = {.byte_count = (uint32_t)(UNNAMED_BYTES + byte_count)};
    const sa_family_t family = AF_UNIX;

    memcpy(endpoint.address, &family, sizeof family);
    memcpy(endpoint.address + UNNAMED_BYTES, name, byte_count);
    return endpoint;
}

/* A free name of that kind; paths are below the fixture's file's directory. */
static struct pendio_endpoint free_name(int kind, char letter)
{
    char name[sizeof file.path];
    int length;

    if (kind == PATH) {
        length = snprintf(name, sizeof name, "%s/%c", file.directory, letter);
        return endpoint_of(name, (size_t)length + 1);
    }
    length = snprintf(name + 1, sizeof name - 1, "%s/%c", file.directory, letter);
    name[0] = '\0';
    return endpoint_of(name, (size_t)length + 1);
}

static void begin(void)
{
    fixture_file(&file);
    fixture_init(&fixture);
}

/* Names that are paths stay, whoever closes: they are the application's. */
static void end(void)
{
    for (const char *letter = "abc"; *letter != '\0'; letter++) {
        char path[sizeof file.path];

        snprintf(path, sizeof path, "%s/%c", file.directory, *letter);
        (void)unlink(path);
    }
    fixture_remove(&file);
    fixture_fini(&fixture);
}

static pendio_handle socket_of(int type)
{
    pendio_handle handle = 0;

    ck_assert_int_eq(pendio_handle_socket(fixture.loop, AF_UNIX, type, 0, &handle), 0);
    return handle;
}

static pendio_handle bound(int type, const struct pendio_endpoint *name)
{
    pendio_handle handle = socket_of(type);

    ck_assert_int_eq(pendio_handle_bind(fixture.loop, handle, name->address, name->byte_count), 0);
    return handle;
}

static void aim(struct pendio_context *context, const struct pendio_endpoint *name)
{
    ck_assert_int_eq(pendio_context_set_endpoint(context, name->address, name->byte_count), 0);
}

static void expect_name(const struct pendio_endpoint *seen, const struct pendio_endpoint *name)
{
    ck_assert_uint_eq(seen->byte_count, name->byte_count);
    ck_assert_mem_eq(seen->address, name->address, name->byte_count);
}

static void expect_local(pendio_handle handle, const struct pendio_endpoint *name)
{
    struct pendio_endpoint seen;

    ck_assert_int_eq(pendio_handle_local(fixture.loop, handle, &seen), 0);
    expect_name(&seen, name);
}

static void expect_peer(pendio_handle handle, const struct pendio_endpoint *name)
{
    struct pendio_endpoint seen;

    ck_assert_int_eq(pendio_handle_peer(fixture.loop, handle, &seen), 0);
    expect_name(&seen, name);
}

/* What the one sends the other receives; the context is told who sent it. */
static void pass(pendio_handle from, pendio_handle to, struct pendio_context *receiver)
{
    struct pendio_context *sender = fixture_over(&fixture, (void *)(uintptr_t) "abc", 3);

    expect_pending(pendio_receive_from(receiver, to));
    expect_pending(pendio_send(sender, from));
    fixture_wait(&fixture, 2);
    fixture.read_count += 2;
    expect_result(sender, 0, 3, 0);
    expect_result(receiver, 0, 3, 0);
    ck_assert_int_eq(pendio_pool_put(sender), 0);
}

/* ---- connections ---------------------------------------------------------------------------- */

/* The client has a name or none; its connection is a new handle or one that was prepared. */
START_TEST(connection_begins_by_name_and_both_ends_know_each_other)
{
    const int type = connected_types[_i / KIND_COUNT % 2];
    const bool named = _i / (2 * KIND_COUNT) == 1;
    struct pendio_context *accepting;
    struct pendio_context *connecting;
    struct pendio_endpoint name;
    struct pendio_endpoint client_name;
    pendio_handle listener;
    pendio_handle client;
    pendio_handle accepted;

    begin();
    name = free_name(_i % KIND_COUNT, 'a');
    client_name = named ? free_name(_i % KIND_COUNT, 'b') : endpoint_of("", 0);
    listener = bound(type, &name);
    ck_assert_int_eq(pendio_handle_listen(fixture.loop, listener, 4), 0);
    client = named ? bound(type, &client_name) : socket_of(type);
    accepting = fixture_get(&fixture);
    connecting = fixture_get(&fixture);
    aim(connecting, &name);
    expect_pending(pendio_accept(accepting, listener, 0));
    expect_pending(pendio_connect(connecting, client));
    fixture_wait(&fixture, 2);
    expect_completion(fixture_next(&fixture), 0, 0, 0);
    expect_completion(fixture_next(&fixture), 0, 0, 0);
    accepted = fixture.seen[fixture.seen[0].value != 0 ? 0 : 1].value;
    expect_local(listener, &name);
    expect_local(accepted, &name);
    expect_peer(client, &name);
    expect_local(client, &client_name);
    expect_peer(accepted, &client_name);
    pass(client, accepted, accepting);
    pass(accepted, client, accepting);
    end();
}
END_TEST

START_TEST(seqpacket_keeps_the_bounds_of_messages_and_ends)
{
    struct pendio_context *contexts[2];
    struct pendio_endpoint name;
    pendio_handle listener;
    pendio_handle client;
    pendio_handle accepted;
    char memory[8];

    begin();
    name = free_name(_i, 'a');
    listener = bound(SOCK_SEQPACKET, &name);
    ck_assert_int_eq(pendio_handle_listen(fixture.loop, listener, 4), 0);
    client = socket_of(SOCK_SEQPACKET);
    accepted = socket_of(SOCK_SEQPACKET);
    contexts[0] = fixture_over(&fixture, memory, 4);
    contexts[1] = fixture_over(&fixture, (void *)(uintptr_t) "abcdef", 6);
    aim(contexts[1], &name);
    expect_pending(pendio_connect(contexts[1], client));
    expect_next(&fixture, contexts[1], 0, 0, 0);
    expect_pending(pendio_accept(contexts[0], listener, accepted));
    expect_next(&fixture, contexts[0], 0, 0, 0);
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_send(contexts[1], client));
        expect_next(&fixture, contexts[1], 0, 6, 0);
    }
    for (int i = 0; i < 2; i++) {
        expect_pending(pendio_receive(contexts[0], accepted));
        expect_next(&fixture, contexts[0], 0, 4, PENDIO_TRUNCATED);
        ck_assert_mem_eq(memory, "abcd", 4);
    }
    ck_assert_int_eq(pendio_handle_shutdown(fixture.loop, client, SHUT_WR), 0);
    expect_pending(pendio_receive(contexts[0], accepted));
    expect_next(&fixture, contexts[0], 0, 0, PENDIO_END_OF_STREAM);
    end();
}
END_TEST

START_TEST(nobody_at_a_name_is_an_error_and_may_be_tried_again)
{
    const int type = connected_types[_i / KIND_COUNT];
    struct pendio_context *context;
    struct pendio_endpoint name;
    pendio_handle listener;
    pendio_handle client;

    begin();
    name = free_name(_i % KIND_COUNT, 'a');
    client = socket_of(type);
    context = fixture_get(&fixture);
    aim(context, &name);
    expect_pending(pendio_connect(context, client));
    expect_next(&fixture, context, _i % KIND_COUNT == PATH ? -ENOENT : -ECONNREFUSED, 0, 0);
    listener = bound(type, &name);
    expect_pending(pendio_connect(context, client));
    expect_next(&fixture, context, -ECONNREFUSED, 0, 0);
    ck_assert_int_eq(pendio_handle_listen(fixture.loop, listener, 4), 0);
    expect_pending(pendio_connect(context, client));
    expect_next(&fixture, context, 0, 0, 0);
    end();
}
END_TEST

/* ---- datagrams ------------------------------------------------------------------------------ */

START_TEST(datagram_tells_who_sent_it_and_can_be_answered)
{
    struct pendio_context *contexts[2];
    struct pendio_endpoint names[2];
    struct pendio_endpoint sender;
    pendio_handle ends[2];
    char memory[8];

    begin();
    for (int i = 0; i < 2; i++) {
        names[i] = free_name(_i, i == 0 ? 'a' : 'b');
        ends[i] = bound(SOCK_DGRAM, &names[i]);
    }
    contexts[0] = fixture_over(&fixture, memory, sizeof memory);
    contexts[1] = fixture_over(&fixture, (void *)(uintptr_t) "hello", 5);
    for (int to = 0; to < 2; to++) {
        aim(contexts[1], &names[to]);
        expect_pending(pendio_send_to(contexts[1], ends[1 - to]));
        expect_next(&fixture, contexts[1], 0, 5, 0);
        expect_pending(pendio_receive_from(contexts[0], ends[to]));
        expect_next(&fixture, contexts[0], 0, 5, 0);
        ck_assert_mem_eq(memory, "hello", 5);
        ck_assert_int_eq(pendio_context_sender(contexts[0], &sender), 0);
        expect_name(&sender, &names[1 - to]);
    }
    end();
}
END_TEST

START_TEST(datagram_of_a_socket_without_a_name_has_no_sender)
{
    struct pendio_context *context;
    struct pendio_context *sending;
    struct pendio_endpoint name;
    struct pendio_endpoint sender;
    pendio_handle server;
    char memory[8];

    begin();
    name = free_name(_i, 'a');
    server = bound(SOCK_DGRAM, &name);
    context = fixture_over(&fixture, memory, sizeof memory);
    sending = fixture_over(&fixture, (void *)(uintptr_t) "abc", 3);
    aim(sending, &name);
    expect_pending(pendio_send_to(sending, socket_of(SOCK_DGRAM)));
    expect_next(&fixture, sending, 0, 3, 0);
    expect_pending(pendio_receive_from(context, server));
    expect_next(&fixture, context, 0, 3, 0);
    ck_assert_int_eq(pendio_context_sender(context, &sender), 0);
    ck_assert_uint_eq(sender.byte_count, 0);
    end();
}
END_TEST

START_TEST(connected_datagrams_go_to_their_peer)
{
    struct pendio_context *context;
    struct pendio_endpoint names[2];
    pendio_handle ends[2];
    char memory[8];

    begin();
    context = fixture_over(&fixture, memory, sizeof memory);
    for (int i = 0; i < 2; i++) {
        names[i] = free_name(_i, i == 0 ? 'a' : 'b');
        ends[i] = bound(SOCK_DGRAM, &names[i]);
    }
    for (int i = 0; i < 2; i++) {
        aim(context, &names[1 - i]);
        expect_pending(pendio_connect(context, ends[i]));
        expect_next(&fixture, context, 0, 0, 0);
        expect_peer(ends[i], &names[1 - i]);
    }
    pass(ends[0], ends[1], context);
    pass(ends[1], ends[0], context);
    end();
}
END_TEST

START_TEST(datagram_to_nobody_is_an_error_that_does_not_stick)
{
    struct pendio_context *context;
    struct pendio_endpoint name;
    pendio_handle client;

    begin();
    name = free_name(_i, 'a');
    client = socket_of(SOCK_DGRAM);
    context = fixture_over(&fixture, (void *)(uintptr_t) "abc", 3);
    aim(context, &name);
    expect_pending(pendio_send_to(context, client));
    expect_next(&fixture, context, _i == PATH ? -ENOENT : -ECONNREFUSED, 0, 0);
    (void)bound(SOCK_DGRAM, &name);
    expect_pending(pendio_send_to(context, client));
    expect_next(&fixture, context, 0, 3, 0);
    end();
}
END_TEST

/* ---- names ---------------------------------------------------------------------------------- */

/* Abstract: a NUL and five digits. */
START_TEST(system_chooses_a_name_when_none_is_given)
{
    const int types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};
    const struct pendio_endpoint none = endpoint_of("", 0);
    struct pendio_endpoint names[2];

    begin();
    for (int i = 0; i < 2; i++) {
        pendio_handle handle = bound(types[_i], &none);

        ck_assert_int_eq(pendio_handle_local(fixture.loop, handle, &names[i]), 0);
        ck_assert_uint_eq(names[i].byte_count, UNNAMED_BYTES + 6);
        ck_assert_int_eq(names[i].address[UNNAMED_BYTES], 0);
    }
    ck_assert_mem_ne(names[0].address, names[1].address, UNNAMED_BYTES + 6);
    end();
}
END_TEST

START_TEST(longest_name_is_told_whole)
{
    char name[sizeof(((struct sockaddr_un *)NULL)->sun_path)] = {0};
    struct pendio_context *context;
    struct pendio_endpoint longest;
    struct pendio_endpoint sender;
    pendio_handle server;
    char memory[8];

    begin();
    snprintf(name + 1, sizeof name - 1, "%s", file.directory);
    memset(name + strlen(name + 1) + 1, 'n', sizeof name - strlen(name + 1) - 1);
    longest = endpoint_of(name, sizeof name);
    ck_assert_uint_eq(longest.byte_count, sizeof(struct sockaddr_un));
    server = bound(SOCK_DGRAM, &longest);
    expect_local(server, &longest);
    context = fixture_over(&fixture, memory, sizeof memory);
    aim(context, &longest);
    expect_pending(pendio_send_to(context, server)); /* to itself */
    expect_next(&fixture, context, 0, sizeof memory, 0);
    expect_pending(pendio_receive_from(context, server));
    expect_next(&fixture, context, 0, sizeof memory, 0);
    ck_assert_int_eq(pendio_context_sender(context, &sender), 0);
    expect_name(&sender, &longest);
    end();
}
END_TEST

START_TEST(name_too_long_is_an_error_of_whoever_uses_it)
{
    const char letters[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1] = "/x";
    const struct pendio_endpoint name = endpoint_of(letters, sizeof letters);
    const struct pendio_endpoint none = endpoint_of("", 0);
    struct pendio_context *context;
    struct pendio_endpoint seen;
    pendio_handle stream;
    pendio_handle datagram;

    begin();
    stream = socket_of(SOCK_STREAM);
    datagram = socket_of(SOCK_DGRAM);
    context = fixture_over(&fixture, (void *)(uintptr_t) "abc", 3);
    aim(context, &name);
    ck_assert_int_eq(pendio_handle_bind(fixture.loop, stream, name.address, name.byte_count),
                     -EINVAL);
    expect_pending(pendio_connect(context, stream));
    expect_next(&fixture, context, -EINVAL, 0, 0);
    expect_pending(pendio_send_to(context, datagram));
    expect_next(&fixture, context, -EINVAL, 0, 0);
    expect_local(stream, &none);
    ck_assert_int_eq(pendio_handle_peer(fixture.loop, stream, &seen), -ENOTCONN);
    end();
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {connection_begins_by_name_and_both_ends_know_each_other, 4 * KIND_COUNT},
        {seqpacket_keeps_the_bounds_of_messages_and_ends, KIND_COUNT},
        {nobody_at_a_name_is_an_error_and_may_be_tried_again, 2 * KIND_COUNT},
        {datagram_tells_who_sent_it_and_can_be_answered, KIND_COUNT},
        {datagram_of_a_socket_without_a_name_has_no_sender, KIND_COUNT},
        {connected_datagrams_go_to_their_peer, KIND_COUNT},
        {datagram_to_nobody_is_an_error_that_does_not_stick, KIND_COUNT},
        {system_chooses_a_name_when_none_is_given, 3},
        {longest_name_is_told_whole, 0},
        {name_too_long_is_an_error_of_whoever_uses_it, 0},
    };
    return fixture_run("contract: unix", cases, sizeof cases / sizeof cases[0]);
}
