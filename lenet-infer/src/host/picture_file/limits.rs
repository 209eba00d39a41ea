//! How large a picture may be.

/// The longest file accepted, and the total of files that all threads hold, in bytes.
pub(super) const MAX_FILE: u64 = 256 << 20;
/// The memory to decode one picture, and the total over all threads, in bytes. A progressive color JPEG takes nine bytes
/// per pixel, so a phone's picture of 8064x6048 pixels fits whatever its kind.
pub(super) const MAX_DECODING: u64 = 512 << 20;
/// The most columns and the most rows. JPEG's own limit is 65,535; just below it the decoder's 16-bit sums overflow.
pub(super) const MAX_SIDE: u32 = 65_500;
/// The most pixels. A PNG takes little memory whatever its size: this bounds its time.
pub(super) const MAX_PIXELS: u64 = 300_000_000;
