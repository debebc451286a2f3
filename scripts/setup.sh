#!/usr/bin/env bash
# Sets up what building and testing need on a Debian machine that has a Rust toolchain. Quick when
# nothing is missing. Never asks. Without root it says what will not be available. What technologies
# need to be measured is not a matter of this script: `tonnage doctor --install` brings that.
#
#   scripts/setup.sh           what a build needs
#   scripts/setup.sh --test    that, and what the tests need
set -euo pipefail
scripts="$(dirname "$0")"

want_tests=no
case "${1:-}" in
  "") ;;
  --test) want_tests=yes ;;
  *) echo "usage: $0 [--test]" >&2; exit 2 ;;
esac

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

if ! have cargo; then
  # rustup puts it here; a shell that was open before does not know yet.
  if [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    say "cargo is in ${CARGO_HOME:-$HOME/.cargo}/bin, which is not on your PATH: add it, then try again"
  else
    say "there is no Rust toolchain: install one from https://rustup.rs, then try again"
  fi
  exit 1
fi

packages=()
reasons=()
need() { packages+=("$1"); reasons+=("$2"); }

have cc || need gcc "cc links every Rust program and compiles the compression libraries of Parquet"
# gcc alone does not bring the headers of the C library.
if have cc && ! echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1; then
  need libc6-dev "the headers of the C library, for the compression libraries of Parquet"
elif ! have cc; then
  need libc6-dev "the headers of the C library, for the compression libraries of Parquet"
fi

have_browser() { have chromium || have chromium-browser || have google-chrome; }
if [ "$want_tests" = yes ] && ! have_browser; then
  need chromium "the report's page is tested in a real browser"
fi
if [ "$want_tests" = yes ] && ! have hyperfine; then
  need hyperfine "times of process starts are compared with its"
fi
if [ "$want_tests" = yes ] && ! have npm; then
  need npm "what checks the report's page for accessibility and valid HTML is fetched with it"
fi
if [ "$want_tests" = yes ] && ! have pdftotext; then
  need poppler-utils "the printed report is read and drawn with it"
fi
while IFS=$'\t' read -r package reason; do
  need "$package" "$reason"
done < <("$scripts/setup-v8.sh" --missing)

can_install=no
if [ "$(id -u)" -eq 0 ] && have apt-get; then can_install=yes; fi

if [ "${#packages[@]}" -eq 0 ]; then
  :
elif [ "$can_install" = yes ]; then
  for i in "${!packages[@]}"; do say "installing ${packages[$i]}: ${reasons[$i]}"; done
  export DEBIAN_FRONTEND=noninteractive
  install() {
    apt-get install --yes --quiet --no-install-recommends \
      -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2
  }
  # One by one: a browser that cannot be had must not keep a compiler from being installed.
  apt-get update --quiet </dev/null >&2 || say "the package lists could not be renewed; trying with those there are"
  for package in "${packages[@]}"; do
    install "$package" || say "could not install $package"
  done
else
  for i in "${!packages[@]}"; do say "missing ${packages[$i]}: ${reasons[$i]}"; done
  say "not root (or no apt-get), so nothing was installed; as root: apt-get install ${packages[*]}"
fi

if ! have cc; then
  say "without cc nothing can be built"
  exit 1
fi

# What checks the page comes from npm, with versions and contents fixed by a lock. The folder is named
# after a digest of the lock, so that tests of another version never find the packages of this one.
page_checks() {
  local source="$scripts/../reports/npm" digest folder
  digest="$(sha256sum "$source/package-lock.json" | cut -c1-16)"
  folder="${XDG_CACHE_HOME:-$HOME/.cache}/tonnage/npm-page-checks-$digest"
  [ -d "$folder" ] && return
  have npm || return 1
  say "fetching what checks the report's page: axe-core and html-validate, 22 MB, from npm"
  mkdir -p "$folder.new-$$"
  cp "$source/package.json" "$source/package-lock.json" "$folder.new-$$/"
  if (cd "$folder.new-$$" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2); then
    # Somebody else may have been faster.
    mv -T "$folder.new-$$" "$folder" 2>/dev/null || true
  fi
  rm -rf "$folder.new-$$"
  [ -d "$folder" ]
}
if [ "$want_tests" = yes ] && ! page_checks; then
  say "npm could not fetch it, so the checks of the page's accessibility and HTML are skipped"
fi
if [ "$want_tests" = yes ] && ! have_browser; then
  say "without a browser the test of the report's page is skipped"
fi
exec "$scripts/setup-v8.sh"
