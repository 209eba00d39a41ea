//! Derives from the target the cfgs by which `src/kernel/mod.rs` selects a back end.

use std::env::var;

/// The Armv8-M Mainline cores with the DSP extension, as `-Ctarget-cpu` names them.
const ARMV8M_WITH_DSP: [&str; 4] = ["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85"];

/// The values of the cfg `lenet_device`: a back end per kind of core, and one for all other cores.
const BACK_ENDS: &str = r#""armv6m", "armv7em", "armv7m", "riscv32", "portable""#;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
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
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let dsp_cpu = if target.starts_with("thumbv8m.main-") { dsp_cpu(&flags) } else { None };
    println!("cargo::rustc-cfg=lenet_device=\"{}\"", device(&target, dsp_cpu.is_some()));
    // When the whole program is optimized at once, the assembler knows only the target. So the kernels name the
    // processor, which is the one that all other code is compiled for.
    let directive = dsp_cpu.map_or_else(String::new, |cpu| format!(".cpu {cpu}"));
    println!("cargo::rustc-env=LENET_CPU_DIRECTIVE={directive}");
}

/// Returns the back end for a target. `mainline_dsp` says whether an Armv8-M Mainline core has the DSP extension.
fn device(target: &str, mainline_dsp: bool) -> &'static str {
    let is = |prefix| target.starts_with(prefix);
    if is("thumbv6m-") || is("thumbv8m.base-") {
        "armv6m"
    } else if is("thumbv7em-") || mainline_dsp {
        "armv7em"
    } else if is("thumbv7m-") || is("thumbv8m.main-") {
        "armv7m"
    } else if is("riscv32imc-") || is("riscv32imac-") || is("riscv32imafc-") {
        "riscv32"
    } else {
        "portable"
    }
}

/// Returns the core that the compiler flags name, if it has the DSP extension and the flags do not turn it off.
///
/// The target `thumbv8m.main` alone does not promise the extension.
fn dsp_cpu(flags: &str) -> Option<&str> {
    let value = |flag: &str| -> Vec<&str> {
        flags.split('\x1f').filter_map(|word| word.split_once(flag).map(|(_, value)| value)).collect()
    };
    let features = value("target-feature=").join(",");
    let last = features.split(',').rfind(|feature| matches!(*feature, "+dsp" | "-dsp"));
    let cpu = value("target-cpu=").last().copied()?;
    (ARMV8M_WITH_DSP.contains(&cpu) && last != Some("-dsp")).then_some(cpu)
}
