# layered.bash - zones whose root is a layer below an empty top.
# shellcheck shell=bash disable=SC2154

# layered NAME WORD...: a native zone whose files, as installed, are a layer of the store.
layered() {
	local name=$1 path layer
	layer=$ZONES_STORAGE_DIR/.layers/base-$name
	shift
	native "$name" "$@"
	path=$(zone list -p -o path "$name")
	mkdir -p "$layer"
	mv "$path/root" "$layer/fs"
	mkdir -m 755 "$path/root"
	mkdir -p -m 700 "$path/upper/work"
	mkdir -m 755 "$path/upper/fs"
	chmod 700 "$path/upper"
	jq --arg layer "base-$name" '.driver = "overlay" | .layers = [$layer]' "$ZONES_STORAGE_DIR/.records/$name.json" >"$TOP/record"
	cat "$TOP/record" >"$ZONES_STORAGE_DIR/.records/$name.json"
}
