//! Decodes WebP, BMP, GIF and TIFF pictures. The decoders return whole pictures, so that the number of pixels decides how
//! much memory they take. Of an animation, they return the first frame.

use std::boxed::Box;
use std::format;
use std::io::Cursor;
use std::vec::Vec;

use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::error::Fault;
use super::gray::Layout;
use super::memory;
use super::sink::Sink;

/// The memory of a decoder beside its output that does not depend on the size of the picture, in bytes.
const DECODER_BYTES: u64 = 1 << 20;

/// Decodes a picture to gray levels.
pub(super) fn decode<S: Sink>(contents: &[u8], format: ImageFormat) -> Result<S::Output, Fault> {
    let mut reader = ImageReader::with_format(Cursor::new(contents), format);
    reader.no_limits();
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Fault::damaged("it has no pixels"));
    }
    memory::check_size(width, height)?;
    let layout = layout(decoder.color_type())?;
    let pixels = u64::from(width) * u64::from(height);
    let output = pixels * layout.bytes() as u64;
    // At most a copy of the output, and of its four channels.
    let beside = DECODER_BYTES + output + 4 * pixels;
    let _loan = memory::borrow_for(width, height, output + beside + S::bytes(width, height))?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(output + beside);
    let mut decoded = memory::zeros(output)?;
    memory::check_free(beside)?;
    let orientation = decoder.orientation().map_err(damaged)?;
    decoder.set_limits(limits).map_err(damaged)?;
    decoder.read_image(&mut decoded).map_err(damaged)?;

    let mut sink = S::new(width, height)?;
    let mut grays = Vec::new();
    for (y, row) in (0..).zip(decoded.chunks_exact_mut(width as usize * layout.bytes())) {
        if layout.wide {
            row.as_chunks_mut()
                .0
                .iter_mut()
                .for_each(|sample| *sample = u16::from_ne_bytes(*sample).to_be_bytes());
        }
        layout.grays(row, &mut grays);
        sink.add(y, 0, 1, &grays);
    }
    sink.finish(orientation)
}

fn damaged(error: ImageError) -> Fault {
    Fault::Damaged(Box::new(error))
}

fn layout(color: ColorType) -> Result<Layout, Fault> {
    let (channels, wide) = match color {
        ColorType::L8 => (1, false),
        ColorType::La8 => (2, false),
        ColorType::Rgb8 => (3, false),
        ColorType::Rgba8 => (4, false),
        ColorType::L16 => (1, true),
        ColorType::La16 => (2, true),
        ColorType::Rgb16 => (3, true),
        ColorType::Rgba16 => (4, true),
        other => return Err(Fault::damaged(format!("samples of the type {other:?}"))),
    };
    Ok(Layout { channels, wide })
}

#[cfg(test)]
mod tests;
