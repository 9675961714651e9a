# Sourced by the scripts beside it: installs Debian packages that are missing, configures and builds a preset.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(g++ cmake ninja-build libeigen3-dev libboost-dev nlohmann-json3-dev catch2 librandom123-dev
          libcli11-dev)
# For the test that looks at reports; it is skipped without them.
browser_packages=(chromium chromium-driver python3-selenium)
# For those that check the reference, drawings, the schema, and the documents' code with a second compiler.
document_packages=(doxygen graphviz python3-jsonschema clang-16)

fuzz_packages=(clang-16 libclang-rt-16-dev libomp-16-dev)

install_missing() {
  local missing=()
  for package in "$@"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local root=()
  if [ "$(id -u)" -ne 0 ]; then root=(sudo); fi
  if ! command -v apt-get >/dev/null || { [ ${#root[@]} -gt 0 ] && ! command -v sudo >/dev/null; }; then
    echo "Can't install packages here (needs apt-get, as root or with sudo). Missing: ${missing[*]}" >&2
    exit 1
  fi
  echo "Installing ${missing[*]}"
  if ! { "${root[@]}" apt-get update -qq &&
         "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; }; then
    echo "Installing failed. Needed Debian packages: ${missing[*]}" >&2
    exit 1
  fi
}

# A job of the compiler may take 2 GiB.
jobs() {
  local memory cores
  memory=$(awk '/MemAvailable/ {print int($2 / 2097152)}' /proc/meminfo)
  cores=$(nproc)
  [ "$memory" -lt 1 ] && memory=1
  echo $((memory < cores ? memory : cores))
}

build() {
  local preset=$1
  shift
  cmake --preset "$preset"
  cmake --build --preset "$preset" -j "$(jobs)" "$@"
}
