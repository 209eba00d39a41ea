use std::path::Path;
use std::sync::LazyLock;

use lenet_infer::host::idx::{self, LabeledImages, Part};

use crate::draws::Draws;
use crate::{Limits, Medium, Scene, Size, empty, number, single};

static DIGITS: LazyLock<LabeledImages> = LazyLock::new(|| {
    let mnist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lenet-train/data/mnist");
    idx::load(&mnist, Part::Test).expect("MNIST in the repository")
});

const SMALL: Limits = Limits { max: Size::new(320, 240), ..Limits::ALL };

/// Scenes of every medium, with one digit and with more.
static SCENES: LazyLock<Vec<Scene>> = LazyLock::new(|| {
    let mut scenes = Vec::new();
    for medium in Medium::ALL {
        let limits = Limits { medium: Some(medium), ..SMALL };
        for seed in 0..25 {
            scenes.extend([single(&DIGITS, &limits, seed), number(&DIGITS, &limits, seed)]);
        }
    }
    scenes
});

#[test]
fn the_same_seed_gives_the_same_scene_and_another_seed_another() {
    let limits = Limits::BOARD;
    for seed in 0..5 {
        assert_eq!(single(&DIGITS, &limits, seed), single(&DIGITS, &limits, seed));
        assert_eq!(number(&DIGITS, &limits, seed), number(&DIGITS, &limits, seed));
        assert_eq!(empty(&limits, seed), empty(&limits, seed));
        assert_ne!(single(&DIGITS, &limits, seed), single(&DIGITS, &limits, seed + 1));
    }
}

/// Fails where the arithmetic of another machine differs, or where a change alters all scenes.
#[test]
fn the_bytes_of_a_scene_are_the_same_on_every_machine() {
    let sum = |scene: Scene| {
        scene.pixels.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, &gray| {
            (hash ^ u64::from(gray)).wrapping_mul(0x100_0000_01B3)
        })
    };
    let sums = [
        sum(single(&DIGITS, &Limits { medium: Some(Medium::Photo), ..Limits::BOARD }, 1)),
        sum(number(&DIGITS, &Limits { medium: Some(Medium::Blackboard), ..Limits::BOARD }, 2)),
        sum(empty(&Limits::BOARD, 3)),
    ];
    assert_eq!(sums, [1_104_893_556_593_912_954, 12_218_788_495_342_365_108, 821_100_950_105_337_310]);
}

#[test]
fn a_scene_has_one_byte_per_pixel_and_its_digits_lie_in_the_frame() {
    for scene in SCENES.iter() {
        let pixels = (scene.width * scene.height) as usize;
        assert_eq!((scene.pixels.len(), scene.ink.len()), (pixels, pixels));
        for digit in &scene.digits {
            let rect = digit.rect;
            assert!(digit.label < 10);
            assert!(rect.x + rect.width <= scene.width, "{}", scene.description);
            assert!(rect.y + rect.height <= scene.height, "{}", scene.description);
        }
    }
}

#[test]
fn the_rectangle_of_a_digit_is_that_of_its_ink() {
    for scene in SCENES.iter() {
        for (digit, mark) in scene.digits.iter().zip(1..) {
            let inked = || (0_u32..).zip(&scene.ink).filter(|&(_, &ink)| ink == mark).map(|(at, _)| at);
            let (columns, rows) = (inked().map(|at| at % scene.width), inked().map(|at| at / scene.width));
            let rect = digit.rect;
            assert_eq!((columns.clone().min(), rows.clone().min()), (Some(rect.x), Some(rect.y)));
            assert_eq!(columns.max(), Some(rect.x + rect.width - 1));
            assert_eq!(rows.max(), Some(rect.y + rect.height - 1));
        }
    }
}

#[test]
fn the_ink_of_two_digits_of_a_number_does_not_touch() {
    for scene in SCENES.iter() {
        let width = scene.width as usize;
        for (at, &ink) in scene.ink.iter().enumerate() {
            // To the right, below, and on both diagonals.
            for step in [1, width - 1, width, width + 1] {
                let other = scene.ink.get(at + step).copied().unwrap_or(0);
                let wraps = (at % width).abs_diff((at + step) % width) > 1;
                assert!(wraps || ink == 0 || other == 0 || ink == other, "{}", scene.description);
            }
        }
    }
}

#[test]
fn a_number_has_two_to_eight_digits_from_left_to_right_in_one_line_or_two() {
    let mut counts = [0; 9];
    let mut lines = [0; 2];
    for seed in 0..150 {
        let scene = number(&DIGITS, &SMALL, seed);
        counts[scene.digits.len()] += 1;
        for pair in scene.digits.windows(2) {
            let middles = pair.iter().map(|digit| 2 * digit.rect.x + digit.rect.width).collect::<Vec<_>>();
            assert!(pair[0].line < pair[1].line || middles[0] < middles[1], "{}", scene.description);
        }
        lines[scene.digits[scene.digits.len() - 1].line] += 1;
    }
    assert_eq!(counts[..2], [0, 0]);
    assert!(counts[2..].iter().all(|&count| count > 0), "{counts:?}");
    assert!(lines.iter().all(|&count| count > 0), "{lines:?}");
}

#[test]
fn an_empty_scene_has_no_digits_and_no_ink() {
    for seed in 0..100 {
        let scene = empty(&SMALL, seed);
        assert!(scene.digits.is_empty() && scene.ink.iter().all(|&ink| ink == 0));
        assert_eq!(scene.pixels.len(), (scene.width * scene.height) as usize);
    }
}

#[test]
fn frames_cover_the_sizes_of_their_limits() {
    for limits in [Limits::ALL, Limits::BOARD, Limits { min: Size::new(100, 50), ..Limits::BOARD }] {
        let sizes: Vec<Size> = (0..1000).map(|seed| limits.draw_size(&mut Draws::new(seed, 0))).collect();
        for (side, min, max) in [
            (Vec::from_iter(sizes.iter().map(|size| size.width)), limits.min.width, limits.max.width),
            (Vec::from_iter(sizes.iter().map(|size| size.height)), limits.min.height, limits.max.height),
        ] {
            assert!(side.iter().all(|side| (min..=max).contains(side)));
            let span = max - min;
            assert!(side.iter().any(|&side| side <= min + span / 10), "none near {min}");
            assert!(side.iter().any(|&side| side >= max - span / 10), "none near {max}");
        }
    }
}

#[test]
fn digits_are_from_fifteen_to_eight_hundred_pixels_high() {
    let height = |limits: &Limits, seed| single(&DIGITS, limits, seed).digits[0].rect.height;
    let smallest = Limits { max: Size::new(28, 28), ..Limits::ALL };
    let largest = Limits { min: Size::new(1600, 1200), ..Limits::ALL };
    let small: Vec<u32> = (0..40).map(|seed| height(&smallest, seed)).collect();
    let large: Vec<u32> = (0..12).map(|seed| height(&largest, seed)).collect();
    // Tilt and soft edges change a drawn height a little.
    assert!(small.iter().all(|height| (12..=28).contains(height)), "{small:?}");
    assert!(small.iter().any(|&height| height <= 16), "{small:?}");
    assert!(large.iter().all(|&height| height <= 900), "{large:?}");
    assert!(large.iter().any(|&height| height >= 700), "{large:?}");
}
