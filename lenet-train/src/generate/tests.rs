use super::*;
use crate::test_images::synthetic;
use lenet_core::shape::IMAGE_SIDE;
use lenet_infer::SHIPPED;
use lenet_infer::host::evaluation::evaluate;

const SOURCES: [Source; 5] =
    [Source::Hands, Source::WildHands, Source::World, Source::Camera, Source::NonDigits];

#[test]
fn an_image_depends_on_the_seed_and_its_number_alone() {
    let set = synthetic(20);
    let data = Split::new(&set, CLASSES);
    for source in SOURCES {
        let images = generate(source, data, 5, 60);
        assert_eq!(generate(source, data, 5, 30), images[..30], "{source:?}");
        assert_ne!(generate(source, data, 6, 60), images, "{source:?}");
    }
}

#[test]
fn digits_have_labels_and_what_is_no_digit_has_none() {
    let set = synthetic(20);
    let data = Split::new(&set, CLASSES);
    for source in SOURCES {
        let images = generate(source, data, 1, 100);
        let is_labeled = source != Source::NonDigits;
        assert!(images.iter().all(|image| image.label.is_some() == is_labeled), "{source:?}");
    }
    let world = generate(Source::World, data, 1, 45);
    assert!(world.iter().zip((0..20).cycle()).all(|(image, index)| image.label == Some(set.labels[index])));
}

#[test]
fn digits_of_other_hands_are_read_and_fill_the_box_as_those_of_mnist_do() {
    let set = synthetic(1);
    let images = generate(Source::Hands, Split::new(&set, CLASSES), 3, 500);
    let labels: Vec<u8> = images.iter().filter_map(|image| image.label).collect();
    let read = evaluate(&SHIPPED.model, images.iter().map(|image| &image.image).zip(&labels));
    assert!(read.accuracy() > 0.9, "{}", read.accuracy());
    for Generated { image, .. } in &images {
        let is_inked = |index: &usize| image[*index] > 0;
        let inked = || (0..IMAGE_PIXELS).filter(is_inked);
        let (rows, columns) =
            (|| inked().map(|index| index / IMAGE_SIDE), || inked().map(|index| index % IMAGE_SIDE));
        let height = rows().max().unwrap() - rows().min().unwrap() + 1;
        let width = columns().max().unwrap() - columns().min().unwrap() + 1;
        assert!((14..=24).contains(&height.max(width)), "{width} x {height}");
    }
}

#[test]
fn every_kind_that_is_no_digit_is_drawn_and_has_images_of_its_own() {
    let set = synthetic(20);
    let data = Split::new(&set, CLASSES);
    let kinds = NonDigit::ALL.map(|kind| generate(Source::NonDigitsOf(kind), data, 9, 20));
    for (index, images) in kinds.iter().enumerate() {
        assert!(kinds[..index].iter().all(|others| others != images), "{:?}", NonDigit::ALL[index]);
        assert!(images.iter().any(|image| image != &images[0]), "{:?}", NonDigit::ALL[index]);
    }
    let draws = &mut Draws::new(1, "test", 0);
    let mut left = NonDigit::ALL.to_vec();
    for _ in 0..1_000 {
        let drawn = NonDigit::draw_kind(draws);
        left.retain(|kind| *kind != drawn);
    }
    assert!(left.is_empty(), "{left:?}");
}
