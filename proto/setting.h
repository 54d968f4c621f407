/* setting.h - features and backend of a run, as tools send them and the daemon takes them. */
#ifndef PND_SETTING_H
#define PND_SETTING_H

#include "messages.h"

/*
 * Both return 0, or -EINVAL with what is wrong, and what would be right, appended to `error`. An
 * empty text asks for nothing, and is right.
 *
 * Features: a list like "-one,-two" of those to leave unused. `known` are the names there are;
 * with none of them any name will do.
 */
int pnd_setting_check_features(const char *list, char *const *known, size_t known_count,
                               struct pnd_message_error *error);
int pnd_setting_check_backend(const char *name, struct pnd_message_error *error);

#endif
