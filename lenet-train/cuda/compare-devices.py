#!/usr/bin/env python3
"""Trains twice on 1,200 images, on the CPU and with --cuda, and compares the losses of each epoch.

    lenet-train/cuda/compare-devices.py MNIST SCRATCH COMMAND...

MNIST is a folder of gzipped IDX files, SCRATCH one to write to, and COMMAND runs lenet-train with what follows it.
Exits with status 1 where a loss differs by more than 0.001, or does not fall.
"""

import gzip
import json
import pathlib
import struct
import subprocess
import sys

TRAINING, TEST, EPOCHS, TOLERANCE = 1200, 400, 2, 1e-3


def cut(source, target, count):
    """Writes the first `count` items of a gzipped IDX file."""
    data = gzip.decompress(source.read_bytes())
    sizes = struct.unpack_from(f">{data[3]}I", data, 4)
    start = 4 + 4 * len(sizes)
    item = (len(data) - start) // sizes[0]
    head = data[:4] + struct.pack(">I", count) + data[8:start]
    target.write_bytes(head + data[start : start + count * item])


def losses(command, data, out, flags):
    """The training and the held-out loss of each epoch of a run."""
    arguments = ["--data", data, "--out", out, "--epochs", str(EPOCHS), "--force", "--quiet", *flags]
    subprocess.run([*command, *map(str, arguments)], check=True)
    epochs = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    return [(epoch["train"]["loss"], epoch["held_out"]["loss"]) for epoch in epochs]


def main():
    mnist, scratch, command = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:]
    data = scratch / "data"
    data.mkdir(parents=True, exist_ok=True)
    for source in mnist.glob("*-ubyte.gz"):
        cut(source, data / source.stem, TEST if source.name.startswith("t10k") else TRAINING)

    failed = False
    for recipe, more in [("default", []), ("best", []), ("best", ["--qat-epochs", "1"])]:
        flags = ["--recipe", recipe, *more]
        cpu = losses(command, data, scratch / "cpu", flags)
        cuda = losses(command, data, scratch / "cuda", [*flags, "--cuda"])
        difference = max(abs(a - b) for one, other in zip(cpu, cuda) for a, b in zip(one, other))
        good = len(cpu) == len(cuda) == EPOCHS and difference <= TOLERANCE and cuda[-1] < cuda[0]
        failed |= not good
        print(f"{' '.join(flags)}: CPU {cpu[-1]}, CUDA {cuda[-1]}, difference {difference:.1e}: {'good' if good else 'WRONG'}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
