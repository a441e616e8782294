# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# tests/tools.mk - what looks for mistakes beside the tests. Included by the Makefile.

# --- fuzz: what reads untrusted bytes, under libFuzzer, which comes with clang ------------

# make fuzz [T="NAME..."] [FUZZ_SECONDS=3600]. Each is tests/fuzz/fuzz_NAME.c, which says what its input is, and begins with tests/fuzz/corpus/NAME;
# make check replays it. What is found is left in obj/fuzz: it belongs into the corpus.
fuzz_targets = acl btf cache capture config eunomia events extension filter json map package peer record ring symbols
FUZZ_SECONDS = 60
# Where inputs that reach something new are kept for the next time; and further options of libFuzzer.
FUZZ_FOUND = obj/fuzz/found
FUZZ_OPTIONS =

fuzz_cflags = -std=gnu17 -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
# All of the core tells the fuzzer where it goes, so that no target has a list of what it is about.
fuzz_sources = $(filter-out core/main.c,$(filter %.c,$(libemf_core_a_SOURCES))) $(nodist_libemf_core_a_SOURCES)
obj/fuzz/%.o: %.c
	$(emf_v_cc)$(MKDIR_P) $(@D) && $(CLANG) $(fuzz_cflags) -fsanitize=fuzzer-no-link $(DEFS) $(unit_cppflags) -I$(srcdir)/tests/fuzz $(CPPFLAGS) -MMD -MP -c -o $@ $<
obj/fuzz/core.a: $(fuzz_sources:%.c=obj/fuzz/%.o)
	$(AM_V_AR)rm -f $@ && $(AR) crD $@ $^
$(fuzz_targets:%=obj/fuzz/fuzz_%): obj/fuzz/fuzz_%: obj/fuzz/tests/fuzz/fuzz_%.o obj/fuzz/core.a
	$(AM_V_CCLD)$(CLANG) $(fuzz_cflags) -fsanitize=fuzzer -o $@ $^ $(EMF_LIBS) -lpthread
-include $(wildcard obj/fuzz/*/*.d obj/fuzz/tests/fuzz/*.d)
.PRECIOUS: obj/fuzz/tests/fuzz/%.o

fuzz_wanted = $(or $(T:fuzz_%=%),$(fuzz_targets))
fuzz-programs: obj/modules.mk
	@case '$(FUZZ_SECONDS)' in 0* | '' | *[!0-9]*) echo 'FUZZ_SECONDS=$(FUZZ_SECONDS): a number of seconds from 1 on is wanted' >&2; exit 2;; esac
	$(if $(filter-out $(fuzz_targets),$(fuzz_wanted)),@echo 'there is no fuzz target $(filter-out $(fuzz_targets),$(fuzz_wanted)); T is of: $(fuzz_targets)' >&2; exit 2)
	@$(MAKE) $(AM_MAKEFLAGS) $(fuzz_wanted:%=obj/fuzz/fuzz_%)
fuzz: fuzz-programs
	@for t in $(fuzz_wanted); do \
		echo "fuzz_$$t: $(FUZZ_SECONDS) seconds" && $(MKDIR_P) $(FUZZ_FOUND)/$$t && \
		obj/fuzz/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -max_len=70000 -timeout=10 -print_final_stats=1 -verbosity=0 $(FUZZ_OPTIONS) \
			-artifact_prefix=obj/fuzz/$$t- $(FUZZ_FOUND)/$$t $(srcdir)/tests/fuzz/corpus/$$t || exit 1; \
	done
.PHONY: fuzz fuzz-programs

# --- analyze: what the compilers do not warn of -------------------------------------------

# make analyze [ANALYZERS="gcc clang-tidy cppcheck"]; what is known to be no mistake is in tests/analyze.
ANALYZERS =
analyze: all
	@$(AM_TESTS_ENVIRONMENT) EMF_CC='$(CC)' EMF_CORE_FLAGS="$$(printf '%s' '$(subst ','\'',$(DEFS) $(unit_cppflags) $(CPPFLAGS))')" \
		EMF_MODULE_FLAGS="$$(printf '%s' '$(subst ','\'',$(DEFS) $(emf_cppflags) $(CPPFLAGS))')" EMF_MODULES='$(patsubst obj/%.o,%,$(EMF_OBJS))' \
		$(PYTHON) $(srcdir)/tests/analyze/analyze.py $(ANALYZERS)
.PHONY: analyze

# --- valgrind: the unit tests, byte by byte -----------------------------------------------

# Each test is a process of its own; one that valgrind has something to say of ends with 99, which Check tells. make -k -j2 valgrind
valgrind_command = CK_TAP_LOG_FILE_NAME=- CK_FORK=yes CK_TIMEOUT_MULTIPLIER=30 EMF_FUZZ_COUNT=300 EMF_SRCDIR='$(abs_srcdir)' \
	valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite --suppressions=$(srcdir)/tests/valgrind.supp
valgrind: $(unit_tests:tests/unit/%=valgrind-%)
	$(if $(unit_tests),@:,@echo 'there are no unit tests to look at: they need Check (Debian: check); then run configure again' >&2; exit 77)
$(unit_tests:tests/unit/%=valgrind-%): valgrind-%: tests/unit/%
	@$(valgrind_command) ./$< >obj/$@.log 2>&1 && echo 'ok $<' || { cat obj/$@.log; echo 'not ok $<'; exit 1; }
.PHONY: valgrind $(unit_tests:tests/unit/%=valgrind-%)

# --- coverage: which lines of the core the tests run ---------------------------------------

# make coverage [COVERAGE_TESTS="tests/kernel/test_x.py ..."], as root. One test looks at instructions, which counting adds to.
COVERAGE_TESTS = $(filter-out tests/build/test_bus_path.py,$(filter tests/kernel/% tests/build/test_bus%,$(script_tests)))
coverage: all
	@$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/tests/coverage.py $(unit_tests) $(fuzz_tests) $(COVERAGE_TESTS)
.PHONY: coverage

# --- two lines of tests, beside each other with make -j2 check ------------------------------

# What has the kernel for itself, and what builds and generates: each waits for the one before it, of those that are run at all.
# All of both are in a line, since make would give each processor that gets free to what has nothing to wait for.
# Guests, which have kernels of their own, are the last of the first line: they take what the tests of the kernel have built. Beside them,
# with what processors have left, guests are so slow that a service does not answer in time.
emf_line = $(if $(word 2,$(1)),$(eval $(word 2,$(1)): | $(firstword $(1)))$(call emf_line,$(wordlist 2,$(words $(1)),$(1))))
line_logs = $(filter $(line_tests:.py=.log),$(TEST_LOGS))
$(call emf_line,$(line_logs))
$(call emf_line,$(filter-out $(line_logs),$(TEST_LOGS)))
