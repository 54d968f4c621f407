/* kind.h - what kind of operation each one is, as far as the books and the content care. */
#ifndef PND_KIND_H
#define PND_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum pnd_direction {
    PND_MOVES_NOTHING,
    PND_MOVES_IN,
    PND_MOVES_OUT,
};

enum pnd_product { /* the value of a completion without error */
                   PND_NO_PRODUCT,
                   PND_PRODUCT_HANDLE, /* a new one */
                   PND_PRODUCT_VALUE,  /* anything but 0 */
                   PND_PRODUCT_ANY,    /* anything */
};

struct pnd_kind {
    enum pnd_direction direction;
    enum pnd_product product;
    bool amount; /* moves as many bytes as were asked for, or less, but no window */
    bool window; /* works on the context's window */
    bool fills;  /* writes there, and moves nothing: what it says of itself */
    bool parts;  /* stands in the line of sends, behind them */
    bool early;  /* its error may be known, and told, at the start */
    bool socket; /* a transfer or accept that TRY may find done */
};

/* By pendio.h's number. Never NULL. */
const struct pnd_kind *pnd_kind_of(uint16_t operation);

/* Of a socket, with or without more than bytes. */
bool pnd_kind_is_receive(uint16_t operation);
bool pnd_kind_is_send(uint16_t operation);

#endif
