"""Reads a model file and runs it, written from lenet-core/README.md alone, with the Python standard library."""

import struct
import zlib
from typing import NamedTuple


class Layer(NamedTuple):
    """The weights of one layer, in the order of the file; a layer with requants has a ReLU."""

    weights: list
    biases: list
    requants: list
    bits: int


class Model(NamedTuple):
    """A decoded model file (rule 3)."""

    classes: int
    confidence: tuple
    threshold: int
    conv1: Layer
    conv2: Layer
    fc1: Layer
    fc2: Layer
    fc3: Layer


class Reader:
    """Fields of a postcard encoding, one after the other."""

    def __init__(self, body):
        self.body, self.at = body, 0

    def take(self, count):
        self.at += count
        assert self.at <= len(self.body), "the file ends inside a field"
        return self.body[self.at - count : self.at]

    def varint(self):
        value = shift = 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def byte_array(self):
        return self.take(self.varint())

    def requants(self, count):
        """Pairs of multiplier and shift (rule 8)."""
        return [struct.unpack("<HB", self.take(3)) for _ in range(count)]

    def layer(self, hidden):
        """One layer (rule 5). Only int8 weights are read."""
        bits = self.take(1)[0] if hidden else 0
        requants = self.requants(self.varint() // 3) if hidden else []
        biases = [value for (value,) in struct.iter_unpack("<i", self.byte_array())]
        assert self.take(1)[0] == 8, "the model has int4 weights, which this script does not read"
        self.byte_array()  # the padding
        weights = [value for (value,) in struct.iter_unpack("<b", self.byte_array())]
        return Layer(weights, biases, requants, bits)


def decode(file):
    """The model of a file (rules 1 to 3)."""
    magic, version, length = struct.unpack("<4sHI", file[:10])
    assert (magic, version) == (b"LNET", 3), "not a model file of version 3"
    assert zlib.crc32(file[: 10 + length]) == struct.unpack("<I", file[10 + length : 14 + length])[0], "wrong checksum"
    reader = Reader(file[10 : 10 + length])
    reader.byte_array()  # the metadata
    (classes,) = reader.take(1)
    confidence = struct.unpack("<HB", reader.take(3))
    (threshold,) = struct.unpack("<H", reader.take(2))
    model = Model(classes, confidence, threshold, *[reader.layer(hidden) for hidden in (True, True, True, True, False)])
    assert reader.at == length, "bytes follow the last field"
    return model


def convolve(layer, image, side, channels):
    """A convolution with its ReLU and its 2x2 maximum pool (rules 6, 7 and 9), [row][column][channel]."""
    outputs, pooled = len(layer.biases), (side - 4) // 2
    taps = 25 * channels
    out = []
    for row in range(pooled):
        for column in range(pooled):
            for output in range(outputs):
                weights = layer.weights[output // 2 * 2 * taps + output % 2 :: 2][:taps]
                sums = []
                for y in (2 * row, 2 * row + 1):
                    for x in (2 * column, 2 * column + 1):
                        starts = [((y + k) * side + x) * channels for k in range(5)]
                        patch = [value for start in starts for value in image[start : start + 5 * channels]]
                        sums.append(layer.biases[output] + sum(map(int.__mul__, weights, patch)))
                out.append(requantize(layer, output, max(sums)))
    return out


def connect(layer, inputs):
    """A fully-connected layer: activations, or logits where the layer has no requants."""
    count = len(inputs)
    out = []
    for output, bias in enumerate(layer.biases):
        weights = layer.weights[output * count : (output + 1) * count]
        accumulator = bias + sum(map(int.__mul__, weights, inputs))
        out.append(requantize(layer, output, accumulator) if layer.requants else accumulator)
    return out


def requantize(layer, output, accumulator):
    """From an accumulator to an activation (rule 9)."""
    multiplier, shift = layer.requants[output]
    return min((1 << layer.bits) - 1, min(max(accumulator >> shift, 0), 65535) * multiplier >> 23)


def run(model, image):
    """The activations of the four hidden layers and the logits."""
    conv1 = convolve(model.conv1, image, 28, 1)
    conv2 = convolve(model.conv2, conv1, 12, 6)
    fc1 = connect(model.fc1, conv2)
    fc2 = connect(model.fc2, fc1)
    return conv1, conv2, fc1, fc2, connect(model.fc3, fc2)


def confidence(model, logits):
    """The confidence of a prediction in 1/256 nat (rule 11)."""
    second, first = sorted(logits)[-2:]
    multiplier, shift = model.confidence
    return min(max(min(first - second, 2**31 - 1) >> shift, 0), 65535) * multiplier >> 16
