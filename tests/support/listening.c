/* listening.c - a loop with a listener, and clients that come. */
#include "listening.h"

#include <sys/socket.h>

struct listening listening;

void listening_begin(enum fixture_family family)
{
    fixture_init(&listening.fixture);
    listening.listener = fixture_listener(&listening.fixture, family, &listening.address);
}

bool listening_collects(void)
{
    return (fixture_stats(&listening.fixture).features & PENDIO_FEATURE_MULTISHOT_ACCEPT) != 0;
}

int listening_dial(void)
{
    const struct sockaddr *to = (const struct sockaddr *)listening.address.address;
    int client = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(client, to, listening.address.byte_count), 0);
    return client;
}

void listening_check_pair(int client, pendio_handle handle)
{
    char sent = (char)client;
    char got = 0;
    struct pendio_context *context = fixture_over(&listening.fixture, &got, 1);

    fixture_put(client, &sent, 1);
    expect_pending(pendio_receive(context, handle));
    expect_next(&listening.fixture, context, 0, 1, 0);
    ck_assert_int_eq(got, sent);
    ck_assert_int_eq(pendio_pool_put(context), 0);
}

pendio_handle listening_value_of(const struct pendio_context *context)
{
    struct pendio_completion result;

    ck_assert_int_eq(pendio_context_result(context, &result), 0);
    ck_assert_int_eq(result.error, 0);
    return result.value;
}

void listening_collect(uint32_t count)
{
    for (int i = 0; i < 100 && fixture_stats(&listening.fixture).connections_collected < count; i++)
        fixture_turn(&listening.fixture, 1000000);
    ck_assert_uint_eq(fixture_stats(&listening.fixture).connections_collected,
                      listening_collects() ? count : 0);
}

pendio_handle listening_accept_first(struct pendio_context *context, int *ret_client)
{
    expect_pending(pendio_accept(context, listening.listener, 0));
    *ret_client = listening_dial();
    expect_next(&listening.fixture, context, 0, 0, 0);
    return listening_value_of(context);
}
