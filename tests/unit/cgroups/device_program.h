/* device_program - what the kernel makes of the two forms of device rules, for tests: an interpreter of the eBPF that device_program_build() writes, and version 1's list. */
#ifndef TESTS_UNIT_CGROUPS_DEVICE_PROGRAM_H
#define TESTS_UNIT_CGROUPS_DEVICE_PROGRAM_H

#include <stdlib.h>

#include "cgroups/devices.h"

enum { DEVICE_PROGRAM_STEPS = 5000 };

/* One instruction at *pc. False: the program did what the verifier would refuse. */
static inline bool device_program_step(const struct bpf_insn *i, uint64_t r[11],
				       const uint32_t context[3], size_t *pc)
{
	uint32_t imm = (uint32_t)i->imm;
	uint64_t *d = &r[i->dst_reg];
	bool jump = false;

	switch (i->code) {
	case BPF_LDX | BPF_MEM | BPF_W:
		if (i->src_reg != 1 || i->off < 0 || i->off > 8 || i->off % 4)
			return false;
		*d = context[i->off / 4];
		break;
	case BPF_ALU | BPF_MOV | BPF_X:
		*d = (uint32_t)r[i->src_reg];
		break;
	case BPF_ALU64 | BPF_MOV | BPF_K:
		*d = imm;
		break;
	case BPF_ALU | BPF_RSH | BPF_K:
		*d = (uint32_t)*d >> imm;
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		*d = (uint32_t)*d & imm;
		break;
	case BPF_JMP | BPF_JNE | BPF_K:
		jump = *d != imm;
		break;
	case BPF_JMP | BPF_JSET | BPF_K:
		jump = (*d & imm) != 0;
		break;
	case BPF_JMP | BPF_JA:
		jump = true;
		break;
	default:
		return false;
	}
	*pc += 1 + (size_t)(jump ? i->off : 0);
	return true;
}

/* 0 or 1, or -1 for a broken program. */
static inline int device_program_run(const struct device_program *p, char type, uint32_t major,
				     uint32_t minor, unsigned access)
{
	uint32_t context[3] = { access << 16 |
					(type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
				major, minor };
	uint64_t r[11] = { 0 };
	size_t pc = 0;

	for (int n = 0; n < DEVICE_PROGRAM_STEPS && pc < p->n; n++) {
		if (p->insns[pc].code == (BPF_JMP | BPF_EXIT))
			return (int)r[0];
		if (!device_program_step(&p->insns[pc], r, context, &pc))
			return -1;
	}
	return -1;
}

/* The kernel refuses a program with instructions that nothing reaches. */
static inline bool device_program_all_reachable(const struct device_program *p)
{
	bool *seen = calloc(p->n + 1, sizeof(bool));
	bool all = seen != NULL;

	if (seen)
		seen[0] = true;
	for (size_t i = 0; all && i < p->n; i++) {
		const struct bpf_insn *x = &p->insns[i];
		bool is_jump = (x->code & 7) == BPF_JMP && x->code != (BPF_JMP | BPF_EXIT);

		all = seen[i];
		if (is_jump && i + 1 + (size_t)x->off < p->n)
			seen[i + 1 + (size_t)x->off] = true;
		if (x->code != (BPF_JMP | BPF_EXIT) && x->code != (BPF_JMP | BPF_JA))
			seen[i + 1] = true;
	}
	all = all && !seen[p->n]; /* it must not run off the end */
	free(seen);
	return all;
}

/* devcgroup_check_permission() of the kernel, for the flattened list. */
static inline bool device_list_allows(bool default_allow, const struct device_rules *list,
				      char type, int64_t major, int64_t minor, unsigned access)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct device_rule *x = &list->items[i];
		bool same = x->type == type && (x->major < 0 || x->major == major) &&
			    (x->minor < 0 || x->minor == minor);

		if (same && default_allow && (x->access & access))
			return false;
		if (same && !default_allow && (access & ~x->access) == 0)
			return true;
	}
	return default_allow;
}

#endif
