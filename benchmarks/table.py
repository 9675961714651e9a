#!/usr/bin/env python3
"""What the benchmarks measured, as one file and as tables.

    benchmarks/table.py merge OUT.json RUN.json...    the least of all runs, by name
    benchmarks/table.py about ALL.json KEY VALUE...   adds to what is known of the machine
    benchmarks/table.py print ALL.json [PEER.json...]
    benchmarks/table.py write ALL.json DOCS.md [PEER.json...]
    benchmarks/table.py compare NEW.json OLD.json

RUN.json is what Google Benchmark writes. A name is KEY/WHO/ARGUMENTS: "4.normal_loc/hand_blend/n:16384/kept:10/run:1".
WHO is ember, or begins with hand; of several hand-written loops the best one counts. A row is KEY and ARGUMENTS; its
number in the table of targets is what stands before the dot. PEER.json maps rows to ns, and says whose they are:
{"peer": "Stan Math", "rows": {"1.eight_schools": 5000}}.
"""
import dataclasses
import datetime
import json
import pathlib
import platform
import re
import sys

NS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclasses.dataclass
class Bar:
    """What a row must keep to; what is None is not asked for."""
    ns: float = None            # of one run
    ns_an_item: float = None
    size: float = None          # bytes
    ratio: float = None         # to the best hand-written loop
    allocations: float = None   # a run
    parts: tuple = ()           # (part, row): of the time of another row

    def __str__(self):
        parts = []
        if self.ns is not None:
            parts.append("≤ " + time_text(self.ns))
        if self.ns_an_item is not None:
            parts.append(f"≤ {self.ns_an_item:g} ns each")
        if self.size is not None:
            parts.append(f"≤ {self.size / 1e6:g} MB")
        if self.ratio is not None:
            parts.append(f"≤ {self.ratio:g}x")
        for part, other in self.parts:
            parts.append(f"≤ {part:g} of `{other}`")
        if self.allocations is not None:
            parts.append("no allocation" if self.allocations == 0 else f"≤ {self.allocations:g} allocations")
        return ", ".join(parts) or "none"


# By key, or by the whole row where its arguments matter. What stands here without a measurement does no harm.
BARS = {
    "1.eight_schools": Bar(ns=800, allocations=0),
    "1.eight_schools_recorded": Bar(ns=800, allocations=0),
    "2.add/n:1": Bar(ns_an_item=20), "2.multiply/n:1": Bar(ns_an_item=20), "2.tanh/n:1": Bar(ns_an_item=20),
    "2.add/n:8": Bar(ns_an_item=25), "2.multiply/n:8": Bar(ns_an_item=25), "2.tanh/n:8": Bar(ns_an_item=25),
    "3.handler": Bar(ns_an_item=5),
    "3.traced_site": Bar(ns_an_item=20),
    "4.normal_loc": Bar(ratio=1.3),
    "4.normal_loc_scale": Bar(ratio=1.3),
    "4.poisson_log_rate": Bar(ratio=1.3),
    "4.bernoulli_logits": Bar(ratio=1.3),
    "5.categorical": Bar(ns_an_item=25, ratio=1.15),
    "6.categorical_step": Bar(ratio=1.3),
    "7.matmul_behind_mask/kept:100": Bar(parts=((1.1, "7.matmul_dense/kept:100"),)),
    "7.matmul_behind_mask/kept:50": Bar(parts=((1.1, "7.matmul_dense/kept:50"),)),
    "7.matmul_behind_mask/kept:10": Bar(parts=((0.45, "7.matmul_behind_mask/kept:100"), (1.1, "7.matmul_dense/kept:10"))),
    "7.matmul_behind_mask/kept:1": Bar(parts=((0.12, "7.matmul_behind_mask/kept:100"), (1.1, "7.matmul_dense/kept:1"))),
    "8.logistic": Bar(ratio=1.3),
    "9.sequences": Bar(ratio=2),
    "10.varying_intercepts": Bar(ratio=5),
    "11.categorical": Bar(ratio=0.625),
    "11.categorical_step": Bar(ratio=0.625),
    "11.normal_loc": Bar(ratio=0.625),
    "11.normal_loc_scale": Bar(ratio=0.625),
    "11.poisson_log_rate": Bar(ratio=0.625),
    "11.bernoulli_logits": Bar(ratio=0.625),
    "13.compile_bones": Bar(ns=3e9),
    "13.build_library": Bar(ns=240e9),
    "14.bones_start": Bar(ns=5e6),
    "14.bones_size": Bar(size=6e6),
    "14.eight_schools_memory": Bar(size=12e6),
    "15.sparse_factorisation": Bar(ratio=1.5),
    "15.sparse_memory": Bar(ratio=1.5),
}

SIZES = {"14.bones_size", "14.eight_schools_memory", "15.sparse_memory"}

WHAT = {
    "1.eight_schools": "eight schools, one SVI step (AutoNormal, Adam, validation on)",
    "1.eight_schools_recorded": "the same, recorded once and run again",
    "2.add": "x + y, forward and backward", "2.multiply": "x * y, forward and backward",
    "2.tanh": "tanh(x), forward and backward",
    "3.handler": "one more handler on the stack, per site",
    "3.site": "an observed site",
    "3.traced_site": "a traced site",
    "4.normal_loc": "masked Normal, vector loc, one scale", "4.normal_loc_scale": "masked Normal, vector loc and scale",
    "4.poisson_log_rate": "masked Poisson, log rate", "4.bernoulli_logits": "masked Bernoulli, logits",
    "5.categorical": "masked Categorical logits (4096, 64, 10), value and gradient",
    "6.categorical_step": "SVI step on the same, logits a parameter, Adam over 2.6e6",
    "7.matmul_behind_mask": "SVI step, Categorical of reshape(x (1024 x 8) w (8 x 640)) behind an element mask",
    "7.matmul_dense": "the same with all of the matmul computed first",
    "8.logistic": "logistic regression 10000 x 50, one SVI step",
    "9.sequences": "1000 sequences of 1 to 100, AR(1), Poisson, masked by length, one SVI step",
    "10.varying_intercepts": "12573 observations in 85 groups, one SVI step",
    "12.chain": "six element-wise operators and a sum, forward and backward",
    "11.categorical": "row 5 on two threads, beside one",
    "11.categorical_step": "row 6 on two threads, beside one",
    "11.normal_loc": "row 4 on two threads, beside one: Normal, vector loc",
    "11.normal_loc_scale": "row 4 on two threads, beside one: Normal, vector loc and scale",
    "11.poisson_log_rate": "row 4 on two threads, beside one: Poisson",
    "11.bernoulli_logits": "row 4 on two threads, beside one: Bernoulli",
    "13.compile_bones": "compiling examples/bones.cpp, -O2",
    "13.build_library": "the whole library from nothing",
    "14.bones_start": "a static bones until its first step",
    "14.bones_size": "a static bones, stripped",
    "14.eight_schools_memory": "peak memory of examples/eight_schools",
    "15.sparse_factorisation": "sparse factorisation, 100,000 x 100,000, 1e6 seen, factors of 16, one SVI step",
    "15.sparse_memory": "the same, peak memory of three steps with all that they need",
}


@dataclasses.dataclass
class Row:
    name: str
    ember: float                # ns (or bytes) of one run
    hand: float = None          # ns of the best hand-written loop
    hand_who: str = ""
    items: float = 1
    allocations: float = None
    rows: dict = None           # all of them, by name

    @property
    def key(self):
        return self.name.split("/")[0]

    @property
    def number(self):
        return self.key.split(".")[0]

    @property
    def bar(self):
        return BARS.get(self.name) or BARS.get(self.key) or Bar()

    @property
    def is_size(self):
        return self.key in SIZES

    @property
    def ratio(self):
        return None if self.hand is None else self.ember / self.hand

    def strain(self):
        """How much of what it may take the row takes: met up to 1. None where nothing is asked for."""
        bar = self.bar
        parts = [
            (self.ember, bar.ns), (self.ember / self.items, bar.ns_an_item), (self.ember, bar.size),
            (self.ratio, bar.ratio)]
        parts += [(self.ember / self.rows[other].ember, part) for part, other in bar.parts if other in self.rows]
        strains = [value / limit for value, limit in parts if value is not None and limit is not None]
        if bar.allocations is not None and self.allocations is not None and self.allocations > bar.allocations:
            strains.append(float("inf"))
        return max(strains, default=None)

    def met(self):
        strain = self.strain()
        return "" if strain is None else "yes" if strain <= 1 else "**no**"


def time_text(ns):
    for unit in ("s", "ms", "us"):
        if ns >= NS[unit]:
            return f"{ns / NS[unit]:.3g} {unit}"
    return f"{ns:.3g} ns"


def merge(out, runs):
    merged = {}
    for path in runs:
        for run in json.loads(pathlib.Path(path).read_text())["benchmarks"]:
            if run.get("run_type") != "iteration" or run.get("error_occurred"):
                continue
            name = re.sub(r"/(manual_time|repeats:\d+)", "", run.get("run_name", run["name"]))
            found = {"ns": run["real_time"] * NS[run["time_unit"]]}
            found.update({k: run[k] for k in ("items", "allocations") if k in run})
            if name not in merged or found["ns"] < merged[name]["ns"]:
                merged[name] = found
    pathlib.Path(out).write_text(json.dumps({"context": context(), "benchmarks": merged}, indent=1) + "\n")


def add_about(path, about):
    everything = json.loads(pathlib.Path(path).read_text())
    everything["context"].update(about)
    pathlib.Path(path).write_text(json.dumps(everything, indent=1) + "\n")


def context():
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", cpu, re.M)
    vectors = "AVX-512" if " avx512f" in cpu else "AVX2" if " avx2" in cpu else "no AVX2"
    cores = len(re.findall(r"^processor", cpu, re.M))
    return {"date": datetime.date.today().isoformat(),
            "machine": f"{model[1] if model else platform.machine()}, {cores} cores, {vectors}"}


def rows_of(path):
    """Rows by name, and ns of one exp."""
    runs = json.loads(pathlib.Path(path).read_text())["benchmarks"]
    rows, hands, exp = {}, {}, None
    for name, run in runs.items():
        key, who, *arguments = name.split("/")
        row = "/".join([key, *arguments])
        if key == "exp":
            exp = run["ns"] / run["items"]
        elif who == "ember":
            rows[row] = Row(row, run["ns"], items=run.get("items", 1), allocations=run.get("allocations"))
        elif row not in hands or run["ns"] < hands[row][0]:
            hands[row] = (run["ns"], who.removeprefix("hand").removeprefix("_"))
    for row, (ns, who) in hands.items():
        if row in rows:
            rows[row].hand, rows[row].hand_who = ns, who
    for row in rows.values():
        row.rows = rows
    order = sorted(rows.values(), key=lambda r: int(r.number) if r.number.isdigit() else 1000)
    return {row.name: row for row in order}, exp


def peers_of(paths):
    return [json.loads(pathlib.Path(path).read_text()) for path in paths]


def amount(row, value):
    return f"{value / 1e6:.3g} MB" if row.is_size else time_text(value)


def line(row, peers):
    arguments = row.name[len(row.key):].strip("/").replace("/", ", ").replace(":", " ")
    what = WHAT.get(row.key, row.key) + (f" ({arguments})" if arguments else "")
    each = f"{row.ember / row.items:.3g} ns" if row.items > 1 else ""
    cells = [row.number, f"`{row.name}`", what, amount(row, row.ember), each]
    if row.hand is None:
        cells += ["", "", ""]
    else:
        hand_each = f"{row.hand / row.items:.3g} ns" if row.items > 1 else ""
        cells += [f"{amount(row, row.hand)} {row.hand_who}".strip(), hand_each, f"{row.ratio:.2f}"]
    cells += [str(row.bar), row.met()]
    for peer in peers:
        ns = peer["rows"].get(row.name.removesuffix("_recorded"))  # peers have one way to take that step
        cells.append("" if ns is None else f"{time_text(ns)} ({ns / row.ember:.3g}x)")
    return "| " + " | ".join(cells) + " |"


HEADER = ["row", "key", "what", "ember", "each", "by hand", "each", "ratio", "bar", "met"]


def header(cells):
    return ["| " + " | ".join(cells) + " |", "|" + "---|" * len(cells)]


def worst_of(rows):
    """Of each key the row that is nearest to its bar or farthest beyond it, and how many keep to theirs."""
    groups = {}
    for row in rows:
        groups.setdefault(row.key, []).append(row)
    for key, group in groups.items():
        worst = max(group, key=lambda r: r.strain() if r.strain() is not None else r.ratio or 0)
        asked = [r for r in group if r.strain() is not None]
        yield worst, sum(r.strain() <= 1 for r in asked), len(asked)


def summary(rows, peers):
    lines = header(HEADER[:9] + ["met"] + [peer["peer"] for peer in peers])
    for worst, met, asked in worst_of(rows):
        text = line(worst, peers)
        if asked > 1:
            cells = text.split(" | ")
            cells[9] = ("yes" if met == asked else "**no**") + f": {met} of {asked}"
            text = " | ".join(cells)
            text = text if text.endswith("|") else text + " |"
        lines.append(text)
    return lines


def families(rows, exp):
    lines = header(["family and what it is given", "ns an element", "of an exp", "uniform parameters", "of an exp"])
    each = {}
    for row in rows:
        each.setdefault(row.key, {})["uniform:1" in row.name] = row.ember / row.items
    for key, times in each.items():
        name = key.removeprefix("families.").replace(".", ", ").replace(", ", "(", 1) + ")"
        lines.append(f"| {name} | " + " | ".join(f"{times[u]:.3g} | {times[u] / exp:.1f}" for u in sorted(times)) + " |")
    return lines


def split(rows):
    kernels = [r for r in rows.values() if r.number == "families"]
    return [r for r in rows.values() if r.number != "families"], kernels


def page(path, peers):
    rows, exp = rows_of(path)
    about = json.loads(pathlib.Path(path).read_text())["context"]
    targets, kernels = split(rows)
    text = ["# Benchmarks", "",
            f"Written by `scripts/bench.sh` on {about['date']}: {about['machine']}; {about.get('compiler', '')}; revision "
            f"{about.get('revision', 'unknown')}; load {about.get('load', 'unknown')} at the start. One `exp` in a "
            f"vectorised loop takes {exp:.2f} ns.", "",
            "Each time is the least of all repetitions. *By hand* is the best hand-written loop for the same data, in the same "
            "program, which must agree with ember to 1e-9 in value and gradient before anything is timed; *each* is the time "
            "divided by the elements (rows of logits, parameters, operators, sites) that the row is about. What the programs "
            "measure is in [benchmarks/README.md](../benchmarks/README.md).", "",
            "## Rows", "", "Of a row with several cases the one that is farthest from its bar.", ""]
    text += summary(targets, peers)
    for peer in peers:
        text += ["", f"{peer['peer']}: {peer['about']}"]
    if kernels:
        text += ["", "## Density kernels", "",
                 "Log density and gradients by value and parameters (where these are not whole numbers), 16384 elements, all "
                 "kept; rows of ten for Categorical, Dirichlet and MultivariateNormal. One that stopped vectorising takes "
                 "several times as long as its like.", ""]
        text += families(kernels, exp)
    text += ["", "## Every case", ""]
    text += header(HEADER + [peer["peer"] for peer in peers])
    text += [line(row, peers) for row in targets]
    return "\n".join(text) + "\n"


def print_all(path, peers):
    rows, exp = rows_of(path)
    print(f"{'':50}{'ember':>12}{'by hand':>12}{'ratio':>8}  bar")
    for row in rows.values():
        hand = "" if row.hand is None else amount(row, row.hand)
        ratio = "" if row.hand is None else f"{row.ratio:.2f}"
        each = f", {row.ember / row.items:.3g} ns each" if row.items > 1 else ""
        met = row.met().strip("*")
        bar = f"{row.bar}: {met}" if met else ""
        others = "".join(f"; {p['peer']} {time_text(p['rows'][row.name])}" for p in peers if row.name in p["rows"])
        print(f"{row.name:50}{amount(row, row.ember):>12}{hand:>12}{ratio:>8}  {bar}{each}{others}")
    if exp is not None:
        print(f"one exp in a vectorised loop: {exp:.2f} ns")


def compare(new_path, old_path):
    new, new_exp = rows_of(new_path)
    old, old_exp = rows_of(old_path)
    print(f"{'':50}{'before':>12}{'now':>12}{'change':>9}")
    for name, row in new.items():
        if name in old:
            change = row.ember / old[name].ember - 1
            print(f"{name:50}{amount(row, old[name].ember):>12}{amount(row, row.ember):>12}{change:>+9.1%}")
    for name in new:
        if name not in old:
            print(f"{name:50}not measured before")
    if new_exp and old_exp:
        print(f"one exp in a vectorised loop: {old_exp:.2f} ns, {new_exp:.2f} ns")


def main():
    arguments = sys.argv[1:]
    if len(arguments) >= 3 and arguments[0] == "merge":
        merge(arguments[1], arguments[2:])
    elif len(arguments) >= 2 and arguments[0] == "about":
        add_about(arguments[1], dict(zip(arguments[2::2], arguments[3::2])))
    elif len(arguments) >= 2 and arguments[0] == "print":
        print_all(arguments[1], peers_of(arguments[2:]))
    elif len(arguments) >= 3 and arguments[0] == "write":
        pathlib.Path(arguments[2]).write_text(page(arguments[1], peers_of(arguments[3:])))
    elif len(arguments) == 3 and arguments[0] == "compare":
        compare(*arguments[1:])
    else:
        sys.exit(__doc__)


main()
