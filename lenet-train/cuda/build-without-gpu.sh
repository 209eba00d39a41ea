#!/usr/bin/env bash
# Builds and links `lenet-train --features cuda` on a machine without a GPU, a driver and the CUDA toolkit, and checks
# what the program says where there is no driver.
#
#   lenet-train/cuda/build-without-gpu.sh [FOLDER]
#
# FOLDER (default: target/cuda) is what toolkit.sh makes. The program is put below FOLDER/target, or where
# CARGO_TARGET_DIR says, and is built for compute capability 9.0; set GPU_CAP for another. Needs Python 3 with venv, a C
# compiler and the network. To train, build on the machine with the GPU instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-target/cuda}")
target=$(realpath -m "${CARGO_TARGET_DIR:-$folder/target}")
lenet-train/cuda/toolkit.sh "$folder"
# shellcheck source=/dev/null
source "$folder/env"
cargo build --locked --release -p lenet-train --features cuda --target-dir "$target"

# Without a driver, the program must print an error and exit with status 1, without a panic or a backtrace.
status=0
message=$(LD_LIBRARY_PATH="$folder/lib64" RUST_BACKTRACE=1 \
    "$target/release/lenet-train" --cuda --force --out "$folder/run" 2>&1) || status=$?
echo "$message"
if [ "$status" != 1 ] || [[ $message != "error: --cuda: expected an NVIDIA driver and a GPU"* ]] ||
    [[ $message == *panicked* || $message == *backtrace* ]]; then
    echo "expected a plain error and exit status 1, found status $status" >&2
    exit 1
fi
echo "built and linked: $target/release/lenet-train"
