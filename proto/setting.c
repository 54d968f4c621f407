/*
 * setting.c - features and backend of a run, as tools send them and the daemon takes them.
 *
 * Happy path:  each entry of a list is a minus and a name that is known; a backend is one of three.
 * Failures:    the first entry that is wrong is told, with all that would be right.
 */
#include "setting.h"

#include "text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { SHOWN_BYTES = 64 }; /* of a wrong entry */

static bool is_known(const char *name, size_t name_bytes, char *const *known, size_t known_count);
static int refuse_entry(const char *entry, size_t entry_bytes, struct pnd_message_error *error);
static int refuse_name(const char *name, size_t name_bytes, char *const *known, size_t known_count,
                       struct pnd_message_error *error);

int pnd_setting_check_features(const char *list, char *const *known, size_t known_count,
                               struct pnd_message_error *error)
{
    for (const char *entry = list; *entry != '\0';) {
        size_t entry_bytes = strcspn(entry, ",");
        if (entry_bytes < 2 || entry[0] != '-')
            return refuse_entry(entry, entry_bytes, error);
        if (known_count > 0 && !is_known(entry + 1, entry_bytes - 1, known, known_count))
            return refuse_name(entry + 1, entry_bytes - 1, known, known_count, error);
        entry += entry_bytes;
        entry += *entry == ',';
    }
    return 0;
}

static bool is_known(const char *name, size_t name_bytes, char *const *known, size_t known_count)
{
    for (size_t i = 0; i < known_count; i++) {
        if (strlen(known[i]) == name_bytes && memcmp(known[i], name, name_bytes) == 0)
            return true;
    }
    return false;
}

/* Whole characters only. */
static int shown_bytes(const char *text, size_t byte_count)
{
    size_t shown = byte_count < SHOWN_BYTES ? byte_count : SHOWN_BYTES;
    while (shown < byte_count && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80)
        shown--;
    return (int)shown;
}

static int refuse_entry(const char *entry, size_t entry_bytes, struct pnd_message_error *error)
{
    pnd_text_add(error,
                 "\"%.*s\" is no feature to leave unused; write a list like "
                 "-multishot_receive,-buffer_ring",
                 shown_bytes(entry, entry_bytes), entry);
    return -EINVAL;
}

static int refuse_name(const char *name, size_t name_bytes, char *const *known, size_t known_count,
                       struct pnd_message_error *error)
{
    pnd_text_add(error, "there is no feature \"%.*s\"; known are", shown_bytes(name, name_bytes),
                 name);
    for (size_t i = 0; i < known_count; i++)
        pnd_text_add(error, "%s %s", i > 0 ? "," : "", known[i]);
    return -EINVAL;
}

int pnd_setting_check_backend(const char *name, struct pnd_message_error *error)
{
    static const char seeded[] = "sim:seed=";
    static const char *const names[] = {"", "uring", "epoll", "sim"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return 0;
    }
    const char *digits = name + sizeof seeded - 1;
    if (strncmp(name, seeded, sizeof seeded - 1) == 0 && digits[0] != '\0' &&
        digits[strspn(digits, "0123456789")] == '\0')
        return 0;
    pnd_text_add(error, "there is no backend \"%.*s\"; use uring, epoll, sim or sim:seed=N",
                 shown_bytes(name, strlen(name)), name);
    return -EINVAL;
}
