//! Which scenes are drawn: the media and the sizes of frames.

use std::iter;

use crate::draws::Draws;
use crate::geometry::Size;

/// What a picture was taken of, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Medium {
    /// Paper in a room, taken with a phone.
    Photo,
    /// White paper, scanned.
    Scan,
    /// A canvas of a drawing program.
    Drawing,
    /// Chalk on a blackboard, taken with a phone.
    Blackboard,
}

impl Medium {
    /// All media.
    pub const ALL: [Self; 4] = [Self::Photo, Self::Scan, Self::Drawing, Self::Blackboard];

    /// How many of twenty scenes have this medium if all may.
    fn share(self) -> usize {
        match self {
            Self::Photo => 10,
            Self::Scan | Self::Drawing => 4,
            Self::Blackboard => 2,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Scan => "scan",
            Self::Drawing => "drawing",
            Self::Blackboard => "blackboard",
        }
    }
}

/// The scenes to draw from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The smallest frame, along each axis.
    pub min: Size,
    /// The largest frame, along each axis.
    pub max: Size,
    /// The only medium; all of them if absent.
    pub medium: Option<Medium>,
}

impl Limits {
    /// All scenes: frames of 28 x 28 to 1600 x 1200 pixels.
    pub const ALL: Self = Self { min: Size::new(28, 28), max: Size::new(1600, 1200), medium: None };

    /// Frames that a microcontroller can hold: at most 160 x 120 pixels.
    pub const BOARD: Self = Self { max: Size::new(160, 120), ..Self::ALL };

    /// The smallest frame of a number; smaller limits are raised to it.
    pub const NUMBER: Size = Size::new(64, 40);

    /// Draws the medium.
    pub(crate) fn draw_medium(&self, draws: &mut Draws) -> Medium {
        let choices: Vec<Medium> =
            Medium::ALL.into_iter().flat_map(|medium| iter::repeat_n(medium, medium.share())).collect();
        let drawn = draws.pick(&choices);
        self.medium.unwrap_or(drawn)
    }

    /// Draws the size of a frame: three of four are those of cameras and of files, the others any.
    pub(crate) fn draw_size(&self, draws: &mut Draws) -> Size {
        let fits = |size: &Size| {
            (self.min.width..=self.max.width).contains(&size.width)
                && (self.min.height..=self.max.height).contains(&size.height)
        };
        let upright = COMMON.iter().map(|size| Size::new(size.height, size.width));
        let common: Vec<Size> = COMMON.iter().copied().chain(upright).filter(fits).collect();
        if !common.is_empty() && draws.chance(0.75) {
            return draws.pick(&common);
        }
        let width = skewed(draws, self.min.width, self.max.width);
        // No frame is more than twice as long as it is wide, where the limits allow that.
        let least = (width / 2).clamp(self.min.height, self.max.height);
        let most = (2 * width).clamp(self.min.height, self.max.height);
        Size::new(width, draws.integer(least..=most))
    }

    /// Returns the limits for frames of at least `min`.
    ///
    /// # Panics
    ///
    /// If no frame is left.
    pub(crate) fn at_least(self, min: Size) -> Self {
        let min = Size::new(self.min.width.max(min.width), self.min.height.max(min.height));
        assert!(
            min.width <= self.max.width && min.height <= self.max.height,
            "frames of at least {min:?} and at most {:?}",
            self.max
        );
        Self { min, ..self }
    }
}

/// Draws a length, short ones more often.
fn skewed(draws: &mut Draws, min: u32, max: u32) -> u32 {
    let share = draws.unit();
    min + (share * share * (max - min + 1) as f32) as u32
}

/// Common sizes, lying and square.
const COMMON: [Size; 24] = [
    Size::new(28, 28),
    Size::new(32, 32),
    Size::new(48, 48),
    Size::new(64, 64),
    Size::new(80, 60),
    Size::new(96, 64),
    Size::new(96, 96),
    Size::new(128, 96),
    Size::new(128, 128),
    Size::new(160, 120),
    Size::new(176, 144),
    Size::new(224, 224),
    Size::new(240, 160),
    Size::new(320, 240),
    Size::new(320, 240),
    Size::new(400, 300),
    Size::new(480, 270),
    Size::new(512, 512),
    Size::new(640, 480),
    Size::new(800, 600),
    Size::new(1024, 768),
    Size::new(1080, 810),
    Size::new(1280, 720),
    Size::new(1600, 1200),
];
