#!/usr/bin/env bash
# nvcc 13.0 that remembers what it compiled to PTX, and that is installed only when it has to compile.
#
# toolkit.sh puts a link to this script on the PATH as `nvcc`. PTX is kept in the user's cache folder by all that it
# depends on: the compiler's version, the arguments (the architecture among them), the flags in the environment, and the
# contents of the sources and headers.
set -euo pipefail
version=13.0.88
folder=$(dirname "$(dirname "$(realpath -s "$0")")")
cuda=$(dirname "$(realpath "$0")")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/lenet/nvcc-$version

compile() {
    "$cuda/compiler.sh" "$folder" || exit
    "$folder/toolkit/nvidia/cu13/bin/nvcc" "$@"
}

# Prints what a word of the command line stands for: the contents of a file, of the headers of a folder, or itself.
contents() {
    local path=${1#-I}
    if [ -f "$path" ]; then
        cat "$path"
    elif [ -d "$path" ]; then
        find "$path" -maxdepth 1 \( -name '*.h' -o -name '*.cuh' \) -print0 | sort -z | xargs -0 -r cat
    else
        echo "$1"
    fi
}

sources=() target=folder out=. ptx=false
words=("${@}")
for ((i = 0; i < ${#words[@]}; i++)); do
    word=${words[i]}
    case $word in
        --ptx | -ptx) ptx=true ;;
        --output-directory | -odir) out=${words[i + 1]} ;;
        -o | --output-file) out=${words[i + 1]} target=file ;;
        *.cu) sources+=("$word") ;;
    esac
done

# What is no compilation of one source to PTX: questions are remembered, all else is done.
if [ "$ptx" = false ] || [ "${#sources[@]}" != 1 ]; then
    case $* in
        --version | --list-gpu-code | --list-gpu-arch)
            mkdir -p "$cache"
            if [ ! -s "$cache/$1" ]; then
                answer=$(compile "$1")
                echo "$answer" > "$cache/$1.$$"
                mv "$cache/$1.$$" "$cache/$1"
            fi
            cat "$cache/$1"
            ;;
        *) compile "$@" ;;
    esac
    exit
fi

key=$(
    {
        for ((i = 0; i < ${#words[@]}; i++)); do
            case ${words[i]} in
                # Where the result goes does not change it.
                --output-directory | -odir | -o | --output-file) i=$((i + 1)) ;;
                *) contents "${words[i]}" ;;
            esac
        done
        for word in ${NVCC_PREPEND_FLAGS:-} -- ${NVCC_APPEND_FLAGS:-}; do contents "$word"; done
        contents "$(dirname "${sources[0]}")"
    } | sha256sum | cut -c1-64
)
name=$(basename "${sources[0]}" .cu)
[ "$target" = file ] || out=$out/$name.ptx
kept=$cache/$name-$key.ptx
if [ ! -s "$kept" ]; then
    compile "$@"
    mkdir -p "$cache"
    cp "$out" "$kept.$$"
    mv "$kept.$$" "$kept"
else
    cp "$kept" "$out"
fi
