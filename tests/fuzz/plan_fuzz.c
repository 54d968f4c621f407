/*
 * plan_fuzz.c - any workload, as far as the daemon goes before it runs it.
 *
 * - JSON or packed: it becomes a plan, or one line says what is wrong with it.
 * - What is said is the same for the check alone.
 */
#include "content_hash.h"
#include "fuzz.h"
#include "plan.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static void compile(const Pendio__Workload *workload)
{
    struct pnd_plan_limits limits;
    struct pnd_message_error error = {""};
    struct pnd_message_error again = {""};
    struct pnd_plan *plan = NULL;
    pnd_plan_limits_init(&limits);
    int status = pnd_plan_create(workload, NULL, &limits, &plan, &error);
    assert((status == 0) == (plan != NULL));
    assert(status == 0 || status == -EINVAL || status == -E2BIG || status == -ENOMEM);
    assert(strchr(error.text, '\n') == NULL && (status == 0) == (error.text[0] == '\0'));
    assert(pnd_plan_check(workload, NULL, &limits, &again) == status);
    assert(strcmp(error.text, again.text) == 0);
    pnd_plan_destroy(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    char digits[PND_CONTENT_HASH_BYTES];
    Pendio__Workload *workload = fuzz_workload(bytes, byte_count);
    if (workload == NULL)
        return 0;
    compile(workload);
    assert(pnd_content_hash(workload, digits) == 0);
    pnd_message_free(&workload->base);
    return 0;
}
