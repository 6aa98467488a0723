# Zones: Solaris Zones for Linux.
#
#   make                 build build/zone, build/zrun, build/zone-init and build/zone-procview
#   make demo            the main job, end to end: create, boot, fetch a page, look, halt, delete   (root)
#   make check           install what the tests need, build, lint, run every test                   (root)
#   make unit [T=word]   unit tests only, no privileges
#   make engines [T=word]  real callers of zrun from Debian: Podman, buildah, containerd, Docker, Swarm (root)
#   make conformance     the cases of the OCI runtime-tools validation suite, part of the bats tests     (root)
#   make integration [T=word]  the bats tests only (root)
#   make lint            layers, sizes, headers, format, clang-tidy, gcc -fanalyzer, cppcheck, shellcheck; LINT_DEEP=1: clang's analyzer too
#   make format          clang-format every source
#   make fuzz [FUZZ_TIME=60]     libFuzzer on everything that reads what others wrote (tests/fuzz/*_fuzz.c), that many seconds each; make fuzz-oci, fuzz-archive, ...: one of them
#   make bench           start and stop times beside crun, runc and LXC (root)
#   make sbom            bill of materials of the build, CycloneDX JSON: build/zones.cdx.json
#   make coverage        line and branch coverage of the unit tests
#   make install [DESTDIR=] [PREFIX=/usr/local]   programs, man pages, completion, service units
#   make uninstall       take them away again
#   make deps            install the Debian packages that the build needs (root)
#   make clean · make help
#
# Flavours live in folders of their own and never mix: SAN=1 (ASan+UBSan, build/san), COV=1 (gcov, build/cov),
# FAULTS=1 (numbered fault points, build/faults). build/weak/zrun and build/weak/zone are for the attack suite alone: each takes one protection out (tests/attacks/weak.c). WERROR=1 makes warnings errors. CFLAGS and LDFLAGS are yours.
# LAUNCHER= links zrun as any other program, without the fast start of runtime/launcher.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
MANDIR     ?= $(PREFIX)/share/man
LIBEXECDIR ?= $(PREFIX)/lib/zones
UNITDIR    ?= $(PREFIX)/lib/systemd/system
VERSION    := 0.1.0
CC         ?= gcc
CFLAGS     ?= -O2 -g

FLAVOUR := release
B := build
ifdef SAN
FLAVOUR := san
B := build/san
flavour_flags := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -DZONES_SAN
endif
ifdef COV
FLAVOUR := cov
B := build/cov
flavour_flags := --coverage -O0 -DZONES_COVERAGE
endif
ifdef FAULTS
FLAVOUR := faults
B := build/faults
flavour_flags := -DZONES_FAULTS
endif

# zrun's first code is ours where the launcher knows the architecture and the C library is glibc
LAUNCHER ?= $(if $(filter release,$(FLAVOUR)),$(filter x86_64-linux-gnu x86_64-%-linux-gnu x86_64-%-linux aarch64-linux-gnu aarch64-%-linux-gnu aarch64-%-linux,$(shell $(CC) -dumpmachine)))
NM ?= nm
READELF ?= readelf
OBJCOPY ?= objcopy

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := all

# --- dependencies: one clear sentence instead of a compiler error -------------------------------------------------
PKGS := libseccomp libcap libmnl yajl libnftnl libarchive libcrypto
goals := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out help clean deps demo check uninstall format,$(goals)),)
ifeq ($(shell command -v pkg-config),)
$(error pkg-config is missing: run "sudo make deps")
endif
missing := $(strip $(foreach p,$(PKGS),$(shell pkg-config --exists $(p) || echo $(p))))
ifneq ($(missing),)
$(error these libraries are missing: $(missing) - on Debian run "sudo make deps")
endif
pkg_cflags := $(shell pkg-config --cflags $(PKGS))
pkg_libs := $(shell pkg-config --libs $(filter-out libarchive libcrypto,$(PKGS)))
# the programs load libarchive when they open an archive (runtime/zone/libarchive.h) and libcrypto when they open an image (libcrypto.h); tests also write some
test_libs := $(shell pkg-config --libs libarchive)
endif

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla -Wformat=2 \
	-Wundef -Wpointer-arith -Wwrite-strings -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference
ifdef WERROR
warnings += -Werror
endif
hardening := -fPIE -fstack-protector-strong -fstack-clash-protection
ifeq ($(filter -O0,$(flavour_flags)),)
ifndef SAN
hardening += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
endif
ifeq ($(shell uname -m),x86_64)
hardening += -fcf-protection
endif
our_cflags := -std=c17 -D_GNU_SOURCE -I. -I$(B) $(warnings) $(hardening) $(flavour_flags) $(pkg_cflags) -MMD -MP \
	-DZONES_VERSION='"$(VERSION)"' -DZONES_LIBEXECDIR='"$(LIBEXECDIR)"' -DZONES_SYSCONFDIR='"$(SYSCONFDIR)"'
our_ldflags := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(flavour_flags)

# --- sources are found, never listed ------------------------------------------------------------------------------
, := ,
lib_dirs := runtime/base runtime/view config isolation cgroups net runtime/engine runtime/zone runtime/monitor
lib_src  := $(sort $(wildcard $(addsuffix /*.c,$(lib_dirs))))
zone_src := $(sort $(wildcard runtime/zone_cmd/*.c))
zrun_src := $(sort $(wildcard runtime/zrun_cmd/*.c))
unit_src := $(sort $(shell find tests/unit -name '*_test.c' 2>/dev/null))
obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
unit_bin := $(patsubst tests/unit/%.c,$(B)/unit/%,$(unit_src))

programs := $(if $(zone_src),$(B)/zone) $(if $(zrun_src),$(B)/zrun) $(if $(wildcard runtime/zone_init/*.c),$(B)/zone-init $(B)/zone-procview)
all: $(programs)

COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
$(B)/obj/runtime/zrun_cmd/main.o: our_cflags += $(if $(COMMIT),-DZONES_COMMIT='"$(COMMIT)"')

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(our_cflags) $(CFLAGS) -c $< -o $@

$(B)/libzones.a: $(call obj,$(lib_src))
	@rm -f $@
	@$(AR) rcs $@ $^

$(B)/zone: $(call obj,$(zone_src)) $(B)/libzones.a
	$(CC) $(our_ldflags) $(LDFLAGS) -o $@ $^ $(pkg_libs)
$(B)/zrun: $(call obj,$(zrun_src)) $(if $(LAUNCHER),$(call obj,runtime/launcher/launcher.c)) $(B)/libzones.a
	$(CC) $(our_ldflags) $(LDFLAGS) $(if $(LAUNCHER),-Wl$(,)--no-dynamic-linker -Wl$(,)-e$(,)launcher_start) -o $@ $^ $(pkg_libs)

# The launcher runs before the dynamic loader, which it loads itself: which one that is, an ordinary program knows. It may call nothing and hold no pointers (runtime/launcher/launcher.c).
launcher_cflags := -O2 -ffreestanding -fno-stack-protector -fno-lto -U_FORTIFY_SOURCE
$(B)/launcher/loader:
	@mkdir -p $(@D)
	@echo 'int main(void) { return 0; }' > $@.c
	@$(CC) $(our_ldflags) $(LDFLAGS) -o $@.probe $@.c
	@$(OBJCOPY) -O binary -j .interp $@.probe $@.name && tr -d '\0' < $@.name > $@
	@[ -s $@ ] || { echo "programs that $(CC) links have no dynamic loader: build with LAUNCHER=" >&2; exit 1; }
$(call obj,runtime/launcher/launcher.c): runtime/launcher/launcher.c $(B)/launcher/loader
	@mkdir -p $(@D)
	$(CC) $(our_cflags) $(CFLAGS) $(launcher_cflags) -DZONES_LOADER="\"$$(cat $(B)/launcher/loader)\"" -c $< -o $@
	@! { $(NM) -u $@ | grep -vw -e _start -e __ehdr_start; $(READELF) -rW $@ | grep -e GOT -e "'.rela.data"; } || \
		{ echo "$@: needs what is not there yet when it runs (above)" >&2; exit 1; }

# zone-init is pid 1 inside native zones, zone-procview serves a zone's own /proc/meminfo: static, small, without our library and without sanitizers (one
# runs in a foreign root, the other behind a filter of a dozen system calls).
small_cc = $(CC) -std=c17 -D_GNU_SOURCE -I. $(warnings) -Os -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -fPIE -fstack-protector-strong \
	-fstack-clash-protection $(filter -fcf-protection,$(hardening)) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -static-pie -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack -s
$(B)/zone-init: $(wildcard runtime/zone_init/*.c runtime/zone_init/*.h)
	@mkdir -p $(@D)
	$(small_cc) -o $@ $(filter %.c,$^)
$(B)/zone-procview: $(wildcard runtime/procview/*.c runtime/procview/*.h runtime/view/*.c runtime/view/*.h)
	@mkdir -p $(@D)
	$(small_cc) -o $@ $(filter %.c,$^)

$(B)/unit/%: $(B)/obj/tests/unit/%.o $(B)/libzones.a
	@mkdir -p $(@D)
	$(CC) $(our_ldflags) $(LDFLAGS) -o $@ $^ $(pkg_libs) $(test_libs)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# The release's programs without one protection at a time, for the attack suite alone (tests/attacks/weak.c); nothing installs them.
weak := $(if $(filter release,$(FLAVOUR)),$(if $(wildcard tests/attacks/weak.c),$(B)/weak/zrun $(B)/weak/zone))
weak_wraps = $(addprefix -Wl$(,)--wrap=,$(shell sed -n 's/^WRAP.[^$(,)]*, \([a-z0-9_]*\),.*/\1/p' $(filter tests/attacks/%,$(patsubst $(B)/obj/%.o,%.c,$^))))
$(B)/weak/zrun: $(call obj,tests/attacks/weak.c $(zrun_src)) $(B)/libzones.a
$(B)/weak/zone: $(call obj,tests/attacks/weak.c tests/attacks/weak_zone.c $(zone_src)) $(B)/libzones.a
$(weak):
	@mkdir -p $(@D)
	$(CC) $(our_ldflags) $(LDFLAGS) $(weak_wraps) -o $@ $^ $(pkg_libs)

unit-build: $(unit_bin) $(weak)
unit: $(unit_bin)
	@tests/run-unit $(B) $(T)

# --- generated documents ------------------------------------------------------------------------------------------
$(B)/zone.json.5: config/zone.json.5.in $(B)/zone
	@$(B)/zone help properties --man > $(B)/properties.man
	@sed -e '/@PROPERTIES@/{r $(B)/properties.man' -e 'd;}' config/zone.json.5.in > $@
$(B)/zone.schema.json: $(B)/zone
	@$(B)/zone schema > $@
docs: $(B)/zone.json.5 $(B)/zone.schema.json

sbom: all
	@CC="$(CC)" dist/sbom $(B) > $(B)/zones.cdx.json
	@echo $(B)/zones.cdx.json

# --- tests --------------------------------------------------------------------------------------------------------
deps:
	@tests/deps build
deps-test:
	@tests/deps test
integration: all $(weak)
	@tests/run-bats $(B) $(T)
FUZZ_TIME ?= 60
# clang only; what it finds is written to build/fuzz, a fixed finding moves into the corpus and is replayed by the unit tests
fuzz_flags := -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined
fuzz_cc = clang -std=c17 -D_GNU_SOURCE -I. -I$(B) $(pkg_cflags) $(filter -DZONES%,$(our_cflags)) $(fuzz_flags)
fuzz_names := $(patsubst tests/fuzz/%_fuzz.c,%,$(wildcard tests/fuzz/*_fuzz.c))
$(B)/fuzz/obj/%.o: %.c
	@mkdir -p $(@D)
	$(fuzz_cc) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@
$(B)/fuzz/libzones.a: $(patsubst %.c,$(B)/fuzz/obj/%.o,$(lib_src))
	@rm -f $@
	@$(AR) rcs $@ $^
$(B)/fuzz/%_fuzz: tests/fuzz/%_fuzz.c $(B)/fuzz/libzones.a
	@mkdir -p $(B)/fuzz/new/$*
	$(fuzz_cc) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ $< $(B)/fuzz/libzones.a $(pkg_libs)
-include $(shell find $(B)/fuzz -name '*.d' 2>/dev/null)
fuzz: $(addprefix fuzz-,$(fuzz_names))
fuzz-build: $(patsubst %,$(B)/fuzz/%_fuzz,$(fuzz_names))
$(addprefix fuzz-,$(fuzz_names)): fuzz-%: $(B)/fuzz/%_fuzz
	$< -max_total_time=$(FUZZ_TIME) -max_len=16384 $(if $(filter seccomp,$*),-fork=1 -ignore_timeouts=1) -timeout=20 -rss_limit_mb=1024 -malloc_limit_mb=5000 -artifact_prefix=$(B)/fuzz/ $(B)/fuzz/new/$* tests/fuzz/corpus/$*
conformance: all
	@tests/run-bats $(B) tests/conformance
lint:
	@tests/lint/run
demo:
	@tests/deps build
	@$(MAKE) --no-print-directory all
	@tests/demo $(B)
check:
	@tests/deps test
	@tests/run-check
engines: all
	@tests/run-engines $(B) $(T)
bench: all
	@tests/bench/run $(B)
coverage:
	@$(MAKE) --no-print-directory COV=1 unit
	@tests/coverage build/cov

# --- install ------------------------------------------------------------------------------------------------------
D := $(DESTDIR)
install: all docs
	install -d $(D)$(PREFIX)/sbin $(D)$(LIBEXECDIR) $(D)$(MANDIR)/man5 $(D)$(MANDIR)/man8 \
		$(D)$(PREFIX)/share/bash-completion/completions $(D)$(PREFIX)/share/zones $(D)$(UNITDIR)
	install -m 755 $(B)/zone $(D)$(PREFIX)/sbin/zone
	install -m 755 $(B)/zrun $(D)$(PREFIX)/sbin/zrun
	install -m 755 $(B)/zone-init $(D)$(LIBEXECDIR)/zone-init
	install -m 755 $(B)/zone-procview $(D)$(LIBEXECDIR)/zone-procview
	install -m 644 runtime/zone_cmd/zone.8 $(D)$(MANDIR)/man8/zone.8
	install -m 644 runtime/zrun_cmd/zrun.8 $(D)$(MANDIR)/man8/zrun.8
	install -m 644 $(B)/zone.json.5 $(D)$(MANDIR)/man5/zone.json.5
	install -m 644 $(B)/zone.schema.json $(D)$(PREFIX)/share/zones/zone.schema.json
	install -m 644 dist/completion/zone.bash $(D)$(PREFIX)/share/bash-completion/completions/zone
	install -m 644 dist/completion/zrun.bash $(D)$(PREFIX)/share/bash-completion/completions/zrun
	sed 's|@SBINDIR@|$(PREFIX)/sbin|' dist/zones.service.in > $(D)$(UNITDIR)/zones.service
	sed 's|@SBINDIR@|$(PREFIX)/sbin|' dist/zones-admin.service.in > $(D)$(UNITDIR)/zones-admin.service
	install -m 644 dist/zones-admin.socket $(D)$(UNITDIR)/zones-admin.socket
uninstall:
	rm -f $(D)$(PREFIX)/sbin/zone $(D)$(PREFIX)/sbin/zrun $(D)$(LIBEXECDIR)/zone-init $(D)$(LIBEXECDIR)/zone-procview $(D)$(MANDIR)/man8/zone.8 $(D)$(MANDIR)/man8/zrun.8 \
		$(D)$(MANDIR)/man5/zone.json.5 $(D)$(PREFIX)/share/zones/zone.schema.json \
		$(D)$(PREFIX)/share/bash-completion/completions/zone $(D)$(PREFIX)/share/bash-completion/completions/zrun \
		$(D)$(UNITDIR)/zones.service $(D)$(UNITDIR)/zones-admin.service $(D)$(UNITDIR)/zones-admin.socket
	-rmdir $(D)$(LIBEXECDIR) $(D)$(PREFIX)/share/zones

help:
	@sed -n '/^#   make /s/^#   //p' Makefile
clean:
	rm -rf build
format:
	clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

.PHONY: all unit unit-build docs sbom deps deps-test integration conformance engines lint demo check bench fuzz fuzz-build $(addprefix fuzz-,$(fuzz_names)) coverage install uninstall help clean format
