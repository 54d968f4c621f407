/*
 * content_hash.c - what tells a workload from one that was changed.
 *
 * Happy path:  pack all of it but the hash itself -> SHA-256 -> digits.
 * Failures:    want of memory; a workload that names another hash than its own.
 */
#include "content_hash.h"

#include "text.h"

#include <mbedtls/md.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST_BYTES = 32 };

int pnd_content_hash(const Pendio__Workload *workload, char ret_digits[PND_CONTENT_HASH_BYTES])
{
    static char none[] = "";
    Pendio__Workload rest = *workload;
    uint8_t *packed = NULL;
    size_t packed_bytes = 0;
    uint8_t digest[DIGEST_BYTES];
    rest.content_hash = none;
    int status = pnd_message_pack(&rest.base, &packed, &packed_bytes);
    if (status < 0)
        return status;
    status = mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), packed, packed_bytes, digest);
    free(packed);
    if (status != 0)
        return -ENOMEM; /* nothing else can go wrong in memory */
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        (void)snprintf(ret_digits + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

int pnd_content_hash_check(const Pendio__Workload *workload, struct pnd_message_error *error)
{
    char digits[PND_CONTENT_HASH_BYTES];
    if (workload->content_hash[0] == '\0')
        return 0;
    int status = pnd_content_hash(workload, digits);
    if (status < 0 || strcmp(workload->content_hash, digits) == 0)
        return status;
    pnd_text_add(error,
                 "content_hash: is \"%.70s\", but what the workload says has %s; write that there, "
                 "or undo what was changed",
                 workload->content_hash, digits);
    return -EINVAL;
}
