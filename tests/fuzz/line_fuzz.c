/*
 * line_fuzz.c - any line of a foreign subject, taken apart and read as everything it could be.
 *
 * - An address that was read is told as it can be read again.
 */
#include "foreign_line.h"
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"none", "accept", "end_of_stream", "lent", NULL};

static void read_address(struct pnd_foreign_line *line, const char *key)
{
    char text[4 + PND_FOREIGN_ADDRESS_BYTES] = "w a=";
    struct pnd_foreign_line told;
    struct pendio_endpoint address;
    struct pendio_endpoint again;
    const char *wrong = line->wrong;
    line->wrong = NULL;
    pnd_foreign_line_address(line, key, &address);
    bool right = line->wrong == NULL;
    line->wrong = wrong;
    (void)pnd_foreign_line_tell_address(&address, text + 4);
    assert(strlen(text + 4) < PND_FOREIGN_ADDRESS_BYTES);
    if (!right || strchr(text + 4, ' ') != NULL)
        return;
    assert(pnd_foreign_line_parse(text, &told) == 0);
    pnd_foreign_line_address(&told, "a", &again);
    assert(told.wrong == NULL && memcmp(&address, &again, sizeof address) == 0);
}

static void read_everything(struct pnd_foreign_line *line)
{
    uint64_t offset = 0;
    uint64_t byte_count = 0;
    for (uint32_t i = 0; i < line->field_count; i++) {
        const char *key = line->fields[i].key;
        assert(pnd_foreign_line_text(line, key) != NULL);
        (void)pnd_foreign_line_number(line, key);
        pnd_foreign_line_range(line, key, &offset, &byte_count);
        assert(pnd_foreign_line_error(line, key) <= 0);
        assert(pnd_foreign_line_name(line, key, names) < 4);
        assert(pnd_foreign_line_names(line, key, names) < 16);
        read_address(line, key);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    struct pnd_foreign_line line;
    char *text = malloc(byte_count + 1);
    if (text == NULL)
        abort();
    memcpy(text, bytes, byte_count);
    text[byte_count] = '\0';
    if (pnd_foreign_line_parse(text, &line) == 0)
        read_everything(&line);
    free(text);
    return 0;
}
