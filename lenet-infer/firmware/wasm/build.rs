//! Shows the module's host where memory is free for an image and its logits.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-cdylib=--export=__heap_base");
}
