use super::*;
use crate::data::{DatasetError, DatasetName};
use image::{GrayImage, Luma};
use tempfile::{TempDir, tempdir};

/// A folder of classes with so many pictures each, all of a gray level that tells the class.
fn folder(classes: &[(&str, usize)]) -> TempDir {
    let dir = tempdir().unwrap();
    for (level, (name, pictures)) in (0_u8..).zip(classes) {
        fs::create_dir(dir.path().join(name)).unwrap();
        for picture in 0..*pictures {
            fs::write(dir.path().join(name).join(format!("{picture}.png")), png(level)).unwrap();
        }
    }
    dir
}

fn png(level: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 28, 28);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&[level; IMAGE_PIXELS]).unwrap();
    file
}

fn message(dir: &Path) -> String {
    Dataset::load(DatasetName::Mnist, Some(dir), Preparation::AsIs, true).unwrap_err().to_string()
}

#[test]
fn each_sub_folder_is_a_class_split_by_the_names_of_its_pictures() {
    let dir = folder(&[("2", 40), ("circle", 25), ("10", 3)]);
    fs::write(dir.path().join("circle/notes.txt"), "none").unwrap();
    let set = Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::AsIs, true).unwrap();
    assert_eq!(set.class_names, ["2", "10", "circle"]);
    assert_eq!((set.classes, set.name.as_str()), (3, CUSTOM));
    let (train, validation) = set.split();
    let count = |labels: &[u8]| [0, 1, 2].map(|class| labels.iter().filter(|label| **label == class).count());
    assert_eq!(count(train.labels), [32, 1, 21]);
    assert_eq!(count(validation.labels), [4, 1, 2]);
    assert_eq!(count(&set.test.labels), [4, 1, 2]);
    // The second class by name was written third, in gray level 2.
    let levels = train.images.iter().map(|image| image[0]).zip(train.labels);
    assert!(levels.clone().all(|(level, label)| level == [0, 2, 1][usize::from(*label)]));
    assert!(
        set.note.unwrap().ends_with("54 to train on, 7 for validation, 7 to test; 1 other files left out")
    );
}

#[test]
fn a_folder_that_is_no_data_set_is_refused_with_the_reason() {
    let dir = folder(&[]);
    assert!(message(dir.path()).contains("found neither: name another folder by --data"));
    let dir = folder(&[("only", 5)]);
    assert!(message(dir.path()).contains("expected 2 to 64 sub-folders, one per class, found 1"));
    let names: Vec<String> = (0..65).map(|class| class.to_string()).collect();
    let dir = folder(&names.iter().map(|name| (name.as_str(), 0)).collect::<Vec<_>>());
    assert!(message(dir.path()).contains("found 65"));
    let dir = folder(&[("a", 5), ("b", 2)]);
    let expected = format!(
        "{}: expected at least 3 pictures (.png, .jpg, .jpeg, .webp, .bmp, .gif, .tif, .tiff), found 2",
        dir.path().join("b").display()
    );
    assert!(message(dir.path()).starts_with(&expected));
}

#[test]
fn a_picture_that_cannot_be_read_is_named() {
    let dir = folder(&[("a", 5), ("b", 5)]);
    let broken = dir.path().join("b/3.png");
    fs::write(&broken, &png(0)[..60]).unwrap();
    let error = Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::AsIs, true).unwrap_err();
    assert!(matches!(error, DatasetError::Folder(FolderError::Picture(PictureError::Damaged { .. }))));
    assert!(error.to_string().starts_with(&broken.display().to_string()));
}

#[test]
fn a_renamed_class_a_changed_pixel_and_a_moved_picture_change_the_identity() {
    let identity = |change: &dyn Fn(&Path)| {
        let dir = folder(&[("a", 12), ("b", 12)]);
        change(dir.path());
        Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::AsIs, true).unwrap().sha256
    };
    let unchanged = identity(&|_| {});
    assert_eq!(unchanged, identity(&|_| {}), "another folder with the same pictures");
    let changes: [&dyn Fn(&Path); 3] = [
        &|dir| fs::rename(dir.join("b"), dir.join("c")).unwrap(),
        &|dir| fs::write(dir.join("b/3.png"), png(2)).unwrap(),
        &|dir| fs::rename(dir.join("b/3.png"), dir.join("a/moved.png")).unwrap(),
    ];
    for change in changes {
        assert_ne!(unchanged, identity(change));
    }
}

/// A folder of two classes: a dark bar that lies or stands, of another size and in another place in each picture.
fn folder_of_bars() -> TempDir {
    let dir = tempdir().unwrap();
    for (class, name) in ["lying", "standing"].iter().enumerate() {
        fs::create_dir(dir.path().join(name)).unwrap();
        for picture in 0..5_u32 {
            let start = 10 + 7 * picture;
            let ink =
                |along, across| (start..start + 60 + picture).contains(&along) && (40..48).contains(&across);
            let level = |x, y| if if class == 0 { ink(x, y) } else { ink(y, x) } { 60 } else { 190 };
            let bar = GrayImage::from_fn(120, 130, |x, y| Luma([level(x, y)]));
            bar.save(dir.path().join(name).join(format!("{picture}.bmp"))).unwrap();
        }
    }
    dir
}

#[test]
fn pictures_are_prepared_as_the_host_tool_does_it() {
    let dir = folder_of_bars();
    let load = |preparation| Dataset::load(DatasetName::Mnist, Some(dir.path()), preparation, true).unwrap();
    let set = load(Preparation::Prepared);
    assert_eq!(set.title(), "custom, pictures prepared");
    for (image, label) in set.train.images.iter().zip(&set.train.labels) {
        // The bar goes through the middle, from pixel 4 to pixel 23.
        let at = |along: usize| if *label == 0 { image[14 * 28 + along] } else { image[along * 28 + 14] };
        assert!(at(5) > 100 && at(22) > 100 && at(2) == 0 && at(26) == 0, "{image:?}");
    }
    let stretched = load(Preparation::AsIs);
    assert_eq!(stretched.title(), "custom, pictures as they are");
    assert_ne!(stretched.sha256, set.sha256);
}

#[test]
fn a_picture_in_which_nothing_is_found_is_named_with_the_reason() {
    let dir = folder_of_bars();
    let blank = dir.path().join("lying/blank.png");
    GrayImage::from_pixel(100, 100, Luma([200])).save(&blank).unwrap();
    let error = Dataset::load(DatasetName::Mnist, Some(dir.path()), Preparation::Prepared, true).unwrap_err();
    let expected = format!(
        "{}: no digit: nothing stands out from the paper; use more light or a thicker pen; or remove the picture, or \
         stretch all pictures with --as-is",
        blank.display()
    );
    assert_eq!(error.to_string(), expected);
}
