/*
 * disconnect.h - the end of a connection, as other operations use it.
 */
#ifndef PND_DISCONNECT_H
#define PND_DISCONNECT_H

#include "context.h"

/*
 * Ends the connection of the run's handle; the run is first in its line of sends. With `reuse`
 * another socket takes its place. PND_SETTLE: to be called again then. A run that was asked to stop
 * ends so, and nothing happens to the handle.
 */
enum pnd_verdict pnd_disconnect_go(struct pnd_context *context, bool reuse);

#endif
