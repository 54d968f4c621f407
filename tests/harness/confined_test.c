/*
 * confined_test.c - what the process of a run holds itself to: its ring does what the plan has and
 * nothing else, and files are named by nobody but us.
 */
#include "engine.h"
#include "plans.h"
#include "suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char base[] = "/tmp/pendio-confined-XXXXXX";
static struct pnd_engine *engine;

static void progress(struct pnd_engine *ignored, void *state)
{
    (void)ignored;
    (void)state;
}

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(chdir(base), 0);
    plans_begin();
}

static void end(void)
{
    if (engine != NULL)
        pnd_engine_destroy(engine);
    plans_end();
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(base), 0);
}

static void set_up(const char *json)
{
    struct pnd_engine_failure failure;
    plans_must_plan(json);
    int status = pnd_engine_create(plans.plan, &pnd_subject_own, progress, NULL, &engine, &failure);
    ck_assert_int_eq(status, 0);
}

START_TEST(operation_that_no_step_needs_is_refused_by_the_loop)
{
    struct pendio_context *context = NULL;
    set_up(WITH_STEPS("{\"operation\": \"NOP\"}"));
    ck_assert_int_eq(pendio_pool_get(engine->pools[0].pool, &context), 0);

    ck_assert_int_eq(pendio_open(context, "/etc/passwd", 0, 0), -ENOTSUP);
    ck_assert_int_eq(pendio_timer(context, 1), -ENOTSUP);
    ck_assert_int_eq(pendio_context_set_policy(context, PENDIO_QUEUE), 0);
    ck_assert_int_eq(pendio_nop(context, engine->loop), 1);
}
END_TEST

START_TEST(names_of_endpoints_name_no_files)
{
    static const char *const names[] = {"/etc/passwd", "../../etc/passwd", "a/../b"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char json[512];
        (void)snprintf(json, sizeof json,
                       "{\"name\": \"t\", \"pools\": [{\"name\": \"p\", \"context_count\": 1}], "
                       "\"endpoints\": [{\"name\": \"%s\", \"family\": \"FILE\", \"file_bytes\": "
                       "10}], \"actors\": [{\"name\": \"a\", \"instance_count\": 1, \"blocks\": "
                       "[{\"steps\": [{\"operation\": \"OPEN\", \"endpoint\": \"%s\", \"into\": "
                       "\"f\"}]}]}]}",
                       names[i], names[i]);
        set_up(json);
        ck_assert_str_eq(engine->endpoints[0].path, "endpoint-0.file");
        ck_assert_int_eq(unlink("endpoint-0.file"), 0);
        pnd_engine_destroy(engine);
        engine = NULL;
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        operation_that_no_step_needs_is_refused_by_the_loop,
        names_of_endpoints_name_no_files,
    };
    return suite_run("confined", begin, end, tests, sizeof tests / sizeof tests[0]);
}
