// What the RP2040's data sheet demands of a program that sets up its clocks, which rp2040js does not check.
//
// rp2040js shows every ready bit at once. Here they come after some reads, so that a program that does not wait is found,
// and a block that a program has not taken out of its reset does not answer.

import { intercept } from './intercept.mjs';

const MHZ = 1e6;
const [CLOCKS, RESETS, XOSC, SSI] = [0x40008000, 0x4000c000, 0x40024000, 0x18000000];
const PLLS = { PLL_SYS: 0x40028000, PLL_USB: 0x4002c000 };
/** How often a program must read a status before it changes. */
const READS = 3;

/** XOSC. */
const [XOSC_CTRL, XOSC_STATUS, STABLE] = [0x00, 0x04, 1 << 31];
/** How long the crystal takes to be stable, in seconds, and what a unit of XOSC_STARTUP stands for. */
const [STABLE_AFTER, DELAY_UNIT] = [1e-3, 256];

/** The PLLs: of their registers, PWR has two bits that keep the oscillator off. */
const [PLL_CS, PLL_PWR, PLL_FBDIV_INT, LOCK, OFF] = [0x0, 0x4, 0x8, 1 << 31, 0x21];
const VCO = [750 * MHZ, 1600 * MHZ];
const REFERENCE = [5 * MHZ, 1600 * MHZ];

/** CLOCKS. */
const [REF_CTRL, SYS_CTRL, USB_CTRL, ENABLE] = [0x30, 0x3c, 0x54, 1 << 11];
const USB_CLOCK = 48 * MHZ;
/** The fastest clock of the Pico's flash, a W25Q16JV, at 3.0 to 3.6 V. */
const FLASH_CLOCK = 133 * MHZ;

/** RESETS: the blocks by address, with their bits. After a reset all are held, but the pins and pads of the flash. */
const [RESET, RESET_DONE, BLOCKS] = [0x0, 0x8, 0x01ffffff];
const HELD = BLOCKS & ~((1 << 6) | (1 << 9));
const HELD_BLOCKS = {
  0x40014: ['IO_BANK0', 5], 0x4001c: ['PADS_BANK0', 8], 0x40028: ['PLL_SYS', 12], 0x4002c: ['PLL_USB', 13],
  0x40034: ['UART0', 22], 0x40038: ['UART1', 23], 0x40054: ['TIMER', 21], 0x50000: ['DMA', 2], 0x50110: ['USBCTRL', 24],
};

function expect(right, message) {
  if (!right) throw new Error(message);
}

const inMhz = (hertz) => `${hertz / MHZ} MHz`;

function expectWithin(what, hertz, [least, most]) {
  expect(hertz >= least && hertz <= most, `${what} is ${inMhz(hertz)}: expected ${inMhz(least)} to ${inMhz(most)}`);
}

/** A status that a program sees only after some reads. */
class Late {
  /** Starts what the status tells the end of. */
  start() {
    this.reads = 0;
  }

  /** A read; returns whether the program sees the status. */
  read() {
    this.reads += 1;
    return this.seen;
  }

  get seen() {
    return this.reads > READS;
  }
}

export class Rules {
  constructor(chip) {
    this.chip = chip;
    this.watchResets(chip.findPeripheral(RESETS));
    this.watchCrystal(chip.findPeripheral(XOSC));
    this.locks = { PLL_SYS: new Late(), PLL_USB: new Late() };
    for (const [name, address] of Object.entries(PLLS)) this.watchPll(name, chip.peripherals[(address >>> 14) << 2]);
    this.watchClocks(chip.findPeripheral(CLOCKS));
  }

  watchResets(resets) {
    const { chip } = this;
    const released = new Late();
    resets.reset = HELD;
    intercept(
      resets,
      (offset) => {
        if (offset === RESET) released.start();
      },
      (offset, value) => {
        if (offset !== RESET_DONE) return value;
        return released.read() ? ~resets.reset & BLOCKS : 0;
      },
    );
    const find = chip.findPeripheral.bind(chip);
    chip.findPeripheral = (address) => {
      const [name, bit] = HELD_BLOCKS[(address >>> 14) << 2] ?? [];
      expect(!name || !((resets.reset >>> bit) & 1), `${name} used while RESETS holds it in reset`);
      return find(address);
    };
  }

  watchCrystal(xosc) {
    this.xosc = xosc;
    this.stable = new Late();
    intercept(
      xosc,
      (offset) => {
        if (offset === XOSC_CTRL) this.stable.start();
      },
      (offset, value) => (offset === XOSC_STATUS && !this.stable.read() ? value & ~STABLE : value),
    );
  }

  /** The seconds that the oscillator waits before it says that it is stable. */
  get crystalDelay() {
    const { startup } = this.xosc;
    const factor = startup & (1 << 20) ? 4 : 1;
    return ((startup & 0x3fff) * DELAY_UNIT * factor) / this.chip.xoscFreq;
  }

  watchPll(name, pll) {
    const lock = this.locks[name];
    const runs = (power) => (power & OFF) === 0;
    intercept(
      pll,
      (offset, value) => {
        const changed = (offset === PLL_CS && value !== pll.cs) || (offset === PLL_FBDIV_INT && value !== pll.fbdivInt);
        expect(!changed || !runs(pll.pwr), `${name} changed while it runs`);
        if (offset === PLL_PWR && runs(value) && !runs(pll.pwr)) {
          this.checkPll(name, pll);
          lock.start();
        }
      },
      (offset, value) => (offset === PLL_CS && !lock.read() ? value & ~LOCK : value),
    );
  }

  checkPll(name, pll) {
    expect(this.stable.seen, `${name} starts before XOSC.STATUS.STABLE`);
    const reference = this.chip.xoscFreq / pll.refdiv;
    expectWithin(`${name}'s reference`, reference, REFERENCE);
    expectWithin(`${name}'s VCO`, reference * pll.fbdiv, VCO);
  }

  watchClocks(clocks) {
    this.clocks = clocks;
    intercept(clocks, (offset, value) => {
      const auxiliary = (value >>> 5) & 7;
      if (offset === REF_CTRL && (value & 3) === 2) {
        expect(this.stable.seen, 'clk_ref takes the crystal before XOSC.STATUS.STABLE');
        const delay = this.crystalDelay;
        expect(delay >= STABLE_AFTER, `XOSC waits ${delay * 1e3} ms for the crystal: expected 1 ms or more`);
      }
      if (offset === SYS_CTRL && value & 1) {
        expect(!(clocks.sysCtrl & 1) || auxiliary === ((clocks.sysCtrl >>> 5) & 7),
          'CLOCKS.CLK_SYS_CTRL.AUXSRC changed while clk_sys runs from it');
        expect(auxiliary !== 0 || this.locks.PLL_SYS.seen, 'clk_sys takes PLL_SYS before PLL_SYS.CS.LOCK');
      }
      if (offset === USB_CTRL && value & ENABLE) {
        expect(auxiliary !== 0 || this.locks.PLL_USB.seen, 'clk_usb takes PLL_USB before PLL_USB.CS.LOCK');
      }
    });
  }

  /** clk_usb, in Hz, or 0 while it is off or from another source than PLL_USB. */
  get usbClock() {
    const { usbCtrl, usbDiv } = this.clocks;
    const on = usbCtrl & ENABLE && ((usbCtrl >>> 5) & 7) === 0;
    return on ? this.chip.pllUsb.frequency / (usbDiv / 256) : 0;
  }

  /** Throws unless clk_sys is what the board promises, and clk_usb what USB needs. */
  checkClocks(promised) {
    const { sysFreq } = this.clocks;
    expect(sysFreq === promised, `clk_sys is ${inMhz(sysFreq)}: expected ${inMhz(promised)}`);
    expect(this.usbClock === USB_CLOCK, `clk_usb is ${inMhz(this.usbClock)}: expected ${inMhz(USB_CLOCK)}`);
  }

  /** What the program set, for the report's line. */
  summary() {
    const { chip } = this;
    const { pllSys } = chip;
    const flash = chip.clocks.sysFreq / chip.findPeripheral(SSI).baudr;
    expect(flash <= FLASH_CLOCK, `the flash's clock is ${inMhz(flash)}: expected ${inMhz(FLASH_CLOCK)} at most`);
    const vco = (chip.xoscFreq / pllSys.refdiv) * pllSys.fbdiv;
    return [
      `clk_sys ${inMhz(chip.clocks.sysFreq)} by PLL_SYS (VCO ${inMhz(vco)}) from the ${inMhz(chip.xoscFreq)} crystal, ` +
        `which gets ${(this.crystalDelay * 1e3).toFixed(2)} ms`,
      `clk_usb ${inMhz(this.usbClock)}`,
      `flash ${inMhz(flash)} (allows ${inMhz(FLASH_CLOCK)})`,
    ];
  }
}
