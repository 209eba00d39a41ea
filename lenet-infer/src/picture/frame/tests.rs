extern crate std;

use super::*;
use proptest::prelude::*;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

const FRAME: [u8; 12] = [0; 12];

#[test]
fn a_size_out_of_range_is_named() {
    for (width, height) in [(0, 3), (4, 0), (4_097, 1), (1, 4_097), (usize::MAX, usize::MAX)] {
        let error = Frame::new(&FRAME, width, height).unwrap_err();
        assert_eq!(error, FrameError::Size { width, height });
    }
    assert_eq!(
        Frame::new(&FRAME, 4_097, 0).unwrap_err().to_string(),
        "frame size: expected sides of 1 to 4096 pixels, found 4097x0",
    );
    assert!(Frame::new(&vec![0; 4_096], 4_096, 1).is_ok() && Frame::new(&vec![0; 4_096], 1, 4_096).is_ok());
}

#[test]
fn rows_that_overlap_and_distances_out_of_range_are_named() {
    for (row_stride, pixel_step) in [(3, 1), (4, 0), (6, 2), (usize::MAX, 1), (9, usize::MAX)] {
        let error = Frame::with_layout(&FRAME, 4, 3, row_stride, pixel_step).unwrap_err();
        assert_eq!(error, FrameError::Layout { row_stride, pixel_step });
    }
    assert_eq!(
        Frame::with_layout(&FRAME, 4, 3, 3, 1).unwrap_err().to_string(),
        "frame layout: expected pixels at least 1 byte apart and rows that do not overlap, found a pixel step of 1 \
         and a row stride of 3 bytes",
    );
    // The stride of a single row is not used.
    assert!(Frame::with_layout(&FRAME, 4, 1, 0, 3).is_ok());
}

#[test]
fn missing_bytes_are_counted() {
    let error = Frame::new(&FRAME[1..], 4, 3).unwrap_err();
    assert_eq!(error, FrameError::Bytes { expected: 12, found: 11 });
    assert_eq!(error.to_string(), "frame bytes: expected at least 12 for its size and layout, found 11",);
    // The gap after the last pixel may be missing.
    assert!(Frame::with_layout(&FRAME[..10], 2, 2, 7, 2).is_ok());
    assert_eq!(
        Frame::with_layout(&FRAME[..9], 2, 2, 7, 2),
        Err(FrameError::Bytes { expected: 10, found: 9 }),
    );
}

proptest! {
    #[test]
    fn every_layout_reads_the_same_picture(
        (width, height, pixels) in (1..20_usize, 1..20_usize).prop_flat_map(|(width, height)| {
            (Just(width), Just(height), proptest::collection::vec(any::<u8>(), width * height))
        }),
        pixel_step in 1..5_usize,
        gap in 0..5_usize,
        left in 0..20_u16,
        wide in 0..20_u16,
    ) {
        let row_stride = width * pixel_step + gap;
        let mut bytes = vec![0xee; row_stride * height];
        for (index, pixel) in pixels.iter().enumerate() {
            bytes[index / width * row_stride + index % width * pixel_step] = *pixel;
        }
        let frame = Frame::with_layout(&bytes, width, height, row_stride, pixel_step).unwrap();
        let left = left.min(width as u16 - 1);
        let wide = wide.min(width as u16 - left);
        for (y, row) in (0..).zip(pixels.chunks_exact(width)) {
            let expected = &row[left.into()..][..wide.into()];
            prop_assert_eq!(frame.row(y, left, wide).collect::<Vec<_>>(), expected);
            prop_assert_eq!(frame.contiguous_row(y, left, wide), (pixel_step == 1).then_some(expected));
        }
    }
}

#[test]
fn a_frame_is_debugged_without_its_pixels() {
    let frame = Frame::new(&FRAME, 4, 3).unwrap();
    assert_eq!(std::format!("{frame:?}"), "Frame { width: 4, height: 3, .. }");
}

#[test]
fn margins_and_borders_stay_within_their_limits() {
    let limits = Rect { left: 10, top: 10, right: 100, bottom: 40 };
    let rect = Rect { left: 12, top: 11, right: 52, bottom: 38 };
    assert_eq!(rect.with_margin(limits), Rect { left: 10, top: 10, right: 62, bottom: 40 });
    assert_eq!(rect.widened(1, limits), Rect { left: 11, top: 10, right: 53, bottom: 39 });
    assert_eq!(limits.widened(1, limits), limits);
    assert!(limits.touches_edge(limits) && !rect.touches_edge(limits));
    assert_eq!((rect.width(), rect.height(), rect.longer_side()), (40, 27, 40));
    let reversed = Rect { left: 9, top: 9, right: 3, bottom: 3 };
    assert_eq!((reversed.width(), reversed.height()), (0, 0));
}

#[test]
fn rectangles_are_nearly_the_same_if_more_than_half_of_both_is_common() {
    let rect = |left, top, right, bottom| Rect { left, top, right, bottom };
    let square = rect(10, 10, 20, 20);
    // Of 140 pixels 60 are common, and of 130 pixels 70.
    for (other, expected) in [
        (square, true),
        (rect(13, 10, 23, 20), true),
        (rect(14, 10, 24, 20), false),
        (rect(20, 10, 30, 20), false),
    ] {
        assert_eq!((square.is_nearly(other), other.is_nearly(square)), (expected, expected), "{other:?}");
    }
    assert!(!rect(0, 0, 0, 0).is_nearly(rect(0, 0, 0, 0)));
    assert!(rect(0, 0, 4096, 4096).is_nearly(rect(0, 0, 4096, 4000)));
}
