/* The built program is run by a small interpreter and compared with device_rules_allow() over random rules and accesses;
 * so is what v1's kernel would say to the flattened list. */
#include "cgroups/devices.h"

#include <stdlib.h>

#include "tests/unit/cgroups/device_program.h"
#include "tests/unit/test.h"

enum { NUMBERS = 3, ROUNDS = 3000 };

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
		int got = device_program_run(p, type, (uint32_t)major, (uint32_t)minor, access);

		t->broken += got < 0;
		t->wrong += got != (int)want;
		t->wrong_v1 += is_flat && device_list_allows(default_allow, &flat, type, major,
							     minor, access) != want;
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
		t.broken += !device_program_all_reachable(&p);
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
	CHECK_INT(device_program_run(&none, 'c', 1, 3, ACCESS_READ), 0);
	device_program_build(&(struct device_rules){ everything, 2 }, &all);
	CHECK_INT(all.n, 8); /* what came before "allow all" is not even built */
	CHECK_INT(device_program_run(&all, 'c', 1, 1, ACCESS_ALL), 1);
}

int main(void)
{
	test_shape();
	test_random();
	return test_done();
}
