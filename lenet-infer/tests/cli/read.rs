//! Tests of `read`: the numbers in pictures of several digits.

use image::GrayImage;
use serde_json::json;
use tempfile::{TempDir, tempdir};

use super::photo::{LABELS, paper, write_digit};
use super::{assert_fails, dir_with_model_of_three, succeed, succeed_with_json};

/// The golden digits of each number, four times as large as their images, one number beside the other on each line.
fn numbers(lines: &[&[&[usize]]]) -> GrayImage {
    let mut picture = paper(900, 30 + 150 * lines.len() as u32);
    for (line, numbers) in (0..).zip(lines) {
        let mut left = 20;
        for number in *numbers {
            for index in *number {
                write_digit(&mut picture, *index, [left, 20 + 150 * line], 4);
                left += 100;
            }
            left += 130;
        }
    }
    picture
}

fn dir_with_numbers() -> TempDir {
    let dir = tempdir().unwrap();
    numbers(&[&[&[0, 1, 2], &[3, 4]], &[&[7, 4, 1]]]).save(dir.path().join("numbers.png")).unwrap();
    dir
}

#[test]
fn digits_side_by_side_are_a_number_and_far_apart_two() {
    let dir = dir_with_numbers();
    assert_eq!(succeed(&dir, &["read", "numbers.png"]), "721 04\n942\n");
}

#[test]
fn several_pictures_are_told_apart_by_their_names() {
    let dir = dir_with_numbers();
    numbers(&[&[&[3, 4], &[0, 1, 2]], &[&[1, 4, 7]]]).save(dir.path().join("more.jpg")).unwrap();
    let text = succeed(&dir, &["read", "numbers.png", "more.jpg"]);
    assert_eq!(text, "numbers.png:\n721 04\n942\nmore.jpg:\n04 721\n249\n");
}

#[test]
fn json_has_the_lines_with_the_place_and_the_confidence_of_each_digit() {
    let dir = dir_with_numbers();
    let object = succeed_with_json(&dir, &["read", "--json", "numbers.png"]);
    let picture = &object["pictures"][0];
    assert_eq!((&picture["width"], &picture["height"]), (&json!(900), &json!(330)));
    assert_eq!(
        (&picture["lines"][0]["text"], &picture["lines"][1]["text"]),
        (&json!("721 04"), &json!("942"))
    );
    for (index, digit) in picture["lines"][0]["digits"].as_array().unwrap().iter().enumerate() {
        assert_eq!((&digit["class"], &digit["confident"]), (&json!(LABELS[index]), &json!(true)));
        assert_eq!(digit["name"], LABELS[index].to_string());
        assert!(digit["confidence"].as_u64().unwrap() > 0);
        let center = [20, 120, 220, 450, 550][index] + 56;
        let edge = |name: &str| digit["digit"]["rect"][name].as_i64().unwrap();
        assert!((edge("left")..edge("right")).contains(&center), "{digit}");
    }
}

#[test]
fn what_the_model_is_not_confident_of_is_a_question_mark_and_long_names_are_divided() {
    for (threshold, expected) in [(u16::MAX, "? ? ? ? ?\n? ? ?\n"), (1, "")] {
        let dir = dir_with_model_of_three(threshold);
        numbers(&[&[&[0, 1, 2], &[3, 4]], &[&[7, 4, 1]]]).save(dir.path().join("numbers.png")).unwrap();
        let text = succeed(&dir, &["read", "--model", "model.lenet", "numbers.png"]);
        if expected.is_empty() {
            let names = text.split_whitespace().collect::<Vec<_>>();
            assert_eq!((names.len(), names[1], names[3]), (8, "star", "circle"), "{text}");
        } else {
            assert_eq!(text, expected);
        }
    }
}

#[test]
fn boxes_and_classes_are_drawn_on_the_picture() {
    let dir = dir_with_numbers();
    succeed(&dir, &["read", "numbers.png", "--annotate", "out.png"]);
    let drawn = image::open(dir.path().join("out.png")).unwrap().into_rgb8();
    assert_eq!(drawn.dimensions(), (900, 330));
    let colored = drawn.pixels().filter(|pixel| pixel.0[0] != pixel.0[1]).count();
    // Eight boxes, with a plate each.
    assert!(colored > 8 * 200, "{colored}");
}

#[test]
fn a_picture_without_digits_fails_with_the_reason() {
    let dir = tempdir().unwrap();
    paper(300, 200).save(dir.path().join("blank.png")).unwrap();
    assert_fails(
        &dir,
        &["read", "blank.png"],
        "blank.png: no digit: nothing stands out from the paper; use more light or a thicker pen",
    );
}
