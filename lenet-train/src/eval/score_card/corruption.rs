//! Images that are shifted, blurred, thinned and so on: how a model's accuracy falls.

use crate::augment::Augment;
use crate::draws::Draws;
use crate::generate::Canvas;
use lenet_core::shape::{IMAGE_PIXELS, IMAGE_SIDE};
use serde::{Deserialize, Serialize};

/// A change that an image suffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corruption {
    /// None: the images as they are.
    Clean,
    /// A shift of up to 3 pixels along each axis.
    Shift,
    /// A change of the size by up to a quarter along each axis.
    Scale,
    /// A rotation of up to 20 degrees.
    Rotation,
    /// A shear of up to 0.35 columns per row.
    Shear,
    /// An elastic distortion of up to 3 pixels.
    Elastic,
    /// Two passes of the filter [1 2 1] / 4 along each axis.
    Blur,
    /// Noise of a standard deviation of 0.15 of full ink.
    Noise,
    /// Six of a hundred pixels full ink or paper.
    SaltAndPepper,
    /// Each pixel the least of itself and its four neighbors, for three quarters.
    Thin,
    /// Each pixel the most of itself and its four neighbors.
    Thick,
    /// A quarter of the ink.
    Dim,
    /// Paper at 0.2 and ink at 0.6 of full ink.
    LowContrast,
    /// A square of 5x5 pixels of paper near the middle.
    Occlusion,
    /// 14x14 pixels, enlarged again.
    Resampling,
}

impl Corruption {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Clean,
        Self::Shift,
        Self::Scale,
        Self::Rotation,
        Self::Shear,
        Self::Elastic,
        Self::Blur,
        Self::Noise,
        Self::SaltAndPepper,
        Self::Thin,
        Self::Thick,
        Self::Dim,
        Self::LowContrast,
        Self::Occlusion,
        Self::Resampling,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Shift => "shift",
            Self::Scale => "scale",
            Self::Rotation => "rotation",
            Self::Shear => "shear",
            Self::Elastic => "elastic",
            Self::Blur => "blur",
            Self::Noise => "noise",
            Self::SaltAndPepper => "salt and pepper",
            Self::Thin => "thin",
            Self::Thick => "thick",
            Self::Dim => "dim",
            Self::LowContrast => "low contrast",
            Self::Occlusion => "occlusion",
            Self::Resampling => "resampling",
        }
    }

    /// Changes image `number` of a set, always in the same way.
    pub fn apply(self, image: &[u8; IMAGE_PIXELS], number: u32) -> [u8; IMAGE_PIXELS] {
        const SEED: u64 = 1998;
        let warped = |limits: Augment| limits.apply(image, SEED, 0, number);
        let mut sheet = Canvas::of_image(image, 1.0, IMAGE_SIDE);
        let draws = &mut Draws::new(SEED, "corruption", number.into());
        match self {
            Self::Clean => return *image,
            Self::Shift => return warped(Augment { shift: 3.0, ..Augment::OFF }),
            Self::Scale => return warped(Augment { scale: 0.25, ..Augment::OFF }),
            Self::Rotation => return warped(Augment { rotation: 20.0, ..Augment::OFF }),
            Self::Shear => return warped(Augment { shear: 0.35, ..Augment::OFF }),
            Self::Elastic => return warped(Augment { elastic: 3.0, ..Augment::OFF }),
            Self::Blur => (0..2).for_each(|_| sheet.blur()),
            Self::Noise => sheet.change(|ink| ink + 0.15 * draws.normal()),
            Self::SaltAndPepper => sheet.change(|ink| match draws.unit() {
                0.0..0.03 => 0.0,
                0.97.. => 1.0,
                _ => ink,
            }),
            Self::Thin => sheet.widen(-0.75),
            Self::Thick => sheet.widen(1.0),
            Self::Dim => sheet.change(|ink| 0.25 * ink),
            Self::LowContrast => sheet.change(|ink| 0.2 + 0.4 * ink),
            Self::Occlusion => {
                let (left, top) = (8 + draws.below(8), 8 + draws.below(8));
                for row in sheet.ink_mut().chunks_exact_mut(IMAGE_SIDE).skip(top).take(5) {
                    row[left..left + 5].fill(0.0);
                }
            }
            Self::Resampling => halve(&mut sheet),
        }
        sheet.levels()
    }
}

/// Replaces each 2x2 pixels by their mean.
fn halve(sheet: &mut Canvas) {
    for rows in sheet.ink_mut().chunks_exact_mut(2 * IMAGE_SIDE) {
        for x in (0..IMAGE_SIDE).step_by(2) {
            let places = [x, x + 1, IMAGE_SIDE + x, IMAGE_SIDE + x + 1];
            let mean = places.iter().map(|&place| rows[place]).sum::<f32>() / 4.0;
            places.iter().for_each(|&place| rows[place] = mean);
        }
    }
}
