//! A board that is a thread of the test.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use lenet_infer::link::{
    Bench, Classification, FoundDigit, Info, Kind, MAX_DIGITS, Receiver, Refusal, Reply, Request, UNNUMBERED,
    Wanted, send,
};
use lenet_infer::picture::{Digit, Preparer};
use lenet_infer::{Engine, SHIPPED};

/// The side of its work grid.
const SIDE: usize = 48;
/// The longest side of a picture that it takes.
const FRAME_SIDE: u16 = 150;

/// The ways in which a board differs from a good one.
#[derive(Clone, Copy, Default)]
pub(super) struct Defect {
    /// What is added to one logit of the second image.
    pub(super) logit: i32,
    /// What is added to the checksum of its model.
    pub(super) model_crc: u32,
    /// The reply that it hangs up in place of, counted from 1; 0 for none.
    pub(super) replies: usize,
    /// It answers only every second request.
    pub(super) deaf: bool,
    /// What is added to the number of digits that it says it classified.
    pub(super) digits: u16,
    /// It refuses a damaged frame before each reply.
    pub(super) stray: bool,
    /// What is added to one pixel of the image of the second digit.
    pub(super) pixel: u8,
    /// Its name; empty for the usual one.
    pub(super) name: &'static str,
}

/// Runs `peer` with the first connection to the address that it returns.
pub(super) fn listen(peer: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || peer(listener.accept().unwrap().0));
    address
}

/// A board on a socket.
pub(super) fn board(defect: Defect) -> String {
    listen(move |stream| serve(stream.try_clone().unwrap(), stream, defect))
}

/// A board that prints before it answers.
pub(super) fn serve(from_host: impl Read, mut to_host: impl Write, defect: Defect) {
    let mut engine = Engine::new(&SHIPPED.model);
    let mut receiver = Receiver::new(Kind::Request);
    let mut picture = Taken::default();
    let (mut requests, mut replies, mut images) = (0, 0, 0);
    for byte in BufReader::new(from_host).bytes() {
        let Ok(byte) = byte else { return };
        let Some(Ok(frame)) = receiver.push(byte) else { continue };
        requests += 1;
        if defect.deaf && requests % 2 == 1 {
            continue;
        }
        let reply = match frame.message().unwrap() {
            Request::Info => Reply::Info(info(defect)),
            Request::Bench { images } => {
                let images = images.wrapping_add(defect.digits);
                Reply::Bench(Bench { images, equal: images, least: 10, most: 30, total: 60 })
            }
            Request::Classify { image } => {
                images += 1;
                let prediction = engine.classify(image);
                let mut logits = prediction.logits.to_vec();
                logits[4] += if images == 2 { defect.logit } else { 0 };
                let (class, confidence) = (prediction.class, prediction.confidence);
                let (cycles, stack) = (1_000 + images, 700 + images % 2);
                Reply::Classification(Classification::new(class, confidence, &logits, cycles, stack).unwrap())
            }
            Request::Picture { width, height, wanted } => {
                picture = Taken { width, height, wanted: Some(wanted), ..Taken::default() };
                Reply::Taken { rows: 0 }
            }
            Request::Rows { first, pixels } => {
                assert_eq!(usize::from(first), picture.pixels.len() / usize::from(picture.width));
                picture.pixels.extend_from_slice(pixels);
                Reply::Taken { rows: (picture.pixels.len() / usize::from(picture.width)) as u16 }
            }
            Request::Digit { index } => picture.digit(index, &mut engine),
            Request::Image => {
                let image = picture.image.as_mut().expect("the host asks for a digit first");
                image[300] = image[300].wrapping_add(if picture.index == 1 { defect.pixel } else { 0 });
                Reply::Image(image)
            }
        };
        replies += 1;
        if replies == defect.replies {
            return;
        }
        let mut wire = b"text".to_vec();
        if defect.stray {
            let refused = Reply::Refused(Refusal::Damaged);
            send(UNNUMBERED, &refused, |bytes| wire.extend_from_slice(bytes)).unwrap();
        }
        send(frame.sequence, &reply, |bytes| wire.extend_from_slice(bytes)).unwrap();
        if to_host.write_all(&wire).is_err() {
            return;
        }
    }
}

pub(super) fn info(defect: Defect) -> Info<'static> {
    let crc = SHIPPED.crc();
    Info {
        board: if defect.name.is_empty() { "thread" } else { defect.name },
        unit: "cycles",
        model_crc: crc.wrapping_add(defect.model_crc),
        classes: 10,
        engine_ram: 1_234,
        variables: 5,
        flash: 60_000,
        grid_side: SIDE as u8,
        frame_side: FRAME_SIDE,
    }
}

/// A picture, of which some rows may be missing.
#[derive(Default)]
struct Taken {
    width: u16,
    height: u16,
    wanted: Option<Wanted>,
    pixels: Vec<u8>,
    /// The digit that was asked for last, and its image.
    index: u8,
    image: Option<Box<[u8; 784]>>,
}

impl Taken {
    /// Finds all digits again for each answer.
    fn digit(&mut self, index: u8, engine: &mut Engine<'_>) -> Reply<'static> {
        let mut preparer = Preparer::<SIDE>::new();
        let mut rows = preparer.rows(self.width.into(), self.height.into()).unwrap();
        self.pixels.chunks(self.width.into()).for_each(|row| rows.push(row.iter().copied()));
        assert!(rows.is_complete());
        if self.wanted == Some(Wanted::One) {
            return match rows.finish() {
                Ok(digit) if index == 0 => self.tell(index, digit, engine),
                Ok(_) => Reply::NoMore,
                Err(reason) => Reply::NoDigit(reason),
            };
        }
        let mut digits = match rows.find::<MAX_DIGITS>() {
            Ok(digits) => digits,
            Err(reason) => return Reply::NoDigit(reason),
        };
        for _ in 0..index {
            digits.next();
        }
        digits.next().map_or(Reply::NoMore, |digit| self.tell(index, digit, engine))
    }

    fn tell(&mut self, index: u8, digit: &Digit, engine: &mut Engine<'_>) -> Reply<'static> {
        (self.index, self.image) = (index, Some(Box::new(digit.image)));
        let said = engine.classify(&digit.image);
        let classification =
            Classification::new(said.class, said.confidence, said.logits, 2_000, 700).unwrap();
        let Digit { rect, line, contrast, stroke_width, .. } = *digit;
        Reply::Digit(FoundDigit { rect, line, contrast, stroke_width, cycles: 3_000, classification })
    }
}
