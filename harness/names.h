/* names.h - numbers of the system and of pendio, as people write them in workloads and reports. */
#ifndef PND_NAMES_H
#define PND_NAMES_H

#include <stddef.h>
#include <stdint.h>

enum { PND_NAMES_FEATURE_COUNT = 64 }; /* a bit each */

/* The errno named so ("ECANCELED"), 0 for "0", or -1 when there is none. */
int pnd_names_find_error(const char *name);

/* The name of an errno, given as such or negative; "0" for 0. Never NULL. */
const char *pnd_names_error(int error);

/* The bit of a completion flag named so ("END_OF_STREAM"), or 0 when there is none. */
uint16_t pnd_names_find_flag(const char *name);

/* The bit of a feature of the runtime named so ("buffer_ring"), or 0 when there is none. */
uint64_t pnd_names_find_feature(const char *name);

/* The names of all features, at most PND_NAMES_FEATURE_COUNT. Returns how many. */
size_t pnd_names_features(char **ret_names);

/* The name of one of pendio.h's operations ("RECEIVE"). Never NULL. */
const char *pnd_names_operation(uint16_t operation);

/* The same; "" for 0, which is no operation. Never NULL. */
const char *pnd_names_operation_or_none(uint16_t operation);

#endif
