"""Images and boards with a fault each, which a run must find: what shows that the assertions can fail."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from .boards import BOARDS, MHZ
from .chip import Area, Led
from .image import Image
from .machine import WFI
from .registers import RuleBroken
from .run import report

NOP = 0xBF00
#: The repository's golden logits, of which one is changed in an image.
LOGITS = Path(__file__).resolve().parents[3] / "assets" / "golden-logits.bin"

#: Of the definition of an RP2350's image: its last word, and its item with the image's type, for either kind of core.
FOOTER, ARM, RISC_V = (bytes.fromhex(text) for text in ("793512ab", "42012110", "42012111"))


@dataclass(frozen=True)
class Control:
    """A fault, and the message that must say so."""

    fault: str
    #: The board whose image runs.
    image: str
    #: The board that it runs on, with the fault.
    board: object
    message: str
    change: object = lambda image: None


def limits(name, **changed):
    """A board whose chip has other limits."""
    board = BOARDS[name]
    return replace(board, chip=replace(board.chip, limits=replace(board.chip.limits, **changed)))


def other_logit(image):
    """Changes the last of the golden logits."""
    logits = LOGITS.read_bytes()
    image.replace(logits, logits[:-1] + bytes([logits[-1] ^ 1]))


def without_sleep(image):
    """Turns every WFI into a NOP: the halfword is no part of another instruction in the images."""
    for _, part in image.parts:
        for place in range(0, len(part) - 1, 2):
            if part[place:place + 2] == WFI.to_bytes(2, "little"):
                part[place:place + 2] = NOP.to_bytes(2, "little")


F411, F407, NRF52840, MICROBIT, PICO_2, HAZARD3 = (BOARDS[name] for name in BOARDS)

CONTROLS = (
    Control("scale 1 allows 84 MHz only", F411.name, limits(F411.name, scales={3: 64 * MHZ, 2: 84 * MHZ, 1: 84 * MHZ}),
            r"the core runs at 100 MHz in voltage scale 1, which allows 84 MHz"),
    Control("the PLL does not raise the voltage", F411.name, limits(F411.name, scale_codes={1: 3, 2: 2, 3: 2}),
            r"the core runs at 100 MHz in voltage scale 2, which allows 84 MHz"),
    Control("the flash is slower", F411.name, limits(F411.name, flash_steps=(20 * MHZ, 40 * MHZ, 60 * MHZ, 80 * MHZ)),
            r"the flash has 3 wait states at 100 MHz: expected 4 or more"),
    Control("APB1 is slower", F411.name, limits(F411.name, apb1=42 * MHZ), r"APB1 runs at 50 MHz: expected 42 MHz at most"),
    Control("the board sends on another pin", F411.name, replace(F411, sends="PA9"),
            r"PA9 is an input: expected an alternate function"),
    Control("the image of the STM32F407 on an STM32F411", F407.name, F411,
            r"the core runs at 168 MHz in voltage scale 1, which allows 100 MHz"),
    Control("a crystal of 25 MHz", F407.name, replace(F407, crystal=25 * MHZ),
            r"the PLL's input runs at 6\.25 MHz: expected 1 MHz to 2 MHz"),
    Control("a crystal of 7.5 MHz", F407.name, replace(F407, crystal=7_500_000), r"107,877 baud \(-6\.36%"),
    Control("a golden logit that differs", F407.name, F407, r"99 of 100 golden digits .* expected 100 of 100", other_logit),
    Control("a program that polls", F407.name, F407, r"the core polls while it waits for its host", without_sleep),
    Control("the board receives on another pin", NRF52840.name, replace(NRF52840, receives="P0.07"),
            r"UARTE0\.PSEL\.RXD selects P0\.08: expected P0\.07"),
    Control("the host has another baud rate", NRF52840.name, replace(NRF52840, baud_rate=57_600),
            r"UARTE0 runs at 115,108 baud \(\+99\.84%"),
    Control("the image of the nRF52840 on an nRF52833", NRF52840.name, MICROBIT,
            r"the stack begins at 0x2003....: expected in RAM, below 0x20020000"),
    Control("less flash", MICROBIT.name, replace(MICROBIT, chip=replace(MICROBIT.chip, flash=Area(0, 64 << 10))),
            r"has no flash"),
    Control("the LED is on another pin", MICROBIT.name, replace(MICROBIT, leds=(Led("P0.30", False),)),
            r"P0\.30 is an input: expected an output"),
    Control("a golden logit that differs", PICO_2.name, PICO_2, r"the LED's pin GPIO25 is low at the end: expected high",
            other_logit),
    Control("a crystal of 9 MHz", PICO_2.name, replace(PICO_2, crystal=9 * MHZ), r"clk_usb is 36 MHz: expected 48 MHz"),
    Control("a crystal of 4 MHz", PICO_2.name, replace(PICO_2, crystal=4 * MHZ),
            r"PLL_SYS's reference is 4 MHz: expected 5 MHz or more"),
    Control("a core that promises another clock", PICO_2.name, replace(PICO_2, clock=125 * MHZ),
            r"the core runs at 150,000,000 Hz: expected 125,000,000"),
    Control("the flash is slower", PICO_2.name, limits(PICO_2.name, flash=40 * MHZ),
            r"the flash's clock is 50 MHz: expected 40 MHz at most"),
    Control("a damaged image definition", PICO_2.name, PICO_2, r"the image has no definition in its first 4,096 bytes",
            lambda image: image.replace(FOOTER, bytes(4))),
    Control("an image defined for the RISC-V core", PICO_2.name, PICO_2,
            r"the image's definition says a RISC-V program \(0x1121\): expected a secure Arm program \(0x1021\)",
            lambda image: image.replace(ARM, RISC_V)),
    Control("the LED is on another pin", PICO_2.name, replace(PICO_2, leds=(Led("GPIO24", True),)),
            r"GPIO24 has function 31: expected 5, SIO"),
    Control("a golden logit that differs", HAZARD3.name, HAZARD3, r"the LED's pin GPIO25 is low at the end: expected high",
            other_logit),
    Control("an image defined for the Arm core", HAZARD3.name, HAZARD3,
            r"the image's definition says a secure Arm program \(0x1021\): expected a RISC-V program \(0x1101\)",
            lambda image: image.replace(RISC_V, ARM)),
    Control("a crystal of 9 MHz", HAZARD3.name, replace(HAZARD3, crystal=9 * MHZ), r"clk_usb is 36 MHz: expected 48 MHz"),
)


def run_all(folder):
    """Runs every control; raises `RuleBroken` at the first fault that a run does not find."""
    for control in CONTROLS:
        image = Image(Path(folder) / control.image)
        control.change(image)
        try:
            report(image, control.board)
        except RuleBroken as found:
            first = str(found).splitlines()[0]
            if not re.search(control.message, first):
                raise RuleBroken(f"{control.fault}: expected {control.message!r}, found {first!r}") from found
            print(f"found: {control.image}: {control.fault}: {first}")
        else:
            raise RuleBroken(f"{control.fault}: the run of {control.image} did not find it")
