/*
 * operation.h - the operations there are. Each is a file of its own: start, prepare, finish.
 *
 * A handle that is NULL stands for one that was not found. Every start answers PENDIO_DONE,
 * PENDIO_PENDING or a refusal, as pendio.h says of the function of the same name.
 */
#ifndef PND_OPERATION_H
#define PND_OPERATION_H

#include "context.h"

int pnd_nop_start(struct pnd_context *context);
int pnd_timer_start(struct pnd_context *context, uint64_t after_ns);
int pnd_accept_start(struct pnd_context *context, struct pnd_handle *listener, pendio_handle into);
int pnd_connect_start(struct pnd_context *context, struct pnd_handle *handle);
int pnd_connect_name_start(struct pnd_context *context, pendio_handle value, const char *host,
                           uint16_t port);
int pnd_disconnect_start(struct pnd_context *context, struct pnd_handle *handle, uint32_t flags);
int pnd_receive_start(struct pnd_context *context, struct pnd_handle *handle);
int pnd_receive_from_start(struct pnd_context *context, struct pnd_handle *handle);
int pnd_send_start(struct pnd_context *context, struct pnd_handle *handle);
int pnd_send_to_start(struct pnd_context *context, struct pnd_handle *handle);
int pnd_receive_message_start(struct pnd_context *context, struct pnd_handle *handle);
int pnd_send_message_start(struct pnd_context *context, struct pnd_handle *handle);
int pnd_open_start(struct pnd_context *context, const char *path, int flags, uint32_t mode);
int pnd_read_start(struct pnd_context *context, struct pnd_handle *handle, uint64_t offset);
int pnd_write_start(struct pnd_context *context, struct pnd_handle *handle, uint64_t offset);
int pnd_splice_start(struct pnd_context *context, struct pnd_handle *from, uint64_t from_offset,
                     struct pnd_handle *to, uint64_t to_offset, uint64_t byte_count);
int pnd_send_packets_start(struct pnd_context *context, struct pnd_handle *handle,
                           const struct pendio_packet *packets, uint32_t packet_count,
                           uint32_t flags);
int pnd_fsync_start(struct pnd_context *context, struct pnd_handle *handle, uint32_t flags);
int pnd_truncate_start(struct pnd_context *context, struct pnd_handle *handle, uint64_t byte_count);
int pnd_rename_start(struct pnd_context *context, const char *from, const char *to);
int pnd_unlink_start(struct pnd_context *context, const char *path, uint32_t flags);
int pnd_mkdir_start(struct pnd_context *context, const char *path, uint32_t mode);
int pnd_close_start(struct pnd_context *context, struct pnd_handle *handle, uint32_t mode);
int pnd_poll_start(struct pnd_context *context, struct pnd_handle *handle, uint32_t events);
int pnd_child_start(struct pnd_context *context, int pid);
int pnd_signal_start(struct pnd_context *context, int number);

/* A handle that is 0 stands for none. */
int pnd_stat_start(struct pnd_context *context, pendio_handle handle, const char *path);

void pnd_signals_init(struct pnd_signals *signals);
void pnd_signals_fini(struct pnd_signals *signals);

/* Closes without a context; nobody is told. */
void pnd_close_alone(struct pnd_loop *loop, struct pnd_handle *handle, uint32_t mode);

/* Goes on closing a handle that has nothing under way any more, or only what drains. */
void pnd_close_proceed(struct pnd_loop *loop, struct pnd_handle *handle);

#endif
