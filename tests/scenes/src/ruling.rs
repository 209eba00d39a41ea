//! What is printed on the paper: rules, squares, boxes.

use crate::draws::Draws;
use crate::geometry::Area;
use crate::ink::FINE;

/// The print on a page.
pub(crate) struct Ruling {
    /// Distance and position of the horizontal rules, in pixels.
    pub(crate) rows: Option<(f32, f32)>,
    /// The same of the vertical ones.
    pub(crate) columns: Option<(f32, f32)>,
    pub(crate) boxes: Vec<Area>,
    /// The width of a line, in pixels.
    pub(crate) width: f32,
    pub(crate) gray: f32,
}

impl Ruling {
    /// A page without print.
    pub(crate) const NONE: Self =
        Self { rows: None, columns: None, boxes: Vec::new(), width: 1.0, gray: 0.0 };

    /// Draws the gray level and the width of the lines for strokes `stroke` pixels wide: paler than the ink mostly, as dark
    /// as it sometimes, but not with fine strokes.
    pub(crate) fn draw_lines(&mut self, draws: &mut Draws, paper: f32, ink: f32, stroke: f32) {
        let contrast = if draws.chance(0.25) { draws.within(0.8..=1.0) } else { draws.within(0.1..=0.5) };
        let contrast = if stroke < FINE { contrast.min(0.4) } else { contrast };
        self.gray = paper + contrast * (ink - paper);
        self.width = draws.within(0.25..=0.7) * stroke.min(8.0);
        self.width = self.width.max(0.8);
    }

    /// Rules the page with horizontal lines, through the digits or clear of them. `digits` is where they are.
    pub(crate) fn add_rows(&mut self, draws: &mut Draws, digits: Area, height: f32) {
        self.rows = Some(if draws.chance(0.5) {
            let pitch = draws.within(1.3..=1.8) * digits.height();
            (pitch, digits.bottom + draws.within(0.1..=0.2) * digits.height())
        } else {
            let pitch = draws.within(0.5..=1.3) * height;
            (pitch, draws.within(0.0..=1.0) * pitch)
        });
    }

    /// Prints squares, which cross the digits.
    pub(crate) fn add_squares(&mut self, draws: &mut Draws, paper: f32, height: f32) {
        let dark = (self.gray - paper).abs() > 0.5 * paper;
        let pitch = (if dark { draws.within(0.8..=1.3) } else { draws.within(0.3..=0.9) } * height).max(6.0);
        self.rows = Some((pitch, draws.within(0.0..=1.0) * pitch));
        self.columns = Some((pitch, draws.within(0.0..=1.0) * pitch));
    }

    /// Returns how much of a point of the page is printed, 0 to 1.
    pub(crate) fn coverage(&self, x: f32, y: f32) -> f32 {
        let line = |distance: f32| (0.5 + self.width / 2.0 - distance).clamp(0.0, self.width.min(1.0));
        let rule = |rule: Option<(f32, f32)>, at: f32| {
            rule.map_or(0.0, |(pitch, start)| {
                let turns = (at - start) / pitch;
                line((turns - turns.round()).abs() * pitch)
            })
        };
        let framed = self.boxes.iter().map(|area| {
            let outside = (area.left - x).max(x - area.right).max(area.top - y).max(y - area.bottom);
            line(outside.abs())
        });
        framed.fold(rule(self.rows, y).max(rule(self.columns, x)), f32::max)
    }

    /// Says what is printed.
    pub(crate) fn describe(&self) -> Vec<String> {
        let rules = match (self.rows, self.columns) {
            (Some(_), Some(_)) => Some("squares"),
            (Some(_), None) => Some("rules"),
            _ => None,
        };
        let boxes = (!self.boxes.is_empty()).then_some("box");
        rules.into_iter().chain(boxes).map(str::to_owned).collect()
    }
}
