//! The sheet of generated training images.

use maud::{Markup, html};

use crate::report::{GeneratedImages, ReportError, markup};

/// The number of images in a row.
const ROW: usize = 16;

/// The section with some images of each source; nothing where training had none.
pub(super) fn section(sources: &[GeneratedImages]) -> Result<Markup, ReportError> {
    if sources.is_empty() {
        return Ok(Markup::default());
    }
    let lead = "Images made by a program, which the run trained on besides those of the data set, before they were augmented.";
    let body = html! {
        @for GeneratedImages { source, images } in sources {
            h3 { (source) }
            @for row in images.chunks(ROW) {
                div.generated { @for image in row { (markup::picture(image, "generated")?) } }
            }
        }
    };
    Ok(markup::section("generated", "Generated images", lead, body))
}
