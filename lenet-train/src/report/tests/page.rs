//! The page: well-formed, self-contained, and complete whatever the run was.

use lenet_core::shape::{CLASSES, CONV1_CHANNELS};

use super::{Run, synthetic};
use crate::eval::score::Score;
use crate::report::ActivationHistogram;
use crate::train::recipe::{Recipe, Settings};

/// The sections that every page has, in order.
const SECTIONS: [&str; 12] = [
    "curves",
    "confusion",
    "confidence",
    "misclassified",
    "augmented",
    "generated",
    "kernels",
    "weights",
    "activations",
    "dead-units",
    "sizes",
    "settings",
];

/// Parses the page as XML, which is stricter than any browser, and checks that every section is there and no figure is
/// missing a value.
fn check(page: &str) {
    check_sections(page, &SECTIONS);
}

fn check_sections(page: &str, expected: &[&str]) {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(page, options).unwrap();
    let sections: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("section"))
        .filter_map(|node| node.attribute("id"))
        .collect();
    assert_eq!(sections, expected);
    for node in document.descendants().filter(|node| node.is_element()) {
        for attribute in node.attributes() {
            let value = attribute.value();
            assert!(!value.contains("NaN") && !value.contains("inf"), "{attribute:?}");
            let embeds = ["src", "href", "srcset", "data", "action", "poster"].contains(&attribute.name());
            assert!(!embeds || value.starts_with("data:") || value.starts_with('#'), "{attribute:?}");
        }
    }
    let outside = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http://") && !outside.contains("https://") && !outside.contains("NaN"));
    assert!(!outside.contains("<script") && !outside.contains("@import") && !outside.contains("url("));
}

#[test]
fn a_run_gives_a_well_formed_page_with_every_section_and_no_external_reference() {
    let page = synthetic(12).page();
    check(&page);
    for figure in ["99.10 %", "99.00 %", "−0.10", "45,678", "1,234", "2 min 30 s", "5</b> →"] {
        assert!(page.contains(figure), "{figure}");
    }
}

#[test]
fn one_epoch_without_a_mistake_gives_a_page() {
    let mut run = synthetic(1);
    run.misclassified.clear();
    check(&run.page());
}

#[test]
fn a_run_without_epochs_or_test_images_gives_a_page() {
    let mut run = synthetic(0);
    run.metrics.result.images = 0;
    run.metrics.result.confusion = vec![vec![0; CLASSES]; CLASSES];
    check(&run.page());
}

#[test]
fn numbers_that_do_not_exist_are_left_out_of_the_charts() {
    let mut run = synthetic(3);
    run.metrics.epochs[1].train = Score { loss: f64::NAN, accuracy: f64::NAN };
    run.metrics.epochs[2].held_out.loss = f64::INFINITY;
    run.metrics.epochs[2].held_out.accuracy = 1.0;
    run.metrics.result.f32_loss = f64::NAN;
    run.weights.fc1.weight[0] = f32::NAN;
    run.activations[0].clip = f32::NAN;
    check(&run.page());
}

#[test]
fn a_clip_beyond_the_largest_weight_is_marked_unless_it_is_far_out() {
    let marks = |clip: f32| {
        let mut run = synthetic(2);
        run.weight_clips[0] = vec![clip; CONV1_CHANNELS];
        run.page().matches("opacity=\"0.5\"").count()
    };
    // The largest weight is 0.5. Each channel has a mark on either side.
    assert_eq!(marks(0.6), marks(0.45));
    assert_eq!(marks(0.7), marks(0.45) - 2 * CONV1_CHANNELS);
}

#[test]
fn degenerate_distributions_give_a_page() {
    let mut run = synthetic(2);
    run.weights.conv1.weight.fill(0.0);
    run.weight_clips = Default::default();
    run.activations = vec![
        ActivationHistogram { layer: "conv1", max: 0.0, clip: 0.0, counts: vec![100, 0] },
        ActivationHistogram { layer: "conv2", max: 1.0, clip: 2.0, counts: vec![1] },
        ActivationHistogram { layer: "fc1", max: 1.0, clip: 0.5, counts: vec![] },
    ];
    check(&run.page());
}

#[test]
fn the_reference_recipe_shows_the_test_split_as_a_curve() {
    let mut run = synthetic(21);
    run.metrics.run.training.recipe = Recipe::Reference;
    run.metrics.run.data.contents = "custom".into();
    let page = run.page();
    check(&page);
    assert!(page.contains("<span class=\"key held-out\">test</span>"));
    assert!(!page.contains("test, f32 network, after the last epoch"));
}

/// A run of the reference recipe, which ends on 97.90 % and was at 97.99 % before.
fn reference(epochs: u32) -> Run {
    let mut run = synthetic(epochs);
    run.metrics.run.training = Settings { epochs: 21, ..Recipe::Reference.settings() };
    let accuracies = [0.9799, 0.9790];
    for (epoch, accuracy) in run.metrics.epochs.iter_mut().rev().zip(accuracies.into_iter().rev()) {
        epoch.held_out.accuracy = accuracy;
    }
    for epoch in run.metrics.epochs.iter_mut().rev().skip(2) {
        epoch.held_out.accuracy = 0.5;
    }
    run
}

#[test]
fn the_reference_recipe_is_compared_with_pytorch() {
    let page = reference(21).page();
    let mut sections = SECTIONS.to_vec();
    sections.insert(1, "pytorch");
    check_sections(&page, &sections);
    for cells in [
        "PyTorch</th><td>97.86 % (epoch 21)</td><td>97.95 %</td>",
        "this run</th><td>97.90 % (epoch 21)</td><td>97.99 % (epoch 20)</td>",
        "points</th><td>+0.04</td><td>+0.04</td>",
    ] {
        assert!(page.contains(cells), "{cells}");
    }
    assert!(!page.contains("differs from the recipe"));
}

#[test]
fn a_changed_reference_recipe_is_compared_with_a_warning() {
    let mut run = reference(5);
    run.metrics.run.training.epochs = 5;
    let page = run.page();
    assert!(page.contains("it has 5 epochs instead of 21; its recipe is “reference, changed: epochs 5”"));
}

#[test]
fn nothing_but_the_reference_recipe_on_mnist_is_compared_with_pytorch() {
    let mut other_recipe = reference(21);
    other_recipe.metrics.run.training.recipe = Recipe::Default;
    let mut other_data = reference(21);
    other_data.metrics.run.data.contents = "fashion-mnist".into();
    for run in [other_recipe, other_data, reference(0)] {
        check(&run.page());
    }
}

#[test]
fn the_epoch_with_the_lowest_loss_is_marked_in_both_curves() {
    let mut run = synthetic(9);
    run.metrics.epochs[4].held_out.loss = 0.001;
    let page = run.page();
    check(&page);
    let tags = page.split('<').filter_map(|tag| tag.split('>').next());
    let rings = tags.filter(|tag| tag.starts_with("circle") && tag.contains("fill=\"none\""));
    assert_eq!(rings.count(), 2);
    assert!(page.contains("Best epoch by validation loss: <b>epoch 5</b>, validation loss 0.0010"));
}

#[test]
fn without_dead_units_or_augmentation_their_sections_are_left_out() {
    let mut run = synthetic(2);
    run.dead_units.clear();
    run.augmented.clear();
    run.generated.clear();
    let left: Vec<&str> =
        SECTIONS.into_iter().filter(|id| !["augmented", "generated", "dead-units"].contains(id)).collect();
    check_sections(&run.page(), &left);
}

#[test]
fn a_run_that_held_nothing_out_shows_the_test_curve_alone() {
    let mut run = synthetic(2);
    run.metrics.confidence.threshold = 0;
    run.metrics.confidence.validation = None;
    let page = run.page();
    check(&page);
    assert!(page.contains("no threshold"));
}

#[test]
fn text_from_outside_is_escaped() {
    let mut run = synthetic(2);
    run.metrics.run.data.contents = "<script>alert('1')</script>".into();
    run.metrics.run.version = "a&b\u{0}".into();
    run.metrics.run.data.classes[5] = "\"><img src=x>\u{1b}".into();
    run.sizes[0].layer = "<conv1>".into();
    let page = run.page();
    check(&page);
    for shown in [
        "&lt;script&gt;alert(",
        "a&amp;b\u{fffd}",
        "&lt;conv1&gt;",
        "alt=\"&quot;&gt;&lt;img src=x&gt;\u{fffd} ",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.contains(|character: char| character.is_control() && character != '\n'));
}

#[test]
fn classes_are_shown_by_their_names() {
    let mut run = synthetic(2);
    run.metrics.run.data.classes[9] = "Ankle boot".into();
    let page = run.page();
    check(&page);
    assert!(page.contains("Ankle boot"));
}

#[test]
fn every_color_of_a_chart_has_a_counterpart_for_dark_screens() {
    let style = include_str!("../style.css");
    use crate::report::chart::{ACCENT, BARS, GRID, HELD_OUT, LABEL, TRAIN};
    for (attribute, color) in [
        ("fill", TRAIN),
        ("stroke", TRAIN),
        ("fill", HELD_OUT),
        ("stroke", HELD_OUT),
        ("fill", ACCENT),
        ("stroke", ACCENT),
        ("fill", BARS),
        ("fill", LABEL),
        ("stroke", GRID),
    ] {
        let selector = format!("[{attribute}=\"#{:02X}{:02X}{:02X}\"]", color.0, color.1, color.2);
        assert!(style.contains(&selector), "{selector}");
    }
}
