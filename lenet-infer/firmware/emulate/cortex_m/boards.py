"""The boards whose images run here."""

from .chip import Board, Led
from .nrf52 import NRF52833, NRF52840
from .rp2350 import RP2350, RP2350_HAZARD3
from .stm32f4 import F407, F411

MHZ = 1_000_000

BOARDS = {
    board.name: board
    for board in (
        Board("stm32f411e-disco", F411, crystal=8 * MHZ, clock=100 * MHZ, sends="PA2", receives="PA3",
              leds=(Led("PD12", True), Led("PD14", False))),
        Board("stm32f407g-disc1", F407, crystal=8 * MHZ, clock=168 * MHZ, sends="PA2", receives="PA3",
              leds=(Led("PD12", True), Led("PD14", False))),
        # LED1 is lit when low.
        Board("nrf52840-dk", NRF52840, crystal=32 * MHZ, clock=64 * MHZ, sends="P0.06", receives="P0.08",
              leds=(Led("P0.13", False),)),
        # The LED in the middle is between row 3, high, and column 3, low.
        Board("microbit-v2", NRF52833, crystal=32 * MHZ, clock=64 * MHZ, sends="P0.06", receives="P1.08",
              leds=(Led("P0.15", True), Led("P0.31", False))),
        Board("rpi-pico-2", RP2350, crystal=12 * MHZ, clock=150 * MHZ, leds=(Led("GPIO25", True),)),
        Board("rpi-pico-2-hazard3", RP2350_HAZARD3, crystal=12 * MHZ, clock=150 * MHZ, leds=(Led("GPIO25", True),)),
    )
}
