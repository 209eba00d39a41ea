"""The rules of the RP2350's image, clocks, pins, USB controller and core."""

import struct
import unittest

from cortex_m.registers import RuleBroken
from cortex_m.rp2350.definition import FOOTER, HEADER, check, find

from .chips import FOREVER, change, machine, passes, read, write

#: `ldr r0, [pc, #8]; msr msplim, r0; mov sp, r0; push {r0}; b .`, and a word.
OVERFLOW = (0x4802, 0xF380, 0x880A, 0x4685, 0xB401, FOREVER)
PROGRAM, END = 0x10210142, 0x000001FF


class Chip(unittest.TestCase):
    def setUp(self):
        self.made = machine("rpi-pico-2")
        self.system = self.made.system
        self.clocks, self.usb, self.pins = self.system.clocks, self.system.usb, self.system.pins
        self.pll = self.system.plls["PLL_SYS"]

    def write(self, peripheral, register, value, alias=0):
        place = peripheral.base + peripheral.by_name[register].offset
        self.made.write_peripheral(place + 0x1000 * alias, 4, value)

    def breaks(self, message, action, *arguments):
        with self.assertRaisesRegex(RuleBroken, message):
            action(*arguments)

    def release(self, *names):
        for name in names:
            field = self.system.resets.by_name["RESET"].fields[name]
            change(self.made, self.system.resets, "RESET", field.mask, 0)
        passes(self.made, 1e-5)

    def start_crystal(self):
        self.write(self.system.xosc, "STARTUP", 2944)
        self.write(self.system.xosc, "CTRL", 0xFABAA0)
        passes(self.made, 0.1)

    def start_pll(self, name="PLL_SYS", feedback=125, dividers=0x52000):
        pll = self.system.plls[name]
        self.release(name)
        self.write(pll, "FBDIV_INT", feedback)
        self.write(pll, "PWR", 0x0C)
        passes(self.made, 1e-3)
        self.write(pll, "PRIM", dividers)
        self.write(pll, "PWR", 0x04)

    def start_usb_clock(self):
        self.start_crystal()
        self.start_pll("PLL_USB", 100, 0x55000)
        self.write(self.clocks, "USB_CTRL", 0x800)
        passes(self.made, 1e-5)

    def attach(self):
        self.start_usb_clock()
        self.release("USBCTRL")
        self.write(self.usb, "USB_MUXING", 0x9)
        self.write(self.usb, "USB_PWR", 0xC)
        self.write(self.usb, "MAIN_CTRL", 0x1)
        self.write(self.usb, "SIE_CTRL", 0x10000)


class Definition(unittest.TestCase):
    def flash(self, *words, place=256):
        return (bytes(place) + struct.pack(f"<{len(words)}I", *words)).ljust(8192, b"\0")

    def test_a_block_that_is_whole_is_found_in_the_first_4_kb_only(self):
        block = (HEADER, PROGRAM, END, 0, FOOTER)
        self.assertEqual(find(self.flash(*block)), (256, 0x1021))
        self.assertEqual(find(self.flash(*block, place=4076)), (4076, 0x1021))
        with self.assertRaisesRegex(RuleBroken, "no definition in its first 4,096 bytes"):
            find(self.flash(*block, place=4096))

    def test_a_block_that_is_not_whole_is_not_found(self):
        for block in ((HEADER, PROGRAM, END, 0, 0), (HEADER, PROGRAM, END, 4, FOOTER), (HEADER, PROGRAM, 0x2FF, 0, FOOTER),
                      (HEADER, END, 0, FOOTER), (HEADER, PROGRAM)):
            with self.assertRaisesRegex(RuleBroken, "no definition"):
                find(self.flash(*block))

    def test_an_item_before_the_type_is_passed(self):
        self.assertEqual(find(self.flash(HEADER, 0x203, HEADER, PROGRAM, 0x3FF, 0, FOOTER)), (256, 0x1021))

    def test_a_definition_says_for_which_core_the_program_is(self):
        for kind, arm, risc_v in ((0x1021, True, False), (0x1101, False, True), (0x1121, False, True),
                                  (0x1011, False, False)):
            for board, starts in (("rpi-pico-2", arm), ("rpi-pico-2-hazard3", risc_v)):
                made = machine(board)
                made.core.mem_write(0x10000100, struct.pack("<5I", HEADER, kind << 16 | 0x142, END, 0, FOOTER))
                if starts:
                    check(made)
                else:
                    with self.assertRaisesRegex(RuleBroken, rf"the image's definition says .* \({kind:#06x}\): expected a"):
                        check(made)

    def test_a_program_without_a_definition_is_not_started(self):
        with self.assertRaisesRegex(RuleBroken, "the boot ROM would not start it"):
            check(machine("rpi-pico-2"))


class Aliases(Chip):
    def test_an_alias_toggles_sets_or_clears_bits(self):
        self.release("PADS_BANK0")
        for alias, value, expected in ((1, 0x110, 0x006), (2, 0x081, 0x087), (3, 0x006, 0x081)):
            self.write(self.pins.pads, "GPIO25", value, alias)
            self.assertEqual(read(self.made, self.pins.pads, "GPIO25"), expected)

    def test_a_block_that_is_held_in_its_reset_does_not_answer(self):
        self.breaks(r"PADS_BANK0\.GPIO25 read while RESETS\.RESET_DONE\.PADS_BANK0 is 0", read, self.made, self.pins.pads,
                    "GPIO25")
        self.release("PADS_BANK0")
        self.write(self.pins.pads, "GPIO25", 0)
        self.write(self.system.resets, "RESET", 1 << 9, 2)
        self.release("PADS_BANK0")
        self.assertEqual(read(self.made, self.pins.pads, "GPIO25"), 0x116)

    def test_a_block_takes_a_time_out_of_its_reset(self):
        self.write(self.system.resets, "RESET", 1 << 9, 3)
        self.breaks("RESET_DONE", read, self.made, self.pins.pads, "GPIO25")


class Clocks(Chip):
    def test_the_crystal_is_given_its_time(self):
        self.write(self.system.xosc, "STARTUP", 40)
        self.breaks(r"XOSC waits 0\.853 ms for the crystal", self.write, self.system.xosc, "CTRL", 0xFABAA0)

    def test_a_write_without_a_code_leaves_the_crystal_as_it_is(self):
        self.start_crystal()
        self.write(self.system.xosc, "CTRL", 0)
        self.assertEqual(read(self.made, self.system.xosc, "STATUS"), 1 << 31 | 1 << 12)

    def test_the_crystal_is_stable_before_a_pll_takes_it(self):
        self.breaks(r"PLL_SYS takes the crystal's clock before XOSC\.STATUS\.STABLE", self.start_pll)

    def test_the_pll_needs_a_vco_in_its_range(self):
        self.start_crystal()
        self.breaks("PLL_SYS's VCO runs at 1608 MHz: expected 750 MHz to 1600 MHz", self.start_pll, "PLL_SYS", 134)

    def test_a_running_pll_keeps_its_dividers(self):
        self.start_crystal()
        self.start_pll()
        self.breaks(r"PLL_SYS\.FBDIV_INT written while the PLL runs", self.write, self.pll, "FBDIV_INT", 100)

    def test_a_pll_locks_before_it_is_used(self):
        self.start_crystal()
        self.release("PLL_SYS")
        self.write(self.pll, "FBDIV_INT", 125)
        self.write(self.pll, "PWR", 0x0C)
        self.breaks(r"clk_sys takes PLL_SYS's clock before PLL_SYS\.CS\.LOCK", self.write, self.clocks, "SYS_CTRL", 1)

    def test_the_core_takes_the_pll_after_a_time_and_not_too_fast(self):
        self.start_crystal()
        self.start_pll()
        self.write(self.clocks, "SYS_CTRL", 1)
        self.assertEqual(read(self.made, self.clocks, "SYS_SELECTED"), 1)
        passes(self.made, 1e-5)
        self.assertEqual((read(self.made, self.clocks, "SYS_SELECTED"), self.system.clock()), (2, 150e6))
        self.breaks("PLL_SYS is changed while clk_sys runs from it", self.write, self.pll, "PRIM", 0x51000)

    def test_a_core_that_is_too_fast_is_found(self):
        self.start_crystal()
        self.start_pll(dividers=0x51000)
        self.write(self.clocks, "SYS_CTRL", 1)
        self.breaks("clk_sys is 300 MHz: expected 150 MHz at most", passes, self.made, 1e-5)

    def test_a_clock_that_runs_keeps_its_source(self):
        self.start_usb_clock()
        self.breaks(r"CLOCKS\.USB_CTRL\.AUXSRC written while clk_usb runs", self.write, self.clocks, "USB_CTRL", 0x820)

    def test_a_tick_that_is_no_microsecond_is_found(self):
        self.write(self.system.ticks, "WATCHDOG_CYCLES", 12)
        self.write(self.system.ticks, "WATCHDOG_CTRL", 1)
        self.breaks(r"TICKS\.WATCHDOG ticks every 1\.091 us: expected 1", self.system.ticks.check)


class Pins(Chip):
    def setUp(self):
        super().setUp()
        self.release("IO_BANK0", "PADS_BANK0")
        self.write(self.pins.sio, "OUT_SET", 1 << 25)
        self.write(self.pins.sio, "OE_SET", 1 << 25)
        self.write(self.pins.bank, "GPIO25_CTRL", 5)
        self.write(self.pins.pads, "GPIO25", 0x16)

    def test_an_output_is_as_the_core_drives_it(self):
        self.assertTrue(self.pins.is_high("GPIO25"))
        self.write(self.pins.sio, "OUT_CLR", 1 << 25)
        self.assertFalse(self.pins.is_high("GPIO25"))

    def test_a_pad_that_is_isolated_does_not_drive(self):
        self.write(self.pins.pads, "GPIO25", 0x116)
        self.breaks(r"GPIO25 is isolated: expected PADS_BANK0\.GPIO25\.ISO to be 0", self.pins.is_high, "GPIO25")

    def test_a_pad_whose_output_is_off_and_an_input_do_not_drive(self):
        self.write(self.pins.pads, "GPIO25", 0x96)
        self.breaks("GPIO25 does not drive", self.pins.is_high, "GPIO25")
        self.write(self.pins.sio, "OE_CLR", 1 << 25)
        self.breaks("GPIO25 is an input", self.pins.is_high, "GPIO25")

    def test_the_chip_has_30_pins(self):
        self.breaks("SIO.GPIO_OUT has 30 pins", self.write, self.pins.sio, "OUT_SET", 1 << 30)

    def test_a_spinlock_is_taken_once(self):
        self.assertEqual([read(self.made, self.pins.sio, "SPINLOCK3") for _ in range(2)], [8, 0])
        self.write(self.pins.sio, "SPINLOCK3", 1)
        self.assertEqual(read(self.made, self.pins.sio, "SPINLOCK3"), 8)


class Usb(Chip):
    def test_the_controller_needs_its_clock(self):
        self.release("USBCTRL")
        self.breaks(r"the USB controller is started while CLOCKS\.USB_CTRL\.ENABLED is 0", self.write, self.usb, "MAIN_CTRL",
                    1)

    def test_a_device_that_no_host_would_see_is_found(self):
        self.start_usb_clock()
        self.release("USBCTRL")
        self.write(self.usb, "MAIN_CTRL", 0x5)
        for register, value, message in (("MAIN_CTRL", 1, "the transceiver is isolated"),
                                         ("USB_MUXING", 9, "the controller does not attach"),
                                         ("USB_PWR", 0xC, "the controller sees no power on the bus")):
            self.breaks(message, self.write, self.usb, "SIE_CTRL", 0x10000)
            self.write(self.usb, "SIE_CTRL", 0)
            self.write(self.usb, register, value)
        self.write(self.usb, "SIE_CTRL", 0x10000)
        self.usb.check()

    def test_a_bus_without_a_host_is_suspended_and_wakes_the_core_until_that_is_cleared(self):
        self.attach()
        self.write(self.usb, "INTE", 1 << 14)
        passes(self.made, 2e-3)
        self.assertEqual(self.made.private.nvic.pending, 0)
        passes(self.made, 2e-3)
        self.assertEqual(self.made.private.nvic.pending, 1 << 14)
        self.write(self.usb, "SIE_STATUS", 1 << 4)
        self.assertEqual((self.made.private.nvic.lines, read(self.made, self.usb, "INTS")), (0, 0))

    def test_an_interrupt_that_a_host_needs_must_be_enabled(self):
        self.attach()
        self.write(self.usb, "INTE", 1 << 12 | 1 << 4)
        self.breaks(r"the core sleeps while USBCTRL\.INTE has SETUP_REQ disabled", self.usb.check_interrupts)

    def test_its_memory_takes_any_size(self):
        self.breaks(r"USB_DPRAM written while RESETS\.RESET_DONE\.USBCTRL is 0", self.made.write_peripheral, 0x50100100, 1,
                    7)
        self.release("USBCTRL")
        self.made.write_peripheral(0x50100101, 1, 0x1FF)
        self.assertEqual(self.made.read_peripheral(0x50100100, 4), 0xFF00)


class FlashAndCore(Chip):
    def test_a_divider_that_is_too_small_for_the_flash_is_found(self):
        self.start_crystal()
        self.start_pll()
        self.write(self.clocks, "SYS_CTRL", 1)
        passes(self.made, 1e-5)
        self.breaks("the flash's clock is 150 MHz: expected 133 MHz at most", change, self.made, self.system.flash,
                    "M0_TIMING", 0xFF, 1)

    def test_a_restart_is_found(self):
        watchdog = next(block for block in self.system.peripherals if block.name == "WATCHDOG")
        self.breaks("the program restarts the chip", self.write, watchdog, "CTRL", 1 << 31)

    def test_the_chips_own_coprocessors_can_be_switched_on(self):
        control = self.made.private.peripherals[0]
        write(self.made, control, "CPACR", 0x303)
        self.breaks("no field for bit 2", write, self.made, control, "CPACR", 4)

    def test_a_stack_below_the_limit_that_the_core_knows_is_a_fault(self):
        made = machine("rpi-pico-2", (*OVERFLOW, 0x1000, 0x2000))
        with self.assertRaisesRegex(RuleBroken, "in a test"):
            made.run()
        made = machine("rpi-pico-2", (*OVERFLOW[:1], 0xBF00, 0xBF00, *OVERFLOW[3:], 0x1000, 0x2000))
        made.limit = 1000
        with self.assertRaisesRegex(RuleBroken, "not done after 1,000 cycles"):
            made.run()
