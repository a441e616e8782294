/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_trace.h - what traced packets meet, from the kernel to the bus.
 */
#ifndef EMF_CORE_CHAIN_TRACE_H
#define EMF_CORE_CHAIN_TRACE_H

struct emf_chain_instance;
struct emf_unit;

/* Reads what the programs of an instance report from now on. 0 or a negative errno; fine on one that does. */
int emf_chain_trace_start(struct emf_unit *unit, struct emf_chain_instance *instance);
void emf_chain_trace_stop(struct emf_chain_instance *instance);

#endif
