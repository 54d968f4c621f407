/* interrupt.h - SIGINT and SIGTERM as something to wait for. */
#ifndef PND_INTERRUPT_H
#define PND_INTERRUPT_H

/*
 * From now on the first of either signal is only remembered; a second one ends the program.
 * Returns 0 or -errno.
 */
int pnd_interrupt_watch(void);

/* The signal that came, or 0. */
int pnd_interrupt_signal(void);

/* Readable once a signal has come. */
int pnd_interrupt_descriptor(void);

#endif
