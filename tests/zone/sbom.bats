#!/usr/bin/env bats
# The bill of materials (dist/sbom, make sbom) beside what is built and what Debian says.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${ZONES_BUILD:-$ROOT/build}

@test "the bill of materials names the version, every source, and every library with the version of its Debian package" {
	bom=$BATS_TEST_TMPDIR/bom.json
	"$ROOT/dist/sbom" "$BUILD" >"$bom"
	jq -e '.bomFormat == "CycloneDX" and .specVersion == "1.5" and ([.components[]."bom-ref" | select(.)] | length == (unique | length))' "$bom"
	[ "$(jq -r .metadata.component.version "$bom")" = "$(sed -n 's/^VERSION *:= *//p' "$ROOT/Makefile")" ]
	# every source, once, under our licence, with the sum that others make
	jq -r '.components[] | select(.type == "file") | "\(.hashes[0].content)  \(.name)"' "$bom" >"$BATS_TEST_TMPDIR/sums"
	(cd "$ROOT" && sha256sum --quiet -c "$BATS_TEST_TMPDIR/sums")
	[ "$(wc -l <"$BATS_TEST_TMPDIR/sums")" = "$(cd "$ROOT" && find runtime isolation cgroups net config -name '*.[ch]' | wc -l)" ]
	jq -e '[.components[] | select(.type == "file" or .type == "application") | .licenses[0].license.id] | unique == ["Apache-2.0"]' "$bom"
	# what the programs are linked with is in it, and nothing that does not exist is
	for program in zone zrun; do
		readelf -dW "$BUILD/$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/library:\1/p' | sort >"$BATS_TEST_TMPDIR/needed"
		jq -r --arg p "program:$program" '.dependencies[] | select(.ref == $p) | .dependsOn[]' "$bom" | sort >"$BATS_TEST_TMPDIR/told"
		[ -s "$BATS_TEST_TMPDIR/needed" ]
		[ -z "$(comm -23 "$BATS_TEST_TMPDIR/needed" "$BATS_TEST_TMPDIR/told")" ]
	done
	jq -e '[.dependencies[].dependsOn[]] - [.components[]."bom-ref"] == []' "$bom"
	# versions as dpkg tells them
	jq -r '.components[] | select(.type == "library") | .version as $v | .properties[] | select(.name == "zones:debian-package") | "\(.value)\t\($v)"' "$bom" | sort >"$BATS_TEST_TMPDIR/versions"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/versions")" = "$(jq '[.components[] | select(.type == "library")] | length' "$bom")" ]
	cut -f1 "$BATS_TEST_TMPDIR/versions" | while read -r package; do dpkg-query -W -f '${Package}\t${Version}\n' "$package" | head -n 1; done | sort | diff - "$BATS_TEST_TMPDIR/versions"
}

@test "a folder that holds no build has no bill of materials" {
	run "$ROOT/dist/sbom" "$BATS_TEST_TMPDIR"
	[ "$status" -ne 0 ]
	[[ $output = *usage* ]]
}
