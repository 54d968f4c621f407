/* stats_files_test.c - the folder of statistics. */
#include "stats_files.h"
#include "suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[] = "/tmp/pendio-stats-XXXXXX";
static struct pnd_stats_files *files;
static struct pnd_message_error error;

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(base));
    ck_assert_int_eq(chdir(base), 0);
    ck_assert_int_eq(pnd_stats_files_create("stats", &files, &error), 0);
}

static void end(void)
{
    pnd_stats_files_destroy(files);
    DIR *directory = opendir("stats");
    ck_assert_ptr_nonnull(directory);
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] != '.')
            (void)unlinkat(dirfd(directory), entry->d_name, 0);
    }
    (void)closedir(directory);
    ck_assert_int_eq(rmdir("stats"), 0);
    ck_assert_int_eq(rmdir(base), 0);
}

static void write_run(uint64_t run, uint64_t started)
{
    Pendio__Stats stats = PENDIO__STATS__INIT;
    stats.run = run;
    stats.started = started;
    pnd_stats_files_write(files, &stats);
}

static bool exists(uint64_t run, struct stat *ret_state)
{
    char path[64];
    (void)snprintf(path, sizeof path, "stats/%d.stats.json", (int)run);
    return lstat(path, ret_state) == 0;
}

START_TEST(latest_statistics_of_a_run_are_its_file)
{
    char text[1024] = "";
    struct stat state;
    write_run(7, 1);
    write_run(7, 4321);

    ck_assert(exists(7, &state));
    ck_assert_uint_eq(state.st_mode & 07777, S_IRUSR | S_IWUSR);
    FILE *file = fopen("stats/7.stats.json", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
    (void)fclose(file);
    ck_assert_ptr_nonnull(strstr(text, "4321"));
}
END_TEST

START_TEST(files_of_the_oldest_runs_are_removed)
{
    struct stat state;
    for (uint64_t run = 1; run <= PND_STATS_FILES_COUNT + 2; run++) {
        write_run(run, 1);
        write_run(run, 2);
    }
    ck_assert(!exists(2, &state));
    for (uint64_t run = 3; run <= PND_STATS_FILES_COUNT + 2; run++)
        ck_assert(exists(run, &state));
}
END_TEST

START_TEST(files_of_a_daemon_before_count_too)
{
    struct stat state;
    for (uint64_t run = PND_STATS_FILES_COUNT; run > 0; run--)
        write_run(run, 1);
    pnd_stats_files_destroy(files);
    ck_assert_int_eq(pnd_stats_files_create("stats", &files, &error), 0);
    write_run(PND_STATS_FILES_COUNT + 1, 1);
    write_run(PND_STATS_FILES_COUNT + 2, 1);
    ck_assert(!exists(1, &state));
    ck_assert(!exists(2, &state));
    for (uint64_t run = 3; run <= PND_STATS_FILES_COUNT + 2; run++)
        ck_assert(exists(run, &state));
}
END_TEST

START_TEST(directory_that_cannot_be_used_is_refused_at_the_start)
{
    struct pnd_stats_files *none = NULL;

    ck_assert_int_eq(pnd_stats_files_create("nowhere/stats", &none, &error), -ENOENT);
    ck_assert_ptr_nonnull(strstr(error.text, "choose another --stats-dir"));
    ck_assert_int_eq(pnd_stats_files_create("/dev/null", &none, &error), -ENOTDIR);
    ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        latest_statistics_of_a_run_are_its_file,
        files_of_the_oldest_runs_are_removed,
        files_of_a_daemon_before_count_too,
        directory_that_cannot_be_used_is_refused_at_the_start,
    };
    return suite_run("stats_files", begin, end, tests, sizeof tests / sizeof tests[0]);
}
