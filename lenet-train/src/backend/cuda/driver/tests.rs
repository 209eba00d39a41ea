use super::module::Argument;
use super::*;

/// A kernel that writes a number to an array.
const WRITE: &str = ".version 6.4
.target sm_75
.address_size 64
.visible .entry write(
    .param .u64 write_param_0,
    .param .u32 write_param_1
)
.maxntid 1, 1, 1
{
    .reg .b32 %r<2>;
    .reg .b64 %rd<3>;
    ld.param.u64 %rd1, [write_param_0];
    ld.param.u32 %r1, [write_param_1];
    cvta.to.global.u64 %rd2, %rd1;
    st.global.u32 [%rd2], %r1;
    ret;
}
";

fn open() -> Rc<Gpu> {
    Gpu::open(0).unwrap_or_else(|error| panic!("{error:?}"))
}

#[test]
fn values_come_back_as_they_were_written() {
    let gpu = open();
    let mut buffer = Buffer::<u32>::zeros(&gpu, 5).unwrap();
    assert_eq!(buffer.download(0..5).unwrap(), [0; 5]);
    buffer.upload(&[1, 2, 3]).unwrap();
    assert_eq!(buffer.download(1..4).unwrap(), [2, 3, 0]);
    let write = Module::load(&gpu, WRITE).unwrap().function("write").unwrap();
    write.launch([1, 1], &[buffer.part(4..5).into(), 7_usize.into()]).unwrap();
    assert_eq!(buffer.download(2..5).unwrap(), [3, 0, 7]);
    assert!(Buffer::<f32>::zeros(&gpu, 0).unwrap().download(0..0).unwrap().is_empty());
}

#[test]
#[should_panic(expected = "3..6 of 5 values")]
fn a_part_beyond_the_end_of_an_array_is_refused() {
    Buffer::<u8>::zeros(&open(), 5).unwrap().part(3..6);
}

#[test]
#[should_panic(expected = "write: [Pointer, Integer]")]
fn a_launch_with_other_arguments_than_those_of_the_kernel_is_refused() {
    let write = Module::load(&open(), WRITE).unwrap().function("write").unwrap();
    let _ = write.launch([1, 1], &[Argument::NULL, Argument::Float(7.0)]);
}

#[test]
fn an_ordinal_without_a_device_is_refused() {
    assert!(matches!(Gpu::open(1_000), Err(OpenError::NoSuchDevice(_))));
}

#[test]
fn errors_that_can_be_fixed_say_how() {
    let error =
        |code| CudaError { call: "cuMemAlloc", code, text: "the driver's text".to_owned() }.to_string();
    assert_eq!(error(1), "cuMemAlloc: the driver's text");
    assert!(error(2).ends_with("lower --batch-size, or free memory of the GPU"));
    assert!(error(222).contains("update the driver"));
}
