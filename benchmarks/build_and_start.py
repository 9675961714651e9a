#!/usr/bin/env python3
"""Rows 13 and 14: how long a model and the library take to compile, how soon and in how little memory programs run.

    benchmarks/build_and_start.py BUILD OUT.json [--build-time]

BUILD is a configured and built folder with examples. Writes times in ns and sizes in bytes, named as the
benchmarks are. The time before the first step is that of a static bones that ends where SVI's run begins:
the linker puts an exit in its place.
"""
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

REPETITIONS = 20


def compile_command(build, source):
    """The database's command for a source, as a list, without the cache of compilers and without output."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].endswith(source):
            words = shlex.split(entry["command"])
            if words[0].endswith("ccache"):
                words = words[1:]
            at = words.index("-o")
            del words[at:at + 2]
            return words
    sys.exit(f"{build}/compile_commands.json knows no {source}: configure with examples")


def seconds(command, **options):
    begin = time.monotonic()
    subprocess.run(command, check=True, **options)
    return time.monotonic() - begin


def start_seconds(program):
    """Of one run, whose output is thrown away."""
    null = os.open(os.devnull, os.O_RDWR)
    begin = time.monotonic()
    child = os.posix_spawn(program, [program], os.environ,
                           file_actions=[(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)])
    _, status = os.waitpid(child, 0)
    took = time.monotonic() - begin
    os.close(null)
    if status != 0:
        sys.exit(f"{program} failed")
    return took


def peak_bytes(program):
    """Of one run: what the kernel says until it ends. (What wait4 tells counts this script before the exec.)"""
    child = subprocess.Popen([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while child.poll() is None:
        status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
        peak = max([peak, *(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))])
        time.sleep(0.0005)
    return peak


def static_bones(build, folder, compiled, flags=()):
    """A stripped static program of the object file."""
    program = folder / "bones"
    compiler = compile_command(build, "examples/bones.cpp")[0]
    subprocess.run([compiler, "-static", str(compiled), str(build / "libember.a"), "-lgomp", "-Wl,--gc-sections", *flags, "-o", str(program)],
                   check=True)
    subprocess.run(["strip", str(program)], check=True)
    return program


def run_of_svi(build):
    """The symbol of SVIEngine::run(steps, ..)."""
    names = subprocess.run(["nm", "--defined-only", str(build / "libember.a")], check=True, capture_output=True,
                           text=True).stdout.split()
    return next(name for name in names if name.startswith("_ZN5ember9inference9SVIEngine3runEl"))


def measure(build, folder):
    results = {}
    compiled = folder / "bones.o"
    command = [*compile_command(build, "examples/bones.cpp"), "-O2", "-o", str(compiled)]
    results["13.compile_bones"] = min(seconds(command) for _ in range(2)) * 1e9

    results["14.bones_size"] = static_bones(build, folder, compiled).stat().st_size
    symbol = run_of_svi(build)
    ending = folder / "ending.c"
    ending.write_text(f"#include <unistd.h>\nvoid __wrap_{symbol}(void) {{ _exit(0); }}\n")
    subprocess.run(["cc", "-c", str(ending), "-o", str(folder / "ending.o")], check=True)
    program = static_bones(build, folder, compiled, [str(folder / "ending.o"), f"-Wl,--wrap={symbol}"])
    results["14.bones_start"] = min(start_seconds(str(program)) for _ in range(REPETITIONS)) * 1e9
    results["14.eight_schools_memory"] = peak_bytes(str(build / "eight_schools"))
    return results


def library_seconds(build, folder):
    """The library alone from nothing, with the build type and flags of BUILD, on all cores."""
    source = pathlib.Path(__file__).parent.parent
    subprocess.run(["cmake", "-S", str(source), "-B", str(folder), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                    "-DEMBER_BUILD_TESTS=OFF", "-DEMBER_BUILD_EXAMPLES=OFF", "-DEMBER_BUILD_TOOLS=OFF"],
                   check=True, stdout=subprocess.DEVNULL)
    return seconds(["cmake", "--build", str(folder), "--target", "ember"], stdout=subprocess.DEVNULL)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        results = measure(build, folder)
        if "--build-time" in sys.argv[3:]:
            results["13.build_library"] = library_seconds(build, folder / "library") * 1e9
    rows = [{"name": f"{key}/ember", "run_type": "iteration", "real_time": value, "time_unit": "ns"}
            for key, value in results.items()]
    pathlib.Path(sys.argv[2]).write_text(json.dumps({"benchmarks": rows}, indent=1))


main()
