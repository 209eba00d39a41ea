"""The USB controller and its memory, as a device on a bus that has power and no host."""

from ..registers import Peripheral, Register, RuleBroken, bit, bits, fixed, status
from .block import Block

#: How long the bus is idle until it counts as suspended, in seconds.
IDLE = 3e-3
ENDPOINTS = 16
#: Causes of an interrupt: their bits in INTR, and where a program sees them in SIE_STATUS.
BUFFERS = 1 << 4
CAUSES = {"BUS_RESET": (12, 19), "SUSPENDED": (14, 4), "RESUME": (15, 11), "SETUP_REC": (16, 17)}
#: The interrupts without which a device misses its host: a packet, a reset of the bus, a request.
NEEDED = {"BUFF_STATUS": 4, "BUS_RESET": 12, "SETUP_REQ": 16}
INTERRUPTS = ("HOST_CONN_DIS", "HOST_RESUME", "HOST_SOF", "TRANS_COMPLETE", "BUFF_STATUS", "ERROR_DATA_SEQ",
              "ERROR_RX_TIMEOUT", "ERROR_RX_OVERFLOW", "ERROR_BIT_STUFF", "ERROR_CRC", "STALL", "VBUS_DETECT", "BUS_RESET",
              "DEV_CONN_DIS", "DEV_SUSPEND", "DEV_RESUME_FROM_HOST", "SETUP_REQ", "DEV_SOF", "ABORT_DONE", "EP_STALL_NAK",
              "RX_SHORT_PACKET", "ENDPOINT_ERROR", "DEV_SM_WATCHDOG_FIRED", "EPX_STOPPED_ON_NAK")


def untouched(name, offset, reset=0):
    """A register that a program may leave as it is, or clear with all the others."""
    return Register(name, offset, bits("VALUE", 31, 0, allowed=tuple({0, reset})), reset=reset)


def shown(name, offset):
    """A register that the chip sets."""
    return Register(name, offset, status("VALUE", 31, 0))


class Usb(Block):
    """USB. Nothing happens on the bus, but that it is suspended."""

    #: Its number in the NVIC.
    INTERRUPT = 14
    registers = (
        Register("ADDR_ENDP", 0x00, bits("ADDRESS", 6, 0), fixed("ENDPOINT", 19, 16)),
        *(untouched(f"ADDR_ENDP{n}", 4 * n) for n in range(1, ENDPOINTS)),
        Register("MAIN_CTRL", 0x40, bit("CONTROLLER_EN", 0), fixed("HOST_NDEVICE", 1), bit("PHY_ISO", 2),
                 fixed("SIM_TIMING", 31), reset=4),
        untouched("SOF_WR", 0x44), shown("SOF_RD", 0x48),
        Register("SIE_CTRL", 0x4C, bit("PULLDOWN_EN", 15), bit("PULLUP_EN", 16), fixed("TRANSCEIVER_PD", 18),
                 bit("EP0_INT_1BUF", 29), reset=0x8000),
        Register("SIE_STATUS", 0x50, *(bit(name, place) for name, (_, place) in CAUSES.items()),
                 status("VBUS_DETECTED", 0)),
        untouched("INT_EP_CTRL", 0x54), Register("BUFF_STATUS", 0x58, bits("BUFFERS", 31, 0)),
        shown("BUFF_CPU_SHOULD_HANDLE", 0x5C), untouched("EP_ABORT", 0x60), untouched("EP_ABORT_DONE", 0x64),
        untouched("EP_STALL_ARM", 0x68), untouched("NAK_POLL", 0x6C, 0x00100010), untouched("EP_STATUS_STALL_NAK", 0x70),
        Register("USB_MUXING", 0x74, bit("TO_PHY", 0), fixed("TO_EXTPHY", 1), fixed("TO_DIGITAL_PAD", 2), bit("SOFTCON", 3),
                 fixed("USBPHY_AS_GPIO", 4), fixed("SWAP_DPDM", 31), reset=1),
        Register("USB_PWR", 0x78, fixed("VBUS_EN", 1, 0), bit("VBUS_DETECT", 2), bit("VBUS_DETECT_OVERRIDE_EN", 3),
                 fixed("OVERCURR_DETECT", 5, 4)),
        untouched("USBPHY_DIRECT", 0x7C), untouched("USBPHY_DIRECT_OVERRIDE", 0x80), untouched("USBPHY_TRIM", 0x84, 0x1F1F),
        untouched("LINESTATE_TUNING", 0x88, 0xF8), shown("INTR", 0x8C),
        Register("INTE", 0x90, *(bit(name, place) for place, name in enumerate(INTERRUPTS))),
        untouched("INTF", 0x94), shown("INTS", 0x98),
    )
    unmodeled = {0x100: "SOF_TIMESTAMP_RAW", 0x104: "SOF_TIMESTAMP_LAST", 0x108: "SM_STATE", 0x10C: "EP_TX_ERROR",
                 0x110: "EP_RX_ERROR", 0x114: "DEV_SM_WATCHDOG"}
    one_clears = {"SIE_STATUS": sum(1 << place for _, place in CAUSES.values()), "BUFF_STATUS": 0xFFFFFFFF}

    def __init__(self, machine, resets, clocks):
        super().__init__(machine, "USBCTRL", 0x50110000, resets)
        self.clocks, self.attached = clocks, 0

    def begin(self):
        super().begin()
        self.attached += 1
        self.interrupt()

    # What the program sets.

    def write_MAIN_CTRL(self, old, new):
        if new & ~old & 1:
            self.clocks.check_usb()

    def write_USB_PWR(self, _old, _new):
        seen = self.get("USB_PWR", "VBUS_DETECT") and self.get("USB_PWR", "VBUS_DETECT_OVERRIDE_EN")
        self.put("SIE_STATUS", "VBUS_DETECTED", int(bool(seen)))

    def write_SIE_CTRL(self, old, new):
        if (new ^ old) >> 16 & 1:
            self.attached += 1
            if new >> 16 & 1:
                self.check()
                self.machine.after(IDLE, lambda attached=self.attached: self.suspend(attached))

    def check(self):
        """Raises `RuleBroken` unless a host would see the device as soon as one is there."""
        self.clocks.check_usb()
        for register, field, expected, what in (
                ("MAIN_CTRL", "CONTROLLER_EN", 1, "the controller is off"),
                ("MAIN_CTRL", "PHY_ISO", 0, "the transceiver is isolated"),
                ("USB_MUXING", "TO_PHY", 1, "the transceiver is not connected"),
                ("USB_MUXING", "SOFTCON", 1, "the controller does not attach"),
                ("SIE_STATUS", "VBUS_DETECTED", 1, "the controller sees no power on the bus"),
                ("SIE_CTRL", "PULLUP_EN", 1, "D+ is not pulled up")):
            if self.get(register, field) != expected:
                raise RuleBroken(f"{what}, no host would see the device: expected {self.name}.{register}.{field} to be "
                                 f"{expected}")

    def check_interrupts(self):
        """Raises `RuleBroken` unless the interrupt comes for all that a host may do."""
        missing = [name for name in NEEDED if not self.get("INTE", name)]
        if missing:
            raise RuleBroken(f"the core sleeps while {self.name}.INTE has {missing[0]} disabled")

    # The interrupt.

    def suspend(self, attached):
        if attached == self.attached:
            self.put("SIE_STATUS", "SUSPENDED", 1)
            self.interrupt()

    def causes(self):
        found = BUFFERS if self.get("BUFF_STATUS") else 0
        return found | sum(1 << place for name, (place, _) in CAUSES.items() if self.get("SIE_STATUS", name))

    read_INTR = causes

    def read_INTS(self):
        return self.causes() & self.get("INTE")

    def interrupt(self):
        self.machine.private.nvic.line(self.INTERRUPT, bool(self.read_INTS()))

    cleared_SIE_STATUS = cleared_BUFF_STATUS = interrupt

    def write_INTE(self, _old, _new):
        self.interrupt()


class Dpram(Peripheral):
    """The controller's memory, which a core reads and writes in any size, once the controller is out of its reset."""

    def __init__(self, machine, usb):
        super().__init__(machine, "USB_DPRAM", 0x50100000, size=4096)
        self.usb, self.data = usb, bytearray(4096)

    def place(self, address, size, verb):
        if why := self.usb.why_dead():
            raise RuleBroken(f"{self.name} {verb} while {why}")
        return slice(address - self.base, address - self.base + size)

    def read(self, address, size):
        return int.from_bytes(self.data[self.place(address, size, "read")], "little")

    def write(self, address, size, value):
        self.data[self.place(address, size, "written")] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
