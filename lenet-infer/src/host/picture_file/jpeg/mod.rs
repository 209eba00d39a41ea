//! Decodes JPEG pictures. The decoder returns whole pictures, so the number of pixels decides how much memory it takes.

mod outline;

use std::vec::Vec;

use image::metadata::Orientation;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use self::outline::Outline;
use super::error::Fault;
use super::gray::Layout;
use super::memory;
use super::sink::Sink;

/// The memory of the decoder per column, in bytes: up to 32 rows of two-byte samples of each of four channels, and the
/// same again in part where channels are enlarged.
const COLUMN_BYTES: u64 = 1 << 10;
/// JPEG pads each side to whole blocks of the coarsest channel, at most four blocks of eight pixels.
const PADDING: u32 = 32;

/// Decodes a picture to gray levels.
pub(super) fn decode<S: Sink>(contents: &[u8]) -> Result<S::Output, Fault> {
    let outline = Outline::read(contents)?;
    let (width, height) = (u32::from(outline.width), u32::from(outline.height));
    memory::check_size(width, height)?;
    if !outline.has_data() {
        return Err(Fault::Truncated);
    }
    let layout = Layout { channels: if outline.components == 1 { 1 } else { 3 }, wide: false };
    let pixels = u64::from(width) * u64::from(height) * layout.channels as u64;
    // The decoder keeps copies of the segments before the image data, at most the whole file.
    let beside = decoder_bytes(&outline) + contents.len() as u64;
    let _loan = memory::borrow_for(width, height, pixels + beside + S::bytes(width, height))?;

    let color = if layout.channels == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(width as usize)
        .set_max_height(height as usize)
        .jpeg_set_out_colorspace(color);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(contents), options);
    decoder.decode_headers().map_err(damaged)?;
    if decoder.output_buffer_size().map(|bytes| bytes as u64) != Some(pixels) {
        return Err(Fault::damaged("its headers contradict each other"));
    }
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let mut decoded = memory::zeros(pixels)?;
    memory::check_free(beside)?;
    decoder.decode_into(&mut decoded).map_err(damaged)?;

    let mut sink = S::new(width, height)?;
    let mut grays = Vec::new();
    for (y, row) in (0..).zip(decoded.chunks_exact(width as usize * layout.channels)) {
        layout.grays(row, &mut grays);
        sink.add(y, 0, 1, &grays);
    }
    sink.finish(orientation.unwrap_or(Orientation::NoTransforms))
}

/// The memory of the decoder beside its output, in bytes. If the parts of a block are spread over several scans, it gathers
/// them in two bytes per sample.
fn decoder_bytes(outline: &Outline) -> u64 {
    let padded = |side: u16| u64::from(u32::from(side).next_multiple_of(PADDING));
    let (width, height) = (padded(outline.width), padded(outline.height));
    let gathered = if outline.one_scan { 0 } else { 2 * width * height * u64::from(outline.components) };
    gathered + width * COLUMN_BYTES
}

fn damaged(error: DecodeErrors) -> Fault {
    Fault::damaged(error)
}

#[cfg(test)]
mod tests;
