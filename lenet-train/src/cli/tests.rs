use super::*;
use lenet_train::generate::Mix;
use lenet_train::run::config::{DeviceKind, ExtraConfig};
use lenet_train::train::recipe::{Recipe, Settings};
use std::fs;

fn task(flags: &str) -> Result<Task, clap::Error> {
    let cli = Cli::try_parse_from(["lenet-train"].into_iter().chain(flags.split_whitespace()))?;
    cli.parse_task(Interrupt::default()).map(|(task, _)| task)
}

fn parse(flags: &str) -> Result<RunConfig, clap::Error> {
    match task(flags)? {
        Task::Train { config, .. }
        | Task::BenchAccuracy { config, .. }
        | Task::CrossValidate { config, .. } => Ok(config),
        _ => panic!("{flags}: no training"),
    }
}

#[test]
fn the_flags_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn without_flags_the_default_recipe_trains_into_a_new_folder() {
    let Ok(Task::Train { config, destination: Destination { out: None, force: false } }) = task("") else {
        panic!("no training")
    };
    assert_eq!(config, RunConfig::new(Recipe::Default.settings()));
}

#[test]
fn a_flag_overrides_the_setting_of_the_recipe() {
    let config = parse("--recipe reference --epochs 3 --lr 0.5 --weight-decay 0 --seed 9").unwrap();
    let mut expected = Recipe::Reference.settings();
    (expected.epochs, expected.learning_rate, expected.seed) = (3, 0.5, 9);
    assert_eq!(config.training, expected);
}

#[test]
fn the_parts_of_a_shortened_recipe_are_scaled_unless_a_flag_gives_them() {
    let settings = |flags| {
        let Settings { epochs, warmup_epochs, qat_epochs, .. } = parse(flags).unwrap().training;
        (epochs, warmup_epochs, qat_epochs)
    };
    assert_eq!(settings("--recipe mnist"), (200, 5, 40));
    assert_eq!(settings("--recipe best"), (100, 3, 20));
    assert_eq!(settings("--recipe best --epochs 20"), (20, 1, 4));
    assert_eq!(settings("--recipe best --epochs 20 --qat-epochs 7 --warmup-epochs 2"), (20, 2, 7));
    let given = parse("--recipe best --epochs 6 --ema-decay 0.999").unwrap();
    assert_eq!(given.training.ema_decay, 0.999);
}

#[test]
fn generated_and_extra_images_are_shares_of_the_training_images() {
    let training = parse("--recipe best --hands 0.5 --world 0").unwrap().training;
    let best = Recipe::Best.settings().mix;
    assert_eq!(training.mix, Mix { hands: 0.5, world: 0.0, ..best });
    assert_eq!(parse("--recipe mnist").unwrap().training.mix, Mix::OFF);
    let error = parse("--non-digits 5").unwrap_err().to_string();
    assert!(error.contains("share of non-digits (--non-digits): expected 0 to 4, found 5"), "{error}");
    let extra = parse("--extra a --extra b=0.25 --extra c=d=1").unwrap().data.extra;
    let named = |extra: &ExtraConfig| extra.path.file_name().unwrap().to_str().unwrap().to_owned();
    let found: Vec<_> = extra.iter().map(|extra| (named(extra), extra.share)).collect();
    assert_eq!(found, [("a".into(), None), ("b".into(), Some(0.25)), ("c=d".into(), Some(1.0))]);
    for wrong in ["--extra a=0", "--extra a=5", "--extra a=b", "--extra a=nan"] {
        assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
    }
}

#[test]
fn parts_longer_than_the_run_are_usage_errors_that_say_what_to_change() {
    for (flags, part) in [
        ("--recipe best --epochs 6 --qat-epochs 6", "lower it, or raise --epochs"),
        ("--recipe best --epochs 6 --qat-epochs 40", "--qat-epochs: expected fewer than the run's 6 epochs"),
        ("bench-accuracy --epochs 6 --qat-epochs 6", "--qat-epochs"),
        (
            "cross-validate --epochs 6 --warmup-epochs 7",
            "--warmup-epochs: expected at most the run's 6 epochs",
        ),
    ] {
        let error = parse(flags).err().unwrap_or_else(|| panic!("{flags} was accepted"));
        assert_eq!(error.exit_code(), 2, "{flags}");
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(task("--epochs 6 --qat-epochs 6 --resume").is_ok());
}

#[test]
fn the_flags_of_distillation_need_a_teacher() {
    for flag in ["--temperature 2", "--distillation 0.5"] {
        let error = parse(flag).err().unwrap_or_else(|| panic!("{flag} was taken"));
        assert_eq!(error.exit_code(), 2, "{flag}");
        assert!(error.to_string().contains("--teacher <DIR>"), "{error}");
        assert!(parse(&format!("{flag} --teacher runs/a --teacher runs/b")).is_ok());
    }
}

#[test]
fn a_share_keeps_its_decimal_digits() {
    let settings = parse("--teacher runs/a --distillation 0.9").unwrap().training;
    assert_eq!(settings.distillation.to_string(), "0.9");
}

#[test]
fn bench_accuracy_takes_the_flags_of_training() {
    let task = task("bench-accuracy --seeds 3 --recipe best --bits 4");
    let Ok(Task::BenchAccuracy { seeds, config, .. }) = task else { panic!("no benchmark") };
    let Settings { recipe, bits, .. } = config.training;
    assert_eq!((seeds, recipe, bits), (3, Recipe::Best, "4".parse().unwrap()));
}

#[test]
fn flags_override_the_config_file_and_the_file_overrides_its_recipe() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    fs::write(
        &file,
        "[training]\nrecipe = \"best\"\nepochs = 20\nrotation = 5\n[machine]\ndevice = \"cuda\"",
    )
    .unwrap();
    let config = parse(&format!("--config {} --rotation 7 --seed 3", file.display())).unwrap();
    let mut expected = RunConfig::new(Recipe::Best.settings_for(20));
    (expected.training.augment.rotation, expected.training.seed) = (7.0, 3);
    expected.machine.device = DeviceKind::Cuda;
    assert_eq!(config, expected);
    fs::write(&file, "[training]\nepochs = 0").unwrap();
    let error = parse(&format!("--config {}", file.display())).unwrap_err();
    assert!(error.to_string().contains("epochs (--epochs): expected 1 to 10000, found 0"), "{error}");
}

#[test]
fn a_gpu_is_chosen_by_its_number() {
    let machine = |flags: &str| parse(flags).unwrap().machine;
    assert_eq!((machine("--cuda").device, machine("--cuda").gpu), (DeviceKind::Cuda, None));
    assert_eq!(machine("--cuda --device 1").gpu, Some(1));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("second.toml");
    fs::write(&file, "[machine]\ndevice = \"cuda\"\ngpu = 1\ngpu_name = \"Tesla T4\"").unwrap();
    let repeated = machine(&format!("--config {}", file.display()));
    // The name is that of the GPU which the earlier run had.
    assert_eq!((repeated.device, repeated.gpu, repeated.gpu_name), (DeviceKind::Cuda, Some(1), None));
    assert_eq!(machine(&format!("--config {} --cuda --device 0", file.display())).gpu, Some(0));
}

#[test]
fn flags_that_cannot_be_combined_are_usage_errors() {
    for flags in [
        "--resume --force --out runs/a",
        "--force",
        "--config run.toml --recipe best",
        "--device 1",
        "--cuda --device -1",
        "--config no/such/file.toml",
        "quantize",
        "import weights.safetensors --mean 0.1",
        "export runs/a",
        "eval",
        "--seed 1 eval runs/a",
    ] {
        let error = task(flags).err().unwrap_or_else(|| panic!("{flags} was accepted"));
        assert_eq!(error.exit_code(), 2, "{flags}");
    }
}

#[test]
fn numbers_out_of_range_are_usage_errors() {
    for flags in [
        "--epochs 0",
        "--epochs -1",
        "--batch-size 0",
        "--batch-size 1e3",
        "--lr 0",
        "--lr -1",
        "--lr NaN",
        "--lr inf",
        "--weight-decay -0.1",
        "--weight-decay NaN",
        "--threads 0",
        "--threads 257",
        "--seed -1",
        "--label-smoothing 1",
        "--ema-decay -0.1",
        "--rotation 181",
        "--shift -1",
        "--scale 1",
        "--stroke 1.1",
        "--temperature 0",
        "--distillation 2",
        "bench-accuracy --seeds 0",
        "--optimizer adagrad",
        "--recipe mine",
        "--dataset cifar",
        "--bits 5",
        "--bits fc9=4",
        "surplus",
    ] {
        let error = parse(flags).err().unwrap_or_else(|| panic!("{flags} was accepted"));
        assert_eq!(error.exit_code(), 2, "{flags}");
    }
}

#[test]
fn data_and_epochs_given_beside_a_file_are_those_of_a_new_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.toml");
    let extended = "[[training.extended]]\nafter = 5\nplanned = 5\n";
    let data = "[data]\nsha256 = \"another\"\n";
    fs::write(&file, format!("version = \"0.0.1\"\n{data}[training]\nepochs = 9\n{extended}")).unwrap();
    let config = |more: &str| parse(&format!("--config {} {more}", file.display())).unwrap();
    assert_eq!(config("").training.extended.len(), 1);
    assert_eq!(config("").version, env!("CARGO_PKG_VERSION"));
    assert_eq!(config("--epochs 7").training, Recipe::Default.settings_for(7));
    assert_eq!(config("").data.sha256.as_deref(), Some("another"));
    assert_eq!(config("--data elsewhere").data.sha256, None);
    fs::write(&file, format!("[training]\nepochs = 4\n{extended}")).unwrap();
    let error = parse(&format!("--config {}", file.display())).unwrap_err();
    assert!(error.to_string().contains("training.extended"), "{error}");
    fs::write(&file, "[training]\nrecipe = \"imported\"\nepochs = 3").unwrap();
    assert_eq!(parse(&format!("--config {}", file.display())).unwrap_err().exit_code(), 2);
}
