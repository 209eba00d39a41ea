//! A chart as plain data, drawn by plotters.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::ReportError;
use super::axis::Axis;

// style.css gives each of these colors its counterpart for dark screens.
/// The training split.
pub(super) const TRAIN: RGBColor = RGBColor(0x2f, 0x6d, 0xb5);
/// The split scored after each epoch.
pub(super) const HELD_OUT: RGBColor = RGBColor(0xd0, 0x73, 0x1f);
/// Figures that stand out: the test result, the clipping.
pub(super) const ACCENT: RGBColor = RGBColor(0xb4, 0x23, 0x4a);
/// Bars.
pub(super) const BARS: RGBColor = RGBColor(0x8a, 0xa4, 0xc4);
/// Tick labels.
pub(super) const LABEL: RGBColor = RGBColor(0x5c, 0x63, 0x6e);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(0xe2, 0xe5, 0xea);

/// Units per CSS pixel. plotters snaps to whole units, so a chart is drawn larger than it is shown.
const UNIT: u32 = 4;
/// Size of the labels, for plotters, which makes the text smaller by a quarter.
const LABEL_SIZE: u32 = 15 * UNIT;
/// Height of a line of the legend.
const LEGEND_LINE: u32 = 20 * UNIT;

type DrawError = DrawingAreaErrorKind<std::io::Error>;
type Context<'a, 'svg> = ChartContext<'a, SVGBackend<'svg>, Cartesian2d<Axis, Axis>>;

/// Something drawn between the axes, in positions of the axes.
pub(super) enum Mark {
    /// A line through points, with a dot on each.
    Line { points: Vec<(f64, f64)>, color: RGBColor },
    /// A dot on each point.
    Dots { points: Vec<(f64, f64)>, color: RGBColor },
    /// A ring around a point.
    Ring { at: (f64, f64), color: RGBColor },
    /// A translucent band across the whole chart, between two positions of the y axis.
    Band { from: f64, to: f64, color: RGBColor },
    /// A single diamond.
    Diamond { at: (f64, f64), color: RGBColor },
    /// Bars that touch, all of the same width: the outline of a histogram over the whole x axis.
    Steps { heights: Vec<f64>, color: RGBColor },
    /// A line across the whole chart at one x.
    Rule { x: f64, color: RGBColor },
    /// A short line at the top of the chart at each x.
    Rug { xs: Vec<f64>, color: RGBColor },
}

/// A chart: the axes and what lies between them.
pub(super) struct Chart {
    /// Width and height in CSS pixels.
    pub(super) size: (u32, u32),
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// What the x axis shows, with its unit.
    pub(super) x_title: &'static str,
    /// What the y axis shows, with its unit; empty where the page says it above the chart.
    pub(super) y_title: &'static str,
    /// What each filling stands for, one line each above the chart; empty where the page says it.
    pub(super) legend: Vec<(&'static str, ShapeStyle)>,
    /// Drawn in order.
    pub(super) marks: Vec<Mark>,
}

impl Chart {
    /// The chart as an SVG element of its size. `name` says what it is in an error.
    pub(super) fn svg(&self, name: &str) -> Result<String, ReportError> {
        let mut svg = String::new();
        self.draw(&mut svg)
            .map_err(|error| ReportError::Draw { picture: name.to_owned(), reason: error.to_string() })?;
        let size = |unit| format!("width=\"{}\" height=\"{}\"", self.size.0 * unit, self.size.1 * unit);
        Ok(svg.replacen(&size(UNIT), &size(1), 1))
    }

    fn draw(&self, svg: &mut String) -> Result<(), DrawError> {
        let Self { size: (width, height), x, y, .. } = self;
        let whole = SVGBackend::with_string(svg, (width * UNIT, height * UNIT)).into_drawing_area();
        let (legend, area) = whole.split_vertically(self.legend.len() as u32 * LEGEND_LINE);
        self.draw_legend(&legend)?;
        let mut chart = ChartBuilder::on(&area)
            .margin_top(8 * UNIT)
            .margin_right(12 * UNIT)
            .margin_left(if self.y_title.is_empty() { 0 } else { 8 * UNIT })
            .x_label_area_size(42 * UNIT)
            .y_label_area_size(64 * UNIT)
            .build_cartesian_2d(x.clone(), y.clone())?;
        let labels = ("sans-serif", LABEL_SIZE).into_font().color(&LABEL);
        let mut mesh = chart.configure_mesh();
        mesh.disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID.stroke_width(UNIT))
            .axis_style(GRID.stroke_width(UNIT))
            .set_all_tick_mark_size(4 * UNIT)
            .label_style(labels.clone())
            .axis_desc_style(labels)
            .x_desc(self.x_title);
        if !self.y_title.is_empty() {
            mesh.y_desc(self.y_title);
        }
        mesh.draw()?;
        for mark in &self.marks {
            self.draw_mark(&mut chart, mark)?;
        }
        whole.present()
    }

    fn draw_legend(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), DrawError> {
        let middle_left = Pos::new(HPos::Left, VPos::Center);
        let style = ("sans-serif", LABEL_SIZE).into_font().color(&LABEL).pos(middle_left);
        let [indent, gap] = [78, 12].map(|pixels| pixels * UNIT as i32);
        for ((name, filling), line) in self.legend.iter().zip(0_i32..) {
            let middle = LEGEND_LINE as i32 * line + LEGEND_LINE as i32 / 2;
            area.draw(&Circle::new((indent, middle), 5 * UNIT, *filling))?;
            area.draw(&Text::new(*name, (indent + gap, middle), style.clone()))?;
        }
        Ok(())
    }

    fn draw_mark(&self, chart: &mut Context<'_, '_>, mark: &Mark) -> Result<(), DrawError> {
        let Self { x, y, .. } = self;
        match mark {
            Mark::Line { points, color } => {
                chart.draw_series(LineSeries::new(points.clone(), color.stroke_width(2 * UNIT)))?;
                chart.draw_series(dots(points, color))?;
            }
            Mark::Dots { points, color } => {
                chart.draw_series(dots(points, color))?;
            }
            Mark::Ring { at, color } => {
                chart.draw_series([Circle::new(*at, 7 * UNIT, color.stroke_width(2 * UNIT))])?;
            }
            Mark::Band { from, to, color } => {
                let corners = [(x.from, *from), (x.to, *to)];
                chart.draw_series([Rectangle::new(corners, translucent(color))])?;
            }
            Mark::Diamond { at, color } => {
                let reach = 6 * UNIT as i32;
                let corners = vec![(0, -reach), (reach, 0), (0, reach), (-reach, 0)];
                let diamond = EmptyElement::at(*at) + Polygon::new(corners, color.filled());
                chart.draw_series([diamond])?;
            }
            Mark::Steps { heights, color } => {
                chart.draw_series([Polygon::new(outline(heights, x, y.from), color.filled())])?;
            }
            Mark::Rule { x, color } => {
                let ends = vec![(*x, y.from), (*x, y.to)];
                chart.draw_series([PathElement::new(ends, color.stroke_width(2 * UNIT))])?;
            }
            Mark::Rug { xs, color } => {
                let foot = y.to - 0.06 * (y.to - y.from);
                chart.draw_series(xs.iter().map(|&x| {
                    PathElement::new(vec![(x, foot), (x, y.to)], color.mix(0.5).stroke_width(UNIT))
                }))?;
            }
        }
        Ok(())
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, position: &f64, (start, end): (i32, i32)) -> i32 {
        let fraction = (position - self.from) / (self.to - self.from);
        start + (fraction * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|tick| tick.0).collect()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, position: &f64) -> String {
        self.label(*position).to_owned()
    }
}

/// How a [`Mark::Band`] is filled.
pub(super) fn translucent(color: &RGBColor) -> ShapeStyle {
    color.mix(0.2).filled()
}

fn dots(points: &[(f64, f64)], color: &RGBColor) -> impl Iterator<Item = Circle<(f64, f64), u32>> {
    points.iter().map(|&at| Circle::new(at, 3 * UNIT, color.filled()))
}

/// The corners of a histogram that stands on `floor` and spreads over `x`.
fn outline(heights: &[f64], x: &Axis, floor: f64) -> Vec<(f64, f64)> {
    let width = (x.to - x.from) / heights.len() as f64;
    let tops = heights
        .iter()
        .enumerate()
        .flat_map(|(index, &height)| [index, index + 1].map(|edge| (x.from + edge as f64 * width, height)));
    [(x.from, floor)].into_iter().chain(tops).chain([(x.to, floor)]).collect()
}
