/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf.h - everything the user part of a module needs. Kernel parts include
 * <emf/bpf.h> instead, and never this.
 */
#ifndef EMF_H
#define EMF_H

#ifdef __bpf__
#error "emf.h is for user space; a kernel part includes <emf/bpf.h>"
#endif

#include <stdio.h>

#include <emf/attach.h>
#include <emf/bus.h>
#include <emf/chain.h>
#include <emf/event.h>
#include <emf/hist.h>
#include <emf/log.h>
#include <emf/loop.h>
#include <emf/map.h>
#include <emf/metric.h>
#include <emf/migration.h>
#include <emf/module.h>
#include <emf/need.h>
#include <emf/object.h>
#include <emf/output.h>
#include <emf/param.h>
#include <emf/product.h>
#include <emf/ring.h>
#include <emf/symbol.h>
#include <emf/type.h>
#include <emf/types.h>
#include <emf/view.h>

#endif
