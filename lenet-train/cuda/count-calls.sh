#!/usr/bin/env bash
# Prints what a training step asks of the driver: kernels, allocations, copies and waits.
#
#   lenet-train/cuda/count-calls.sh [FOLDER]    (default: target/cuda)
#
# Builds the program first. FOLDER is what toolkit.sh makes. The stand-in counts; it computes nothing here, so that this is
# fast.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-target/cuda}")
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
lenet-train/cuda/toolkit.sh "$folder"
# shellcheck source=/dev/null
source "$folder/env"
cargo build -q --locked --release -p lenet-train --features cuda

# A step in the last epoch: the difference between runs of three and of two epochs. The first epoch is never
# quantization-aware.
steps=430 # per epoch: 55,000 images in batches of 128
print_step() { # integers or float (the last epochs), flags
    last=$1 && shift
    for epochs in 2 3; do
        qat=0
        if [ "$last" = integers ]; then qat=$((epochs - 1)); fi
        STAND_IN_KERNELS=skip CALLS=$folder/calls-$epochs "$folder/on-cpu" "$target/release/lenet-train" \
            --cuda --quiet --force --out "$folder/run" --epochs "$epochs" --qat-epochs "$qat" "$@"
    done
    echo "driver calls per step with $*, in $last:"
    join "$folder/calls-2" "$folder/calls-3" --nocheck-order |
        awk -v steps=$steps '!/:/ { printf "  %-20s%14.1f\n", $1, ($3 - $2) / steps }'
}
print_step float --recipe default
print_step float --recipe mnist
print_step integers --recipe mnist
