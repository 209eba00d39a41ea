//! Decodes PNG pictures one row at a time, which takes the memory of a few rows whatever the size of the picture.

use std::io::Cursor;
use std::vec::Vec;

use image::metadata::Orientation;
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Transformations};

use super::error::Fault;
use super::gray::Layout;
use super::memory;
use super::sink::Sink;

/// The memory of a decoder beside its rows and chunks, in bytes: the window and tables of its decompression.
const DECODER_BYTES: u64 = 512 << 10;
/// The most rows that the decoder holds at once.
const ROWS: u64 = 12;

/// The pixels of a pass: the first column and row, and the steps to the next column and row.
type Pass = [u32; 4];
/// All pixels in one pass.
const WHOLE: [Pass; 1] = [[0, 0, 1, 1]];
/// The seven passes of an interlaced picture (PNG specification, section 8).
const ADAM7: [Pass; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// Decodes a picture to gray levels.
pub(super) fn decode<S: Sink>(contents: &[u8]) -> Result<S::Output, Fault> {
    let mut decoder = Decoder::new(Cursor::new(contents));
    // Texts and color profiles are compressed too, and not needed.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height, passes) =
        (header.width, header.height, if header.interlaced { &ADAM7[..] } else { &WHOLE });
    memory::check_size(width, height)?;
    // Eight bytes for a pixel of four 16-bit channels.
    let bytes = DECODER_BYTES + contents.len() as u64 + ROWS * 8 * u64::from(width);
    let _loan = memory::borrow_for(width, height, bytes + S::bytes(width, height))?;
    memory::check_free(bytes)?;
    decoder.set_limits(Limits { bytes: bytes as usize });

    let mut reader = decoder.read_info().map_err(damaged)?;
    let orientation = reader.info().exif_metadata.as_deref().and_then(Orientation::from_exif_chunk);
    let layout = layout(reader.output_color_type());
    let mut sink = S::new(width, height)?;
    let mut grays = Vec::new();
    for &[first_x, first_y, step_x, step_y] in passes.iter().filter(|[first_x, ..]| *first_x < width) {
        let pixels = (width - first_x).div_ceil(step_x) as usize;
        for y in (first_y..height).step_by(step_y as usize) {
            let row = reader.next_row().map_err(damaged)?;
            let row = row.filter(|row| row.data().len() == pixels * layout.bytes());
            let row = row.ok_or_else(|| Fault::damaged("the animation's first frame has another size"))?;
            layout.grays(row.data(), &mut grays);
            sink.add(y, first_x, step_x, &grays);
        }
    }
    // Past the last row the decoder checks the end of the image data.
    reader.next_row().map_err(damaged)?;
    sink.finish(orientation.unwrap_or(Orientation::NoTransforms))
}

fn damaged(error: DecodingError) -> Fault {
    Fault::damaged(error)
}

fn layout((color, depth): (ColorType, BitDepth)) -> Layout {
    let channels = match color {
        // Palettes are expanded to RGB.
        ColorType::Grayscale | ColorType::Indexed => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
    };
    Layout { channels, wide: depth == BitDepth::Sixteen }
}
