/*
 * subject.h - what is judged: the calls of pendio.h that a run makes, as a table.
 *
 * The engine calls nothing of a loop, a pool, a context or a handle but through it. Pointers it
 * gets are the subject's own: nobody else looks behind them.
 */
#ifndef PND_SUBJECT_H
#define PND_SUBJECT_H

#include <pendio/pendio.h>

#include <stddef.h>

struct pnd_subject {
    const char *name; /* as it calls itself */

    /* As calloc() and free(); all memory that contexts are given is from here. */
    void *(*memory_create)(const struct pnd_subject *subject, size_t count, size_t byte_count);
    void (*memory_destroy)(const struct pnd_subject *subject, void *memory);

    int (*loop_create)(const struct pnd_subject *subject, const struct pendio_loop_options *options,
                       struct pendio_loop **ret_loop);
    __typeof__(pendio_loop_turn) *loop_turn;
    __typeof__(pendio_loop_post) *loop_post;
    __typeof__(pendio_loop_stats) *loop_stats;
    __typeof__(pendio_loop_shutdown) *loop_shutdown;
    __typeof__(pendio_loop_destroy) *loop_destroy;
    __typeof__(pendio_cancel) *cancel;

    __typeof__(pendio_pool_create) *pool_create;
    __typeof__(pendio_pool_get) *pool_get;
    __typeof__(pendio_pool_put) *pool_put;

    __typeof__(pendio_context_set_memory) *context_set_memory;
    __typeof__(pendio_context_set_slice) *context_set_slice;
    __typeof__(pendio_context_set_pieces) *context_set_pieces;
    __typeof__(pendio_context_set_lending) *context_set_lending;
    __typeof__(pendio_context_set_window) *context_set_window;
    __typeof__(pendio_context_set_endpoint) *context_set_endpoint;
    __typeof__(pendio_context_set_control) *context_set_control;
    __typeof__(pendio_context_set_flags) *context_set_flags;
    __typeof__(pendio_context_set_policy) *context_set_policy;
    __typeof__(pendio_context_set_deadline) *context_set_deadline;
    __typeof__(pendio_context_set_user_data) *context_set_user_data;
    __typeof__(pendio_context_set_callback) *context_set_callback;
    __typeof__(pendio_context_request) *context_request;
    __typeof__(pendio_context_result) *context_result;
    __typeof__(pendio_context_sender) *context_sender;
    __typeof__(pendio_context_message) *context_message;
    __typeof__(pendio_context_window) *context_window;
    __typeof__(pendio_context_run) *context_run;

    __typeof__(pendio_handle_socket) *handle_socket;
    int (*handle_pipe)(struct pendio_loop *loop, pendio_handle *ret_ends); /* read end first */
    __typeof__(pendio_handle_bind) *handle_bind;
    __typeof__(pendio_handle_listen) *handle_listen;
    __typeof__(pendio_handle_shutdown) *handle_shutdown;
    __typeof__(pendio_handle_local) *handle_local;
    __typeof__(pendio_handle_close) *handle_close;

    __typeof__(pendio_nop) *nop;
    __typeof__(pendio_timer) *timer;
    __typeof__(pendio_accept) *accept;
    __typeof__(pendio_connect) *connect;
    __typeof__(pendio_connect_name) *connect_name;
    __typeof__(pendio_disconnect) *disconnect;
    __typeof__(pendio_receive) *receive;
    __typeof__(pendio_receive_from) *receive_from;
    __typeof__(pendio_receive_message) *receive_message;
    __typeof__(pendio_send) *send;
    __typeof__(pendio_send_to) *send_to;
    __typeof__(pendio_send_message) *send_message;
    __typeof__(pendio_send_packets) *send_packets;
    __typeof__(pendio_splice) *splice;
    __typeof__(pendio_open) *open;
    __typeof__(pendio_read) *read;
    __typeof__(pendio_write) *write;
    __typeof__(pendio_fsync) *fsync;
    __typeof__(pendio_truncate) *truncate;
    __typeof__(pendio_stat) *stat;
    __typeof__(pendio_rename) *rename;
    __typeof__(pendio_unlink) *unlink;
    __typeof__(pendio_mkdir) *mkdir;
    __typeof__(pendio_poll) *poll;
    __typeof__(pendio_child) *child;
    __typeof__(pendio_signal) *signal;
    __typeof__(pendio_close) *close;
};

/* libpendio, in this process. */
extern const struct pnd_subject pnd_subject_own;

#endif
