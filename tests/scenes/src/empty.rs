//! Scenes without digits: what must not be taken for one.

use crate::Scene;
use crate::camera::Camera;
use crate::draws::Draws;
use crate::geometry::{Area, Size};
use crate::ink::FINE;
use crate::light::Light;
use crate::limits::{Limits, Medium};
use crate::paper::{Paper, Texture};
use crate::ruling::Ruling;
use crate::stage::Stage;

/// What an empty frame has beside its paper.
#[derive(Clone, Copy)]
enum Content {
    /// Nothing.
    Blank,
    /// Uneven light.
    Gradient,
    /// Noise of each pixel.
    White,
    /// Noise in bumps of several widths.
    Bumps,
    /// A shadow.
    Shadow,
    /// Rules or squares.
    Ruled,
    /// The texture of the paper or the blackboard.
    Texture,
    /// A page as it is with digits, without them.
    Whole,
}

/// Draws a scene without digits.
pub(crate) fn draw(limits: &Limits, draws: &mut Draws) -> Scene {
    let medium = limits.draw_medium(draws);
    let size = limits.draw_size(draws);
    let mut stage = Stage::draw(draws, medium, size);
    let content = match medium {
        // A canvas and a scan have neither light nor texture.
        Medium::Drawing => draws.pick(&[Content::Blank, Content::Blank, Content::Ruled]),
        Medium::Scan => draws.pick(&[Content::Blank, Content::White, Content::Ruled, Content::Texture]),
        Medium::Photo | Medium::Blackboard => draws.pick(&[
            Content::Blank,
            Content::Gradient,
            Content::White,
            Content::Bumps,
            Content::Shadow,
            Content::Ruled,
            Content::Texture,
            Content::Whole,
            Content::Whole,
            Content::Whole,
        ]),
    };
    let side = size.shorter() as f32;
    if !matches!(content, Content::Whole) {
        clear(&mut stage, content);
    }
    match content {
        Content::Blank | Content::Texture => {}
        Content::Gradient => {
            stage.light.add_linear(draws);
            if draws.chance(0.5) {
                stage.light.add_radial(draws);
            }
        }
        Content::White => {
            stage.camera =
                Camera { noise: draws.within(0.5..=12.0), seed: draws.noise_seed(), ..Camera::NONE };
        }
        Content::Bumps => {
            for scale in [1.5, 4.0, side / 12.0, side / 4.0] {
                stage.paper.textures.push(Texture::draw(draws, scale..=2.0 * scale, 0.0..=0.06));
            }
        }
        Content::Shadow => stage.light.add_shadow(draws),
        Content::Ruled => stage.ruling = ruled(draws, &stage, side),
        Content::Whole => {
            if draws.chance(0.3) {
                stage.ruling = ruled(draws, &stage, side);
            }
            stage.camera = Camera::phone(draws, side / 40.0, 0.4 * stage.paper.gray);
        }
    }
    if medium != Medium::Drawing && stage.camera.jpeg.is_none() && draws.chance(0.4) {
        stage.camera.jpeg = Some(draws.integer(30..=95));
    }
    let Size { width, height } = size;
    let pixels = stage.shot(0.0, &vec![0.0; (width * height) as usize]).bytes();
    let description = format!("{}, empty: {}", stage.describe(None), name(content));
    let ink = vec![0; pixels.len()];
    Scene { width, height, pixels, digits: Vec::new(), ink, medium, description }
}

/// Leaves the paper alone, with its texture only where that is the content.
fn clear(stage: &mut Stage, content: Content) {
    stage.light = Light::even(stage.size);
    if !matches!(content, Content::Texture) {
        stage.paper = Paper::flat(stage.paper.gray);
    }
}

/// Draws rules or squares as on a page whose digits would be a part of the frame high.
fn ruled(draws: &mut Draws, stage: &Stage, side: f32) -> Ruling {
    let mut ruling = Ruling::NONE;
    let height = draws.within(0.15..=0.6) * side;
    let paper = stage.paper.gray;
    let ink = if paper > 127.0 { 0.2 * paper } else { 200.0 };
    ruling.draw_lines(draws, paper, ink, (height / 15.0).max(FINE));
    if draws.chance(0.5) {
        let anywhere = Area { left: 0.0, right: 0.0, top: -height / 2.0, bottom: height / 2.0 };
        ruling.add_rows(draws, anywhere, height);
    } else {
        ruling.add_squares(draws, paper, height);
    }
    ruling
}

fn name(content: Content) -> &'static str {
    match content {
        Content::Blank => "blank",
        Content::Gradient => "gradient",
        Content::White => "white noise",
        Content::Bumps => "smooth noise",
        Content::Shadow => "shadow",
        Content::Ruled => "ruled",
        Content::Texture => "texture",
        Content::Whole => "whole page",
    }
}
