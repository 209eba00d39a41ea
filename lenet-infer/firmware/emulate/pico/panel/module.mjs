// A module with a display and a touch panel, wired to the Pico's two SPI buses.

import { Controller } from './controller.mjs';
import { Display } from './display.mjs';

const PINS = { displaySelect: 17, data: 20, reset: 21, touchSelect: 13 };
/** The pins of both buses, and the function that gives them to their bus. */
const [BUS_PINS, SPI] = [[18, 19, 10, 11, 12], 1];
/** The fastest clocks of both chips, in Hz. The display's data sheet allows 10 MHz; its modules take four times that. */
const [DISPLAY_CLOCK, TOUCH_CLOCK] = [40e6, 2.5e6];

function expect(right, message) {
  if (!right) throw new Error(message);
}

export class Module {
  /** Wires the module to a chip. `pen` is the touch controller's. */
  constructor({ chip, simulator }, pen) {
    this.chip = chip;
    this.display = new Display(() => simulator.clock.nanos);
    this.controller = new Controller(pen);
    const [displayBus, touchBus] = chip.spi;
    const isLow = (pin) => !chip.gpio[pin].outputValue;
    displayBus.onTransmit = (value) => {
      if (isLow(PINS.displaySelect)) this.display.byte(value, !isLow(PINS.data));
      displayBus.completeTransmit(0);
    };
    touchBus.onTransmit = (value) => {
      const selected = isLow(PINS.touchSelect);
      if (selected !== this.controller.selected) this.controller.select(selected);
      touchBus.completeTransmit(selected ? this.controller.byte(value) : 0xff);
    };
    chip.gpio[PINS.reset].addListener((state) => {
      if (state === 0) this.display.reset();
    });
  }

  /** Throws unless the buses and the display are set up; returns what was asserted, in words. */
  check() {
    const { chip, display } = this;
    for (const pin of BUS_PINS) {
      expect(chip.gpio[pin].functionSelect === SPI, `GPIO${pin} does not belong to its SPI bus`);
    }
    const [shown, touched] = chip.spi.map((bus) => bus.clockFrequency);
    const inMhz = (hertz) => `${Number((hertz / 1e6).toFixed(2))} MHz`;
    expect(shown <= DISPLAY_CLOCK, `the display's bus has ${inMhz(shown)}: expected ${inMhz(DISPLAY_CLOCK)} at most`);
    expect(touched <= TOUCH_CLOCK, `the touch controller's bus has ${inMhz(touched)}: expected ${inMhz(TOUCH_CLOCK)} at most`);
    expect(display.awake && display.on, 'the display is not on');
    return [`display on, at ${inMhz(shown)}`, `touch controller at ${inMhz(touched)}`];
  }
}
