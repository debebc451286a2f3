#!/usr/bin/env bash
# Builds the guest program as WebAssembly into harness/guests/wasm, from pinned sources.
#
#   harness/guests/build-wasm.sh [FOLDER]
#
# FOLDER keeps what is downloaded (50 MB, 250 MB unpacked); nothing is installed. Needs Debian 12 on
# x86-64 with its security updates among apt's sources, and cargo. Takes a minute.
set -euo pipefail

guests=$(cd "$(dirname "$0")" && pwd)
tools=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/tonnage/wasm-tools}
mkdir -p "$tools/packages"
cd "$tools"

# Debian's packages: name=version, and the sum of what must come.
packages() {
  cat <<'END'
clang-22=1:22.1.8-1~deb12u1 b6ffc4ffae2bf3d0757bab0623701060b30f5bb59e7ba4123d66b56fbb91362a
libclang-common-22-dev=1:22.1.8-1~deb12u1 833d7559bfbe169d7927dfe151cae48bf352da5202e36034a206688ae33f9031
libclang-cpp22=1:22.1.8-1~deb12u1 662a8497190dd6cebaee2ac9421ed9d91cb1199eeabd154eafc4b5c1ac01d4b3
libclang-rt-22-dev-wasm32=1:22.1.8-1~deb12u1 6f30599a199c35d336ba1cb29061de4c452079f4896d18abcc4fb1eb13635ba0
libllvm22=1:22.1.8-1~deb12u1 729ec3e943d320515c2bbdc96acfffd7ce34861e62bd5c42726bf586d644dfe2
lld-22=1:22.1.8-1~deb12u1 13103b3fb3195bfeade9835d3906a4cc91002010f9013d98aa1fc55b841d07b4
wasi-libc=0.0~git20220510.9886d3d-2 513e25eeca77f7e31adf928b684714dd656cc6bc70c2970abfe3b4117e3b736f
END
}

packages | while read -r package sum; do
  name=${package%%=*}
  if ! sha256sum --check --status <<<"$sum  packages/$name.deb" 2>/dev/null; then
    echo "fetching $package"
    rm -f "${name}"_*.deb
    apt-get download --quiet "$package" 2>/dev/null
    mv "${name}"_*.deb "packages/$name.deb"
    sha256sum --check --quiet <<<"$sum  packages/$name.deb"
  fi
  dpkg --extract "packages/$name.deb" root
done

# QuickJS's source, which this crate carries unchanged.
crate=rquickjs-sys-0.14.0
crate_sum=cee271d0eeba64f0915b846cb7ae02e16faf3dfdffdca91731101d9d30fe3423
if ! sha256sum --check --status <<<"$crate_sum  packages/$crate.crate" 2>/dev/null; then
  echo "fetching $crate"
  mkdir -p fetch/src
  touch fetch/src/lib.rs
  printf '[package]\nname = "fetch"\nedition = "2024"\n[workspace]\n[dependencies]\nrquickjs-sys = "=0.14.0"\n' \
    >fetch/Cargo.toml
  cargo fetch --quiet --manifest-path fetch/Cargo.toml
  cp "${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/"$crate.crate" packages/
  sha256sum --check --quiet <<<"$crate_sum  packages/$crate.crate"
fi
tar --extract --gzip --file "packages/$crate.crate"

# What puts a component around a module, as a program of a few lines.
mkdir -p componentize/src
cp "$guests/componentize.rs" componentize/src/main.rs
cat >componentize/Cargo.toml <<'END'
[package]
name = "componentize"
edition = "2024"
[workspace]
[dependencies]
wit-component = "=0.254.2"
wit-parser = "=0.254.2"
END

llvm=$tools/root/usr/lib/llvm-22
export LD_LIBRARY_PATH=$tools/root/usr/lib/x86_64-linux-gnu:$llvm/lib

# Without reference types, which a runtime built without a garbage collector lacks. 64 MiB of memory
# is more than any request needs.
compile() {
  "$llvm/bin/clang" --target=wasm32-wasip1 -O2 -flto -Wall -Wextra \
    -mno-reference-types -mno-call-indirect-overlong \
    -nostdlibinc -isystem root/usr/include/wasm32-wasi -Lroot/usr/lib/wasm32-wasi -Broot/usr/lib/wasm32-wasi \
    -fuse-ld="$llvm/bin/wasm-ld" -Wl,--strip-all -Wl,--no-entry -Wl,--max-memory=67108864 -nostdlib "$@" \
    -lc "$llvm/lib/clang/22/lib/wasi/libclang_rt.builtins-wasm32.a"
}

cp "$guests/guest.c" "$guests/quickjs.c" .
compile guest.c -Wl,-z,stack-size=65536 -o guest.wasm
compile guest.c -DTONNAGE_WASI -Wl,-z,stack-size=65536 root/usr/lib/wasm32-wasi/crt1-reactor.o -o guest-wasi.wasm
compile guest.c -DTONNAGE_COMPONENT -Wl,-z,stack-size=65536 -o guest-component-module.wasm
cargo run --quiet --release --manifest-path componentize/Cargo.toml -- \
  guest-component-module.wasm "$guests/guest.wit" guest-component.wasm
quickjs=$crate/quickjs
compile quickjs.c "$quickjs"/{quickjs,libregexp,libunicode,dtoa}.c -I"$quickjs" \
  -w -DNDEBUG -D_GNU_SOURCE -DEMSCRIPTEN -DFE_DOWNWARD=0 -DFE_UPWARD=0 \
  -Wl,-z,stack-size=1048576 -o guest-javascript.wasm

install -m 644 guest.wasm guest-wasi.wasm guest-component.wasm guest-javascript.wasm "$guests/wasm"
install -m 644 "$quickjs/LICENSE" "$guests/wasm/LICENSE-quickjs"
install -m 644 root/usr/share/doc/wasi-libc/copyright "$guests/wasm/LICENSE-wasi-libc"
cd "$guests"
sha256sum guest.c guest.wit componentize.rs quickjs.c build-wasm.sh wasm/*.wasm >wasm/SHA256SUMS
ls -l wasm/*.wasm
