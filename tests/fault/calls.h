/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The calls that a fault is injected into: of each its result, name, parameters and arguments, what it returns when it
 * fails, and the usual reason. Those that give something back, that only look at what is in memory, or that only fail for
 * who calls them too late, do not fail.
 *
 * The build reads the names from here (a line begins with each CALL), so that a call is added by one line.
 */

/* Memory. */
CALL(void *, malloc, (size_t size), (size), NULL, ENOMEM)
CALL(void *, calloc, (size_t n, size_t size), (n, size), NULL, ENOMEM)
CALL(void *, realloc, (void *p, size_t size), (p, size), NULL, ENOMEM)
CALL(char *, strdup, (const char *s), (s), NULL, ENOMEM)
CALL(char *, strndup, (const char *s, size_t n), (s, n), NULL, ENOMEM)
CALL(FILE *, open_memstream, (char **text, size_t *size), (text, size), NULL, ENOMEM)
CALL(int, vasprintf, (char **text, const char *format, va_list args), (text, format, args), -1, ENOMEM)
CALL(void *, mmap, (void *at, size_t size, int prot, int flags, int fd, off_t offset), (at, size, prot, flags, fd, offset), MAP_FAILED, ENOMEM)

/* Files. */
CALL(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
CALL(FILE *, fdopen, (int fd, const char *mode), (fd, mode), NULL, ENOMEM)
CALL(FILE *, setmntent, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
CALL(DIR *, opendir, (const char *path), (path), NULL, EMFILE)
CALL(DIR *, fdopendir, (int fd), (fd), NULL, ENOMEM)
CALL(int, scandir, (const char *path, struct dirent ***names, int (*wanted)(const struct dirent *), int (*order)(const struct dirent **, const struct dirent **)), \
     (path, names, wanted, order), -1, EMFILE)
CALL(int, access, (const char *path, int mode), (path, mode), -1, EACCES)
CALL(int, faccessat, (int dir, const char *path, int mode, int flags), (dir, path, mode, flags), -1, EACCES)
CALL(int, stat, (const char *path, struct stat *st), (path, st), -1, EACCES)
CALL(int, lstat, (const char *path, struct stat *st), (path, st), -1, EACCES)
CALL(int, fstat, (int fd, struct stat *st), (fd, st), -1, EIO)
CALL(int, fstatat, (int dir, const char *path, struct stat *st, int flags), (dir, path, st, flags), -1, EACCES)
CALL(int, statfs, (const char *path, struct statfs *st), (path, st), -1, EACCES)
CALL(int, fstatfs, (int fd, struct statfs *st), (fd, st), -1, EIO)
CALL(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), -1, EIO)
CALL(ssize_t, pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at), -1, EIO)
CALL(size_t, fread, (void *to, size_t size, size_t n, FILE *f), (to, size, n, f), 0, EIO)
CALL(ssize_t, getline, (char **line, size_t *size, FILE *f), (line, size, f), -1, ENOMEM)
CALL(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size), -1, ENOSPC)
CALL(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at), -1, ENOSPC)
CALL(size_t, fwrite, (const void *from, size_t size, size_t n, FILE *f), (from, size, n, f), 0, ENOSPC)
CALL(int, fflush, (FILE *f), (f), EOF, ENOSPC)
CALL(int, fsync, (int fd), (fd), -1, EIO)
CALL(int, ftruncate, (int fd, off_t size), (fd, size), -1, EFBIG)
CALL(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size), -1, ENOSPC)
CALL(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, ENOSPC)
CALL(int, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode), -1, ENOSPC)
CALL(int, mkostemp, (char *path, int flags), (path, flags), -1, ENOSPC)
CALL(int, rename, (const char *from, const char *to), (from, to), -1, ENOSPC)
CALL(int, renameat, (int from_dir, const char *from, int to_dir, const char *to), (from_dir, from, to_dir, to), -1, ENOSPC)
CALL(int, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags), (path, name, value, size, flags), -1, ENOSPC)
CALL(ssize_t, readlink, (const char *path, char *to, size_t size), (path, to, size), -1, EACCES)
CALL(char *, realpath, (const char *path, char *to), (path, to), NULL, EACCES)
CALL(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1, EMFILE)
CALL(int, flock, (int fd, int how), (fd, how), -1, ENOLCK)
CALL(int, pipe, (int ends[2]), (ends), -1, EMFILE)
CALL(int, dup2, (int from, int to), (from, to), -1, EMFILE)

/* Sockets. */
CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1, EMFILE)
CALL(int, socketpair, (int domain, int type, int protocol, int ends[2]), (domain, type, protocol, ends), -1, EMFILE)
CALL(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size), -1, EADDRINUSE)
CALL(int, listen, (int fd, int n), (fd, n), -1, EADDRINUSE)
CALL(int, accept4, (int fd, struct sockaddr *address, socklen_t *size, int flags), (fd, address, size, flags), -1, EMFILE)
CALL(int, connect, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size), -1, ECONNREFUSED)
CALL(ssize_t, send, (int fd, const void *from, size_t size, int flags), (fd, from, size, flags), -1, ENOBUFS)
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags), -1, ENOBUFS)
CALL(ssize_t, recv, (int fd, void *to, size_t size, int flags), (fd, to, size, flags), -1, ECONNRESET)
CALL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags), -1, ECONNRESET)
CALL(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size), (fd, level, name, value, size), -1, ENOBUFS)
CALL(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size), -1, ENOBUFS)
CALL(unsigned int, if_nametoindex, (const char *name), (name), 0, EMFILE)
CALL(char *, if_indextoname, (unsigned int index, char *name), (index, name), NULL, EMFILE)
CALL(int, getsockname, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size), -1, ENOBUFS)

/* The loop, processes, limits. */
CALL(int, epoll_create1, (int flags), (flags), -1, EMFILE)
CALL(int, epoll_wait, (int epoll, struct epoll_event *events, int n, int timeout), (epoll, events, n, timeout), -1, EINTR)
CALL(int, poll, (struct pollfd *fds, nfds_t n, int timeout), (fds, n, timeout), -1, EINTR)
CALL(int, eventfd, (unsigned value, int flags), (value, flags), -1, EMFILE)
CALL(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), -1, EMFILE)
CALL(pid_t, fork, (void), (), -1, EAGAIN)
CALL(int, pthread_create, (pthread_t *thread, const pthread_attr_t *attr, void *(*f)(void *), void *arg), (thread, attr, f, arg), EAGAIN, EAGAIN)
CALL(int, posix_spawn, (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr, char *const argv[], char *const env[]), \
     (pid, path, actions, attr, argv, env), EAGAIN, EAGAIN)
CALL(int, setrlimit, (int which, const struct rlimit *limit), ((__rlimit_resource_t)which, limit), -1, EPERM)

/* libbpf: objects. */
CALL(struct bpf_object *, bpf_object__open_mem, (const void *bytes, size_t size, const struct bpf_object_open_opts *opts), (bytes, size, opts), NULL, ENOMEM)
CALL(int, bpf_object__open_skeleton, (struct bpf_object_skeleton *s, const struct bpf_object_open_opts *opts), (s, opts), -ENOMEM, ENOMEM)
CALL(int, bpf_object__load_skeleton, (struct bpf_object_skeleton *s), (s), -EPERM, EPERM)
CALL(int, bpf_object__load, (struct bpf_object *object), (object), -EPERM, EPERM)
CALL(int, bpf_map__reuse_fd, (struct bpf_map *map, int fd), (map, fd), -EMFILE, EMFILE)
CALL(int, bpf_program__set_attach_target, (struct bpf_program *program, int fd, const char *name), (program, fd, name), -ESRCH, ESRCH)
CALL(int, libbpf_register_prog_handler, (const char *section, enum bpf_prog_type type, enum bpf_attach_type attach, const struct libbpf_prog_handler_opts *opts), \
     (section, type, attach, opts), -ENOMEM, ENOMEM)
CALL(int, libbpf_num_possible_cpus, (void), (), -ENOENT, ENOENT)
CALL(int, libbpf_probe_bpf_map_type, (enum bpf_map_type type, const void *opts), (type, opts), -EPERM, EPERM)

/* libbpf: attaching. */
CALL(struct bpf_link *, bpf_program__attach, (const struct bpf_program *program), (program), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_cgroup, (const struct bpf_program *program, int fd), (program, fd), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_iter, (const struct bpf_program *program, const struct bpf_iter_attach_opts *opts), (program, opts), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_kprobe, (const struct bpf_program *program, bool ret, const char *name), (program, ret, name), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_perf_event, (const struct bpf_program *program, int fd), (program, fd), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_raw_tracepoint, (const struct bpf_program *program, const char *name), (program, name), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_trace, (const struct bpf_program *program), (program), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_tracepoint, (const struct bpf_program *program, const char *group, const char *name), (program, group, name), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_uprobe_opts, (const struct bpf_program *program, pid_t pid, const char *path, size_t offset, const struct bpf_uprobe_opts *opts), \
     (program, pid, path, offset, opts), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_usdt, (const struct bpf_program *program, pid_t pid, const char *path, const char *provider, const char *name, const struct bpf_usdt_opts *opts), \
     (program, pid, path, provider, name, opts), NULL, EPERM)
CALL(struct bpf_link *, bpf_program__attach_xdp, (const struct bpf_program *program, int ifindex), (program, ifindex), NULL, EBUSY)
CALL(struct bpf_link *, bpf_link__open, (const char *path), (path), NULL, EPERM)
CALL(int, bpf_link_create, (int program, int target, enum bpf_attach_type type, const struct bpf_link_create_opts *opts), (program, target, type, opts), -EBUSY, EBUSY)
CALL(int, bpf_link_update, (int link, int program, const struct bpf_link_update_opts *opts), (link, program, opts), -EPERM, EPERM)
CALL(int, bpf_raw_tracepoint_open, (const char *name, int program), (name, program), -EPERM, EPERM)
CALL(int, bpf_tc_hook_create, (struct bpf_tc_hook *hook), (hook), -EPERM, EPERM)
CALL(int, bpf_tc_attach, (const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts), (hook, opts), -EPERM, EPERM)
CALL(int, bpf_tc_query, (const struct bpf_tc_hook *hook, struct bpf_tc_opts *opts), (hook, opts), -EPERM, EPERM)
CALL(int, bpf_xdp_attach, (int ifindex, int program, __u32 flags, const struct bpf_xdp_attach_opts *opts), (ifindex, program, flags, opts), -EBUSY, EBUSY)
CALL(int, bpf_xdp_query, (int ifindex, int flags, struct bpf_xdp_query_opts *opts), (ifindex, flags, opts), -EPERM, EPERM)

/* libbpf: the kernel's objects. */
CALL(int, bpf_map_create, (enum bpf_map_type type, const char *name, __u32 key, __u32 value, __u32 n, const struct bpf_map_create_opts *opts), \
     (type, name, key, value, n, opts), -EPERM, EPERM)
CALL(int, bpf_prog_load, (enum bpf_prog_type type, const char *name, const char *licence, const struct bpf_insn *insns, size_t n, const struct bpf_prog_load_opts *opts), \
     (type, name, licence, insns, n, opts), -EPERM, EPERM)
CALL(int, bpf_btf_load, (const void *bytes, size_t size, const struct bpf_btf_load_opts *opts), (bytes, size, opts), -EPERM, EPERM)
CALL(int, bpf_obj_pin, (int fd, const char *path), (fd, path), -ENOSPC, ENOSPC)
CALL(int, bpf_obj_get, (const char *path), (path), -EPERM, EPERM)
CALL(int, bpf_obj_get_info_by_fd, (int fd, void *info, __u32 *size), (fd, info, size), -EPERM, EPERM)
CALL(int, bpf_map_lookup_elem, (int fd, const void *key, void *value), (fd, key, value), -ENOMEM, ENOMEM)
CALL(int, bpf_map_update_elem, (int fd, const void *key, const void *value, __u64 flags), (fd, key, value, flags), -E2BIG, E2BIG)
CALL(int, bpf_map_lookup_batch, (int fd, void *in, void *out, void *keys, void *values, __u32 *n, const struct bpf_map_batch_opts *opts), \
     (fd, in, out, keys, values, n, opts), -ENOMEM, ENOMEM)
CALL(int, bpf_map_get_fd_by_id, (__u32 id), (id), -EPERM, EPERM)
CALL(int, bpf_prog_get_fd_by_id, (__u32 id), (id), -EPERM, EPERM)
CALL(int, bpf_link_get_fd_by_id, (__u32 id), (id), -EPERM, EPERM)
CALL(int, bpf_link_get_next_id, (__u32 id, __u32 *next), (id, next), -EPERM, EPERM)
CALL(int, bpf_prog_test_run_opts, (int fd, struct bpf_test_run_opts *opts), (fd, opts), -ENOMEM, ENOMEM)
CALL(int, bpf_enable_stats, (enum bpf_stats_type type), (type), -EPERM, EPERM)

/* libbpf: rings, types. */
CALL(struct ring_buffer *, ring_buffer__new, (int fd, ring_buffer_sample_fn f, void *arg, const struct ring_buffer_opts *opts), (fd, f, arg, opts), NULL, ENOMEM)
CALL(struct perf_buffer *, perf_buffer__new, (int fd, size_t n, perf_buffer_sample_fn f, perf_buffer_lost_fn lost, void *arg, const struct perf_buffer_opts *opts), \
     (fd, n, f, lost, arg, opts), NULL, ENOMEM)
CALL(struct btf *, btf__new, (const void *bytes, __u32 size), (bytes, size), NULL, ENOMEM)
CALL(struct btf *, btf__new_empty, (void), (), NULL, ENOMEM)
CALL(struct btf *, btf__parse, (const char *path, struct btf_ext **ext), (path, ext), NULL, ENOENT)
CALL(struct btf *, btf__load_vmlinux_btf, (void), (), NULL, ENOENT)
CALL(struct btf *, btf__load_from_kernel_by_id, (__u32 id), (id), NULL, EPERM)
CALL(const void *, btf__raw_data, (const struct btf *btf, __u32 *size), (btf, size), NULL, ENOMEM)

/* Other libraries. */
CALL(void *, dlopen, (const char *path, int flags), (path, flags), NULL, ENOMEM)
CALL(int, inflateInit2_, (z_streamp stream, int bits, const char *version, int size), (stream, bits, version, size), Z_MEM_ERROR, ENOMEM)
CALL(int, inflateInit_, (z_streamp stream, const char *version, int size), (stream, version, size), Z_MEM_ERROR, ENOMEM)
CALL(json_t *, json_object, (void), (), NULL, ENOMEM)
CALL(json_t *, json_array, (void), (), NULL, ENOMEM)
CALL(json_t *, json_string, (const char *s), (s), NULL, ENOMEM)
CALL(json_t *, json_stringn, (const char *s, size_t n), (s, n), NULL, ENOMEM)
CALL(json_t *, json_integer, (json_int_t n), (n), NULL, ENOMEM)
CALL(json_t *, json_real, (double n), (n), NULL, ENOMEM)
CALL(int, json_object_set_new, (json_t *object, const char *key, json_t *value), (object, key, value), (json_decref(value), -1), ENOMEM)
CALL(int, json_array_append_new, (json_t *array, json_t *value), (array, value), (json_decref(value), -1), ENOMEM)
CALL(char *, json_dumps, (const json_t *json, size_t flags), (json, flags), NULL, ENOMEM)
