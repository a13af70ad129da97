//! Which ports are free, and which rest after use.

use std::collections::VecDeque;
use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::{Error, Sockets};

/// Half a second of G.711 as the kernel counts it. More would only turn a stall of ours into late sound.
const RECEIVE_BUFFER: usize = 16 * 1024;

/// Expedited forwarding (RFC 3246), DSCP 46 in the upper six bits: what networks expect voice to carry.
const VOICE: u32 = 46 << 2;

/// How many ports another program may hold in a row before we call the range used up.
const ATTEMPTS_MAX: usize = 64;

/// Even ports, longest unused first.
pub(super) struct PortPool {
    ip: IpAddr,
    rest: Duration,
    free: VecDeque<u16>,
    /// When each may be used again, soonest first.
    resting: VecDeque<(Instant, u16)>,
}

impl PortPool {
    /// `None` when the range holds no pair.
    pub(super) fn new(ip: IpAddr, range: RangeInclusive<u16>, rest: Duration) -> Option<Self> {
        let last = *range.end();
        let free: VecDeque<u16> = range
            .filter(|port| port % 2 == 0 && *port != 0 && *port < last)
            .collect();
        (!free.is_empty()).then_some(Self {
            ip,
            rest,
            free,
            resting: VecDeque::new(),
        })
    }

    /// A bound pair of sockets.
    pub(super) fn take(&mut self, now: Instant) -> Result<Sockets, Error> {
        while let Some((_, port)) = self.resting.pop_front_if(|(until, _)| *until <= now) {
            self.free.push_back(port);
        }
        let mut refused = None;
        for _ in 0..ATTEMPTS_MAX {
            let Some(port) = self.free.pop_front() else {
                break;
            };
            match bind_pair(self.ip, port) {
                Ok(sockets) => return Ok(sockets),
                Err(error) => {
                    // Another program's port: look again later. Out of descriptors: the port is not to blame.
                    self.free.push_back(port);
                    let in_use = error.kind() == std::io::ErrorKind::AddrInUse;
                    refused = Some(error);
                    if !in_use {
                        break;
                    }
                }
            }
        }
        Err(refused.map_or(Error::NoPorts, Error::Socket))
    }

    /// A closed leg's port: it rests first.
    pub(super) fn give_back(&mut self, port: u16, now: Instant) {
        self.resting.push_back((now + self.rest, port));
    }
}

/// A socket that many legs share takes as much as the system allows, up to a tenth of a second of a thousand legs.
pub(super) fn widen(socket: &UdpSocket) {
    // A wish: the system's limit holds.
    let _ = SockRef::from(socket).set_recv_buffer_size(4 * 1024 * 1024);
}

fn bind_pair(ip: IpAddr, port: u16) -> std::io::Result<Sockets> {
    let bind = |port| {
        let socket = UdpSocket::bind((ip, port))?;
        socket.set_nonblocking(true)?;
        let options = SockRef::from(&socket);
        options.set_recv_buffer_size(RECEIVE_BUFFER)?;
        let marked = match ip {
            IpAddr::V4(_) => options.set_tos_v4(VOICE),
            IpAddr::V6(_) => options.set_tclass_v6(VOICE),
        };
        // A mark is a wish: where it is not allowed, voice goes unmarked.
        let _ = marked;
        Ok::<_, std::io::Error>(socket)
    };
    Ok(Sockets {
        rtp: bind(port)?,
        rtcp: bind(port + 1)?,
        port,
    })
}
