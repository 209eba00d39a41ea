"""The machine: time, sleep, memory, and the core's own registers."""

import unittest

from unicorn import arm_const

from cortex_m.machine import PICOSECONDS, bit_band, instructions
from cortex_m.registers import RuleBroken

from .chips import FOREVER, machine, passes, read, write

#: `cpsid i`, `wfi`, `movs r0, #7`, `nop`.
MASK, SLEEP, SEVEN, NOP = 0xB672, 0xBF30, 0x2007, 0xBF00
#: `ldr r0, [pc, #4]; ldr r1, [r0]; b .`, and the address that it reads.
LOAD = (0x4801, 0x6801, FOREVER, NOP)


class Sleeps(unittest.TestCase):
    def test_a_core_that_nothing_wakes_is_found(self):
        with self.assertRaisesRegex(RuleBroken, "the core sleeps in a test, and nothing will wake it"):
            machine("nrf52840-dk", (MASK, SLEEP, FOREVER)).run()

    def test_a_pending_interrupt_wakes_a_core_that_masks_it(self):
        made = machine("nrf52840-dk", (MASK, SLEEP, SEVEN, SLEEP, FOREVER))
        nvic = made.private.nvic
        nvic.enabled = 1 << 2
        made.after(1e-3, lambda: nvic.line(2, True))

        sleep, slept = made.sleep, []

        def counted():
            slept.append(made.now)
            if len(slept) == 2:
                nvic.line(2, False)
                nvic.clear(1 << 2)
            sleep()

        made.sleep = counted
        with self.assertRaisesRegex(RuleBroken, "nothing will wake it"):
            made.run()
        self.assertEqual(len(slept), 2)
        self.assertGreaterEqual(slept[1], PICOSECONDS // 1000)
        self.assertEqual(made.core.reg_read(arm_const.UC_ARM_REG_R0), 7)

    def test_an_interrupt_that_is_not_masked_is_found(self):
        made = machine("nrf52840-dk")
        made.private.nvic.line(2, True)
        with self.assertRaisesRegex(RuleBroken, "interrupt 2 would run its handler"):
            write(made, made.private.nvic, "ISER0", 1 << 2)

    def test_an_interrupt_stays_pending_while_it_is_asked_for(self):
        made = machine("nrf52840-dk")
        nvic = made.private.nvic
        nvic.line(2, True)
        write(made, nvic, "ICPR0", 1 << 2)
        self.assertEqual(read(made, nvic, "ISPR0"), 1 << 2)
        nvic.line(2, False)
        write(made, nvic, "ICPR0", 1 << 2)
        self.assertEqual(read(made, nvic, "ISPR0"), 0)


class Memory(unittest.TestCase):
    def test_an_address_without_memory_is_found(self):
        made = machine("stm32f411e-disco", (*LOAD, 0x0000, 0x3000))
        with self.assertRaisesRegex(RuleBroken, "4 bytes at 0x30000000 used by a test"):
            made.run()

    def test_a_stack_below_its_limit_is_found(self):
        # sub sp, #508; sub sp, #508; push {r0}
        made = machine("nrf52840-dk", (0xB0FF, 0xB0FF, 0xB401, FOREVER), symbols={"_stack_end": 0x2003FE00})
        with self.assertRaisesRegex(RuleBroken, "the stack is at 0x2003fc.., below its limit of 0x2003fe00"):
            made.run()

    def test_a_program_that_never_ends_is_found(self):
        made = machine("nrf52840-dk")
        made.limit = 1000
        with self.assertRaisesRegex(RuleBroken, "not done after 1,000 cycles, in a test"):
            made.run()

    def test_dma_reaches_ram_only(self):
        made = machine("nrf52840-dk")
        with self.assertRaisesRegex(RuleBroken, "its DMA reaches RAM only"):
            made.memory(0x100, 4, "UARTE0.TXD")

    def test_the_alias_of_a_bit_is_the_bit(self):
        self.assertEqual(bit_band(0x42470870), (0x40023840, 28))

    def test_a_block_of_code_has_as_many_instructions_as_it_begins(self):
        self.assertEqual(instructions(bytes.fromhex("00bf 4ff00000 fee7")), 3)


class Core(unittest.TestCase):
    def test_the_cycle_counter_needs_its_power_and_its_enable(self):
        made = machine("stm32f407g-disc1")
        counter, debug = made.private.counter, made.private.debug
        with self.assertRaisesRegex(RuleBroken, r"DWT\.CTRL read while DCB\.DEMCR\.TRCENA is 0"):
            read(made, counter, "CTRL")
        write(made, debug, "DEMCR", 1 << 24)
        with self.assertRaisesRegex(RuleBroken, "CYCCNT read while it stands still"):
            read(made, counter, "CYCCNT")
        write(made, counter, "CTRL", 0x40000001)
        before = read(made, counter, "CYCCNT")
        passes(made, 1e-3)
        self.assertEqual(read(made, counter, "CYCCNT") - before, 16_000)

    def test_systick_counts_down_and_has_no_interrupt(self):
        made = machine("nrf52840-dk")
        systick = next(one for one in made.peripherals if one.name == "SysTick")
        write(made, systick, "RVR", 0xFFFFFF)
        write(made, systick, "CSR", 5)
        passes(made, 1e-6)
        self.assertEqual(read(made, systick, "CVR"), (1 << 24) - 64)
        with self.assertRaisesRegex(RuleBroken, r"SysTick\.CSR\.TICKINT written as 1"):
            write(made, systick, "CSR", 7)

    def test_a_program_that_restarts_the_chip_is_found(self):
        made = machine("nrf52840-dk")
        control = next(one for one in made.peripherals if one.name == "SCB")
        with self.assertRaisesRegex(RuleBroken, "restarts the chip, as it does after a panic"):
            write(made, control, "AIRCR", 0x05FA0004)


if __name__ == "__main__":
    unittest.main()
