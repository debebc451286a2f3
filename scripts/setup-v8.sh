#!/usr/bin/env bash
# Sees to it that the `v8` crate can be built. Its build script downloads V8 from a release page.
# Where that cannot be reached but package registries can, this prepares a library in its place:
# the V8 in a Python wheel, and the crate's C++ bindings compiled for it. See docs/v8.md.
#
#   scripts/setup-v8.sh             decides, prepares, and writes .cargo/v8 and .cargo/config.toml
#   scripts/setup-v8.sh --missing   only prints the packages that preparing would need
#
# TONNAGE_V8=download, prebuilt or none takes the decision. Ends well even if V8 cannot be had: then
# .cargo/v8 says `none`, scripts/features.sh has Tonnage built without, and V8 is not measured.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly crate=145.0.0
# Its header has the layout of callbacks of V8 14.4, which later headers changed.
readonly header_crate=142.2.0
readonly header_sha256=1007c0bbcaebd1a7304806b342286ecdeda9d14d74731fe56abfd90db8ad8771
readonly binding_sha256=e2070f8719378a90adbe50ce33cf87a6ea3067061bae8277333a779e020cfe8d
readonly wheel=mini-racer==0.14.1
readonly wheel_sha256=cdf3a088e1363f16a695288f882abf76b3705b8e1df21418208b87ed010037a4
readonly library_sha256=21fb369a8886aed593e3d130f400d17422338b91a60c8e3829ad21de0a5cac65
readonly icu_sha256=1cf67874b5a87a8363a86fb3f81e3cbbed54d389062dab8fb52308d5cf8c8612

readonly config=.cargo/config.toml
readonly state=.cargo/v8
readonly marker='# Written by scripts/setup-v8.sh, which writes it again.'
# What is made depends on nothing but these two files and what they pin.
recipe="$(cat scripts/setup-v8.sh scripts/v8/load.c | sha256sum | cut -c1-12)"
readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/tonnage"
readonly prepared="$cache/v8-$crate-$recipe"

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
host() { rustc --version --verbose | sed -n 's/^host: //p'; }

# ---------------------------------------------------------------- what is decided, and where it is written

is_ours() { [ -f "$config" ] && [ "$(head -n 1 "$config")" = "$marker" ]; }

settings() {
  printf "[env]\n"
  printf "RUSTY_V8_ARCHIVE = '%s/librusty_v8.a'\n" "$prepared"
  printf "RUSTY_V8_SRC_BINDING_PATH = '%s/src_binding.rs'\n" "$prepared"
  printf "TONNAGE_V8_LIBRARY = '%s'\n" "$prepared"
}

# The way that V8 is had: download; own, where variables tell the crate another; prebuilt; none.
decide() {
  mkdir -p .cargo
  if [ "$1" = prebuilt ]; then
    if [ -f "$config" ] && ! is_ours; then
      if ! grep -qF "$prepared/librusty_v8.a" "$config"; then
        say "$config is not ours, so it is left alone. Until these lines are in it, V8 will not be measured:"
        settings >&2
        printf 'none\n' >"$state"
        return
      fi
    elif [ "$(cat "$config" 2>/dev/null)" != "$marker"$'\n'"$(settings)" ]; then
      { echo "$marker"; settings; } >"$config.new"
      mv "$config.new" "$config"
    fi
  elif is_ours; then
    rm "$config"
  fi
  printf '%s\n' "$1" >"$state"
}

without() {
  say "V8 will not be measured: $1"
  say "Tonnage is built without it (--no-default-features); docs/v8.md says what V8 needs"
  decide none
  exit 0
}

is_there() { [ -f "$prepared/SHA256SUMS" ]; }
is_prepared() { is_there && (cd "$prepared" && sha256sum --check --status SHA256SUMS); }

# ---------------------------------------------------------------- can the crate download V8 itself?

# The folder of a crate that cargo has fetched for the project in the current folder. Cargo has
# compared it with its checksum.
folder_of_crate() {
  cargo metadata "${@:2}" --filter-platform "$(host)" --format-version 1 2>/dev/null |
    grep --only-matching "\"manifest_path\":\"[^\"]*/v8-$1/Cargo.toml\"" |
    head -n 1 | sed 's/^"manifest_path":"//; s|/Cargo.toml"$||'
}

# Asks for one byte, with what the crate's build script downloads with too.
reachable() {
  if have curl; then
    curl --silent --fail --location --max-time 5 --range 0-0 --output /dev/null "$1"
    return
  fi
  have python3 && timeout 5 python3 - "$1" >/dev/null 2>&1 <<'P'
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Range": "bytes=0-0"})
urllib.request.urlopen(request, timeout=5).read(1)
P
}

fetched() { cargo fetch --locked --quiet --target "$(host)"; }

can_download() {
  local folder base compression=
  fetched || return 1
  folder="$(folder_of_crate "$crate" --locked)"
  base="$(sed -n 's/.*let default_base = "\(.*\)";.*/\1/p' "$folder/build.rs")"
  [ -n "$base" ] || return 1
  case "$(host)" in x86_64-*) compression=_ptrcomp ;; esac
  reachable "$base/v$crate/librusty_v8${compression}_release_$(host).a.gz"
}

# ---------------------------------------------------------------- preparing the library

readonly clangs="22 21 20 19"

clang_on_path() {
  local name
  for name in clang++ $(printf 'clang++-%s ' $clangs); do
    if have "$name" && [ "$("$name" -dumpversion | cut -d. -f1)" -ge 19 ]; then
      command -v "$name"
      return
    fi
  done
  return 1
}

with_pip() {
  if python3 -m pip --version >/dev/null 2>&1; then python3 -m pip "$@"; else pip3 "$@"; fi
}
have_pip() { with_pip --version >/dev/null 2>&1; }

# One line for each missing package: its name, a tab, what it is for.
missing() {
  have_pip || printf 'python3-pip\tfetches the Python wheel that holds the V8 that is measured\n'
  have ar && have nm && have objcopy || printf 'binutils\tmakes the library of V8 bindings\n'
}

fail() { say "$*"; exit 1; }

same() { printf '%s  %s\n' "$1" "$2" | sha256sum --check --status || fail "$2 is not what it should be (sha256)"; }

# The name of the newest clang package that is good enough.
clang_package() {
  local version
  for version in $clangs; do
    if apt-cache show --no-all-versions "clang-$version" >/dev/null 2>&1; then
      echo "$version"
      return
    fi
  done
  return 1
}

update_package_lists() { [ "$(id -u)" -eq 0 ] && apt-get update --quiet </dev/null >&2; }

# shellcheck disable=SC2086 # several packages
download_parts() { (cd debs && apt-get -qq -o APT::Sandbox::User=root download $parts >&2); }

# Unpacks clang into the current folder, installing nothing. Apt checks signatures; which version
# it is does not matter for what is measured.
unpack_clang() {
  local version parts deb
  clang_package >/dev/null || update_package_lists || true
  version="$(clang_package)" || fail "there is no clang of version 19 or later, and apt knows of none"
  say "downloading clang-$version, to compile V8's bindings; it is not installed"
  # Of what installing it would bring, the program and the shared libraries it wants.
  parts="libclang-common-$version-dev $(apt-get install --simulate --no-install-recommends "clang-$version" 2>/dev/null </dev/null |
    awk '$1 == "Inst" { print $2 }' |
    grep --extended-regexp '^(lib|clang-)' |
    grep --extended-regexp --invert-match '^(libc6|libgcc-s1|libgc1|libobjc.*|libclang1-.*|.*-dev)$')" ||
    fail "apt could not say what clang-$version needs"
  mkdir debs
  download_parts || { update_package_lists && download_parts; } ||
    fail "apt could not download clang-$version"
  for deb in debs/*.deb; do dpkg-deb --extract "$deb" unpacked-clang; done
  clang="$PWD/clang++"
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' \
    "$(printf '%s:' "$PWD"/unpacked-clang/usr/lib/*-linux-gnu "$PWD"/unpacked-clang/lib/*-linux-gnu)" \
    "$PWD/unpacked-clang/usr/lib/llvm-$version/bin/clang++" >"$clang"
  chmod +x "$clang"
  "$clang" --version >/dev/null || fail "the clang-$version that was downloaded does not start; install clang-$version"
}

# Makes everything in the current, empty folder; the result is in out/.
prepare() {
  local folder="$1" source="$2" headers clang flags source_file
  mkdir out objects shadow

  say "downloading $wheel, a Python wheel, for the V8 in it (22 MB)"
  printf '%s --hash=sha256:%s\n' "$wheel" "$wheel_sha256" >wheel.txt
  with_pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --requirement wheel.txt --dest wheel >&2 || fail "pip could not download it"
  python3 -m zipfile --extract wheel/*.whl unpacked
  cp unpacked/*/purelib/py_mini_racer/libmini_racer.so unpacked/*/purelib/py_mini_racer/icudtl.dat out/
  same "$library_sha256" out/libmini_racer.so
  same "$icu_sha256" out/icudtl.dat

  say "downloading the crate v8 $header_crate, for a header that fits that V8"
  mkdir -p header/src
  touch header/src/lib.rs
  printf '[package]\nname = "header"\nedition = "2024"\n[dependencies]\nv8 = "=%s"\n[workspace]\n' \
    "$header_crate" >header/Cargo.toml
  headers="$(cd header && cargo fetch --quiet --target "$(host)" && folder_of_crate "$header_crate")"
  [ -n "$headers" ] || fail "cargo could not download it"
  headers="$headers/v8/include"
  same "$header_sha256" "$headers/v8-function-callback.h"
  same "$binding_sha256" "$folder/src/binding.cc"

  if clang="$(clang_on_path)"; then :; else unpack_clang; fi
  say "compiling V8's bindings with $("$clang" --version | head -n 1)"

  # The crate's headers but one, with the two lines of it that this library lacks a function for.
  mkdir -p shadow/v8
  cp -r "$folder/v8/include" shadow/v8/
  awk '
    /^Local<Object> PropertyCallbackInfo<T>::HolderV2\(\) const \{/ { print; print "  return Local<Object>::FromSlot(&args_[kHolderIndex]);"; skip = 1; next }
    skip && /^}/ { skip = 0 }
    !skip
  ' "$headers/v8-function-callback.h" >callback.h
  mv callback.h shadow/v8/include/v8-function-callback.h

  # The bindings but for one function, which needs a header of V8 that is not public.
  awk '
    /^#include "v8\/src\/flags\/flags.h"/ { next }
    /^void v8__V8__SetFlagsFromCommandLine\(/ { inside = 1 }
    { if (!skip) print }
    inside && /\{$/ { print "  v8::V8::SetFlagsFromCommandLine(argc, argv, true);"; inside = 0; skip = 1; next }
    skip && /^}/ { print; skip = 0 }
  ' "$folder/src/binding.cc" >objects/binding.cc

  flags=(
    -O2 -fPIC -w -fvisibility=hidden -ffunction-sections -fdata-sections
    -fno-rtti -fno-exceptions -fno-sized-deallocation
    -nostdinc++
    -isystem "$folder/buildtools/third_party/libc++"
    -isystem "$folder/third_party/libc++/src/include"
    -isystem "$folder/third_party/libc++abi/src/include"
    -D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_NONE
    -D_LIBCPP_DISABLE_VISIBILITY_ANNOTATIONS=1
  )
  # How the V8 in the wheel was built.
  "$clang" -std=c++20 "${flags[@]}" \
    -Ishadow -Ishadow/v8/include "-I$folder" "-I$folder/src" "-I$folder/v8" \
    "-I$folder/third_party/icu/source/common" "-I$folder/third_party/icu/source/i18n" \
    "-I$folder/third_party/abseil-cpp" \
    -DV8_ENABLE_WEBASSEMBLY -DV8_INTL_SUPPORT \
    -DV8_COMPRESS_POINTERS -DV8_COMPRESS_POINTERS_IN_SHARED_CAGE -DV8_31BIT_SMIS_ON_64BIT_ARCH \
    -DV8_ENABLE_SANDBOX -DV8_EXTERNAL_CODE_SPACE -DV8_ENABLE_LEAPTIERING \
    -c objects/binding.cc -o objects/binding.o
  # What the bindings need of the C++ library that V8 is built with.
  for source_file in memory string thread; do
    "$clang" -std=c++23 "${flags[@]}" \
      -D_LIBCPP_BUILDING_LIBRARY -DLIBCXX_BUILDING_LIBCXXABI "-I$folder/third_party/libc++/src/src" \
      -c "$folder/third_party/libc++/src/src/$source_file.cpp" -o "objects/$source_file.o"
  done

  # Every C++ function that the objects want and the library has gets a stub, which jumps to an
  # address that load.c finds out. Renamed in the objects, so that nothing else meets the stubs.
  export LC_ALL=C
  nm --undefined-only objects/*.o | awk '$1 == "U" { print $2 }' | sort --unique >wanted
  nm --defined-only objects/*.o | awk 'NF == 3 { print $3 }' | sort --unique >own
  nm --dynamic --defined-only out/libmini_racer.so |
    awk '$2 ~ /^[TWi]$/ && $3 ~ /^(_Z|__cxa_guard_|__cxa_pure_virtual$)/ { sub(/@.*/, "", $3); print $3 }' |
    sort --unique >offered
  comm -23 wanted own | comm -12 - offered >names
  awk '{ print $1, "tonnage_v8_to_" $1 }' names >renamed
  for source_file in objects/*.o; do objcopy --redefine-syms=renamed "$source_file"; done
  awk '
    BEGIN { print ".text\ntonnage_v8_not_loaded: ud2" }
    {
      names[NR] = $1
      symbol = "tonnage_v8_to_" $1
      print ".globl " symbol "\n.hidden " symbol "\n.type " symbol ", @function"
      print symbol ": jmp *tonnage_v8_addresses+" 8 * (NR - 1) "(%rip)"
    }
    END {
      print ".section .rodata\n.globl tonnage_v8_names\n.hidden tonnage_v8_names\ntonnage_v8_names:"
      for (i = 1; i <= NR; i++) print ".asciz \"" names[i] "\""
      print ".byte 0"
      print ".data\n.balign 8\n.globl tonnage_v8_addresses\n.hidden tonnage_v8_addresses\ntonnage_v8_addresses:"
      for (i = 1; i <= NR; i++) print ".quad tonnage_v8_not_loaded"
      print ".section .note.GNU-stack,\"\",@progbits"
    }
  ' names >objects/stubs.s
  "$clang" -c objects/stubs.s -o objects/stubs.o
  "$clang" -x c -std=c11 -O2 -fPIC -Wall -Wextra -Werror -c "$source/load.c" -o objects/load.o

  ar Dcrs out/librusty_v8.a objects/*.o
  cp "$folder/gen/src_binding_ptrcomp_release_x86_64-unknown-linux-gnu.rs" out/src_binding.rs
  (cd out && sha256sum -- * >SHA256SUMS)
}

# ---------------------------------------------------------------- what to do

case "${1:-}" in
  "") only_missing=no ;;
  --missing) only_missing=yes ;;
  *) echo "usage: $0 [--missing]" >&2; exit 2 ;;
esac

way="${TONNAGE_V8:-}"
case "$way" in
  "" | download | prebuilt | none) ;;
  *) say "TONNAGE_V8 is “$way”, not download, prebuilt or none"; exit 2 ;;
esac
# Whether the packages are wanted is asked before whether all is well, which takes longer.
if [ "$only_missing" = yes ] && is_there; then exit 0; fi
if [ -z "$way" ]; then
  if [ -n "${RUSTY_V8_ARCHIVE:-}${RUSTY_V8_MIRROR:-}${V8_FROM_SOURCE:-}" ]; then
    way=own
  elif [ "$(cat "$state" 2>/dev/null)" = download ]; then
    way=download
  elif is_prepared; then
    way=prebuilt
  fi
fi
if [ -z "$way" ]; then
  if can_download; then way=download; else way=prebuilt; fi
fi

if [ "$only_missing" = yes ]; then
  if [ "$way" = prebuilt ]; then missing; fi
  exit 0
fi

case "$way" in
  download | own) decide "$way"; exit 0 ;;
  none) without "TONNAGE_V8 says so" ;;
esac
if ! is_prepared; then
  if [ -z "${TONNAGE_V8:-}" ]; then say "the v8 crate's own download cannot be reached"; fi
  say "preparing V8 from package registries"
  [ "$(host)" = x86_64-unknown-linux-gnu ] ||
    without "V8 was prepared so on x86_64 Linux only, and this is $(host)"
  lacking="$(missing | cut -f1 | paste -sd' ')"
  [ -z "$lacking" ] || without "it needs the packages $lacking"
  fetched || without "cargo could not download the v8 crate"
  folder="$(folder_of_crate "$crate" --locked)"
  [ -n "$folder" ] || without "Cargo.lock does not have the v8 crate $crate"
  case "$prepared" in *[\'\"]*) without "the path $prepared has a quotation mark in it" ;; esac
  mkdir -p "$cache" && work="$(mktemp -d "$cache/preparing.XXXXXX")" || without "$cache cannot be written"
  trap 'rm -rf "$work"' EXIT
  source="$PWD/scripts/v8"
  # A shell of its own: after the first mistake it ends, and this one says so and goes on.
  set +e
  (set -e; cd "$work"; prepare "$folder" "$source")
  ended=$?
  set -e
  [ "$ended" -eq 0 ] || without "preparing it failed (above)"
  rm -rf "$prepared" # What failed the comparison with its checksums.
  # Another run may have been quicker; then there is nothing left to do.
  mv --no-target-directory "$work/out" "$prepared" 2>/dev/null || is_prepared || without "could not write $prepared"
  say "V8 is prepared in $prepared"
fi
decide prebuilt
