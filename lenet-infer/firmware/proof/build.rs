//! Gives the linker the programs' sections, and the functions that each keeps.

use std::env;

/// The functions of each program that the world may call.
const ROOTS: [(&str, &[&str]); 10] = [
    ("proof-engine", &["proof_decode", "proof_classify"]),
    ("proof-included", &["proof_classify"]),
    ("proof-compact", &["proof_classify_compact"]),
    ("proof-int4", &["proof_classify"]),
    ("proof-ternary", &["proof_classify"]),
    ("proof-stream", &["proof_decode", "proof_push"]),
    ("proof-picture", &["proof_prepare"]),
    ("proof-find", &["proof_find", "proof_rows"]),
    ("proof-looks", &["proof_prepare_best", "proof_find_best"]),
    ("proof-link", &["proof_receive", "proof_send"]),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=proof.x");
    let folder = env::var("CARGO_MANIFEST_DIR").expect("Cargo sets CARGO_MANIFEST_DIR");
    println!("cargo::rustc-link-arg-bins=-T{folder}/proof.x");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    println!("cargo::rustc-link-arg-bins=--orphan-handling=error");
    for (program, roots) in ROOTS {
        println!("cargo::rustc-link-arg-bin={program}=--entry={}", roots[0]);
        for root in roots {
            println!("cargo::rustc-link-arg-bin={program}=--undefined={root}");
        }
    }
}
