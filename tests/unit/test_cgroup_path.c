// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_cgroup_path.c - without these, what a container did could be shown as done by
 * another one or by the host, and the kernel be asked for each event.
 */
#include "cgroup_path.c"

#include <errno.h>
#include <sys/stat.h>

#include "unit.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1b2c.slice"

static const struct {
	const char *path, *id; /* NULL: of no container */
} paths[] = {
	{ "/system.slice/docker-" ID ".scope", ID },
	{ "/docker/" ID, ID },
	{ "/docker/" ID "/init.scope", ID },
	{ POD "/cri-containerd-" ID ".scope", ID },
	{ POD "/crio-" ID ".scope", ID },
	{ POD "/crio-" ID ".scope/container", ID },
	{ "/kubepods/burstable/pod1b2c-3d/" ID, ID },
	{ "/system.slice/containerd.service/kubepods-besteffort-pod1b2c.slice:cri-containerd:" ID, ID },
	{ "/machine.slice/libpod-" ID ".scope/container", ID },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", ID },
	{ "/docker/" OTHER "/docker/" ID, ID },
	{ "/lxc.payload.web-1", "web-1" },
	{ "/lxc.payload.web-1/system.slice/ssh.service", "web-1" },
	{ "/lxc.payload/web", "web" },
	{ "/lxc/web/init.scope", "web" },
	{ "/lxc.payload.host/docker/" ID, ID },
	{ "/", NULL },
	{ "", NULL },
	{ "/system.slice/docker.service", NULL },
	{ "/machine.slice/libpod-conmon-" ID ".scope", NULL },
	{ POD "/crio-conmon-" ID ".scope", NULL },
	{ "/lxc.monitor.web-1", NULL },
	{ "/lxc.payload.", NULL },
	{ "/lxc", NULL },
	{ "/docker/" ID "0", NULL },
	{ "/docker/x" ID, NULL },
	{ "/docker/0123456789abcdef", NULL },
	{ "/docker/" ID ".service", NULL },
	{ "/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", NULL },
};

START_TEST(the_container_of_a_group_is_in_its_path)
{
	size_t len = 0;
	const char *id = emf_container_in(paths[_i].path, &len);

	ck_assert_msg(!id == !paths[_i].id, "%s", paths[_i].path);
	if (!id)
		return;
	ck_assert_uint_eq(len, strlen(paths[_i].id));
	ck_assert(!memcmp(id, paths[_i].id, len));
}
END_TEST

START_TEST(a_group_is_found_by_its_number)
{
	char root[EMF_MOUNT_MAX], path[EMF_MOUNT_MAX + 64];
	struct stat st;

	/* Needs root, and groups of version 2 that it may add to. */
	if (emf_mount_find("cgroup2", CGROUP2_SUPER_MAGIC, root) || stat(root, &st))
		return;
	if (emf_cgroup_path(st.st_ino)) {
		ck_assert_str_eq(emf_cgroup_path(st.st_ino), "/");
		snprintf(path, sizeof(path), "%s/emf-unit-%d", root, getpid());
		if (mkdir(path, 0755))
			return;
		ck_assert_int_eq(stat(path, &st), 0);
		emf_cgroup_path(st.st_ino);
		rmdir(path);
		/* It is kept: its events may come late. */
		ck_assert_ptr_nonnull(emf_cgroup_path(st.st_ino));
		ck_assert_str_eq(emf_cgroup_path(st.st_ino), path + strlen(root));
	}
}
END_TEST

static struct kept *kept_of(uint64_t id)
{
	for (size_t i = 0; i < WAYS; i++)
		if (kept[id % SETS][i].used && kept[id % SETS][i].id == id)
			return &kept[id % SETS][i];
	return NULL;
}

/* As if it had been found. */
static void put(uint64_t id, const char *path)
{
	struct kept *k;

	emf_cgroup_path(id);
	k = kept_of(id);
	ck_assert_ptr_nonnull(k);
	free(k->path);
	k->path = strdup(path);
}

#define FIRST (UINT64_MAX / SETS * SETS - 64 * SETS) /* no group has such a number */

START_TEST(the_one_that_was_not_asked_for_the_longest_time_makes_room)
{
	for (uint64_t i = 0; i < WAYS; i++)
		put(FIRST + i * SETS, "/a");
	ck_assert_str_eq(emf_cgroup_path(FIRST), "/a");
	put(FIRST + WAYS * SETS, "/b");
	ck_assert_ptr_null(kept_of(FIRST + SETS));
	ck_assert_str_eq(emf_cgroup_path(FIRST), "/a");
	ck_assert_str_eq(emf_cgroup_path(FIRST + WAYS * SETS), "/b");
}
END_TEST

START_TEST(one_that_is_not_found_is_looked_for_again_only_after_a_second)
{
	struct kept *k;
	uint64_t tried;

	ck_assert_ptr_null(emf_cgroup_path(FIRST));
	k = kept_of(FIRST);
	tried = k->tried_ns;
	ck_assert_ptr_null(emf_cgroup_path(FIRST));
	ck_assert(k->tried_ns == tried || k->tried_ns - tried >= RETRY_NS);
	k->tried_ns -= RETRY_NS;
	tried = k->tried_ns;
	ck_assert_ptr_null(emf_cgroup_path(FIRST));
	ck_assert_uint_ge(k->tried_ns, tried + RETRY_NS);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("cgroup_path");
	TCase *c = tcase_create("groups");

	tcase_add_loop_test(c, the_container_of_a_group_is_in_its_path, 0, sizeof(paths) / sizeof(*paths));
	tcase_add_test(c, a_group_is_found_by_its_number);
	tcase_add_test(c, the_one_that_was_not_asked_for_the_longest_time_makes_room);
	tcase_add_test(c, one_that_is_not_found_is_looked_for_again_only_after_a_second);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
