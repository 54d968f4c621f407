/*
 * usual.h - what a branch mostly comes to, for the compiler to lay that out in one piece.
 *
 * A processor that forgets its predictions at each system call takes what lies straight ahead.
 */
#ifndef PND_USUAL_H
#define PND_USUAL_H

#define PND_USUAL(condition) __builtin_expect(!!(condition), 1)
#define PND_RARE(condition)  __builtin_expect(!!(condition), 0)

/*
 * What most operations go through, put side by side: where the kernel has tables of pages of its
 * own, each page of code is looked up anew behind every system call.
 */
#define PND_HOT __attribute__((hot))

/*
 * The number from here on is one that was computed, and not to be read anew, together with its
 * neighbours: what was just written in pieces can only be read as a whole once it is in memory.
 */
#define PND_KEEP(number) __asm__("" : "+r"(number))

#endif
