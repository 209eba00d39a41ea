//! Floating-point numbers of a file.

use safetensors::tensor::Dtype;

/// The numbers in little-endian `bytes` of this type, exactly; `None` for a type that is not read. Bytes at the end that
/// are no whole number are left out.
pub(super) fn read(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f64>> {
    match dtype {
        Dtype::F64 => Some(each(bytes, f64::from_le_bytes)),
        Dtype::F32 => Some(each(bytes, |number| f64::from(f32::from_le_bytes(number)))),
        Dtype::F16 => Some(each(bytes, |number| from_f16(u16::from_le_bytes(number)))),
        Dtype::BF16 => Some(each(bytes, |number| from_bf16(u16::from_le_bytes(number)))),
        _ => None,
    }
}

fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
    let (numbers, _) = bytes.as_chunks();
    numbers.iter().map(|&bytes| number(bytes)).collect()
}

/// IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 bits of fraction.
fn from_f16(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 0 { magnitude } else { -magnitude }
}

/// The upper half of an f32.
fn from_bf16(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_numbers_are_those_of_ieee_754() {
        let numbers = [
            (0x0000, 0.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x03ff, 6.097_555_160_522_461e-5),
            (0x0400, 6.103_515_625e-5),
            (0x3555, 0.333_251_953_125),
            (0x3c00, 1.0),
            (0x7bff, 65_504.0),
            (0x7c00, f64::INFINITY),
        ];
        for (bits, number) in numbers {
            assert_eq!(from_f16(bits), number, "{bits:#06x}");
            assert_eq!(from_f16(bits | 0x8000), -number, "{bits:#06x}");
        }
        assert!(from_f16(0x8000).is_sign_negative());
        assert!(from_f16(0x7c01).is_nan() && from_f16(0xffff).is_nan());
    }

    #[test]
    fn half_precision_numbers_grow_with_their_bits() {
        let positive: Vec<f64> = (0..=0x7c00).map(from_f16).collect();
        assert!(positive.is_sorted_by(|smaller, larger| smaller < larger));
    }

    #[test]
    fn every_type_is_read_from_little_endian_bytes() {
        let bytes = |text: &str| -> Vec<u8> {
            text.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
        };
        let read = |dtype, text| read(dtype, &bytes(text));
        assert_eq!(read(Dtype::F64, "9a 99 99 99 99 99 b9 3f"), Some(vec![0.1]));
        assert_eq!(read(Dtype::F32, "cd cc cc 3d 00 00 80 bf"), Some(vec![f64::from(0.1_f32), -1.0]));
        assert_eq!(read(Dtype::F16, "00 3c 00 c0"), Some(vec![1.0, -2.0]));
        assert_eq!(read(Dtype::BF16, "80 3f 40 c0"), Some(vec![1.0, -3.0]));
        assert_eq!(read(Dtype::I64, "01 00 00 00 00 00 00 00"), None);
    }
}
