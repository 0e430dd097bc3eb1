//! TCP_INFO: what the kernel knows of a connection.
//!
//! The only `unsafe` of the crate: no safe wrapper of this socket option exists in the libraries we
//! use. Linux only; elsewhere there is nothing to report.

use std::os::fd::AsFd;

use crate::trace::TcpInfo;

/// What it knows of TCP Fast Open on a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct FastOpenInfo {
    /// Whether the handshake is over.
    pub(super) established: bool,
    /// Whether the data in the SYN was acknowledged (TCPI_OPT_SYN_DATA).
    pub(super) data_acknowledged: bool,
    /// Why not (`tcpi_fastopen_client_fail`).
    pub(super) failure: u8,
}

/// Asks the kernel about TCP Fast Open.
#[cfg(target_os = "linux")]
pub(super) fn fast_open(socket: &impl AsFd) -> Option<FastOpenInfo> {
    let (info, _) = ask(socket)?;
    Some(FastOpenInfo {
        // It has a round trip once the SYN was answered, and keeps it when it has ended.
        established: info.0[68 / 4] != 0,
        data_acknowledged: info.byte(5) & 32 != 0,
        // Two bits behind `tcpi_delivery_rate_app_limited`.
        failure: if cfg!(target_endian = "little") { info.byte(7) >> 1 & 3 } else { info.byte(7) >> 5 & 3 },
    })
}

/// `getsockopt(TCP_INFO)`: what the kernel wrote, and how much of it.
#[cfg(target_os = "linux")]
fn ask(socket: &impl AsFd) -> Option<(RawInfo, usize)> {
    use std::os::fd::AsRawFd;

    let mut info = RawInfo::default();
    let mut length = libc::socklen_t::try_from(size_of::<RawInfo>()).ok()?;
    // SAFETY: the descriptor is open for the whole call (it is borrowed from its owner), `info` is a
    // plain array of integers for which every bit pattern is valid, and `length` is its size: the
    // kernel writes at most that many bytes and sets `length` to what it wrote.
    #[expect(unsafe_code, reason = "getsockopt(TCP_INFO) has no safe wrapper")]
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return None;
    }
    Some((info, usize::try_from(length).ok()?))
}

/// Asks the kernel. `None` where it does not tell.
#[cfg(target_os = "linux")]
pub(super) fn read(socket: &impl AsFd) -> Option<TcpInfo> {
    use std::time::Duration;

    let (info, known) = ask(socket)?;
    let word = |offset: usize| (known >= offset + 4).then(|| info.0[offset / 4]);
    let long = |offset: usize| {
        let halves = [word(offset)?.to_ne_bytes(), word(offset + 4)?.to_ne_bytes()];
        Some(u64::from_ne_bytes(halves.concat().try_into().ok()?))
    };
    let micros = |offset: usize| word(offset).map(|us| Duration::from_micros(us.into()));
    // Offsets of struct tcp_info in include/uapi/linux/tcp.h: eight bytes of small fields, then
    // 32-bit words; the layout only ever grows at its end.
    Some(TcpInfo {
        mss: word(16)?,
        path_mtu: word(60)?,
        rtt: micros(68)?,
        rtt_var: micros(72)?,
        congestion_window: word(80)?,
        rto: micros(8),
        retransmits: word(100)?,
        timeouts: Some(info.byte(2).into()),
        // Zero or all ones until there is a sample.
        min_rtt: micros(148).filter(|rtt| !rtt.is_zero() && *rtt < Duration::from_secs(1000)),
        reordering: word(88),
        out_of_order: word(224),
        // TCPI_OPT_SACK of `tcpi_options`.
        duplicates: word(216).filter(|_| info.byte(5) & 2 != 0),
        reorderings: word(220),
        // None was measured until data was delivered.
        delivery_rate: long(160).filter(|rate| *rate > 0),
        bytes_sent: long(200),
        bytes_retransmitted: long(208),
        bytes_acked: long(120),
        bytes_received: long(128),
    })
}

/// Whether the peer has acknowledged all that was written: nothing waits to be sent, and nothing that was sent for its
/// acknowledgement. `None` where the system does not tell.
#[cfg(target_os = "linux")]
#[must_use]
pub fn is_acknowledged(socket: &impl AsFd) -> Option<bool> {
    let (info, known) = ask(socket)?;
    // `tcpi_unacked` (segments) and `tcpi_notsent_bytes` (since Linux 4.6).
    (known >= 148).then(|| info.0[24 / 4] == 0 && info.0[144 / 4] == 0)
}

/// SYNs sent again so far on a connection that is still being opened.
#[cfg(target_os = "linux")]
pub(super) fn retransmits(socket: &impl AsFd) -> Option<u32> {
    read(socket).map(|info| info.retransmits)
}

#[cfg(target_os = "linux")]
#[repr(C, align(8))]
struct RawInfo([u32; 64]);

#[cfg(target_os = "linux")]
impl RawInfo {
    /// One of the first fields, which are bytes.
    fn byte(&self, offset: usize) -> u8 {
        self.0[offset / 4].to_ne_bytes()[offset % 4]
    }
}

#[cfg(target_os = "linux")]
impl Default for RawInfo {
    fn default() -> Self {
        Self([0; 64])
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn read(_: &impl AsFd) -> Option<TcpInfo> {
    None
}

/// Nobody tells here.
#[cfg(not(target_os = "linux"))]
pub fn is_acknowledged(_: &impl AsFd) -> Option<bool> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn retransmits(_: &impl AsFd) -> Option<u32> {
    None
}

#[cfg(not(target_os = "linux"))]
pub(super) fn fast_open(_: &impl AsFd) -> Option<FastOpenInfo> {
    None
}
