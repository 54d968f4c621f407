/*
 * kind.c - what kind of operation each one is, as far as the books and the content care.
 *
 * Happy path:  a row of the table.
 * Failures:    an operation that has no row moves and makes nothing.
 */
#include "kind.h"

#include <pendio/pendio.h>

#include <stddef.h>

static const struct pnd_kind kinds[] = {
    [PENDIO_OPERATION_ACCEPT] = {.product = PND_PRODUCT_HANDLE, .socket = true},
    [PENDIO_OPERATION_CONNECT] = {.early = true},
    [PENDIO_OPERATION_RECEIVE] = {PND_MOVES_IN, .window = true, .socket = true},
    [PENDIO_OPERATION_SEND] = {PND_MOVES_OUT, .window = true, .socket = true},
    [PENDIO_OPERATION_RECEIVE_FROM] = {PND_MOVES_IN, .window = true, .socket = true},
    [PENDIO_OPERATION_SEND_TO] = {PND_MOVES_OUT, .window = true, .socket = true},
    [PENDIO_OPERATION_OPEN] = {.product = PND_PRODUCT_HANDLE},
    [PENDIO_OPERATION_READ] = {PND_MOVES_IN, .window = true},
    [PENDIO_OPERATION_WRITE] = {PND_MOVES_OUT, .window = true},
    [PENDIO_OPERATION_STAT] = {.product = PND_PRODUCT_ANY, .window = true, .fills = true},
    [PENDIO_OPERATION_POLL] = {.product = PND_PRODUCT_VALUE},
    [PENDIO_OPERATION_DISCONNECT] = {.parts = true},
    [PENDIO_OPERATION_RECEIVE_MESSAGE] = {PND_MOVES_IN, .window = true, .socket = true},
    [PENDIO_OPERATION_SEND_MESSAGE] = {PND_MOVES_OUT, .window = true, .socket = true},
    [PENDIO_OPERATION_SEND_PACKETS] = {PND_MOVES_OUT, .amount = true, .socket = true},
    [PENDIO_OPERATION_SPLICE] = {.amount = true, .early = true},
    [PENDIO_OPERATION_CHILD] = {.product = PND_PRODUCT_ANY, .early = true},
    [PENDIO_OPERATION_SIGNAL] = {.product = PND_PRODUCT_VALUE,
                                 .window = true,
                                 .fills = true,
                                 .early = true},
};

const struct pnd_kind *pnd_kind_of(uint16_t operation)
{
    static const struct pnd_kind plain = {.window = false};
    return operation < sizeof kinds / sizeof *kinds ? &kinds[operation] : &plain;
}

bool pnd_kind_is_receive(uint16_t operation)
{
    const struct pnd_kind *kind = pnd_kind_of(operation);
    return kind->socket && kind->direction == PND_MOVES_IN;
}

bool pnd_kind_is_send(uint16_t operation)
{
    const struct pnd_kind *kind = pnd_kind_of(operation);
    return kind->socket && kind->direction == PND_MOVES_OUT;
}
