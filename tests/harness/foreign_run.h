/*
 * foreign_run.h - runs of subjects in another process, and workloads that no file has.
 *
 * Of a shipped one a thousand rounds are made a few.
 */
#ifndef FOREIGN_RUN_H
#define FOREIGN_RUN_H

#include "child_run.h"

enum { FOREIGN_PATH_BYTES = 512 };

#define ENDS_SOON                                                                                  \
    "{\"name\": \"context/nops\", \"pools\": [{\"name\": \"main\", \"context_count\": 1}],"        \
    " \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\": [{\"repeat_count\": 10," \
    " \"steps\": [{\"operation\": \"NOP\"}]}]}], \"limits\": {\"time_ms\": 500}}"

#define TIMES_LATE                                                                                 \
    "{\"name\": \"context/late\", \"pools\": [{\"name\": \"main\", \"context_count\": 1}],"        \
    " \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\": [{"                      \
    " \"steps\": [{\"operation\": \"TIMER\", \"after_ns\": 300000000}]}]}],"                       \
    " \"limits\": {\"time_ms\": 5000}}"

#define STEPS(name, pool, steps)                                                                   \
    "{\"name\": \"" name "\", \"pools\": [{\"name\": \"main\", \"context_count\": 1, " pool "}],"  \
    " \"endpoints\": [{\"name\": \"there\", \"family\": \"TCP4\"}],"                               \
    " \"actors\": [{\"name\": \"one\", \"instance_count\": 1, \"blocks\": [{\"steps\": [" steps    \
    "]}]}], \"limits\": {\"time_ms\": 3000}}"

#define A_SOCKET "{\"operation\": \"SOCKET\", \"endpoint\": \"there\", \"into\": \"h\"}, "

#define A_CLOSE ", {\"operation\": \"CLOSE_NOW\", \"handle\": \"h\"}"

/* `workload` is a name, or JSON. Ends the test when there is no report. */
void foreign_run(const char *subject, const char *workload, struct child_run *ret_run);

#endif
