/* A sysfs of our own: the host's /sys may be another namespace's, or not there. */
#include "net/physical_row.h"

#include <linux/if_addr.h>
#include <linux/mount.h>
#include <linux/rtnetlink.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

/* 0: it cannot be had. */
static uint64_t node_of(const char *name)
{
	auto_close int fs = sys_fsopen("sysfs", FSOPEN_CLOEXEC);
	auto_free char *path = mem_format("class/net/%s", name);
	struct stat st;

	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return 0;
	auto_close int top = sys_fsmount(fs, FSMOUNT_CLOEXEC,
					 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	return top >= 0 && fstatat(top, path, &st, 0) == 0 ? st.st_ino : 0;
}

static void save_addresses(struct json *row, const struct addr_list *all, uint32_t index)
{
	struct json *list = json_set(row, "addresses", json_new_array());

	for (size_t i = 0; i < all->n; i++) {
		const struct addr_entry *a = &all->items[i];
		char text[INET_TEXT];

		if (a->index != index || a->scope != RT_SCOPE_UNIVERSE ||
		    !(a->flags & IFA_F_PERMANENT))
			continue;
		inet_text(&a->addr, text);
		json_add(list, json_new_string(text));
	}
}

struct json *physical_row_new(const struct identity *link, const struct addr_list *all)
{
	struct json *row = identity_save(link);

	json_set(row, "node", json_new_u64(node_of(link->name)));
	save_addresses(row, all, link->index);
	return row;
}

int physical_row_give_addresses(struct netlink *host, uint32_t index, const struct json *row,
				struct err *e)
{
	const struct json *list = json_get(row, "addresses");
	int r = 0;

	for (size_t i = 0; r == 0 && list && list->type == JSON_ARRAY && i < list->n; i++) {
		struct inet_addr a;

		if (list->items[i]->type == JSON_STRING &&
		    inet_parse(list->items[i]->text, &a) == 0)
			r = addr_add(host, index, &a, e);
	}
	return r;
}

/* The MAC of the hardware is no proof: a VLAN or ipvlan link has that of the link below it, whoever made it. */
bool physical_row_is(const struct json *row, const struct identity *was, const char *name)
{
	const struct json *noted = json_get(row, "node");
	uint64_t node = noted && !was->parent[0] ? (uint64_t)json_get_i64(row, "node", 0) : 0;
	uint64_t now = node > 0 ? node_of(name) : 0;

	return now == 0 || now == node;
}
