/* act.h - what the process of a run can do, to test those who look after it. */
#ifndef ACT_H
#define ACT_H

enum { ACT_OPERATION_COUNT = 12 }; /* that every act which tells of operations tells of */

/*
 * Reads a framed pendio.SubmitRequest from standard input and does what the name of its workload
 * says. Acts that go on send a Progress first, whose operations_expected is the process's id.
 * Returns the exit status.
 */
int act_main(void);

#endif
