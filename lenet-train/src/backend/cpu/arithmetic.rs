//! How this machine rounds sums of products, which decides the last bits of a run's numbers.

use crate::backend::cpu::simd;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

/// How sums of products are rounded when the CPU trains.
///
/// Runs agree bit by bit between machines of the same arithmetic, given the same settings, the same build of the
/// program, batches of at most 512 images, and the same results of the C library's functions such as `exp`, whose
/// implementations it may choose by the CPU as well.
///
/// Two parts of the program choose their instructions by the CPU they run on. The convolutions add in one order on every
/// machine, and only whether they fuse varies. The same holds for dfdx's matrix products, which the crate gemm 0.15
/// computes: it sums each element along the depth, one product after the other, with SSE2, AVX, FMA and NEON alike. It
/// has no AVX-512 kernels on stable Rust, so a machine with AVX-512 computes the bits that one with AVX2 and FMA does.
/// It cuts a depth above 512 into parts whose length may depend on the CPU's caches; only the gradients of the
/// fully-connected layers' weights, which are sums over a batch, can be that deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arithmetic {
    /// Each product is added unrounded: x86-64 with AVX2 and FMA, and 64-bit Arm.
    #[serde(rename = "fused multiply-add")]
    Fused,
    /// Each product is rounded before it is added: x86-64 without FMA, and other machines.
    #[serde(rename = "multiply, then add")]
    Unfused,
    /// The matrix products are fused, the convolutions are not: x86-64 with FMA that lacks AVX2 or another of the
    /// instructions the convolutions are compiled for, as some old CPUs and virtual machines do.
    #[serde(rename = "fused multiply-add in matrix products only")]
    Mixed,
}

impl Display for Arithmetic {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// The arithmetic of this machine.
pub fn arithmetic() -> Arithmetic {
    if simd::fuses() {
        Arithmetic::Fused
    } else if matrix_products_fuse() {
        Arithmetic::Mixed
    } else {
        Arithmetic::Unfused
    }
}

/// Whether gemm 0.15 chooses a kernel with fused multiply-add, by the check that it makes itself.
fn matrix_products_fuse() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::{AsArray, Cpu, TensorFrom, TryMatMul};

    #[test]
    fn matrix_products_round_as_it_says() {
        // `a * a - 1`, which differs in its last bit when the product is rounded first.
        let (device, a) = (Cpu::default(), 1.0 + 2f32.powi(-12));
        let rows = device.tensor([[1.0, a, 0.0]; 2]);
        let columns = device.tensor([[-1.0; 2], [a; 2], [0.0; 2]]);
        let dropped = if arithmetic() == Arithmetic::Unfused { 0.0 } else { 2f32.powi(-24) };
        assert_eq!(rows.matmul(columns).array(), [[2f32.powi(-11) + dropped; 2]; 2]);
    }

    #[test]
    fn a_name_is_the_same_in_text_and_in_a_file() {
        for arithmetic in [Arithmetic::Fused, Arithmetic::Unfused, Arithmetic::Mixed] {
            let json = serde_json::to_string(&arithmetic).unwrap();
            assert_eq!(json, format!("\"{arithmetic}\""));
            assert_eq!(serde_json::from_str::<Arithmetic>(&json).unwrap(), arithmetic);
        }
    }
}
