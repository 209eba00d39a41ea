"""The rules of the nRF52's clock, pins and UARTE."""

import unittest

from unicorn import arm_const

from cortex_m.registers import RuleBroken

from .chips import machine, passes, read, write

BUFFER = 0x20000100


class Chip(unittest.TestCase):
    def setUp(self):
        self.made = machine("nrf52840-dk")
        self.system = self.made.system
        self.uart, (self.port, _) = self.system.uart, self.system.ports

    def write(self, register, value, peripheral=None):
        write(self.made, peripheral or self.uart, register, value)

    def breaks(self, message, action, *arguments):
        with self.assertRaisesRegex(RuleBroken, message):
            action(*arguments)

    def start_crystal(self):
        self.write("TASKS_HFCLKSTART", 1, self.system.clock_control)
        passes(self.made, 1e-3)

    def set_pins(self):
        self.write("OUTSET", 1 << 6, self.port)
        self.write("PIN_CNF6", 3, self.port)
        self.write("PIN_CNF8", 0, self.port)
        self.write("PSEL_TXD", 6)
        self.write("PSEL_RXD", 8)
        self.write("BAUDRATE", 0x01D60000)

    def start(self):
        self.start_crystal()
        self.set_pins()
        self.write("ENABLE", 8)

    def send(self, data):
        self.made.core.mem_write(BUFFER, data)
        self.write("TXD_PTR", BUFFER)
        self.write("TXD_MAXCNT", len(data))
        self.write("TASKS_STARTTX", 1)

    def receive(self, count):
        self.write("RXD_PTR", BUFFER)
        self.write("RXD_MAXCNT", count)
        self.write("TASKS_STARTRX", 1)


class Uarte(Chip):
    def test_the_crystal_is_not_ready_at_once(self):
        self.write("TASKS_HFCLKSTART", 1, self.system.clock_control)
        self.assertEqual(read(self.made, self.system.clock_control, "EVENTS_HFCLKSTARTED"), 0)
        passes(self.made, 1e-3)
        self.assertEqual(read(self.made, self.system.clock_control, "EVENTS_HFCLKSTARTED"), 1)

    def test_a_buffer_leaves_at_its_pace(self):
        self.start()
        self.send(b"abc")
        passes(self.made, 250e-6)
        self.assertEqual((bytes(self.made.wire.sent), read(self.made, self.uart, "EVENTS_ENDTX")), (b"ab", 0))
        passes(self.made, 20e-6)
        self.assertEqual((bytes(self.made.wire.sent), read(self.made, self.uart, "EVENTS_ENDTX")), (b"abc", 1))

    def test_a_buffer_is_sent_once(self):
        self.start()
        self.send(b"abc")
        self.breaks("TASKS_STARTTX while bytes are being sent", self.write, "TASKS_STARTTX", 1)
        self.breaks("TASKS_STOPTX while bytes are being sent", self.write, "TASKS_STOPTX", 1)

    def test_it_sends_with_the_crystal_only(self):
        self.set_pins()
        self.write("ENABLE", 8)
        self.breaks("used before CLOCK.EVENTS_HFCLKSTARTED", self.send, b"a")

    def test_it_sends_once_it_is_on(self):
        self.start_crystal()
        self.set_pins()
        self.breaks("used while UARTE0.ENABLE is 0: expected 8", self.send, b"a")

    def test_it_sends_from_ram_only(self):
        self.start()
        self.write("TXD_PTR", 0x100)
        self.write("TXD_MAXCNT", 4)
        self.breaks("UARTE0.TXD reads or writes 4 bytes at 0x00000100", self.write, "TASKS_STARTTX", 1)

    def test_the_baud_rate_is_the_hosts(self):
        self.start()
        self.write("BAUDRATE", 0x009D0000)
        self.breaks(r"38,369 baud \(-66\.69%", self.send, b"a")
        self.breaks(r"UARTE0\.BAUDRATE\.BAUDRATE written as 12345", self.write, "BAUDRATE", 12345)

    def test_the_pins_are_the_boards(self):
        self.start_crystal()
        self.set_pins()
        self.write("PSEL_RXD", 1 << 5 | 8)
        self.breaks(r"PSEL\.RXD selects P1\.08: expected P0\.08", self.write, "ENABLE", 8)

    def test_the_pin_that_sends_is_high_before(self):
        self.start_crystal()
        self.set_pins()
        self.write("OUTCLR", 1 << 6, self.port)
        self.breaks("P0.06 sends: expected an output that is high", self.write, "ENABLE", 8)

    def test_the_pins_do_not_change_while_it_is_on(self):
        self.start()
        self.breaks(r"PSEL\.TXD written while UARTE0\.ENABLE is 8", self.write, "PSEL_TXD", 7)

    def test_received_bytes_go_to_the_buffer(self):
        self.start()
        self.made.wire.to_board += b"xy"
        self.receive(2)
        self.uart.line.listen()
        passes(self.made, 2e-4)
        self.assertEqual(bytes(self.made.core.mem_read(BUFFER, 2)), b"xy")
        self.assertEqual((read(self.made, self.uart, "EVENTS_ENDRX"), read(self.made, self.uart, "RXD_AMOUNT")), (1, 2))

    def test_a_few_bytes_wait_for_a_buffer_and_no_more(self):
        self.start()
        self.made.wire.to_board += b"12345"
        self.uart.line.listen()
        passes(self.made, 4e-4)
        self.breaks("4 unread and no buffer", passes, self.made, 1e-4)

    def test_a_received_byte_asks_for_an_interrupt_until_the_event_is_cleared(self):
        self.start()
        self.made.core.reg_write(arm_const.UC_ARM_REG_PRIMASK, 1)
        nvic = self.made.private.nvic
        write(self.made, nvic, "ISER0", 1 << 2)
        self.write("INTENSET", 1 << 4)
        self.made.wire.to_board += b"x"
        self.receive(1)
        self.uart.line.listen()
        self.assertFalse(self.made.private.interrupt_pending())
        passes(self.made, 1e-4)
        self.assertTrue(self.made.private.interrupt_pending())
        self.write("EVENTS_ENDRX", 0)
        write(self.made, nvic, "ICPR0", 1 << 2)
        self.assertFalse(self.made.private.interrupt_pending())


class Ports(Chip):
    def test_a_pin_that_the_chip_does_not_have_is_found(self):
        _, port = machine("microbit-v2").system.ports
        self.breaks(r"P1 has 10 pins", port.write, port.base + 0x508, 4, 1 << 10)

    def test_directions_are_set_in_two_ways(self):
        self.write("DIRSET", 1 << 13, self.port)
        self.assertTrue(self.port.is_output(13))
        self.write("PIN_CNF13", 2, self.port)
        self.assertEqual(read(self.made, self.port, "DIR"), 0)

    def test_no_flash_is_written(self):
        self.breaks(r"NVMC\.CONFIG\.WEN written as 1", self.write, "CONFIG", 1, self.system.flash)


if __name__ == "__main__":
    unittest.main()
