#!/usr/bin/env bash
# Checks what `lenet-train --cuda` says when something is missing or does not fit: each situation is made, and must end with
# status 1 and one message that names what was found and what to do, without a panic or a backtrace.
#
#   PROGRAM=target/release/lenet-train STAND_IN=target/cuda/stand-in lenet-train/cuda/check-messages.sh
#   BUILD_SCRIPT=.../build-script-build lenet-train/cuda/check-messages.sh
#
# PROGRAM is built with --features cuda. STAND_IN is a folder with the stand-in for the driver (toolkit.sh), which can be a
# driver without a GPU, an old one, one of an old GPU, or one of a GPU with little memory. Without it, as on a machine with a
# GPU, only the situations are made that a real driver allows. BUILD_SCRIPT is lenet-train's build script as cargo built it
# (target/release/build/lenet-train-*/build-script-build): what it says without a compiler, and with one that fails.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
stand_in=${STAND_IN:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
export RUST_BACKTRACE=1

# Runs the build script: build NAME PATTERN PATH-of-tools
build() {
    local status=0 said
    said=$(cd lenet-train && env -u CUDA_PATH PATH="$3" CARGO_FEATURE_CUDA=1 OUT_DIR="$work" "$build_script" 2>&1) || status=$?
    said=$(grep -v '^cargo:' <<<"$said")
    if [ "$status" = 1 ] && grep -qE "$2" <<<"$said" && ! grep -qiE 'panicked|backtrace' <<<"$said"; then
        echo "- build, $1: $said"
    else
        echo "- build, $1: FAILED: expected status 1 and \"$2\", found status $status and: $said"
        failed=1
    fi
}

if [ -n "${BUILD_SCRIPT:-}" ]; then
    build_script=$(realpath "$BUILD_SCRIPT")
    mkdir "$work/bin" "$work/none"
    build "no nvcc" "^error: .* needs nvcc.*install the toolkit .* set CUDA_PATH" "$work/none"
    printf '#!/bin/sh\necho "unsupported GNU version" >&2\nexit 1\n' >"$work/bin/nvcc"
    chmod +x "$work/bin/nvcc"
    build "nvcc fails" "^error: .*cannot compile .*NVCC_APPEND_FLAGS" "$work/bin:/usr/bin:/bin"
    [ -n "${PROGRAM:-}" ] || exit $failed
fi

program=$(realpath "${PROGRAM:-target/release/lenet-train}") || exit 2

# A data set of 600 images, of noise, that takes no time to read.
python3 - "$work" <<'PYTHON'
import random, struct, sys
random.seed(0)
for name, count in [("train", 500), ("t10k", 100)]:
    with open(f"{sys.argv[1]}/{name}-images-idx3-ubyte", "wb") as images:
        images.write(struct.pack(">IIII", 0x803, count, 28, 28) + random.randbytes(784 * count))
    with open(f"{sys.argv[1]}/{name}-labels-idx1-ubyte", "wb") as labels:
        labels.write(struct.pack(">II", 0x801, count) + bytes(index % 10 for index in range(count)))
PYTHON

# Runs the program: message NAME PATTERN STATUS VARIABLE=VALUE... -- FLAG...
message() {
    local name=$1 pattern=$2 expected=$3 status=0 said variables=()
    shift 3
    while [ "$1" != -- ]; do
        variables+=("$1")
        shift
    done
    shift
    said=$(env "${variables[@]}" "$program" --cuda --quiet --force --out "$work/run" --data "$work" --epochs 1 "$@" 2>&1) ||
        status=$?
    if [ "$status" = "$expected" ] && grep -qE "$pattern" <<<"$said" && ! grep -qiE 'panicked|backtrace' <<<"$said"; then
        echo "- $name: $said"
    else
        echo "- $name: FAILED: expected status $expected and \"$pattern\", found status $status and: $said"
        failed=1
    fi
}

if [ -z "$stand_in" ]; then
    message "no GPU" "^error: --cuda: expected .* a GPU, found none" 1 CUDA_VISIBLE_DEVICES= --
    message "no such GPU" "^error: --device: expected the number of a GPU, found 99; the GPUs are 0" 1 -- --device 99
    exit $failed
fi

# The driver: its library, and what the stand-in pretends.
stand_in=$(realpath "$stand_in")
driver=("LD_LIBRARY_PATH=$stand_in")
if ! ldconfig -p | grep -q 'libcuda\.so\.1'; then
    message "no driver" "^error: --cuda: expected NVIDIA's driver, found none .*libcuda" 1 LD_LIBRARY_PATH= --
fi
message "no GPU" "^error: --cuda: expected .* a GPU, found none.*nvidia-smi" 1 "${driver[@]}" STAND_IN_DEVICES=0 --
message "no such GPU" "^error: --device: expected the number of a GPU, found 2; the GPUs are 0 .*, 1" 1 "${driver[@]}" STAND_IN_DEVICES=2 -- --device 2
message "old driver" "^error: --cuda: expected a driver for CUDA .*, found one for CUDA 11.7: update the driver" 1 "${driver[@]}" STAND_IN_DRIVER=11.7 --
message "old GPU" "^error: --cuda: expected a GPU of compute capability 7.5 .*, found .* of 7.0" 1 "${driver[@]}" STAND_IN_CAPABILITY=7.0 --

# A GPU with ever more memory, until it is enough: wherever it runs out, the message is the same.
bytes=4096 sizes=0 last=
while [ $sizes -lt 40 ]; do
    status=0
    said=$(env "${driver[@]}" STAND_IN_MEMORY_BYTES=$bytes "$program" --cuda --quiet --force --out "$work/run" --data "$work" \
        --epochs 1 2>&1) || status=$?
    [ "$status" = 0 ] && break
    sizes=$((sizes + 1)) last=$said
    if [ "$status" != 1 ] || ! grep -q '^error: .*out of memory: lower --batch-size' <<<"$said" ||
        grep -qiE 'panicked|backtrace' <<<"$said"; then
        echo "- $bytes bytes of memory: FAILED: status $status and: $said"
        failed=1
    fi
    bytes=$((bytes * 3 / 2))
done
if [ "$status" = 0 ]; then
    echo "- out of memory, with $sizes sizes of it, up to $bytes bytes, which are enough: $last"
else
    echo "- out of memory: FAILED: $bytes bytes are still not enough"
    failed=1
fi
exit $failed
