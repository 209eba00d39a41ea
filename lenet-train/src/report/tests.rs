use std::fs;

use super::*;
use crate::eval::confidence::{RejectCurve, RejectPoint};
use crate::eval::score::Score;
use crate::model::weights::{Affine, layer_shapes};
use crate::train::recipe::{Recipe, Settings};
use lenet_core::shape::{CLASSES, CONV1_CHANNELS};

/// A run that owns what [`ReportInputs`] borrows.
struct Run {
    metrics: Metrics,
    weights: FloatWeights,
    weight_clips: [Vec<f32>; 5],
    activations: Vec<ActivationHistogram>,
    misclassified: Vec<Misclassified>,
    sizes: Vec<SizeRow>,
    augmented: Vec<AugmentedImage>,
}

impl Run {
    fn page(&self) -> String {
        page(&self.inputs()).unwrap()
    }

    fn inputs(&self) -> ReportInputs<'_> {
        ReportInputs {
            metrics: &self.metrics,
            weights: &self.weights,
            weight_clips: &self.weight_clips,
            activations: &self.activations,
            misclassified: &self.misclassified,
            sizes: &self.sizes,
            augmented: &self.augmented,
        }
    }
}

fn synthetic_metrics(epochs: u32) -> Metrics {
    let score = |loss: f64| Score { loss, accuracy: 1.0 - loss / 10.0 };
    let epoch = |epoch: u32| EpochMetrics {
        epoch,
        seconds: 12.5,
        images_per_second: 4_000.0,
        learning_rate: 1e-3,
        train: score(0.5 / f64::from(epoch)),
        held_out: score(0.4 / f64::from(epoch)),
    };
    let mut confusion = vec![vec![0; CLASSES]; CLASSES];
    for (label, counts) in confusion.iter_mut().enumerate() {
        counts[label] = 99;
        counts[(label + 3) % CLASSES] = 1;
    }
    Metrics {
        run: run_config(epochs),
        epochs: (1..=epochs).map(epoch).collect(),
        delivered_epoch: Some(epochs),
        result: FinalTable {
            images: 1000,
            f32_correct: 991,
            f32_loss: 0.03,
            integer_correct: 990,
            differing: 3,
            confusion,
            flash_bytes: 45_678,
            ram_bytes: 1_234,
        },
        confidence: Confidence { threshold: 700, validation: Some(reject_curve()), test: reject_curve() },
    }
}

fn run_config(epochs: u32) -> RunConfig {
    let mut run = RunConfig::new(Settings { epochs, seed: 7, ..Recipe::Default.settings() });
    run.data.contents = "mnist".into();
    run.data.classes = (0..CLASSES).map(|class| class.to_string()).collect();
    (run.data.train_images, run.data.validation_images, run.data.test_images) = (900, 100, 1000);
    run
}

/// From one mistake in a hundred down to none.
fn reject_curve() -> RejectCurve {
    let point = |threshold: u16, coverage: f64| RejectPoint {
        threshold,
        coverage,
        wrong: if coverage > 0.9 { 10 } else { 0 },
        accuracy: if coverage > 0.9 { 0.99 } else { 1.0 },
    };
    RejectCurve {
        confident: point(700, 0.975),
        points: vec![point(3, 1.0), point(600, 0.98), point(900, 0.8)],
    }
}

fn synthetic(epochs: u32) -> Run {
    let [conv1, conv2, fc1, fc2, fc3] = layer_shapes(CLASSES).map(|[outputs, fan_in]| Affine {
        weight: (0..outputs * fan_in).map(|index| ((index * 37 % 101) as f32 - 50.0) / 100.0).collect(),
        bias: vec![0.0; outputs],
    });
    let mistake = Misclassified {
        index: 8,
        image: std::array::from_fn(|index| (index % 256) as u8),
        label: 5,
        predicted: 6,
        confidence: 40,
    };
    Run {
        metrics: synthetic_metrics(epochs),
        weights: FloatWeights { conv1, conv2, fc1, fc2, fc3 },
        weight_clips: layer_shapes(CLASSES).map(|[outputs, _]| vec![0.45; outputs]),
        activations: vec![ActivationHistogram {
            layer: "conv1",
            max: 4.0,
            clip: 3.0,
            counts: vec![900, 90, 9, 1],
        }],
        misclassified: vec![mistake],
        augmented: vec![AugmentedImage { original: [9; IMAGE_PIXELS], seen: vec![[7; IMAGE_PIXELS]; 3] }],
        sizes: vec![SizeRow {
            layer: "conv1".into(),
            weights: 150,
            weight_bytes: 150,
            bias_bytes: 24,
            requant_bytes: 18,
        }],
    }
}

/// Parses the page as XML, which is stricter than any browser, and checks that no figure is missing a value.
fn check(page: &str) {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(page, options).unwrap();
    let sections: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name("section"))
        .filter_map(|node| node.attribute("id"))
        .collect();
    let expected = [
        "curves",
        "confusion",
        "confidence",
        "misclassified",
        "augmented",
        "kernels",
        "weights",
        "activations",
        "sizes",
        "settings",
    ];
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
    for figure in ["99.10 %", "99.00 %", "−0.10", "45,678", "1,234", "1 min 1 s", "5</b> →"] {
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
    let page = run.page();
    check(&page);
    assert!(page.contains("<span class=\"key held-out\">test</span>"));
    assert!(!page.contains("test, f32 network, after the last epoch"));
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
    run.metrics.run.data.classes[0] = "a&b\u{0}".into();
    run.sizes[0].layer = "<conv1>".into();
    check(&run.page());
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
fn every_colour_of_a_chart_has_a_counterpart_for_dark_screens() {
    let style = include_str!("style.css");
    use super::chart::{ACCENT, BARS, GRID, HELD_OUT, LABEL, TRAIN};
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

#[test]
fn the_files_are_written_whole_and_nothing_is_left_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let run = synthetic(2);
    write(&folder.path().join("report.html"), &run.inputs()).unwrap();
    write_metrics(&folder.path().join("metrics.json"), &run.metrics).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["metrics.json", "report.html"]);
    assert_eq!(fs::read_to_string(folder.path().join("report.html")).unwrap(), run.page());
}

#[test]
fn metrics_json_reads_back_and_holds_the_derived_figures() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metrics.json");
    let metrics = synthetic_metrics(2);
    write_metrics(&path, &metrics).unwrap();
    let json = fs::read(&path).unwrap();
    assert_eq!(serde_json::from_slice::<Metrics>(&json).unwrap(), metrics);
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["result"]["f32_accuracy"], 0.991);
    assert_eq!(value["result"]["integer_accuracy"], 0.99);
    assert_eq!(value["result"]["recall"][4], 0.99);
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("report.html");
    let run = synthetic(1);
    let page = write(&path, &run.inputs()).unwrap_err();
    assert!(page.to_string().contains(&path.display().to_string()), "{page}");
    let metrics = write_metrics(&path, &run.metrics).unwrap_err();
    assert!(matches!(metrics, ReportError::Write { source, .. } if source.kind() == io::ErrorKind::NotFound));
}
