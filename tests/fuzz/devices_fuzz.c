#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cgroups/devices.h"
#include "runtime/base/mem.h"
#include "tests/unit/cgroups/device_program.h"

/* libFuzzer target (make fuzz-devices): any rules about devices. The eBPF program made of them, run by an interpreter, and the list for version 1 must answer every access as device_rules_allow() does,
 * which is the meaning in ten lines. Five bytes a rule: allow and access, type, major, minor; two times as many accesses are asked as there are rules, next to their numbers. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { RULE = 5, RULES_MAX = 200 };

/* Small numbers, "any", and some at the edges. */
static int64_t number_of(uint8_t byte)
{
	static const int64_t edges[] = { -1, 0, 255, 256, 4095, 1048575, 2147483647, 4294967295 };

	return byte < 8 ? edges[byte] : byte % 8;
}

static struct device_rules rules_of(const uint8_t *data, size_t n)
{
	struct device_rules r = { 0 };

	for (size_t i = 0; i + RULE <= n && r.n < RULES_MAX; i += RULE)
		*LIST_GROW(r.items, r.n) = (struct device_rule){
			.allow = data[i] & 1,
			.type = "abc"[data[i + 1] % 3],
			.major = number_of(data[i + 2]),
			.minor = number_of(data[i + 3]),
			.access = data[i + 4] % ACCESS_ALL + 1,
		};
	return r;
}

static void compare(const struct device_rules *r, const struct device_program *p,
		    const struct device_rules *flat, const bool *flat_allow, const uint8_t *at)
{
	int64_t major = number_of(at[2]), minor = number_of(at[3]);

	if (major < 0 || minor < 0)
		return;
	for (unsigned k = 0; k < 2 * ACCESS_ALL; k++) {
		char type = k % 2 ? 'b' : 'c';
		unsigned access = k / 2 + 1;
		bool want = device_rules_allow(r, type, major, minor, access);

		assert(device_program_run(p, type, (uint32_t)major, (uint32_t)minor, access) ==
		       (int)want);
		if (flat_allow)
			assert(device_list_allows(*flat_allow, flat, type, major, minor, access) ==
			       want);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	auto_done(device_rules) struct device_rules r = rules_of(data, n), flat = { 0 };
	auto_done(device_program) struct device_program p = { 0 };
	struct err e = { 0 };
	bool allow = false;
	bool is_flat = device_rules_flatten(&r, &allow, &flat, &e) == 0;

	assert(is_flat || e.code == EOPNOTSUPP);
	device_program_build(&r, &p);
	assert(p.n > 0 && device_program_all_reachable(&p));
	for (size_t i = 0; i + RULE <= n && i < RULES_MAX * RULE; i++)
		compare(&r, &p, &flat, is_flat ? &allow : NULL, data + i);
	return 0;
}
