/*
 * session_test.c - behaviours 39 and 40: one context drives an echo session from accept to end.
 *
 * - Every step follows from what the last one was; done answers are handled by a direct call.
 */
#include "behaviour.h"

#include <string.h>
#include <sys/socket.h>

enum { SESSION_ROUNDS = 32 };

static struct {
    pendio_handle connection;
    unsigned char byte;
    uint32_t receives;
    uint32_t sends;
    bool ended;
} session;

static void session_hook(const struct pendio_completion *completion, void *state);

/* The next step of the session; a done answer is handled by a direct call. */
static void go_on(struct pendio_context *context, uint16_t finished, bool at_end)
{
    struct pendio_completion result;
    int answer;

    if (at_end) {
        session.ended = true;
        return;
    }
    if (finished == PENDIO_OPERATION_RECEIVE)
        answer = behaviour_note(context, pendio_send(context, session.connection));
    else
        answer = behaviour_note(context, pendio_receive(context, session.connection));
    if (answer == PENDIO_DONE) {
        expect_ok(pendio_context_result(context, &result));
        session_hook(&result, NULL);
    }
}

static void session_hook(const struct pendio_completion *completion, void *state)
{
    bool at_end = (completion->flags & PENDIO_END_OF_STREAM) != 0;

    if (state != NULL)
        fixture_collect(completion, state);
    expect_completion(completion, 0,
                      completion->operation == PENDIO_OPERATION_ACCEPT || at_end ? 0 : 1,
                      at_end ? PENDIO_END_OF_STREAM : 0);
    if (completion->operation == PENDIO_OPERATION_ACCEPT) {
        session.connection = completion->value;
        expect_ok(pendio_context_set_memory(completion->context, &session.byte, 1));
    }
    session.receives += completion->operation == PENDIO_OPERATION_RECEIVE && !at_end;
    session.sends += completion->operation == PENDIO_OPERATION_SEND;
    go_on(completion->context, completion->operation, at_end);
}

static void echo_rounds(pendio_handle client)
{
    struct pendio_context *context = behaviour_get(PENDIO_TRY);
    unsigned char seen;

    for (unsigned char i = 0; i < SESSION_ROUNDS; i++) {
        behaviour_show(context, &i, 1);
        expect_either(context, pendio_send(context, client), 0, 1, 0);
        expect_ok(pendio_context_set_memory(context, &seen, 1));
        expect_either(context, pendio_receive(context, client), 0, 1, 0);
        ck_assert_uint_eq(seen, i);
    }
}

/* Accept, receive, send, receive ... of one context; returns the client, which has sent its FIN. */
static pendio_handle run_session(uint32_t policy)
{
    struct pendio_context *context = behaviour_get(policy);
    struct pendio_context *connect = behaviour_get(PENDIO_AUTO);
    struct pendio_endpoint address;
    pendio_handle listener = fixture_listener(&fixture, FIXTURE_TCP4, &address);
    pendio_handle client = behaviour_socket(&address, SOCK_STREAM);

    memset(&session, 0, sizeof session);
    expect_ok(pendio_context_set_callback(context, session_hook, &fixture));
    expect_pends(context, pendio_accept(context, listener, 0));
    behaviour_aim(connect, &address);
    expect_either(connect, pendio_connect(connect, client), 0, 0, 0);
    behaviour_send_now(client, "", 0);
    echo_rounds(client);
    expect_ok(pendio_handle_shutdown(fixture.loop, client, SHUT_WR));
    while (!session.ended)
        ck_assert_int_ge(fixture_turn(&fixture, 200000000), 0);
    ck_assert_uint_eq(session.receives, SESSION_ROUNDS);
    ck_assert_uint_eq(session.sends, SESSION_ROUNDS);
    ck_assert_uint_eq(pendio_context_run(context), 0);
    for (; fixture.read_count < fixture.seen_count; fixture.read_count++)
        ck_assert_ptr_eq(fixture.seen[fixture.read_count].context, context);
    return client;
}

START_TEST(b039_one_context_drives_a_whole_echo_session)
{
    behaviour_begin();
    (void)run_session((uint32_t)_i);
    behaviour_end();
}
END_TEST

/*
 * .NET hides what shutdown(2) says of a connection that is over. Contract 7: an immediate call is
 * an ordinary system call; its answer is the system's.
 */
START_TEST(b040_shutdown_of_a_finished_connection_answers_as_the_system)
{
    struct pendio_context *context;
    pendio_handle client;

    behaviour_begin();
    client = run_session(PENDIO_AUTO);
    behaviour_close(session.connection);
    context = behaviour_get(PENDIO_AUTO);
    expect_either(context, pendio_receive(context, client), 0, 0, PENDIO_END_OF_STREAM);
    expect_done_with(context, pendio_receive(context, client), 0, 0, PENDIO_END_OF_STREAM);
    ck_assert_int_eq(pendio_handle_shutdown(fixture.loop, client, SHUT_RDWR), -ENOTCONN);
    behaviour_end();
}
END_TEST

int main(int argc, char **argv)
{
    const struct fixture_case cases[] = {
        {b039_one_context_drives_a_whole_echo_session, PENDIO_QUEUE + 1},
        {b040_shutdown_of_a_finished_connection_answers_as_the_system, 0},
    };
    return behaviour_run(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
