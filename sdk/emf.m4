# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# serial 1
# emf.m4 - what configure looks for to make a product of modules, in EMF's own tree and in
# a product outside of it. Such a product calls EMF_INIT, and nothing else of this.

# EMF_WITH_TOOL(NAME, VARIABLE, WHAT IT DOES): one that is given is used, or refused;
# a path gets absolute, since make may run elsewhere.
AC_DEFUN([EMF_WITH_TOOL],
	[AC_ARG_VAR([$2], [the $1 that $3])
	 AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=PATH], [the $1 that $3 (default: the one on the path)])],
		[AS_CASE([$withval],
			[yes|no|""], [AC_MSG_ERROR([--with-$1 needs the path or the name of a $1, such as --with-$1=/usr/bin/$1; a build cannot do without])],
			[*/*], [AS_IF([test -f "$withval" && test -x "$withval"], [], [AC_MSG_ERROR([--with-$1=$withval: no such program])])
				AS_CASE([$withval], [/*], [$2=$withval], [$2=`pwd`/$withval])],
			[$2=`command -v "$withval"` || AC_MSG_ERROR([--with-$1=$withval: no such program on the path])])])])

# EMF_OPTIONS: what is in the product, and what it is made with.
AC_DEFUN([EMF_OPTIONS], [
AC_ARG_WITH([modules],
	[AS_HELP_STRING([--with-modules=A,B,C], [build only these modules of modules/ (default: all)])],
	[AS_CASE([$withval], [yes|no], [AC_MSG_ERROR([--with-modules needs a list of names, such as --with-modules=execsnoop,runqlat])])],
	[with_modules=])
AC_SUBST([EMF_WITH_MODULES], [$with_modules])

AC_ARG_WITH([extensions],
	[AS_HELP_STRING([--with-extensions=A,B,C], [build only these modules of dynamic/ as extensions (default: all; --without-extensions: none)])],
	[AS_CASE([$withval], [yes|""], [with_extensions=all], [no], [with_extensions=none])],
	[with_extensions=])

AC_ARG_WITH([product],
	[AS_HELP_STRING([--with-product=NAME], [build the declared product NAME, or give this name to the binary (default: as the package)])],
	[], [with_product=$PACKAGE_NAME])
AS_CASE([$with_product],
	[yes|no|""|*[[!a-z0-9_-]]*|[[!a-z]]*], [AC_MSG_ERROR([--with-product=$with_product: a product name is lower-case letters, digits, '-' and '_', and starts with a letter])])
AS_IF([test -d "$srcdir/$with_product" || test "x$with_product" = xbootstrap || test "x$with_product" = xconfigure],
	[AC_MSG_ERROR([--with-product=$with_product: the binary would take the place of something of this name; choose another])])
AS_CASE([$with_product], [all|obj|packages|pages|debian|docs|include|modules|dynamic|bus-idl|tests|extensions|check*|clean|deb|rpm|dist*|install*|uninstall*|maintainer*|mostly*|analyze|bench|compare|coverage|cross-test|fuzz|fuzz-*|help|sdk-test|soak|static-test|valgrind|valgrind-*|emf-all|emf-check|emf-clean|emf-force|emf-install|emf-uninstall],
	[AC_MSG_ERROR([--with-product=$with_product: make has a target of this name; choose another])])
AC_SUBST([EMF_PRODUCT], [$with_product])

AC_ARG_ENABLE([module-tests],
	[AS_HELP_STRING([--disable-module-tests], [leave tests of modules (modules/x.test.c) out of the product])],
	[], [enable_module_tests=yes])
AS_VAR_IF([enable_module_tests], [no], [EMF_MODULE_TESTS=], [EMF_MODULE_TESTS=yes])
AC_SUBST([EMF_MODULE_TESTS])
AC_ARG_ENABLE([werror],
	[AS_HELP_STRING([--enable-werror], [turn compiler warnings into errors (for development and CI)])],
	[], [enable_werror=no])

AC_ARG_WITH([vmlinux-h],
	[AS_HELP_STRING([--with-vmlinux-h=PATH], [kernel types for modules that include "vmlinux.h" (default: made from the running kernel when needed)])],
	[AS_CASE([$withval],
		[yes|no|""], [AC_MSG_ERROR([--with-vmlinux-h needs the path of a vmlinux.h])],
		[AS_IF([test -r "$withval"], [], [AC_MSG_ERROR([--with-vmlinux-h=$withval: no such file])])
		 AS_CASE([$withval], [/*], [], [with_vmlinux_h=`pwd`/$withval])])],
	[with_vmlinux_h=])
AC_SUBST([EMF_VMLINUX_H], [$with_vmlinux_h])

AC_ARG_WITH([btfhub],
	[AS_HELP_STRING([--with-btfhub=DIR], [put what the modules need of the BTF files in DIR, DISTRIBUTION/VERSION/MACHINE/RELEASE.btf, into the product: it then runs on these kernels though they have none (default: none)])],
	[AS_CASE([$withval], [no], [with_btfhub=], [yes|""], [AC_MSG_ERROR([--with-btfhub needs the folder of the BTF files, such as --with-btfhub=/srv/btfhub-archive])],
		[AS_IF([test -d "$withval"], [], [AC_MSG_ERROR([--with-btfhub=$withval: no such folder])])
		 AS_CASE([$withval], [/*], [], [with_btfhub=`pwd`/$withval])])],
	[with_btfhub=])
AC_SUBST([EMF_BTFHUB], [$with_btfhub])

EMF_WITH_TOOL([clang], [CLANG], [compiles the kernel parts])
EMF_WITH_TOOL([bpftool], [BPFTOOL], [makes skeletons])
AC_ARG_VAR([PYTHON], [a Python 3 with jinja2, for the generator])
AC_ARG_VAR([BPF_CPPFLAGS], [preprocessor flags for the kernel parts, such as -I<folder>])
])

# EMF_MISSING(WHAT, DEBIAN PACKAGE, FEDORA PACKAGE)
AC_DEFUN([EMF_MISSING], [emf_missing="$emf_missing
  $1 - Debian: $2; Fedora: $3"])

# EMF_TELL_MISSING(AFTER): the end of it, if something is.
AC_DEFUN([EMF_TELL_MISSING],
	[AS_IF([test -n "$emf_missing"],
		[AC_MSG_ERROR([these are missing$1:$emf_missing$emf_what_installs_them])])])

# EMF_TOOLS: the programs; what is missing is told by EMF_TELL_MISSING.
AC_DEFUN([EMF_TOOLS], [
# A cross build finds the compiler of its --host.
AS_IF([test -n "$CC"], [emf_cc=$CC], [AC_CHECK_TOOLS([emf_cc], [gcc clang cc])])
AS_IF([test -z "$emf_cc"], [EMF_MISSING([a C compiler], [gcc], [gcc])])

AC_CHECK_PROGS([CLANG], [clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14])
AS_IF([test -z "$CLANG"], [EMF_MISSING([clang, with the BPF target], [clang], [clang])],
	[AC_MSG_CHECKING([whether $CLANG compiles for BPF with BTF])
	 AS_IF([echo 'struct s { int i; } s;' | $CLANG -target bpf -g -O2 -x c -c -o conftest.bpf.o - 2>&AS_MESSAGE_LOG_FD],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		 EMF_MISSING([a clang that compiles for BPF, which $CLANG does not], [clang], [clang])])
	 rm -f conftest.bpf.o])

AC_CHECK_PROGS([LLVM_OBJCOPY], [llvm-objcopy llvm-objcopy-19 llvm-objcopy-18 llvm-objcopy-17 llvm-objcopy-16 llvm-objcopy-15 llvm-objcopy-14])
AC_PATH_PROGS([BPFTOOL], [bpftool], [], [$PATH:/usr/sbin:/sbin:/usr/local/sbin])
AS_IF([test -z "$BPFTOOL"], [EMF_MISSING([bpftool], [bpftool], [bpftool])])

# The first python3 on the path may be one without the distribution's modules.
AC_MSG_CHECKING([for a Python 3 with jinja2])
emf_python=
for emf_try in $PYTHON python3 /usr/bin/python3; do
	AS_IF([$emf_try -c 'import sys, jinja2; sys.exit(sys.version_info < (3, 7))' >/dev/null 2>&1],
		[# A wrapper that chooses among versions takes longer than the generator.
		 emf_python=`$emf_try -c 'import sys; print(sys.executable)'`; break])
done
AC_MSG_RESULT([${emf_python:-no}])
AS_IF([test -z "$emf_python"], [EMF_MISSING([Python 3.7 or later with jinja2], [python3-jinja2], [python3-jinja2])])
AC_SUBST([PYTHON], [$emf_python])
])

# EMF_FIND_PKG_CONFIG: the one that knows the libraries of extensions, and the SDK, of the machine that it is built for.
AC_DEFUN([EMF_FIND_PKG_CONFIG], [
AC_ARG_VAR([PKG_CONFIG], [pkg-config, which finds libraries of extensions])
AC_CHECK_TOOLS([PKG_CONFIG], [pkg-config pkgconf])
# That of the building machine looks where Debian has the files of another one.
AS_CASE([$cross_compiling,$PKG_CONFIG],
	[yes,pkg*], [PKG_CONFIG="env PKG_CONFIG_LIBDIR=${PKG_CONFIG_LIBDIR:-/usr/lib/$host_alias/pkgconfig:/usr/share/pkgconfig} $PKG_CONFIG"])
AC_SUBST([EMF_PKG_CONFIG], [$PKG_CONFIG])
])

# EMF_SOURCES: those of the folders of a product.
AC_DEFUN([EMF_SOURCES], [
AS_IF([test -n "$with_btfhub" && test "x$cross_compiling" = xyes],
	[AC_MSG_ERROR([--with-btfhub runs a program of this build, which is for another machine: build there, or bring BTF with packages ('pack --btf')])])

# A module that is asked for and is not there is told now, not by make.
for emf_module in `echo "$with_modules" | tr ',' ' '`; do
	AS_IF([ls "$srcdir/modules/$emf_module.c" "$srcdir/modules/$emf_module.bpf.c" "$srcdir/modules/$emf_module.emf" 2>/dev/null | grep . >/dev/null],
		[], [AC_MSG_ERROR([--with-modules: there is no module "$emf_module" in $srcdir/modules])])
done

# Sources have the same names in every build folder, so that what the compilers
# write into objects (source lines in BTF among it) does not depend on it.
AC_CONFIG_COMMANDS([source-links],
	[for emf_folder in modules dynamic bus-idl include; do
		test -d "$emf_folder" || test ! -d "$srcdir/$emf_folder" || ln -s "$srcdir/$emf_folder" "$emf_folder"
	done])
AC_SUBST([emf_include], [include])
])

# EMF_SDK_SAYS(VARIABLE, WHAT): of what the SDK was built for.
AC_DEFUN([EMF_SDK_SAYS], [AC_SUBST([$1], [`$PKG_CONFIG --variable=$2 emf`])])

# EMF_INIT([MODULES]): a product outside of EMF's tree, with the modules of its own folders
# and these of EMF's, separated by commas. It is named as the package; AC_INIT and
# AM_INIT_AUTOMAKE stand before it, AC_CONFIG_FILES and AC_OUTPUT behind.
AC_DEFUN([EMF_INIT], [
AC_REQUIRE([AC_PROG_CC])
AC_REQUIRE([AC_PROG_MKDIR_P])
EMF_OPTIONS
AC_ARG_WITH([emf-modules],
	[AS_HELP_STRING([--with-emf-modules=A,B,C], [modules of EMF's own that are in the product as well (default: those that configure.ac names)])],
	[AS_CASE([$withval], [no], [with_emf_modules=], [yes], [AC_MSG_ERROR([--with-emf-modules needs a list of names, such as --with-emf-modules=execsnoop,flow])])],
	[with_emf_modules=$1])
AC_SUBST([EMF_WITH_EMF_MODULES], [$with_emf_modules])
AC_ARG_WITH([emf],
	[AS_HELP_STRING([--with-emf=PREFIX], [the SDK that is installed there (default: the one that pkg-config knows)])],
	[AS_CASE([$withval], [/*], [], [AC_MSG_ERROR([--with-emf needs the folder that EMF was installed to, such as --with-emf=/opt/emf])])],
	[with_emf=])

EMF_FIND_PKG_CONFIG
AS_IF([test -z "$PKG_CONFIG"], [EMF_MISSING([pkg-config], [pkg-config], [pkgconf])])
AS_IF([test -n "$with_emf"],
	[for emf_try in "$with_emf"/lib/pkgconfig "$with_emf"/lib64/pkgconfig "$with_emf"/lib/*/pkgconfig; do
		test ! -f "$emf_try/emf.pc" || PKG_CONFIG_PATH=$emf_try${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
	done
	export PKG_CONFIG_PATH])
AS_IF([test -z "$PKG_CONFIG"], [],
	[AC_MSG_CHECKING([for the SDK of EMF])
	 EMF_SDK_SAYS([EMF_SDK], [sdkdir])
	 AC_MSG_RESULT([${EMF_SDK:-no}])
	 AS_IF([test -z "$EMF_SDK"],
		[EMF_MISSING([the SDK of EMF (installed elsewhere: --with-emf=PREFIX)], [libemf-dev], [emf-devel])],
		[test ! -r "$EMF_SDK/emf.mk"],
		[EMF_MISSING([emf.mk in the folder $EMF_SDK, which emf.pc names], [libemf-dev], [emf-devel])])])
EMF_TOOLS
EMF_TELL_MISSING

EMF_SDK_SAYS([EMF_CORE], [core])
EMF_SDK_SAYS([EMF_INCLUDE], [includedir])
EMF_SDK_SAYS([EMF_VERSION], [version])
EMF_SDK_SAYS([EMF_PROFILE], [profile])
EMF_SDK_SAYS([EMF_CFLAGS], [cflags])
EMF_SDK_SAYS([EMF_LDFLAGS], [ldflags])
EMF_SDK_SAYS([EMF_SO_LDFLAGS], [so_ldflags])
EMF_SDK_SAYS([EMF_LIBS], [libraries])
EMF_SDK_SAYS([EMF_BPF_ARCH], [bpf_arch])
EMF_SDK_SAYS([EMF_BPF_INCLUDES], [bpf_includes])
EMF_SDK_SAYS([EMF_EXTENSIONDIR], [extensiondir])
EMF_SDK_SAYS([EMF_ISOLATEDDIR], [isolateddir])
EMF_SDK_SAYS([EMF_SYSCONFDIR], [sysconfdir])
EMF_SDK_SAYS([EMF_LOCALSTATEDIR], [localstatedir])

AC_MSG_CHECKING([whether what EMF needs can be linked])
emf_save_LIBS=$LIBS
LIBS="$EMF_LIBS $LIBS"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[struct bpf_object *bpf_object__open(const char *);]], [[return !bpf_object__open("x");]])],
	[AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	 AC_MSG_ERROR([these libraries cannot be linked (config.log says which): $EMF_LIBS; libemf-dev, or emf-devel, brings those that it was built with])])
LIBS=$emf_save_LIBS

AS_IF([test "x$EMF_PROFILE" = xstatic], [with_extensions=none])
AC_SUBST([EMF_WITH_EXTENSIONS], [${with_extensions:-all}])
AC_SUBST([EMF_BPF_CFLAGS], [])
AS_IF([test "x$enable_werror" = xyes], [EMF_CFLAGS="$EMF_CFLAGS -Werror"; EMF_BPF_CFLAGS=-Werror])
AC_DEFINE([_GNU_SOURCE], [1], [what glibc has beside the standards])

for emf_module in `echo "$with_emf_modules" | tr ',' ' '`; do
	AS_IF([ls "$EMF_SDK/modules/$emf_module.c" "$EMF_SDK/modules/$emf_module.bpf.c" 2>/dev/null | grep . >/dev/null],
		[], [AC_MSG_ERROR([--with-emf-modules: EMF $EMF_VERSION has no module "$emf_module"; 'emf list' shows those that there are])])
done
EMF_SOURCES
])
