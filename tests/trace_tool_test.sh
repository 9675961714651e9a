#!/usr/bin/env bash
# ember-inspect prints what the program that wrote the trace printed; where python3-jsonschema is
# there, the file is valid under the published schema; a damaged file is refused with exit code 2.
set -euo pipefail
example=$1
inspect=$2
schema=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$example" --steps 20 --out "$dir/bones.trace.json" > "$dir/printed" 2>/dev/null
"$inspect" "$dir/bones.trace.json" > "$dir/inspected"
tail -n "$(wc -l < "$dir/inspected")" "$dir/printed" | diff - "$dir/inspected"
grep -q "422/442: distribution 20" "$dir/inspected"

head -c 2000 "$dir/bones.trace.json" > "$dir/cut.json"
code=0
"$inspect" "$dir/cut.json" 2> "$dir/message" || code=$?
[ "$code" -eq 2 ]
grep -q "cut.json" "$dir/message"

if python3 -c "import jsonschema" 2>/dev/null; then
  python3 - "$schema" "$dir/bones.trace.json" <<'PY'
import json, sys, jsonschema
schema, trace = (json.load(open(path)) for path in sys.argv[1:])
jsonschema.Draft7Validator.check_schema(schema)
jsonschema.Draft7Validator(schema).validate(trace)
trace["sites"][0]["kind"] = "lurking"
assert list(jsonschema.Draft7Validator(schema).iter_errors(trace)), "the schema accepts anything"
PY
else
  echo "python3-jsonschema is not installed: the schema was not checked"
fi
