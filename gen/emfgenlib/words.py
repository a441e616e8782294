# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Words that a module, or anything that becomes a C name, cannot have."""

# The commands of every product, today's and those that are spoken for: a module
# runs as "emf MODULE", so one of these names could never be reached.
BUILT_IN = frozenset(
    """acl call chain describe doctor get help key list listen load metrics monitor pack peers
    product purge read replay rollback run send serve services set sign start status stop test top unload
    upgrade verify version wait""".split()
)
# With an option behind it, or nothing, such a word is the module: emf acl --iface eth0.
ALSO_MODULES = frozenset(["acl"])
NO_MODULE = BUILT_IN - ALSO_MODULES

C_WORDS = frozenset(
    """alignas alignof and and_eq asm atomic auto bitand bitor bool break case catch
    char class compl const const_cast constexpr continue decltype default delete do
    double dynamic_cast else enum explicit export extern false float for friend goto
    if inline int long mutable namespace new noexcept not not_eq nullptr operator or
    or_eq private protected public register reinterpret_cast restrict return short
    signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename typeof union unsigned using
    virtual void volatile wchar_t while xor xor_eq""".split()
)

# Prefixes of the framework: emf_log(), ebus_call(), the generated product.
PREFIXES = frozenset(["emf", "ebus", "ebpf"])

# errno(3), the names that a method may answer with.
ERRNO = frozenset(
    """E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBADMSG
    EBUSY ECANCELED ECHILD ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ
    EDOM EDQUOT EEXIST EFAULT EFBIG EHOSTUNREACH EIDRM EILSEQ EINPROGRESS EINTR EINVAL
    EIO EISCONN EISDIR ELOOP EMFILE EMLINK EMSGSIZE ENAMETOOLONG ENETDOWN ENETRESET
    ENETUNREACH ENFILE ENOBUFS ENODATA ENODEV ENOENT ENOEXEC ENOLCK ENOLINK ENOMEM
    ENOMSG ENOPROTOOPT ENOSPC ENOSR ENOSTR ENOSYS ENOTCONN ENOTDIR ENOTEMPTY ENOTSOCK
    ENOTSUP ENOTTY ENXIO EOPNOTSUPP EOVERFLOW EPERM EPIPE EPROTO EPROTONOSUPPORT
    EPROTOTYPE ERANGE EROFS ESPIPE ESRCH ESTALE ETIME ETIMEDOUT ETXTBSY EXDEV""".split()
)
