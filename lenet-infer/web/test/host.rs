//! The host's side of the page's test: makes pictures and models, and says what the host reads in a picture.
//!
//! ```text
//! host make FOLDER      writes pictures of the golden digits, and models, into a folder
//! host read PICTURE     prints what the library finds in a PNG, as JSON
//! ```

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use image::imageops::{FilterType, overlay, resize};
use image::{GrayImage, ImageEncoder, Luma, Rgb, RgbImage};
use lenet_core::encode;
use lenet_core::model::{Fc3, Weights};
use lenet_infer::picture::{Frame, Preparer, luma};
use lenet_infer::{Engine, FeatureMaps, Metadata, Model, SHIPPED};
use serde_json::{Value, json};

const DIGITS: &[u8] = include_bytes!("../../assets/golden-digits.bin");
/// Places of the digits 7, 2, 1, 0 and 4 among the golden digits.
const NUMBER: [usize; 5] = [0, 1, 2, 3, 4];
/// The side of the work grid and the most digits in a picture, as in the page.
const SIDE: usize = 240;
const MAX_DIGITS: usize = 16;
const PAPER: [u8; 3] = [236, 230, 214];
const INK: [u8; 3] = [28, 38, 110];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", folder] => make(Path::new(folder)),
        ["read", picture] => {
            println!("{}", read(Path::new(picture))?);
            Ok(())
        }
        _ => Err("usage: host make FOLDER | host read PICTURE".into()),
    }
}

fn make(folder: &Path) -> Result<(), Box<dyn Error>> {
    let digit = sheet(480, 360, &[(NUMBER[0], 120, 60)], 9);
    let number: Vec<_> =
        NUMBER.iter().enumerate().map(|(at, digit)| (*digit, 20 + 180 * at as i64, 40)).collect();
    let number = sheet(940, 300, &number, 7);
    colored(&digit, PAPER, INK).save(folder.join("digit.png"))?;
    colored(&number, PAPER, INK).save(folder.join("number.png"))?;
    digit.save(folder.join("dark.png"))?;
    let large = colored(&digit, PAPER, INK);
    resize(&large, 2_400, 1_800, FilterType::Triangle).save(folder.join("large.png"))?;
    colored(&GrayImage::new(320, 240), PAPER, INK).save(folder.join("blank.png"))?;
    fs::write(folder.join("turned.jpg"), turned(&digit)?)?;
    fs::write(folder.join("camera.y4m"), video(&number))?;
    for (classes, names) in [(3, "zero\none\ntwo"), (64, "")] {
        fs::write(folder.join(format!("model-{classes}.lenet")), model(classes, names)?)?;
    }
    let mut damaged = SHIPPED.bytes.to_vec();
    damaged[10_000] ^= 1;
    fs::write(folder.join("damaged.lenet"), damaged)?;
    Ok(())
}

/// Golden digits, each at a place and enlarged by `scale`, on 0 for paper.
fn sheet(width: u32, height: u32, digits: &[(usize, i64, i64)], scale: u32) -> GrayImage {
    let mut sheet = GrayImage::new(width, height);
    for (digit, left, top) in digits {
        let pixels = DIGITS[784 * digit..784 * (digit + 1)].to_vec();
        let small = GrayImage::from_raw(28, 28, pixels).expect("784 pixels");
        overlay(&mut sheet, &resize(&small, 28 * scale, 28 * scale, FilterType::Triangle), *left, *top);
    }
    sheet
}

/// The picture in colors, from those of the paper to those of the ink.
fn colored(picture: &GrayImage, paper: [u8; 3], ink: [u8; 3]) -> RgbImage {
    let blend = |level: u8, channel: usize| {
        let (paper, ink, level) = (u32::from(paper[channel]), u32::from(ink[channel]), u32::from(level));
        ((paper * (255 - level) + ink * level) / 255) as u8
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let Luma([level]) = *picture.get_pixel(x, y);
        Rgb([0, 1, 2].map(|channel| blend(level, channel)))
    })
}

/// A JPEG of which the camera notes that it is to be turned clockwise.
fn turned(digit: &GrayImage) -> Result<Vec<u8>, Box<dyn Error>> {
    // A TIFF header, and a directory of one entry: orientation (0x112), one short, 6.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    let picture = image::imageops::rotate270(&colored(digit, PAPER, INK));
    let mut jpeg = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 90);
    encoder.set_exif_metadata(exif)?;
    encoder.write_image(&picture, picture.width(), picture.height(), image::ExtendedColorType::Rgb8)?;
    Ok(jpeg)
}

/// A video of the picture for the browser's fake camera: YUV4MPEG2, 4:2:0, dark ink on light paper.
fn video(picture: &GrayImage) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let mut video = format!("YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n").into_bytes();
    for _ in 0..10 {
        video.extend(b"FRAME\n");
        video.extend(picture.as_raw().iter().map(|level| 235 - level / 5 * 4));
        video.extend(vec![128; (width * height / 2) as usize]);
    }
    video
}

/// A file of the shipped model whose last layer has another number of classes: copies of those it has.
fn model(classes: usize, class_names: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let model = &SHIPPED.model;
    let Weights::Int8(rows) = model.fc3().weights() else { return Err("expected int8 weights".into()) };
    let rows: Vec<_> = rows.iter().cycle().take(classes).copied().collect();
    let biases: Vec<_> = model.fc3().bias_bytes().iter().cycle().take(classes).copied().collect();
    let fc3 = Fc3::new(Weights::Int8(&rows), &biases)?;
    let model =
        Model::new(*model.conv1(), *model.conv2(), *model.fc1(), *model.fc2(), fc3, model.confidence());
    let metadata = Metadata { class_names, ..SHIPPED.metadata };
    Ok(encode(&model, &metadata)?)
}

/// What the library reads in a picture.
fn read(path: &Path) -> Result<Value, Box<dyn Error>> {
    let (bytes, width, height) = grays(path)?;
    let frame = Frame::new(&bytes, width, height)?;
    let mut preparer = Box::new(Preparer::<SIDE>::new());
    let model = &SHIPPED.model;
    let mut engine = Engine::new(model);
    let enough = model.confidence().threshold;
    let mut found =
        preparer.find_best::<MAX_DIGITS>(&frame, enough, |image| engine.classify(image).into())?;
    let mut digits = Vec::new();
    while let Some(digit) = found.next() {
        let prediction = engine.classify(&digit.image);
        let maps = FeatureMaps::new(model, &digit.image);
        digits.push(json!({
            "name": prediction.class.to_string(),
            "confident": prediction.is_confident() && !digit.is_guess,
            "logits": prediction.logits,
            "image": digit.image.as_slice(),
            "conv1": maps.conv1,
            "conv2": maps.conv2,
        }));
    }
    Ok(json!({ "digits": digits }))
}

fn grays(path: &Path) -> Result<(Vec<u8>, usize, usize), Box<dyn Error>> {
    let picture = image::open(path)?.to_rgb8();
    Ok((
        picture.pixels().map(|Rgb(pixel)| luma(*pixel)).collect(),
        picture.width() as usize,
        picture.height() as usize,
    ))
}
