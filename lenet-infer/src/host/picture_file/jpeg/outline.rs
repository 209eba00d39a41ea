//! Reads the markers of a JPEG file, before it is decoded.
//!
//! The decoder replaces missing image data by gray, and allocates whatever the header asks for. So the markers are checked
//! first: whether the picture reaches its end, how much memory it takes, and whether it has enough data for its pixels.

use std::vec::Vec;

use super::super::error::Fault;

const START_OF_IMAGE: [u8; 2] = [0xff, 0xd8];
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;
const PROGRESSIVE_FRAME: u8 = 0xc2;

/// The markers of a JPEG file in short (ITU-T T.81, annex B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) width: u16,
    pub(super) height: u16,
    /// Color channels.
    pub(super) components: u8,
    /// Whether a single scan holds the whole picture.
    pub(super) one_scan: bool,
    /// Whether the frame is progressive: its blocks are spread over scans.
    progressive: bool,
    /// Blocks of 8x8 samples in all channels.
    blocks: u64,
    /// Bytes outside the segments: the image data.
    data_bytes: u64,
}

impl Outline {
    /// Reads the markers up to the end of the image, and ignores what follows.
    pub(super) fn read(contents: &[u8]) -> Result<Self, Fault> {
        let mut rest = contents.strip_prefix(&START_OF_IMAGE).ok_or(Fault::Truncated)?;
        let mut outline = None;
        let (mut scan_components, mut data_bytes) = (Vec::new(), 0);
        loop {
            let (skipped, marker, after) = next_marker(rest).ok_or(Fault::Truncated)?;
            data_bytes += skipped as u64;
            rest = after;
            match marker {
                END_OF_IMAGE => break,
                // Markers without a segment: restarts, a second start, and a reserved one.
                0x01 | 0xd0..=0xd8 => continue,
                _ => {}
            }
            let (segment, after) = split_segment(rest).ok_or(Fault::Truncated)?;
            rest = after;
            if is_frame(marker) {
                let frame = frame(segment).ok_or_else(|| Fault::damaged("its frame header is wrong"))?;
                let progressive = marker == PROGRESSIVE_FRAME;
                if outline.replace(Self { progressive, ..frame }).is_some() {
                    return Err(Fault::damaged("it has more than one frame"));
                }
            } else if marker == START_OF_SCAN {
                scan_components.push(segment.first().copied().unwrap_or(0));
            }
        }
        let outline: Self = outline.ok_or_else(|| Fault::damaged("it has no frame"))?;
        let one_scan = !outline.progressive && scan_components == [outline.components];
        Ok(Self { one_scan, data_bytes, ..outline })
    }

    /// Whether there may be enough image data for the picture.
    pub(super) const fn has_data(&self) -> bool {
        // The shortest code is one bit. A sequential block has two codes or more, and a progressive one may share the
        // second.
        let least_bits = if self.progressive { self.blocks } else { 2 * self.blocks };
        8 * self.data_bytes >= least_bits
    }
}

/// Finds the next marker. Returns the number of bytes before it, the marker, and what follows it.
fn next_marker(bytes: &[u8]) -> Option<(usize, u8, &[u8])> {
    let mut start = 0;
    loop {
        start += bytes.get(start..)?.iter().position(|&byte| byte == 0xff)?;
        let code = start + bytes[start..].iter().position(|&byte| byte != 0xff)?;
        // In image data, 00 after ff says that ff is data.
        if bytes[code] != 0 {
            return Some((start, bytes[code], &bytes[code + 1..]));
        }
        start = code + 1;
    }
}

/// Splits the segment of a marker, without its length, from what follows it.
fn split_segment(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, _) = bytes.split_first_chunk()?;
    let (segment, rest) = bytes.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((segment.get(2..)?, rest))
}

/// Whether a marker starts a frame. The others from `c0` to `cf` are tables and a reserved marker.
const fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

/// Parses a frame header: precision, height, width, and three bytes for each component.
fn frame(segment: &[u8]) -> Option<Outline> {
    let (&[_, height0, height1, width0, width1, components], rest) = segment.split_first_chunk()?;
    let [width, height] = [[width0, width1], [height0, height1]].map(u16::from_be_bytes);
    let (parts, _) = rest.as_chunks::<3>();
    let samplings = parts.get(..usize::from(components))?.iter().map(|part| [part[1] >> 4, part[1] & 15]);
    let [most_across, most_down] =
        samplings.clone().fold([0; 2], |[a, d], [across, down]| [a.max(across), d.max(down)]);
    if width == 0 || height == 0 || components == 0 || samplings.clone().any(|part| part.contains(&0)) {
        return None;
    }
    let blocks = |side: u16, sampling: u8, most: u8| {
        (u64::from(side) * u64::from(sampling)).div_ceil(8 * u64::from(most))
    };
    let blocks = samplings
        .map(|[across, down]| blocks(width, across, most_across) * blocks(height, down, most_down))
        .sum();
    Some(Outline { width, height, components, blocks, one_scan: false, progressive: false, data_bytes: 0 })
}
