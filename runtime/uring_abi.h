/*
 * uring_abi.h - the kernel's own description of an operation: entries, completions, opcodes.
 *
 * The only place that includes the kernel's header. It shares its include guard with liburing's
 * copy, and the first one wins: the files that need liburing include that first.
 */
#ifndef PND_URING_ABI_H
#define PND_URING_ABI_H

#include <linux/fs.h>
#include <linux/io_uring.h>
#include <stdint.h>

/* What Debian's headers lack. */
enum { PND_URING_FTRUNCATE = 55 }; /* Linux 6.9: IORING_OP_FTRUNCATE */
#ifndef IORING_SEND_ZC_REPORT_USAGE
#define IORING_SEND_ZC_REPORT_USAGE  (1u << 3) /* the notice says whether it was copied */
#define IORING_NOTIF_USAGE_ZC_COPIED (1u << 31)
#endif
#define PND_RECEIVE_LIMIT file_index  /* Linux 6.17: optlen of a multishot receive, in bytes */
enum { PND_SEND_VECTOR = 1 << 5 };    /* IORING_SEND_VECTORIZED, in `ioprio` */
enum { PND_BUFFERS_INCREMENTAL = 2 }; /* Linux 6.12: IOU_PBUF_RING_INC, in `flags` below */

/* What registers a ring of buffers: struct io_uring_buf_reg, which lacks its flags there. */
struct pnd_uring_buffers {
    uint64_t address;
    uint32_t entry_count;
    uint16_t group;
    uint16_t flags;
    uint64_t reserved[3];
};
_Static_assert(sizeof(struct pnd_uring_buffers) == sizeof(struct io_uring_buf_reg),
               "the kernel takes it for its own");
#ifndef RWF_NOSIGNAL
#define RWF_NOSIGNAL 0x00000100 /* Linux 6.18: -EPIPE without SIGPIPE */
#endif

/* ERESTARTSYS to ERESTART_RESTARTBLOCK: of the kernel's inside, in no header. */
enum { PND_RESTART_FIRST = -512, PND_RESTART_LAST = -516 };

#endif
