use super::proto::{DimensionProto, FLOAT, GraphProto, INT, INTS, NodeProto, ValueInfoProto};
use super::*;
use crate::exchange::tensors::tensors;
use crate::exchange::test_weights::weights;
use crate::model::activations::Activations;
use crate::test_images::synthetic;
use tempfile::tempdir;

fn decoded(weights: &FloatWeights, metadata: &BTreeMap<String, String>) -> ModelProto {
    ModelProto::decode(encode(weights, metadata).as_slice()).unwrap()
}

fn graph_of(weights: &FloatWeights) -> GraphProto {
    decoded(weights, &BTreeMap::new()).graph.unwrap()
}

/// A node in one line, as `output = Operator(inputs) attribute=[integers]`.
fn line(node: &NodeProto) -> String {
    let mut line = format!("{} = {}({})", node.output.join(", "), node.op_type, node.input.join(", "));
    for attribute in &node.attribute {
        line += &match (attribute.r#type, attribute.i) {
            (INT, Some(i)) if attribute.ints.is_empty() => format!(" {}={i}", attribute.name),
            (INTS, None) => format!(" {}={:?}", attribute.name, attribute.ints),
            _ => panic!("{attribute:?}"),
        };
    }
    line
}

/// An input or an output in one line, as `name [N, lengths]`.
fn value_line(value: &ValueInfoProto) -> String {
    let tensor = value.r#type.clone().unwrap().tensor_type.unwrap();
    assert_eq!(tensor.elem_type, FLOAT);
    let axes: Vec<String> = tensor.shape.unwrap().dim.into_iter().map(axis).collect();
    format!("{} [{}]", value.name, axes.join(", "))
}

fn axis(axis: DimensionProto) -> String {
    match (axis.dim_value, axis.dim_param) {
        (Some(length), None) => length.to_string(),
        (None, Some(name)) => name,
        both => panic!("{both:?}"),
    }
}

#[test]
fn the_graph_is_the_chain_of_lenet() {
    let graph = graph_of(&weights(10));
    let conv = "dilations=[1, 1] group=1 kernel_shape=[5, 5] pads=[0, 0, 0, 0] strides=[1, 1]";
    let pool = "kernel_shape=[2, 2] pads=[0, 0, 0, 0] strides=[2, 2]";
    let expected = [
        format!("conv1 = Conv(image, conv1.weight, conv1.bias) {conv}"),
        "relu1 = Relu(conv1)".to_owned(),
        format!("pool1 = MaxPool(relu1) {pool}"),
        format!("conv2 = Conv(pool1, conv2.weight, conv2.bias) {conv}"),
        "relu2 = Relu(conv2)".to_owned(),
        format!("pool2 = MaxPool(relu2) {pool}"),
        "flatten = Flatten(pool2) axis=1".to_owned(),
        "fc1 = Gemm(flatten, fc1.weight, fc1.bias) transB=1".to_owned(),
        "relu3 = Relu(fc1)".to_owned(),
        "fc2 = Gemm(relu3, fc2.weight, fc2.bias) transB=1".to_owned(),
        "relu4 = Relu(fc2)".to_owned(),
        "logits = Gemm(relu4, fc3.weight, fc3.bias) transB=1".to_owned(),
    ];
    assert_eq!(graph.node.iter().map(line).collect::<Vec<_>>(), expected);
    assert_eq!(graph.input.iter().map(value_line).collect::<Vec<_>>(), ["image [N, 1, 28, 28]"]);
    assert_eq!(graph.output.iter().map(value_line).collect::<Vec<_>>(), ["logits [N, 10]"]);
}

#[test]
fn the_initializers_are_the_weights_bit_by_bit() {
    let weights = weights(26);
    let initializers = graph_of(&weights).initializer;
    assert_eq!(initializers.len(), 10);
    for (initializer, tensor) in initializers.into_iter().zip(tensors(&weights)) {
        assert_eq!((initializer.name, initializer.data_type), (tensor.name, FLOAT));
        assert!(initializer.dims.into_iter().eq(tensor.shape.into_iter().map(|length| length as i64)));
        assert_eq!(initializer.raw_data, tensor.bytes);
    }
}

#[test]
fn the_file_says_what_it_is_of() {
    let metadata = BTreeMap::from([("seed", "0"), ("dataset", "mnist")])
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let model = decoded(&weights(10), &metadata);
    assert_eq!((model.ir_version, model.producer_name.as_str()), (7, "lenet-train"));
    assert_eq!(model.opset_import, [OperatorSetIdProto { domain: String::new(), version: 13 }]);
    let entries: Vec<_> =
        model.metadata_props.iter().map(|entry| (entry.key.as_str(), entry.value.as_str())).collect();
    assert_eq!(entries, [("dataset", "mnist"), ("seed", "0")]);
}

#[test]
fn the_bytes_are_those_of_the_protobuf_encoding() {
    let bytes = encode(&weights(10), &BTreeMap::new());
    // Field 1, a varint, 7; field 2, eleven bytes of text.
    assert!(bytes.starts_with(b"\x08\x07\x12\x0blenet-train\x1a"));
    // Field 8, a message of the fields 1 (left out, as it is empty) and 2.
    assert!(bytes.ends_with(b"\x42\x02\x10\x0d"));
    // An attribute: name, then integers that are not packed, then the type in field 20.
    let strides = b"\x0a\x07strides\x40\x02\x40\x02\xa0\x01\x07";
    assert_eq!(bytes.windows(strides.len()).filter(|window| window == strides).count(), 2);
}

#[test]
fn a_file_is_written_and_a_folder_that_is_missing_is_named() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("lenet.onnx");
    write(&path, &weights(2), &BTreeMap::new()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), encode(&weights(2), &BTreeMap::new()));
    let path = folder.path().join("missing/lenet.onnx");
    let message = write(&path, &weights(2), &BTreeMap::new()).unwrap_err().to_string();
    assert!(message.contains(&path.display().to_string()), "{message}");
}

/// Values of one image: their shape without the axis of images, and themselves.
type Values = (Vec<usize>, Vec<f64>);

/// What `node` gives for `input`, by ONNX's definition of its operator.
fn run(graph: &GraphProto, node: &NodeProto, (shape, input): &Values) -> Values {
    let ints = |name: &str| -> Vec<usize> {
        let attribute = node.attribute.iter().find(|attribute| attribute.name == name).unwrap();
        attribute.ints.iter().map(|&int| int as usize).collect()
    };
    let parameter = |index: usize| -> Values {
        let tensor = graph.initializer.iter().find(|tensor| tensor.name == node.input[index]).unwrap();
        let (values, _) = tensor.raw_data.as_chunks();
        let values = values.iter().map(|&value| f64::from(f32::from_le_bytes(value))).collect();
        (tensor.dims.iter().map(|&length| length as usize).collect(), values)
    };
    match node.op_type.as_str() {
        "Relu" => (shape.clone(), input.iter().map(|value| value.max(0.0)).collect()),
        "Flatten" => (vec![input.len()], input.clone()),
        "Gemm" => {
            let ((_, weight), (_, bias)) = (parameter(1), parameter(2));
            let row = |row: &[f64]| row.iter().zip(input).map(|(weight, value)| weight * value).sum::<f64>();
            let sums = weight.chunks_exact(input.len()).map(row).zip(&bias).map(|(sum, bias)| sum + bias);
            (vec![bias.len()], sums.collect())
        }
        "Conv" => {
            let ((kernel, weight), (_, bias)) = (parameter(1), parameter(2));
            let taps: Vec<[usize; 3]> = positions([kernel[1], kernel[2], kernel[3]]).collect();
            let (side, out) = (shape[1], shape[1] - kernel[2] + 1);
            let sums = positions([kernel[0], out, out]).map(|[output, y, x]| {
                let at =
                    |&[channel, row, column]: &[usize; 3]| (channel * side + y + row) * side + x + column;
                let weights = weight[output * taps.len()..].iter();
                bias[output]
                    + taps.iter().zip(weights).map(|(tap, weight)| weight * input[at(tap)]).sum::<f64>()
            });
            (vec![kernel[0], out, out], sums.collect())
        }
        "MaxPool" => {
            let (kernel, strides) = (ints("kernel_shape"), ints("strides"));
            let (side, out) = (shape[1], (shape[1] - kernel[0]) / strides[0] + 1);
            let maxima = positions([shape[0], out, out]).map(|[channel, y, x]| {
                let at = |[_, row, column]: [usize; 3]| {
                    (channel * side + y * strides[0] + row) * side + x * strides[1] + column
                };
                positions([1, kernel[0], kernel[1]]).map(|tap| input[at(tap)]).fold(f64::MIN, f64::max)
            });
            (vec![shape[0], out, out], maxima.collect())
        }
        operator => panic!("{operator}"),
    }
}

/// All positions in an array of this shape, the last axis changing fastest.
fn positions([first, second, third]: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    (0..first * second * third).map(move |at| [at / (second * third), at / third % second, at % third])
}

#[test]
fn the_graph_calculates_what_the_network_calculates() {
    let (weights, set) = (weights(10), synthetic(3));
    let graph = graph_of(&weights);
    let expected = Activations::of(&weights, &set.images).logits;
    for (image, expected) in set.images.iter().zip(expected.chunks_exact(10)) {
        let pixels = image.iter().map(|&pixel| f64::from(pixel) / 255.0).collect();
        let (shape, logits) =
            graph.node.iter().fold((vec![1, 28, 28], pixels), |values, node| run(&graph, node, &values));
        assert_eq!(shape, [10]);
        for (logit, &expected) in logits.iter().zip(expected) {
            assert!((logit - f64::from(expected)).abs() < 1e-5, "{logit} {expected}");
        }
    }
}
