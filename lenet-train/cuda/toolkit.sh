#!/usr/bin/env bash
# Prepares a folder with all that it takes to build and to run `lenet-train --cuda` on a machine without a GPU, a driver and
# the CUDA toolkit:
#
#   lenet-train/cuda/toolkit.sh [FOLDER]        (default: target/cuda)
#   source FOLDER/env
#   cargo build --release -p lenet-train --features cuda
#   FOLDER/on-cpu target/release/lenet-train --cuda
#
# FOLDER then holds:
#
#   env        to source before a build: CUDA_PATH is NVIDIA's compiler (compiler.sh)
#   stand-in/  the stand-in for the driver that executes kernels on the CPU (stand-in/src/lib.rs)
#   on-cpu     runs a command with the stand-in as the driver
#
# This is for tests: to train, build on the machine with the GPU.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-target/cuda}")
cuda=$PWD/lenet-train/cuda
mkdir -p "$folder/stand-in"

compiler=$("$cuda/compiler.sh")
echo "export CUDA_PATH=$compiler" > "$folder/env"

cargo build --locked --release -q --manifest-path "$cuda/stand-in/Cargo.toml" --target-dir "$folder/stand-in/target"
ln -sfn target/release/libcuda.so "$folder/stand-in/libcuda.so.1"
cat > "$folder/on-cpu" <<END
#!/bin/sh
LD_LIBRARY_PATH="$folder/stand-in\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "\$@"
END
chmod +x "$folder/on-cpu"
