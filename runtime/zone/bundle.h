/* bundle - the archive of a whole zone, as archive_export.c writes and archive_import.c reads it. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_BUNDLE_H
#define RUNTIME_ZONE_BUNDLE_H

/* The members in their order; what lies in the root stands between the second and the last. */
#define BUNDLE_ABOUT    "about.json"
#define BUNDLE_CONFIG   "zone.json"
#define BUNDLE_ROOT     "root"
#define BUNDLE_MANIFEST "manifest.mtree"

/* about.json: { "format": BUNDLE_FORMAT, "version": 1, "zonename", "uuid", "brand", "architecture", "image" (what the image says that it came from; may be absent) } */
#define BUNDLE_FORMAT "zones-archive"
enum { BUNDLE_VERSION = 1, BUNDLE_ABOUT_MAX = 64 << 10 };

#endif
