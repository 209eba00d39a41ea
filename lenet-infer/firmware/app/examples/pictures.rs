//! Prints on the host what a board prints that prepares the generated pictures: `pictures small` or `pictures large`.

use app::Room;
use lenet_firmware as app;

/// A board that prints, and measures nothing.
struct Host;

// SAFETY: the range from the limit of the stack to its pointer is empty.
unsafe impl app::Board for Host {
    const NAME: &str = "host";
    const UNIT: &str = "cycles";

    fn cycles(&mut self) -> u32 {
        0
    }
    fn write(&mut self, text: &str) {
        print!("{text}");
    }
    fn memory(&self) -> app::Memory {
        app::Memory { flash: 0, variables: 0 }
    }
    fn stack_limit() -> usize {
        0
    }
    fn stack_pointer() -> usize {
        0
    }
}

fn main() {
    let room = match std::env::args().nth(1).as_deref() {
        Some("small") => Room::Small,
        Some("large") => Room::Large,
        _ => panic!("expected the room of the board: small or large"),
    };
    app::pictures(&mut Host, room);
}
