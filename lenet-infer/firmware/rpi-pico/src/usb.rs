//! A serial port over USB, by polling.

use app::Serial;
use app::sleep::Alarm;
use cortex_m::singleton;
use rp2040_hal::pac::Interrupt;
use rp2040_hal::usb::UsbBus;
use usb_device::bus::UsbBusAllocator;
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState, UsbVidPid};
use usbd_serial::{SerialPort, USB_CLASS_CDC};

/// V-USB's free pair for serial ports: https://github.com/obdev/v-usb/blob/master/usbdrv/USB-IDs-for-free.txt
const ID: UsbVidPid = UsbVidPid(0x16c0, 0x27dd);

/// The port.
pub(crate) struct UsbSerial {
    device: UsbDevice<'static, UsbBus>,
    port: SerialPort<'static, UsbBus>,
    event: Alarm<Interrupt>,
}

impl UsbSerial {
    /// The port on the chip's only bus: call it once.
    pub(crate) fn new(bus: UsbBus) -> Self {
        let bus = singleton!(: UsbBusAllocator<UsbBus> = UsbBusAllocator::new(bus)).expect("called once");
        let port = SerialPort::new(bus);
        let texts = StringDescriptors::default().manufacturer("lenet").product("LeNet").serial_number("1");
        let device = UsbDeviceBuilder::new(bus, ID)
            .strings(&[texts])
            .expect("one language fits")
            .max_packet_size_0(64)
            .expect("64 is a size that USB knows")
            .device_class(USB_CLASS_CDC)
            .build();
        Self { device, port, event: Alarm::new(Interrupt::USBCTRL_IRQ) }
    }

    /// Handles what the host has asked for.
    pub(crate) fn poll(&mut self) {
        self.device.poll(&mut [&mut self.port]);
    }
}

impl Serial for UsbSerial {
    fn read(&mut self) -> Option<u8> {
        self.poll();
        let mut byte = [0];
        matches!(self.port.read(&mut byte), Ok(1)).then_some(byte[0])
    }

    /// Waits as long as the host takes no bytes, and drops them when no program on it has the port open.
    fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.is_open() {
            let sent = self.port.write(bytes).unwrap_or(0);
            bytes = &bytes[sent..];
        }
        while self.port.flush().is_err() && self.is_open() {}
    }

    /// Whether the host has configured the device, and a program on it has the port open.
    fn is_open(&mut self) -> bool {
        self.poll();
        self.device.state() == UsbDeviceState::Configured && self.port.dtr()
    }

    fn wait(&mut self) {
        self.event.wait();
    }
}
