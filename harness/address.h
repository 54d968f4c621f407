/* address.h - addresses and sockets of a workload's endpoints, private to the run. */
#ifndef PND_ADDRESS_H
#define PND_ADDRESS_H

#include "engine.h"

/* Before anyone binds it: loopback without a port, or a name nobody has. */
void pnd_address_init(struct pnd_engine_endpoint *endpoint, Pendio__Family family, uint32_t index);

/* Before a bind: the system's choice of port, or the next free name. */
void pnd_address_prepare_bind(struct pnd_engine_endpoint *endpoint, const struct pnd_plan *plan,
                              uint32_t index);

/* Arguments of socket(2). */
void pnd_address_socket(Pendio__Family family, int *ret_domain, int *ret_type);

#endif
