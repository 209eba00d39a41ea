//! Derives from the target the cfgs by which `src/kernel/mod.rs` selects a back end.

use std::env::var;

/// The Armv8-M Mainline cores with the DSP extension, as `-Ctarget-cpu` names them.
const ARMV8M_WITH_DSP: [&str; 4] = ["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85"];
/// Those of them that have Helium, the vector extension MVE.
const ARMV8M_WITH_MVE: [&str; 2] = ["cortex-m55", "cortex-m85"];

/// The values of the cfg `lenet_device`: a back end per kind of core, and one for all other cores.
const BACK_ENDS: &str = r#""armv6m", "armv7em", "armv7m", "mve", "neon", "riscv32", "simd128", "portable""#;

/// Those of them whose kernels `src/kernel/board.rs` calls: the cfg `lenet_board`.
const BOARDS: [&str; 4] = ["armv6m", "mve", "riscv32", "simd128"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(lenet_board)");
    println!("cargo::rustc-check-cfg=cfg(lenet_x86_64)");
    println!("cargo::rustc-check-cfg=cfg(lenet_backend, values(\"portable\", \"small\"))");
    println!("cargo::rustc-check-cfg=cfg(lenet_device, values({BACK_ENDS}))");
    let is = |key: &str, value: &str| var(key).is_ok_and(|found| found == value);
    if is("CARGO_CFG_LENET_BACKEND", "portable") {
        println!("cargo::rustc-cfg=lenet_device=\"portable\"");
        return;
    }
    if var("CARGO_FEATURE_HOST").is_ok() && is("CARGO_CFG_TARGET_ARCH", "x86_64") {
        println!("cargo::rustc-cfg=lenet_x86_64");
    }
    let target = var("TARGET").unwrap_or_default();
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let is_mainline = target.starts_with("thumbv8m.main-");
    let has = |cpus, feature| if is_mainline { cpu_with(cpus, feature, &flags) } else { None };
    let dsp_cpu = has(&ARMV8M_WITH_DSP[..], "dsp");
    let mve_cpu = dsp_cpu.and_then(|_| has(&ARMV8M_WITH_MVE, "mve"));
    let features = var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let on =
        |arch, feature| is("CARGO_CFG_TARGET_ARCH", arch) && features.split(',').any(|name| name == feature);
    let device = if on("wasm32", "simd128") {
        "simd128"
    } else if on("aarch64", "neon") && is("CARGO_CFG_TARGET_ENDIAN", "little") {
        "neon"
    } else {
        device(&target, dsp_cpu.is_some(), mve_cpu.is_some(), is("CARGO_CFG_LENET_BACKEND", "small"))
    };
    println!("cargo::rustc-cfg=lenet_device=\"{device}\"");
    if BOARDS.contains(&device) {
        println!("cargo::rustc-cfg=lenet_board");
    }
    // When the whole program is optimized at once, the assembler knows only the target. So the kernels name the
    // processor, which is the one that all other code is compiled for.
    let directive = dsp_cpu.map_or_else(String::new, |cpu| format!(".cpu {cpu}"));
    println!("cargo::rustc-env=LENET_CPU_DIRECTIVE={directive}");
}

/// Returns the back end for a target. `dsp` and `mve` say whether an Armv8-M Mainline core has these extensions. `small` asks
/// for small code.
fn device(target: &str, dsp: bool, mve: bool, small: bool) -> &'static str {
    let is = |prefix| target.starts_with(prefix);
    if is("thumbv6m-") || is("thumbv8m.base-") {
        "armv6m"
    } else if mve {
        "mve"
    } else if is("thumbv7em-") || dsp {
        "armv7em"
    } else if is("thumbv7m-") || is("thumbv8m.main-") {
        // The kernels of the smaller cores run on these too.
        if small { "armv6m" } else { "armv7m" }
    } else if is("riscv32imc-") || is("riscv32imac-") || is("riscv32imafc-") {
        "riscv32"
    } else {
        "portable"
    }
}

/// Returns the core that the compiler flags name, if it is one of `cpus` and the flags do not turn `extension` off.
///
/// The target `thumbv8m.main` alone does not promise an extension.
fn cpu_with<'a>(cpus: &[&str], extension: &str, flags: &'a str) -> Option<&'a str> {
    let value = |flag: &str| -> Vec<&'a str> {
        flags.split('\x1f').filter_map(|word| word.split_once(flag).map(|(_, value)| value)).collect()
    };
    let features = value("target-feature=").join(",");
    let last = features.split(',').rfind(|feature| feature.get(1..) == Some(extension));
    let cpu = value("target-cpu=").last().copied()?;
    (cpus.contains(&cpu) && last.is_none_or(|feature| feature.starts_with('+'))).then_some(cpu)
}
