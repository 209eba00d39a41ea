use super::*;
use crate::data::{Dataset, DatasetName, Preparation};
use lenet_infer::SHIPPED;

fn mnist() -> Dataset {
    Dataset::load(DatasetName::Mnist, None, Preparation::Prepared, true).expect("MNIST in the repository")
}

#[test]
fn every_corruption_changes_images_and_always_in_the_same_way() {
    let mnist = mnist();
    for corruption in Corruption::ALL {
        let change = |number: u32| corruption.apply(&mnist.test.images[number as usize], number);
        let changed = (0..50).filter(|&number| change(number) != mnist.test.images[number as usize]).count();
        assert_eq!(changed > 45, corruption != Corruption::Clean, "{corruption:?}");
        assert_eq!(change(7), change(7));
    }
}

#[test]
fn the_shipped_model_scores_as_its_description_says() {
    let mnist = mnist();
    let test = Split::new(&mnist.test, mnist.classes).last(1_000);
    let card = ScoreCard::new(&SHIPPED.model, test);
    let clean = card.corruptions[0];
    assert!(clean.corruption == Corruption::Clean && clean.as_they_are.images == 1_000);
    let correct =
        lenet_infer::host::evaluation::evaluate(&SHIPPED.model, test.images.iter().zip(test.labels));
    assert_eq!(clean.as_they_are.correct, correct.correct());
    assert_eq!(clean.as_they_are.confident, correct.confident().images);
    assert!((0.9..=1.0).contains(&card.coverage) && (0.0..0.05).contains(&card.calibration_error));
    assert_eq!(card.hands_of(None).images, 5_000);
    assert_eq!(card.hands_of(Some(4)).images, 500);
    assert!(card.non_digits.iter().all(|kind| kind.score.correct == 0 && kind.score.images == 5_000));
}

#[test]
fn a_score_card_survives_its_file() {
    let score = ImageTally { images: 5, correct: 4, confident: 3, confident_wrong: 1 };
    let card = ScoreCard {
        corruptions: vec![Corrupted {
            corruption: Corruption::SaltAndPepper,
            as_they_are: score,
            prepared: score,
        }],
        hands: vec![Form { digit: 7, form: 2, score }],
        camera: score,
        non_digits: vec![OfKind { kind: NonDigit::Pair, score }],
        calibration_error: 0.001,
        coverage: 0.98,
    };
    let text = serde_json::to_string(&card).unwrap();
    assert!(text.contains("salt-and-pepper") && text.contains("pair"));
    assert_eq!(serde_json::from_str::<ScoreCard>(&text).unwrap(), card);
}
