/*
 * foreign_run.c - runs of subjects in another process, as the daemon's child would do them.
 *
 * Happy path:  a workload is read -> made short -> judged; its report is there.
 * Failures:    without a report the test ends.
 */
#include "foreign_run.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A thousand rounds where a few are enough: each costs some ways to the other process and back. */
static void shorten(char *text)
{
    static const char *const pairs[][2] = {
        {"\"repeat_count\": 1000,", "\"repeat_count\": 20,  "},
        {"\"repeat_count\": 999,", "\"repeat_count\": 19, "},
        {"\"reuse_minimum\": 1000,", "\"reuse_minimum\": 1,   "},
        {"\"operations_minimum\": 64000}", "\"operations_minimum\": 1}    "},
        {"\"operations_minimum\": 256000}", "\"operations_minimum\": 1}     "},
    };
    if (strstr(text, "\"reuse_minimum\": 1000,") == NULL)
        return;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (char *at = text; (at = strstr(at, pairs[i][0])) != NULL;)
            memcpy(at, pairs[i][1], strlen(pairs[i][1]));
}

static char *read_text(const char *workload)
{
    static char text[1 << 18];
    char path[FOREIGN_PATH_BYTES];
    snprintf(path, sizeof path, WORKLOADS "/%s.json", workload);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s is not there", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    shorten(text);
    return text;
}

void foreign_run(const char *subject, const char *workload, struct child_run *ret_run)
{
    struct pnd_message_error error = {.text = ""};
    const char *text = workload[0] == '{' ? workload : read_text(workload);
    int status = child_run_text_with(subject, text, workload, ret_run, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    ck_assert_msg(ret_run->report != NULL, "%s: no report, status %d", workload,
                  ret_run->exit_status);
}
