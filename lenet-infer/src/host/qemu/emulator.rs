//! A running QEMU.

use std::format;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::stderr::Tail;
use super::{Core, QemuError};

/// How long QEMU may take to connect the UART.
const START: Duration = Duration::from_secs(20);
/// The time between two looks at whether it has.
const PAUSE: Duration = Duration::from_millis(10);

/// A QEMU process that runs a firmware. Dropping it kills the process.
#[derive(Debug)]
pub struct Emulator {
    child: Arc<Mutex<Child>>,
    stderr: Option<Tail>,
}

/// A handle that kills an [`Emulator`] from another thread.
#[derive(Clone, Debug)]
pub struct Killer(Arc<Mutex<Child>>);

/// The end of an emulated board's UART that QEMU has yet to connect.
#[derive(Debug)]
pub struct Uart(TcpListener);

impl Emulator {
    /// Runs the firmware in the file `elf` with `folder` as the current directory, for firmware that reads and writes
    /// files through semihosting. The emulation is as fast as it can be: instructions are not counted.
    ///
    /// # Errors
    ///
    /// Returns [`QemuError::NotInstalled`] if QEMU does not start.
    pub fn in_folder(core: Core, elf: &Path, folder: &Path) -> Result<Self, QemuError> {
        Self::start(core, core.command(elf).current_dir(folder))
    }

    /// Runs the firmware in the file `elf` with the board's UART on a socket and with instructions counted.
    ///
    /// # Errors
    ///
    /// Returns [`QemuError::NotInstalled`] if QEMU does not start, and [`QemuError::Talk`] if no socket can be had.
    pub fn with_uart(core: Core, elf: &Path) -> Result<(Self, Uart), QemuError> {
        // QEMU connects to this side, so that no two runs want the same port.
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(talk)?;
        listener.set_nonblocking(true).map_err(talk)?;
        let port = listener.local_addr().map_err(talk)?.port();
        let mut command = core.command(elf);
        command.args(["-icount", core.icount(), "-serial", "chardev:link", "-chardev"]);
        command.arg(format!("socket,id=link,host=127.0.0.1,port={port}"));
        Ok((Self::start(core, &mut command)?, Uart(listener)))
    }

    fn start(core: Core, command: &mut Command) -> Result<Self, QemuError> {
        let mut child = command.spawn().map_err(|source| core.not_installed(source))?;
        let stderr = child.stderr.take().map(Tail::of);
        Ok(Self { child: Arc::new(Mutex::new(child)), stderr })
    }

    /// A handle that kills this process from another thread.
    pub fn killer(&self) -> Killer {
        Killer(Arc::clone(&self.child))
    }

    /// The exit status of QEMU, or `None` while it runs.
    ///
    /// # Errors
    ///
    /// Returns the errors of the operating system.
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        locked(&self.child).try_wait()
    }

    /// Ends QEMU and returns the end of what it wrote to its standard error, on one line.
    pub fn end(&self) -> String {
        end(&self.child);
        self.stderr.as_ref().map(Tail::text).unwrap_or_default()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        end(&self.child);
    }
}

impl Killer {
    /// Kills the process, if it still runs.
    pub fn kill(&self) {
        end(&self.0);
    }
}

impl Uart {
    /// Waits until QEMU, which `emulator` runs, has connected the board's UART.
    ///
    /// # Errors
    ///
    /// Returns [`QemuError::Ended`] or [`QemuError::Slow`] if it does not, and [`QemuError::Talk`] for errors of the
    /// operating system.
    pub fn connect(&self, emulator: &Emulator) -> Result<TcpStream, QemuError> {
        let deadline = Instant::now() + START;
        loop {
            match self.0.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(talk)?;
                    return Ok(stream);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(talk(error)),
            }
            if let Some(status) = emulator.try_wait().map_err(talk)? {
                return Err(QemuError::Ended { status, said: emulator.end() });
            }
            if Instant::now() >= deadline {
                return Err(QemuError::Slow { seconds: START.as_secs() });
            }
            sleep(PAUSE);
        }
    }
}

const fn talk(source: io::Error) -> QemuError {
    QemuError::Talk { source }
}

fn locked(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills the process and waits until the operating system has removed it.
fn end(child: &Mutex<Child>) {
    let mut child = locked(child);
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
}
