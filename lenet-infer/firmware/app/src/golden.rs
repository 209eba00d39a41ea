//! The golden digits, and the logits that every core must compute for them.

use lenet_core::shape::{CLASSES, IMAGE_PIXELS};

pub(crate) static DIGITS: &[u8] = include_bytes!("../../../assets/golden-digits.bin");
static LOGITS: &[u8] = include_bytes!("../../../assets/golden-logits.bin");

/// The bytes of flash that the digits and their logits take.
pub(crate) const BYTES: usize = include_bytes!("../../../assets/golden-digits.bin").len()
    + include_bytes!("../../../assets/golden-logits.bin").len();

const LOGIT_BYTES: usize = size_of::<i32>();

/// Returns the digits, each with its ten logits.
pub(crate) fn digits() -> impl Iterator<Item = (&'static [u8; IMAGE_PIXELS], [i32; CLASSES])> + Clone {
    let (digits, _) = DIGITS.as_chunks::<IMAGE_PIXELS>();
    let (logits, _) = LOGITS.as_chunks::<LOGIT_BYTES>();
    let (logits, _) = logits.as_chunks::<CLASSES>();
    digits.iter().zip(logits.iter().map(|ten| ten.map(i32::from_le_bytes)))
}

/// Returns the images of the digits.
#[cfg(feature = "corpus")]
pub(crate) fn images() -> &'static [[u8; IMAGE_PIXELS]] {
    DIGITS.as_chunks().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_golden_digit_has_its_logits() {
        let count = digits().count();
        assert_eq!(count * IMAGE_PIXELS, DIGITS.len());
        assert_eq!(count * CLASSES * LOGIT_BYTES, LOGITS.len());
    }
}
