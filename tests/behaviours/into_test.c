/*
 * into_test.c - behaviours 74 to 78: accepting into a handle that was prepared.
 *
 * - What .NET refuses at the start is refused here too; a target that was disconnected without
 *   reuse is one of them (contract 2: a bad argument is a refusal, and 7: a prepared handle).
 */
#include "behaviour.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pendio_handle listener;
static struct pendio_endpoint address;
static struct pendio_context *context;
static int client;

static void begin(enum fixture_family family)
{
    behaviour_begin();
    listener = fixture_listener(&fixture, family, &address);
    context = behaviour_get(PENDIO_AUTO);
    client = -1;
}

static void end(void)
{
    if (client >= 0)
        close(client);
    behaviour_end();
}

static int knock(void)
{
    sa_family_t family;
    int knocker;

    memcpy(&family, address.address, sizeof family);
    knocker = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    expect_ok(connect(knocker, (const struct sockaddr *)address.address, address.byte_count));
    return knocker;
}

static void expect_taken(const struct pendio_completion *accepted, pendio_handle target)
{
    expect_completion(accepted, 0, 0, 0);
    ck_assert_uint_eq(accepted->value, target);
    behaviour_talk(target, client);
}

START_TEST(b074_accept_into_a_prepared_handle_brings_that_handle)
{
    struct pendio_completion result;
    pendio_handle target;

    begin((enum fixture_family)_i);
    target = behaviour_socket(&address, SOCK_STREAM);
    expect_pends(context, pendio_accept(context, listener, target));
    fixture_quiet(&fixture);
    client = knock();
    expect_taken(behaviour_delivery_of(context), target);
    close(client);
    client = knock(); /* and with the client there before */
    target = behaviour_socket(&address, SOCK_STREAM);
    expect_ok(pendio_context_set_policy(context, PENDIO_TRY));
    expect_done_with(context, pendio_accept(context, listener, target), 0, 0, 0);
    expect_ok(pendio_context_result(context, &result));
    expect_taken(&result, target);
    end();
}
END_TEST

/* A handle that was accepted and disconnected, with reuse or without. */
static pendio_handle used_target(uint32_t flags)
{
    struct pendio_context *disconnect = behaviour_get(PENDIO_AUTO);
    pendio_handle target;
    int first;

    expect_pends(context, pendio_accept(context, listener, 0));
    first = knock();
    target = behaviour_delivery_of(context)->value;
    behaviour_talk(target, first);
    expect_either(disconnect, pendio_disconnect(disconnect, target, flags), 0, 0, 0);
    close(first);
    return target;
}

START_TEST(b075_handle_disconnected_with_reuse_is_a_target_again)
{
    pendio_handle target;

    begin((enum fixture_family)_i);
    target = used_target(PENDIO_REUSE);
    expect_pends(context, pendio_accept(context, listener, target));
    client = knock();
    expect_taken(behaviour_delivery_of(context), target);
    end();
}
END_TEST

static void expect_no_target(pendio_handle target, int status)
{
    struct pendio_completion result;

    client = knock();
    expect_refused(context, pendio_accept(context, listener, target), status);
    expect_ok(pendio_context_set_policy(context, PENDIO_TRY)); /* the client has lost nothing */
    expect_done_with(context, pendio_accept(context, listener, 0), 0, 0, 0);
    expect_ok(pendio_context_result(context, &result));
    behaviour_talk(result.value, client);
}

START_TEST(b076_handle_disconnected_without_reuse_is_no_target)
{
    begin((enum fixture_family)_i);
    expect_no_target(used_target(0), -EINVAL);
    end();
}
END_TEST

START_TEST(b077_bound_handle_is_no_target)
{
    const struct pendio_endpoint any = behaviour_loopback(FIXTURE_TCP4, 0);
    pendio_handle target;

    begin(FIXTURE_TCP4);
    target = behaviour_socket(&any, SOCK_STREAM);
    expect_ok(pendio_handle_bind(fixture.loop, target, any.address, any.byte_count));
    expect_no_target(target, -EINVAL);
    end();
}
END_TEST

START_TEST(b078_connected_handle_is_no_target)
{
    struct fixture_pair pair;

    begin((enum fixture_family)_i);
    pair = fixture_pair(&fixture, (enum fixture_family)_i);
    expect_no_target(pair.near, -EISCONN);
    behaviour_talk(pair.near, pair.far);
    close(pair.far);
    end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b074_accept_into_a_prepared_handle_brings_that_handle, FIXTURE_STREAM_COUNT},
        {b075_handle_disconnected_with_reuse_is_a_target_again, FIXTURE_STREAM_COUNT},
        {b076_handle_disconnected_without_reuse_is_no_target, FIXTURE_STREAM_COUNT},
        {b077_bound_handle_is_no_target, 0},
        {b078_connected_handle_is_no_target, FIXTURE_STREAM_COUNT},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
