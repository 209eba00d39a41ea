//! The sheet of augmented training images.

use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

use super::digits::data_address;
use super::{AugmentedImage, ReportError, text};

/// The section with a row for each image; nothing where training augmented none.
pub(super) fn section(images: &[AugmentedImage]) -> Result<String, ReportError> {
    if images.is_empty() {
        return Ok(String::new());
    }
    let mut body = String::new();
    for AugmentedImage { original, seen } in images {
        body += "<div class=\"augmented\">";
        body += &picture(original, "original")?;
        for image in seen {
            body += &picture(image, "augmented")?;
        }
        body += "</div>\n";
    }
    let lead = "Training images, at the left as they are, then as the first epochs saw them.";
    Ok(text::section("augmented", "Augmentation", lead, &body))
}

fn picture(image: &[u8; IMAGE_PIXELS], name: &str) -> Result<String, ReportError> {
    let data = data_address(image)?;
    Ok(format!("<img width=\"{IMAGE_SIDE}\" height=\"{IMAGE_SIDE}\" alt=\"{name}\" src=\"{data}\"/>"))
}
