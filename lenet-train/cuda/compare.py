#!/usr/bin/env python3
"""Times the training of the same LeNet in PyTorch on a GPU, for comparison with `lenet-train --cuda`.

    python3 lenet-train/cuda/compare.py --data lenet-train/data/mnist 128 256 512

Prints one line per batch size: the batch size, the images per second of plain PyTorch, and those of the same steps
replayed from a CUDA graph, which costs no launches. As in lenet-train the images stay on the GPU, each epoch has a new
order, training is in f32 (TF32 off), and the optimizer is AdamW with the settings of the recipe default. Needs PyTorch.
"""

import argparse
import gzip
import sys
import time
from pathlib import Path

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    sys.exit("PyTorch is not installed (pip install torch)")

# Of lenet-train's recipe default.
LEARNING_RATE, WEIGHT_DECAY = 3e-3, 0.2
HELD_OUT = 5_000


class LeNet(nn.Module):
    """The network of lenet-train."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(256, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, image):
        image = functional.max_pool2d(functional.relu(self.conv1(image)), 2)
        image = functional.max_pool2d(functional.relu(self.conv2(image)), 2)
        hidden = functional.relu(self.fc1(image.flatten(1)))
        return self.fc3(functional.relu(self.fc2(hidden)))


def read(path, header):
    """Returns the bytes of an IDX file after its header."""
    return torch.frombuffer(bytearray(gzip.open(path).read()[header:]), dtype=torch.uint8)


def training_images(folder, device):
    """Returns the training images that lenet-train does not hold out, and their labels, on the device."""
    images = read(folder / "train-images-idx3-ubyte.gz", 16).view(-1, 1, 28, 28)[:-HELD_OUT]
    labels = read(folder / "train-labels-idx1-ubyte.gz", 8)[:-HELD_OUT]
    return images.to(device).float() / 255, labels.to(device).long()


class Training:
    """A network in training, with the batch of the next step in a fixed place."""

    def __init__(self, images, labels, batch, graph):
        torch.manual_seed(0)
        self.images, self.labels = images, labels
        self.network = LeNet().to(images.device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY, capturable=graph
        )
        self.places = torch.arange(batch, device=images.device)
        self.step = self.run
        if graph:
            self.step = self.capture()

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.network(self.images[self.places])
        functional.cross_entropy(logits, self.labels[self.places]).backward()
        self.optimizer.step()

    def capture(self):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.run()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.run()
        return graph.replay

    def epoch(self):
        """Trains on all whole batches. Returns the images per second."""
        device, batch = self.images.device, len(self.places)
        steps = len(self.images) // batch
        wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
        wait()
        began = time.perf_counter()
        order = torch.randperm(len(self.images), device=device)
        for step in range(steps):
            self.places.copy_(order[step * batch : (step + 1) * batch])
            self.step()
        wait()
        return steps * batch / (time.perf_counter() - began)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of MNIST's four .gz files")
    parser.add_argument("--device", default="0", help="number of the GPU, or cpu to try the script")
    parser.add_argument("--epochs", type=int, default=4, help="epochs per batch size; the fastest counts")
    parser.add_argument("batches", type=int, nargs="+", help="images per step")
    arguments = parser.parse_args()
    if arguments.device != "cpu" and not torch.cuda.is_available():
        sys.exit(f"PyTorch {torch.__version__} finds no GPU that it can use")
    device = torch.device("cpu" if arguments.device == "cpu" else f"cuda:{arguments.device}")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    print(f"# PyTorch {torch.__version__}", flush=True)
    images, labels = training_images(arguments.data, device)
    for batch in arguments.batches:
        rates = []
        for graph in (False, True):
            if graph and device.type != "cuda":
                rates.append("-")
                continue
            training = Training(images, labels, batch, graph)
            rates.append(str(round(max(training.epoch() for _ in range(arguments.epochs)))))
        print(batch, *rates, flush=True)


if __name__ == "__main__":
    main()
