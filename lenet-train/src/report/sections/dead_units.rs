//! How much of each hidden layer does nothing.

use maud::{Markup, html};

use crate::eval::dead_units::DeadUnits;
use crate::report::{markup, text};

/// The section with a row for each hidden layer; nothing where none was measured.
pub(super) fn section(layers: &[DeadUnits]) -> Markup {
    if layers.is_empty() {
        return Markup::default();
    }
    let lead = "A unit is dead if its activation is 0 for every calibration image: it costs memory and time and \
                contributes nothing to any prediction on those images.";
    let body = html! { tbody { @for layer in layers { (row(layer)) } } };
    let table = markup::table(&["layer", "dead units", "share"], body);
    markup::section("dead-units", "Dead units", lead, table)
}

fn row(layer: &DeadUnits) -> Markup {
    let DeadUnits { layer, dead, units } = *layer;
    let of = format!("{} of {}", text::size(dead), text::size(units));
    markup::row(layer, &[of, text::percent(dead as f64 / units as f64, 1)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layer_shows_its_dead_units_out_of_all() {
        let fc1 = DeadUnits { layer: "fc1", dead: 34, units: 120 };
        let none = DeadUnits { layer: "fc2", dead: 0, units: 0 };
        let page = section(&[fc1, none]).into_string();
        assert!(page.contains("<th scope=\"row\">fc1</th><td>34 of 120</td><td>28.3 %</td>"), "{page}");
        assert!(page.contains(&format!("<td>0 of 0</td><td>{}</td>", text::NONE)), "{page}");
        assert_eq!(section(&[]).into_string(), "");
    }
}
