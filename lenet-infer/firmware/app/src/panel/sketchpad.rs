//! A drawing that a pen makes, as a picture.

use lenet_infer::picture::NoDigit;

use super::{Panel, Point};
use crate::camera::{Camera, Reading};

/// The side of a drawing in pixels. It is also its area in bits per row, so a multiple of 8.
const SIDE: usize = 96;
/// Half the width of a line, in pixels.
const RADIUS: i32 = 3;
/// How many samples without a touch end a drawing: about 0.7 s.
const REST: u32 = 70;
/// The gray levels of lines and of what is around them.
const INK: u8 = 0;
const PAPER: u8 = 255;

/// A square on a touch panel, as a camera whose pictures are what is drawn on it: black lines on white.
///
/// [`capture`](Camera::capture) waits for a touch, and ends when the pen has rested for about 0.7 s. The drawing takes
/// 1,152 bytes: a bit per pixel.
#[derive(Clone, Debug)]
pub struct Sketchpad<P> {
    panel: P,
    ink: [[u8; SIDE / 8]; SIDE],
}

impl<P: Panel> Sketchpad<P> {
    /// Makes an empty sketchpad of a panel.
    pub const fn new(panel: P) -> Self {
        Self { panel, ink: [[0; SIDE / 8]; SIDE] }
    }

    /// Draws until the pen rests.
    fn draw(&mut self) {
        self.ink = [[0; SIDE / 8]; SIDE];
        let (mut pen, mut rest) = (None, None);
        while rest.is_none_or(|samples| samples < REST) {
            let touch = self.panel.touch();
            if let Some(at) = touch {
                if rest.is_none() {
                    self.panel.clear();
                }
                let from = pen.unwrap_or(at);
                self.panel.show_line(from, at);
                self.line(pixel(from), pixel(at));
            }
            rest = if touch.is_some() { Some(0) } else { rest.map(|samples| samples + 1) };
            pen = touch;
            self.panel.wait();
        }
    }

    /// Draws a line with round ends.
    fn line(&mut self, (x0, y0): (i32, i32), (x1, y1): (i32, i32)) {
        let steps = (x1 - x0).abs().max((y1 - y0).abs()).max(1);
        for step in 0..=steps {
            self.dot(x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps);
        }
    }

    /// Draws a filled circle, the part of it that is on the sketchpad.
    fn dot(&mut self, x: i32, y: i32) {
        for dy in -RADIUS..=RADIUS {
            for dx in -RADIUS..=RADIUS {
                let inside = dx * dx + dy * dy <= RADIUS * RADIUS;
                if let (true, Ok(x), Ok(y)) = (inside, usize::try_from(x + dx), usize::try_from(y + dy))
                    && let Some(byte) = self.ink.get_mut(y).and_then(|row| row.get_mut(x / 8))
                {
                    *byte |= 1 << (x % 8);
                }
            }
        }
    }
}

/// Converts a place on the panel to a pixel.
fn pixel(point: Point) -> (i32, i32) {
    let scale = |value: u16| (i32::from(value) * SIDE as i32) >> 16;
    (scale(point.x), scale(point.y))
}

impl<P: Panel> Camera for Sketchpad<P> {
    fn width(&self) -> usize {
        SIDE
    }

    fn height(&self) -> usize {
        SIDE
    }

    fn capture(&mut self, mut row: impl FnMut(&[u8])) {
        self.draw();
        for bits in &self.ink {
            let mut levels = [PAPER; SIDE];
            for (x, level) in levels.iter_mut().enumerate() {
                if bits[x / 8] >> (x % 8) & 1 == 1 {
                    *level = INK;
                }
            }
            row(&levels);
        }
    }

    fn show(&mut self, reading: Result<Reading, NoDigit>) {
        self.panel.show_reading(reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look;
    use crate::paper::Paper;
    use std::vec::Vec;

    /// A pen that draws lines, sample by sample, in percent of the panel; and what the panel showed.
    struct Pen {
        samples: std::vec::IntoIter<Option<Point>>,
        cleared: u32,
        lines: u32,
        readings: Vec<Result<Reading, NoDigit>>,
    }

    impl Pen {
        /// A pen that draws the lines and lifts between them, `idle` samples before and a rest after each drawing.
        fn drawing(drawings: &[&[&[(u16, u16)]]], idle: usize) -> Self {
            let mut samples = Vec::new();
            for lines in drawings {
                samples.extend(std::iter::repeat_n(None, idle));
                for line in *lines {
                    for ends in line.windows(2) {
                        for step in 0..8 {
                            let between = |a: u16, b: u16| (a * (8 - step) + b * step) / 8 * 655;
                            let [(x0, y0), (x1, y1)] = [ends[0], ends[1]];
                            samples.push(Some(Point { x: between(x0, x1), y: between(y0, y1) }));
                        }
                    }
                    samples.extend(std::iter::repeat_n(None, 20));
                }
                samples.extend(std::iter::repeat_n(None, REST as usize));
            }
            Self { samples: samples.into_iter(), cleared: 0, lines: 0, readings: Vec::new() }
        }
    }

    impl Panel for Pen {
        fn touch(&mut self) -> Option<Point> {
            self.samples.next().expect("a sample for every question")
        }
        fn wait(&mut self) {}
        fn clear(&mut self) {
            self.cleared += 1;
        }
        fn show_line(&mut self, _: Point, _: Point) {
            self.lines += 1;
        }
        fn show_reading(&mut self, reading: Result<Reading, NoDigit>) {
            self.readings.push(reading);
        }
    }

    const ONE: &[&[(u16, u16)]] = &[&[(52, 15), (48, 85)]];
    const FOUR: &[&[(u16, u16)]] = &[&[(35, 15), (30, 50), (70, 50)], &[(62, 18), (58, 85)]];
    const SEVEN: &[&[(u16, u16)]] = &[&[(28, 18), (70, 18), (60, 45), (48, 85)]];

    #[test]
    fn digits_drawn_stroke_by_stroke_are_read_when_the_pen_rests() {
        let mut board = Paper::default();
        let mut pad = Sketchpad::new(Pen::drawing(&[ONE, FOUR, SEVEN], 300));
        assert!(look::<48, _>(&mut board, &mut pad, 3), "{}", board.text);
        for (number, digit) in [(1, 1), (2, 4), (3, 7)] {
            let expected = std::format!("picture {number}: {digit}, confidence ");
            assert!(board.text.contains(&expected), "no {expected:?} in {}", board.text);
        }
        assert_eq!(pad.panel.readings, [1, 4, 7].map(|class| Ok(Reading { class, sure: true })));
        assert_eq!((pad.panel.cleared, pad.panel.lines), (3, 8 + 24 + 24));
    }

    #[test]
    fn a_line_beyond_the_edge_is_cut() {
        let mut pad = Sketchpad::new(Pen::drawing(&[&[&[(0, 0), (100, 100)]]], 0));
        let mut ink = 0;
        pad.capture(|row| ink += row.iter().filter(|&&level| level == INK).count());
        assert!((SIDE * 6..SIDE * 11).contains(&ink), "{ink}");
    }
}
