//! Compiles the CUDA kernels, in a build with the feature `cuda`.

use std::env;

#[path = "build/kernels.rs"]
mod kernels;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    if env::var_os("CARGO_FEATURE_CUDA").is_some() {
        // With `ci-check` the code is only type-checked, on machines without the compiler of CUDA.
        kernels::build(env::var_os("CARGO_FEATURE_CI_CHECK").is_none());
    }
}
