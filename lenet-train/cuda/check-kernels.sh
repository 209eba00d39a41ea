#!/usr/bin/env bash
# Checks that the CUDA kernels of lenet-train compile with several CUDA toolkits, for every GPU: with nvcc to PTX, by the
# build script itself, and from PTX to machine code with ptxas, as the driver does when the program starts. Needs no GPU.
# Prints a table in Markdown: the number of kernels that each GPU gets. Ends with status 1 if a kernel fails.
#
#   lenet-train/cuda/check-kernels.sh [TOOLKIT...]
#
# TOOLKIT is the folder of a CUDA toolkit, with bin/nvcc and bin/ptxas (default: that of the nvcc on the PATH). ARCHITECTURES
# (default: "75 80 86 89 90 100 120") names the GPUs by compute capability, without a dot. For a GPU that is newer than the
# toolkit, whose driver is newer too, the ptxas of the last TOOLKIT stands for the driver, and the number is in parentheses.
# BUILD_SCRIPT is lenet-train's build script as cargo built it (target/release/build/lenet-train-*/build-script-build); without
# it, cargo builds it.
set -euo pipefail
cd "$(dirname "$0")/../.."
read -ra architectures <<<"${ARCHITECTURES:-75 80 86 89 90 100 120}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

if [ $# = 0 ]; then
    nvcc=$(command -v nvcc) || { echo "nvcc: expected it on the PATH, or the folder of a toolkit, found neither" >&2; exit 2; }
    set -- "$(dirname "$(dirname "$(realpath "$nvcc")")")"
fi

# The build script, as cargo built it.
script=${BUILD_SCRIPT:-$(CUDA_PATH=$1 cargo build --locked --release -q -p lenet-train --features cuda \
    --message-format json | grep -o '"[^"]*/build/lenet-train-[^"]*/build-script-build"' | tail -1 | tr -d '"')}
script=$(realpath "$script")

echo "| CUDA | PTX |$(printf ' %s |' "${architectures[@]/#/sm_}")"
echo "|---|---|$(printf -- '---|%.0s' "${architectures[@]}")"
for toolkit in "$@"; do
    toolkit=$(realpath "$toolkit")
    version=$("$toolkit/bin/nvcc" --version | sed -n 's/.*, V//p')
    rm -f "$work/lenet.ptx"
    if ! (cd lenet-train && CUDA_PATH=$toolkit CARGO_FEATURE_CUDA=1 OUT_DIR=$work "$script") >"$work/log" 2>&1; then
        echo "CUDA $version: nvcc fails:" >&2
        grep -v '^cargo:' "$work/log" >&2
        failed=1
        continue
    fi
    kernels=$(grep -c '\.entry' "$work/lenet.ptx")
    row="| $version | $(sed -n 's/^\.version //p' "$work/lenet.ptx") |"
    for arch in "${architectures[@]}"; do
        ptxas=$toolkit/bin/ptxas cell=$kernels
        if ! grep -qx "sm_$arch" <<<"$("$toolkit/bin/nvcc" --list-gpu-code)"; then
            ptxas=${*: -1}/bin/ptxas cell="($kernels)"
        fi
        if "$ptxas" "-arch=sm_$arch" "$work/lenet.ptx" -o "$work/lenet.cubin" >"$work/log" 2>&1; then
            row+=" $cell |"
        else
            echo "CUDA $version: ptxas fails for sm_$arch: $(head -1 "$work/log")" >&2
            row+=" FAILED |"
            failed=1
        fi
    done
    echo "$row"
done
exit $failed
