"""The RISC-V core of the RP2350: its own registers, its sleep, its exceptions."""

import struct
import unittest

from unicorn import riscv_const

from cortex_m.boards import BOARDS
from cortex_m.registers import RuleBroken
from cortex_m.run import build

from .chips import Program

#: `j .`, `wfi`, and the interrupt of the USB controller in the upper half of a register: `lui a0, 0x40000`.
FOREVER, WFI, USB = 0x0000006F, 0x10500073, 0x40000537
#: `csrrs a1, meiea, a0`, `csrrs a2, meiea, x0` and `csrrc a3, meiea, a0`.
ENABLE, LOOK, DISABLE = 0xBE0525F3, 0xBE002673, 0xBE0536F3
#: `csrw mcountinhibit, x0`; `li a0, 1; slli a0, a0, 11; csrs mie, a0`; `csrsi mstatus, 8`.
COUNT, OUTSIDE, UNMASK = 0x32001073, (0x00100513, 0x00B51513, 0x30452073), 0x30046073


def machine(*code):
    board = BOARDS["rpi-pico-2-hazard3"]
    made = build(Program(board, struct.unpack(f"<{2 * len(code)}H", struct.pack(f"<{len(code)}I", *code))), board)
    made.limit = 1000
    return made


class Core(unittest.TestCase):
    def ends(self, made, message):
        with self.assertRaisesRegex(RuleBroken, message):
            made.run()

    def test_interrupts_are_enabled_read_and_disabled_in_windows(self):
        made = machine(USB, ENABLE, LOOK, FOREVER)
        self.ends(made, "not done after 1,000 cycles")
        self.assertEqual(made.private.nvic.enabled, 1 << 14)
        self.assertEqual([made.core.reg_read(riscv_const.UC_RISCV_REG_X0 + n) for n in (11, 12)], [0, 0x40000000])
        made = machine(USB, ENABLE, DISABLE, FOREVER)
        self.ends(made, "not done")
        self.assertEqual(made.private.nvic.enabled, 0)

    def test_a_window_beyond_the_first_has_its_interrupts(self):
        nvic = machine(FOREVER).private.nvic
        nvic.access(0x00010002, lambda old, new: old | new)
        self.assertEqual(nvic.enabled, 1 << 32)

    def test_the_counters_stand_still_until_the_program_lets_them_run(self):
        made = machine(FOREVER)
        self.assertFalse(made.private.counter.was_read)
        made = machine(COUNT, FOREVER)
        self.ends(made, "not done")
        self.assertTrue(made.private.counter.was_read)

    def test_a_register_that_the_core_does_not_have_is_an_exception(self):
        self.ends(machine(0xBE5025F3, FOREVER), "exception 2 in a test, at 0x10000000")

    def test_a_core_that_nothing_wakes_is_found(self):
        self.ends(machine(WFI, FOREVER), "the core sleeps in a test, and nothing will wake it")

    def test_an_interrupt_wakes_the_core_only_if_mie_lets_it(self):
        for code, message in (((USB, ENABLE, *OUTSIDE, WFI, FOREVER), "not done after 1,000 cycles"),
                              ((USB, ENABLE, WFI, FOREVER), "nothing will wake it")):
            made = machine(*code)
            made.after(1e-6, lambda made=made: made.private.nvic.line(14, True))
            made.limit = 20_000
            self.ends(made, message.replace("1,000", "20,000"))

    def test_a_program_that_sets_no_stack_has_none(self):
        self.ends(machine(0xFEA12E23, FOREVER), "4 bytes at 0xfffffffc used by a test: there is no memory")

    def test_an_interrupt_that_is_not_masked_is_found(self):
        made = machine(UNMASK, USB, ENABLE, FOREVER)
        made.private.nvic.line(14, True)
        self.ends(made, "an interrupt would run its handler")
