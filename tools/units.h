/* units.h - numbers as people read them. */
#ifndef PND_UNITS_H
#define PND_UNITS_H

#include <stdint.h>

struct pnd_units_text {
    char text[24];
};

struct pnd_units_text pnd_units_count(uint64_t count);                /* 12345 */
struct pnd_units_text pnd_units_bytes(uint64_t bytes);                /* 1.50 MiB */
struct pnd_units_text pnd_units_ns(uint64_t ns);                      /* 12.3 us */
struct pnd_units_text pnd_units_brief(uint64_t count);                /* 12.3 k */
struct pnd_units_text pnd_units_times(uint64_t part, uint64_t whole); /* 12.3x, "-" of none */

#endif
