/* devices_bpf - rules -> BPF_PROG_TYPE_CGROUP_DEVICE. Pure.
 *
 * The program walks the rules from the last to the first and keeps in r3 the accesses that no rule has decided yet. A
 * matching "allow" takes its letters out of r3, and nothing left means yes; a matching "deny" that names one of those
 * left means no. That is device_rules_allow(), instruction by instruction.
 *
 *   r1 context   r2 type   r3 undecided accesses   r4 major   r5 minor */
#include "cgroups/devices.h"

#include <stdlib.h>
#include <string.h>

#include "config/spec.h"

enum { R0, R1, R2, R3, R4, R5, CONDITIONS_MAX = 3, JUMP_PATCHES = CONDITIONS_MAX + 1 };

void device_program_done(struct device_program *p)
{
	free(p->insns);
	*p = (struct device_program){ 0 };
}

static size_t emit(struct device_program *p, int code, int dst, int off, int imm)
{
	struct bpf_insn *i = LIST_GROW(p->insns, p->n);

	i->code = (unsigned char)code;
	i->dst_reg = (unsigned)dst & 0xf;
	i->off = (short)off;
	i->imm = imm;
	return p->n - 1;
}

static void emit_load(struct device_program *p, int dst, size_t offset)
{
	size_t at = emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, (int)offset, 0);

	p->insns[at].src_reg = R1;
}

static void emit_return(struct device_program *p, int value)
{
	(void)emit(p, BPF_ALU64 | BPF_MOV | BPF_K, R0, 0, value);
	(void)emit(p, BPF_JMP | BPF_EXIT, R0, 0, 0);
}

static void emit_context(struct device_program *p)
{
	emit_load(p, R2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit_load(p, R4, offsetof(struct bpf_cgroup_dev_ctx, major));
	emit_load(p, R5, offsetof(struct bpf_cgroup_dev_ctx, minor));
	size_t copy = emit(p, BPF_ALU | BPF_MOV | BPF_X, R3, 0, 0);

	p->insns[copy].src_reg = R2;
	(void)emit(p, BPF_ALU | BPF_RSH | BPF_K, R3, 0,
		   16); /* the upper half is the access, the lower the type */
	(void)emit(p, BPF_ALU | BPF_AND | BPF_K, R2, 0, 0xffff);
}

/* Returns false when the rule decides everything, so that no instruction after it could be reached (the verifier refuses those). */
static bool emit_rule(struct device_program *p, const struct device_rule *r)
{
	size_t skips[JUMP_PATCHES];
	size_t n = 0;

	if (r->type != 'a')
		skips[n++] = emit(p, BPF_JMP | BPF_JNE | BPF_K, R2, 0,
				  r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (r->major >= 0)
		skips[n++] = emit(p, BPF_JMP | BPF_JNE | BPF_K, R4, 0, (int)r->major);
	if (r->minor >= 0)
		skips[n++] = emit(p, BPF_JMP | BPF_JNE | BPF_K, R5, 0, (int)r->minor);
	if (r->access != ACCESS_ALL && r->allow) {
		(void)emit(p, BPF_ALU | BPF_AND | BPF_K, R3, 0, (int)(ACCESS_ALL & ~r->access));
		skips[n++] = emit(p, BPF_JMP | BPF_JNE | BPF_K, R3, 0, 0);
	} else if (r->access != ACCESS_ALL) {
		(void)emit(p, BPF_JMP | BPF_JSET | BPF_K, R3, 1, (int)r->access);
		skips[n++] = emit(p, BPF_JMP | BPF_JA, R0, 0, 0);
	}
	emit_return(p, r->allow ? 1 : 0);
	for (size_t i = 0; i < n; i++)
		p->insns[skips[i]].off = (short)(p->n - skips[i] - 1);
	return n > 0;
}

void device_program_build(const struct device_rules *r, struct device_program *ret)
{
	struct device_program p = { 0 };
	bool reachable = true;

	emit_context(&p);
	for (size_t i = r->n; reachable && i-- > 0;)
		reachable = emit_rule(&p, &r->items[i]);
	if (reachable)
		emit_return(&p, 0);
	*ret = p;
}
