#include "config/spec.h"

#include <string.h>

#include "config/bind.h"
#include "config/oci_tables.h"
#include "runtime/base/mem.h"

/* The idea: the tables that load and save the model also say what it owns, so releasing and copying walk the same tables. A copy starts as a plain copy of
 * the bytes, which takes care of all numbers and of members without a row, and then every owning member that a row names gets memory of its own. */

static void copy_members(const struct shape *shape, void *to, const void *from);

static size_t count_of(const struct field *f, const void *object)
{
	size_t n;

	memcpy(&n, (const char *)object + f->count_offset, sizeof(n));
	return n;
}

/* The pointer stored in a member. */
static void *pointer_at(const void *member)
{
	void *p;

	memcpy(&p, member, sizeof(p));
	return p;
}

static void pointer_put(void *member, void *p)
{
	memcpy(member, &p, sizeof(p));
}

static void *copy_rows(const struct shape *shape, const void *rows, size_t n)
{
	char *copy;

	if (n == 0)
		return NULL;
	copy = mem_dup(rows, n * shape->size);
	for (size_t i = 0; i < n; i++)
		copy_members(shape, copy + i * shape->size, (const char *)rows + i * shape->size);
	return copy;
}

/* Members that only their own functions understand travel as JSON. What was saved by the row's own save() is accepted by its load(), which overwrites pointers
 * without releasing them: here they still are the other object's. */
static void copy_custom(const struct field *f, void *to, const void *from)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct bind_ctx c = { .diags = &diags };
	auto_ptr(json) struct json *j = f->save(from);

	if (j)
		(void)f->load(&c, j, to);
	bind_ctx_done(&c);
}

static void copy_member(const struct field *f, void *to, const void *from)
{
	const char *source = (const char *)from + f->offset;
	char *target = (char *)to + f->offset;
	struct strv strings = { 0 };
	struct strmap map = { 0 };

	switch (f->kind) {
	case FIELD_STRING:
		pointer_put(target, mem_strdup(pointer_at(source)));
		break;
	case FIELD_STRINGS:
		strv_copy(&strings, (const struct strv *)source);
		memcpy(target, &strings, sizeof(strings));
		break;
	case FIELD_MAP:
		strmap_copy(&map, (const struct strmap *)source);
		memcpy(target, &map, sizeof(map));
		break;
	case FIELD_NUMBERS:
		if (pointer_at(source))
			pointer_put(target, mem_dup(pointer_at(source),
						    count_of(f, from) * sizeof(uint64_t)));
		break;
	case FIELD_OBJECT:
		copy_members(f->shape, target, source);
		break;
	case FIELD_OPT_OBJECT:
		if (pointer_at(source))
			pointer_put(target, copy_rows(f->shape, pointer_at(source), 1));
		break;
	case FIELD_LIST:
	case FIELD_KEYED:
		pointer_put(target, copy_rows(f->shape, pointer_at(source), count_of(f, from)));
		break;
	case FIELD_CUSTOM:
		copy_custom(f, target, source);
		break;
	case FIELD_BOOL:
	case FIELD_OPT_BOOL:
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_OPT_U64:
	case FIELD_OPT_I64:
		break;
	}
}

/* `to` holds the same bytes as `from`; give it its own memory for everything owned. */
static void copy_members(const struct shape *shape, void *to, const void *from)
{
	for (size_t i = 0; i < shape->n; i++)
		if (!(shape->fields[i].flags & FIELD_IGNORED))
			copy_member(&shape->fields[i], to, from);
}

struct container_spec *container_spec_new(void)
{
	struct container_spec *s = mem_zero(sizeof(*s));

	bind_init(&oci_container_shape, s);
	return s;
}

struct mount_extra *mount_spec_extra(struct mount_spec *m)
{
	if (!m->extra)
		m->extra = mem_zero(sizeof(*m->extra));
	return m->extra;
}

static void free_extra(struct mount_spec *m)
{
	if (!m->extra)
		return;
	free(m->extra->verity);
	free(m->extra->upper);
	free(m->extra);
	m->extra = NULL;
}

static void copy_extra(struct mount_spec *m)
{
	if (!m->extra)
		return;
	m->extra = mem_dup(m->extra, sizeof(*m->extra));
	m->extra->verity = mem_strdup(m->extra->verity);
	m->extra->upper = mem_strdup(m->extra->upper);
}

void container_spec_free(struct container_spec *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_mounts; i++)
		free_extra(&s->mounts[i]);
	free(s->linux.cgroup_hierarchy);
	free(s->root.upper);
	strv_done(&s->root.layers);
	bind_free(&oci_container_shape, s);
	free(s);
}

struct container_spec *container_spec_clone(const struct container_spec *s)
{
	struct container_spec *copy = mem_dup(s, sizeof(*s));

	copy_members(&oci_container_shape, copy, s);
	copy->linux.cgroup_hierarchy =
		mem_strdup(s->linux.cgroup_hierarchy); /* extensions: no row */
	copy->root.upper = mem_strdup(s->root.upper);
	copy->root.layers = (struct strv){ 0 };
	strv_copy(&copy->root.layers, &s->root.layers);
	for (size_t i = 0; i < copy->n_mounts; i++)
		copy_extra(&copy->mounts[i]);
	return copy;
}

struct process_spec *process_spec_new(void)
{
	struct process_spec *p = mem_zero(sizeof(*p));

	bind_init(&oci_process_shape, p);
	return p;
}

void process_spec_free(struct process_spec *p)
{
	if (!p)
		return;
	bind_free(&oci_process_shape, p);
	free(p);
}

struct process_spec *process_spec_clone(const struct process_spec *p)
{
	return copy_rows(&oci_process_shape, p, 1);
}

struct resources_spec *resources_spec_new(void)
{
	struct resources_spec *r = mem_zero(sizeof(*r));

	bind_init(&oci_resources_shape, r);
	return r;
}

void resources_spec_free(struct resources_spec *r)
{
	if (!r)
		return;
	bind_free(&oci_resources_shape, r);
	free(r);
}

void *list_grow(void **items, size_t *n, size_t size)
{
	char *list = mem_grow(pointer_at(items), *n + 1, size);

	memset(list + *n * size, 0, size);
	pointer_put(items, list); /* through memcpy: *items is really a struct T * */
	*n += 1;
	return list + (*n - 1) * size;
}
