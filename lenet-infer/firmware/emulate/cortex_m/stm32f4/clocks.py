"""RCC, PWR and FLASH: which clock runs, and what the regulator and the flash must be set to for it."""

from ..registers import Peripheral, Register, RuleBroken, bit, bits, fixed, mhz, status

HSI = 16_000_000
#: How long the oscillators and the PLL take, in seconds, by the data sheets (typical HSE, longest lock).
HSE_START, PLL_LOCK, SWITCH = 2e-3, 200e-6, 0.5e-6
AHB_DIVIDERS = {8: 2, 9: 4, 10: 8, 11: 16, 12: 64, 13: 128, 14: 256, 15: 512}
APB_DIVIDERS = {4: 2, 5: 4, 6: 8, 7: 16}
SOURCES = ("HSI", "HSE", "PLL")


class Rcc(Peripheral):
    """The clock tree."""

    registers = (
        Register("CR", 0x00, bit("HSION", 0), status("HSIRDY", 1), bits("HSITRIM", 7, 3), status("HSICAL", 15, 8),
                 bit("HSEON", 16), status("HSERDY", 17), fixed("HSEBYP", 18), fixed("CSSON", 19), bit("PLLON", 24),
                 status("PLLRDY", 25), fixed("PLLI2SON", 26), status("PLLI2SRDY", 27), reset=0x83),
        Register("PLLCFGR", 0x04, bits("PLLM", 5, 0), bits("PLLN", 14, 6), bits("PLLP", 17, 16), bit("PLLSRC", 22),
                 bits("PLLQ", 27, 24), reset=0x24003010),
        Register("CFGR", 0x08, bits("SW", 1, 0, allowed=(0, 1, 2)), status("SWS", 3, 2), bits("HPRE", 7, 4),
                 bits("PPRE1", 12, 10), bits("PPRE2", 15, 13)),
        Register("AHB1ENR", 0x30, bit("GPIOAEN", 0), bit("GPIOBEN", 1), bit("GPIOCEN", 2), bit("GPIODEN", 3),
                 bit("GPIOEEN", 4), status("CCMDATARAMEN", 20)),
        Register("APB1ENR", 0x40, bit("USART2EN", 17), bit("PWREN", 28)),
        Register("AHB1RSTR", 0x10, bit("GPIOARST", 0), bit("GPIOBRST", 1), bit("GPIOCRST", 2), bit("GPIODRST", 3),
                 bit("GPIOERST", 4)),
        Register("APB1RSTR", 0x20, bit("USART2RST", 17), bit("PWRRST", 28)),
    )
    unmodeled = {0x0C: "CIR", 0x14: "AHB2RSTR", 0x24: "APB2RSTR", 0x34: "AHB2ENR", 0x44: "APB2ENR", 0x50: "AHB1LPENR",
                 0x60: "APB1LPENR", 0x70: "BDCR", 0x74: "CSR", 0x80: "SSCGR", 0x84: "PLLI2SCFGR", 0x8C: "DCKCFGR"}

    def __init__(self, machine, board):
        super().__init__(machine, "RCC", 0x40023800)
        self.board, self.limits = board, board.chip.limits
        self.power = self.flash = None
        machine.set_clock(HSI)

    # The clocks that the registers give.

    def source(self):
        """The core's clock before its divider, in Hz."""
        return (HSI, self.board.crystal, self.pll)[self.get("CFGR", "SWS")]

    @property
    def pll_in(self):
        return (self.board.crystal if self.get("PLLCFGR", "PLLSRC") else HSI) / max(1, self.get("PLLCFGR", "PLLM"))

    @property
    def vco(self):
        return self.pll_in * self.get("PLLCFGR", "PLLN")

    @property
    def pll(self):
        return self.vco / (2 * self.get("PLLCFGR", "PLLP") + 2)

    @property
    def hclk(self):
        return self.source() / AHB_DIVIDERS.get(self.get("CFGR", "HPRE"), 1)

    @property
    def pclk1(self):
        return self.hclk / APB_DIVIDERS.get(self.get("CFGR", "PPRE1"), 1)

    @property
    def pclk2(self):
        return self.hclk / APB_DIVIDERS.get(self.get("CFGR", "PPRE2"), 1)

    # What a program may do with them.

    def read_CR(self):
        waited = (self.get("CR", "HSEON"), self.get("CR", "PLLON")) != (
            self.get("CR", "HSERDY"), self.get("CR", "PLLRDY"))
        if waited:
            self.machine.poll()
        return self.get("CR")

    def read_CFGR(self):
        if self.get("CFGR", "SW") != self.get("CFGR", "SWS"):
            self.machine.poll()
        return self.get("CFGR")

    def write_CR(self, old, new):
        field = self.by_name["CR"].fields
        for name, ready in (("HSION", "HSIRDY"), ("HSEON", "HSERDY"), ("PLLON", "PLLRDY")):
            was, now = field[name].of(old), field[name].of(new)
            if was and not now:
                self.check_unused(name)
                self.put("CR", ready, 0)
            elif now and not was:
                if name == "PLLON":
                    self.check_pll()
                delay = {"HSION": 2e-6, "HSEON": HSE_START, "PLLON": PLL_LOCK}[name]
                self.machine.after(delay, lambda name=name, ready=ready: self.becomes_ready(name, ready))
        self.power.scale_may_change()

    def becomes_ready(self, name, ready):
        if self.get("CR", name):
            self.put("CR", ready, 1)

    def check_unused(self, name):
        used = SOURCES[self.get("CFGR", "SWS")] + "ON"
        of_pll = "HSEON" if self.get("PLLCFGR", "PLLSRC") else "HSION"
        if name == used or self.get("CR", "PLLON") and name == of_pll:
            raise RuleBroken(f"RCC.CR.{name} cleared while the core's clock comes from it")

    def check_pll(self):
        source = "HSE" if self.get("PLLCFGR", "PLLSRC") else "HSI"
        if not self.get("CR", f"{source}RDY"):
            raise RuleBroken(f"RCC.CR.PLLON set before RCC.CR.{source}RDY: the PLL has no clock yet")
        for what, hertz, (least, most) in (("input", self.pll_in, self.limits.vco_in), ("VCO", self.vco, self.limits.vco)):
            if not least <= hertz <= most:
                raise RuleBroken(f"the PLL's {what} runs at {mhz(hertz)}: expected {mhz(least)} to {mhz(most)}")
        if self.get("PLLCFGR", "PLLQ") < 2 or self.get("PLLCFGR", "PLLM") < 2:
            raise RuleBroken("RCC.PLLCFGR.PLLM and PLLQ must be 2 or more")

    def write_PLLCFGR(self, old, new):
        if old != new and self.get("CR", "PLLON"):
            raise RuleBroken("RCC.PLLCFGR changed while RCC.CR.PLLON is 1")

    def write_CFGR(self, old, new):
        chosen = self.get("CFGR", "SW")
        if chosen != self.get("CFGR", "SWS"):
            if not self.get("CR", f"{SOURCES[chosen]}RDY"):
                raise RuleBroken(f"RCC.CFGR.SW selects the {SOURCES[chosen]} before RCC.CR.{SOURCES[chosen]}RDY is 1")
            self.machine.after(SWITCH, lambda: self.switch(chosen))
        self.changed()

    def switch(self, chosen):
        self.put("CFGR", "SWS", chosen)
        self.changed()

    def write_AHB1RSTR(self, _old, new):
        self.machine.system.reset_ports(new)

    def write_APB1RSTR(self, _old, new):
        self.machine.system.reset_apb1(new)

    def changed(self):
        """Checks the clocks against the regulator, the flash and the buses."""
        self.machine.set_clock(self.hclk)
        scale = self.power.scale
        most = self.limits.scales[scale]
        if self.hclk > most:
            raise RuleBroken(f"the core runs at {mhz(self.hclk)} in voltage scale {scale}, which allows {mhz(most)}")
        states = self.flash.get("ACR", "LATENCY")
        needed = self.wait_states()
        if states < needed:
            raise RuleBroken(f"the flash has {states} wait states at {mhz(self.hclk)}: expected {needed} or more")
        for name, hertz, most in (("APB1", self.pclk1, self.limits.apb1), ("APB2", self.pclk2, self.limits.apb2)):
            if hertz > most:
                raise RuleBroken(f"{name} runs at {mhz(hertz)}: expected {mhz(most)} at most")

    def wait_states(self):
        """The wait states that the flash needs at 2.7 to 3.6 V."""
        return sum(self.hclk > step for step in self.limits.flash_steps)


class Pwr(Peripheral):
    """The regulator, whose voltage limits the clock. With the PLL off, an STM32F411 is in scale 3 whatever is set."""

    registers = ()
    unmodeled = {}

    def __init__(self, machine, rcc):
        limits = rcc.limits
        high, low = limits.scale_bits
        self.registers = (
            Register("CR", 0x0, bits("VOS", high, low, allowed=tuple(limits.scale_codes)), fixed("LPDS", 0),
                     fixed("PDDS", 1), fixed("DBP", 8), reset=limits.scale_reset << low),
            Register("CSR", 0x4, status("VOSRDY", 14)),
        )
        super().__init__(machine, "PWR", 0x40007000)
        self.rcc, self.limits = rcc, limits

    def why_dead(self):
        return None if self.rcc.get("APB1ENR", "PWREN") else "RCC.APB1ENR.PWREN is 0"

    @property
    def scale(self):
        """The voltage scale in force."""
        if self.limits.scale_without_pll and not self.rcc.get("CR", "PLLON"):
            return self.limits.scale_without_pll
        return self.limits.scale_codes[self.get("CR", "VOS")]

    def read_CSR(self):
        if not self.get("CSR", "VOSRDY"):
            self.machine.poll()
        return self.get("CSR")

    def write_CR(self, old, new):
        if old != new and self.limits.scale_without_pll and self.rcc.get("CR", "PLLON"):
            raise RuleBroken("PWR.CR.VOS changed while RCC.CR.PLLON is 1")
        self.scale_may_change()
        self.rcc.changed()

    def scale_may_change(self):
        self.put("CSR", "VOSRDY", 0)
        self.machine.after(40e-6, lambda: self.put("CSR", "VOSRDY", 1))


class Flash(Peripheral):
    """The flash interface: its wait states and its caches."""

    registers = (
        Register("ACR", 0x00, bits("LATENCY", 3, 0), bit("PRFTEN", 8), bit("ICEN", 9), bit("DCEN", 10),
                 fixed("ICRST", 11), fixed("DCRST", 12)),
    )
    unmodeled = {0x04: "KEYR", 0x08: "OPTKEYR", 0x0C: "SR", 0x10: "CR", 0x14: "OPTCR"}

    def __init__(self, machine, rcc):
        super().__init__(machine, "FLASH", 0x40023C00)
        self.rcc = rcc

    def write_ACR(self, _old, _new):
        self.rcc.changed()
