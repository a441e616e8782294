# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The rules of the house that no compiler checks: who may include whom, how long
files and functions are, and what is said about each public function.

Without these, a module could come to depend on the core, or the core on what a
module does, and nobody would notice until an extension fails to load.
"""
import glob
import os
import re

import tap

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"][^>"]+[>"])', re.MULTILINE)
LIBC = set("""<ctype.h> <errno.h> <inttypes.h> <limits.h> <stdarg.h> <stdbool.h> <stddef.h> <stdint.h>
    <stdio.h> <stdlib.h> <string.h> <linux/types.h>""".split())
BPF_HEADERS = re.compile(r"<bpf/bpf_\w+\.h>|<linux/(bpf|types)\.h>|<emf/(alone|bpf|chain_types|kernel|only)\.h>")
KERNEL_SIDE = {"emf/alone.h", "emf/bpf.h", "emf/chain_bpf.h", "emf/kernel.h", "emf/only.h"}  # for kernel parts, never with emf.h
CORE_LINES, FUNCTION_LINES = 400, 80
KERNEL_LINES = 150  # of code, in a kernel part


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def found(pattern):
    """Relative paths in the source folder; an empty pattern would check nothing."""
    paths = sorted(glob.glob(os.path.join(tap.SOURCE, pattern), recursive=True))
    if not paths:
        raise AssertionError(f"no file matches {pattern}")
    return [os.path.relpath(p, tap.SOURCE) for p in paths]


def includes(path):
    return INCLUDE.findall(read(os.path.join(tap.SOURCE, path)))


def no_mistakes(mistakes):
    if mistakes:
        raise AssertionError("\n" + "\n".join(mistakes))


# --- layers -----------------------------------------------------------------------


def test_public_headers_include_libc_and_each_other_only():
    mistakes = []
    for path in found("include/**/*.h"):
        if path[len("include/"):] in KERNEL_SIDE:
            continue
        for name in includes(path):
            public = name.startswith("<emf/") and name[1:-1] not in KERNEL_SIDE
            if name not in LIBC and not public:
                mistakes.append(f"{path} includes {name}")
    no_mistakes(mistakes)


def test_what_modules_and_products_hand_to_each_other_is_compared_before_an_extension_is_loaded():
    """Of the headers that emf.h brings, but what a product says of itself."""
    text = read(os.path.join(tap.SOURCE, "include/emf/extension.h"))
    listed = set(re.findall(r"line\((\w+)\)", text))
    there = set()
    for name in re.findall(r"#include <(emf/\w+\.h)>", read(os.path.join(tap.SOURCE, "include/emf.h"))):
        if name not in ("emf/product.h", "emf/types.h"):
            there |= set(re.findall(r"^struct (\w+) \{", read(os.path.join(tap.SOURCE, "include", name)), re.MULTILINE))
    no_mistakes([f"struct {name} is not in EMF_EXTENSION_STRUCTS" for name in sorted(there - listed)]
                + [f"EMF_EXTENSION_STRUCTS has struct {name}, which is not there" for name in sorted(listed - there)])


def members_of(name):
    """Of a struct of the public headers, by name."""
    for path in found("include/emf/*.h"):
        body = re.search(rf"^struct {name} \{{\n(.*?)^\}};", read(os.path.join(tap.SOURCE, path)), re.MULTILINE | re.DOTALL)
        if not body:
            continue
        text = re.sub(r"/\*.*?\*/", "", body.group(1), flags=re.DOTALL)
        declared = [re.sub(r"\(\*(\w+)\)\(.*", r"\1", line.strip()) for line in text.split(";") if line.strip()]
        return {re.search(r"(\w+)(\[\w+\])?( : \d+)?$", part.strip()).group(1) for line in declared for part in line.split(", ")}
    raise AssertionError(f"there is no struct {name}")


def test_every_member_of_what_can_be_packed_is_described():
    """core/package_shape.c: one that is left out would be lost on its way through a package, silently."""
    text = read(os.path.join(tap.SOURCE, "core/package_shape.c"))
    tables = dict(re.findall(r"^static const struct emf_shape_member (\w+)\[\] = \{(.*?)\};", text, re.MULTILINE | re.DOTALL))
    tables = {k: v.replace("SCALE(", "OTHER(x, scale) (") for k, v in tables.items()}
    mistakes = []
    shapes = re.findall(r"\] = SHAPE\((\w+), (\w+)\)", text)
    for struct, table in shapes:
        described = {re.match(r"\w+", name).group() for name in re.findall(r"[A-Z_]+\(\w+, ([\w.\[\]]+)", tables[table])}
        described |= set(re.findall(r'\{ "(\w+)"', tables[table]))
        mistakes += [f"struct {struct}: {name} is not described" for name in members_of(struct) - described]
        mistakes += [f"struct {struct} has no {name}" for name in described - members_of(struct)]
    if len(shapes) < 20:
        raise AssertionError("the descriptions were not found")
    no_mistakes(mistakes)


def test_kernel_side_headers_include_bpf_headers_only():
    no_mistakes([f"include/{path} includes {name}" for path in KERNEL_SIDE
                 for name in includes("include/" + path) if not BPF_HEADERS.fullmatch(name)])


def test_modules_include_their_own_headers_only():
    """Their own, those of the system, the public ones, and those beside them that belong to no module: no core, no other module."""
    cores = {os.path.basename(p) for p in found("core/*.h")}
    modules = {os.path.basename(p).split(".")[0] for p in found("modules/*") if not p.endswith(".h")}
    shared = {f'"{os.path.basename(p)}"' for p in found("modules/*.h")} - {f'"{name}.h"' for name in modules}
    mistakes = []
    for path in found("modules/*.[ch]"):
        own = os.path.basename(path).split(".")[0]
        allowed = {f'"{own}.h"', f'"{own}_emf.h"', '"vmlinux.h"'}
        for name in includes(path):
            bare = name[1:-1]
            other = re.match(r"(\w+?)(_emf|\.skel)?\.h$", bare)
            # <emf.h> and headers of the system may share a name with one of the core's.
            foreign = name[0] == '"' or (other and other.group(1) in modules - {own}) or "core/" in bare
            if name not in allowed | shared and foreign:
                what = "a core header" if bare in cores else "what is not its own"
                mistakes.append(f"{path} includes {name}: {what}")
    no_mistakes(mistakes)


def test_kernel_parts_include_no_user_space_headers():
    no_mistakes([f"{path} includes {name}" for path in found("modules/*.bpf.c") for name in includes(path)
                 if name == "<emf.h>" or (name.startswith("<emf/") and name[1:-1] not in KERNEL_SIDE)])


def test_generated_code_includes_emf_its_skeleton_and_its_maps_only():
    mistakes = []
    paths = [os.path.join(tap.SOURCE, p) for p in found("gen/templates/*.[ch].j2")]
    made = glob.glob(os.path.join(tap.BUILD, "obj", "*_emf.[ch]")) + glob.glob(os.path.join(tap.BUILD, "obj", "*_maps.h")) \
        + glob.glob(os.path.join(tap.BUILD, "obj", "*_inferred.h")) + glob.glob(os.path.join(tap.BUILD, "obj", "*_shown.h"))
    if not made:
        raise AssertionError("nothing was generated")
    for path in paths + sorted(made):
        own = re.sub(r"_(emf|maps|inferred|metrics)\.[ch]$", "", os.path.basename(path))
        for name in INCLUDE.findall(read(path)):
            own_name = re.sub("{{ [a-z.]+ }}", own, name)
            allowed = ("<linux/types.h>", f'"{own}_emf.h"', f'"{own}.skel.h"', f'"{own}_maps.h"', f'"{own}_entry.skel.h"', f'"{own}_inferred.h"',
                       f'"{own}_shown.h"')
            if "inferred" in os.path.basename(path):  # what a skeleton includes, in front of it
                allowed += ("<bpf/libbpf.h>", "<errno.h>", "<stdlib.h>")
            imported = re.match(r'"\w+_emf\.h"', own_name)
            if not name.startswith("<emf") and not imported and own_name not in allowed:
                mistakes.append(f"{os.path.basename(path)} includes {name}")
    no_mistakes(mistakes)


def test_the_core_includes_no_module_and_nothing_generated_but_its_own_services():
    mistakes = []
    own = {os.path.basename(p) for p in found("core/*.h")} | {"emf_emf.h"}
    for path in found("core/*.[ch]"):
        for name in includes(path):
            if name[0] == '"' and name[1:-1] not in own:
                mistakes.append(f"{path} includes {name}")
    no_mistakes(mistakes)


def test_the_generator_knows_no_c_outside_its_templates():
    c_code = re.compile(r"#\s*include\s*<|\bstruct \w+ \{|\bstatic (const |inline )?\w+ \**\w+\(|\breturn \w+;")
    mistakes = []
    for path in found("gen/**/*.py") + ["gen/emfgen"]:
        for number, line in enumerate(read(os.path.join(tap.SOURCE, path)).splitlines(), 1):
            if c_code.search(line):
                mistakes.append(f"{path}:{number}: {line.strip()}")
    no_mistakes(mistakes)


# --- sizes ------------------------------------------------------------------------


def test_no_file_of_the_core_is_too_long_to_have_one_subject():
    lines = {path: read(os.path.join(tap.SOURCE, path)).count("\n") for path in found("core/*.[ch]")}
    no_mistakes([f"{path} has {n} lines; {CORE_LINES} are the most" for path, n in lines.items() if n > CORE_LINES])


def functions(text):
    """Line and length of every function: kernel style has their braces in column 0."""
    begin = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            begin = number
        elif line.startswith("}") and begin:
            yield begin, number - begin + 1
            begin = None


def code_lines(text):
    """Lines that are neither empty nor a comment."""
    return sum(bool(line.strip()) for line in re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL).splitlines())


def test_no_kernel_part_is_too_long_to_be_read_at_once():
    mistakes = []
    for path in found("modules/*.bpf.c"):
        lines = code_lines(read(os.path.join(tap.SOURCE, path)))
        if lines > KERNEL_LINES:
            mistakes.append(f"{path}: {lines} lines of code; {KERNEL_LINES} are the most, and what others need as well is a header in modules/")
    no_mistakes(mistakes)


def test_no_function_is_too_long_to_be_read_at_once():
    mistakes, n = [], 0
    for path in found("core/*.c") + found("modules/*.c") + found("tests/**/*.c"):
        for line, length in functions(read(os.path.join(tap.SOURCE, path))):
            n += 1
            if length > FUNCTION_LINES:
                mistakes.append(f"{path}:{line}: a function of {length} lines; {FUNCTION_LINES} are the most")
    tap.equal(n > 100, True, "functions were found")
    no_mistakes(mistakes)


# --- documentation ----------------------------------------------------------------

DECLARATION = re.compile(r"((?:/\*\*.*?\*/\n)?)^EMF_API ([^;{]*?)\b(\w+)\(([^;{]*?)\)(?:\s*__attribute__[^;]*)?;",
                         re.MULTILINE | re.DOTALL)


def parameters(text):
    """The names of the parameters, of those that are functions too."""
    text = re.sub(r"\(\*(\w+)\)\([^()]*\)", r"\1", " ".join(text.split()))
    names = [re.search(r"(\w+)(\[\w*\])?$", p.strip()) for p in text.split(",")]
    return [n.group(1) for n in names if n and n.group(1) != "void"]


def what_is_missing(doc, returns, name, arguments):
    if not doc:
        return ["kernel-doc"]
    missing = [] if f"\n * {name}() - " in doc else [f"the line '{name}() - what it does'"]
    missing += [f"@{p}:" for p in parameters(arguments) if not re.search(rf"^ \* @{p}:", doc, re.MULTILINE)]
    words = ["Context:", "Since:"] + ([] if returns.strip() == "void" else ["Return:"])
    return missing + [w for w in words if f"\n * {w}" not in doc]


def test_every_public_function_says_what_a_caller_needs():
    mistakes, n = [], 0
    for path in found("include/emf/*.h"):
        text = read(os.path.join(tap.SOURCE, path))
        declared = DECLARATION.findall(text)
        tap.equal(len(declared), len(re.findall(r"^EMF_API (?!extern)", text, re.MULTILINE)), f"functions found in {path}")
        n += len(declared)
        mistakes += [f"{path}: {name}() lacks {', '.join(missing)}" for doc, returns, name, arguments in declared
                     for missing in [what_is_missing(doc, returns, name, arguments)] if missing]
    tap.equal(n > 10, True, "functions were found")
    no_mistakes(mistakes)


def test_every_public_header_is_installed():
    makefile = read(os.path.join(tap.SOURCE, "Makefile.am"))
    no_mistakes([f"{path} is not in Makefile.am" for path in found("include/**/*.h")
                 if not re.search(rf"(^|\s){re.escape(path)}(\s|$)", makefile)])


tap.main()
