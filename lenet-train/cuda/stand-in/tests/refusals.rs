//! What is not supported, or wrong, stops the program and is named.

mod common;
use common::{Buffer, HEAD, function, is_apart, stopped};
use cuda::driver::memory;

/// What a process that loads PTX prints when it stops.
fn refused(test: &str, ptx: &str) -> Option<String> {
    if is_apart() {
        let _ = function(ptx, "kernel");
        return None;
    }
    Some(stopped(test, &[]))
}

#[test]
fn an_unknown_instruction_is_named() {
    let ptx = format!("{HEAD}.visible .entry kernel()\n{{ .reg .b32 %r<3>;\nwmma.load %r0, %r1; ret; }}");
    if let Some(message) = refused("an_unknown_instruction_is_named", &ptx) {
        assert!(
            message.contains("`kernel`, line 6: `wmma.load`: this instruction is not supported"),
            "{message}"
        );
        assert!(message.contains("it can be added in src/translate"), "{message}");
    }
}

#[test]
fn an_unknown_modifier_is_named() {
    let ptx = format!(
        "{HEAD}.visible .entry kernel()\n{{ .reg .f32 %f<3>;\nadd.rn.relu.f32 %f0, %f1, %f2; ret; }}"
    );
    if let Some(message) = refused("an_unknown_modifier_is_named", &ptx) {
        assert!(message.contains("`add.rn.relu.f32`: `.relu` is not supported here"), "{message}");
    }
}

#[test]
fn an_unknown_type_is_named() {
    let ptx =
        format!("{HEAD}.visible .entry kernel()\n{{ .reg .b32 %r<3>;\nadd.f16x2 %r0, %r1, %r2; ret; }}");
    if let Some(message) = refused("an_unknown_type_is_named", &ptx) {
        assert!(message.contains("`add.f16x2`: type `.f16x2` is not supported"), "{message}");
    }
}

#[test]
fn an_unknown_special_register_is_named() {
    let ptx = format!("{HEAD}.visible .entry kernel()\n{{ .reg .b32 %r<3>;\nmov.u32 %r0, %clock; ret; }}");
    if let Some(message) = refused("an_unknown_special_register_is_named", &ptx) {
        assert!(message.contains("`%clock` is not supported as a value"), "{message}");
    }
}

#[test]
fn a_wrong_number_of_operands_is_named() {
    let ptx = format!("{HEAD}.visible .entry kernel()\n{{ .reg .b32 %r<3>;\nadd.u32 %r0, %r1; ret; }}");
    if let Some(message) = refused("a_wrong_number_of_operands_is_named", &ptx) {
        assert!(message.contains("`add.u32`: expected 3 operands, found 2"), "{message}");
    }
}

#[test]
fn what_is_no_ptx_is_named_by_line() {
    if let Some(message) =
        refused("what_is_no_ptx_is_named_by_line", ".version 9.0\n.target sm_90\n.texref t;")
    {
        assert!(message.contains("cannot read PTX: line 3: `.texref` is not supported"), "{message}");
    }
}

#[test]
fn memory_that_is_freed_twice_is_named() {
    if is_apart() {
        let address = Buffer::new(&[1u32]).address;
        memory::cuMemFree_v2(address);
    }
    let message = stopped("memory_that_is_freed_twice_is_named", &[]);
    assert!(message.contains("was freed twice, or never allocated"), "{message}");
}

#[test]
fn a_copy_beyond_an_allocation_is_named() {
    if is_apart() {
        let buffer = Buffer::new(&[1u32; 4]);
        memory::cuMemsetD8Async(buffer.address, 0, 17, 0);
    }
    let message = stopped("a_copy_beyond_an_allocation_is_named", &[]);
    assert!(message.contains("fill: 17 bytes at"), "{message}");
    assert!(message.contains("the allocation before it has 16 bytes"), "{message}");
}
