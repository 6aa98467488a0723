#include "runtime/zone/rlimits.h"

#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

static void add(struct zone_spec *z, const char *name, uint64_t soft, uint64_t hard)
{
	z->rlimit = mem_grow(z->rlimit, z->n_rlimit + 1, sizeof(*z->rlimit));
	z->rlimit[z->n_rlimit++] =
		(struct zone_rlimit){ .name = mem_strdup(name), .soft = soft, .hard = hard };
}

int main(void)
{
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	struct zone_spec z = { .max_processes = { true, 9 } };
	char *type = rlimit_type("nofile");
	struct rlimit one;

	CHECK_STR(type, "RLIMIT_NOFILE");
	free(type);
	*LIST_GROW(p->rlimits, p->n_rlimits) =
		(struct rlimit_spec){ mem_strdup("RLIMIT_NOFILE"), 1, 2 };
	*LIST_GROW(p->rlimits, p->n_rlimits) =
		(struct rlimit_spec){ mem_strdup("RLIMIT_NPROC"), 9, 9 };
	add(&z, "core", 0, UINT64_MAX);
	add(&z, "nofile", 3, 4);
	add(&z, "nproc", 20, 30);
	rlimits_take(p, &z);
	CHECK_INT(p->n_rlimits, 3);
	CHECK_STR(p->rlimits[0].type, "RLIMIT_CORE");
	CHECK(p->rlimits[0].soft == 0 && p->rlimits[0].hard == UINT64_MAX);
	CHECK_STR(p->rlimits[1].type, "RLIMIT_NOFILE");
	CHECK(p->rlimits[1].soft == 3 && p->rlimits[1].hard == 4);
	CHECK_STR(p->rlimits[2].type, "RLIMIT_NPROC");
	CHECK(p->rlimits[2].soft == 9 && p->rlimits[2].hard == 9); /* maxProcesses */
	CHECK(rlimit_of(&z, "RLIMIT_NPROC", &one) && one.rlim_max == 9);
	CHECK(rlimit_of(&z, "RLIMIT_NOFILE", &one) && one.rlim_cur == 3);
	CHECK(!rlimit_of(&z, "RLIMIT_MEMLOCK", &one));
	z.max_processes.set = false;
	rlimits_take(p, &z);
	CHECK(p->n_rlimits == 3 && p->rlimits[2].soft == 20 && p->rlimits[2].hard == 30);
	for (size_t i = 0; i < z.n_rlimit; i++)
		free(z.rlimit[i].name);
	free(z.rlimit);
	return test_done();
}
