#!/usr/bin/env bash
# Installs NVIDIA's CUDA compiler from PyPI, without root and without a GPU, and prints its folder, for CUDA_PATH:
#
#   lenet-train/cuda/compiler.sh
#
# It lies in the user's cache folder by its version, and is installed once: a download of 104 MB, of which 270 MB are left
# on the disk. Needs Python 3 with venv.
set -euo pipefail
version=13.0.88
folder=${XDG_CACHE_HOME:-$HOME/.cache}/lenet/nvcc-$version
mkdir -p "$folder"
exec 9> "$folder/lock"
flock 9
if [ ! -x "$folder/toolkit/nvidia/cu13/bin/nvcc" ]; then
    {
        rm -rf "$folder"/{venv,part,toolkit} &&
            python3 -m venv "$folder/venv" &&
            "$folder/venv/bin/pip" install -q --disable-pip-version-check --retries 2 --no-deps --target "$folder/part" \
                nvidia-cuda-nvcc==$version nvidia-nvvm==$version nvidia-cuda-crt==$version nvidia-cuda-runtime==13.0.96 &&
            rm -rf "$folder/venv" &&
            mv "$folder/part" "$folder/toolkit"
    } > "$folder/log" 2>&1 || {
        echo "the CUDA compiler could not be installed from PyPI: $(tail -n 1 "$folder/log")" >&2
        exit 1
    }
fi
echo "$folder/toolkit/nvidia/cu13"
