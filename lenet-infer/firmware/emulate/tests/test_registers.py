"""What no model knows is an error with a name, and never a zero."""

import unittest

from cortex_m.registers import Peripheral, Register, RuleBroken, bit, bits, fixed, status

from .chips import machine


class Lamp(Peripheral):
    registers = (
        Register("CR", 0x0, bit("ON", 0), bits("LEVEL", 3, 1, allowed=(0, 2)), fixed("BLINK", 4), status("WARM", 8),
                 reset=0x80000000),
        Register("BYTES", 0x4, bits("VALUE", 31, 0), sizes=(1, 4)),
    )
    unmodeled = {0x8: "COLOR"}


class Registers(unittest.TestCase):
    def setUp(self):
        self.lamp = Lamp(None, "LAMP", 0x40000000)

    def breaks(self, message, action, *arguments):
        with self.assertRaisesRegex(RuleBroken, message):
            action(*arguments)

    def test_a_register_without_a_model_is_named(self):
        self.breaks(r"LAMP\.COLOR \(0x40000008\) read: there is no model", self.lamp.read, 0x40000008, 4)
        self.breaks(r"LAMP\+0x00c \(0x4000000c\) written: there is no model", self.lamp.write, 0x4000000C, 4, 0)

    def test_a_bit_without_a_field_is_named(self):
        self.breaks(r"LAMP\.CR written as 0x80000200: the model has no field for bit 9", self.lamp.write, 0x40000000, 4,
                    0x80000200)

    def test_a_reserved_bit_keeps_its_reset_value(self):
        self.breaks(r"no field for bit 31", self.lamp.write, 0x40000000, 4, 1)
        self.lamp.write(0x40000000, 4, 0x80000001)

    def test_a_value_that_the_model_does_not_know_is_named(self):
        self.breaks(r"LAMP\.CR\.LEVEL written as 1: the model knows 0, 2 only", self.lamp.write, 0x40000000, 4, 0x80000002)
        self.breaks(r"LAMP\.CR\.BLINK written as 1: the model knows 0 only", self.lamp.write, 0x40000000, 4, 0x80000010)

    def test_a_write_does_not_change_a_status(self):
        self.lamp.write(0x40000000, 4, 0x80000101)
        self.assertEqual(self.lamp.read(0x40000000, 4), 0x80000001)

    def test_an_access_has_a_size_that_the_chip_takes(self):
        self.breaks(r"LAMP\.CR read as 2 byte\(s\) at 0x40000000: the chip takes 4", self.lamp.read, 0x40000000, 2)
        self.lamp.write(0x40000006, 1, 0xAB)
        self.assertEqual(self.lamp.read(0x40000004, 4), 0xAB0000)

    def test_a_peripheral_without_a_clock_does_not_answer(self):
        self.lamp.why_dead = lambda: "it has no clock"
        self.breaks(r"LAMP\.CR read while it has no clock", self.lamp.read, 0x40000000, 4)

    def test_a_peripheral_without_a_model_is_named(self):
        made = machine("stm32f411e-disco")
        self.breaks(r"TIM2 to TIM7.* \(0x40000024\) read: there is no model", made.read_peripheral, 0x40000024, 4)
        self.breaks(r"no peripheral known \(0x5fff0000\) written", made.write_peripheral, 0x5FFF0000, 4, 1)
        self.breaks(r"RCC\.BDCR \(0x40023870\) read", made.read_peripheral, 0x40023870, 4)


if __name__ == "__main__":
    unittest.main()
