use super::*;
use crate::test_images::synthetic;

const STRONG: Augment =
    Augment { rotation: 30.0, shift: 3.0, scale: 0.2, shear: 0.3, elastic: 3.0, stroke: 1.0 };

/// Each change alone, at a strength that shows.
fn each_alone() -> [Augment; 6] {
    let off = Augment::OFF;
    [
        Augment { rotation: STRONG.rotation, ..off },
        Augment { shift: STRONG.shift, ..off },
        Augment { scale: STRONG.scale, ..off },
        Augment { shear: STRONG.shear, ..off },
        Augment { elastic: STRONG.elastic, ..off },
        Augment { stroke: STRONG.stroke, ..off },
    ]
}

#[test]
fn nothing_is_changed_at_strength_zero() {
    for image in &synthetic(20).images {
        assert_eq!(Augment::OFF.apply(image, 1, 1, 1), *image);
        // The same by the whole computation.
        let warp = Warp::draw(&Augment::OFF, &mut Draws::new(1, 1, 1));
        assert_eq!(simd::dispatch(Augmentation { image, stroke: 0.0, warp: &warp }), *image);
    }
}

#[test]
fn each_change_alone_changes_an_image_and_depends_on_seed_epoch_and_index() {
    let image = &synthetic(1).images[0];
    for change in each_alone() {
        let changed = change.apply(image, 1, 2, 3);
        assert_eq!(change.apply(image, 1, 2, 3), changed);
        assert_ne!(changed, *image, "{change:?}");
        for other in [(2, 2, 3), (1, 3, 3), (1, 2, 4)] {
            assert_ne!(change.apply(image, other.0, other.1, other.2), changed, "{change:?} {other:?}");
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_image() {
    for (index, image) in synthetic(50).images.iter().enumerate() {
        let mut draws = Draws::new(1, 1, index as u32);
        let (warp, stroke) = (Warp::draw(&STRONG, &mut draws), draws.within(STRONG.stroke));
        let augmentation = || Augmentation { image, stroke, warp: &warp };
        assert_eq!(augmentation().run(simd::Portable), simd::dispatch(augmentation()));
    }
}
