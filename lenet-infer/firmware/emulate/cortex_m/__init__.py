"""Runs the firmware images of real boards in Unicorn, on models of their chips' registers.

- `registers`: what a register is, and what happens when a program writes to one that no model knows.
- `machine`: the core, its memory, its time, and what a model can ask of them.
- `core`: the registers that Arm gives every Cortex-M. One chip has a RISC-V core too: `rp2350.hazard3`.
- `stm32f4`, `nrf52`, `rp2350`: the registers of families of chips, with the rules of their data sheets.
- `boards`: the boards: which chip, which crystal, which pins.
- `run`: a run of an image, and what is asserted about it.
- `wire`: a board's UART on a TCP port.
- `controls`: images and boards with a fault, each of which must be found.
"""
