//! The sheet of misclassified images.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};

use super::{Misclassified, ReportError, text};

/// Images on the sheet: enough for a network of 98.8 %, few enough to look through.
const SHEET_IMAGES: usize = 120;

/// The section with the images, surest mistake first.
pub(super) fn section(misclassified: &[Misclassified], classes: &[String]) -> Result<String, ReportError> {
    let heading = "Misclassified images";
    if misclassified.is_empty() {
        let lead = "The integer file classifies every test image correctly.";
        return Ok(text::section("misclassified", heading, lead, ""));
    }
    let mut surest: Vec<&Misclassified> = misclassified.iter().collect();
    surest.sort_by_key(|image| (std::cmp::Reverse(image.confidence), image.index));
    surest.truncate(SHEET_IMAGES);
    let mut body = format!("<div class=\"sheet{}\">\n", text::named_class(classes));
    for image in &surest {
        body += &figure(image, classes)?;
    }
    body += "</div>\n";
    let which = match misclassified.len() {
        all if all > surest.len() => format!("The {} surest of {} mistakes", surest.len(), text::size(all)),
        1 => "The only mistake".into(),
        all => format!("All {all} mistakes, surest first"),
    };
    let lead = format!(
        "{which}: <b class=\"truth\">true class</b> → <b class=\"error\">predicted class</b>. \
         The network sees light ink on black."
    );
    Ok(text::section("misclassified", heading, &lead, &body))
}

fn figure(image: &Misclassified, classes: &[String]) -> Result<String, ReportError> {
    let name =
        |class: u8| classes.get(usize::from(class)).map_or(text::NONE.into(), |name| text::escape(name));
    let (truth, error) = (name(image.label), name(image.predicted));
    let Misclassified { index, confidence, .. } = image;
    Ok(format!(
        "<figure title=\"test image {index}, confidence {confidence}\">\
         <img width=\"{IMAGE_SIDE}\" height=\"{IMAGE_SIDE}\" alt=\"{truth} taken for {error}\" \
         src=\"{data}\"/><figcaption><b class=\"truth\">{truth}</b> → \
         <b class=\"error\">{error}</b></figcaption></figure>\n",
        data = data_address(&image.image)?,
    ))
}

/// The image as a `data:` address.
pub(super) fn data_address(image: &[u8; IMAGE_PIXELS]) -> Result<String, ReportError> {
    let png = png(image)
        .map_err(|error| ReportError::Draw { picture: "a digit".into(), reason: error.to_string() })?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

fn png(image: &[u8; IMAGE_PIXELS]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, IMAGE_SIDE as u32, IMAGE_SIDE as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(image)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_survives_the_encoding() {
        let image = std::array::from_fn(|index| (index % 251) as u8);
        let file = png(&image).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = [0; IMAGE_PIXELS];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, image);
    }

    #[test]
    fn the_surest_mistakes_come_first_and_the_sheet_is_capped() {
        let mistake = |index: usize| Misclassified {
            index,
            image: [0; IMAGE_PIXELS],
            label: 4,
            predicted: 9,
            confidence: index as u16,
        };
        let mistakes: Vec<_> = (0..200).map(mistake).collect();
        let names: Vec<String> = (0..10).map(|class| class.to_string()).collect();
        let sheet = section(&mistakes, &names).unwrap();
        assert_eq!(sheet.matches("<img").count(), SHEET_IMAGES);
        assert!(sheet.contains("The 120 surest of 200 mistakes"));
        assert!(sheet.find("test image 199,").unwrap() < sheet.find("test image 198,").unwrap());
        assert!(!sheet.contains("test image 79,"));
    }
}
