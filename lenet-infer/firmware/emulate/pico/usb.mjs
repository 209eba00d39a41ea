// The USB controller's pins, which rp2040js leaves out: the state of the line, and the registers that connect it.
//
// Chips of revision B0 and B1 miss the end of a bus reset behind a busy hub (erratum RP2040-E5). The program then waits for
// that end and forces the line's state through GPIO15, so both are needed here.

import { intercept } from './intercept.mjs';

const SIE_STATUS = 0x50;
const [LINE_STATE, SE0, J] = [3 << 2, 0 << 2, 1 << 2];
/** Registers that keep what is written to them. */
const [MUXING, DIRECT, DIRECT_OVERRIDE] = [0x74, 0x7c, 0x80];
const KEPT = [MUXING, DIRECT, DIRECT_OVERRIDE];
const [TO_PHY, TO_DIGITAL_PAD, SOFTCON] = [1 << 0, 1 << 2, 1 << 3];
/** The pin that forces the line, the function that connects it to the controller, and the override that makes it high. */
const [FORCING_PIN, USB_FUNCTION, HIGH] = [15, 8, 3];
/** From the start of the controller to the end of the host's reset, which rp2040js begins after 10 ms. */
const RESET_ENDS = 20e6;

const SYSINFO = 0x40000000;
const [CHIP_ID, REVISION_SHIFT] = [0x00, 28];

export class UsbPins {
  /** `revision` is 1 for the steps B0 and B1, 2 for B2. */
  constructor(chip, revision) {
    this.chip = chip;
    this.revision = revision;
    this.wasForced = false;
    this.kept = new Map(KEPT.map((offset) => [offset, 0]));
    this.resetEnds = Infinity;
    const usb = chip.usbCtrl;
    const reset = usb.resetDevice.bind(usb);
    usb.resetDevice = () => {
      this.resetEnds = chip.clock.nanos + RESET_ENDS;
      reset();
    };
    this.keepRegisters(usb);
    intercept(
      usb,
      (offset, value) => KEPT.includes(offset) && this.kept.set(offset, value),
      (offset, value) => (offset === SIE_STATUS ? (value & ~LINE_STATE) | this.line : value),
    );
    intercept(chip.findPeripheral(SYSINFO), () => {}, (offset, value) =>
      offset === CHIP_ID ? (value & ~(0xf << REVISION_SHIFT)) | (revision << REVISION_SHIFT) : value);
  }

  /** rp2040js reads none of them, and takes writes to the first only. */
  keepRegisters(usb) {
    const [write, read] = [usb.writeUint32.bind(usb), usb.readUint32.bind(usb)];
    usb.readUint32 = (offset) => this.kept.get(offset) ?? read(offset);
    usb.writeUint32 = (offset, value) => {
      if (offset === MUXING || !KEPT.includes(offset)) write(offset, value);
    };
  }

  /** The state of the line, as the controller sees it. */
  get line() {
    if (this.kept.get(MUXING) & TO_DIGITAL_PAD) {
      this.wasForced ||= this.isForced;
      return this.isForced ? J : SE0;
    }
    return this.chip.clock.nanos < this.resetEnds ? SE0 : J;
  }

  get isForced() {
    const pin = this.chip.gpio[FORCING_PIN];
    return pin.functionSelect === USB_FUNCTION && pin.inputOverride === HIGH;
  }

  /** Throws unless the controller is connected to its own pins. */
  check() {
    const muxing = this.kept.get(MUXING);
    if ((muxing & (TO_PHY | TO_DIGITAL_PAD | SOFTCON)) !== (TO_PHY | SOFTCON)) {
      throw new Error(`USB.USB_MUXING is 0x${muxing.toString(16)}: expected TO_PHY and SOFTCON`);
    }
    if (this.revision < 2 && !this.wasForced) {
      throw new Error(`the USB line was never forced: expected the workaround of erratum RP2040-E5`);
    }
    if (this.isForced) throw new Error(`GPIO${FORCING_PIN} still forces the USB line`);
  }
}
