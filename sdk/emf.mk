# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# emf.mk - how a product is made of the modules in modules/, dynamic/ and bus-idl/: in
# EMF's own tree, and in a product outside of it, where EMF_SDK names the installed SDK.
#
# Who includes it has set, by configure or by plain.mk: EMF_PRODUCT, EMF_CORE (the
# archive of the core), EMF_INCLUDE (the folder of emf.h), EMF_VERSION, EMF_PROFILE,
# EMF_CFLAGS, EMF_LDFLAGS, EMF_SO_LDFLAGS, EMF_BPF_ARCH, EMF_BPF_INCLUDES, EMF_LIBS, the
# programs, and the folders that everything is installed to. It may set
# EMF_WITH_MODULES, EMF_WITH_EMF_MODULES, EMF_WITH_EXTENSIONS, EMF_MODULE_TESTS,
# EMF_VMLINUX_H, EMF_PKG_CONFIG and EMF_BTFHUB.
#
# Targets: emf-all, emf-install, emf-uninstall, emf-clean, emf-check, extensions, pages.
# What depends on the modules that are there is in obj/modules.mk, which emfgen writes
# and make itself keeps up to date.

# What make, or a folder of the source, is called: _PRODUCT_TAKEN in gen/emfgenlib/new.py, EMF_OPTIONS in emf.m4.
emf_taken = all analyze bench bus-idl check clean compare coverage cross-test deb debian dist docs dynamic extensions fuzz help include install modules obj packages pages rpm sdk-test soak static-test tests uninstall valgrind \
	emf-all emf-check emf-clean emf-force emf-install emf-uninstall
$(if $(filter $(emf_taken) check-% dist% fuzz-% install-% maintainer% mostly% valgrind-%,$(EMF_PRODUCT)),$(error a product cannot be called $(EMF_PRODUCT): make, or a folder, is))

ifeq ($(EMF_SDK),)
emf_sdk = $(srcdir)
emf_maps = -ffile-prefix-map=$(srcdir)/= -ffile-prefix-map=$(abs_builddir)=.
else
# The SDK has this name in every product, so that nothing that is made depends on where
# it is. With another one, or another version, everything is made anew.
emf_sdk = obj/emf
emf_header_map = -ffile-prefix-map=$(EMF_INCLUDE)/emf=emf
emf_maps = -ffile-prefix-map=$(srcdir)/= -ffile-prefix-map=$(abs_builddir)=. $(emf_header_map)
emf_sdk_is := $(realpath $(EMF_SDK)) $(file <$(EMF_SDK)/version)
ifneq ($(realpath obj/emf) $(file <obj/emf-version),$(emf_sdk_is))
$(if $(wildcard obj/.),$(if $(wildcard obj/emf-version),,$(error obj/ is here and was not made by this build: move it away)))
$(shell rm -rf obj && mkdir obj && ln -s '$(EMF_SDK)' obj/emf && cp '$(EMF_SDK)/version' obj/emf-version)
endif
endif

EMF_PKG_CONFIG ?= pkg-config

# --- how it is told -----------------------------------------------------------------

emf_v = $(if $(filter 0,$(or $(V),$(AM_DEFAULT_VERBOSITY),0)),@echo "  $(1)" $@;)
emf_v_bpf = $(call emf_v,BPF     )
emf_v_skel = $(call emf_v,SKEL    )
emf_v_cc = $(call emf_v,CC      )
emf_v_ccld = $(call emf_v,CCLD    )
emf_v_so = $(call emf_v,SO      )
emf_v_gen = $(call emf_v,GEN     )

# --- compilers ----------------------------------------------------------------------

ifeq ($(EMF_PROFILE),static)
# A warning of the linker is about glibc's NSS or dlopen here, and those do not
# work in a static binary.
emf_profile_cflags = -DEMF_FULLY_STATIC
emf_profile_ldflags = -static -Wl,--fatal-warnings
emf_product_ldflags =
EMF_PKG_CONFIG_STATIC = --static
else
emf_profile_cflags = -fPIE
emf_profile_ldflags = -pie
# Extensions see the public functions of include/emf, those of libbpf that user parts call, and nothing else.
emf_product_ldflags = -Wl,--dynamic-list=$(emf_sdk)/core/exports.map
endif

emf_cppflags = -I$(EMF_INCLUDE) -Iobj
emf_cflags = -std=gnu17 $(EMF_CFLAGS) $(emf_profile_cflags) $(emf_maps)
emf_ldflags = $(EMF_LDFLAGS) $(emf_profile_ldflags)
emf_compile = $(CC) $(DEFS) $(emf_cppflags) $(CPPFLAGS) $(emf_cflags) $(CFLAGS) -MMD -MP -MF $@.d -MT $@
emf_link_product = $(CC) $(emf_cflags) $(CFLAGS) $(emf_ldflags) $(emf_product_ldflags) $(LDFLAGS)
# The core registers itself: without this its objects would be left out.
emf_whole_core = -Wl,--whole-archive $(EMF_CORE) -Wl,--no-whole-archive
# DWARF is only on its way to BTF here, and version 4 is written faster than 5.
emf_bpf_compile = $(CLANG) -target bpf -mcpu=v3 -std=gnu17 -g -gdwarf-4 -O2 \
	-Wall -Wextra -Wno-unused-parameter -Wno-missing-declarations -Wno-missing-field-initializers $(EMF_BPF_CFLAGS) \
	-D__TARGET_ARCH_$(EMF_BPF_ARCH) -ffile-compilation-dir=. $(emf_header_map) $(emf_cppflags) $(EMF_BPF_INCLUDES) $(BPF_CPPFLAGS)
emf_bpf_depend = -MMD -MP -MF $@.d -MT $@
# Linking a single object with bpftool drops its DWARF and keeps its BTF.
emf_bpf_link = $(BPFTOOL) gen object $@.tmp $@.tmp.o && rm -f $@.tmp.o $(emf_bpf_strip) && mv $@.tmp $@
# Labels of basic blocks, which nobody asks for and each load reads.
emf_bpf_strip = $(if $(LLVM_OBJCOPY),&& $(LLVM_OBJCOPY) --wildcard --strip-symbol 'LBB*' $@.tmp)
# An object that is broken is newer than its source, and would stay broken.
# The bytes of the object are in the product as gzip makes them; a program that opens the skeleton by itself defines EMF_SKELETON_BYTES.
emf_skeleton_bytes = /__elf_bytes(size_t \*sz)$$/ { \
	s/.*/\#ifndef EMF_SKELETON_BYTES\n&\n{\n\t*sz = 0;\n\treturn NULL;\n}\n\#else\n&/; :to_its_end; n; /^}$$/!b to_its_end; s/$$/\n\#endif/; }
emf_skeleton = { $(BPFTOOL) gen skeleton obj/$(1).bpf.o name $(1)_bpf >$@.tmp && \
	sed -i '$(emf_skeleton_bytes)' $@.tmp && mv $@.tmp $@; } || \
	{ rm -f $@.tmp obj/$(1).bpf.o; echo 'obj/$(1).bpf.o is removed, since it is of no use: run make again' >&2; exit 1; }

# Those of modules are made by emfgen objects.
obj/%_entry.bpf.o.gz: obj/%_entry.bpf.o
	$(emf_v_gen)gzip -9nc $< >$@.tmp && mv $@.tmp $@

# Start files would bring constructors, which run outside of the life of a module.
emf_link_extension = $(CC) $(filter-out -fPIE,$(emf_cflags)) $(CFLAGS) $(EMF_LDFLAGS) $(LDFLAGS) -shared -nostartfiles \
	-Wl,--version-script=$(emf_sdk)/core/extension.map -Wl,--as-needed -o $@

# --- what the generator makes ----------------------------------------------------------

emf_gen_sources = $(wildcard $(emf_sdk)/gen/emfgen $(emf_sdk)/gen/emfgenlib/*.py $(emf_sdk)/gen/templates/*.j2)
# Of the SDK: what is shared, and the modules that were chosen.
emf_comma = ,
emf_chosen = $(foreach m,$(subst $(emf_comma), ,$(EMF_WITH_EMF_MODULES)),$(emf_sdk)/modules/$m)
emf_of_sdk = $(if $(EMF_SDK),$(emf_sdk)/bus-idl/*.emf $(foreach m,$(emf_chosen),$m.c $m.bpf.c $m.test.c $m.emf))
# What is there and can be a prerequisite: of a name with a blank there are two words,
# and a link may lead nowhere. The generator says so, if it is run.
emf_module_names = $(wildcard modules/*.c modules/*.emf dynamic/*.c dynamic/*.emf bus-idl/*.emf $(emf_of_sdk))
emf_module_sources = $(foreach f,$(emf_module_names),$(if $(realpath $f),$f))
# Without its compiled files the generator takes three times as long.
emfgen = env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=obj/.pycache $(PYTHON) $(emf_sdk)/gen/emfgen
emf_what = --product '$(EMF_PRODUCT)' --only '$(EMF_WITH_MODULES)' --extensions '$(EMF_WITH_EXTENSIONS)' --of-emf '$(EMF_WITH_EMF_MODULES)'

# Recipes of modules.mk name their inputs, and bring the flags.
include obj/modules.mk
-include $(wildcard obj/*.d)

# EMF_SEEN is what modules.mk was made from, EMF_MADE what was made with it: a file
# that came or went remakes it as surely as one that changed.
obj/modules.mk: Makefile $(emf_gen_sources) $(emf_module_sources) \
		$(if $(filter-out $(EMF_SEEN),$(emf_module_names))$(filter-out $(emf_module_names),$(EMF_SEEN)),emf-force) \
		$(if $(filter-out $(wildcard $(EMF_MADE)),$(EMF_MADE)),emf-force)
	$(emf_v_gen)$(MKDIR_P) obj && $(emfgen) build $(emf_what)
emf-force:
.PHONY: emf-force

obj/vmlinux.h: $(EMF_VMLINUX_H)
	$(emf_v_gen)if test -n '$(EMF_VMLINUX_H)'; then cp '$(EMF_VMLINUX_H)' $@.tmp; \
	elif test -r /sys/kernel/btf/vmlinux; then $(BPFTOOL) btf dump file /sys/kernel/btf/vmlinux format c >$@.tmp; \
	else echo "a module includes vmlinux.h, and the running kernel has no BTF to make one from: configure with --with-vmlinux-h=PATH" >&2; exit 1; fi && mv $@.tmp $@
obj/vmlinux.h.pch: obj/vmlinux.h
	$(emf_v_gen)$(emf_bpf_compile) -x c-header -o $@ obj/vmlinux.h

# --- types of kernels that have no BTF ----------------------------------------------------

# Names with a hyphen: no module has such a one. What came to the folder, or went, emfgen sees itself: it is asked each
# time, and writes what changed.
ifneq ($(EMF_BTFHUB),)
emf_hub = obj/btf-hub.o
emf_hub_objects = $(filter %.bpf.o.gz,$(EMF_MAPS)) $(EMF_ENTRIES)
obj/btf-hub.o: $(emf_sdk)/core/btf_hub.c obj/btf-hub.gz
	$(emf_v_cc)$(emf_compile) -I$(emf_sdk)/core -c -o $@ $<
obj/btf-hub.gz: obj/btf-reduce $(emf_hub_objects) emf-force
	@$(emfgen) btfhub --arch '$(EMF_BPF_ARCH)' --reduce obj/btf-reduce --out $@ '$(EMF_BTFHUB)' $(emf_hub_objects)
obj/btf-reduce.o: $(emf_sdk)/core/btf_reduce_main.c obj/modules.mk
	$(emf_v_cc)$(emf_compile) -I$(emf_sdk)/core -c -o $@ $<
obj/btf-reduce: obj/btf-reduce.o $(EMF_CORE)
	$(emf_v_ccld)$(CC) $(emf_cflags) $(CFLAGS) $(emf_ldflags) $(LDFLAGS) -o $@ obj/btf-reduce.o $(EMF_CORE) $(EMF_LIBS) $(LIBS)
endif

# --- the product and its extensions ------------------------------------------------------

$(EMF_PRODUCT): $(emf_hub) $(EMF_CORE)
	$(emf_v_ccld)$(emf_link_product) -o $@ $(EMF_OBJS) $(emf_hub) $(emf_whole_core) $(EMF_MODULE_LIBS) $(EMF_LIBS) $(LIBS)

# One that needs a library which is not there is left out, and said so.
emf_left_out = $(filter-out $(EMF_EXTENSIONS),$(EMF_ALL_EXTENSIONS))
extensions: $(EMF_EXTENSIONS)
	$(if $(emf_left_out),@echo 'left out for want of a library: $(emf_left_out:obj/%=%)')

# --- its pages, its units, its configuration, its completion ---------------------------------------------------

# A page for each module. They are made with the first build, and anew by make pages and make install: after each change of a
# module it would take as long as all the rest of the generator.
obj/pages.stamp: obj/modules.mk $(if $(EMF_MAPS),obj/objects.stamp) $(emf_gen_sources) $(wildcard $(emf_sdk)/docs/tools/*.md modules/*.md dynamic/*.md)
	$(emf_v_gen)$(emfgen) pages $(emf_what) --docs '$(emf_sdk)/docs/tools' && touch $@

# The manual is the product's own, as its configuration and its socket are. (A hyphen is a minus to those who copy it
# from the page.) Its folders are those that the core was built for.
emf_man = obj/$(EMF_PRODUCT).8
emf_man_word = $(subst -,\\-,$(1))
$(emf_man): $(emf_sdk)/packaging/man/emf.8.in Makefile obj/pages.stamp
	$(emf_v_gen)title=`echo '$(EMF_PRODUCT)' | tr a-z A-Z` && \
	sed -e "s|@TITLE@|$$title|g" -e 's|@VERSION@|$(EMF_VERSION)|g' \
		-e 's|@product@|$(call emf_man_word,$(EMF_PRODUCT))|g' \
		-e 's|@sysconfdir@|$(call emf_man_word,$(EMF_SYSCONFDIR))|g' \
		-e 's|@libdir@/emf|$(call emf_man_word,$(EMF_EXTENSIONDIR))|g' -e 's|@libexecdir@/emf|$(call emf_man_word,$(EMF_ISOLATEDDIR))|g' \
		-e 's|@localstatedir@|$(call emf_man_word,$(EMF_LOCALSTATEDIR))|g' \
		-e '/^@tools@$$/{r obj/pages/tools.man' -e 'd}' $< >$@.tmp && mv $@.tmp $@
pages: obj/pages.stamp $(emf_man)

emf_units = obj/$(EMF_PRODUCT).service obj/$(EMF_PRODUCT).socket
emf_fill_unit = sed -e 's|@product@|$(EMF_PRODUCT)|g' -e 's|@bindir@|$(bindir)|g' -e 's|@runstatedir@|/run|g' $(emf_sdk)/packaging/systemd/emf$(1).in
$(emf_units): obj/$(EMF_PRODUCT).%: $(emf_sdk)/packaging/systemd/emf.%.in Makefile
	$(emf_v_gen)$(MKDIR_P) obj && $(call emf_fill_unit,.$*) >$@.tmp && mv $@.tmp $@

# What an operator edits: never written over what is there.
emf_conf = obj/$(EMF_PRODUCT).conf
emf_acl = obj/$(EMF_PRODUCT)-acl.conf
emf_fill_conf = $(MKDIR_P) obj && sed -e 's|@product@|$(EMF_PRODUCT)|g' -e 's|@sysconfdir@|$(EMF_SYSCONFDIR)|g' \
	-e 's|@localstatedir@|$(EMF_LOCALSTATEDIR)|g' $< >$@.tmp && mv $@.tmp $@
$(emf_conf): $(emf_sdk)/packaging/conf/product.conf.in Makefile
	$(emf_v_gen)$(emf_fill_conf)
$(emf_acl): $(emf_sdk)/packaging/conf/acl.conf.in Makefile
	$(emf_v_gen)$(emf_fill_conf)

# bash knows, and the others ask it, where it is installed.
emf_completions = obj/$(EMF_PRODUCT).bash obj/$(EMF_PRODUCT).zsh obj/$(EMF_PRODUCT).fish
emf_fill_completion = sed -e 's|@product@|$(EMF_PRODUCT)|g' -e 's|@function@|$(subst -,_,$(EMF_PRODUCT))|g' \
	-e 's|@completiondir@|$(completiondir)|g' $(emf_sdk)/packaging/completion/emf$(1).in
$(emf_completions): obj/$(EMF_PRODUCT).%: $(emf_sdk)/packaging/completion/emf.%.in Makefile
	$(emf_v_gen)$(MKDIR_P) obj && $(call emf_fill_completion,.$*) >$@.tmp && mv $@.tmp $@

emf-all: $(EMF_PRODUCT) extensions $(emf_units) $(emf_conf) $(emf_acl) $(emf_completions) $(if $(and $(wildcard obj/pages.stamp),$(wildcard $(emf_man))),,pages)

# --- where it goes ---------------------------------------------------------------------------

unitdir = $(prefix)/lib/systemd/system
completiondir = $(datadir)/bash-completion/completions
zshdir = $(datadir)/zsh/site-functions
fishdir = $(datadir)/fish/vendor_completions.d

emf_install_conf = test -e $(2) || $(INSTALL_DATA) $(1) $(2)

emf-install: install-program install-own-data install-extensions

install-program: $(EMF_PRODUCT)
	$(MKDIR_P) '$(DESTDIR)$(bindir)'
	$(INSTALL_PROGRAM) $(EMF_PRODUCT) '$(DESTDIR)$(bindir)/$(EMF_PRODUCT)'

# (The units and completions anew: make install may be told another prefix.)
install-own-data: pages $(emf_completions) $(emf_conf) $(emf_acl)
	$(MKDIR_P) '$(DESTDIR)$(unitdir)' '$(DESTDIR)$(completiondir)' '$(DESTDIR)$(zshdir)' '$(DESTDIR)$(fishdir)' '$(DESTDIR)$(mandir)/man8' '$(DESTDIR)$(EMF_SYSCONFDIR)/emf/acl.d'
	for u in service socket; do $(call emf_fill_unit,.$$u) >obj/unit.tmp && $(INSTALL_DATA) obj/unit.tmp '$(DESTDIR)$(unitdir)/$(EMF_PRODUCT)'.$$u || exit 1; done
	$(call emf_install_conf,$(emf_conf),'$(DESTDIR)$(EMF_SYSCONFDIR)/emf/$(EMF_PRODUCT).conf')
	$(call emf_install_conf,$(emf_acl),'$(DESTDIR)$(EMF_SYSCONFDIR)/emf/acl.d/$(EMF_PRODUCT).conf')
	$(call emf_fill_completion,.bash) >obj/words.tmp && $(INSTALL_DATA) obj/words.tmp '$(DESTDIR)$(completiondir)/$(EMF_PRODUCT)'
	$(call emf_fill_completion,.zsh) >obj/words.tmp && $(INSTALL_DATA) obj/words.tmp '$(DESTDIR)$(zshdir)/_$(EMF_PRODUCT)'
	$(call emf_fill_completion,.fish) >obj/words.tmp && $(INSTALL_DATA) obj/words.tmp '$(DESTDIR)$(fishdir)/$(EMF_PRODUCT).fish'
	for f in $(emf_man) obj/pages/*.8; do test ! -f $$f || $(INSTALL_DATA) $$f '$(DESTDIR)$(mandir)/man8/' || exit 1; done

# Beside those of other products, for all of them.
install-extensions: $(EMF_EXTENSIONS)
	test -z '$(EMF_EXTENSIONS)' || $(MKDIR_P) '$(DESTDIR)$(EMF_EXTENSIONDIR)'
	for f in $(EMF_EXTENSIONS); do $(INSTALL_PROGRAM) $$f '$(DESTDIR)$(EMF_EXTENSIONDIR)/' || exit 1; done

# By their names: $(EMF_PRODUCT)-*.8 may be those of another product.
emf-uninstall: obj/pages.stamp
	for f in obj/pages/*.8; do rm -f '$(DESTDIR)$(mandir)/man8/'$${f##*/}; done
	for f in $(EMF_ALL_EXTENSIONS); do rm -f '$(DESTDIR)$(EMF_EXTENSIONDIR)'/$${f##*/}; done
	rm -f '$(DESTDIR)$(bindir)/$(EMF_PRODUCT)' '$(DESTDIR)$(mandir)/man8/$(EMF_PRODUCT).8' \
		'$(DESTDIR)$(unitdir)/$(EMF_PRODUCT).service' '$(DESTDIR)$(unitdir)/$(EMF_PRODUCT).socket' '$(DESTDIR)$(completiondir)/$(EMF_PRODUCT)' \
		'$(DESTDIR)$(zshdir)/_$(EMF_PRODUCT)' '$(DESTDIR)$(fishdir)/$(EMF_PRODUCT).fish'
	! cmp -s $(emf_conf) '$(DESTDIR)$(EMF_SYSCONFDIR)/emf/$(EMF_PRODUCT).conf' || rm -f '$(DESTDIR)$(EMF_SYSCONFDIR)/emf/$(EMF_PRODUCT).conf'
	! cmp -s $(emf_acl) '$(DESTDIR)$(EMF_SYSCONFDIR)/emf/acl.d/$(EMF_PRODUCT).conf' || rm -f '$(DESTDIR)$(EMF_SYSCONFDIR)/emf/acl.d/$(EMF_PRODUCT).conf'

emf-clean:
	rm -rf obj
	rm -f $(EMF_PRODUCT)

# --- what of it is tested ----------------------------------------------------------------------

# Descriptions, and what the product says of itself, need no privileges; the tests of its modules do.
emf_tested = $(patsubst obj/%.test.o,%,$(filter %.test.o,$(EMF_OBJS)))
emf_described = $(wildcard bus-idl/*.emf modules/*.emf dynamic/*.emf)
emf-check: emf-all
	@$(if $(emf_described),$(emfgen) check $(emf_described) && $(emfgen) fmt --check $(emf_described))
	./$(EMF_PRODUCT) --version
	./$(EMF_PRODUCT) list
	@$(if $(emf_tested),if test "`id -u`" != 0; then echo 'the tests of modules are left out: they need root'; \
	else for m in $(emf_tested); do ./$(EMF_PRODUCT) test $$m || exit 1; done; fi)

.PHONY: emf-all emf-install emf-uninstall emf-clean emf-check extensions install-extensions install-own-data install-program pages
