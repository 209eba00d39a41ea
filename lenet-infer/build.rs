//! Turns what is known of the target into the cfgs that `src/kernel/mod.rs` chooses a back end by.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(lenet_avx2)");
    println!("cargo::rustc-check-cfg=cfg(lenet_backend, values(\"portable\"))");
    let is = |key: &str, value: &str| var(key).is_ok_and(|found| found == value);
    let portable_forced = is("CARGO_CFG_LENET_BACKEND", "portable");
    if !portable_forced && var("CARGO_FEATURE_HOST").is_ok() && is("CARGO_CFG_TARGET_ARCH", "x86_64") {
        println!("cargo::rustc-cfg=lenet_avx2");
    }
}
