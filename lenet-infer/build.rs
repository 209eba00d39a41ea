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
    println!("cargo::rustc-check-cfg=cfg(lenet_device, values(none(), \"armv7m\", \"riscv32\"))");
    if let Some(device) = device(&var("TARGET").unwrap_or_default())
        && !portable_forced
    {
        println!("cargo::rustc-cfg=lenet_device");
        println!("cargo::rustc-cfg=lenet_device=\"{device}\"");
    }
}

/// The back end for a bare-metal target, if it has one of its own.
fn device(target: &str) -> Option<&'static str> {
    match target {
        _ if target.starts_with("thumbv7m-") => Some("armv7m"),
        _ if target.starts_with("riscv32im") => Some("riscv32"),
        _ => None,
    }
}
