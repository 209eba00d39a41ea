//! What holds of any bytes on the wire: proved by Kani for short ones, tried by proptest with longer ones.

use super::frame::put_frame;
use super::{Frame, Kind, Receiver, Request};

/// No bytes make a receiver or a request panic, and a frame ends only at a delimiter.
fn any_bytes_give_frames_or_refusals(bytes: &[u8]) {
    let mut receiver = Receiver::new(Kind::Request);
    for &byte in bytes {
        let Some(answer) = receiver.push(byte) else { continue };
        assert!(byte == 0);
        let _ = answer.and_then(|frame: Frame<'_>| frame.message::<Request<'_>>().map(|_| ()));
    }
}

/// The bytes of a frame hold no delimiter but the first and the last, and its contents come back from them.
fn contents_come_back_from_their_frame(contents: &[u8]) {
    let mut receiver = Receiver::new(Kind::Request);
    let mut delimiters = 0;
    put_frame(contents, |bytes| {
        for &byte in bytes {
            delimiters += u8::from(byte == 0);
            // The second delimiter would end the frame.
            if byte != 0 {
                assert!(delimiters == 1 && receiver.push(byte).is_none());
            }
        }
    });
    assert!(delimiters == 2 && receiver.contents() == contents);
}

#[cfg(kani)]
mod harnesses {
    /// Any bytes, up to `N` of them.
    fn any_bytes<const N: usize>(buffer: &[u8; N]) -> &[u8] {
        let length: usize = kani::any();
        kani::assume(length <= N);
        &buffer[..length]
    }

    // The checksum takes eight steps per byte.
    #[kani::proof]
    #[kani::unwind(12)]
    fn any_bytes_give_frames_or_refusals() {
        super::any_bytes_give_frames_or_refusals(any_bytes(&kani::any::<[u8; 6]>()));
    }

    #[kani::proof]
    #[kani::unwind(12)]
    fn contents_come_back_from_their_frame() {
        super::contents_come_back_from_their_frame(any_bytes(&kani::any::<[u8; 5]>()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::vec::Vec;

    /// Bytes with many delimiters, and long runs without.
    fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![4 => Just(0), 4 => 1..6_u8, 1 => Just(u8::MAX), 40 => any::<u8>()];
        proptest::collection::vec(byte, 0..most)
    }

    proptest! {
        #[test]
        fn any_bytes_give_frames_or_refusals(bytes in bytes(300)) {
            super::any_bytes_give_frames_or_refusals(&bytes);
        }

        #[test]
        fn contents_come_back_from_their_frame(contents in bytes(super::super::MAX_CONTENTS)) {
            super::contents_come_back_from_their_frame(&contents);
        }
    }
}
