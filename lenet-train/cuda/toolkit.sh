#!/usr/bin/env bash
# Prepares a folder with all that it takes to build and to run CUDA programs of this repository on a machine without a
# GPU, a driver and the CUDA toolkit:
#
#   lenet-train/cuda/toolkit.sh [FOLDER]        (default: target/cuda)
#   source FOLDER/env
#   cargo build --release -p lenet-train --features cuda
#   FOLDER/on-cpu target/release/lenet-train --cuda
#
# FOLDER then holds:
#
#   env          to source before a build: CUDA_PATH and PATH
#   bin/nvcc     NVIDIA's compiler, which is downloaded when something has to be compiled (nvcc.sh)
#   bin/nvidia-smi   names a GPU of compute capability 9.0; set GPU_CAP for another
#   include/, lib64/ what cudarc looks for, and libraries to link against; all their functions report "no device"
#   stand-in/    the stand-in for the driver that executes kernels on the CPU (stand-in/src/lib.rs)
#   on-cpu       runs a command with the stand-in as the driver
#
# What was built this way is a test: to train, build on the machine with the GPU.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-target/cuda}")
cuda=$PWD/lenet-train/cuda
mkdir -p "$folder"/{bin,include,lib64,stand-in}
rm -f "$folder/no-compiler"

ln -sfn "$cuda/nvcc.sh" "$folder/bin/nvcc"
# The build script of dfdx calls nvidia-smi to find out which GPU to compile for.
printf '#!/bin/sh\necho compute_cap\necho "${GPU_CAP:-9.0}"\n' > "$folder/bin/nvidia-smi"
chmod +x "$folder/bin/nvidia-smi"
# That of cudarc looks for this header, and includes nothing of it.
echo '#define CUDA_VERSION 13000' > "$folder/include/cuda.h"

# Libraries for the linker, and for a run without a driver: every function returns 100, "no device".
cargo fetch --locked -q
bindings=$(cargo metadata --locked --format-version 1 | python3 -c '
import json, os, sys
packages = json.load(sys.stdin)["packages"]
print(next(os.path.dirname(p["manifest_path"]) for p in packages if p["name"] == "cudarc"))')/src
library() { # name, version, file of bindings
    local file=$folder/lib64/lib$1.so
    if [ ! -e "$file" ]; then
        {
            grep -ohE 'pub fn (cu|cublas|nvrtc)[A-Za-z0-9_]+' "$bindings/$3" | awk '{ print $3 }' | sort -u |
                grep -vx cuGetErrorString | sed 's/.*/int &(void) { return 100; }/'
            echo 'int cuGetErrorString(int error, const char **text) { *text = "no device"; return 0; }'
        } | cc -x c -shared -fPIC -w -Wl,-soname,"lib$1.so.$2" -o "$file" -
    fi
    ln -sfn "lib$1.so" "$folder/lib64/lib$1.so.$2"
    # The stand-in has the functions of all four.
    ln -sfn libcuda.so "$folder/stand-in/lib$1.so.$2"
}
library cuda 1 driver/sys.rs
library nvrtc 13 nvrtc/sys.rs
library cublas 13 cublas/sys.rs
library cublasLt 13 cublaslt/sys.rs

cargo build --locked --release -q --manifest-path "$cuda/stand-in/Cargo.toml" --target-dir "$folder/stand-in/target"
ln -sfn target/release/libcuda.so "$folder/stand-in/libcuda.so"
cat > "$folder/on-cpu" <<END
#!/bin/sh
LD_LIBRARY_PATH="$folder/stand-in\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "\$@"
END
chmod +x "$folder/on-cpu"
cat > "$folder/env" <<END
export CUDA_PATH="$folder"
export PATH="$folder/bin:\$PATH"
END
