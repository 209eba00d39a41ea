//! Scenes with digits: which ones, how large, and where.

use lenet_infer::host::idx::LabeledImages;

use crate::draws::Draws;
use crate::geometry::{Area, Rect, View};
use crate::ink::{Ink, Stroke};
use crate::layout::{self, Place, Style, Written};
use crate::limits::{Limits, Medium};
use crate::ruling::Ruling;
use crate::stage::Stage;
use crate::{PlacedDigit, Scene};

/// The heights of digits, in pixels.
pub(crate) const HEIGHTS: (f32, f32) = (15.0, 800.0);
/// The thinnest stroke, in pixels.
const THINNEST: f32 = 1.4;
/// Less ink than this share of a pixel is not counted to a digit's rectangle.
const VISIBLE: f32 = 0.25;

/// Draws a scene with one digit.
pub(crate) fn single(images: &LabeledImages, limits: &Limits, draws: &mut Draws) -> Scene {
    let stage = draw_stage(limits, draws);
    let (width, height) = (stage.size.width as f32, stage.size.height as f32);
    let share = if draws.chance(0.4) { draws.within(0.125..=0.4) } else { draws.within(0.3..=0.95) };
    let height = (share * width.min(height)).clamp(HEIGHTS.0, HEIGHTS.1);
    let style = Style { per_line: 1, line_distance: 1.0, slant: 0.0, cell: None };
    Composition::draw(images, stage, 1, style, height, draws).finish(draws)
}

/// Draws a scene with a number.
pub(crate) fn number(images: &LabeledImages, limits: &Limits, draws: &mut Draws) -> Scene {
    let stage = draw_stage(&limits.at_least(Limits::NUMBER), draws);
    let count = draws.integer(2..=8) as usize;
    let lines = if count >= 4 && draws.chance(0.2) { 2 } else { 1 };
    let form = stage.medium != Medium::Blackboard && draws.chance(0.12);
    let style = Style {
        per_line: count.div_ceil(lines),
        line_distance: draws.within(1.45..=1.9),
        slant: if form || draws.chance(0.6) { 0.0 } else { draws.within(-0.1..=0.3) },
        cell: form.then(|| draws.within(0.1..=0.3)),
    };
    let height = draws.within(0.125..=0.95) * stage.size.shorter() as f32;
    let height = height.clamp(HEIGHTS.0, HEIGHTS.1);
    Composition::draw(images, stage, count, style, height, draws).finish(draws)
}

/// Draws one of the images that are legible with a stroke; if many in a row are not, any.
fn pick(images: &LabeledImages, stroke: Stroke, draws: &mut Draws) -> usize {
    let mut index = 0;
    for _ in 0..30 {
        index = draws.integer(0..=images.len() as u32 - 1) as usize;
        if stroke.suits(&images.images[index]) {
            break;
        }
    }
    assert!(images.images[index].iter().any(|&gray| gray > 0), "the image {index} has no ink");
    index
}

fn draw_stage(limits: &Limits, draws: &mut Draws) -> Stage {
    let medium = limits.draw_medium(draws);
    let size = limits.draw_size(draws);
    Stage::draw(draws, medium, size)
}

/// The digits of a scene on its page.
struct Composition {
    stage: Stage,
    ink: Ink,
    digits: Vec<Written>,
    style: Style,
    /// The height of the tallest digit, in pixels.
    height: f32,
    places: Vec<Place>,
}

impl Composition {
    /// Draws `count` digits that are about `height` pixels high, or as large and as many as the frame holds.
    fn draw(
        images: &LabeledImages,
        stage: Stage,
        count: usize,
        style: Style,
        height: f32,
        draws: &mut Draws,
    ) -> Self {
        let tool = stage.draw_tool(draws);
        let stroke = Stroke::draw(draws, tool);
        let spacing = if draws.chance(0.5) { 0.08..=0.25 } else { 0.15..=0.5 };
        let mut digits = Vec::new();
        for _ in 0..count {
            let index = pick(images, stroke, draws);
            let shape = stroke.shape(&images.images[index]);
            digits.push(Written::draw(draws, shape, images.labels[index], spacing.clone()));
        }
        let ink = Ink::draw(draws, tool, stage.paper.gray, height);
        let mut composition = Self { stage, ink, digits, style, height, places: Vec::new() };
        composition.fit();
        let stroke = composition.stroke();
        composition.ink.stand_out(composition.stage.paper.gray, stroke);
        composition.put(draws);
        composition
    }

    /// Shrinks the digits until they fit into the frame. Where they would be too small, leaves the last ones out.
    fn fit(&mut self) {
        let allowed = self.stage.allowed();
        loop {
            self.place();
            let taken = self.stage.view.area(self.taken());
            let ratio = (allowed.width() / taken.width()).min(allowed.height() / taken.height());
            if ratio >= 1.0 {
                return;
            }
            self.height *= ratio.min(0.98);
            if self.height < HEIGHTS.0 && self.digits.len() > 2 {
                self.digits.pop();
                self.style.per_line = self.style.per_line.min(self.digits.len());
                self.height = HEIGHTS.0;
            }
        }
    }

    /// Places the digits around the origin of the page.
    fn place(&mut self) {
        for _ in 0..2 {
            self.places = match &self.digits[..] {
                [digit] => vec![layout::one(&digit.shape, self.height)],
                digits => layout::number(digits, &self.style, self.height),
            };
            for (digit, place) in self.digits.iter_mut().zip(&self.places) {
                let missing = THINNEST / place.scale - digit.shape.stroke;
                if missing > 0.0 {
                    digit.shape.grow(missing / 2.0);
                }
            }
        }
        let (x, y) = self.taken().center();
        self.shift((-x, -y));
    }

    /// Moves the digits to a random part of the frame.
    fn put(&mut self, draws: &mut Draws) {
        let (across, down) = (draws.unit(), draws.unit());
        let allowed = self.stage.allowed();
        // Perspective changes the area with its position, so a second look corrects the first.
        for _ in 0..3 {
            let taken = self.stage.view.area(self.taken());
            let left = allowed.left + across * (allowed.width() - taken.width()).max(0.0);
            let top = allowed.top + down * (allowed.height() - taken.height()).max(0.0);
            let (x, y) = taken.center();
            let to = (x + left - taken.left, y + top - taken.top);
            let (from, to) = (self.stage.view.page((x, y)), self.stage.view.page(to));
            self.shift((to.0 - from.0, to.1 - from.1));
        }
    }

    fn shift(&mut self, (x, y): (f32, f32)) {
        for place in &mut self.places {
            place.center = (place.center.0 + x, place.center.1 + y);
        }
    }

    /// Returns the area of the page with ink, and with the boxes of a form.
    fn taken(&self) -> Area {
        let ink = self.areas().fold(Area::NONE, Area::union);
        self.cells().into_iter().fold(ink, Area::union)
    }

    fn areas(&self) -> impl Iterator<Item = Area> {
        self.digits.iter().zip(&self.places).map(|(digit, place)| place.area(&digit.shape))
    }

    /// Returns the box of each digit, if the number is in a form.
    fn cells(&self) -> Vec<Area> {
        let Some(space) = self.style.cell else {
            return Vec::new();
        };
        let scale = self.height / layout::tallest(&self.digits);
        let lines = self.digits.chunks(self.style.per_line).zip(self.places.chunks(self.style.per_line));
        lines
            .flat_map(|(digits, places)| {
                let half = layout::cell_side(digits, &self.style, scale, self.height) / 2.0;
                let ink = digits.iter().zip(places).map(|(digit, place)| place.area(&digit.shape));
                let line = ink.fold(Area::NONE, Area::union).grown((space * self.height).max(3.0));
                places.iter().map(move |Place { center: (x, _), .. }| Area {
                    left: x - half,
                    right: x + half,
                    ..line
                })
            })
            .collect()
    }

    /// Prints the rules and boxes that the page gets beside the digits.
    fn print(&self, draws: &mut Draws) -> Ruling {
        let mut ruling = Ruling::NONE;
        let stage = &self.stage;
        ruling.draw_lines(draws, stage.paper.gray, self.ink.gray, self.stroke());
        ruling.boxes = self.cells();
        let (rows, squares, frame) = match stage.medium {
            Medium::Photo => (0.2, 0.17, 0.08),
            Medium::Scan => (0.12, 0.08, 0.35),
            Medium::Drawing => (0.04, 0.0, 0.08),
            Medium::Blackboard => (0.06, 0.06, 0.06),
        };
        let ink = self.areas().fold(Area::NONE, Area::union);
        if !ruling.boxes.is_empty() {
            return ruling;
        }
        match draws.unit() {
            kind if kind < rows => ruling.add_rows(draws, ink, self.height),
            kind if kind < rows + squares => ruling.add_squares(draws, stage.paper.gray, self.height),
            kind if kind < rows + squares + frame => {
                let gap = (draws.within(0.1..=0.4) * self.height).max(3.0);
                ruling.boxes.push(ink.grown(gap + ruling.width));
            }
            _ => {}
        }
        ruling
    }

    /// The width of the thinnest stroke, in pixels.
    fn stroke(&self) -> f32 {
        let strokes = self.digits.iter().zip(&self.places);
        strokes.map(|(digit, place)| digit.shape.stroke * place.scale).fold(f32::MAX, f32::min)
    }

    /// Prints the page, takes the picture, and says what is in it.
    fn finish(mut self, draws: &mut Draws) -> Scene {
        self.stage.ruling = self.print(draws);
        let stroke = self.stroke();
        // A bold digit has gaps narrower than its stroke.
        self.stage.draw_camera(draws, &self.ink, stroke.min(self.height / 8.0));
        let (width, height) = (self.stage.size.width, self.stage.size.height);
        let mut cover = vec![0.0_f32; (width * height) as usize];
        let mut ink = vec![0; cover.len()];
        let mut placed = Vec::new();
        for (index, (digit, place)) in self.digits.iter().zip(&self.places).enumerate() {
            let mut area = Area::NONE;
            for (x, y, covered, stays) in coverage(&self.stage.view, (width, height), &self.ink, digit, place)
            {
                let pixel = (y * width + x) as usize;
                cover[pixel] = cover[pixel].max(covered * stays);
                if covered >= VISIBLE {
                    ink[pixel] = index as u8 + 1;
                    area = area.with((x as f32, y as f32));
                }
            }
            placed.push(PlacedDigit { label: digit.label, rect: rect(area), line: place.line });
        }
        let labels: String = placed.iter().map(|digit| format!("{} ", digit.label)).collect();
        let written = format!(
            "{}by {}, {:.0} px high, stroke {stroke:.1} px, ink {:.0}",
            labels,
            self.ink.tool.name(),
            self.height,
            self.ink.gray
        );
        let pixels = self.stage.shot(self.ink.gray, &cover).bytes();
        let description = self.stage.describe(Some(written));
        let medium = self.stage.medium;
        Scene { width, height, pixels, digits: placed, ink, medium, description }
    }
}

/// Returns the rectangle of the pixels whose positions `ink` holds.
fn rect(ink: Area) -> Rect {
    Rect {
        x: ink.left as u32,
        y: ink.top as u32,
        width: ink.width() as u32 + 1,
        height: ink.height() as u32 + 1,
    }
}

/// Gives the pixels of the frame with ink of a digit: how much of each the stroke covers, and the share of the ink that
/// stays on the paper.
fn coverage<'a>(
    view: &'a View,
    (width, height): (u32, u32),
    ink: &'a Ink,
    digit: &'a Written,
    place: &'a Place,
) -> impl Iterator<Item = (u32, u32, f32, f32)> + 'a {
    let area = view.area(place.area(&digit.shape)).grown(2.0);
    let range = |from: f32, to: f32, side: u32| from.max(0.0) as u32..(to.max(0.0) as u32).min(side);
    let columns = range(area.left, area.right, width);
    let pixels = range(area.top, area.bottom, height).flat_map(move |y| columns.clone().map(move |x| (x, y)));
    pixels.filter_map(move |(x, y)| {
        let page = view.page((x as f32 + 0.5, y as f32 + 0.5));
        let (image_x, image_y) = place.image_point(page);
        let pressure = ink.pressure(image_x, image_y);
        let thinner = 0.5 * (1.0 - pressure) * (digit.shape.stroke - THINNEST / place.scale).max(0.0) / 2.0;
        let depth = place.scale * (digit.shape.depth(image_x, image_y) - thinner);
        let covered = if ink.hard { f32::from(u8::from(depth > 0.0)) } else { (0.5 + depth).clamp(0.0, 1.0) };
        (covered > 0.0).then(|| (x, y, covered, pressure * ink.stays(page.0, page.1)))
    })
}
