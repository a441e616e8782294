# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What parses and passes the checks becomes code that compiles: random descriptions go
all the way to objects, with the full set of warnings, as C and as C++, for user space
and for BPF. Without this an author's description could end in a compiler's message about
code that nobody wrote.
"""
import argparse
import os
import random
import re
import shutil
import sys

import idl_grammar
import tap

sys.path.insert(0, os.path.join(tap.SOURCE, "gen"))

from emfgenlib import build, check, macros, objects, words  # noqa: E402 - the path has to be set first
from emfgenlib.errors import Errors  # noqa: E402
from emfgenlib.globals import declaration_of  # noqa: E402
from emfgenlib.imports import Loader  # noqa: E402
from emfgenlib.interface import Builder  # noqa: E402
from emfgenlib.layout import Layouts  # noqa: E402
from emfgenlib.scope import of_file  # noqa: E402
from emfgenlib.syntax import ModuleDecl  # noqa: E402

COUNT = int(os.environ.get("EMF_FUZZ_COUNT", "10"))
BATCH = 10  # files of one build
# Statements about maps and programs, which a random file does not have.
WITHOUT = ("attach", "counter", "gauge", "histogram", "lost", "map", "plug", "product", "show")
INCLUDE = ["-I" + os.path.join(tap.SOURCE, "include"), "-Iobj"]
C_FLAGS = ("-std=gnu17 -Wall -Wextra -Wshadow -Wvla -Wundef -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes "
           "-Wold-style-definition -Wpointer-arith -Wwrite-strings -fno-common -Werror").split()
CXX_FLAGS = "-std=gnu++17 -Wall -Wextra -Wshadow -Wundef -Wformat=2 -Wpointer-arith -Wwrite-strings -Werror".split()
BPF_FLAGS = ["-target", "bpf", "-mcpu=v3", "-std=gnu17", "-g", "-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
             "-D__TARGET_ARCH_" + {"x86_64": "x86", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)]


def include_of_the_host():
    """Where <asm/types.h> is, which clang does not look for when it compiles for BPF."""
    triplet = tap.run("gcc", "-print-multiarch").stdout.strip()
    return ["-I/usr/include/" + triplet] if triplet else []


def must(folder, *words):
    done = tap.run(*words, cwd=folder, timeout=300)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}\n{done.stdout}{done.stderr}"[:6000])


def kernel_part(name, file, interface):
    """A kernel part that has all that the description wants of it, and every type."""
    lines = ["#include <emf/bpf.h>", f'#include "{name}_emf.h"']
    scope = of_file(file)
    module = next(iter(file.of(ModuleDecl)), None)
    if not module or not module.license:
        lines.append('char LICENSE[] SEC("license") = "GPL";')
    for param in module.params if module else []:
        lines.append(("" if param.live else "const ") + f"volatile {declaration_of(param, scope)};")
    for struct in interface.structs:
        if struct.layout.in_bpf:
            lines.append(f"struct {struct.name} a_{struct.name};")
    for need in module.needs if module else []:
        for program in need.variant or ():
            lines.append(f'SEC("raw_tp/sys_enter") int {program.text}(void *ctx) {{ return 0; }}')
    for service in interface.services:
        for method in service.methods:
            if method.declaration.served_by:
                lines.append(f'SEC("syscall") int {method.declaration.served_by.text}(void *ctx) {{ return 0; }}')
    events = interface.events if module else []
    calls = "".join(f"\tstruct {e.record.name} *r{i} = {name}_event_{e.name}_reserve();\n"
                    f"\tif (r{i}) {{ __builtin_memset(r{i}, 0, sizeof(*r{i}) > 512 ? 512 : sizeof(*r{i})); "
                    f"{name}_event_{e.name}_submit(r{i}); }}\n\telse {name}_event_{e.name}_lost();\n" for i, e in enumerate(events))
    lines.append(f'SEC("raw_tp/sys_exit") int main_of_{name}(void *ctx)\n{{\n{calls}\treturn 0;\n}}')
    return "\n".join(lines) + "\n"


def user_part(name, interface, provided):
    """The functions that are owed; each client function is called once, to be compiled."""
    lines = [f'#include "{name}_emf.h"']
    for service in interface.services:
        for m in service.methods:
            args = f", const struct {m.arguments.name} *args" if m.arguments else ""
            reply = f", struct {m.reply.name} *reply" if m.reply else ""
            uses = "".join(f"(void){word}; " for word, there in (("args", args), ("reply", reply)) if there)
            if service.name in provided:
                lines.append(f"int {service.name}_serve_{m.name}(struct ebus_call *call{args}{reply}) {{ (void)call; {uses}return 0; }}")
            lines.append(f"int call_{service.name}_{m.name}(struct {service.name}_client *c{args}{reply});\n"
                         f"int call_{service.name}_{m.name}(struct {service.name}_client *c{args}{reply})\n"
                         f"{{ return {service.name}_call_{m.name}(c{', args' if args else ''}{', reply' if reply else ''}); }}")
    return "\n".join(lines) + "\n"


def descriptions(seed):
    """A batch of random files and what is needed beside them, in modules/ of a folder."""
    folder = tap.folder()
    os.makedirs(os.path.join(folder, "modules"))
    os.makedirs(os.path.join(folder, "bus-idl"))
    rng = random.Random(seed)
    for i in range(BATCH):
        with open(os.path.join(folder, "modules", f"mod{i}x.emf"), "w") as f:
            f.write(idl_grammar.random_file(rng, valid=True, name=f"mod{i}x", without=WITHOUT))
    return folder


def complete(folder):
    """The other files of each module; the names of the modules."""
    errors = Errors()
    loader = Loader([], errors)
    builder = Builder(Layouts(errors))
    names = []
    for i in range(BATCH):
        name = f"mod{i}x"
        file = loader.load(os.path.join(folder, "modules", name + ".emf"))
        build.check_file(file, errors, builder.layouts)
        tap.equal(errors.report(), "", "messages")
        interface = builder.of(file)
        module = next(iter(file.of(ModuleDecl)), None)
        if not module:  # types only: a header, which another module's file would import
            os.rename(file.path, os.path.join(folder, "bus-idl", name + ".emf"))
            continue
        names.append(name)
        for ending, text in ((".bpf.c", kernel_part(name, file, interface)),
                             (".c", user_part(name, interface, {n.text for n in module.provides}))):
            with open(os.path.join(folder, "modules", name + ending), "w") as f:
                f.write(text)
    return names


def generate(folder, names):
    """As make does; what this test's modules lack of each other is not what it is about."""
    kept = build.refuse, check.services
    build.refuse = lambda file, errors: None
    check.services = lambda found, own, errors: None
    here = os.getcwd()
    os.chdir(folder)
    try:
        args = argparse.Namespace(modules="modules", idl="bus-idl", out="obj", product="emf", of_emf="",
                                  dynamic="dynamic", only="", extensions="all", built=",".join(names), changed=[])
        tap.equal(build.build(args, Errors()), 0, "status of build")
        for name in names:
            must(".", "clang", *BPF_FLAGS, *INCLUDE, *include_of_the_host(), f"-DEMF_MODULE_IS_{name}", "-c", "-o", f"obj/{name}.tmp.o",
                 f"modules/{name}.bpf.c")
            must(".", "bpftool", "gen", "object", f"obj/{name}.bpf.o", f"obj/{name}.tmp.o")
            with open(f"obj/{name}.skel.h", "w") as f:
                f.write(tap.run("bpftool", "gen", "skeleton", f"obj/{name}.bpf.o", "name", f"{name}_bpf").stdout)
        tap.equal(objects._run(args, Errors()), 0, "status of objects")
    finally:
        os.chdir(here)
        build.refuse, check.services = kept


def compile_all(folder, names):
    obj = os.path.join(folder, "obj")
    sources = ["obj/" + n for n in sorted(os.listdir(obj)) if n.endswith("_emf.c") and n != "product_emf.c"]
    sources += [f"modules/{n}.c" for n in names]
    headers = ["obj/" + n for n in sorted(os.listdir(obj)) if n.endswith("_emf.h")]
    own = [f"-DEMF_MODULE_IS_{n}" for n in names]
    for compiler in ("gcc", "clang"):
        must(folder, compiler, *C_FLAGS, *INCLUDE, *own, "-fsyntax-only", *sources)
    with open(os.path.join(folder, "all.cc"), "w") as f:
        f.writelines(f'#include "{h}"\n' for h in headers)
    for compiler in ("g++", "clang++"):
        if shutil.which(compiler):
            for seen in (own, []):  # by the modules themselves, and by others
                must(folder, compiler, *CXX_FLAGS, *INCLUDE, *seen, "-fsyntax-only", "all.cc")


def test_random_descriptions_become_code_without_warnings():
    for seed in range(20261121, 20261121 + max(1, COUNT // BATCH)):
        folder = descriptions(seed)
        try:
            names = complete(folder)
            generate(folder, names)
            compile_all(folder, names)
        except AssertionError as e:
            raise AssertionError(f"seed {seed}: {e}") from None


def macros_of(compiler, *flags, text):
    if not shutil.which(compiler):
        return set()
    done = tap.run(compiler, *flags, *INCLUDE, "-dM", "-E", put_text(text), cwd=tap.folder())
    tap.equal((done.returncode, done.stderr), (0, ""), compiler)
    return set(re.findall(r"^#define (\w+)", done.stdout, re.MULTILINE))


def put_text(text):
    path = os.path.join(tap.folder(), "x.c")
    with open(path, "w") as f:
        f.write(text)
    return path


def test_every_macro_of_the_headers_is_a_name_that_no_member_can_have():
    folder = os.path.join(tap.SOURCE, "include", "emf")
    # With what bpftool has every skeleton include.
    user = "#include <emf.h>\n#include <errno.h>\n#include <stdlib.h>\n#include <bpf/libbpf.h>\n"
    user += "".join(f"#include <emf/{name}>\n" for name in sorted(os.listdir(folder)) if name not in ("bpf.h", "chain_bpf.h"))
    found = macros_of("clang", *BPF_FLAGS, *include_of_the_host(), text="#include <emf/bpf.h>\n#include <emf/chain_bpf.h>\n")
    for compiler in ("gcc", "clang"):
        found |= macros_of(compiler, "-std=gnu17", text=user)
    for compiler in ("g++", "clang++"):
        found |= macros_of(compiler, "-std=gnu++17", "-xc++", text=user)
    free = sorted(n for n in found if not re.match("_[_A-Z]", n) and not macros.is_macro(n) and n not in words.C_WORDS)
    tap.equal(free, [], "macros that are not in emfgenlib/macros.py")
    tap.equal(len(found) > 300, True, f"{len(found)} macros")


def test_the_same_descriptions_become_the_same_bytes_in_any_folder_and_order():
    texts = []
    for hash_seed in ("1", "77"):
        folder = descriptions(4)
        complete(folder)
        done = tap.run(sys.executable, "-c", f"import sys; sys.path.insert(0, {os.path.join(tap.SOURCE, 'gen')!r})\n"
                       "from emfgenlib import build, check\nfrom emfgenlib.cli import main\n"
                       "build.refuse = lambda file, errors: None\ncheck.services = lambda found, own, errors: None\n"
                       "sys.exit(main(['build']))", cwd=folder, env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo"})
        tap.equal(done.stderr, "", "messages")
        made = {}
        for name in sorted(os.listdir(os.path.join(folder, "obj"))):
            path = os.path.join(folder, "obj", name)
            if os.path.isfile(path):
                with open(path) as f:
                    made[name] = f.read()
        texts.append(made)
        for name, text in made.items():
            if folder in text:
                raise AssertionError(f"{name} names the folder it was made in")
    tap.equal(texts[0] == texts[1], True, "the same bytes")


tap.main()
