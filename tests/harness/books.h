/* books.h - a ledger with a pool of eight contexts, and a runtime that says what a test wants. */
#ifndef BOOKS_H
#define BOOKS_H

#include "ledger.h"

#define HANDLE UINT64_C(0x1000)

struct books {
    struct pnd_ledger ledger;
    struct pnd_referee referee;
    pendio_run next_run;
};

extern struct books books;

void books_begin(void);
void books_end(void);

/* Everything that happened so far was right. */
void books_must_be_right(void);

/* This rule was broken, and no other. */
void books_must_offend(enum pnd_rule rule);

/* Its address stands for a context. */
struct pendio_context *books_context(unsigned int index);

/* What a context just taken shows. */
struct pnd_snapshot books_fresh(unsigned int index);

/* The runtime gives this context. */
void books_take(unsigned int index);

/* A start of this context as the engine would describe it, on HANDLE where it needs one. */
struct pnd_start books_describe(unsigned int index, uint16_t operation);

/* The runtime answers pending, as the run returned; or done, with that result. */
pendio_run books_pend(const struct pnd_start *start);
void books_done(const struct pnd_start *start, struct pendio_completion result);

/* An honest completion of a start. */
struct pendio_completion books_complete(const struct pnd_start *start, pendio_run run,
                                        uint64_t bytes);

/* The runtime delivers it. True when the ledger takes it. */
bool books_deliver(struct pendio_completion completion);

/* HANDLE is open. */
void books_open_handle(Pendio__Family family);

#endif
