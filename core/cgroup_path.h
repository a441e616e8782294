/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * cgroup_path.h - groups of processes by path, and the containers that they are of.
 */
#ifndef EMF_CORE_CGROUP_PATH_H
#define EMF_CORE_CGROUP_PATH_H

#include <stddef.h>
#include <stdint.h>

#define EMF_CONTAINER_SHORT 12 /* characters of a container's id that people are shown */

/**
 * emf_cgroup_path() - where a group is
 * @id: of a group of version 2
 *
 * The last 1024 are kept. Without CAP_DAC_READ_SEARCH none is found. One that is not
 * found is looked for again after a second.
 *
 * Context: loop thread.
 * Return: the path below the mount, which begins with '/', good until the next call;
 * NULL if it is not known.
 */
const char *emf_cgroup_path(uint64_t id);

/**
 * emf_container_in() - the container that a group is of
 * @path: of the group
 * @len: receives the length of what is returned
 *
 * Known are the names that docker, containerd, CRI-O, podman and Kubernetes give to
 * groups, of 64 hexadecimal digits; and those of LXC. Of containers in containers it is the inner one.
 *
 * Context: any.
 * Return: the container's id, which is a part of @path; NULL if there is none.
 */
const char *emf_container_in(const char *path, size_t *len);

/* That of a group. Context: loop thread. */
const char *emf_container_id(uint64_t cgroup, size_t *len);

#endif
