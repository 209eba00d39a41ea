#!/usr/bin/env bash
# Builds and links `lenet-train --features cuda` on a machine with no GPU, no driver and no CUDA toolkit, to see
# that it still builds. Runs it to see that it says what is missing; then with a driver that only counts, to see that
# training goes through without a kernel that would have to be compiled first, and what a step asks of the driver.
#
#   lenet-train/cuda/build-without-gpu.sh [FOLDER]
#
# FOLDER (by default target/cuda) takes about 600 MB: NVIDIA's compiler from PyPI, and stand-ins for what only a
# machine with a GPU has. Needs Python 3 with venv, a C compiler and the network. The binary is made for
# compute capability 9.0; set GPU_CAP for another. To train, build on the machine with the GPU instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-target/cuda}")
mkdir -p "$folder"/{lib64,bin}

# nvcc 13.0 is the newest whose code the bindings of dfdx 0.13 can load.
[ -x "$folder/venv/bin/pip" ] || python3 -m venv "$folder/venv"
[ -d "$folder/toolkit" ] || "$folder/venv/bin/pip" install -q --no-deps --target "$folder/toolkit" \
    nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-cuda-runtime==13.0.96 \
    nvidia-cuda-cccl==13.0.85
ln -sfn "$folder/toolkit/nvidia/cu13/include" "$folder/include"

# The build script of dfdx asks nvidia-smi which GPU to compile for.
printf '#!/bin/sh\necho compute_cap\necho "${GPU_CAP:-9.0}"\n' > "$folder/bin/nvidia-smi"
chmod +x "$folder/bin/nvidia-smi"

# Libraries that have the names for the linker: driver.c, and every other call answers 100, "no device".
cargo fetch --locked -q
bindings=$(cargo metadata --locked --format-version 1 | python3 -c '
import json, os, sys
packages = json.load(sys.stdin)["packages"]
print(next(os.path.dirname(p["manifest_path"]) for p in packages if p["name"] == "cudarc"))')/src
driver=$PWD/lenet-train/cuda/driver.c
stand_in() { # name, soname, file of bindings
    {
        if [ "$1" = cuda ]; then cat "$driver"; fi
        grep -ohE 'pub fn (cu|cublas|nvrtc)[A-Za-z0-9_]+' "$bindings/$3" | awk '{ print $3 }' | sort -u |
            grep -vxFf <(grep -oE '^int \w+' "$driver" | cut -c5-) | sed 's/.*/int &(void) { return 100; }/'
    } > "$folder/$1.c"
    cc -shared -fPIC -w -Wl,-soname,"$2" -o "$folder/lib64/lib$1.so" "$folder/$1.c"
    ln -sfn "lib$1.so" "$folder/lib64/$2"
}
stand_in cuda libcuda.so.1 driver/sys.rs
stand_in nvrtc libnvrtc.so.13 nvrtc/sys.rs
stand_in cublas libcublas.so.13 cublas/sys.rs
stand_in cublasLt libcublasLt.so.13 cublaslt/sys.rs

export CUDA_PATH=$folder PATH="$folder/bin:$folder/toolkit/nvidia/cu13/bin:$PATH"
cargo build --locked --release -p lenet-train --features cuda --target-dir "$folder/target"

# Where no driver answers, it must say so and end with 1: no panic, no backtrace.
status=0
message=$(LD_LIBRARY_PATH="$folder/lib64" RUST_BACKTRACE=1 \
    "$folder/target/release/lenet-train" --cuda --force --out "$folder/run" 2>&1) || status=$?
echo "$message"
if [ "$status" != 1 ] || [[ $message != "error: --cuda: expected an NVIDIA driver and a GPU"* ]] ||
    [[ $message == *panicked* || $message == *backtrace* ]]; then
    echo "expected a plain error and exit status 1, found status $status" >&2
    exit 1
fi

# What a step of the last epoch asks for: the calls of three epochs less those of two. The first is never in integers.
steps=430 # of 128 of the 55,000 images
a_step() { # the last epochs in integers or float, flags
    last=$1 && shift
    for epochs in 2 3; do
        qat=0
        if [ "$last" = integers ]; then qat=$((epochs - 1)); fi
        CALLS=$folder/calls-$epochs LD_LIBRARY_PATH="$folder/lib64" "$folder/target/release/lenet-train" \
            --cuda --quiet --force --out "$folder/run" --epochs "$epochs" --qat-epochs "$qat" "$@"
    done
    echo "a step of $*, in $last:"
    join "$folder/calls-2" "$folder/calls-3" --nocheck-order |
        awk -v steps=$steps '{ printf "  %-17s%9.1f\n", $1, ($3 - $2) / steps }'
}
a_step float --recipe default
a_step float --recipe best
a_step integers --recipe best
echo "built and linked: $folder/target/release/lenet-train"
