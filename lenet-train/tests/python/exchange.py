#!/usr/bin/env python3
"""Compares lenet-train's reading and writing of PyTorch and ONNX files with PyTorch and ONNX Runtime.

    pip install torch safetensors numpy onnx onnxruntime
    python3 lenet-train/tests/python/exchange.py [FILE.safetensors]

Trains the network for an epoch on MNIST in PyTorch, with and without Normalize, and saves its state_dict. FILE is another
state_dict to check, of a run of lenet-train for example. For each state_dict, `cargo run --example state_dict` reads it,
classifies the test images, and writes it as safetensors and as ONNX. Counts the test images whose classes differ from
those that PyTorch gives with the original file:

    read        lenet-train's f32 network
    written     PyTorch with the safetensors file that lenet-train wrote, loaded by load_state_dict
    onnx        ONNX Runtime with the ONNX file that lenet-train wrote, all images at once

With torch 2.15.0, onnx 1.23.2 and onnxruntime 1.32.0, no class differed, of these two networks and of one that lenet-train
trained for two epochs. Ends with status 1 if a class differs, or if the numbers of the written file are not those of the
original one.
"""

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import onnx
import onnxruntime
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "lenet-train" / "data" / "mnist"
MEAN, STD = 0.1307, 0.3081  # MNIST's, as in PyTorch's examples


class LeNet(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(256, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, image):
        x = F.max_pool2d(F.relu(self.conv1(image)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def read_idx(name, header_bytes):
    contents = gzip.decompress((DATA / name).read_bytes())
    return torch.from_numpy(numpy.frombuffer(contents, numpy.uint8, offset=header_bytes).copy())


def read_split(name):
    """Pixels from 0 to 1, and labels."""
    images = read_idx(f"{name}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    return images.float() / 255, read_idx(f"{name}-labels-idx1-ubyte.gz", 8).long()


def prepare(images, normalize):
    return (images - MEAN) / STD if normalize else images


def train(images, labels):
    """A network after one epoch."""
    torch.manual_seed(0)
    network = LeNet()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for batch in torch.randperm(len(images)).split(128):
        optimizer.zero_grad()
        F.cross_entropy(network(images[batch]), labels[batch]).backward()
        optimizer.step()
    return network


@torch.no_grad()
def classes_in_pytorch(state_dict, images):
    network = LeNet(len(state_dict["fc3.bias"]))
    network.load_state_dict(state_dict)
    return network(images).argmax(1).numpy()


def classes_in_onnxruntime(path, images):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"image": images.numpy()})
    return logits.argmax(1)


def check(name, file, images, normalize, folder):
    """Whether all classes agree. `normalize`: the network was trained on normalized pixels."""
    out = folder / f"{name}-out"
    command = ["cargo", "run", "--locked", "--release", "--quiet", "-p", "lenet-train", "--example", "state_dict", "--"]
    command += [file, out] + ([str(MEAN), str(STD)] if normalize else [])
    subprocess.run(command, check=True, cwd=ROOT)

    original, written = load_file(file), load_file(out / "lenet.safetensors")
    expected = classes_in_pytorch(original, prepare(images, normalize))
    found = {
        "read": numpy.loadtxt(out / "classes.txt", dtype=int),
        "written": classes_in_pytorch(written, images),
        "onnx": classes_in_onnxruntime(out / "lenet.onnx", images),
    }
    differ = {way: int((classes != expected).sum()) for way, classes in found.items()}
    counts = ", ".join(f"{way} {count}" for way, count in differ.items())
    print(f"{name}: of {len(expected)} classes differ: {counts}", flush=True)

    with safe_open(out / "lenet.safetensors", "pt") as opened:
        marked = opened.metadata() == {"format": "pt"}
    # Folding the normalization changes conv1 and nothing else.
    same = [torch.equal(original[key], written[key]) for key in original if not (normalize and "conv1" in key)]
    return marked and all(same) and original.keys() == written.keys() and not any(differ.values())


def main():
    torch.set_num_threads(1)  # enough for a network this small, and spared the waits of a busy machine
    print(f"torch {torch.__version__}, onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    (images, labels), (test_images, test_labels) = read_split("train"), read_split("t10k")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        files = []
        for name, normalize in [("plain", False), ("normalized", True)]:
            state_dict = train(prepare(images, normalize), labels).state_dict()
            save_file(state_dict, folder / f"{name}.safetensors")
            right = (classes_in_pytorch(state_dict, prepare(test_images, normalize)) == test_labels.numpy()).mean()
            print(f"{name}: {right:.2%} of the test images right in PyTorch", flush=True)
            files.append((name, folder / f"{name}.safetensors", normalize))
        files += [(Path(file).stem, Path(file).resolve(), False) for file in sys.argv[1:]]
        agree = [check(name, file, test_images, normalize, folder) for name, file, normalize in files]
    sys.exit(not all(agree))


if __name__ == "__main__":
    main()
