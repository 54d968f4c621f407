/*
 * repeat.c - the command that repeats a run.
 *
 * Happy path:  seed, what the process's environment says of features and backend, subject, and the
 *              file a workload of that name is shipped in.
 * Failures:    a workload with another name is WORKLOAD.json; quotes keep everything else whole.
 */
#include "repeat.h"

#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const areas[] = {"context", "pool", "accept", "connect", "stream", "datagram",
                                    "packets", "file", "cancel", "fault",   "scale"};

/* A word of a shell, whatever is in it. */
static void add_word(struct pnd_message_error *line, const char *option, const char *word)
{
    if (word == NULL || word[0] == '\0')
        return;
    pnd_text_add(line, " %s '", option);
    for (size_t length; *word != '\0'; word += length) {
        length = strcspn(word, "'");
        pnd_text_add(line, "%.*s", (int)length, word);
        if (word[length] == '\'') {
            pnd_text_add(line, "'\\''");
            length++;
        }
    }
    pnd_text_add(line, "'");
}

/* "area/name", in letters that need no quotes. */
static bool is_shipped(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t area_length = strspn(name, letters);
    const char *rest = name + area_length + 1;
    if (name[area_length] != '/' || rest[0] == '\0' || rest[strspn(rest, letters)] != '\0')
        return false;
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++)
        if (strlen(areas[i]) == area_length && strncmp(areas[i], name, area_length) == 0)
            return true;
    return false;
}

void pnd_repeat_command(const struct pnd_plan *plan, const char *subject,
                        char ret_command[PND_REPEAT_BYTES])
{
    struct pnd_message_error line = {""};
    const char *name = plan->workload->name;
    pnd_text_add(&line, "pendio run --seed %llu", (unsigned long long)plan->seed);
    add_word(&line, "--features", getenv("PENDIO_FEATURES"));
    add_word(&line, "--backend", getenv("PENDIO_BACKEND"));
    add_word(&line, "--subject", subject);
    if (is_shipped(name))
        pnd_text_add(&line, " harness/workloads/%s.json", name);
    else
        pnd_text_add(&line, " WORKLOAD.json");
    (void)snprintf(ret_command, PND_REPEAT_BYTES, "%s", line.text);
}
