/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * metric.h - metrics of modules: counted where events come, read from maps when somebody
 * asks, and written as text.
 */
#ifndef EMF_CORE_METRIC_H
#define EMF_CORE_METRIC_H

#include <emf/metric.h>
#include <stdio.h>

#include "series.h"

struct emf;
struct emf_server;
struct emf_unit;

/* Of a module; embedded in its unit. Those of maps are made when they are read first. */
struct emf_metric_set {
	struct emf_series *series; /* one for each of the module's metrics; no keys of one that is not made */
	size_t n;
};

/* Makes room for those of events. 0, or -ENOMEM in unit->why. */
int emf_metric_open(struct emf_unit *unit);
void emf_metric_set_fini(struct emf_metric_set *set);

/* What @from has counted of events, @unit counts on, where a metric of the same name has the same labels. */
void emf_metric_take_over(struct emf_unit *unit, struct emf_unit *from);

/* Reads those of maps. 0; -ENOMEM; or what bpf(2) reports. */
int emf_metric_read(const struct emf_unit *unit, size_t index);

/* Of a series: the number of a counter or a gauge; of a histogram the slots, and behind them the sum. */
size_t emf_metric_width(const struct emf_metric *metric);

/* The family with all of its series, in the format of Prometheus, 0.0.4. */
void emf_metric_print(const struct emf_metric *metric, const struct emf_series *series, FILE *out);

/* A whole number of units, as a decimal fraction. */
void emf_metric_print_number(uint64_t v, uint64_t unit, FILE *out);

/* # HELP and # TYPE */
void emf_metric_print_head(const char *name, const char *doc, const char *type, FILE *out);

/* What stands between the quotes of a label. */
void emf_metric_print_text(const char *text, size_t len, FILE *out);

/* What EMF knows of its modules and of itself; @server is NULL without a socket. */
void emf_metric_print_builtin(const struct emf *emf, const struct emf_server *server, FILE *out);

/* All of it: text to be freed, or NULL for ENOMEM. */
char *emf_metric_text(const struct emf *emf, const struct emf_server *server, size_t *size);

#endif
