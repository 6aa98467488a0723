/* libarchive - the library that reads archives, loaded when the first archive is opened and not before: with what it needs itself (libxml2, ICU, libstdc++ ...) it would cost every
 * command 5 ms and every monitor 2.5 MB, and only `zone install --from`, `image`, `publish`, `export --archive` and `import` have to do with one. Private to this folder.
 *
 * libarchive()->archive_read_new() and so on: the table has the library's own names and types, which archive.h declares, so the compiler checks every call. */
#ifndef RUNTIME_ZONE_LIBARCHIVE_H
#define RUNTIME_ZONE_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#include "runtime/base/err.h"

#define LIBARCHIVE_FUNCTIONS(X)                     \
	X(archive_entry_acl_next)                   \
	X(archive_entry_acl_reset)                  \
	X(archive_entry_acl_types)                  \
	X(archive_entry_clear)                      \
	X(archive_entry_filetype)                   \
	X(archive_entry_free)                       \
	X(archive_entry_gid)                        \
	X(archive_entry_hardlink)                   \
	X(archive_entry_is_encrypted)               \
	X(archive_entry_mtime)                      \
	X(archive_entry_mtime_is_set)               \
	X(archive_entry_mtime_nsec)                 \
	X(archive_entry_new)                        \
	X(archive_entry_pathname)                   \
	X(archive_entry_perm)                       \
	X(archive_entry_set_filetype)               \
	X(archive_entry_set_gid)                    \
	X(archive_entry_set_hardlink)               \
	X(archive_entry_set_mtime)                  \
	X(archive_entry_set_pathname)               \
	X(archive_entry_set_perm)                   \
	X(archive_entry_set_size)                   \
	X(archive_entry_set_symlink)                \
	X(archive_entry_set_uid)                    \
	X(archive_entry_size)                       \
	X(archive_entry_size_is_set)                \
	X(archive_entry_sparse_add_entry)           \
	X(archive_entry_sparse_count)               \
	X(archive_entry_symlink)                    \
	X(archive_entry_uid)                        \
	X(archive_entry_xattr_add_entry)            \
	X(archive_entry_xattr_next)                 \
	X(archive_entry_xattr_reset)                \
	X(archive_error_string)                     \
	X(archive_filter_bytes)                     \
	X(archive_read_data)                        \
	X(archive_read_data_block)                  \
	X(archive_read_free)                        \
	X(archive_read_new)                         \
	X(archive_read_next_header)                 \
	X(archive_read_open)                        \
	X(archive_read_open_fd)                     \
	X(archive_read_support_filter_bzip2)        \
	X(archive_read_support_filter_compress)     \
	X(archive_read_support_filter_gzip)         \
	X(archive_read_support_filter_lz4)          \
	X(archive_read_support_filter_lzip)         \
	X(archive_read_support_filter_lzma)         \
	X(archive_read_support_filter_none)         \
	X(archive_read_support_filter_xz)           \
	X(archive_read_support_filter_zstd)         \
	X(archive_read_support_format_cpio)         \
	X(archive_read_support_format_raw)          \
	X(archive_read_support_format_tar)          \
	X(archive_read_support_format_zip_seekable) \
	X(archive_set_error)                        \
	X(archive_write_add_filter_gzip)            \
	X(archive_write_add_filter_zstd)            \
	X(archive_write_close)                      \
	X(archive_write_data)                       \
	X(archive_write_free)                       \
	X(archive_write_header)                     \
	X(archive_write_new)                        \
	X(archive_write_open)                       \
	X(archive_write_open_fd)                    \
	X(archive_write_set_bytes_in_last_block)    \
	X(archive_write_set_filter_option)          \
	X(archive_write_set_format_option)          \
	X(archive_write_set_format_pax)             \
	X(archive_write_set_format_pax_restricted)  \
	X(archive_write_set_format_raw)

struct libarchive {
#define LIBARCHIVE_MEMBER(name) __typeof__(name) *name;
	LIBARCHIVE_FUNCTIONS(LIBARCHIVE_MEMBER)
#undef LIBARCHIVE_MEMBER
};

/* Load it; again and again is allowed. -ENOENT names the package. */
MUST_CHECK int libarchive_load(struct err *e);
/* The table; only after a libarchive_load() that succeeded. */
const struct libarchive *libarchive(void);

#endif
