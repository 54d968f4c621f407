/* environment.h - the environment of a child: the daemon's own, with some variables set anew. */
#ifndef PND_ENVIRONMENT_H
#define PND_ENVIRONMENT_H

#include <stddef.h>

struct pnd_setting {
    const char *name;
    const char *value; /* NULL or empty: the daemon's own stays */
};

/* NULL when out of memory. Independent of the settings afterwards. */
char **pnd_environment_create(const struct pnd_setting *settings, size_t setting_count);

void pnd_environment_destroy(char **environment);

#endif
