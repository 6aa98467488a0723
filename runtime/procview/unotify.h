/* unotify - numbers of the kernel's interface (linux/seccomp.h, linux/fs.h) that the headers of older systems do not have, or have wrong. Private to this folder. */
#ifndef RUNTIME_PROCVIEW_UNOTIFY_H
#define RUNTIME_PROCVIEW_UNOTIFY_H

#include <linux/seccomp.h>
#include <linux/types.h>
#include <sys/ioctl.h>

#define NOTIFY_RECV SECCOMP_IOCTL_NOTIF_RECV
#define NOTIFY_SEND SECCOMP_IOCTL_NOTIF_SEND
#define NOTIFY_ID_VALID \
	_IOW('!', 2, __u64) /* was _IOR before Linux 5.17, which newer ones take as well */
#define NOTIFY_SET_FLAGS _IOW('!', 4, __u64) /* Linux 6.6 */

#define NOTIFY_SYNC_WAKE_UP 1UL /* the argument itself, no pointer */

/* Linux 6.11, on a descriptor of /proc/PID/maps: the mapping at an address. */
struct procmap_query {
	__u64 size, query_flags, query_addr;
	__u64 vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	__u32 dev_major, dev_minor, vma_name_size, build_id_size;
	__u64 vma_name_addr, build_id_addr;
};
#define PROCMAP_QUERY _IOWR('f', 17, struct procmap_query)

enum { PROCMAP_WRITABLE = 2 };

#endif
