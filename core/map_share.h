/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * map_share.h - maps that modules import from each other.
 */
#ifndef EMF_CORE_MAP_SHARE_H
#define EMF_CORE_MAP_SHARE_H

#include <emf/map.h>

struct emf_unit;

/* Whether @user imports a map from @exporter, and so starts after it. */
bool emf_map_share_needs(const struct module *user, const struct module *exporter);

/* The module that this one imports a map from; "" of a map of its own. */
const char *emf_map_share_from(const struct module *m, const char *map);

/*
 * Each returns 0 or a negative errno that has been told in unit->why. The first one
 * checks that all runs that the unit imports maps from; the second one, between open
 * and load, puts their maps into the place of its own.
 */
int emf_map_share_check(struct emf_unit *unit);
int emf_map_share_import(struct emf_unit *unit);

#endif
