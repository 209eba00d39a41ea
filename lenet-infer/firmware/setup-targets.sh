#!/usr/bin/env bash
# Makes `cargo build --target TARGET` work for the bare-metal targets of the firmware, for wasm32, and without std for 64-bit
# Arm.
#
#   usage: setup-targets.sh [TARGET...]        then: . "${LENET_TOOLCHAIN:-$HOME/.cache/lenet-toolchain}/env"
#
# Where the active rustc has the targets (`rustup target add TARGET`) there is nothing to do and the env file is empty.
# Elsewhere `core` and `alloc` are built, once a target, in $LENET_TOOLCHAIN: for the active rustc, if it has their sources
# (`rustup component add rust-src`), as for riscv32e-unknown-none-elf, which rustup does not have; or else, on a machine that
# reaches Debian's archive but not rustup's, for Debian's rustc-web, which is unpacked there (not installed) with its sources.
# The env file then points RUSTC and RUSTDOC at that compiler, CLIPPY at its `cargo-clippy` and CLIPPY_DRIVER at its
# `clippy-driver`, for the shell that sources it; the default toolchain, Cargo included, stays as it is. Run it as often
# as you like: what is there is kept.
set -euo pipefail

home=${LENET_TOOLCHAIN:-$HOME/.cache/lenet-toolchain}
sysroot=$home/sysroot
targets=("$@")
if [ $# -eq 0 ]; then
    targets=(thumbv6m-none-eabi thumbv7m-none-eabi thumbv7em-none-eabi thumbv7em-none-eabihf
        thumbv8m.base-none-eabi thumbv8m.main-none-eabihf riscv32imc-unknown-none-elf riscv32imac-unknown-none-elf
        wasm32-unknown-unknown aarch64-unknown-linux-gnu)
fi

say() { echo "setup-targets: $*" >&2; }

# The folders made on the way, removed at the end.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 711 "$scratch" # apt downloads as its own user

# Prints those targets that the compiler $1 has no `core` for.
missing_targets() {
    local target libraries
    for target in "${targets[@]}"; do
        libraries=$("$1" --print target-libdir --target "$target" 2>/dev/null) &&
            compgen -G "$libraries/libcore-*.rlib" >/dev/null || echo "$target"
    done
}

# Writes the env file: the lines given, or none.
write_env() {
    mkdir -p "$home"
    printf '%s\n' "$@" >"$home/env.new"
    mv "$home/env.new" "$home/env"
}

apt_quietly() { apt-get -o DPkg::Lock::Timeout=300 -qq "$@" >&2; }

# The packages that package $1 depends on.
dependencies() { apt-cache depends --no-recommends --no-suggests "$1" | sed -n 's/^ *Depends: //p'; }

# Writes the command $1, which runs the unpacked program of that name with the leading arguments $2.
write_wrapper() {
    cat >"$scratch/$1" <<WRAPPER
#!/bin/sh
export LD_LIBRARY_PATH="$sysroot/lib\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" SYSROOT="$sysroot"
exec "$sysroot/libexec/$1" $2 "\$@"
WRAPPER
    chmod 755 "$scratch/$1"
    mv "$scratch/$1" "$sysroot/bin/$1"
}

# Unpacks Debian's compiler, its linter and library, LLVM, and the sources of `core`, into $sysroot.
unpack_compiler() {
    apt-cache show rustc-web >/dev/null 2>&1 || apt_quietly update
    apt-cache show rustc-web >/dev/null 2>&1 || {
        say "found neither the targets, nor their sources, nor Debian's package rustc-web; run: rustup target add" \
            "${targets[*]}; where rustup has no such target, run: rustup component add rust-src"
        exit 1
    }
    local std llvm package name host linker
    std=$(dependencies libstd-rust-web-dev | grep -m1 '^libstd-rust-web-[0-9]')
    llvm=$(dependencies "$std" | grep -m1 '^libllvm[0-9]')
    mkdir -p "$scratch"/{packages,root} "$scratch"/sysroot/{bin,libexec,lib/rustlib/src/rust}
    chmod 777 "$scratch/packages"
    (cd "$scratch/packages" && apt_quietly download rustc-web rust-web-clippy rust-web-src \
        libstd-rust-web-dev "$std" "$llvm")
    for package in "$scratch"/packages/*.deb; do
        case $package in
        */rust-web-src*) dpkg-deb --fsys-tarfile "$package" |
            tar -C "$scratch/root" -x --wildcards './usr/src/*/library' './usr/src/*/Cargo.lock' ;;
        *) dpkg-deb -x "$package" "$scratch/root" ;;
        esac
    done
    rm "$scratch"/packages/*.deb
    mv "$scratch"/root/usr/lib/*-linux-gnu/* "$scratch/sysroot/lib/"
    cp -a "$scratch"/root/usr/lib/rustlib/. "$scratch/sysroot/lib/rustlib/"
    mv "$scratch"/root/usr/src/*/* "$scratch/sysroot/lib/rustlib/src/rust/"
    for name in rustc rustdoc cargo-clippy clippy-driver; do
        mv "$scratch/root/usr/bin/$name" "$scratch/sysroot/libexec/$name"
    done
    # The libraries that LLVM itself needs are few and stable: installed, and only where one is missing.
    if LD_LIBRARY_PATH=$scratch/sysroot/lib ldd "$scratch"/sysroot/lib/librustc_driver-*.so | grep -q 'not found'; then
        # shellcheck disable=SC2046  # a list of names
        apt_quietly install -y --no-install-recommends $(dependencies "$llvm")
    fi
    # The linker is the one that rustup ships beside its rustc, else Debian's.
    host=$(rustc -vV | sed -n 's/^host: //p')
    linker=$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
    if [ ! -x "$linker" ]; then
        apt_quietly install -y --no-install-recommends lld
        linker=$(readlink -f "$(command -v ld.lld)")
    fi
    mkdir -p "$scratch/sysroot/lib/rustlib/$host/bin"
    ln -sfn "$linker" "$scratch/sysroot/lib/rustlib/$host/bin/rust-lld"

    rm -rf "$sysroot"
    mkdir -p "$home"
    mv "$scratch/sysroot" "$sysroot"
    say "unpacked Debian's rustc-web"
}

# Makes $sysroot from links into $1, the folder of the active rustc, its linter and its library.
link_compiler() {
    local library=$scratch/sysroot/lib
    mkdir -p "$scratch"/sysroot/bin "$library/rustlib"
    ln -s "$1/bin" "$scratch/sysroot/libexec"
    ln -s "$1"/lib/rustlib/* "$library/rustlib/"
    find "$1/lib" -mindepth 1 -maxdepth 1 ! -name rustlib -exec ln -s -t "$library" {} +
    mkdir -p "$home"
    mv "$scratch/sysroot" "$sysroot"
    say "linked the active rustc"
}

# Builds `core`, `alloc` and `compiler_builtins` for the targets given, into $sysroot.
build_core() {
    local stub=$scratch/stub target crate flags=() libraries
    mkdir -p "$stub/src" "$stub/.cargo"
    echo '#![no_std]' >"$stub/src/lib.rs"
    cat >"$stub/Cargo.toml" <<'MANIFEST'
[package]
name = "stub"
edition = "2021"
[workspace]
[profile.release]
panic = "abort"
MANIFEST
    # Debian's sources come with those that they depend on.
    [ ! -d "$sysroot/lib/rustlib/src/rust/library/vendor" ] || cat >"$stub/.cargo/config.toml" <<CONFIG
[source.crates-io]
replace-with = "debian"
[source.debian]
directory = "$sysroot/lib/rustlib/src/rust/library/vendor"
CONFIG
    for target in "$@"; do flags+=(--target "$target"); done
    (cd "$stub" && env -u CARGO_TARGET_DIR RUSTC="$sysroot/bin/rustc" RUSTC_BOOTSTRAP=1 \
        RUSTFLAGS=-Cembed-bitcode=yes cargo build -q --release -Zbuild-std=core,alloc "${flags[@]}")
    for target in "$@"; do
        libraries=$sysroot/lib/rustlib/$target/lib
        [ ! -L "${libraries%/lib}" ] || rm "${libraries%/lib}"
        rm -rf "$libraries"
        mkdir -p "$libraries"
        for crate in alloc compiler_builtins core; do # `core` last: its presence says that all are there
            cp "$stub/target/$target/release/deps/lib$crate"-*.rlib "$libraries/"
        done
        say "built core for $target"
    done
}

if [ -z "$(missing_targets rustc)" ]; then
    write_env
    say "the active rustc has ${targets[*]}"
    exit 0
fi
active=$(rustc --print sysroot)
if [ -d "$active/lib/rustlib/src/rust/library" ]; then
    # A folder for each version, since what one has built is of no use to another.
    sysroot=$home/$(rustc -vV | sed -n 's/^commit-hash: //p')
    [ -d "$sysroot" ] || link_compiler "$active"
else
    [ -x "$sysroot/libexec/clippy-driver" ] || unpack_compiler
fi
write_wrapper rustc "--sysroot '$sysroot'"
write_wrapper rustdoc "--sysroot '$sysroot'"
write_wrapper cargo-clippy ""
write_wrapper clippy-driver ""
mapfile -t missing < <(missing_targets "$sysroot/bin/rustc")
[ ${#missing[@]} -eq 0 ] || build_core "${missing[@]}"
write_env "export RUSTC='$sysroot/bin/rustc' RUSTDOC='$sysroot/bin/rustdoc'" \
    "export CLIPPY='$sysroot/bin/cargo-clippy' CLIPPY_DRIVER='$sysroot/bin/clippy-driver'"
say "ready, $("$sysroot/bin/rustc" -V): . $home/env"
