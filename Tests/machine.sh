# What the scripts of this repository have in common: what a fresh machine lacks, the virtual environment,
# and the builds. Sourced by Tests/run, Tests/demo, Tests/try and screenshots/make, never run.
#
# Expected: Debian 12 with Swift 6.3 and Python 3.10 or newer. The rest comes from Debian's and Python's packages.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
venv=$root/.venv
cd "$root" || exit 1
export LANG=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONPATH PYTHONHOME

missing=()

# need PACKAGE COMMAND...: the Debian package is missing unless the command succeeds.
need() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}

# A tool that finds nothing to write to in HOME fails in its own way: give it a place.
settle_home() {
  [ -n "${HOME:-}" ] && [ -w "${HOME:-}" ] && return
  HOME=$(mktemp -d) || return
  export HOME
}

# What the program and its demo are built with.
need_program() {
  settle_home
  command -v swift >/dev/null || { echo "Swift 6.3 or newer is needed, and there is no 'swift' in PATH (swift.org)" >&2; return 1; }
  need libncurses-dev test -e /usr/include/curses.h
  need libpcre2-dev test -e /usr/include/pcre2.h
  need libzstd-dev test -e /usr/include/zstd.h
  need libsqlite3-dev test -e /usr/include/sqlite3.h
  need build-essential command -v cc
}

# What every script needs that has to do with Flask.
need_basics() {
  need_program || return
  command -v python3 >/dev/null || missing+=(python3)
  need binutils command -v strip
  need python3-venv python3 -c 'import ensurepip, venv'
  # uWSGI comes as source and is compiled against Python.
  need python3-dev python3 -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")'
}

# Installs what need() found missing.
install_missing() {
  [ ${#missing[@]} -eq 0 ] && return
  echo "missing: ${missing[*]}"
  if [ "$(id -u)" != 0 ]; then
    echo "as root: apt-get update && apt-get install ${missing[*]}" >&2
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q && apt-get install -q -y --no-install-recommends "${missing[@]}" && missing=()
}

# step NAME COMMAND...: one step of a preparation; what it prints is shown only if it fails.
step() {
  local begun=$SECONDS said
  printf '%-52s' "$1 ..." >&2
  shift
  # Not in a subshell: what is missing is known here.
  said=$(mktemp) || exit
  if "$@" >"$said" 2>&1; then
    echo "$((SECONDS - begun)) s" >&2
    rm -f "$said"
  else
    echo "failed" >&2
    cat "$said" >&2
    rm -f "$said"
    exit 1
  fi
}

# The virtual environment with what Tests/requirements.txt names; made anew only when that changes.
make_venv() {
  local wanted
  wanted=$(python3 -c 'import sys; print(sys.version, sys.base_prefix)' && cat Tests/requirements.txt) || return
  [ "$(cat "$venv/made-from" 2>/dev/null)" = "$wanted" ] && return
  rm -rf "$venv"
  python3 -m venv "$venv" && "$venv/bin/pip" install --no-input -q -r Tests/requirements.txt || return
  printf '%s\n' "$wanted" >"$venv/made-from"
}

# How all that is released is built: without debug information, which takes a tenth of the time and a third of the room.
release=(swift build -c release -debug-info-format none)

# The program and the demo's server, which lies beside it.
build_program() {
  CTXTOP_ONLY_PROGRAM=1 "${release[@]}"
}

# The program alone.
build_dashboard() {
  CTXTOP_ONLY_PROGRAM=1 "${release[@]}" --product ctxtop
}

# What writes and damages recordings, 100,000 times: too often for a debug build.
build_recording_probe() {
  "${release[@]}" --static-swift-stdlib --product ctxtop-recording-probe
}

# What measures the contexts of servers written in Swift, as such a server is built.
build_contexts_probe() {
  "${release[@]}" --static-swift-stdlib --product ctxtop-contexts-probe
}

# What takes millions of rounds, and the workers that it has.
build_storm() {
  "${release[@]}" --static-swift-stdlib --product ctxtop-storm &&
    "${release[@]}" --static-swift-stdlib --product ctxtop-guest-probe
}

build_extension() {
  "${release[@]}" --product ctxtop-extension
}

# Where the Swift toolchain keeps the runtimes of its sanitizers.
sanitizer_runtime() {
  local found=("$(dirname "$(readlink -f "$(command -v swift)")")"/../lib/clang/*/lib/linux/"libclang_rt.$1-$(uname -m).$2")
  [ -e "${found[0]}" ] || { echo "this Swift has no ${found[0]}" >&2; return 1; }
  printf '%s\n' "${found[0]}"
}

# The Python package with an agent in it that AddressSanitizer watches, in .build/watched. SwiftPM would link the
# runtime for programs; this one is loaded into Python, which must be told of it: LD_PRELOAD.
build_watched_extension() {
  local work=.build/watched sources compiler
  compiler=$(dirname "$(readlink -f "$(command -v swift)")")/clang
  mkdir -p "$work" && rm -rf "$work/ctxtop" && cp -r Sources/Python/ctxtop "$work/ctxtop" || return
  mapfile -t sources < <(find -L Sources/CtxtopExtension -name '*.swift' -not -path '*/Outside/*' -not -path '*/Values/*')
  printf 'module CCtxtop { header "%s" export * }\n' "$root/Sources/CCtxtop/include/CCtxtop.h" >"$work/module.modulemap"
  "$compiler" -c -fPIC -fsanitize=address -O1 -g -I Sources/CCtxtop/include Sources/CCtxtop/shims.c -o "$work/shims.o" &&
    swiftc -c -parse-as-library -wmo -Osize -g -swift-version 6 -package-name ctxtop -sanitize=address \
      -enable-experimental-feature Embedded -Xcc -fPIC -Xcc "-fmodule-map-file=$work/module.modulemap" \
      -I Sources/CPython -module-name CtxtopExtension "${sources[@]}" -o "$work/extension.o" &&
    "$compiler" -shared -fsanitize=address -shared-libasan -fuse-ld=lld "$work/extension.o" "$work/shims.o" \
      -Wl,--version-script=Sources/CtxtopExtension/exports.map -Wl,-z,nodelete -o "$work/ctxtop/_native.abi3.so"
}

# The Python package with the agent in it, into the virtual environment.
install_package() {
  # What an earlier build left there would be packed as well.
  rm -rf Sources/Python/build
  "$venv/bin/pip" install --no-input -q ./Sources/Python
}
