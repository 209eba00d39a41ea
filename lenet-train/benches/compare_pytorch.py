#!/usr/bin/env python3
"""Compares the training speed of lenet-train and PyTorch on the CPU, in images per second.

    cargo build --release -p lenet-train
    pip install torch numpy
    python3 lenet-train/benches/compare_pytorch.py [--threads 2] [--rounds 5]

Both train the same network on the same images with the same batch size, optimizer and number of threads. PyTorch
runs in eager mode with all images in memory as tensors, the fused AdamW, no synchronization within an epoch, and
subnormal numbers flushed to zero. The two take turns, a short run of lenet-train and then an epoch of PyTorch, so
that other load on the machine affects both alike. The first turn of each is a warm-up and not counted. Prints the
median of each and their ratio.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "lenet-train" / "data" / "mnist"
TRAIN_IMAGES = 55_000  # the training images of the default recipe


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "lenet-train")
    return parser.parse_args()


def read_idx(name, header_bytes):
    import numpy

    contents = gzip.decompress((DATA / name).read_bytes())
    return numpy.frombuffer(contents, numpy.uint8, offset=header_bytes)


class PyTorch:
    def __init__(self, threads, batch_size):
        os.environ["OMP_NUM_THREADS"] = str(threads)
        import torch

        self.torch, self.batch_size = torch, batch_size
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
        torch.manual_seed(0)
        pixels = torch.tensor(read_idx("train-images-idx3-ubyte.gz", 16)).reshape(-1, 1, 28, 28)
        self.images = pixels[:TRAIN_IMAGES].float().div_(255)
        self.labels = torch.tensor(read_idx("train-labels-idx1-ubyte.gz", 8))[:TRAIN_IMAGES].long()
        nn = torch.nn
        self.network = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=2e-3, weight_decay=1e-2, fused=True)

    def images_per_second(self):
        """Trains one epoch and returns its speed."""
        started = time.perf_counter()
        total = self.torch.zeros(())
        order = self.torch.randperm(TRAIN_IMAGES)
        for batch in order.split(self.batch_size):
            self.optimizer.zero_grad()
            logits = self.network(self.images[batch])
            loss = self.torch.nn.functional.cross_entropy(logits, self.labels[batch])
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(batch)
        assert total.isfinite()
        return TRAIN_IMAGES / (time.perf_counter() - started)


def lenet_train_images_per_second(arguments):
    """Trains three epochs and returns the median speed of the last two."""
    with tempfile.TemporaryDirectory() as out:
        command = [arguments.binary, "--epochs", "3", "--out", out]
        command += ["--threads", str(arguments.threads), "--batch-size", str(arguments.batch_size)]
        subprocess.run([*command, "--quiet"], check=True)
        lines = (Path(out) / "metrics.jsonl").read_text().splitlines()
    epochs = [json.loads(line)["images_per_second"] for line in lines]
    assert len(epochs) == 3, lines
    return statistics.median(epochs[1:3])


def main():
    arguments = parse_arguments()
    pytorch = PyTorch(arguments.threads, arguments.batch_size)
    rounds = []
    for turn in range(arguments.rounds + 1):
        rounds.append((lenet_train_images_per_second(arguments), pytorch.images_per_second()))
        kind = "warm-up" if turn == 0 else f"round {turn}"
        print(f"{kind}: lenet-train {rounds[-1][0]:.0f}, PyTorch {rounds[-1][1]:.0f} images/s", flush=True)
    ours, theirs = (statistics.median(column) for column in zip(*rounds[1:]))
    print(f"lenet-train {ours:.0f} images/s, PyTorch {pytorch.torch.__version__} {theirs:.0f} images/s, "
          f"{arguments.threads} threads, batch {arguments.batch_size}: {ours / theirs:.2f}x")  # fmt: skip


if __name__ == "__main__":
    main()
