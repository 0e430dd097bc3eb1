//! A path with a length: carries packets between two TUN devices, each way half a round trip later.
//!
//! The kernel's own means for that (netem) is not on every machine. A process of its own, this program once more
//! with [`ROLE`] as its first argument: it makes both devices where it runs, and they go with it. It loses and
//! reorders nothing, and stamps nothing: a capture on the near device has the times.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::process::{Child, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::tools::{hasten, inside};

/// First argument of this program when it is to be a relay; then the two devices, and the round trip in
/// microseconds.
pub(crate) const ROLE: &str = "relay";

/// Longer than any packet: the devices have an MTU of 1500.
const MOST: usize = 2048;

/// A running relay; ended when dropped, and its devices with it.
pub(crate) struct Relay(Child);

impl Relay {
    /// Makes two devices in a namespace, and carries packets between them wherever they are moved.
    pub(crate) fn start(namespace: &str, devices: [&str; 2], round_trip: Duration) -> Self {
        let mut command = inside(namespace, &std::env::current_exe().unwrap());
        command.arg(ROLE).args(devices).arg(round_trip.as_micros().to_string()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "the relay has no devices");
        hasten(child.id());
        Self(child)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Is a relay, as [`Relay::start`] calls it. Never returns.
pub(crate) fn serve(devices: [&str; 2], round_trip: &str) -> ! {
    let one_way = Duration::from_micros(round_trip.parse().unwrap()) / 2;
    let [near, far] = devices.map(device);
    println!("ready");
    std::io::stdout().flush().unwrap();
    carry(near.try_clone().unwrap(), far.try_clone().unwrap(), one_way);
    carry(far, near, one_way);
    loop {
        thread::park();
    }
}

/// Carries packets in one direction, in their order.
fn carry(mut from: File, mut to: File, delay: Duration) {
    let (put, taken) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut packet = [0; MOST];
        loop {
            // A device that is not up yet has nothing to read.
            let Ok(length) = from.read(&mut packet) else { continue };
            let _ = put.send((Instant::now() + delay, packet[..length].to_vec()));
        }
    });
    thread::spawn(move || {
        for (due, packet) in taken {
            thread::sleep(due.saturating_duration_since(Instant::now())); // the length of the path
            // A device that is down takes nothing, as a line that is cut.
            let _ = to.write_all(&packet);
        }
    });
}

/// A new TUN device: each read is one packet, without a header before it.
fn device(name: &str) -> File {
    let file = File::options().read(true).write(true).open("/dev/net/tun").unwrap();
    // struct ifreq: the name, the flags, and room for what other requests have there.
    let mut request = [0_u8; 40];
    request[..name.len()].copy_from_slice(name.as_bytes());
    request[16..18].copy_from_slice(&(libc::IFF_TUN | libc::IFF_NO_PI).to_ne_bytes()[..2]);
    // SAFETY: the descriptor is open for the whole call, and the kernel reads and writes one struct ifreq, which
    // has 40 bytes, at a live array of that length.
    #[expect(unsafe_code, reason = "no safe wrapper of TUNSETIFF among the libraries in use")]
    let made = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, request.as_mut_ptr()) };
    assert_eq!(made, 0, "no TUN device {name}: {}", std::io::Error::last_os_error());
    file
}
