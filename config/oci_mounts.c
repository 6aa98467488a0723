#include "config/oci_tables.h"

/* root and mounts: config.md "Root", "Mounts". A relative destination is accepted (deprecated, it means below "/"), one with ".." is not. */

static const struct field root_fields[] = {
	ROW_TYPED(root_spec, path, "path", FIELD_STRING, FIELD_REQUIRED, oci_text_type),
	ROW(root_spec, readonly, "readonly", FIELD_BOOL, 0),
};
const struct shape oci_root_shape = SHAPE("root", root_spec, root_fields);

static const struct field mount_fields[] = {
	ROW_TYPED(mount_spec, destination, "destination", FIELD_STRING, FIELD_REQUIRED,
		  oci_inside_type),
	ROW(mount_spec, type, "type", FIELD_STRING, 0),
	ROW(mount_spec, source, "source", FIELD_STRING, 0),
	ROW_STRINGS(mount_spec, options, "options", 0),
	ROW_LIST(mount_spec, uid_mappings, n_uid_mappings, "uidMappings", oci_id_map_shape,
		 OCI_MANY),
	ROW_LIST(mount_spec, gid_mappings, n_gid_mappings, "gidMappings", oci_id_map_shape,
		 OCI_MANY),
};
const struct shape oci_mount_shape = SHAPE("mount", mount_spec, mount_fields);
