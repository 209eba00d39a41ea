#!/usr/bin/env bash
# Builds `lenet-train --features cuda` on a machine without a GPU, a driver and the CUDA toolkit. Then runs it without a
# driver and without a GPU, to check that its errors name what is missing; and with a stand-in driver that only counts calls,
# to print the calls of a training step.
#
#   lenet-train/cuda/build-without-gpu.sh [FOLDER]
#
# FOLDER (default: target/cuda) takes about 600 MB, for NVIDIA's compiler from PyPI and the build. Needs Python 3 with venv,
# a C compiler and the network. The kernels in the binary run on every GPU of compute capability 7.5 or newer.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-target/cuda}")
mkdir -p "$folder/driver"

[ -x "$folder/venv/bin/pip" ] || python3 -m venv "$folder/venv"
[ -d "$folder/toolkit" ] || "$folder/venv/bin/pip" install -q --no-deps --target "$folder/toolkit" \
    nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-cuda-runtime==13.0.96

export CUDA_PATH=$folder/toolkit/nvidia/cu13
cargo build --locked --release -p lenet-train --features cuda --target-dir "$folder/target"

# Where there is no driver or no GPU, the program must print an error and exit with status 1, without a panic or a backtrace.
fails_with() { # the beginning of the message, the folder of the driver
    status=0
    message=$(LD_LIBRARY_PATH="$2" RUST_BACKTRACE=1 \
        "$folder/target/release/lenet-train" --cuda --force --out "$folder/run" 2>&1) || status=$?
    echo "$message"
    if [ "$status" != 1 ] || [[ $message != "error: --cuda: expected $1"* ]] ||
        [[ $message == *panicked* || $message == *backtrace* ]]; then
        echo "expected a plain error and exit status 1, found status $status" >&2
        exit 1
    fi
}
if ! ldconfig -p | grep -q libcuda.so.1; then fails_with "NVIDIA's driver" "$folder"; fi
cc -shared -fPIC -w -Wl,-soname,libcuda.so.1 -o "$folder/driver/libcuda.so.1" lenet-train/cuda/driver.c
fails_with "an NVIDIA driver and a GPU" "$folder/driver"

# The driver calls of a step in the last epoch: the difference between runs of three and of two epochs. The first epoch
# is never quantization-aware.
steps=430 # per epoch: 55,000 images in batches of 128
print_step() { # integers or float (the last epochs), flags
    last=$1 && shift
    for epochs in 2 3; do
        qat=0
        if [ "$last" = integers ]; then qat=$((epochs - 1)); fi
        CALLS=$folder/calls-$epochs LD_LIBRARY_PATH="$folder/driver" "$folder/target/release/lenet-train" \
            --cuda --quiet --force --out "$folder/run" --epochs "$epochs" --qat-epochs "$qat" "$@"
    done
    echo "driver calls per step with $*, in $last:"
    join "$folder/calls-2" "$folder/calls-3" --nocheck-order |
        awk -v steps=$steps '{ printf "  %-17s%9.1f\n", $1, ($3 - $2) / steps }'
}
print_step float --recipe default
print_step float --recipe mnist
print_step integers --recipe mnist
echo "built: $folder/target/release/lenet-train"
