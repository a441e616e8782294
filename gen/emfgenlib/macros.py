# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Names that a header of generated code, or the compiler, replaces wherever they stand; those
that C reserves for them (__x, _X) are not repeated. test_generated holds the list against
what the headers on the machine define."""
import re

# All that begins so, whatever a later version of the header adds.
_FAMILIES = re.compile("(EMF|EBUS|BPF|LIBBPF|PT_REGS|ebus)_")

_NAMES = frozenset(
    """BIG_ENDIAN BUFSIZ BYTE_ORDER DECLARE_LIBBPF_OPTS E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EADV EAFNOSUPPORT EAGAIN
    EALREADY EBADE EBADF EBADFD EBADMSG EBADR EBADRQC EBADSLT EBFONT EBUSY ECANCELED ECHILD ECHRNG ECOMM
    ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDEADLOCK EDESTADDRREQ EDOM EDOTDOT EDQUOT EEXIST EFAULT EFBIG
    EHOSTDOWN EHOSTUNREACH EHWPOISON EIDRM EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR EISNAM EKEYEXPIRED
    EKEYREJECTED EKEYREVOKED EL2HLT EL2NSYNC EL3HLT EL3RST ELIBACC ELIBBAD ELIBEXEC ELIBMAX ELIBSCN ELNRNG ELOOP
    EMEDIUMTYPE EMFILE EMLINK EMSGSIZE EMULTIHOP ENAMETOOLONG ENAVAIL ENETDOWN ENETRESET ENETUNREACH ENFILE ENOANO
    ENOBUFS ENOCSI ENODATA ENODEV ENOENT ENOEXEC ENOKEY ENOLCK ENOLINK ENOMEDIUM ENOMEM ENOMSG ENONET ENOPKG
    ENOPROTOOPT ENOSPC ENOSR ENOSTR ENOSYS ENOTBLK ENOTCONN ENOTDIR ENOTEMPTY ENOTNAM ENOTRECOVERABLE ENOTSOCK
    ENOTSUP ENOTTY ENOTUNIQ ENXIO EOF EOPNOTSUPP EOVERFLOW EOWNERDEAD EPERM EPFNOSUPPORT EPIPE EPROTO
    EPROTONOSUPPORT EPROTOTYPE ERANGE EREMCHG EREMOTE EREMOTEIO ERESTART ERFKILL EROFS ESHUTDOWN ESOCKTNOSUPPORT
    ESPIPE ESRCH ESRMNT ESTALE ESTRPIPE ETIME ETIMEDOUT ETOOMANYREFS ETXTBSY EUCLEAN EUNATCH EUSERS EWOULDBLOCK
    EXDEV EXFULL EXIT_FAILURE EXIT_SUCCESS FD_CLR FD_ISSET FD_SET FD_SETSIZE FD_ZERO FILENAME_MAX FOPEN_MAX INT16_C
    INT16_MAX INT16_MIN INT16_WIDTH INT32_C INT32_MAX INT32_MIN INT32_WIDTH INT64_C INT64_MAX INT64_MIN INT64_WIDTH
    INT8_C INT8_MAX INT8_MIN INT8_WIDTH INTMAX_C INTMAX_MAX INTMAX_MIN INTMAX_WIDTH INTPTR_MAX INTPTR_MIN
    INTPTR_WIDTH INT_FAST16_MAX INT_FAST16_MIN INT_FAST16_WIDTH INT_FAST32_MAX INT_FAST32_MIN INT_FAST32_WIDTH
    INT_FAST64_MAX INT_FAST64_MIN INT_FAST64_WIDTH INT_FAST8_MAX INT_FAST8_MIN INT_FAST8_WIDTH INT_LEAST16_MAX
    INT_LEAST16_MIN INT_LEAST16_WIDTH INT_LEAST32_MAX INT_LEAST32_MIN INT_LEAST32_WIDTH INT_LEAST64_MAX
    INT_LEAST64_MIN INT_LEAST64_WIDTH INT_LEAST8_MAX INT_LEAST8_MIN INT_LEAST8_WIDTH KERNEL_VERSION LITTLE_ENDIAN
    L_ctermid L_cuserid L_tmpnam MAX_BPF_ATTACH_TYPE MAX_BPF_REG MB_CUR_MAX NFDBITS NULL PDP_ENDIAN PTRDIFF_MAX
    PTRDIFF_MIN PTRDIFF_WIDTH P_tmpdir RAND_MAX RENAME_EXCHANGE RENAME_NOREPLACE RENAME_WHITEOUT SEC SEEK_CUR
    SEEK_DATA SEEK_END SEEK_HOLE SEEK_SET SIG_ATOMIC_MAX SIG_ATOMIC_MIN SIG_ATOMIC_WIDTH SIZE_MAX SIZE_WIDTH TMP_MAX
    UINT16_C UINT16_MAX UINT16_WIDTH UINT32_C UINT32_MAX UINT32_WIDTH UINT64_C UINT64_MAX UINT64_WIDTH UINT8_C
    UINT8_MAX UINT8_WIDTH UINTMAX_C UINTMAX_MAX UINTMAX_WIDTH UINTPTR_MAX UINTPTR_WIDTH UINT_FAST16_MAX
    UINT_FAST16_WIDTH UINT_FAST32_MAX UINT_FAST32_WIDTH UINT_FAST64_MAX UINT_FAST64_WIDTH UINT_FAST8_MAX
    UINT_FAST8_WIDTH UINT_LEAST16_MAX UINT_LEAST16_WIDTH UINT_LEAST32_MAX UINT_LEAST32_WIDTH UINT_LEAST64_MAX
    UINT_LEAST64_WIDTH UINT_LEAST8_MAX UINT_LEAST8_WIDTH WCHAR_MAX WCHAR_MIN WCHAR_WIDTH WCONTINUED WEXITED
    WEXITSTATUS WIFCONTINUED WIFEXITED WIFSIGNALED WIFSTOPPED WINT_MAX WINT_MIN WINT_WIDTH WNOHANG WNOWAIT WSTOPPED
    WSTOPSIG WTERMSIG WUNTRACED XDP_PACKET_HEADROOM alloca barrier barrier_var be16toh be32toh be64toh
    bpf_be64_to_cpu bpf_core_enum_value bpf_core_enum_value_exists bpf_core_field_exists bpf_core_field_offset
    bpf_core_field_size bpf_core_read bpf_core_read_str bpf_core_read_user bpf_core_read_user_str
    bpf_core_type_exists bpf_core_type_id_kernel bpf_core_type_id_local bpf_core_type_matches bpf_core_type_size
    bpf_cpu_to_be64 bpf_htonl bpf_htons bpf_iter_attach_opts__last_field bpf_kprobe_multi_opts__last_field
    bpf_kprobe_opts__last_field bpf_ksyscall_opts__last_field bpf_linker_file_opts__last_field
    bpf_linker_opts__last_field bpf_map__for_each bpf_ntohl bpf_ntohs bpf_object__for_each_map
    bpf_object__for_each_program bpf_object_open_opts__last_field bpf_perf_event_opts__last_field bpf_printk
    bpf_target_defined bpf_target_x86 bpf_tc_hook__last_field bpf_tc_opts__last_field bpf_trace_opts__last_field
    bpf_tracepoint_opts__last_field bpf_uprobe_opts__last_field bpf_usdt_opts__last_field
    bpf_xdp_attach_opts__last_field bpf_xdp_query_opts__last_field bpf_xdp_set_link_opts__last_field container_of
    ebpf_module emf_count emf_debug emf_err emf_info emf_ring_filtered emf_ring_lost emf_ring_reserve emf_ring_submit emf_warn errno
    gen_loader_opts__last_field htobe16 htobe32 htobe64 htole16 htole32 htole64 le16toh le32toh le64toh
    libbpf_prog_handler_opts__last_field linux offsetof perf_buffer_opts__last_field
    perf_buffer_raw_opts__last_field ring_buffer_opts__last_field stderr stdin stdout strdupa strndupa unix
    user_ring_buffer_opts__last_field va_arg va_copy va_end va_start""".split()
)


def is_macro(name: str) -> bool:
    return name in _NAMES or _FAMILIES.match(name) is not None
