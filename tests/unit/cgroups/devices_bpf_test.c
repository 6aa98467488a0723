/* The built program is run by a small interpreter and compared with device_rules_allow() over random rules and accesses;
 * so is what v1's kernel would say to the flattened list. */
#include "cgroups/devices.h"

#include <stdlib.h>

#include "tests/unit/test.h"

enum { STEPS_MAX = 5000, NUMBERS = 3, ROUNDS = 3000 };

/* One instruction at *pc. False: the program did what the verifier would refuse. */
static bool step(const struct bpf_insn *i, uint64_t r[11], const uint32_t context[3], size_t *pc)
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
static int run(const struct device_program *p, char type, uint32_t major, uint32_t minor,
	       unsigned access)
{
	uint32_t context[3] = { access << 16 |
					(type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
				major, minor };
	uint64_t r[11] = { 0 };
	size_t pc = 0;

	for (int n = 0; n < STEPS_MAX && pc < p->n; n++) {
		if (p->insns[pc].code == (BPF_JMP | BPF_EXIT))
			return (int)r[0];
		if (!step(&p->insns[pc], r, context, &pc))
			return -1;
	}
	return -1;
}

/* The kernel refuses a program with instructions that nothing reaches. */
static bool all_reachable(const struct device_program *p)
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
static bool v1_allows(bool default_allow, const struct device_rules *list, char type, int64_t major,
		      int64_t minor, unsigned access)
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

static int64_t random_number(void)
{
	return rand() % (NUMBERS + 1) - 1;
}

static struct device_rules random_rules(void)
{
	struct device_rules r = { 0 };
	int n = rand() % 7;

	for (int i = 0; i < n; i++)
		*LIST_GROW(r.items, r.n) =
			(struct device_rule){ rand() % 2, "abc"[rand() % 3], random_number(),
					      random_number(),
					      (unsigned)(rand() % ACCESS_ALL + 1) };
	if (n > 0 && rand() % 3 == 0)
		r.items[rand() % n] = (struct device_rule){ rand() % 2, 'a', -1, -1, ACCESS_ALL };
	return r;
}

struct tally {
	int broken, wrong, wrong_v1, flattened;
};

static void compare(const struct device_rules *r, const struct device_program *p, struct tally *t)
{
	struct device_rules flat auto_done(device_rules) = { 0 };
	struct err e = { 0 };
	bool default_allow = false;
	bool is_flat = device_rules_flatten(r, &default_allow, &flat, &e) == 0;

	t->flattened += is_flat;
	for (int i = 0; i < 2 * NUMBERS * NUMBERS * ACCESS_ALL; i++) {
		char type = i % 2 ? 'b' : 'c';
		int major = i / 2 % NUMBERS, minor = i / (2 * NUMBERS) % NUMBERS;
		unsigned access = (unsigned)(i / (2 * NUMBERS * NUMBERS)) + 1;
		bool want = device_rules_allow(r, type, major, minor, access);
		int got = run(p, type, (uint32_t)major, (uint32_t)minor, access);

		t->broken += got < 0;
		t->wrong += got != (int)want;
		t->wrong_v1 += is_flat &&
			       v1_allows(default_allow, &flat, type, major, minor, access) != want;
	}
}

static void test_random(void)
{
	struct tally t = { 0 };

	srand(20);
	for (int i = 0; i < ROUNDS; i++) {
		struct device_rules r auto_done(device_rules) = random_rules();
		struct device_program p auto_done(device_program) = { 0 };

		device_program_build(&r, &p);
		t.broken += !all_reachable(&p);
		compare(&r, &p, &t);
	}
	CHECK_INT(t.broken, 0);
	CHECK_INT(t.wrong, 0);
	CHECK_INT(t.wrong_v1, 0);
	CHECK(t.flattened > ROUNDS / 4);
}

static void test_shape(void)
{
	struct device_program none auto_done(device_program) = { 0 },
				   all auto_done(device_program) = { 0 };
	struct device_rule everything[] = { { false, 'c', 1, 1, ACCESS_ALL },
					    { true, 'a', -1, -1, ACCESS_ALL } };

	device_program_build(&(struct device_rules){ 0 }, &none);
	CHECK_INT(none.n, 8); /* six to read the context, "return 0" */
	CHECK_INT(run(&none, 'c', 1, 3, ACCESS_READ), 0);
	device_program_build(&(struct device_rules){ everything, 2 }, &all);
	CHECK_INT(all.n, 8); /* what came before "allow all" is not even built */
	CHECK_INT(run(&all, 'c', 1, 1, ACCESS_ALL), 1);
}

int main(void)
{
	test_shape();
	test_random();
	return test_done();
}
