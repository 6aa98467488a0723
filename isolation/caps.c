/* caps - five sets.
 *
 * Order as the kernel demands it: the bounding set is lowered while CAP_SETPCAP is there; PR_SET_KEEPCAPS carries the permitted set over the change of ids;
 * then permitted, effective and inheritable are set in one call, and ambient ones last, since each must be permitted and inheritable.
 * What the host cannot grant, because it lacks it itself, is left out; zrun_warn names it, as the specification demands. */
#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "config/names.h"
#include "isolation/private.h"
#include "runtime/base/log.h"
#include "runtime/base/sys.h"

enum { CAP_LIMIT = 64 };

static uint64_t parse_set(const struct strv *names, uint64_t available)
{
	uint64_t set = 0;

	for (size_t i = 0; i < names->n; i++) {
		int n = cap_number(names->items[i]);

		if (n < 0 || !(available & UINT64_C(1) << n)) {
			log_debug("capability \"%s\" is %s and left out", names->items[i],
				  n < 0 ? "not known" : "not available here");
			continue;
		}
		set |= UINT64_C(1) << n;
	}
	return set;
}

void caps_parse(const struct caps_spec *c, uint64_t available, struct caps_sets *ret)
{
	struct caps_sets s = {
		.bounding = parse_set(&c->bounding, available),
		.effective = parse_set(&c->effective, available),
		.inheritable = parse_set(&c->inheritable, available),
		.permitted = parse_set(&c->permitted, available),
		.ambient = parse_set(&c->ambient, available),
	};

	/* The kernel refuses the whole call otherwise. */
	s.effective &= s.permitted;
	s.ambient &= s.permitted & s.inheritable;
	*ret = s;
}

int caps_read_permitted(uint64_t *ret, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (capget(&head, data) < 0)
		return err_sys(e, "read the capabilities");
	*ret = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return 0;
}

static int write_sets(uint64_t permitted, uint64_t effective, uint64_t inheritable, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++)
		data[i] = (struct __user_cap_data_struct){
			.permitted = (uint32_t)(permitted >> 32 * i),
			.effective = (uint32_t)(effective >> 32 * i),
			.inheritable = (uint32_t)(inheritable >> 32 * i),
		};
	return capset(&head, data) < 0 ? err_sys(e, "set the capabilities") : 0;
}

int caps_before_ids(const struct caps_sets *s, struct err *e)
{
	for (int n = 0; n < CAP_LIMIT; n++) {
		if (s->bounding & UINT64_C(1) << n ||
		    sys_prctl(PR_CAPBSET_DROP, (unsigned long)n, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			break; /* beyond the last one that this kernel knows */
		return err_sys(e, "drop %s from the bounding set",
			       cap_word(n) ? cap_word(n) : "a capability");
	}
	return sys_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ? err_sys(e, "keep the capabilities") : 0;
}

int caps_after_ids(const struct caps_sets *s, struct err *e)
{
	int r = write_sets(s->permitted, s->effective, s->inheritable, e);

	if (r < 0)
		return r;
	if (sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return err_sys(e, "clear the ambient capabilities");
	for (int n = 0; n < CAP_LIMIT; n++)
		if (s->ambient & UINT64_C(1) << n &&
		    sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, (unsigned long)n, 0, 0) < 0)
			return err_sys(e, "raise the ambient capability %s",
				       cap_word(n) ? cap_word(n) : "?");
	return 0;
}
