/* content.h - makes what is sent and written, verifies what is received and read. */
#ifndef PND_CONTENT_H
#define PND_CONTENT_H

#include "engine.h"

/*
 * Before a start: bytes to send, or a background on which a stray write shows, also behind the
 * window.
 */
void pnd_content_prepare(struct pnd_engine *engine, struct pnd_task *task, void *memory,
                         size_t byte_count, size_t behind_bytes);

/* After a start was accepted: its bytes are on their way. */
void pnd_content_accepted(struct pnd_engine *engine, const struct pnd_task *task,
                          pendio_handle handle, size_t byte_count);

/* After the completion of a connect with first data, whose handle may be new. */
void pnd_content_sent_first(struct pnd_engine *engine, const struct pnd_task *task,
                            const struct pnd_start *start,
                            const struct pendio_completion *completion);

/* After its completion: content, and everything behind it untouched. */
void pnd_content_verify(struct pnd_engine *engine, struct pnd_task *task,
                        const struct pnd_start *start, const struct pendio_completion *completion);

/* For the sums of each stream's bytes: what was sent, and what had come when the end was told. */
void pnd_content_sum(struct pnd_engine *engine, const struct pnd_task *task,
                     const struct pnd_start *start, const struct pendio_completion *completion);

/* The flow over a handle; one that nobody looks at when the handle is not open. */
struct pnd_flow *pnd_content_flow(struct pnd_engine *engine, pendio_handle handle);

#endif
