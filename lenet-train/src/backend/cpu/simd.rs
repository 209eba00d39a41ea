//! Eight f32 lanes, on the widest registers that this machine has for them.
//!
//! A kernel is written once over [`Simd`] and compiled for each instruction set; [`dispatch`] chooses at run
//! time. Whether the instruction set [fuses](Simd::FUSES) changes the last bits of a sum, nothing else does.
//!
//! The intrinsics and the check that the CPU has them are those of the crate pulp.

/// Lanes of a vector.
pub(crate) const WIDTH: usize = 8;

/// An instruction set that is there: having a value of the type is the proof.
pub(crate) trait Simd: Copy {
    /// Eight numbers.
    type Lanes: Copy;
    /// Whether [`multiply_add`](Simd::multiply_add) rounds once, after the addition, rather than twice.
    const FUSES: bool;
    /// Eight times `value`.
    fn splat(self, value: f32) -> Self::Lanes;
    /// From memory.
    fn load(self, values: &[f32; WIDTH]) -> Self::Lanes;
    /// To memory.
    fn store(self, lanes: Self::Lanes, values: &mut [f32; WIDTH]);
    /// To memory as bytes; each lane is a whole number, 0 to 255.
    fn store_bytes(self, lanes: Self::Lanes, bytes: &mut [u8; WIDTH]);
    /// `a * b + c`, rounded as [`Simd::FUSES`] says.
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
    if let Some(simd) = pulp::x86::V3::try_new() {
        return simd.vectorize(avx2::Compiled { simd, kernel });
    }
    kernel.run(Portable)
}

/// Whether the instruction set that [`dispatch`] chooses on this machine [fuses](Simd::FUSES).
pub(super) fn fuses() -> bool {
    struct Fuses;
    impl Kernel for Fuses {
        type Output = bool;

        #[inline(always)]
        fn run<S: Simd>(self, _: S) -> bool {
            S::FUSES
        }
    }
    dispatch(Fuses)
}

/// Any machine: plain loops over arrays.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Simd for Portable {
    type Lanes = [f32; WIDTH];
    // 64-bit Arm always has a fused multiply-add; elsewhere it may be a slow library call.
    const FUSES: bool = cfg!(target_arch = "aarch64");

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
        std::array::from_fn(|lane| {
            if Self::FUSES { a[lane].mul_add(b[lane], c[lane]) } else { a[lane] * b[lane] + c[lane] }
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
mod avx2 {
    use super::{Kernel, Simd, WIDTH};
    use pulp::x86::V3;
    use pulp::{NullaryFnOnce, cast, f32x8};

    /// A kernel, compiled for AVX2 and FMA where pulp calls it.
    pub(super) struct Compiled<K> {
        pub(super) simd: V3,
        pub(super) kernel: K,
    }

    impl<K: Kernel> NullaryFnOnce for Compiled<K> {
        type Output = K::Output;

        #[inline(always)]
        fn call(self) -> K::Output {
            self.kernel.run(self.simd)
        }
    }

    impl Simd for V3 {
        type Lanes = f32x8;
        const FUSES: bool = true;

        #[inline(always)]
        fn splat(self, value: f32) -> f32x8 {
            self.splat_f32x8(value)
        }

        #[inline(always)]
        fn load(self, values: &[f32; WIDTH]) -> f32x8 {
            cast(*values)
        }

        #[inline(always)]
        fn store(self, lanes: f32x8, values: &mut [f32; WIDTH]) {
            *values = cast(lanes);
        }

        #[inline(always)]
        fn store_bytes(self, lanes: f32x8, bytes: &mut [u8; WIDTH]) {
            // Not `as u8`: a cast that saturates costs the convolutions 5 % more instructions.
            let words = self.avx._mm256_cvttps_epi32(cast(lanes));
            let upper = self.avx2._mm256_extracti128_si256::<1>(words);
            let halves = self.sse4_1._mm_packus_epi32(self.avx._mm256_castsi256_si128(words), upper);
            let [low, _]: [[u8; WIDTH]; 2] = cast(self.sse2._mm_packus_epi16(halves, halves));
            *bytes = low;
        }

        #[inline(always)]
        fn multiply_add(self, a: f32x8, b: f32x8, c: f32x8) -> f32x8 {
            self.mul_add_f32x8(a, b, c)
        }

        #[inline(always)]
        fn select_greater(self, a: f32x8, b: f32x8, yes: f32x8, no: f32x8) -> f32x8 {
            self.select_f32x8(self.cmp_gt_f32x8(a, b), yes, no)
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

    /// `a * a - 1`, which differs in its last bit when the product is rounded first.
    struct Square;

    impl Kernel for Square {
        type Output = (bool, f32);

        #[inline(always)]
        fn run<S: Simd>(self, simd: S) -> (bool, f32) {
            let (a, mut values) = (simd.splat(1.0 + 2f32.powi(-12)), [0.0; WIDTH]);
            simd.store(simd.multiply_add(a, a, simd.splat(-1.0)), &mut values);
            (S::FUSES, values[0])
        }
    }

    #[test]
    fn every_instruction_set_rounds_sums_as_it_says() {
        for (fuses, difference) in [Square.run(Portable), dispatch(Square)] {
            let dropped = if fuses { 2f32.powi(-24) } else { 0.0 };
            assert_eq!(difference, 2f32.powi(-11) + dropped);
        }
        assert_eq!(dispatch(Square).0, fuses());
    }

    #[test]
    fn every_whole_number_to_255_is_stored_as_that_byte() {
        struct Store([f32; WIDTH]);
        impl Kernel for Store {
            type Output = [u8; WIDTH];

            #[inline(always)]
            fn run<S: Simd>(self, simd: S) -> [u8; WIDTH] {
                let mut bytes = [0; WIDTH];
                simd.store_bytes(simd.load(&self.0), &mut bytes);
                bytes
            }
        }
        let expected: [u8; 256] = std::array::from_fn(|byte| byte as u8);
        for expected in expected.as_chunks().0 {
            assert_eq!(Store(expected.map(f32::from)).run(Portable), *expected);
            assert_eq!(dispatch(Store(expected.map(f32::from))), *expected);
        }
    }

    #[test]
    fn every_instruction_set_computes_the_same() {
        let expected = ([9.5, 9.5, 9.5, 9.5, 12.5, 15.5, 9.5, 600.5], [3, 3, 3, 3, 4, 5, 3, 200]);
        assert_eq!(Everything.run(Portable), expected);
        assert_eq!(dispatch(Everything), expected);
    }
}
