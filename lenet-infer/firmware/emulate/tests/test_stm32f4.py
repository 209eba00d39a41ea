"""The rules of the STM32F4's clocks, pins and USART."""

import unittest

from unicorn import arm_const

from cortex_m.registers import RuleBroken

from .chips import change, machine, passes, read, write

HSEON, PLLON = 1 << 16, 1 << 24
#: M 4, N 200, P 4, source HSE, Q 8: 100 MHz from a crystal of 8 MHz.
PLL_100 = 0x20000000 | 8 << 24 | 1 << 22 | 1 << 16 | 200 << 6 | 4
PPRE1_HALF, SELECT_PLL = 4 << 10, 2


class Chip(unittest.TestCase):
    board = "stm32f411e-disco"

    def setUp(self):
        self.made = machine(self.board)
        self.system = self.made.system
        self.rcc, self.uart = self.system.rcc, self.system.uart

    def write(self, peripheral, register, value):
        write(self.made, peripheral, register, value)

    def breaks(self, message, action, *arguments):
        with self.assertRaisesRegex(RuleBroken, message):
            action(*arguments)

    def start_crystal(self):
        change(self.made, self.rcc, "CR", 0, HSEON)
        passes(self.made, 3e-3)

    def start_pll(self, scale=3):
        """Sets the regulator's scale by its code, and starts the PLL from the crystal."""
        self.start_crystal()
        change(self.made, self.rcc, "APB1ENR", 0, 1 << 28)
        change(self.made, self.system.power, "CR", 3 << 14, scale << 14)
        self.write(self.rcc, "PLLCFGR", PLL_100)
        self.write(self.system.flash, "ACR", 3)
        change(self.made, self.rcc, "CR", 0, PLLON)
        passes(self.made, 1e-3)

    def run_fast(self):
        self.start_pll()
        self.write(self.rcc, "CFGR", PPRE1_HALF | SELECT_PLL)
        passes(self.made, 1e-6)

    def start_uart(self):
        """Takes USART2 and its pins into use at 115,200 baud."""
        self.run_fast()
        change(self.made, self.rcc, "APB1ENR", 0, 1 << 17)
        change(self.made, self.rcc, "AHB1ENR", 0, 1)
        change(self.made, self.system.ports["A"], "MODER", 0xF0, 0xA0)
        change(self.made, self.system.ports["A"], "AFRL", 0xFF00, 0x7700)
        self.write(self.uart, "BRR", 434)
        self.write(self.uart, "CR1", 1 << 13 | 1 << 3 | 1 << 2)


class Clocks(Chip):
    def test_the_right_order_gives_100_mhz(self):
        self.run_fast()
        self.assertEqual((self.rcc.hclk, self.rcc.pclk1, self.rcc.pclk2), (100e6, 50e6, 100e6))

    def test_the_crystal_is_not_ready_at_once(self):
        change(self.made, self.rcc, "CR", 0, HSEON)
        self.assertFalse(read(self.made, self.rcc, "CR") & 1 << 17)
        for _ in range(1000):
            if read(self.made, self.rcc, "CR") & 1 << 17:
                return
        self.fail("the crystal was never ready")

    def test_the_pll_waits_for_its_source(self):
        change(self.made, self.rcc, "CR", 0, HSEON)
        self.write(self.rcc, "PLLCFGR", PLL_100)
        self.breaks(r"PLLON set before RCC\.CR\.HSERDY", change, self.made, self.rcc, "CR", 0, PLLON)

    def test_the_core_waits_for_the_pll(self):
        self.start_crystal()
        self.write(self.rcc, "PLLCFGR", PLL_100)
        change(self.made, self.rcc, "CR", 0, PLLON)
        self.breaks(r"SW selects the PLL before RCC\.CR\.PLLRDY", self.write, self.rcc, "CFGR", PPRE1_HALF | SELECT_PLL)

    def test_scale_2_does_not_allow_100_mhz(self):
        self.start_pll(scale=2)
        self.write(self.rcc, "CFGR", PPRE1_HALF | SELECT_PLL)
        self.breaks("100 MHz in voltage scale 2, which allows 84 MHz", passes, self.made, 1e-6)

    def test_the_scale_changes_before_the_pll_starts_only(self):
        self.start_pll()
        self.breaks(r"PWR\.CR\.VOS changed while RCC\.CR\.PLLON is 1", change, self.made, self.system.power, "CR", 3 << 14,
                    2 << 14)

    def test_pwr_needs_its_clock(self):
        self.breaks(r"PWR\.CR read while RCC\.APB1ENR\.PWREN is 0", read, self.made, self.system.power, "CR")

    def test_the_flash_needs_its_wait_states_first(self):
        self.start_pll()
        self.write(self.system.flash, "ACR", 2)
        self.write(self.rcc, "CFGR", PPRE1_HALF | SELECT_PLL)
        self.breaks("2 wait states at 100 MHz: expected 3 or more", passes, self.made, 1e-6)

    def test_the_flash_keeps_its_wait_states(self):
        self.run_fast()
        self.breaks("0 wait states at 100 MHz", self.write, self.system.flash, "ACR", 0)

    def test_apb1_has_a_limit(self):
        self.start_pll()
        self.write(self.rcc, "CFGR", SELECT_PLL)
        self.breaks("APB1 runs at 100 MHz: expected 50 MHz at most", passes, self.made, 1e-6)

    def test_the_pll_does_not_change_while_it_runs(self):
        self.start_pll()
        self.breaks(r"PLLCFGR changed while RCC\.CR\.PLLON is 1", self.write, self.rcc, "PLLCFGR", PLL_100 + 1)

    def test_the_pll_has_ranges(self):
        self.start_crystal()
        for value, message in ((PLL_100 + 6, "input runs at 0.8 MHz"), (PLL_100 + (40 << 6), "VCO runs at 480 MHz")):
            self.write(self.rcc, "PLLCFGR", value)
            self.breaks(message, change, self.made, self.rcc, "CR", 0, PLLON)
            self.rcc.values["CR"] &= ~PLLON

    def test_the_source_of_the_core_keeps_running(self):
        self.run_fast()
        self.breaks(r"HSEON cleared while the core's clock comes from it", change, self.made, self.rcc, "CR", HSEON, 0)


class Uart(Chip):
    def test_bytes_leave_at_their_pace(self):
        self.start_uart()
        self.write(self.uart, "DR", ord("a"))
        self.assertEqual(bytes(self.made.wire.sent), b"")
        passes(self.made, 86e-6)
        self.assertEqual(bytes(self.made.wire.sent), b"")
        passes(self.made, 2e-6)
        self.assertEqual(bytes(self.made.wire.sent), b"a")

    def test_a_byte_waits_for_the_one_before_it(self):
        self.start_uart()
        for byte in b"ab":
            self.write(self.uart, "DR", byte)
        self.assertFalse(read(self.made, self.uart, "SR") & 1 << 7)
        self.breaks("DR written while USART2.SR.TXE is 0", self.write, self.uart, "DR", ord("c"))
        passes(self.made, 200e-6)
        self.assertEqual(bytes(self.made.wire.sent), b"ab")

    def test_the_baud_rate_is_near_the_hosts(self):
        self.start_uart()
        self.write(self.uart, "BRR", 450)
        self.breaks(r"111,111 baud \(-3\.55%", self.write, self.uart, "DR", 0)

    def test_the_uart_is_on_before_a_byte(self):
        self.start_uart()
        self.write(self.uart, "CR1", 1 << 3)
        self.breaks(r"used while USART2\.CR1\.UE is 0", self.write, self.uart, "DR", 0)

    def test_its_pins_are_its_own(self):
        self.start_uart()
        change(self.made, self.system.ports["A"], "AFRL", 0xF000, 0x8000)
        self.breaks("PA3 has alternate function 8: expected 7", self.write, self.uart, "DR", 0)
        change(self.made, self.system.ports["A"], "MODER", 0x30, 0x10)
        self.breaks("PA2 is an output: expected an alternate function", self.write, self.uart, "DR", 0)

    def test_the_debuggers_pins_stay(self):
        self.start_uart()
        self.breaks("PA13 is no longer the debugger's", change, self.made, self.system.ports["A"], "MODER", 3 << 26, 0)

    def test_a_received_byte_asks_for_an_interrupt_until_it_is_read(self):
        self.start_uart()
        self.made.core.reg_write(arm_const.UC_ARM_REG_PRIMASK, 1)
        write(self.made, self.made.private.nvic, "ISER1", 1 << 6)
        change(self.made, self.uart, "CR1", 0, 1 << 5)
        self.made.wire.to_board += b"z"
        self.assertFalse(self.made.private.interrupt_pending())
        self.uart.line.listen()
        passes(self.made, 1e-4)
        self.assertTrue(self.made.private.interrupt_pending())
        self.assertEqual(read(self.made, self.uart, "DR"), ord("z"))
        write(self.made, self.made.private.nvic, "ICPR1", 1 << 6)
        self.assertFalse(self.made.private.interrupt_pending())

    def test_a_byte_that_is_read_too_late_is_found(self):
        self.start_uart()
        self.made.wire.to_board += b"yz"
        self.uart.line.listen()
        self.breaks("an overrun", passes, self.made, 2e-4)


class F407(Chip):
    board = "stm32f407g-disc1"

    def test_it_is_in_scale_1_after_a_reset(self):
        self.assertEqual(self.system.power.scale, 1)

    def test_its_flash_needs_other_wait_states(self):
        self.rcc.values["CFGR"] = SELECT_PLL << 2
        for n, states in ((30, 0), (60, 1), (90, 2), (120, 3), (150, 4), (168, 5)):
            self.rcc.values["PLLCFGR"] = 1 << 22 | 2 * n << 6 | 8
            self.assertEqual((self.rcc.hclk, self.rcc.wait_states()), (n * 1e6, states))


if __name__ == "__main__":
    unittest.main()
