/*
 * usual.h - what a branch mostly comes to, for the compiler to lay that out in one piece.
 *
 * A processor that forgets its predictions at each system call takes what lies straight ahead.
 */
#ifndef PND_USUAL_H
#define PND_USUAL_H

#define PND_USUAL(condition) __builtin_expect(!!(condition), 1)
#define PND_RARE(condition)  __builtin_expect(!!(condition), 0)

#endif
