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

"$inspect" "$dir/bones.trace.json" --json | python3 -c "
import json, sys
table = json.load(sys.stdin)
grades = next(s for s in table['sites'] if s['family'] == 'Categorical')
assert (grades['kept'], grades['total'], grades['hidden']['distribution']) == (422, 442, 20), grades
"
"$inspect" "$dir/bones.trace.json" --site theta | grep "^value, shape (13,)" > /dev/null
"$inspect" "$dir/bones.trace.json" "$dir/bones.trace.json" | grep "no difference" > /dev/null
"$example" --steps 21 --out "$dir/other.trace.json" > /dev/null 2>&1
code=0
"$inspect" "$dir/bones.trace.json" "$dir/other.trace.json" > "$dir/differences" || code=$?
[ "$code" -eq 1 ]
grep -q "^theta  *value .* elements differ, most at" "$dir/differences"
code=0
"$inspect" "$dir/bones.trace.json" --site nobody 2> "$dir/message" || code=$?
[ "$code" -eq 2 ]
grep -q "theta" "$dir/message"
"$inspect" "$dir/bones.trace.json" --html "$dir/report.html"
grep -q "</html>" "$dir/report.html"
code=0
"$inspect" "$dir/bones.trace.json" --fit "$dir/fit.json" 2> /dev/null || code=$?
[ "$code" -eq 2 ]
"$inspect" --help | grep "ember-inspect a.trace.json b.trace.json" > /dev/null
"$inspect" --version | grep "^ember-inspect [0-9]" > /dev/null
"$inspect" "$dir/bones.trace.json" --site grade | grep "^mask (1 counts, 0 is hidden), shape (13, 34)" > /dev/null
"$inspect" "$dir/bones.trace.json" --site grade | grep "^  plates  *each_child, indicator" > /dev/null
"$inspect" "$dir/bones.trace.json" --site theta --json | python3 -c "
import json, sys
site = json.load(sys.stdin)
assert len(site['value']['data']) == len(site['log_prob']['data']) == 13, site
assert site['parameters']['scale']['data'] == [36] and site['mask']['shape'] == [13], site
"

# refused WHAT ARGUMENTS..: exit code 2, and WHAT in the message
refused() {
  local what=$1 code=0
  shift
  "$inspect" "$@" > "$dir/printed" 2> "$dir/message" || code=$?
  [ "$code" -eq 2 ]
  grep -q -e "$what" "$dir/message"
}
trace=$dir/bones.trace.json
for option in --site --html; do refused "$option: it is empty" "$trace" "$option" ""; done
refused "excludes --html" "$trace" --json --html "$dir/no.html"
refused "excludes --html" "$trace" --site theta --html "$dir/no.html"
for option in --site --html; do refused "two were given" "$trace" "$trace" "$option" theta; done
refused "one was given" "$trace" --tolerance 0.1
for bad in -1 nan inf 1x; do refused "no number of 0 or more" "$trace" "$trace" --tolerance "$bad"; done
refused "is the trace itself" "$trace" --html "$dir/./bones.trace.json"
for option in --fit --draws --params; do
  echo "an input" > "$dir/input"
  refused "is what $option reads" "$trace" --html "$dir/./input" "$option" "$dir/input"
  [ "$(cat "$dir/input")" = "an input" ]
done
[ ! -e "$dir/no.html" ]
for arguments in "$trace" "$trace --json" "$trace $trace" "--help"; do
  code=0
  # shellcheck disable=SC2086
  "$inspect" $arguments > /dev/full 2> "$dir/message" || code=$?
  [ "$code" -eq 2 ]
  grep -q "can't be written" "$dir/message"
done

code=0
"$inspect" --no-such-option 2> /dev/null || code=$?
[ "$code" -eq 2 ]

# Each way of damage, once: exit code 2, and a message that names the file and the place in it.
refused() { # file, arguments...
  local file=$1 code=0
  shift
  "$inspect" "$@" > "$dir/printed" 2> "$dir/message" || code=$?
  [ "$code" -eq 2 ] && [ ! -s "$dir/printed" ] &&
    grep -qF "ember-inspect: file '$file': " "$dir/message" && return
  echo "$file: exit code $code, $(cat "$dir/message")"
  exit 1
}
mkdir "$dir/damaged"
python3 - "$dir/bones.trace.json" "$dir/damaged" <<'PY'
import json, sys

text = open(sys.argv[1]).read()


def damage(name, change, put=None):
    """The trace after a change of its first site; where '@' then stands, other bytes."""
    trace = json.loads(text)
    change(trace, trace["sites"][0])
    data = json.dumps(trace).encode()
    if put is not None:
        assert data.count(b'"@"') == 1
        data = data.replace(b'"@"', put)
    open(f"{sys.argv[2]}/{name}.json", "wb").write(data)


def number(trace, site):
    site["value"]["data"][0] = "@"


open(f"{sys.argv[2]}/truncated.json", "w").write(text[:2000])
damage("type", lambda trace, site: site.update(value="1"))
damage("shape", lambda trace, site: site["value"]["shape"].append(2))
damage("huge", number, b"1e999")
damage("nested", number, b"[" * 100000)
damage("twice", number, b'1], "data": [1')
damage("bytes", lambda trace, site: site.update(name="@"), b'"\xff"')
damage("nan", number, b"NaN")
damage("missing", lambda trace, site: site.pop("value"))
damage("unknown", lambda trace, site: trace.update(schema="ember-trace/9"))
PY
[ "$(ls "$dir/damaged" | wc -l)" -eq 10 ]
for file in "$dir"/damaged/*.json; do
  refused "$file" "$file"
  grep -q "json /" "$dir/message"
  refused "$file" "$dir/bones.trace.json" "$file"
  refused "$file" "$dir/bones.trace.json" --html "$dir/page.html" --fit "$file"
  refused "$file" "$dir/bones.trace.json" --html "$dir/page.html" --draws "$file"
done
[ ! -e "$dir/page.html" ]
refused "$dir/none.json" "$dir/none.json"
refused "$dir" "$dir"

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
