/* skeleton_etc - accounts and a few settings. The ids are those that Debian has fixed for ever (base-passwd), so that programs of the host's /usr find the users they were built
 * for; no account of the host is copied, and none of these has a password. */
#include "runtime/zone/skeleton_etc.h"

#include <stddef.h>

static const char passwd_text[] = "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
				  "bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
				  "sys:x:3:3:sys:/dev:/usr/sbin/nologin\n"
				  "sync:x:4:65534:sync:/bin:/bin/sync\n"
				  "games:x:5:60:games:/usr/games:/usr/sbin/nologin\n"
				  "man:x:6:12:man:/var/cache/man:/usr/sbin/nologin\n"
				  "lp:x:7:7:lp:/var/spool/lpd:/usr/sbin/nologin\n"
				  "mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
				  "news:x:9:9:news:/var/spool/news:/usr/sbin/nologin\n"
				  "uucp:x:10:10:uucp:/var/spool/uucp:/usr/sbin/nologin\n"
				  "proxy:x:13:13:proxy:/bin:/usr/sbin/nologin\n"
				  "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
				  "backup:x:34:34:backup:/var/backups:/usr/sbin/nologin\n"
				  "list:x:38:38:Mailing List Manager:/var/list:/usr/sbin/nologin\n"
				  "irc:x:39:39:ircd:/run/ircd:/usr/sbin/nologin\n"
				  "_apt:x:42:65534::/nonexistent:/usr/sbin/nologin\n"
				  "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";

static const char shadow_text[] = "root:*:19700:0:99999:7:::\n"
				  "daemon:*:19700:0:99999:7:::\n"
				  "bin:*:19700:0:99999:7:::\n"
				  "sys:*:19700:0:99999:7:::\n"
				  "sync:*:19700:0:99999:7:::\n"
				  "games:*:19700:0:99999:7:::\n"
				  "man:*:19700:0:99999:7:::\n"
				  "lp:*:19700:0:99999:7:::\n"
				  "mail:*:19700:0:99999:7:::\n"
				  "news:*:19700:0:99999:7:::\n"
				  "uucp:*:19700:0:99999:7:::\n"
				  "proxy:*:19700:0:99999:7:::\n"
				  "www-data:*:19700:0:99999:7:::\n"
				  "backup:*:19700:0:99999:7:::\n"
				  "list:*:19700:0:99999:7:::\n"
				  "irc:*:19700:0:99999:7:::\n"
				  "_apt:*:19700:0:99999:7:::\n"
				  "nobody:*:19700:0:99999:7:::\n";

static const char group_text[] =
	"root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nlp:x:7:\nmail:x:8:\nnews:x:9:\nuucp:x:10:\nman:x:12:\nproxy:x:13:\nkmem:x:15:\n"
	"dialout:x:20:\nfax:x:21:\nvoice:x:22:\ncdrom:x:24:\nfloppy:x:25:\ntape:x:26:\nsudo:x:27:\naudio:x:29:\ndip:x:30:\nwww-data:x:33:\nbackup:x:34:\noperator:x:37:\n"
	"list:x:38:\nirc:x:39:\nsrc:x:40:\nshadow:x:42:\nutmp:x:43:\nvideo:x:44:\nsasl:x:45:\nplugdev:x:46:\nstaff:x:50:\ngames:x:60:\nusers:x:100:\nnogroup:x:65534:\n";

static const char nsswitch_text[] =
	"passwd:    files\ngroup:     files\nshadow:    files\ngshadow:   files\nhosts:     files dns\nnetworks:  files\n"
	"protocols: files\nservices:  files\nethers:    files\nrpc:       files\n";

static const char profile_text[] =
	"# /etc/profile: for login shells\n"
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
	"export PATH\n"
	"if [ \"$(id -u)\" -eq 0 ]; then PS1='# '; else PS1='$ '; fi\n"
	"if [ -n \"${BASH-}\" ] && [ \"$BASH\" != /bin/sh ] && [ -f /etc/bash.bashrc ]; then . /etc/bash.bashrc; fi\n"
	"for i in /etc/profile.d/*.sh; do if [ -r \"$i\" ]; then . \"$i\"; fi; done\n"
	"unset i\n";

static const char root_profile_text[] = "PS1=\"$(hostname 2>/dev/null || echo zone):\\$PWD# \"\n";

enum { GID_SHADOW = 42 };

const struct skeleton_file skeleton_etc[] = {
	{ "etc/passwd", 0644, 0, passwd_text, true },
	{ "etc/group", 0644, 0, group_text, false },
	{ "etc/shadow", 0640, GID_SHADOW, shadow_text, false },
	{ "etc/gshadow", 0640, GID_SHADOW, "", false },
	{ "etc/nsswitch.conf", 0644, 0, nsswitch_text, false },
	{ "etc/profile", 0644, 0, profile_text, false },
	{ "etc/fstab", 0644, 0,
	  "# file systems of a zone are properties of the zone: zone add NAME fs dir=DIR ...\n",
	  false },
	{ "etc/environment", 0644, 0, "", false },
	{ "etc/subuid", 0644, 0, "", false },
	{ "etc/subgid", 0644, 0, "", false },
	{ "root/.profile", 0644, 0, root_profile_text, false },
	{ .path = NULL },
};
