/*
 * restrict.c - what of the kernel a loop needs that may do some operations only.
 *
 * Happy path:  a set of operations -> the opcodes they are made of -> the ring takes no others.
 * Failures:    an opcode that is missing here is answered -EACCES by the ring.
 */
#include "restrict.h"

#include "uring_abi.h"

#include <pendio/pendio.h>

enum { NEED_COUNT = 7 };

#define RECEIVING IORING_OP_RECV, IORING_OP_RECVMSG
#define SENDING   IORING_OP_SEND, IORING_OP_SENDMSG, IORING_OP_SEND_ZC, IORING_OP_SENDMSG_ZC

/* Behind what is named here is 0, the opcode that does nothing: everybody has it. */
static const struct {
    uint8_t opcodes[NEED_COUNT];
} needs[] = {
    [PENDIO_OPERATION_POST] = {{IORING_OP_NOP}},
    [PENDIO_OPERATION_NOP] = {{IORING_OP_NOP}},
    [PENDIO_OPERATION_TIMER] = {{IORING_OP_NOP}},
    [PENDIO_OPERATION_ACCEPT] = {{IORING_OP_ACCEPT}},
    [PENDIO_OPERATION_CONNECT] = {{IORING_OP_CONNECT, SENDING}},
    [PENDIO_OPERATION_RECEIVE] = {{RECEIVING}},
    [PENDIO_OPERATION_SEND] = {{SENDING}},
    [PENDIO_OPERATION_RECEIVE_FROM] = {{RECEIVING}},
    [PENDIO_OPERATION_SEND_TO] = {{SENDING}},
    [PENDIO_OPERATION_OPEN] = {{IORING_OP_OPENAT}},
    [PENDIO_OPERATION_READ] = {{IORING_OP_READ, IORING_OP_READV, IORING_OP_READ_FIXED, RECEIVING}},
    [PENDIO_OPERATION_WRITE] = {{IORING_OP_WRITE, IORING_OP_WRITEV, IORING_OP_WRITE_FIXED,
                                 SENDING}},
    [PENDIO_OPERATION_CLOSE] = {{IORING_OP_CLOSE}},
    [PENDIO_OPERATION_FSYNC] = {{IORING_OP_FSYNC}},
    [PENDIO_OPERATION_TRUNCATE] = {{PND_URING_FTRUNCATE}},
    [PENDIO_OPERATION_STAT] = {{IORING_OP_STATX}},
    [PENDIO_OPERATION_RENAME] = {{IORING_OP_RENAMEAT}},
    [PENDIO_OPERATION_UNLINK] = {{IORING_OP_UNLINKAT}},
    [PENDIO_OPERATION_MKDIR] = {{IORING_OP_MKDIRAT}},
    [PENDIO_OPERATION_POLL] = {{IORING_OP_POLL_ADD}},
    [PENDIO_OPERATION_DISCONNECT] = {{IORING_OP_NOP}},
    [PENDIO_OPERATION_RECEIVE_MESSAGE] = {{RECEIVING}},
    [PENDIO_OPERATION_SEND_MESSAGE] = {{SENDING}},
    [PENDIO_OPERATION_SEND_PACKETS] = {{IORING_OP_OPENAT, IORING_OP_STATX, IORING_OP_SEND,
                                        IORING_OP_SPLICE}},
    [PENDIO_OPERATION_SPLICE] = {{IORING_OP_SPLICE}},
    [PENDIO_OPERATION_CHILD] = {{IORING_OP_POLL_ADD}},
    [PENDIO_OPERATION_SIGNAL] = {{IORING_OP_POLL_ADD}},
    [PENDIO_OPERATION_MOVE] = {{IORING_OP_NOP}},
};

enum { OPERATION_COUNT = sizeof needs / sizeof needs[0] };

/* To sleep, to be woken, to wait until a descriptor is ready, and to cancel. */
static const uint8_t loop_needs[] = {IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE,
                                     IORING_OP_ASYNC_CANCEL, IORING_OP_TIMEOUT,
                                     IORING_OP_TIMEOUT_REMOVE};

bool pnd_restrict_knows(uint64_t operations)
{
    return operations >> OPERATION_COUNT == 0 && (operations & 1) == 0;
}

static void add(struct pnd_opcodes *opcodes, uint8_t opcode)
{
    opcodes->bits[opcode / 64] |= UINT64_C(1) << opcode % 64;
}

struct pnd_opcodes pnd_restrict_opcodes(uint64_t operations)
{
    struct pnd_opcodes opcodes = {{0, 0}};

    for (size_t i = 0; i < sizeof loop_needs; i++)
        add(&opcodes, loop_needs[i]);
    for (size_t operation = 0; operation < OPERATION_COUNT; operation++)
        for (size_t i = 0; operations >> operation & 1 && i < NEED_COUNT; i++)
            add(&opcodes, needs[operation].opcodes[i]);
    return opcodes;
}
