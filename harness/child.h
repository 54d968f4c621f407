/* child.h - the process of one run: a workload comes in, events go out. */
#ifndef PND_CHILD_H
#define PND_CHILD_H

/*
 * Runs the workload that arrives as one packed pendio.SubmitRequest (4-byte little-endian length
 * first) on `input`, and writes pendio.Event messages framed the same way to `output`: Progress
 * about every 100 ms, Stats with it, and exactly one Report at the end. Works in the directory
 * PENDIO_RUN_DIRECTORY, or where it stands.
 *
 * Returns the process's exit status: 0 passed, 1 a check failed, 2 invalid workload, 3 could not
 * start, 77 skipped.
 */
int pnd_child_main(int input, int output);

#endif
