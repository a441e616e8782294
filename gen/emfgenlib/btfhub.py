# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""emfgen btfhub: of the BTF of many kernels what the kernel parts of a product need, as one
file that becomes a part of the product. What is needed the core finds out, in a program that this runs."""
import argparse
import gzip
import hashlib
import os
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, Optional, Tuple

from .btfhub_folder import Kernel, bytes_of, find
from .elf import BadObject
from .errors import Errors, Position
from .files import read_regular

# core/btf_hub.h
_HEAD, _OBJECT, _KERNEL = struct.Struct("<8sII"), struct.Struct("<8sI"), struct.Struct("<72s24s24sII")
_MAGIC = b"EMFHUB1\n"
_TRAILER = 8  # bytes behind what gzip has compressed: they tell objects apart
_MOST = 64 << 20  # bytes, as core/pack.c opens them

_Part = Tuple[bytes, List[str]]  # the types, and for each object what it has of them


def register(commands: Any) -> None:
    parser = commands.add_parser("btfhub", help="put what a product needs of the BTF of kernels into a file (make calls this)")
    parser.add_argument("folder", help="BTF of kernels: DISTRIBUTION/VERSION/MACHINE/RELEASE.btf, or RELEASE.btf.tar.xz; or RELEASE.btf alone")
    parser.add_argument("objects", nargs="*", help="compiled kernel parts as they are in the product")
    parser.add_argument("--arch", required=True, help="the machine that the product is for, as libbpf calls it: x86")
    parser.add_argument("--reduce", required=True, help="the program that finds what is needed of one")
    parser.add_argument("--out", required=True, help="the file that is written")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace, errors: Errors) -> int:
    kernels = find(args.folder, args.arch, errors)
    if not errors:
        key = _key(args, kernels)
        if not _is_made(args.out, key):
            parts = _reduce(args, kernels, errors)
            if not errors:
                _write(args, kernels, parts, errors)
            if not errors:
                _put(args.out + ".key", key.encode())
    if errors:
        print(errors.report(), file=sys.stderr)
    return 1 if errors else 0


def _key(args: argparse.Namespace, kernels: List[Kernel]) -> str:
    """Of all that the file is made of: BTF by size and time, since there may be gigabytes."""
    key = hashlib.sha256()
    for path in [__file__, args.reduce, *args.objects]:
        key.update(hashlib.sha256(read_regular(path)).digest())
    for kernel in kernels:
        about = os.stat(kernel.path)
        key.update(repr((kernel, about.st_size, about.st_mtime_ns)).encode("utf-8", "surrogateescape"))
    return key.hexdigest()


def _is_made(out: str, key: str) -> bool:
    try:
        return os.path.exists(out) and read_regular(out + ".key") == key.encode()
    except FileNotFoundError:
        return False


def _reduce(args: argparse.Namespace, kernels: List[Kernel], errors: Errors) -> List[_Part]:
    machine = _machine(read_regular(args.reduce, 20))
    with tempfile.TemporaryDirectory(prefix="emfgen-") as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        made = pool.map(lambda both: _part(args, os.path.join(folder, str(both[0])), both[1], machine), enumerate(kernels))
        parts = []
        for kernel, (part, wrong) in zip(kernels, made):
            if part is None:
                errors.add(Position(kernel.path), wrong)
            else:
                parts.append(part)
    return parts


def _machine(head: bytes) -> Optional[int]:
    """e_machine of ELF; None for what is something else, and says nothing of it."""
    if len(head) < 20 or head[:4] != b"\x7fELF":
        return None
    return struct.unpack_from(">H" if head[5] == 2 else "<H", head, 18)[0]


def _part(args: argparse.Namespace, path: str, kernel: Kernel, machine: Optional[int]) -> Tuple[Optional[_Part], str]:
    """What is needed of one; or a sentence that says why not."""
    whole = kernel.path
    try:
        if kernel.is_packed:
            whole = path + ".btf"
            _put(whole, bytes_of(kernel))
        if _machine(read_regular(whole, 20)) not in (None, 0, 247, machine):  # EM_NONE, EM_BPF
            return None, "is of another machine than the product"
        done = subprocess.run([args.reduce, whole, path, *args.objects], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, errors="replace")
        if done.returncode:
            return None, done.stderr.strip().replace("\n", "; ") or f"{args.reduce} ended with {done.returncode}"
        return (read_regular(path), done.stdout.splitlines()), ""
    except BadObject as e:
        return None, str(e)
    except OSError as e:
        return None, f"cannot be read: {e.strerror}"
    finally:
        if kernel.is_packed and os.path.exists(whole):
            os.unlink(whole)


def _put(path: str, data: bytes) -> None:
    with open(path, "wb") as f:
        f.write(data)


def _uses(args: argparse.Namespace, parts: List[_Part]) -> List[Tuple[int, str]]:
    """What each object has of a part: the worst of all kernels."""
    uses = []
    for i in range(len(args.objects)):
        lines = [part[1][i].split(" ", 1) for part in parts]
        uses.append(max((int(number), why) for number, why in lines))
    return uses


def _write(args: argparse.Namespace, kernels: List[Kernel], parts: List[_Part], errors: Errors) -> None:
    uses = _uses(args, parts)
    texts: Dict[bytes, int] = {}
    at = _HEAD.size + _OBJECT.size * len(uses) + _KERNEL.size * len(kernels)
    rows = b""
    for kernel, (types, _) in zip(kernels, parts):
        if types not in texts:
            texts[types] = at
            at += len(types)
        rows += _KERNEL.pack(kernel.release.encode(), kernel.distribution.encode(), kernel.version.encode(), texts[types], len(types))
    head = _HEAD.pack(_MAGIC, len(uses), len(kernels))
    objects = b"".join(_OBJECT.pack(read_regular(path)[-_TRAILER:], use) for path, (use, _) in zip(args.objects, uses))
    if at > _MOST:
        errors.add(Position(args.folder), f"{at} bytes of the BTF in it are needed, and {_MOST} are the most", "leave kernels out")
        return
    packed = gzip.compress(head + objects + rows + b"".join(texts), 9, mtime=0)
    _put(args.out + ".tmp", packed)
    os.replace(args.out + ".tmp", args.out)
    print(f"btfhub: {_many(len(kernels), 'kernel')}, {len(texts)} different, {(len(packed) + 1023) // 1024} KB")
    for path, (use, why) in zip(args.objects, uses):
        if use:
            print(f"btfhub: {os.path.basename(path).split('.')[0]} needs all of a kernel's BTF, and runs on none of these: {why}")


def _many(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"
