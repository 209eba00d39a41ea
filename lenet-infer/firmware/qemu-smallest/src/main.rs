//! The whole test set through 16 kB of flash and 2 kB of RAM: the ternary model, on a Cortex-M0 that QEMU emulates, and, with
//! the portable kernels, on RV32IMC and on RV32EC.
//!
//! The program reads the files of the host's command `bulk` and writes those that it expects, and one more:
//!
//! | file | content |
//! |---|---|
//! | `about.bin` | the CRC-32 at the end of the model file (4 bytes, little-endian), the number of classes (1 byte) and the name of the board |
//! | `images.bin` | the images, 784 bytes each, of which a row at a time is in memory |
//! | `logits.bin` | the logits of each image, 4 bytes per logit, little-endian |
//! | `ram.bin` | the bytes of RAM that all this took, stack and variables (4 bytes, little-endian) |
#![no_std]
#![no_main]

mod host;
#[cfg_attr(target_arch = "arm", path = "memory/arm.rs")]
#[cfg_attr(target_arch = "riscv32", path = "memory/riscv.rs")]
mod memory;
mod ram;

use core::ops::Deref;
use core::panic::PanicInfo;
#[cfg(target_arch = "arm")]
use cortex_m as _; // The critical section.
#[cfg(target_arch = "arm")]
use cortex_m_rt::entry;
use host::File;
use lenet_infer::{Model, SHIPPED_TERNARY as FILE, Stream};
#[cfg(target_arch = "riscv32")]
use riscv_rt::entry;
use semihosting::process;

/// The name that QEMU has for the board.
const BOARD: &str = if cfg!(target_arch = "arm") { "microbit" } else { "virt" };
/// The model, known to the compiler.
struct Shipped;

impl Deref for Shipped {
    type Target = Model<'static>;

    #[inline(always)]
    fn deref(&self) -> &Model<'static> {
        &FILE.model
    }
}

/// The table of the part's interrupts, of which it has none.
#[cfg(target_arch = "arm")]
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [u32; 1] = [0];

/// Runs the program, once.
#[entry]
fn main() -> ! {
    ram::paint();
    classify();
    File::create(c"ram.bin").write(&ram::used().to_le_bytes());
    process::exit(0)
}

/// Classifies the images.
#[inline(never)] // Its variables are part of what is measured.
fn classify() {
    let about = File::create(c"about.bin");
    about.write(&FILE.crc().to_le_bytes());
    about.write(&[FILE.model.classes() as u8]);
    about.write(BOARD.as_bytes());
    let images = File::open(c"images.bin");
    let logits = File::create(c"logits.bin");
    let mut stream = Stream::of(Shipped);
    let mut row = [0; 28];
    while images.read(&mut row) {
        if let Some(prediction) = stream.push(&row) {
            prediction.logits.iter().for_each(|logit| logits.write(&logit.to_le_bytes()));
        }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    process::abort()
}
