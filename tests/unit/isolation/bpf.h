/* bpf - the part of classic BPF that seccomp filters use, as an interpreter for tests. */
#ifndef TESTS_UNIT_ISOLATION_BPF_H
#define TESTS_UNIT_ISOLATION_BPF_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

enum { BPF_BROKEN = 0x12345 }; /* no action of the kernel */

static inline uint32_t bpf_alu(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_AND:
		return a & k;
	case BPF_OR:
		return a | k;
	case BPF_ADD:
		return a + k;
	case BPF_SUB:
		return a - k;
	case BPF_RSH:
		return a >> (k & 31);
	case BPF_LSH:
		return a << (k & 31);
	default:
		return a ^ k;
	}
}

static inline int bpf_test(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	default:
		return (a & k) != 0;
	}
}

/* What the kernel would answer. */
static inline uint32_t bpf_run(const struct sock_filter *code, size_t n,
			       const struct seccomp_data *d)
{
	uint32_t a = 0, x = 0, mem[BPF_MEMWORDS] = { 0 };

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *f = &code[pc];
		uint32_t k = BPF_SRC(f->code) == BPF_X ? x : f->k;

		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
			if (BPF_MODE(f->code) == BPF_ABS && f->k + 4 <= sizeof(*d))
				memcpy(&a, (const char *)d + f->k, 4);
			else if (BPF_MODE(f->code) == BPF_MEM)
				a = mem[f->k % BPF_MEMWORDS];
			else
				a = f->k;
			break;
		case BPF_LDX:
			x = BPF_MODE(f->code) == BPF_MEM ? mem[f->k % BPF_MEMWORDS] : f->k;
			break;
		case BPF_ST:
			mem[f->k % BPF_MEMWORDS] = a;
			break;
		case BPF_ALU:
			a = bpf_alu(f->code, a, k);
			break;
		case BPF_JMP:
			if (BPF_OP(f->code) == BPF_JA)
				pc += f->k;
			else
				pc += bpf_test(f->code, a, k) ? f->jt : f->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(f->code) == BPF_A ? a : f->k;
		default:
			if (BPF_MISCOP(f->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
	return BPF_BROKEN;
}

static inline uint32_t bpf_call(const struct sock_filter *code, size_t n, uint32_t arch, int nr,
				uint64_t arg0, uint64_t arg1)
{
	const struct seccomp_data d = { .nr = nr, .arch = arch, .args = { arg0, arg1 } };

	return bpf_run(code, n, &d);
}

#endif
