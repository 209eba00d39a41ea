//! Any frame gives digits that lie in it or a reason, without a panic: as a whole, digit by digit, and row by row.
//!
//! The first bytes are the width, the height, and the layout; the others are the frame's, over and over if they are too few.
#![no_main]

use lenet_infer::picture::{Digit, Frame, Preparer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(([width_low, width_high, height_low, height_high, layout], contents)) =
        bytes.split_first_chunk()
    else {
        return;
    };
    if contents.is_empty() {
        return;
    }
    // Up to 511 pixels, so that one input does not take long.
    let width = usize::from(u16::from_le_bytes([*width_low, width_high & 1])).max(1);
    let height = usize::from(u16::from_le_bytes([*height_low, height_high & 1])).max(1);
    let pixel_step = usize::from(layout % 4) + 1;
    let row_stride = width * pixel_step + usize::from(layout / 4);
    let frame_bytes: Vec<u8> = contents.iter().copied().cycle().take(row_stride * height).collect();
    let frame =
        Frame::with_layout(&frame_bytes, width, height, row_stride, pixel_step).expect("a valid layout");

    let mut preparer = Preparer::<48>::new();
    let first = preparer.prepare(&frame).cloned();
    if let Ok(digit) = &first {
        check(digit, width, height);
    }
    if let Ok(mut digits) = preparer.find::<8>(&frame) {
        let mut count = 0;
        while let Some(digit) = digits.next() {
            check(digit, width, height);
            count += 1;
        }
        assert!(count <= 8);
    }
    let mut rows = preparer.rows(width, height).expect("a valid size");
    for row in frame_bytes.chunks(row_stride) {
        rows.push(row.iter().step_by(pixel_step).copied());
    }
    assert!(rows.is_complete());
    if let Ok(digit) = rows.finish() {
        check(digit, width, height);
    }
    assert_eq!(preparer.prepare(&frame).cloned(), first);
});

fn check(digit: &Digit, width: usize, height: usize) {
    let rect = digit.rect;
    assert!(rect.left < rect.right && usize::from(rect.right) <= width, "{rect:?}");
    assert!(rect.top < rect.bottom && usize::from(rect.bottom) <= height, "{rect:?}");
    assert_eq!(digit.image.iter().max(), Some(&255));
}
