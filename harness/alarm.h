/* alarm.h - instances that wait for a time, the earliest first. */
#ifndef PND_ALARM_H
#define PND_ALARM_H

#include <stdint.h>

struct pnd_instance;

/* A heap with room for every instance. */
struct pnd_alarms {
    struct pnd_instance **heap;
    uint32_t count;
};

/* It waits for its `wake_ns`. */
void pnd_alarm_add(struct pnd_alarms *alarms, struct pnd_instance *instance);

/* One whose time has come, which waits no more; NULL: none. */
struct pnd_instance *pnd_alarm_take(struct pnd_alarms *alarms, uint64_t now_ns);

/* The earliest time; UINT64_MAX: nobody waits. */
uint64_t pnd_alarm_next_ns(const struct pnd_alarms *alarms);

#endif
