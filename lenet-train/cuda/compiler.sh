#!/usr/bin/env bash
# Installs NVIDIA's CUDA compiler from PyPI, without root and without a GPU:
#
#   lenet-train/cuda/compiler.sh FOLDER
#
# A download of 104 MB; FOLDER/toolkit then takes 270 MB, with `nvcc` and `ptxas` in FOLDER/toolkit/nvidia/cu13/bin. Does
# nothing if it is there. Needs Python 3 with venv. Where it fails, FOLDER/no-compiler says why; it is not tried again until
# that file is removed, which toolkit.sh does.
set -euo pipefail
folder=$(realpath -m "$1")
mkdir -p "$folder"
exec 9> "$folder/compiler.lock"
flock 9
[ -x "$folder/toolkit/nvidia/cu13/bin/nvcc" ] && exit
if [ -e "$folder/no-compiler" ]; then
    cat "$folder/no-compiler" >&2
    exit 1
fi

{
    rm -rf "$folder"/{venv,toolkit.part}
    python3 -m venv "$folder/venv" &&
        "$folder/venv/bin/pip" install -q --disable-pip-version-check --retries 2 --no-deps --target "$folder/toolkit.part" \
            nvidia-cuda-nvcc==13.0.88 nvidia-nvvm==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-cuda-runtime==13.0.96 \
            nvidia-cuda-cccl==13.0.85 &&
        rm -rf "$folder/venv"
} > "$folder/compiler.log" 2>&1 || {
    echo "the CUDA compiler could not be installed from PyPI: $(tail -n 1 "$folder/compiler.log")" | tee "$folder/no-compiler" >&2
    exit 1
}
mv "$folder/toolkit.part" "$folder/toolkit"
rm -f "$folder/no-compiler"
