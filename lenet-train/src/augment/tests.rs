use super::*;
use crate::test_images::synthetic;

const STRONG: Augment =
    Augment { rotation: 30.0, shift: 3.0, scale: 0.2, shear: 0.3, elastic: 3.0, stroke: 1.0 };

/// Each change alone, strong enough to be visible.
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
fn without_augmentation_no_image_changes() {
    for image in &synthetic(20).images {
        assert_eq!(Augment::OFF.apply(image, 1, 1, 1), *image);
        // Also without the shortcut for no augmentation.
        let Change { warp, stroke } = &Augment::OFF.draw(1, 1, 1);
        assert_eq!(simd::dispatch(Augmentation { image, stroke: *stroke, warp }), *image);
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
        let Change { warp, stroke } = &STRONG.draw(1, 1, index as u32);
        let augmentation = || Augmentation { image, stroke: *stroke, warp };
        assert_eq!(augmentation().run(simd::Portable), simd::dispatch(augmentation()));
    }
}
