# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# plain.mk - what configure and automake bring to a product, for a Makefile of its own that
# sets EMF_PRODUCT and includes this. All of it can be given to make: make CLANG=clang-16

EMF_PKG_CONFIG ?= pkg-config
emf_sdk_says = $(shell $(EMF_PKG_CONFIG) --variable=$(1) emf)

EMF_SDK := $(call emf_sdk_says,sdkdir)
EMF_CORE := $(call emf_sdk_says,core)
EMF_INCLUDE := $(call emf_sdk_says,includedir)
EMF_VERSION := $(call emf_sdk_says,version)
EMF_PROFILE := $(call emf_sdk_says,profile)
EMF_CFLAGS := $(call emf_sdk_says,cflags)
EMF_LDFLAGS := $(call emf_sdk_says,ldflags)
EMF_SO_LDFLAGS := $(call emf_sdk_says,so_ldflags)
EMF_LIBS := $(call emf_sdk_says,libraries)
EMF_BPF_ARCH := $(call emf_sdk_says,bpf_arch)
EMF_BPF_INCLUDES := $(call emf_sdk_says,bpf_includes)
EMF_EXTENSIONDIR := $(call emf_sdk_says,extensiondir)
EMF_ISOLATEDDIR := $(call emf_sdk_says,isolateddir)
EMF_SYSCONFDIR := $(call emf_sdk_says,sysconfdir)
EMF_LOCALSTATEDIR := $(call emf_sdk_says,localstatedir)
EMF_MODULE_TESTS ?= yes
EMF_WITH_EXTENSIONS ?= $(if $(filter static,$(EMF_PROFILE)),none,all)

CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool /usr/local/sbin/bpftool) bpftool)
# The first one on the path may be one without the distribution's jinja2.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
LLVM_OBJCOPY ?= $(firstword $(wildcard /usr/bin/llvm-objcopy /usr/bin/llvm-objcopy-*))
CFLAGS ?= -g -O2
DEFS ?= -D_GNU_SOURCE
MKDIR_P ?= mkdir -p
INSTALL_PROGRAM ?= install
INSTALL_DATA ?= install -m 644

prefix ?= /usr/local
bindir ?= $(prefix)/bin
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
srcdir = .
abs_builddir = $(CURDIR)

all: emf-all
check: emf-check
install: emf-install
uninstall: emf-uninstall
clean: emf-clean
.PHONY: all check install uninstall clean

include $(EMF_SDK)/emf.mk
