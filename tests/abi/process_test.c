/*
 * process_test.c - the loop belongs to one thread of one process.
 *
 * - A forked child and other threads are refused, and do no harm; they may have loops of their own.
 * - Any thread may wake the loop and post to it: nothing is lost, and each thread's order is kept.
 */
#include "every_call.h"
#include "fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREAD_COUNT = 4, POST_COUNT = 20000 };

static struct fixture fixture;

static struct every_subject subject_of(struct pendio_context *context, pendio_handle handle)
{
    return (struct every_subject){
        .loop = fixture.loop, .pool = fixture.pool, .context = context, .handle = handle};
}

/* ---- fork ----------------------------------------------------------------------------------- */

/* The exit code of a child that does what `act` does. */
static int in_child(int (*act)(const struct every_subject *subject),
                    const struct every_subject *subject)
{
    int status = 0;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(act(subject));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status), "the child was killed by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static int call_everything(const struct every_subject *subject)
{
    return every_call_count_others(subject, false, -EPERM) +
           (pendio_context_run(subject->context) != 0);
}

static int use_own_loop(const struct every_subject *subject)
{
    struct pendio_completion record;
    struct pendio_context *context;
    struct pendio_loop *loop;
    struct pendio_pool *pool;

    (void)subject;
    if (pendio_loop_create(NULL, &loop) < 0 || pendio_pool_create(loop, NULL, &pool) < 0 ||
        pendio_pool_get(pool, &context) < 0 || pendio_nop(context, loop) != PENDIO_PENDING)
        return 1;
    if (pendio_loop_turn(loop, -1, &record, 1) != 1 || record.context != context)
        return 2;
    return call_everything(subject) + pendio_loop_destroy(loop, -1, NULL);
}

/* A receive is pending while the child does its worst, and ends as if nothing had been. */
static void check_parent_goes_on(int (*act)(const struct every_subject *subject))
{
    struct pendio_context *idle;
    struct pendio_context *receiver;
    struct pendio_group *group;
    struct fixture_pair pair;
    struct every_subject subject;
    struct pendio_loop_statistics before;
    struct pendio_loop_statistics after;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    receiver = fixture_get(&fixture);
    idle = fixture_get(&fixture);
    expect_pending(pendio_receive(receiver, pair.near));
    fixture_quiet(&fixture);
    before = fixture_stats(&fixture);
    subject = subject_of(idle, pair.near);
    ck_assert_int_eq(pendio_group_create(NULL, &group), 0);
    subject.group = group;
    ck_assert_int_eq(in_child(act, &subject), 0);
    ck_assert_int_eq(pendio_group_destroy(group, -1, NULL), 0);
    after = fixture_stats(&fixture);
    ck_assert_mem_eq(&before, &after, sizeof before);
    fixture_put(pair.far, "still here", 10);
    expect_next(&fixture, receiver, 0, 10, 0);
    expect_pending(pendio_nop(idle, fixture.loop));
    expect_next(&fixture, idle, 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}

START_TEST(every_call_in_a_forked_child_is_refused_and_the_parent_goes_on)
{
    check_parent_goes_on(call_everything);
}
END_TEST

START_TEST(forked_child_may_have_a_loop_of_its_own)
{
    check_parent_goes_on(use_own_loop);
}
END_TEST

/* ---- other threads -------------------------------------------------------------------------- */

static void *call_from_thread(void *state)
{
    const struct every_subject *subject = (const struct every_subject *)state;
    uintptr_t wrong_count = (uintptr_t)every_call_count_others(subject, true, -EPERM);

    wrong_count += pendio_context_run(subject->context) != 0;
    return (void *)wrong_count;
}

START_TEST(every_call_but_wake_and_post_is_refused_from_another_thread)
{
    struct pendio_context *context;
    struct every_subject subject;
    struct fixture_pair pair;
    void *wrong_count = NULL;
    pthread_t thread;

    fixture_init(&fixture);
    pair = fixture_pair(&fixture, FIXTURE_TCP4);
    context = fixture_get(&fixture);
    subject = subject_of(context, pair.near);
    ck_assert_int_eq(pthread_create(&thread, NULL, call_from_thread, &subject), 0);
    ck_assert_int_eq(pthread_join(thread, &wrong_count), 0);
    ck_assert_uint_eq((uintptr_t)wrong_count, 0);
    expect_pending(pendio_nop(context, fixture.loop));
    expect_next(&fixture, context, 0, 0, 0);
    close(pair.far);
    fixture_fini(&fixture);
}
END_TEST

/* Waits until the thread sleeps in a system call. */
static void wait_until_asleep(long thread_id)
{
    char path[64];
    char state = 0;

    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", thread_id);
    while (state != 'S') {
        FILE *file = fopen(path, "r");

        if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = 0;
        if (file != NULL)
            fclose(file);
        sched_yield();
    }
}

struct rouser {
    long sleeper_id;
    bool posts;
    int status;
};

static void *rouse_when_asleep(void *state)
{
    struct rouser *rouser = (struct rouser *)state;

    wait_until_asleep(rouser->sleeper_id);
    rouser->status =
        rouser->posts ? pendio_loop_post(fixture.loop, 3, 4) : pendio_loop_wake(fixture.loop);
    return NULL;
}

/* What a turn without a time limit answers while a thread rouses the loop. */
static int sleep_until_roused(bool posts, struct pendio_completion *ret_record)
{
    struct rouser rouser = {.sleeper_id = syscall(SYS_gettid), .posts = posts, .status = 1};
    pthread_t thread;
    int count;

    ck_assert_int_eq(pthread_create(&thread, NULL, rouse_when_asleep, &rouser), 0);
    count = pendio_loop_turn(fixture.loop, -1, ret_record, 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(rouser.status, 0);
    return count;
}

static void check_posted(const struct pendio_completion *record, uint64_t user_data, uint64_t value)
{
    const struct pendio_completion expected = {
        .user_data = user_data, .value = value, .operation = PENDIO_OPERATION_POST};

    ck_assert(memcmp(record, &expected, sizeof expected) == 0);
}

START_TEST(sleeping_loop_is_woken)
{
    struct pendio_completion record;

    fixture_init(&fixture);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(sleep_until_roused(false, &record), 0);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(sleeping_loop_is_roused_by_a_post_and_delivers_it)
{
    struct pendio_completion record;

    fixture_init(&fixture);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(sleep_until_roused(true, &record), 1);
        check_posted(&record, 3, 4);
    }
    ck_assert_uint_eq(fixture_stats(&fixture).posts, 20);
    fixture_fini(&fixture);
}
END_TEST

START_TEST(loop_woken_beforehand_does_not_sleep)
{
    struct pendio_completion record;

    fixture_init(&fixture);
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    ck_assert_int_eq(pendio_loop_wake(fixture.loop), 0);
    ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, &record, 1), 0);
    fixture_fini(&fixture);
}
END_TEST

/* ---- posts of several threads --------------------------------------------------------------- */

struct poster {
    uint64_t index;
    uint64_t full_count; /* how often the queue was full */
    int status;
};

static void *post_in_order(void *state)
{
    struct poster *poster = (struct poster *)state;

    for (uint64_t value = 0; value < POST_COUNT; value++) {
        int status = pendio_loop_post(fixture.loop, poster->index, value);

        while (status == -EAGAIN) {
            poster->full_count++;
            sched_yield();
            status = pendio_loop_post(fixture.loop, poster->index, value);
        }
        if (status < 0)
            poster->status = status;
    }
    return NULL;
}

/* Takes all posts; each thread's must come in its order. */
static void take_posts(void)
{
    struct pendio_completion records[100];
    uint64_t next[THREAD_COUNT] = {0};
    uint32_t taken_count = 0;

    while (taken_count < THREAD_COUNT * POST_COUNT) {
        int count = pendio_loop_turn(fixture.loop, -1, records, 100);

        ck_assert_int_ge(count, 0);
        for (int i = 0; i < count; i++) {
            ck_assert_uint_lt(records[i].user_data, THREAD_COUNT);
            check_posted(&records[i], records[i].user_data, next[records[i].user_data]++);
        }
        taken_count += (uint32_t)count;
    }
}

START_TEST(posts_of_many_threads_all_arrive_each_threads_in_its_order)
{
    const struct pendio_loop_options options = {.size = sizeof options, .post_count = 64};
    struct poster posters[THREAD_COUNT];
    pthread_t threads[THREAD_COUNT];

    fixture_init_with(&fixture, &options, 1, 0);
    for (uint64_t i = 0; i < THREAD_COUNT; i++) {
        posters[i] = (struct poster){.index = i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_in_order, &posters[i]), 0);
    }
    take_posts();
    for (int i = 0; i < THREAD_COUNT; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_eq(posters[i].status, 0);
    }
    fixture_quiet(&fixture);
    ck_assert_uint_eq(fixture_stats(&fixture).posts, (uint64_t)THREAD_COUNT * POST_COUNT);
    fixture_fini(&fixture);
}
END_TEST

struct partner {
    _Atomic(struct pendio_loop *) loop; /* of the thread; NULL: not yet */
    int failure;
};

/* Sends back every value it is sent, one higher, until it is sent 0. */
static void *answer_posts(void *state)
{
    struct partner *partner = (struct partner *)state;
    struct pendio_completion record = {.value = 1};
    struct pendio_loop *loop = NULL;

    partner->failure = pendio_loop_create(NULL, &loop) != 0;
    atomic_store(&partner->loop, loop);
    while (partner->failure == 0 && record.value != 0) {
        int count = pendio_loop_turn(loop, -1, &record, 1);

        if (count == 1 && record.value != 0)
            partner->failure = pendio_loop_post(fixture.loop, 0, record.value + 1);
    }
    if (loop != NULL && pendio_loop_destroy(loop, -1, NULL) < 0)
        partner->failure = 1;
    return NULL;
}

START_TEST(loops_of_two_threads_post_to_each_other)
{
    struct partner partner = {.failure = 0};
    struct pendio_completion record;
    struct pendio_loop *other;
    pthread_t thread;

    fixture_init(&fixture);
    ck_assert_int_eq(pthread_create(&thread, NULL, answer_posts, &partner), 0);
    while ((other = atomic_load(&partner.loop)) == NULL)
        sched_yield();
    for (uint64_t value = 1; value < 2000; value += 2) {
        ck_assert_int_eq(pendio_loop_post(other, 0, value), 0);
        ck_assert_int_eq(pendio_loop_turn(fixture.loop, -1, &record, 1), 1);
        check_posted(&record, 0, value + 1);
    }
    ck_assert_int_eq(pendio_loop_destroy(other, 0, NULL), -EPERM);
    ck_assert_int_eq(pendio_loop_post(other, 0, 0), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(partner.failure, 0);
    fixture_fini(&fixture);
}
END_TEST

int main(void)
{
    const struct fixture_case cases[] = {
        {every_call_in_a_forked_child_is_refused_and_the_parent_goes_on, 0},
        {forked_child_may_have_a_loop_of_its_own, 0},
        {every_call_but_wake_and_post_is_refused_from_another_thread, 0},
        {sleeping_loop_is_woken, 0},
        {sleeping_loop_is_roused_by_a_post_and_delivers_it, 0},
        {loop_woken_beforehand_does_not_sleep, 0},
        {posts_of_many_threads_all_arrive_each_threads_in_its_order, 0},
        {loops_of_two_threads_post_to_each_other, 0},
    };

    return fixture_run("abi: process", cases, sizeof cases / sizeof cases[0]);
}
