#include "config/spec.h"

#include <stdlib.h>

#include "config/oci.h"
#include "runtime/base/mem.h"
#include "tests/unit/config/oci_full.h"
#include "tests/unit/test.h"

static struct container_spec *full(void)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct container_spec *s = NULL;

	return oci_parse(oci_full, strlen(oci_full), &s, &diags) == 0 ? s : NULL;
}

static char *text_of(const struct container_spec *s)
{
	auto_ptr(json) struct json *j = oci_save(s);

	return json_print(j, false);
}

static void test_new_and_free(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	auto_ptr(resources_spec) struct resources_spec *r = resources_spec_new();

	CHECK(!s->root.path && s->n_mounts == 0 && !s->process && !s->linux.resources);
	CHECK(!p->cwd && p->args.n == 0);
	CHECK(!r->memory && !r->pids_limit.set);
	container_spec_free(NULL);
	process_spec_free(NULL);
	resources_spec_free(NULL);
}

/* The copy says the same and shares nothing: it stays whole when the original is released (the sanitizer watches). */
static void test_clone(void)
{
	struct container_spec *s = full();
	auto_ptr(container_spec) struct container_spec *copy = NULL;
	auto_free char *before = NULL, *after = NULL;

	CHECK(s != NULL);
	if (!s)
		return;
	s->root.idmap = true;
	s->linux.owner_uid = (struct opt_u64){ true, 77 };
	s->linux.delegate_cgroup = true;
	s->linux.cgroup_hierarchy = mem_strdup("unified");
	before = text_of(s);
	copy = container_spec_clone(s);
	CHECK(copy->mounts != s->mounts && copy->process != s->process);
	CHECK(copy->linux.namespaces[NS_NETWORK].path != s->linux.namespaces[NS_NETWORK].path);
	CHECK(copy->linux.seccomp->rules[1].args != s->linux.seccomp->rules[1].args);
	container_spec_free(s);
	after = text_of(copy);
	CHECK_STR(after, before);
	CHECK(copy->root.idmap && copy->has_hooks);
	CHECK(copy->linux.owner_uid.set && copy->linux.owner_uid.value == 77);
	CHECK(copy->linux.delegate_cgroup);
	CHECK_STR(copy->linux.cgroup_hierarchy, "unified");
	CHECK(copy->linux.monotonic.set && copy->linux.boottime.secs == -5);
}

/* What is not a legal configuration is copied all the same. */
static void test_clone_incomplete(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	auto_ptr(container_spec) struct container_spec *copy = NULL;
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	auto_ptr(process_spec) struct process_spec *q = NULL;
	struct mount_spec *m = LIST_GROW(s->mounts, s->n_mounts);

	m->destination = mem_strdup("/x");
	s->process = process_spec_new();
	copy = container_spec_clone(s);
	CHECK(copy->n_mounts == 1 && copy->process && !copy->process->cwd);
	CHECK_STR(copy->mounts[0].destination, "/x");
	strv_add(&p->args, "true");
	p->console_width = 80;
	q = process_spec_clone(p);
	CHECK(q->args.n == 1 && q->console_width == 80 && q->console_height == 0);
	CHECK_STR(q->args.items[0], "true");
	CHECK(q->args.items != p->args.items);
}

static void test_list_grow(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();

	for (uint64_t i = 0; i < 100; i++) {
		struct id_map *m = LIST_GROW(s->linux.uid_mappings, s->linux.n_uid_mappings);

		if (m->size != 0 || m->host_id != 0)
			CHECK(!"a new row is zero");
		*m = (struct id_map){ i, i + 1, 1 };
	}
	CHECK_INT(s->linux.n_uid_mappings, 100);
	CHECK(s->linux.uid_mappings[42].host_id == 43);
}

int main(void)
{
	test_new_and_free();
	test_clone();
	test_clone_incomplete();
	test_list_grow();
	return test_done();
}
