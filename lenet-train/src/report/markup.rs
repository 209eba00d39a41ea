//! The pieces of markup that sections share, and the step that makes a page of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};
use maud::{Markup, PreEscaped, Render, html};

use super::ReportError;
use super::chart::Chart;

/// The elements of the page that have no end tag.
const VOID_ELEMENTS: [&str; 3] = ["hr", "img", "meta"];

/// A section of the page. `lead` is the paragraph below the heading.
pub(super) fn section(id: &str, heading: &str, lead: impl Render, body: impl Render) -> Markup {
    html! {
        section id=(id) {
            h2 { (heading) }
            p.lead { (lead) }
            (body)
        }
    }
}

/// A table of figures, which scrolls sideways on a narrow screen. `body` is its `tbody` and `tfoot`.
pub(super) fn table(columns: &[&str], body: impl Render) -> Markup {
    html! {
        div.scroll {
            table.figures {
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                (body)
            }
        }
    }
}

/// A row of a table. `head` says what it is about.
pub(super) fn row(head: impl Render, cells: &[String]) -> Markup {
    html! { tr { th scope="row" { (head) } @for cell in cells { td { (cell) } } } }
}

/// A chart as part of the page. `name` stands for it where it cannot be seen, and in an error.
pub(super) fn drawing(chart: &Chart, name: &str) -> Result<Markup, ReportError> {
    let svg = PreEscaped(chart.svg(name)?);
    Ok(html! { div role="img" aria-label=(name) { (svg) } })
}

/// An image as part of the page. `alt` stands for it where it cannot be seen.
pub(super) fn picture(image: &[u8; IMAGE_PIXELS], alt: &str) -> Result<Markup, ReportError> {
    let address = data_address(image)?;
    Ok(html! { img width=(IMAGE_SIDE) height=(IMAGE_SIDE) alt=(alt) src=(address); })
}

/// An image as the address of a picture.
pub(super) fn data_address(image: &[u8; IMAGE_PIXELS]) -> Result<String, ReportError> {
    let png = png(image)
        .map_err(|error| ReportError::Draw { picture: "an image".into(), reason: error.to_string() })?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

/// The page as it is written: HTML that is well-formed XML too, without control characters.
///
/// Maud ends a void element as HTML does, `<img>`. XML needs `<img/>`, which HTML allows as well. `>` is escaped inside
/// attributes, so the first one ends the tag.
pub(super) fn finish(page: Markup) -> String {
    let close = |tag: &str| match tag.split([' ', '>']).next() {
        Some(name) if VOID_ELEMENTS.contains(&name) => tag.replacen('>', "/>", 1),
        _ => tag.to_owned(),
    };
    let tags: Vec<String> = page.into_string().split('<').map(close).collect();
    tags.join("<").replace(is_forbidden, "\u{fffd}")
}

/// Whether XML or HTML forbids the character. A name of a data set or a class may contain any.
fn is_forbidden(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => false,
        '\u{fffe}' | '\u{ffff}' => true,
        other => other.is_control(),
    }
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
    fn void_elements_are_closed_and_nothing_else_changes() {
        let page = html! { p title="a > b" { "1 > 0" img alt="<hr>"; hr; } hr class="x"; div {} };
        assert_eq!(
            finish(page),
            "<p title=\"a &gt; b\">1 &gt; 0<img alt=\"&lt;hr&gt;\"/><hr/></p><hr class=\"x\"/><div></div>"
        );
    }

    #[test]
    fn control_characters_are_replaced() {
        let page = html! { p title="\u{7}" { "a\u{0}b\u{1b}c\u{85}d\u{ffff}\n" } };
        assert_eq!(finish(page), "<p title=\"\u{fffd}\">a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}\n</p>");
    }

    #[test]
    fn an_image_survives_the_encoding() {
        let image = std::array::from_fn(|index| (index % 251) as u8);
        let file = png(&image).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = [0; IMAGE_PIXELS];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, image);
    }
}
