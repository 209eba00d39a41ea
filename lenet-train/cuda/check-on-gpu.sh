#!/usr/bin/env bash
# Checks and measures `lenet-train --cuda` on the GPU of this machine, and writes one report in Markdown.
#
#   lenet-train/cuda/check-on-gpu.sh [STAGE...]
#
#   machine    the GPU, its driver, the toolkit, the commit
#   build      cargo build --features cuda
#   tests      cargo test --features cuda, with the tests that compare the GPU with the CPU
#   messages   what the program says when something is missing (check-messages.sh)
#   sanitizer  memcheck, racecheck and synccheck of compute-sanitizer on short trainings
#   train      the recipes default and best on all of MNIST, with the accuracy of the exported integers
#   resume     a training that is killed and resumed ends as one that was not
#   speed      images per second at batches of 128 to 4096, beside PyTorch on the same GPU (compare.py)
#
# Without STAGE: all of them, about half an hour on a recent GPU. A stage whose tool is missing is NOT RUN, and the report
# says what is missing. Ends with status 1 if a stage failed, and with 0 if none did.
#
# Settings, as environment variables: OUT, the folder of the report and of the runs (default target/check-on-gpu); DEVICE,
# the number of the GPU (default 0); PYTHON (default python3), with PyTorch for the comparison; FEATURES (default cuda);
# SHORT=1, to try the script itself: 600 images in place of MNIST and two epochs, and no accuracy is asked for.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
here=lenet-train/cuda
out=${OUT:-target/check-on-gpu}
device=${DEVICE:-0}
python=${PYTHON:-python3}
short=${SHORT:-0}
target=${CARGO_TARGET_DIR:-target}
program=$target/release/lenet-train
stages=(machine build tests messages sanitizer train resume speed)
not_run=77
mkdir -p "$out"
report=$out/report.md

# Ends a stage because something that it needs is missing, which is named.
skip() {
    echo "NOT RUN: $1"
    exit $not_run
}

# Ends a stage as failed.
fail() {
    echo "FAILED: $1"
    exit 1
}

need() { command -v "$1" >/dev/null || skip "$1 is not on the PATH"; }
# nvcc as the build script finds it.
nvcc=nvcc
[ ! -x "${CUDA_PATH:-}/bin/nvcc" ] || nvcc=$CUDA_PATH/bin/nvcc
need_program() { [ -x "$program" ] || skip "$program is not built: run the stage build"; }

# Trains into the folder $1 of the report, quietly, with the flags that follow.
train() {
    local folder=$out/$1
    shift
    "$program" --cuda --device "$device" --quiet --force --out "$folder" "$@" >>"$log" 2>&1 ||
        fail "lenet-train $* : $(tail -1 "$log")"
}

# Prints a field of a JSON file: field FILE key.key
field() {
    "$python" -c '
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."):
    value = value[int(key) if key.lstrip("-").isdigit() else key]
print(value)' "$out/$1" "$2"
}

# Writes the first images of MNIST into the folder $1: $2 to train on, and a fifth as many to test.
small_mnist() {
    mkdir -p "$1"
    "$python" - lenet-train/data/mnist "$1" "$2" <<'PYTHON'
import gzip, struct, sys
source, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for name, images, header, size in [
    ("train-images-idx3-ubyte", count, 16, 784), ("train-labels-idx1-ubyte", count, 8, 1),
    ("t10k-images-idx3-ubyte", count // 5, 16, 784), ("t10k-labels-idx1-ubyte", count // 5, 8, 1),
]:
    data = gzip.open(f"{source}/{name}.gz").read()
    start = data[:4] + struct.pack(">I", images) + data[8:header]
    open(f"{folder}/{name}", "wb").write(start + data[header:header + images * size])
PYTHON
}

stage_machine() {
    echo "- commit: $(git describe --always --dirty 2>/dev/null || echo unknown), $(date -u +%Y-%m-%d)"
    echo "- $(uname -sm), $(nproc) CPU cores, $(rustc --version)"
    echo "- nvcc: $("$nvcc" --version 2>/dev/null | sed -n 's/.*, V//p' | grep . || echo "not on the PATH")"
    need nvidia-smi
    local fields=name,driver_version,compute_cap,memory.total
    nvidia-smi --query-gpu=$fields --format=csv,noheader 2>>"$log" | sed 's/^/- GPU, driver, compute capability, memory: /' ||
        skip "nvidia-smi lists no GPU"
    echo "- $(nvidia-smi 2>/dev/null | grep -o 'CUDA Version: [0-9.]*' || echo "CUDA version of the driver: unknown")"
}

stage_build() {
    need cargo
    need "$nvcc"
    cargo build --locked --release -p lenet-train --features "${FEATURES:-cuda}" >>"$log" 2>&1 ||
        fail "cargo build --features cuda: $(grep -m 1 '^error' "$log")"
    echo "$(sha256sum "$program" | cut -c1-16) $program"
}

stage_tests() {
    need cargo
    need "$nvcc"
    local rc=0
    cargo test --locked --release -p lenet-train --features "${FEATURES:-cuda}" >>"$log" 2>&1 || rc=$?
    grep -E '^test result' "$log" | awk '{ p += $4; f += $6; i += $8 } END { print p " passed, " f " failed, " i " ignored" }'
    [ $rc = 0 ] || fail "$(grep -E '^test .* FAILED$|^error' "$log" | head -3 | tr '\n' ' ')"
}

stage_messages() {
    need_program
    PROGRAM=$program "$here/check-messages.sh" 2>>"$log" || fail "see $log"
}

stage_sanitizer() {
    need_program
    need compute-sanitizer
    local data=$out/fewest tool
    small_mnist "$data" 300
    for tool in memcheck racecheck synccheck; do
        for recipe in default best; do
            # The last of the two epochs of best is quantization-aware.
            compute-sanitizer --tool "$tool" --error-exitcode 9 "$program" --cuda --device "$device" --quiet --force \
                --out "$out/sanitizer" --data "$data" --recipe "$recipe" --epochs 2 >>"$log" 2>&1 ||
                fail "$tool, recipe $recipe: $(grep -m 1 'ERROR SUMMARY\|=========' "$log")"
            echo "- $tool, recipe $recipe, 300 images, two epochs: no error"
        done
    done
}

# The least accuracy, in percent, of the exported integers on MNIST's test set.
least_accuracy() {
    case $1 in
        default) echo 98.8 ;;
        best) echo 98.5 ;;
    esac
}

stage_train() {
    need_program
    echo "| recipe | epochs | test accuracy, integers | f32 | seconds |"
    echo "|---|---|---|---|---|"
    for recipe in default best; do
        local flags=(--recipe "$recipe") began=$SECONDS
        [ "$short" = 0 ] || flags+=("${few[@]}" --epochs 2)
        train "$recipe" "${flags[@]}"
        local file=$recipe/metrics.json images integers floats
        images=$(field "$file" result.images)
        integers=$(percent "$(field "$file" result.integer_correct)" "$images")
        floats=$(percent "$(field "$file" result.f32_correct)" "$images")
        echo "| $recipe | $(field "$file" exported_epoch) | $integers % | $floats % | $((SECONDS - began)) |"
        if [ "$short" = 0 ] && awk "BEGIN { exit !($integers < $(least_accuracy "$recipe")) }"; then
            fail "recipe $recipe: expected at least $(least_accuracy "$recipe") % of the test images, found $integers %"
        fi
    done
}

percent() { awk "BEGIN { printf \"%.2f\", 100 * $1 / $2 }"; }

stage_resume() {
    need_program
    local data=$out/some epochs=6 run=$out/killed whole killed
    small_mnist "$data" 3000
    [ "$short" = 0 ] || small_mnist "$data" 600
    train whole --data "$data" --epochs $epochs
    rm -rf "$run"
    "$program" --cuda --device "$device" --quiet --out "$run" --data "$data" --epochs $epochs >>"$log" 2>&1 &
    local pid=$!
    until [ -s "$run/metrics.jsonl" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
    kill -9 $pid 2>/dev/null || fail "the training ended before it could be killed"
    wait $pid 2>/dev/null
    local epoch
    epoch=$(wc -l <"$run/metrics.jsonl")
    [ "$epoch" -lt $epochs ] || fail "the training ended before it could be killed"
    "$program" --resume --quiet --out "$run" >>"$log" 2>&1 || fail "--resume: $(tail -1 "$log")"
    whole=$(field whole/metrics.json epochs.-1.held_out.loss)
    killed=$(field killed/metrics.json epochs.-1.held_out.loss)
    echo "killed after epoch $epoch of $epochs, and resumed: validation loss $killed, not killed: $whole"
    awk "BEGIN { d = $whole - $killed; exit !(d * d <= (1e-2 * $whole) ^ 2) }" || fail "the losses differ by more than 1 %"
}

# The images per second of the fastest of the epochs in a file of metrics.
fastest() {
    "$python" -c '
import json, sys
print(round(max(json.loads(line)["images_per_second"] for line in open(sys.argv[1]))))' "$1"
}

stage_speed() {
    need_program
    local batches=(128 256 512 1024 2048 4096) flags=(--recipe default --epochs 4) torch=()
    if [ "$short" != 0 ]; then
        batches=(128 256)
        flags=("${few[@]}" --epochs 2)
    fi
    # Its lines are "batch images-per-second".
    if ! "$python" $here/compare.py --data lenet-train/data/mnist --device "$device" "${batches[@]}" >"$out/torch.txt" 2>>"$log"; then
        echo "PyTorch NOT RUN: $(tail -1 "$log")"
        echo
        : >"$out/torch.txt"
    fi
    echo "Images per second of the fastest epoch, recipe default; PyTorch: the same network and optimizer, images on the GPU."
    echo
    echo "| batch | lenet-train | PyTorch | PyTorch with a CUDA graph |"
    echo "|---|---|---|---|"
    for batch in "${batches[@]}"; do
        train speed "${flags[@]}" --batch-size "$batch"
        read -ra torch <<<"$(grep "^$batch " "$out/torch.txt" || echo "$batch - -")"
        echo "| $batch | $(fastest "$out/speed/metrics.jsonl") | ${torch[1]} | ${torch[2]} |"
    done
}

[ $# -gt 0 ] || set -- "${stages[@]}"
for stage in "$@"; do
    if [[ " ${stages[*]} " != *" $stage "* ]]; then
        echo "$stage: expected a stage: ${stages[*]}" >&2
        exit 2
    fi
done
few=(--data "$out/few")
if [ "$short" != 0 ]; then small_mnist "$out/few" 600; fi

failed=()
skipped=()
{
    echo "# lenet-train --cuda on a GPU"
    for stage in "$@"; do
        log=$out/$stage.log
        : >"$log"
        echo "$stage ..." >&2
        from=$SECONDS rc=0
        # A shell of its own, which `skip` and `fail` end.
        text=$(stage_"$stage") || rc=$?
        case $rc in
            0) result=passed ;;
            "$not_run") result="NOT RUN" skipped+=("$stage") ;;
            *) result=FAILED failed+=("$stage") ;;
        esac
        printf '\n## %s: %s\n\n%s\n\n%s s\n' "$stage" "$result" "$text" "$((SECONDS - from))"
    done
    printf '\n## Result\n\n'
    [ ${#skipped[@]} = 0 ] || echo "- NOT RUN: ${skipped[*]}"
    if [ ${#failed[@]} = 0 ]; then echo "- nothing failed"; else echo "- FAILED: ${failed[*]}"; fi
} >"$report"
cat "$report"
echo "written: $report, with the logs beside it" >&2
[ ${#failed[@]} = 0 ]
