//! Draws scenes to look at, and scores the preparation of pictures with them.

mod reader;
mod score;
mod sheet;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use image::{GrayImage, ImageFormat};
use lenet_infer::host::idx::{self, LabeledImages, Part};
use lenet_infer::host::picture_file;
use lenet_scenes::{Limits, Medium, Scene};

use crate::reader::ReaderArgs;
use crate::score::{Picture, Score, score_all};

/// The MNIST files of the repository.
const MNIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../lenet-train/data/mnist");

/// Draw seeded pictures of handwritten digits
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draw 48 scenes side by side into one PNG file, and print what each is
    Sheet {
        /// The PNG file
        out: PathBuf,
        #[command(flatten)]
        source: Source,
    },
    /// Write scenes as PNG files, and what they show into labels.tsv
    Write {
        /// The folder, created if it is missing
        dir: PathBuf,
        /// How many scenes
        #[arg(long, default_value_t = 100)]
        count: u64,
        #[command(flatten)]
        source: Source,
    },
    /// Prepare scenes as the host tool does, and count those that the model reads right
    Score {
        /// How many scenes
        #[arg(long, default_value_t = 2000)]
        count: u64,
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        reader: ReaderArgs,
    },
    /// The same for the test images themselves, enlarged
    ScoreImages {
        /// How many times as large
        #[arg(long, default_value_t = 1)]
        zoom: usize,
        /// Folder of the IDX files
        #[arg(long, default_value = MNIST, value_name = "DIR")]
        data: PathBuf,
        #[command(flatten)]
        reader: ReaderArgs,
    },
    /// The same for picture files of one digit each, listed in the folder's labels.tsv
    ScoreFiles {
        /// The folder; labels.tsv has a line of column names, then a file and its digit per line, with a tab between them
        dir: PathBuf,
        /// Only files whose names start with this
        #[arg(long, default_value = "")]
        prefix: String,
        #[command(flatten)]
        reader: ReaderArgs,
    },
}

#[derive(Args, Debug)]
struct Source {
    /// What the scenes show
    #[arg(value_enum, default_value_t = Content::Single)]
    content: Content,
    /// The seed of the first scene; each next scene has the next seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Frames of at most 160x120 pixels, as a microcontroller can hold them
    #[arg(long)]
    board: bool,
    /// Scenes of this medium alone
    #[arg(long, value_enum)]
    medium: Option<MediumName>,
    /// Folder of the IDX files, whose test images are written
    #[arg(long, default_value = MNIST, value_name = "DIR")]
    data: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Content {
    Single,
    Number,
    Empty,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum MediumName {
    Photo,
    Scan,
    Drawing,
    Blackboard,
}

impl From<MediumName> for Medium {
    fn from(name: MediumName) -> Self {
        match name {
            MediumName::Photo => Self::Photo,
            MediumName::Scan => Self::Scan,
            MediumName::Drawing => Self::Drawing,
            MediumName::Blackboard => Self::Blackboard,
        }
    }
}

impl Source {
    fn limits(&self) -> Limits {
        let frames = if self.board { Limits::BOARD } else { Limits::ALL };
        Limits { medium: self.medium.map(Medium::from), ..frames }
    }

    /// Gives `count` scenes, each with its seed.
    fn scenes(&self, count: u64) -> Result<impl Iterator<Item = (u64, Scene)>> {
        let digits = idx::load(&self.data, Part::Test)?;
        let limits = self.limits();
        let content = self.content;
        Ok((self.seed..self.seed + count).map(move |seed| (seed, content.draw(&digits, &limits, seed))))
    }
}

impl Content {
    fn draw(self, digits: &LabeledImages, limits: &Limits, seed: u64) -> Scene {
        match self {
            Self::Single => lenet_scenes::single(digits, limits, seed),
            Self::Number => lenet_scenes::number(digits, limits, seed),
            Self::Empty => lenet_scenes::empty(limits, seed),
        }
    }
}

fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Sheet { out, source } => {
            let mut stdout = io::stdout().lock();
            let mut sheet = sheet::Sheet::new();
            for (seed, scene) in source.scenes(sheet::SCENES)? {
                writeln!(stdout, "{seed}\t{}", scene.description)?;
                sheet.add(&image(&scene));
            }
            save(&sheet.into_image(), &out)
        }
        Command::Write { dir, count, source } => write(&dir, source.scenes(count)?),
        Command::Score { count, source, reader } => {
            let digits = idx::load(&source.data, Part::Test)?;
            let draw = |seed| source.content.draw(&digits, &source.limits(), source.seed + seed).into();
            print(score_all(&reader.read()?, count, draw))
        }
        Command::ScoreImages { zoom, data, reader } => {
            let digits = idx::load(&data, Part::Test)?;
            let draw = |index| {
                Picture::of_image(&digits.images[index as usize], digits.labels[index as usize], zoom)
            };
            print(score_all(&reader.read()?, digits.images.len() as u64, draw))
        }
        Command::ScoreFiles { dir, prefix, reader } => {
            let pictures = read_files(&dir, &prefix)?;
            let draw = |index| pictures[index as usize].clone();
            print(score_all(&reader.read()?, pictures.len() as u64, draw))
        }
    }
}

fn print(score: Score) -> Result<()> {
    Ok(writeln!(io::stdout(), "{score}")?)
}

/// Reads the pictures that a folder's labels.tsv lists.
fn read_files(dir: &Path, prefix: &str) -> Result<Vec<Picture>> {
    let path = dir.join("labels.tsv");
    let table = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let lines = table.lines().zip(1_usize..).skip(1).filter(|(line, _)| line.starts_with(prefix));
    let read = |(line, number): (&str, usize)| {
        let fields = line.split_once('\t').and_then(|(file, digit)| Some((file, digit.parse().ok()?)));
        let (file, label) = fields.with_context(|| {
            format!("{}, line {number}: expected a file, a tab and a digit, found {line:?}", path.display())
        })?;
        let picture = picture_file::read(&dir.join(file))?;
        let (width, height) = (picture.width().into(), picture.height().into());
        Ok(Picture { width, height, pixels: picture.pixels().to_vec(), labels: vec![label] })
    };
    lines.map(read).collect()
}

fn write(dir: &Path, scenes: impl Iterator<Item = (u64, Scene)>) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let mut table = String::from("file\tlabel\tline\tx\ty\twidth\theight\tdescription\n");
    for (seed, scene) in scenes {
        let file = format!("{seed:06}.png");
        save(&image(&scene), &dir.join(&file))?;
        let description = &scene.description;
        for digit in &scene.digits {
            let rect = digit.rect;
            table += &format!(
                "{file}\t{}\t{}\t{}\t{}\t{}\t{}\t{description}\n",
                digit.label, digit.line, rect.x, rect.y, rect.width, rect.height
            );
        }
        if scene.digits.is_empty() {
            table += &format!("{file}\t\t\t\t\t\t\t{description}\n");
        }
    }
    let path = dir.join("labels.tsv");
    fs::write(&path, table).with_context(|| path.display().to_string())
}

fn image(scene: &Scene) -> GrayImage {
    GrayImage::from_raw(scene.width, scene.height, scene.pixels.clone()).expect("one byte per pixel")
}

fn save(image: &GrayImage, path: &Path) -> Result<()> {
    image.save_with_format(path, ImageFormat::Png).with_context(|| path.display().to_string())
}
