//! The functions that programs call: streams, events, launches, devices and counts.

mod common;
use common::{Buffer, HEAD, Launch, apart, function, is_apart, new_stream};
use cuda::driver::{device, event, memory, module, stream};

/// Adds a number to an array of u32, one per thread.
fn adding(number: u32) -> String {
    format!(
        "{HEAD}.visible .entry adding(.param .u64 out)\n{{ .reg .b64 %q<3>; .reg .b32 %r<3>; ld.param.u64 %q0, [out];\n\
         mov.u32 %r0, %tid.x; mul.wide.u32 %q1, %r0, 4; add.u64 %q2, %q0, %q1; ld.global.u32 %r1, [%q2];\n\
         add.u32 %r1, %r1, {number}; st.global.u32 [%q2], %r1; ret; }}"
    )
}

#[test]
fn a_stream_that_does_not_wait_for_an_event_comes_too_early() {
    // One stream fills, the other copies after it.
    let copied = || {
        let (first, second) = (new_stream(), new_stream());
        let (from, to) = (Buffer::new(&[1u32; 4]), Buffer::new(&[0u32; 4]));
        let mut filled = 0;
        // SAFETY: the event is writable.
        assert_eq!(unsafe { event::cuEventCreate(&raw mut filled, 2) }, 0);
        let mut launch = Launch::new(&adding(41), "adding", 4);
        launch.stream = first;
        assert_eq!(launch.run(&[from.address]), 0);
        assert_eq!(event::cuEventRecord(filled, first), 0);
        assert_eq!(stream::cuStreamWaitEvent(second, filled, 0), 0);
        assert_eq!(memory::cuMemcpyDtoDAsync_v2(to.address, from.address, 16, second), 0);
        assert_eq!(stream::cuStreamSynchronize(second), 0);
        let copied = to.read::<u32>();
        assert_eq!(stream::cuStreamDestroy_v2(first), 0);
        assert_eq!(event::cuEventDestroy_v2(filled), 0);
        copied[0]
    };
    if is_apart() {
        println!("copied: {}", copied());
        return;
    }
    assert_eq!(copied(), 42);
    for (options, expected) in [
        (vec![("STAND_IN_STREAMS", "late")], "copied: 42\n"),
        (vec![("STAND_IN_STREAMS", "late"), ("STAND_IN_WITHOUT", "waits")], "copied: 1\n"),
    ] {
        let output = apart("a_stream_that_does_not_wait_for_an_event_comes_too_early", &options);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(expected), "{options:?}: {text}");
    }
}

#[test]
fn copies_and_fills_keep_to_the_order_of_their_stream() {
    let stream = new_stream();
    let buffer = Buffer::unwritten(16);
    assert_eq!(memory::cuMemsetD32Async(buffer.address, 5, 4, stream), 0);
    assert_eq!(memory::cuMemsetD8Async(buffer.address, 1, 4, stream), 0);
    let mut launch = Launch::new(&adding(1), "adding", 4);
    launch.stream = stream;
    assert_eq!(launch.run(&[buffer.address]), 0);
    let mut values = [0u32; 4];
    let to = values.as_mut_ptr().cast();
    // SAFETY: `values` has room for 16 bytes.
    let status = unsafe { memory::cuMemcpyDtoHAsync_v2(to, buffer.address, 16, stream) };
    assert_eq!(status, 0);
    assert_eq!(values, [0x0101_0102, 6, 6, 6]);
}

#[test]
fn kernels_that_are_not_there_are_not_found() {
    assert_eq!(function(&adding(1), "subtracting"), Err(500));
    let mut text = std::ptr::null();
    // SAFETY: `text` is writable, and then a C string.
    let text = unsafe {
        assert_eq!(cuda::driver::cuGetErrorString(500, &raw mut text), 0);
        std::ffi::CStr::from_ptr(text)
    };
    assert_eq!(text, c"named symbol not found");
}

#[test]
fn launches_that_a_gpu_refuses_are_refused() {
    let out = Buffer::new(&[0u32]);
    let mut launch = Launch::new(&adding(1), "adding", 1025);
    assert_eq!(launch.run(&[out.address]), 1);
    launch.block = 0;
    assert_eq!(launch.run(&[out.address]), 1);
    launch.block = 1;
    launch.dynamic_shared = 100_000;
    assert_eq!(launch.run(&[out.address]), 1);
    // SAFETY: the handle is a function's. The attribute is the most dynamic shared memory.
    assert_eq!(unsafe { module::cuFuncSetAttribute(launch.function, 8, 100_000) }, 0);
    assert_eq!(launch.run(&[out.address]), 0);
    assert_eq!(out.read::<u32>(), [1]);
}

#[test]
fn the_device_can_be_missing_small_or_old() {
    if is_apart() {
        let (mut count, mut address, mut ordinal) = (0, 0, 0);
        // SAFETY: all are writable.
        unsafe {
            println!("init: {}", device::cuInit(0));
            assert_eq!(device::cuDeviceGetCount(&raw mut count), 0);
            println!("devices: {count}, second: {}", device::cuDeviceGet(&raw mut ordinal, 1));
            println!("allocation: {}", memory::cuMemAlloc_v2(&raw mut address, 5000));
        }
        println!("function: {:?}", function(&adding(1), "adding").map(drop));
        return;
    }
    for (options, expected) in [
        (("STAND_IN_DEVICES", "0"), "init: 100\ndevices: 0, second: 101\n"),
        (("STAND_IN_DEVICES", "2"), "devices: 2, second: 0\n"),
        (("STAND_IN_MEMORY_BYTES", "4999"), "allocation: 2\n"),
        (("STAND_IN_CAPABILITY", "8.6"), "function: Err(209)\n"),
        (("STAND_IN_DRIVER", "12.9"), "function: Err(222)\n"),
        (
            ("STAND_IN_ORDER", "reverse"),
            "init: 0\ndevices: 1, second: 101\nallocation: 0\nfunction: Ok(())\n",
        ),
    ] {
        let output = apart("the_device_can_be_missing_small_or_old", &[options]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains(expected), "{options:?}: {text}");
    }
}

#[test]
fn calls_are_counted() {
    if is_apart() {
        let out = Buffer::new(&[0u32; 4]);
        let launch = Launch::new(&adding(1), "adding", 4);
        assert_eq!((launch.run(&[out.address]), launch.run(&[out.address])), (0, 0));
        println!("computed: {:?}", out.read::<u32>());
        return;
    }
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("calls");
    let calls = |options: &[(&str, &str)]| {
        let options = [options, &[("CALLS", file.to_str().unwrap())]].concat();
        let output = apart("calls_are_counted", &options);
        assert!(output.status.success());
        (String::from_utf8_lossy(&output.stdout).into_owned(), std::fs::read_to_string(&file).unwrap())
    };
    let (printed, counts) = calls(&[]);
    assert!(printed.contains("computed: [2, 2, 2, 2]"), "{printed}");
    for line in [
        "kernels 2",
        "allocations 1",
        "allocated_bytes 16",
        "uploads 1",
        "uploaded_bytes 16",
        "downloads 1",
        "downloaded_bytes 16",
        "copies 0",
        "waits 0",
        "launches:adding 2",
    ] {
        assert!(counts.lines().any(|found| found == line), "{line}: {counts}");
    }
    let (printed, counts) = calls(&[("STAND_IN_KERNELS", "skip")]);
    assert!(printed.contains("computed: [0, 0, 0, 0]"), "{printed}");
    assert!(counts.starts_with("kernels 2\n"), "{counts}");
}
