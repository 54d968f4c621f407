/* plan_compile.h - what the sources that compile a plan share. */
#ifndef PND_PLAN_COMPILE_H
#define PND_PLAN_COMPILE_H

#include "plan.h"

enum { PND_LABEL_LIMIT = 256 }; /* of an actor; each is compared with each */

struct pnd_label {
    const char *name;
    size_t block_index;
    size_t step_index;
};

/* One compilation: where it stands, for error lines. */
struct pnd_compiler {
    const Pendio__Workload *workload;
    struct pnd_plan *plan;
    struct pnd_message_error *error;
    size_t actor_index;
    size_t block_index;
    size_t step_index;
    uint32_t label_count; /* of the actor */
    struct pnd_label labels[PND_LABEL_LIMIT];
    int32_t *context_pools; /* of the actor's named contexts; PND_PLAN_NONE: not known yet */
};

enum {                  /* what an operation needs of its step */
       PND_HANDLE = 1,  /* one to work on */
       PND_INTO = 2,    /* makes one: where to */
       PND_CONTEXT = 4, /* a named one */
       PND_ENDPOINT = 8,
       PND_FILE = 16,   /* its endpoint is one */
       PND_TARGET = 32, /* a second endpoint, a FILE too */
       PND_EVENT = 64,
       PND_FROM = 128,      /* a second handle */
       PND_WRITE_END = 256, /* makes a second handle: where to */
       PND_OR_INTO = 512,   /* in place of its handle it may make one */
};

struct pnd_operation_rule {
    const char *name;
    uint16_t start;     /* its number in pendio.h if it is started with a context, else 0 */
    unsigned int needs; /* PND_HANDLE ... */
};

/* NULL when there is no such operation. */
const struct pnd_operation_rule *pnd_plan_rule(Pendio__Operation operation);

/* Fill in the error line: input, `path`, what is wrong and the remedy. Both return `status`. */
__attribute__((format(printf, 4, 5))) int pnd_plan_refuse(const struct pnd_compiler *compiler,
                                                          int status, const char *path,
                                                          const char *format, ...);
__attribute__((format(printf, 2, 3))) int pnd_plan_refuse_step(const struct pnd_compiler *compiler,
                                                               const char *format, ...);

__attribute__((format(printf, 3, 4))) int pnd_plan_refuse_block(const struct pnd_compiler *compiler,
                                                                const char *field,
                                                                const char *format, ...);

/* Index of `name` among names, or PND_PLAN_NONE. */
int32_t pnd_plan_find(const char *const *names, size_t name_count, const char *name);

/*
 * Workload and actors have names, actors each their own, and blocks; names and lists keep within
 * their limits. 0, -EINVAL or -E2BIG.
 */
int pnd_plan_check_names(struct pnd_compiler *compiler);

/* In plan_environment.c: what the workload is, and what it is to run in. 0, -EINVAL or -ENOMEM. */
int pnd_plan_compile_environment(struct pnd_compiler *compiler);

/* Collects the names of handles and contexts of every actor, and of events. 0 or -ENOMEM. */
int pnd_plan_collect_names(struct pnd_compiler *compiler);

/* Index of the endpoint of that name, or PND_PLAN_NONE. */
int32_t pnd_plan_find_endpoint(const struct pnd_plan *plan, const char *name);

/* In plan_fault.c: LIMIT_DESCRIPTORS and so on; for others that they have nothing of these. */
int pnd_plan_compile_fault(struct pnd_compiler *compiler, const Pendio__Step *source,
                           struct pnd_plan_step *step);

/* In plan_expect.c: what is expected of the run as a whole. */
int pnd_plan_check_run(const struct pnd_compiler *compiler);

/* In plan_block.c: the block the compiler stands at, with its steps. */
int pnd_plan_compile_block(struct pnd_compiler *compiler, const Pendio__Block *source,
                           struct pnd_plan_block *block);

/* In plan_draw.c. NULL, or what is wrong with it; then `rule` is of no use. */
const char *pnd_plan_compile_draw(const Pendio__Distribution *source, struct pnd_draw_rule *rule);

/* In plan_draw.c: the bytes that a step draws. */
int pnd_plan_compile_bytes(const struct pnd_compiler *compiler, const Pendio__Step *source,
                           struct pnd_plan_step *step);

/* In plan_label.c: which steps of the block must be over before others. */
int pnd_plan_compile_labels(struct pnd_compiler *compiler, const Pendio__Block *source,
                            struct pnd_plan_block *block);

/* Compiles the step the compiler stands at. */
int pnd_plan_compile_step(struct pnd_compiler *compiler, const Pendio__Step *source,
                          struct pnd_plan_step *step);

/*
 * Numbers in their ranges; and, once the step is compiled, a combination with a meaning. What it
 * takes of memory is entered in its pool.
 */
int pnd_plan_check_numbers(const struct pnd_compiler *compiler, const Pendio__Step *source);
int pnd_plan_check_meaning(const struct pnd_compiler *compiler, const Pendio__Step *source,
                           struct pnd_plan_step *step);

/* In plan_packets.c: what a SEND_PACKETS sends. */
int pnd_plan_compile_packets(const struct pnd_compiler *compiler, const Pendio__Step *source,
                             struct pnd_plan_step *step);

/* The handle of that name, or a line about what it is wanted for. */
int pnd_plan_use_handle(const struct pnd_compiler *compiler, const char *name, int32_t *ret_index);

int pnd_plan_compile_expectation(const struct pnd_compiler *compiler,
                                 const Pendio__Expectation *source,
                                 struct pnd_plan_expectation *expect);

/* In plan_place.c: which part of a run is here; before actors are compiled. 0 or -EINVAL. */
int pnd_plan_compile_placement(struct pnd_compiler *compiler, const Pendio__Placement *placement);

/* In plan_place.c: whether the instances that an actor begins with are here. */
bool pnd_plan_is_here(const struct pnd_plan *plan, const Pendio__Actor *actor);

/* In plan_place.c: what goes from place to place; after that. 0, -EINVAL or -ENOMEM. */
int pnd_plan_compile_places(struct pnd_compiler *compiler);

/* In plan_place.c: once instances are counted, what a part of a run needs. 0 or -E2BIG. */
int pnd_plan_settle_places(struct pnd_compiler *compiler);

/* How often all instances do a step, once they are counted; UINT64_MAX: so often, or more. */
uint64_t pnd_plan_count_times(const struct pnd_plan *plan, const struct pnd_plan_walk *at);

/* Counts what the run will use and holds it against the limits. */
int pnd_plan_count(struct pnd_compiler *compiler, const struct pnd_plan_limits *limits);

#endif
