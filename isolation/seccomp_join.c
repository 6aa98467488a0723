/* seccomp_join - in front of each program a few instructions that lead past it when the call is of another architecture. The last one needs none: it refuses what is not its own.
 *
 * x32 shares its audit number with x86-64; bit 30 of the call's number tells them apart. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "isolation/seccomp.h"
#include "runtime/base/mem.h"

#define X32_BIT 0x40000000U

enum { GATE_MAX = 6 };

struct gate {
	struct sock_filter code[GATE_MAX];
	size_t n;
};

static void add(struct gate *g, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	g->code[g->n++] = (struct sock_filter){ .code = code, .jt = yes, .jf = no, .k = k };
}

static bool is_of_x86_64(uint32_t arch)
{
	return arch == SCMP_ARCH_X86_64 || arch == SCMP_ARCH_X32;
}

/* `way` is how far behind the gate the next program begins. */
static void make_gate(const struct seccomp_part *part, bool both, struct gate *g)
{
	bool x32 = part->arch == SCMP_ARCH_X32;
	uint32_t way = (uint32_t)part->n, inner = is_of_x86_64(part->arch) && both ? 3 : 0;

	add(g, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	add(g, BPF_JMP | BPF_JEQ | BPF_K, x32 ? AUDIT_ARCH_X86_64 : part->arch, 1, 0);
	add(g, BPF_JMP | BPF_JA, way + inner, 0, 0);
	if (inner == 0)
		return;
	add(g, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	add(g, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, x32, !x32);
	add(g, BPF_JMP | BPF_JA, way, 0, 0);
}

/* Are x86-64 and x32 both there? Alone, each refuses the other by itself. */
static bool has_both(const struct seccomp_part *parts, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += is_of_x86_64(parts[i].arch);
	return found > 1;
}

int seccomp_join(const struct sock_filter *stub, size_t n_stub, const struct seccomp_part *parts,
		 size_t n, struct seccomp_program *ret, struct err *e)
{
	bool both = has_both(parts, n);
	size_t most = n_stub, at = n_stub;

	for (size_t i = 0; i < n; i++)
		most += GATE_MAX + parts[i].n;
	struct sock_filter *code = mem_array(most, sizeof(*code));

	if (n_stub > 0)
		memcpy(code, stub, n_stub * sizeof(*code));
	for (size_t i = 0; i < n; i++) {
		struct gate g = { .n = 0 };

		if (i + 1 < n)
			make_gate(&parts[i], both, &g);
		memcpy(code + at, g.code, g.n * sizeof(*code));
		memcpy(code + at + g.n, parts[i].code, parts[i].n * sizeof(*code));
		at += g.n + parts[i].n;
	}
	ret->code = code;
	ret->n = at;
	if (at > BPF_MAXINSNS)
		return err_set(
			e, E2BIG,
			"linux.seccomp: the filter has %zu instructions, the kernel takes %d", at,
			BPF_MAXINSNS);
	return 0;
}
