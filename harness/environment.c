/*
 * environment.c - one array of "NAME=value".
 *
 * Happy path:  copy what is not set anew, then add what is.
 * Failures:    out of memory gives nothing, and leaves nothing behind.
 */
#include "environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_replaced(const char *variable, const struct pnd_setting *settings,
                        size_t setting_count);
static bool is_set(const struct pnd_setting *setting);
static bool add_copy(char **environment, size_t *used, const char *variable);
static bool add_setting(char **environment, size_t *used, const struct pnd_setting *setting);

char **pnd_environment_create(const struct pnd_setting *settings, size_t setting_count)
{
    size_t own_count = 0;
    while (environ[own_count] != NULL)
        own_count++;
    char **environment = calloc(own_count + setting_count + 1, sizeof *environment);
    if (environment == NULL)
        return NULL;

    size_t used = 0;
    bool fine = true;
    for (size_t i = 0; fine && i < own_count; i++) {
        if (!is_replaced(environ[i], settings, setting_count))
            fine = add_copy(environment, &used, environ[i]);
    }
    for (size_t i = 0; fine && i < setting_count; i++) {
        if (is_set(&settings[i]))
            fine = add_setting(environment, &used, &settings[i]);
    }
    if (fine)
        return environment;
    pnd_environment_destroy(environment);
    return NULL;
}

static bool is_replaced(const char *variable, const struct pnd_setting *settings,
                        size_t setting_count)
{
    for (size_t i = 0; i < setting_count; i++) {
        size_t length = strlen(settings[i].name);
        if (is_set(&settings[i]) && strncmp(variable, settings[i].name, length) == 0 &&
            variable[length] == '=')
            return true;
    }
    return false;
}

static bool is_set(const struct pnd_setting *setting)
{
    return setting->value != NULL && setting->value[0] != '\0';
}

static bool add_copy(char **environment, size_t *used, const char *variable)
{
    environment[*used] = strdup(variable);
    return environment[(*used)++] != NULL;
}

static bool add_setting(char **environment, size_t *used, const struct pnd_setting *setting)
{
    char *variable = NULL;
    if (asprintf(&variable, "%s=%s", setting->name, setting->value) < 0)
        return false;
    environment[(*used)++] = variable;
    return true;
}

void pnd_environment_destroy(char **environment)
{
    if (environment == NULL)
        return;
    for (char **variable = environment; *variable != NULL; variable++)
        free(*variable);
    free(environment);
}
