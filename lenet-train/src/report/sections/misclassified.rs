//! The sheet of misclassified images.

use maud::{Markup, html};

use crate::eval::check::Misclassified;
use crate::report::{ReportError, markup, text};

/// Images on the sheet: enough for a network of 98.8 %, few enough to look through.
const SHEET_IMAGES: usize = 120;

/// The section with the images, the most confident mistake first.
pub(super) fn section(misclassified: &[Misclassified], classes: &[String]) -> Result<Markup, ReportError> {
    let (id, heading) = ("misclassified", "Misclassified images");
    if misclassified.is_empty() {
        let lead = "The integer file classifies every test image correctly.";
        return Ok(markup::section(id, heading, lead, ""));
    }
    let mut shown: Vec<&Misclassified> = misclassified.iter().collect();
    shown.sort_by_key(|image| (std::cmp::Reverse(image.confidence), image.index));
    shown.truncate(SHEET_IMAGES);
    let which = match misclassified.len() {
        all if all > shown.len() => {
            format!("The {} most confident of {} mistakes", shown.len(), text::size(all))
        }
        1 => "The only mistake".into(),
        all => format!("All {all} mistakes, the most confident first"),
    };
    let lead = html! {
        (which) ": " b.truth { "true class" } " → " b.error { "predicted class" } ". "
        "The network sees them as light ink on black."
    };
    let body = html! {
        div.sheet.named[text::has_long_names(classes)] {
            @for image in shown { (figure(image, classes)?) }
        }
    };
    Ok(markup::section(id, heading, lead, body))
}

fn figure(image: &Misclassified, classes: &[String]) -> Result<Markup, ReportError> {
    let name = |class: u8| classes.get(usize::from(class)).map_or(text::NONE, String::as_str);
    let Misclassified { index, confidence, .. } = image;
    let (truth, error) = (name(image.label), name(image.predicted));
    Ok(html! {
        figure title={ "test image " (index) ", confidence " (confidence) } {
            (markup::picture(&image.image, &format!("{truth} classified as {error}"))?)
            figcaption { b.truth { (truth) } " → " b.error { (error) } }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenet_core::shape::IMAGE_PIXELS;

    #[test]
    fn the_most_confident_mistakes_come_first_and_the_sheet_is_capped() {
        let mistake = |index: usize| Misclassified {
            index,
            image: [0; IMAGE_PIXELS],
            label: 4,
            predicted: 9,
            confidence: index as u16,
        };
        let mistakes: Vec<_> = (0..200).map(mistake).collect();
        let names: Vec<String> = (0..10).map(|class| class.to_string()).collect();
        let sheet = section(&mistakes, &names).unwrap().into_string();
        assert_eq!(sheet.matches("<img").count(), SHEET_IMAGES);
        assert!(sheet.contains("The 120 most confident of 200 mistakes"));
        assert!(sheet.find("test image 199,").unwrap() < sheet.find("test image 198,").unwrap());
        assert!(!sheet.contains("test image 79,"));
    }
}
