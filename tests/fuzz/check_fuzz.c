/*
 * check_fuzz.c - any workload, as far as `pendio check` goes without a daemon.
 *
 * - JSON or packed: what is found right is explained in words.
 */
#include "content_hash.h"
#include "explain.h"
#include "fuzz.h"
#include "say.h"
#include "validate.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    struct pnd_message_error error;
    char hash[PND_CONTENT_HASH_BYTES];
    Pendio__Workload *workload = fuzz_workload(bytes, byte_count);
    if (workload == NULL)
        return 0;
    if (pnd_validate_workload(workload, &error) == 0) {
        assert(pnd_content_hash(workload, hash) == 0);
        pnd_say_clean_message(&workload->base);
        pnd_explain_workload(workload, hash, fuzz_nowhere());
    }
    pnd_message_free(&workload->base);
    return 0;
}
