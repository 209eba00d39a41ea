//! Runs a kernel compiled for the widest vectors that this machine has.

/// A computation whose body is compiled once for each instruction set.
pub(super) trait Kernel {
    /// What it computes.
    type Output;
    /// Does the work; `FUSED`: the instruction set has a fused multiply-add. Always inlined, so that the body
    /// is compiled with its caller's instruction set.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Runs `kernel`. The result depends on whether the machine has FMA, on nothing else: each lane adds in the
/// same order whatever the width.
pub(super) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma")]
        fn avx2<K: Kernel>(kernel: K) -> K::Output {
            kernel.run::<true>()
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the line above has just seen both features on this machine, all that `avx2` requires.
            return unsafe { avx2(kernel) };
        }
    }
    // 64-bit Arm always has a fused multiply-add; elsewhere it may be a slow library call.
    #[cfg(target_arch = "aarch64")]
    return kernel.run::<true>();
    #[cfg(not(target_arch = "aarch64"))]
    kernel.run::<false>()
}
