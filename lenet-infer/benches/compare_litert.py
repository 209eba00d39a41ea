#!/usr/bin/env python3
"""Compares lenet-infer with LiteRT (f32, XNNPACK) at batch 1 on one thread.

    pip install ai-edge-litert
    python lenet-infer/benches/compare_litert.py

Each round measures LiteRT, then `lenet-infer eval`, both pinned to one core (on Linux); the result is the
median of the rounds' ratios. Every doubt is settled in favor of LiteRT:

- The .tflite file (tflite_lenet.py) is NHWC with ReLU fused into its layer, no transpose and no reshape,
  and XNNPACK has to take the whole graph as one node.
- The input is set once and the output is not read: only Invoke is timed. It is called straight on the
  binding, and the cost of an empty call through the same binding is subtracted. (In ai-edge-litert 2.3.0
  LiteRtRunCompiledModel, called through the C API of the wheel, was 5 % slower.)
- LiteRT is timed in thread CPU time, so that other processes cost it little; `lenet-infer eval` reports its
  own rate, so run this on an idle machine.

The weights are random: XNNPACK's dense kernels take the same time for any weights. The logits are
compared with a plain numpy forward pass before anything is timed.
"""

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from itertools import repeat
from pathlib import Path

try:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter
    from tflite_lenet import random_layers, reference_logits, tflite_lenet
except ImportError as error:
    sys.exit(f"{error}: install LiteRT with `pip install ai-edge-litert`")

ROOT = Path(__file__).resolve().parents[2]
ENGINE = "cargo run --quiet --release -p lenet-infer --features cli --bin lenet-infer --"
CPU_FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8", "asimd", "asimddp")

# LiteRT.


def create_interpreter(model):
    """A single-threaded interpreter, checked to run all of `model` in XNNPACK."""
    with tempfile.TemporaryFile() as log:  # LiteRT logs from C++, past sys.stderr
        stderr = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            interpreter = Interpreter(model_content=model, num_threads=1)
            interpreter.allocate_tensors()
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        log.seek(0)
        messages = log.read().decode(errors="replace").strip()
    ends = {interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]}
    delegates = [op for op in interpreter._get_ops_details() if op["op_name"] == "DELEGATE"]
    spans_graph = len(delegates) == 1 and ends <= {*delegates[0]["inputs"], *delegates[0]["outputs"]}
    if "XNNPACK" not in messages or not spans_graph:
        sys.exit(f"expected XNNPACK to take the whole graph as one node, found {delegates}; log: {messages}")
    print("LiteRT      XNNPACK runs the whole graph as one delegate node, num_threads=1")
    return interpreter


def check_logits(interpreter, image, expected):
    """Sets `image` as the input and compares the logits with `expected`."""
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image[np.newaxis])
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
    if not np.allclose(found, expected, rtol=1e-4, atol=1e-4):
        sys.exit(f"LiteRT's logits differ from numpy's: expected {expected}, found {found}")
    print(f"            logits agree with numpy to {np.abs(found - expected).max():.1e}")


def seconds_per_call(function, calls):
    """Thread CPU seconds and wall seconds of one call."""
    wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
    for _ in repeat(None, calls):
        function()
    cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
    return cpu / calls / 1e9, wall / calls / 1e9


def measure_litert(interpreter, images):
    """Images per second by thread CPU time and by wall time, after a warm-up."""
    binding = interpreter._interpreter
    seconds_per_call(binding.Invoke, images // 4)
    empty = min(seconds_per_call(binding.interpreter, images))
    cpu, wall = seconds_per_call(binding.Invoke, images)
    return 1 / (cpu - empty), 1 / (wall - empty)


# lenet-infer.


def measure_engine(command):
    """The `images_per_second` and the `back_end` that `lenet-infer eval --json` prints."""
    try:
        run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    except OSError as error:
        sys.exit(f"cannot run `{shlex.join(command)}`: {error}; --engine names another command")
    if run.returncode != 0:
        sys.exit(f"`{shlex.join(command)}` failed with exit code {run.returncode}")
    last_line = (run.stdout.strip().splitlines() or [""])[-1]
    try:
        found = json.loads(last_line)
        return float(found["images_per_second"]), str(found["back_end"])
    except (ValueError, KeyError, TypeError):
        expected = "JSON with images_per_second and back_end last"
        sys.exit(f"`{shlex.join(command)}`: expected {expected}, found {last_line!r}")


# The comparison.


def output_of(*command):
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip() or "unknown"
    except OSError:
        return "unknown"


def print_conditions(command):
    cpuinfo = Path("/proc/cpuinfo")
    fields = {}
    for line in cpuinfo.read_text().splitlines() if cpuinfo.exists() else []:
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    print(f"CPU         {fields.get('model name') or platform.processor() or platform.machine()}")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"            {' '.join(f for f in CPU_FLAGS if f in flags)}; load {load:.1f}")
    print(
        f"versions    ai-edge-litert {version('ai-edge-litert')}, numpy {np.__version__}, "
        f"Python {platform.python_version()}, {output_of('rustc', '--version')}"
    )
    print(f"commit      {output_of('git', 'describe', '--always', '--dirty')}")
    print(f"engine      {shlex.join(command)}; RUSTFLAGS={os.environ.get('RUSTFLAGS', '')!r}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default=ENGINE, help="command of lenet-infer (default: `%(default)s`)")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "lenet-train/data/mnist", help="folder of the four IDX files"
    )
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    parser.add_argument("--rounds", type=int, default=15, help="rounds (default: %(default)s)")
    parser.add_argument(
        "--images", type=int, default=20_000, help="images of LiteRT's side in a round (default: %(default)s)"
    )
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.images < 1000:
        parser.error("--rounds has to be at least 1 and --images at least 1000")
    return arguments


def main():
    arguments = parse_arguments()
    command = [*shlex.split(arguments.engine), "eval", "--data", str(arguments.data.resolve()), "--json"]
    if arguments.model:
        command += ["--model", str(arguments.model.resolve())]
    print_conditions(command)
    _, back_end = measure_engine(command)  # builds it, and warms the file cache
    print(f"            kernels {back_end}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # the engine's process inherits it

    convolutions, dense = random_layers(seed=0)
    image = np.random.default_rng(1).random((28, 28, 1), dtype=np.float32)
    interpreter = create_interpreter(tflite_lenet(convolutions, dense))
    check_logits(interpreter, image, reference_logits(image, convolutions, dense))

    rounds = []
    for number in range(1, arguments.rounds + 1):
        cpu, wall = measure_litert(interpreter, arguments.images)
        engine, _ = measure_engine(command)
        rounds.append((cpu, wall, engine, engine / cpu))
        print(
            f"round {number:2}    LiteRT {cpu:9,.0f} images/s (wall {wall:9,.0f})   "
            f"lenet-infer {engine:9,.0f} images/s   ratio {engine / cpu:.2f}",
            flush=True,
        )
    cpu, wall, engine, ratio = map(statistics.median, zip(*rounds))
    print(
        f"median      LiteRT {cpu:9,.0f} images/s (wall {wall:9,.0f})   "
        f"lenet-infer {engine:9,.0f} images/s   ratio {ratio:.2f}"
    )
    if wall < 0.9 * cpu:
        print("the machine was busy: lenet-infer's rate may be too low, LiteRT's is CPU time")


if __name__ == "__main__":
    main()
