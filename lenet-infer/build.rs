//! Turns what is known of the target into the cfgs that `src/kernel/mod.rs` chooses a back end by.

use std::env::var;

/// The cores of Armv8-M Mainline that have the DSP extension, as `-Ctarget-cpu` names them.
const ARMV8M_WITH_DSP: [&str; 4] = ["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85"];

/// The back ends of boards, and the one of every other core.
const BACK_ENDS: &str = r#""armv6m", "armv7em", "armv7m", "riscv32", "portable""#;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(lenet_armv8m)");
    println!("cargo::rustc-check-cfg=cfg(lenet_avx2)");
    println!("cargo::rustc-check-cfg=cfg(lenet_backend, values(\"portable\"))");
    println!("cargo::rustc-check-cfg=cfg(lenet_device, values({BACK_ENDS}))");
    let is = |key: &str, value: &str| var(key).is_ok_and(|found| found == value);
    if is("CARGO_CFG_LENET_BACKEND", "portable") {
        println!("cargo::rustc-cfg=lenet_device=\"portable\"");
        return;
    }
    if var("CARGO_FEATURE_HOST").is_ok() && is("CARGO_CFG_TARGET_ARCH", "x86_64") {
        println!("cargo::rustc-cfg=lenet_avx2");
    }
    let target = var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv8m.main-") {
        println!("cargo::rustc-cfg=lenet_armv8m");
    }
    println!("cargo::rustc-cfg=lenet_device=\"{}\"", device(&target));
}

/// The back end for a target.
fn device(target: &str) -> &'static str {
    let is = |prefix| target.starts_with(prefix);
    let mainline = is("thumbv8m.main-");
    if is("thumbv6m-") {
        "armv6m"
    } else if is("thumbv7em-") || (mainline && cpu_has_dsp()) {
        "armv7em"
    } else if is("thumbv7m-") || mainline {
        "armv7m"
    } else if is("riscv32imc-") || is("riscv32imac-") || is("riscv32imafc-") {
        "riscv32"
    } else {
        "portable"
    }
}

/// Whether `-Ctarget-cpu` names a core with the DSP extension: the target `thumbv8m.main` alone does not promise it.
fn cpu_has_dsp() -> bool {
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let cpu = flags.split("target-cpu=").last().and_then(|rest| rest.split('\x1f').next());
    cpu.is_some_and(|cpu| ARMV8M_WITH_DSP.contains(&cpu))
}
