"""LeNet with random weights: as a .tflite file and as a numpy forward pass that checks it.

The file is written with the schema that the ai-edge-litert wheel carries, so that no converter (and no
TensorFlow) is needed and the graph is exactly the one meant.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


def random_layers(seed):
    """Weights and biases of the five layers: convolutions as [out, 5, 5, in], dense layers as [out, in]."""
    rng = np.random.default_rng(seed)

    def layer(*shape):
        scale = np.sqrt(2 / np.prod(shape[1:]))
        return (
            (scale * rng.standard_normal(shape)).astype(np.float32),
            (0.1 * rng.standard_normal(shape[0])).astype(np.float32),
        )

    convolutions = [layer(6, 5, 5, 1), layer(16, 5, 5, 6)]
    dense = [layer(120, 256), layer(84, 120), layer(10, 84)]
    return convolutions, dense


def reference_logits(image, convolutions, dense):
    """The forward pass in numpy, for an image of [28, 28, 1]."""
    x = image
    for weight, bias in convolutions:
        windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(0, 1))
        x = np.maximum(np.einsum("yxcij,oijc->yxo", windows, weight) + bias, 0)
        height, width, channels = x.shape
        x = x.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))
    x = x.reshape(-1)
    for weight, bias in dense[:-1]:
        x = np.maximum(weight @ x + bias, 0)
    weight, bias = dense[-1]
    return weight @ x + bias


def options(kind, **fields):
    """One of the schema's option tables with the given fields set."""
    table = kind()
    for name, value in fields.items():
        setattr(table, name, value)
    return table


class Graph:
    """A .tflite graph that is a chain of operators."""

    def __init__(self, input_shape):
        self.buffers = [schema.BufferT()]  # the format reserves buffer 0 for tensors without data
        self.tensors, self.operators, self.codes = [], [], []
        self.input = self.output = self.tensor(input_shape)

    def tensor(self, shape, data=None):
        buffer = 0
        if data is not None:
            buffer = len(self.buffers)
            self.buffers.append(options(schema.BufferT, data=np.frombuffer(data.tobytes(), np.uint8)))
        self.tensors.append(
            options(schema.TensorT, shape=list(shape), type=schema.TensorType.FLOAT32, buffer=buffer)
        )
        return len(self.tensors) - 1

    def append(self, name, code, output_shape, settings, constants=()):
        """Adds the operator `code`, whose option table is called `name`, at the end of the chain."""
        inputs = [self.output, *(self.tensor(c.shape, c) for c in constants)]
        self.output = self.tensor(output_shape)
        if code not in self.codes:
            self.codes.append(code)
        operator = options(
            schema.OperatorT,
            opcodeIndex=self.codes.index(code),
            inputs=inputs,
            outputs=[self.output],
            builtinOptionsType=getattr(schema.BuiltinOptions, name),
            builtinOptions=options(getattr(schema, name + "T"), **settings),
        )
        self.operators.append(operator)

    def serialize(self):
        subgraph = options(
            schema.SubGraphT,
            tensors=self.tensors,
            operators=self.operators,
            inputs=[self.input],
            outputs=[self.output],
        )
        codes = [
            options(schema.OperatorCodeT, builtinCode=c, deprecatedBuiltinCode=c, version=1) for c in self.codes
        ]
        model = options(
            schema.ModelT, version=3, buffers=self.buffers, operatorCodes=codes, subgraphs=[subgraph]
        )
        builder = flatbuffers.Builder()
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def tflite_lenet(convolutions, dense):
    """The .tflite file: image [1, 28, 28, 1] to logits [1, 10]."""
    operator, activation = schema.BuiltinOperator, schema.ActivationFunctionType
    stride = {"padding": schema.Padding.VALID, "strideW": 1, "strideH": 1}
    pool = {"padding": schema.Padding.VALID, "strideW": 2, "strideH": 2, "filterWidth": 2, "filterHeight": 2}
    size = 28
    graph = Graph([1, size, size, 1])
    for layer in convolutions:
        channels = layer[0].shape[0]
        size -= 4
        settings = stride | {"fusedActivationFunction": activation.RELU}
        graph.append("Conv2DOptions", operator.CONV_2D, [1, size, size, channels], settings, layer)
        size //= 2
        graph.append("Pool2DOptions", operator.MAX_POOL_2D, [1, size, size, channels], pool)
    for layer in dense:
        relu = activation.NONE if layer is dense[-1] else activation.RELU
        settings = {"fusedActivationFunction": relu}
        graph.append(
            "FullyConnectedOptions", operator.FULLY_CONNECTED, [1, layer[0].shape[0]], settings, layer
        )
    return graph.serialize()
