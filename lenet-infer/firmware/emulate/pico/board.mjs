// A Raspberry Pi Pico in rp2040js: the image in its flash, our ROM, and a USB host that reads its serial port.

import { readFileSync } from 'node:fs';
import { DataDirection, SetupRecipient, SetupType, Simulator, USBCDC, createSetupPacket } from 'rp2040js';
import { checkSecondStage } from './image.mjs';
import { sleepWithInterruptsMasked } from './sleep.mjs';
import { Rules } from './rules.mjs';
import { UsbPins } from './usb.mjs';

const ROM_WORDS = 4096;
/** Instructions between two looks at the host's sockets. */
const SLICE = 100_000;
const PACKET = 64;
/** What a host sends when a program opens the port: SET_CONTROL_LINE_STATE with DTR and RTS, to the first interface. */
const OPEN = {
  dataDirection: DataDirection.HostToDevice, type: SetupType.Class, recipient: SetupRecipient.Interface,
  bRequest: 0x22, wValue: 3, wIndex: 0, wLength: 0,
};
/** The function of a pin that the program itself drives. */
const SIO = 5;
const VERDICT = /^golden +(\d+) of (\d+) digits with all ten logits equal$/m;

/** What a Pico is; a control changes some of it. Revision 1 of the chip, step B1, needs more of a program than 2, B2. */
export const PICO = { crystal: 12_000_000, clock: 125_000_000, led: 25, revision: 1, limit: 500_000_000 };

/** Warnings of rp2040js about what is right: rp2040-hal clears all registers of the USB controller, used or not. */
const CLEARED = /^Unimplemented peripheral write to 0x(48|5c|84|88|8c|98): 0x0$/;

function stop(name, text) {
  throw new Error(`${name}: ${text}`);
}

/** Makes what rp2040js only warns of, such as a register that it does not know, the end of the run. */
export const strict = {
  debug() {},
  info() {},
  warn(name, text) {
    if (name !== 'USB' || !CLEARED.test(text)) stop(name, text);
  },
  error: stop,
};

export class Pico {
  constructor(rom, flash, board = PICO) {
    checkSecondStage(flash);
    this.board = board;
    this.simulator = new Simulator();
    this.chip = this.simulator.rp2040;
    this.chip.logger = strict;
    this.chip.xoscFreq = board.crystal;
    const words = Buffer.alloc(4 * ROM_WORDS);
    readFileSync(rom).copy(words);
    this.chip.loadBootrom(new Uint32Array(words.buffer, words.byteOffset, ROM_WORDS));
    this.chip.flash.set(flash, 0);
    this.pins = new UsbPins(this.chip, board.revision);
    this.rules = new Rules(this.chip);
    this.cycles = 0;
    sleepWithInterruptsMasked(this.chip.core);
    this.connectHost();
  }

  /** The host: enumerates the device, keeps what it prints, and sends it what `toBoard` has. */
  connectHost() {
    const usb = this.chip.usbCtrl;
    this.toBoard = [];
    this.text = '';
    this.enumerated = false;
    // By endpoint, the bytes that the device has room for.
    this.wanted = [];
    this.cdc = new USBCDC(usb);
    // In place of rp2040js's own, which sends the request to the device, not to the interface.
    this.cdc.cdcSetControlLineState = () => {
      usb.sendSetupPacket(createSetupPacket(OPEN));
      this.cdc.initialized = true;
    };
    const start = usb.onUSBEnabled;
    usb.onUSBEnabled = () => {
      this.rules.checkClocks(this.board.clock);
      start();
    };
    this.cdc.onDeviceConnected = () => {
      this.enumerated = true;
    };
    this.onBytes = (bytes) => {
      this.text += Buffer.from(bytes).toString('latin1');
    };
    this.cdc.onSerialData = (bytes) => this.onBytes(bytes);
    // In place of rp2040js's own, which answers with an empty packet when there is nothing to send.
    usb.onEndpointRead = (endpoint, size) => {
      this.wanted[endpoint] = size;
    };
  }

  /** Sends the board a packet, if it has a buffer free and there are bytes for it. */
  feed() {
    const endpoint = this.cdc.outEndpoint;
    if (!this.wanted[endpoint] || this.toBoard.length === 0) return;
    const bytes = this.toBoard.splice(0, Math.min(PACKET, this.wanted[endpoint]));
    this.wanted[endpoint] = 0;
    this.chip.usbCtrl.endpointReadDone(endpoint, Uint8Array.from(bytes));
  }

  /** Runs some instructions. Returns early when the core sleeps and the chip's next event does not wake it. */
  slice() {
    const { clock } = this.simulator;
    const { core } = this.chip;
    this.feed();
    for (let count = 0; count < SLICE; count++) {
      if (core.waiting && core.checkForInterrupts()) core.waiting = false;
      if (core.waiting) {
        const nanoseconds = clock.nanosToNextAlarm;
        if (nanoseconds === 0) break;
        this.cycles += (nanoseconds * this.chip.clkSys) / 1e9;
        clock.tick(nanoseconds);
        if (core.waiting) break;
      } else {
        const cycles = core.executeInstruction();
        this.cycles += cycles;
        clock.tick((cycles * 1e9) / this.chip.clkSys);
      }
    }
    if (this.cycles > this.board.limit) {
      throw new Error(`not done after ${this.board.limit.toLocaleString('en')} cycles, at 0x${core.PC.toString(16)}`);
    }
  }

  /** Whether the report is over. */
  get reported() {
    return VERDICT.test(this.text.replaceAll('\r\n', '\n'));
  }

  /** Runs until the report is over and the program has shown its result; returns what was asserted, in words. */
  run() {
    while (!this.reported) {
      this.slice();
      const asleep = this.chip.core.waiting && this.simulator.clock.nanosToNextAlarm === 0;
      if (asleep && !this.reported) throw new Error('the core sleeps, and nothing will wake it');
    }
    this.slice();
    return this.verdict();
  }

  verdict() {
    const { board, chip } = this;
    const text = this.text.replaceAll('\r\n', '\n');
    const [, equal, total] = text.match(VERDICT);
    const expect = (right, message) => {
      if (!right) throw new Error(message);
    };
    expect(equal === '100' && total === '100',
      `${equal} of ${total} golden digits have all ten logits equal: expected 100 of 100`);
    expect(this.enumerated, 'the host has not configured the USB device');
    this.pins.check();
    this.rules.checkClocks(board.clock);
    const pin = chip.gpio[board.led];
    expect(pin.functionSelect === SIO && pin.outputEnable && !pin.outputDisable,
      `the LED's pin GPIO${board.led} is not an output of the program`);
    expect(pin.outputValue, `the LED's pin GPIO${board.led} is low at the end: expected high`);
    expect(text.startsWith('LeNet on rpi-pico\n'), `the first line does not name rpi-pico: ${text.split('\n')[0]}`);
    const figure = (name) => Number(text.match(new RegExp(`^${name} +(\\d+) `, 'm'))[1]).toLocaleString('en');
    return [
      ...this.rules.summary(),
      `revision ${board.revision}: USB enumerated, CDC configured`,
      `LED: GPIO${board.led} high`,
      `${figure('stack')} bytes of stack for a digit`,
      `SysTick counts, ${figure('time')} cycles for a digit without XIP misses`,
      `${equal} of ${total} golden digits`,
    ];
  }
}
