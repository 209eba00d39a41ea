//! A serial port over USB, by polling, on a chip whose library drives the bus.
#![no_std]

use usb_device::bus::{UsbBus, UsbBusAllocator};
use usb_device::device::{StringDescriptors, UsbDevice, UsbDeviceBuilder, UsbDeviceState, UsbVidPid};
use usbd_serial::{SerialPort, USB_CLASS_CDC};

/// V-USB's free pair for serial ports: https://github.com/obdev/v-usb/blob/master/usbdrv/USB-IDs-for-free.txt
const ID: UsbVidPid = UsbVidPid(0x16c0, 0x27dd);

/// The port.
pub struct UsbSerial<B: UsbBus + 'static> {
    device: UsbDevice<'static, B>,
    port: SerialPort<'static, B>,
}

impl<B: UsbBus> UsbSerial<B> {
    /// Returns the only port on a bus.
    ///
    /// # Panics
    ///
    /// Panics if the bus has no endpoints left.
    pub fn new(bus: &'static UsbBusAllocator<B>) -> Self {
        let port = SerialPort::new(bus);
        let texts = StringDescriptors::default().manufacturer("lenet").product("LeNet").serial_number("1");
        let device = UsbDeviceBuilder::new(bus, ID)
            .strings(&[texts])
            .expect("one language fits")
            .max_packet_size_0(64)
            .expect("64 is a size that USB knows")
            .device_class(USB_CLASS_CDC)
            .build();
        Self { device, port }
    }

    /// Returns a byte that has been received, or `None`, without waiting.
    pub fn read(&mut self) -> Option<u8> {
        self.poll();
        let mut byte = [0];
        matches!(self.port.read(&mut byte), Ok(1)).then_some(byte[0])
    }

    /// Sends bytes. Waits as long as the host takes none, and drops them when no program on it has the port open.
    pub fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.is_open() {
            let sent = self.port.write(bytes).unwrap_or(0);
            bytes = &bytes[sent..];
        }
        while self.port.flush().is_err() && self.is_open() {}
    }

    /// Whether the host has configured the device, and a program on it has the port open.
    pub fn is_open(&mut self) -> bool {
        self.poll();
        self.device.state() == UsbDeviceState::Configured && self.port.dtr()
    }

    /// Handles what the host has asked for.
    pub fn poll(&mut self) {
        self.device.poll(&mut [&mut self.port]);
    }
}
