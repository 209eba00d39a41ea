#!/usr/bin/env bash
# Builds and links `lenet-train --features cuda` on a machine without a GPU, a driver and the CUDA toolkit. Then runs it
# twice: without a driver, to check that its error names what is missing; and with a stand-in driver that only counts
# calls, to check that training needs no kernel to be compiled at run time, and to print the calls of a training step.
#
#   lenet-train/cuda/build-without-gpu.sh [FOLDER]
#
# FOLDER (default: target/cuda) takes about 600 MB, for NVIDIA's compiler from PyPI and stand-ins for the driver and its
# libraries. Needs Python 3 with venv, a C compiler and the network. The binary is built for compute capability 9.0;
# set GPU_CAP for another. To train, build on the machine with the GPU instead.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-target/cuda}")
mkdir -p "$folder"/{lib64,bin}

# nvcc 13.0 is the newest version whose code the bindings of dfdx 0.13 can load.
[ -x "$folder/venv/bin/pip" ] || python3 -m venv "$folder/venv"
[ -d "$folder/toolkit" ] || "$folder/venv/bin/pip" install -q --no-deps --target "$folder/toolkit" \
    nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-cuda-runtime==13.0.96 \
    nvidia-cuda-cccl==13.0.85
ln -sfn "$folder/toolkit/nvidia/cu13/include" "$folder/include"

# The build script of dfdx calls nvidia-smi to find out which GPU to compile for.
printf '#!/bin/sh\necho compute_cap\necho "${GPU_CAP:-9.0}"\n' > "$folder/bin/nvidia-smi"
chmod +x "$folder/bin/nvidia-smi"

# Stand-in libraries for the linker: the functions in driver.c, and every other function returns 100, "no device".
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

# Without a driver, the program must print an error and exit with status 1, without a panic or a backtrace.
status=0
message=$(LD_LIBRARY_PATH="$folder/lib64" RUST_BACKTRACE=1 \
    "$folder/target/release/lenet-train" --cuda --force --out "$folder/run" 2>&1) || status=$?
echo "$message"
if [ "$status" != 1 ] || [[ $message != "error: --cuda: expected an NVIDIA driver and a GPU"* ]] ||
    [[ $message == *panicked* || $message == *backtrace* ]]; then
    echo "expected a plain error and exit status 1, found status $status" >&2
    exit 1
fi

# The driver calls of a step in the last epoch: the difference between runs of three and of two epochs. The first epoch
# is never quantization-aware.
steps=430 # per epoch: 55,000 images in batches of 128
print_step() { # integers or float (the last epochs), flags
    last=$1 && shift
    for epochs in 2 3; do
        qat=0
        if [ "$last" = integers ]; then qat=$((epochs - 1)); fi
        CALLS=$folder/calls-$epochs LD_LIBRARY_PATH="$folder/lib64" "$folder/target/release/lenet-train" \
            --cuda --quiet --force --out "$folder/run" --epochs "$epochs" --qat-epochs "$qat" "$@"
    done
    echo "driver calls per step with $*, in $last:"
    join "$folder/calls-2" "$folder/calls-3" --nocheck-order |
        awk -v steps=$steps '{ printf "  %-17s%9.1f\n", $1, ($3 - $2) / steps }'
}
print_step float --recipe default
print_step float --recipe best
print_step integers --recipe best
echo "built and linked: $folder/target/release/lenet-train"
