//! The sheet of augmented training images.

use maud::{Markup, html};

use crate::report::{AugmentedImage, ReportError, markup};

/// The section with a row for each image; nothing where training augmented none.
pub(super) fn section(images: &[AugmentedImage]) -> Result<Markup, ReportError> {
    if images.is_empty() {
        return Ok(Markup::default());
    }
    let lead =
        "Training images: the original at the left, then what the first epochs were trained on instead.";
    let body = html! {
        @for AugmentedImage { original, seen } in images {
            div.augmented {
                (markup::picture(original, "original")?)
                @for image in seen { (markup::picture(image, "augmented")?) }
            }
        }
    };
    Ok(markup::section("augmented", "Augmentation", lead, body))
}
