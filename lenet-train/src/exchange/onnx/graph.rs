//! The network as ONNX's graph.

use super::proto::{
    AttributeProto, DimensionProto, FLOAT, GraphProto, INT, INTS, NodeProto, TensorProto, TensorShapeProto,
    TensorTypeProto, TypeProto, ValueInfoProto,
};
use crate::exchange::tensors::tensors;
use crate::model::weights::FloatWeights;
use lenet_core::shape::{IMAGE_CHANNELS, IMAGE_SIDE, KERNEL_SIDE, POOL_SIDE};

/// The names and operators of the nodes. Each node takes the output of the one before it.
const NODES: [(&str, &str); 12] = [
    ("conv1", "Conv"),
    ("relu1", "Relu"),
    ("pool1", "MaxPool"),
    ("conv2", "Conv"),
    ("relu2", "Relu"),
    ("pool2", "MaxPool"),
    ("flatten", "Flatten"),
    ("fc1", "Gemm"),
    ("relu3", "Relu"),
    ("fc2", "Gemm"),
    ("relu4", "Relu"),
    ("fc3", "Gemm"),
];
const INPUT: &str = "image";
const OUTPUT: &str = "logits";

/// The graph of the network with these weights.
///
/// # Panics
///
/// If a length of `weights` is not the network's.
pub(super) fn graph(weights: &FloatWeights) -> GraphProto {
    let initializer = tensors(weights).into_iter().map(|tensor| TensorProto {
        dims: tensor.shape.iter().map(|&length| length as i64).collect(),
        data_type: FLOAT,
        name: tensor.name,
        raw_data: tensor.bytes,
    });
    GraphProto {
        node: nodes(),
        name: "lenet".to_owned(),
        initializer: initializer.collect(),
        input: vec![batch(INPUT, &[IMAGE_CHANNELS, IMAGE_SIDE, IMAGE_SIDE])],
        output: vec![batch(OUTPUT, &[weights.classes()])],
    }
}

fn nodes() -> Vec<NodeProto> {
    let last = NODES.len() - 1;
    let mut value = INPUT;
    let nodes = NODES.into_iter().enumerate().map(|(index, (name, operator))| {
        let mut input = vec![value.to_owned()];
        if matches!(operator, "Conv" | "Gemm") {
            input.extend([format!("{name}.weight"), format!("{name}.bias")]);
        }
        // A value has the name of the node that computes it.
        value = if index == last { OUTPUT } else { name };
        NodeProto {
            input,
            output: vec![value.to_owned()],
            name: name.to_owned(),
            op_type: operator.to_owned(),
            attribute: attributes(operator),
        }
    });
    nodes.collect()
}

/// The settings of an operator. Strides, padding and dilation are written even where they are ONNX's defaults.
fn attributes(operator: &str) -> Vec<AttributeProto> {
    let (kernel, pool) = (KERNEL_SIDE as i64, POOL_SIDE as i64);
    match operator {
        "Conv" => vec![
            ints("dilations", &[1, 1]),
            int("group", 1),
            ints("kernel_shape", &[kernel, kernel]),
            ints("pads", &[0, 0, 0, 0]),
            ints("strides", &[1, 1]),
        ],
        "MaxPool" => vec![
            ints("kernel_shape", &[pool, pool]),
            ints("pads", &[0, 0, 0, 0]),
            ints("strides", &[pool, pool]),
        ],
        "Flatten" => vec![int("axis", 1)],
        // A layer's weight is [outputs, inputs]; the product needs its transpose.
        "Gemm" => vec![int("transB", 1)],
        _ => Vec::new(),
    }
}

fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { name: name.to_owned(), i: Some(i), ints: Vec::new(), r#type: INT }
}

fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    AttributeProto { name: name.to_owned(), i: None, ints: ints.to_vec(), r#type: INTS }
}

/// Values in f32 of this shape, for each of any number of images.
fn batch(name: &str, shape: &[usize]) -> ValueInfoProto {
    let images = DimensionProto { dim_value: None, dim_param: Some("N".to_owned()) };
    let lengths =
        shape.iter().map(|&length| DimensionProto { dim_value: Some(length as i64), dim_param: None });
    let shape = TensorShapeProto { dim: [images].into_iter().chain(lengths).collect() };
    let tensor_type = TensorTypeProto { elem_type: FLOAT, shape: Some(shape) };
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type: Some(tensor_type) }) }
}
