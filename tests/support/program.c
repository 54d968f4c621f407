/*
 * program.c - runs a program to its end and keeps what it wrote.
 *
 * - stdout and stderr go to files below the test's directory, so no pipe can fill up.
 * - The program is spawned, never forked into, since a test may have threads.
 */
#include "program.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *take_file(const char *directory, const char *name);

pid_t program_begin(const struct program *program)
{
    char *out = program_path(program->directory, "stdout");
    char *error = program_path(program->directory, "stderr");
    const char *output = program->output != NULL ? program->output : out;
    const char *input = program->input != NULL ? program->input : "/dev/null";
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;

    posix_spawn_file_actions_t actions;
    ck_assert_int_eq(posix_spawn_file_actions_init(&actions), 0);
    ck_assert_int_eq(posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0), 0);
    ck_assert_int_eq(posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0600), 0);
    ck_assert_int_eq(posix_spawn_file_actions_addopen(&actions, 2, error, flags, 0600), 0);

    pid_t process = -1;
    char *const *words = (char *const *)(const void *)program->words;
    int status = posix_spawn(&process, program->words[0], &actions, NULL, words, environ);
    ck_assert_msg(status == 0, "cannot start %s: %s", program->words[0], strerror(status));
    (void)posix_spawn_file_actions_destroy(&actions);
    free(error);
    free(out);
    return process;
}

struct program_end program_wait(const struct program *program, pid_t process)
{
    int status = 0;
    ck_assert_int_eq(waitpid(process, &status, 0), process);
    return (struct program_end){
        .code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
        .out = program->output == NULL ? take_file(program->directory, "stdout") : NULL,
        .error = take_file(program->directory, "stderr"),
    };
}

struct program_end program_run(const struct program *program)
{
    return program_wait(program, program_begin(program));
}

void program_end_fini(struct program_end *end)
{
    free(end->out);
    free(end->error);
}

static char *take_file(const char *directory, const char *name)
{
    char *path = program_path(directory, name);
    char *text = program_read_file(path);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(unlink(path), 0);
    free(path);
    return text;
}

char *program_make_directory(void)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || strlen(parent) > 40)
        parent = "/tmp";
    char *directory = program_path(parent, "pendio-test.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    return directory;
}

void program_remove_directory(char *directory)
{
    DIR *entries = opendir(directory);
    ck_assert_ptr_nonnull(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ck_assert(unlinkat(dirfd(entries), entry->d_name, 0) == 0 || errno == ENOENT);
    (void)closedir(entries);
    ck_assert_int_eq(rmdir(directory), 0);
    free(directory);
}

char *program_path(const char *directory, const char *name)
{
    char *path = NULL;
    ck_assert_int_gt(asprintf(&path, "%s/%s", directory, name), 0);
    return path;
}

void program_write_file(const char *path, const char *text)
{
    FILE *stream = fopen(path, "we");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_ge(fputs(text, stream), 0);
    ck_assert_int_eq(fclose(stream), 0);
}

char *program_read_file(const char *path)
{
    FILE *stream = fopen(path, "re");
    if (stream == NULL)
        return NULL;
    char *text = NULL;
    size_t byte_count = 0;
    FILE *copy = open_memstream(&text, &byte_count);
    ck_assert_ptr_nonnull(copy);
    for (int byte = fgetc(stream); byte != EOF; byte = fgetc(stream))
        (void)fputc(byte, copy);
    (void)fclose(stream);
    ck_assert_int_eq(fclose(copy), 0);
    return text;
}
