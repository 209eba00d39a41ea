//! Eight f32 lanes, on the widest registers that this machine has for them.
//!
//! A kernel is written once over [`Simd`] and compiled for each instruction set; [`dispatch`] chooses at run
//! time. Whether the machine has FMA changes the last bits of a sum, nothing else does.

#![allow(unsafe_code)]

/// Lanes of a vector.
pub(crate) const WIDTH: usize = 8;

/// An instruction set that is there: having a value of the type is the proof.
pub(crate) trait Simd: Copy {
    /// Eight numbers.
    type Lanes: Copy;
    /// Eight times `value`.
    fn splat(self, value: f32) -> Self::Lanes;
    /// From memory.
    fn load(self, values: &[f32; WIDTH]) -> Self::Lanes;
    /// To memory.
    fn store(self, lanes: Self::Lanes, values: &mut [f32; WIDTH]);
    /// To memory as bytes; each lane is a whole number, 0 to 255.
    fn store_bytes(self, lanes: Self::Lanes, bytes: &mut [u8; WIDTH]);
    /// `a * b + c`.
    fn multiply_add(self, a: Self::Lanes, b: Self::Lanes, c: Self::Lanes) -> Self::Lanes;
    /// `yes` in the lanes where `a > b`, `no` in the others.
    fn select_greater(self, a: Self::Lanes, b: Self::Lanes, yes: Self::Lanes, no: Self::Lanes)
    -> Self::Lanes;
}

/// A computation that [`dispatch`] runs.
pub(crate) trait Kernel {
    /// What it computes.
    type Output;
    /// Does the work. Always inlined, so that the body is compiled with its caller's instruction set.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Runs `kernel` on the best instruction set.
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = x86::Avx2::detect() {
        return simd.run(kernel);
    }
    kernel.run(Portable)
}

/// Any machine: plain loops over arrays.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Simd for Portable {
    type Lanes = [f32; WIDTH];

    #[inline(always)]
    fn splat(self, value: f32) -> [f32; WIDTH] {
        [value; WIDTH]
    }

    #[inline(always)]
    fn load(self, values: &[f32; WIDTH]) -> [f32; WIDTH] {
        *values
    }

    #[inline(always)]
    fn store(self, lanes: [f32; WIDTH], values: &mut [f32; WIDTH]) {
        *values = lanes;
    }

    #[inline(always)]
    fn store_bytes(self, lanes: [f32; WIDTH], bytes: &mut [u8; WIDTH]) {
        *bytes = lanes.map(|lane| lane as u8);
    }

    #[inline(always)]
    fn multiply_add(self, a: [f32; WIDTH], b: [f32; WIDTH], c: [f32; WIDTH]) -> [f32; WIDTH] {
        // 64-bit Arm always has a fused multiply-add; elsewhere it may be a slow library call.
        let fused = cfg!(target_arch = "aarch64");
        std::array::from_fn(|lane| {
            if fused { a[lane].mul_add(b[lane], c[lane]) } else { a[lane] * b[lane] + c[lane] }
        })
    }

    #[inline(always)]
    fn select_greater(
        self,
        a: [f32; WIDTH],
        b: [f32; WIDTH],
        yes: [f32; WIDTH],
        no: [f32; WIDTH],
    ) -> [f32; WIDTH] {
        std::array::from_fn(|lane| if a[lane] > b[lane] { yes[lane] } else { no[lane] })
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Kernel, Simd, WIDTH};
    use std::arch::x86_64::*;

    /// AVX2 and FMA. [`Avx2::detect`] is the only way to get one.
    #[derive(Clone, Copy)]
    pub(super) struct Avx2(());

    impl Avx2 {
        pub(super) fn detect() -> Option<Self> {
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2(()))
        }

        pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
            #[target_feature(enable = "avx2,fma")]
            fn compiled_for_avx2<K: Kernel>(simd: Avx2, kernel: K) -> K::Output {
                kernel.run(simd)
            }
            // SAFETY: `self` exists, so `detect` has seen both features on this machine.
            unsafe { compiled_for_avx2(self, kernel) }
        }
    }

    // SAFETY, for every block below: `self` exists, so `detect` has seen AVX2 and FMA on this machine. The
    // pointers come from references to arrays of the size that is read or written, and need no alignment.
    impl Simd for Avx2 {
        type Lanes = __m256;

        #[inline(always)]
        fn splat(self, value: f32) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_set1_ps(value) }
        }

        #[inline(always)]
        fn load(self, values: &[f32; WIDTH]) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_loadu_ps(values.as_ptr()) }
        }

        #[inline(always)]
        fn store(self, lanes: __m256, values: &mut [f32; WIDTH]) {
            // SAFETY: see above.
            unsafe { _mm256_storeu_ps(values.as_mut_ptr(), lanes) }
        }

        #[inline(always)]
        fn store_bytes(self, lanes: __m256, bytes: &mut [u8; WIDTH]) {
            // SAFETY: see above.
            unsafe {
                let words = _mm256_cvttps_epi32(lanes);
                let halves =
                    _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
                _mm_storel_epi64(bytes.as_mut_ptr().cast(), _mm_packus_epi16(halves, halves));
            }
        }

        #[inline(always)]
        fn multiply_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_fmadd_ps(a, b, c) }
        }

        #[inline(always)]
        fn select_greater(self, a: __m256, b: __m256, yes: __m256, no: __m256) -> __m256 {
            // SAFETY: see above.
            unsafe { _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_GT_OQ)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation once, on numbers whose sums are exact with and without FMA.
    struct Everything;

    impl Kernel for Everything {
        type Output = ([f32; WIDTH], [u8; WIDTH]);

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let a = simd.load(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, f32::NAN, 200.0]);
            let b = simd.splat(3.0);
            let larger = simd.select_greater(a, b, a, b);
            let (mut values, mut bytes) = ([0.0; WIDTH], [0; WIDTH]);
            simd.store(simd.multiply_add(larger, b, simd.splat(0.5)), &mut values);
            simd.store_bytes(larger, &mut bytes);
            (values, bytes)
        }
    }

    #[test]
    fn every_instruction_set_computes_the_same() {
        let expected = ([9.5, 9.5, 9.5, 9.5, 12.5, 15.5, 9.5, 600.5], [3, 3, 3, 3, 4, 5, 3, 200]);
        assert_eq!(Everything.run(Portable), expected);
        assert_eq!(dispatch(Everything), expected);
    }
}
