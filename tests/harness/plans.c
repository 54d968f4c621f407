/* plans.c - workloads in JSON that must make a plan, or must not. */
#include "plans.h"

#include <check.h>
#include <errno.h>
#include <string.h>

struct plans plans;

void plans_begin(void)
{
    plans.limits = (struct pnd_plan_limits){
        .context_count = 32768,
        .memory_bytes = 1 << 30,
        .time_ms = 60000,
        .descriptor_count = 1024,
    };
    plans.message = NULL;
    plans.plan = NULL;
    plans.planned = NULL;
}

void plans_end(void)
{
    pnd_plan_destroy(plans.plan);
    pnd_message_free(plans.planned);
    pnd_message_free(plans.message);
}

const Pendio__Workload *plans_parse(const char *json)
{
    int status = pnd_message_from_json(&pendio__workload__descriptor, json, strlen(json), "test",
                                       NULL, &plans.message, &plans.error);
    ck_assert_msg(status == 0, "%s", plans.error.text);
    return (const Pendio__Workload *)plans.message;
}

void plans_must_plan(const char *json)
{
    plans_must_plan_part(json, NULL);
}

void plans_must_plan_part(const char *json, const Pendio__Placement *placement)
{
    pnd_plan_destroy(plans.plan);
    pnd_message_free(plans.planned);
    plans.plan = NULL;
    plans.planned = NULL;
    int status =
        pnd_plan_create(plans_parse(json), placement, &plans.limits, &plans.plan, &plans.error);
    ck_assert_msg(status == 0, "%s", plans.error.text);
    ck_assert_str_eq(plans.error.text, "");
    plans.planned = plans.message;
    plans.message = NULL;
}

void plans_must_refuse(const char *json, int status, const char *path, const char *words)
{
    plans_must_refuse_part(json, NULL, status, path, words);
}

void plans_must_refuse_part(const char *json, const Pendio__Placement *placement, int status,
                            const char *path, const char *words)
{
    ck_assert_int_eq(pnd_plan_check(plans_parse(json), placement, &plans.limits, &plans.error),
                     status);
    ck_assert_msg(strstr(plans.error.text, path) != NULL, "no path %s in: %s", path,
                  plans.error.text);
    ck_assert_msg(strstr(plans.error.text, words) != NULL, "no \"%s\" in: %s", words,
                  plans.error.text);
    ck_assert_ptr_null(strchr(plans.error.text, '\n'));
    pnd_message_free(plans.message);
    plans.message = NULL;
}

void plans_must_refuse_step(const char *json, const char *words)
{
    plans_must_refuse(json, -EINVAL, "actors[0].blocks[0].steps[1]", words);
}
