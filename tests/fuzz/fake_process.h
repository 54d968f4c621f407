/* fake_process.h - runs whose processes have said everything they ever will before they began. */
#ifndef FAKE_PROCESS_H
#define FAKE_PROCESS_H

/* What the next process begun writes is read from here. */
void fake_process_from(int descriptor);

#endif
