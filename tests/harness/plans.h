/* plans.h - workloads in JSON that must make a plan, or must not. */
#ifndef PLANS_H
#define PLANS_H

#include "plan.h"

/* A workload of one actor with these steps, and everything they may name. */
#define WITH_STEPS(steps)                                                                          \
    "{\"name\": \"t\", \"pools\": [{\"name\": \"main\", \"context_count\": 4, \"slice_bytes\": "   \
    "100}, {\"name\": \"bare\", \"context_count\": 1}], \"endpoints\": [{\"name\": \"tcp\", "      \
    "\"family\": \"TCP4\"}, {\"name\": \"file\", \"family\": \"FILE\"}], \"actors\": [{\"name\": " \
    "\"first\", \"instance_count\": 1, \"blocks\": [{\"steps\": [{\"operation\": \"SOCKET\", "     \
    "\"into\": \"s\", \"endpoint\": \"tcp\"}, " steps "]}]}]}"

struct plans {
    struct pnd_plan_limits limits;
    struct pnd_message_error error;
    ProtobufCMessage *message;
    struct pnd_plan *plan;     /* the one that was made */
    ProtobufCMessage *planned; /* what it was made of */
};

extern struct plans plans;

void plans_begin(void);
void plans_end(void);

/* Valid until the end of the test. */
const Pendio__Workload *plans_parse(const char *json);

void plans_must_plan(const char *json);
void plans_must_refuse(const char *json, int status, const char *path, const char *words);

/* At one place of several; NULL: everything is here. */
void plans_must_plan_part(const char *json, const Pendio__Placement *placement);
void plans_must_refuse_part(const char *json, const Pendio__Placement *placement, int status,
                            const char *path, const char *words);

/* The one after the first of WITH_STEPS. */
void plans_must_refuse_step(const char *json, const char *words);

#endif
