use super::*;
use crate::test_images::synthetic;
use dfdx::prelude::{Cpu, TensorFromVec};

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

const IMAGES: usize = 500;

/// The gray levels of the same images, augmented on the host and by the operations for a GPU.
fn both_ways(augment: &Augment) -> [Vec<f32>; 2] {
    let (device, images) = (Cpu::default(), synthetic(IMAGES).images);
    let levels: Vec<f32> = images.iter().flat_map(padded).map(f32::from).collect();
    let levels = device.tensor_from_vec(levels, (IMAGES, PADDED_SIDE * PADDED_SIDE));
    let changes: Vec<Change> = (0..IMAGES as u32).map(|index| augment.draw(1, 2, index)).collect();
    let found = DeviceAugment::new(&device, augment).unwrap().apply(levels, &changes).unwrap().as_vec();
    let expected = images.iter().zip(0..).flat_map(|(image, index)| augment.apply(image, 1, 2, index));
    [expected.map(f32::from).collect(), found]
}

#[test]
fn without_augmentation_or_with_stroke_width_alone_a_device_gives_the_hosts_images() {
    for augment in [Augment::OFF, Augment { stroke: 1.0, ..Augment::OFF }] {
        let [expected, found] = both_ways(&augment);
        assert_eq!(found, expected, "{augment:?}");
    }
}

#[test]
fn images_augmented_on_a_device_differ_from_the_hosts_in_few_pixels_and_by_one_level() {
    for augment in [Augment { stroke: 0.0, ..STRONG }, STRONG].into_iter().chain(each_alone()) {
        let [expected, found] = both_ways(&augment);
        let different = expected.iter().zip(&found).filter(|(expected, found)| expected != found);
        let differences: Vec<f32> = different.map(|(expected, found)| (expected - found).abs()).collect();
        assert!(differences.iter().all(|&difference| difference == 1.0), "{differences:?}");
        assert!(differences.len() * 20_000 <= found.len(), "{} of {}", differences.len(), found.len());
    }
}
