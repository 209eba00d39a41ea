use super::*;

#[test]
fn a_cosine_schedule_falls_from_the_peak_to_almost_0() {
    let rate = |step| Schedule::Cosine.learning_rate(0.5, step, 100);
    assert_eq!(rate(0), 0.5);
    assert!((1..100).all(|step| rate(step) < rate(step - 1)));
    assert!(rate(99) > 0.0 && rate(99) < 0.001);
}

#[test]
fn a_warm_up_rises_linearly_to_the_peak_where_the_schedule_begins() {
    let settings = Settings { epochs: 10, warmup_epochs: 3, learning_rate: 1.2, ..DEFAULT };
    let rate = |step: u32| settings.learning_rate_at(step + 1, 0, 1);
    for (step, expected) in [0.3, 0.6, 0.9, 1.2].into_iter().enumerate() {
        assert!((rate(step as u32) - expected).abs() < 1e-12, "{step}");
    }
    assert!((4..10).all(|step| rate(step) < rate(step - 1)));
    assert!(rate(9) > 0.0 && rate(9) < 0.07);
}

#[test]
fn a_warm_up_longer_than_the_run_never_reaches_the_peak() {
    let settings = Settings { epochs: 2, warmup_epochs: 5, learning_rate: 1.0, ..DEFAULT };
    assert!((0..8).all(|step| settings.learning_rate_at(1 + step / 4, u64::from(step % 4), 4) < 0.5));
}

#[test]
fn a_constant_schedule_keeps_the_peak() {
    assert_eq!(Schedule::Constant.learning_rate(0.5, 99, 100), 0.5);
}

#[test]
fn a_recipe_at_its_own_length_is_unchanged() {
    for recipe in [Recipe::Reference, Recipe::Default, Recipe::Best, Recipe::Mnist] {
        let settings = recipe.settings();
        assert_eq!(recipe.settings_for(settings.epochs), settings);
        assert_eq!(settings.check(), Ok(()));
    }
    let best = Recipe::Best.settings_for(100);
    assert_eq!((best.warmup_epochs, best.qat_epochs, best.ema_decay), (3, 20, 0.998));
}

#[test]
fn the_parts_of_a_recipe_are_scaled_with_its_length() {
    let mnist = |epochs| {
        let Settings { warmup_epochs, qat_epochs, ema_decay, .. } = Recipe::Mnist.settings_for(epochs);
        (warmup_epochs, qat_epochs, (ema_decay * 1e6).round() / 1e6)
    };
    assert_eq!(mnist(400), (10, 80, 0.9995));
    assert_eq!(mnist(100), (3, 20, 0.998));
    assert_eq!(mnist(6), (0, 1, 0.966_667));
    assert_eq!(mnist(1), (0, 0, 0.8));
    assert_eq!(Recipe::Default.settings_for(6), Settings { epochs: 6, ..DEFAULT });
    for recipe in [Recipe::Reference, Recipe::Default, Recipe::Best, Recipe::Mnist] {
        assert!((1..=10_000).all(|epochs| recipe.settings_for(epochs).check().is_ok()), "{recipe}");
    }
}

#[test]
fn parts_longer_than_the_run_are_refused() {
    let check =
        |epochs, warmup_epochs, qat_epochs| Settings { epochs, warmup_epochs, qat_epochs, ..BEST }.check();
    assert_eq!(check(6, 6, 5), Ok(()));
    assert_eq!(check(6, 7, 0), Err(SettingsError::Warmup { epochs: 6, found: 7 }));
    for found in [6, 7] {
        assert_eq!(check(6, 0, found), Err(SettingsError::QuantizationAware { epochs: 6, found }));
    }
}

#[test]
fn consecutive_seeds_end_at_the_largest_u64() {
    let seeds = |seed, count| Settings { seed, ..DEFAULT }.seeds(count);
    assert_eq!(seeds(7, 3), Ok(7..=9));
    assert_eq!(seeds(u64::MAX, 1), Ok(u64::MAX..=u64::MAX));
    assert_eq!(seeds(u64::MAX - 4, 5), Ok(u64::MAX - 4..=u64::MAX));
    let error = seeds(u64::MAX, 5).unwrap_err();
    assert_eq!(error, SettingsError::Seeds { first: u64::MAX, count: 5 });
    assert!(error.to_string().contains("at most 18446744073709551611"), "{error}");
}

#[test]
fn the_settings_of_each_recipe_name_it() {
    for recipe in [Recipe::Reference, Recipe::Default, Recipe::Best, Recipe::Mnist] {
        assert_eq!(recipe.settings().recipe, recipe);
    }
}

#[test]
fn the_error_for_a_setting_out_of_range_names_its_flag_and_range() {
    type Change = fn(&mut Settings);
    let changes: [(Change, &str); 8] = [
        (|settings| settings.epochs = 0, "epochs (--epochs): expected 1 to 10000, found 0"),
        (|settings| settings.batch_size = 0, "batch size (--batch-size): expected 1 to 65536, found 0"),
        (
            |settings| settings.learning_rate = f64::NAN,
            "learning rate (--lr): expected above 0, at most 10, found NaN",
        ),
        (
            |settings| settings.rule.weight_decay = -0.1,
            "weight decay (--weight-decay): expected 0 to 10, found -0.1",
        ),
        (
            |settings| settings.ema_decay = 1.0,
            "decay of the average (--ema-decay): expected 0 to below 1, found 1",
        ),
        (|settings| settings.temperature = 0.0, "temperature (--temperature): expected 0.1 to 100, found 0"),
        (
            |settings| settings.augment.rotation = 181.0,
            "rotation (--rotation): expected 0 to 180 degrees, found 181",
        ),
        (|settings| settings.augment.scale = 1.0, "scale (--scale): expected 0 to below 1, found 1"),
    ];
    for (change, expected) in changes {
        let mut settings = BEST;
        change(&mut settings);
        assert_eq!(settings.check().unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_title_lists_the_settings_that_differ_from_the_recipe() {
    assert_eq!(BEST.title(), "best");
    let mut settings = Recipe::Best.settings_for(6);
    assert_eq!(settings.title(), "best, changed: epochs 6");
    settings.augment.rotation = 90.0;
    settings.label_smoothing = 0.3;
    (settings.seed, settings.bits) = (9, "4".parse().unwrap());
    assert_eq!(settings.title(), "best, changed: epochs 6, label smoothing 0.3, rotation 90");
    let sgd = Rule { algorithm: Algorithm::Sgd, ..DEFAULT.rule };
    assert_eq!(Settings { rule: sgd, ..DEFAULT }.title(), "default, changed: optimizer sgd");
}

#[test]
fn an_extended_run_keeps_the_learning_rates_of_its_finished_epochs() {
    let plan = Settings { epochs: 10, ..DEFAULT };
    let mut extended = plan.clone();
    extended.extend(30, 10).unwrap();
    for epoch in 1..=10 {
        assert_eq!(extended.learning_rate_at(epoch, 3, 7), plan.learning_rate_at(epoch, 3, 7));
    }
    let longer = Settings { epochs: 30, ..DEFAULT };
    assert_eq!(extended.learning_rate_at(11, 0, 7), longer.learning_rate_at(11, 0, 7));
    let again = extended.clone();
    extended.extend(30, 12).unwrap();
    assert_eq!(extended, again);
    let error = extended.extend(5, 12).unwrap_err();
    assert_eq!(error.to_string(), "--epochs: expected at least the 12 epochs that are finished, found 5");
}

#[test]
fn a_run_extended_twice_before_it_went_on_keeps_the_plan_that_it_followed() {
    let mut settings = Settings { epochs: 5, ..DEFAULT };
    settings.extend(10, 3).unwrap();
    settings.extend(20, 3).unwrap();
    assert_eq!((settings.epochs, &*settings.extended), (20, &[Extension { after: 3, planned: 5 }][..]));
    settings.check().unwrap();
}

#[test]
fn settings_survive_toml_and_json_even_with_the_largest_seed() {
    for seed in [0, 7, u64::MAX] {
        let settings = Settings { seed, extended: vec![Extension { after: 3, planned: 5 }], ..BEST };
        let toml = toml::to_string(&settings).unwrap();
        assert_eq!(toml::from_str::<Settings>(&toml).unwrap(), settings, "{toml}");
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(serde_json::from_str::<Settings>(&json).unwrap(), settings, "{json}");
    }
}
