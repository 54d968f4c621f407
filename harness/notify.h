/* notify.h - what systemd is told of a service of Type=notify. */
#ifndef PND_NOTIFY_H
#define PND_NOTIFY_H

/*
 * Sends `state`, e.g. "READY=1", to the socket that $NOTIFY_SOCKET names; without one nobody wants
 * to know.
 */
void pnd_notify(const char *state);

#endif
