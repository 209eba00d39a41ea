//! What a camera must provide, and a camera that draws what it sees.

use lenet_infer::picture::NoDigit;

/// A camera that gives gray pictures row by row.
pub trait Camera {
    /// Returns the number of columns of a picture, 1 to 4096.
    fn width(&self) -> usize;
    /// Returns the number of rows of a picture, 1 to 4096.
    fn height(&self) -> usize;
    /// Takes a picture, and passes its rows to `row`, from the top: a gray level per column, from the left.
    fn capture(&mut self, row: impl FnMut(&[u8]));
    /// Shows what the picture is read as, or why it has no digit, on the camera's own display. By default there is none.
    fn show(&mut self, reading: Result<Reading, NoDigit>) {
        let _ = reading;
    }
}

/// A digit as it is read in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The class: 0 to 9.
    pub class: u8,
    /// Whether the model is sure of it.
    pub sure: bool,
}

#[cfg(feature = "corpus")]
pub use drawn::Drawn;

#[cfg(feature = "corpus")]
mod drawn {
    use super::Camera;
    use crate::golden;
    use lenet_infer::picture::corpus::{MAX_HEIGHT, MAX_WIDTH, Scene};

    /// A camera in front of golden digits on gray paper, another one in each picture.
    #[derive(Clone, Debug, Default)]
    pub struct Drawn {
        pictures: u32,
    }

    impl Camera for Drawn {
        fn width(&self) -> usize {
            MAX_WIDTH
        }

        fn height(&self) -> usize {
            MAX_HEIGHT
        }

        fn capture(&mut self, mut row: impl FnMut(&[u8])) {
            let (scene, _) = Scene::of_one(self.pictures, golden::images());
            self.pictures += 1;
            let mut levels = [0; MAX_WIDTH];
            for y in 0..scene.height() {
                scene.write_row(y, &mut levels);
                row(&levels);
            }
        }
    }
}
