//! One media thread: its legs, its recordings, its loop.

use std::collections::HashMap;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use super::ports::PortPool;
use super::{Command, Config, Counters, Event, LegId, LegStats, Sockets, bump};
use crate::sys;

/// Ready sockets taken per wake-up.
const BATCH: usize = 256;

const WAKER: u64 = u64::MAX;

/// The thread's whole state.
pub(super) struct Worker {
    events: Arc<dyn Fn(Event) + Send + Sync>,
    inbox: Receiver<Command>,
    waker: Arc<sys::Waker>,
    counters: Arc<Counters>,
    ports: Arc<Mutex<PortPool>>,
    epoll: sys::Epoll,
    legs: HashMap<LegId, Sockets>,
}

impl Worker {
    pub(super) fn new(
        config: &Config,
        inbox: Receiver<Command>,
        waker: Arc<sys::Waker>,
        counters: Arc<Counters>,
        ports: Arc<Mutex<PortPool>>,
    ) -> io::Result<Self> {
        let epoll = sys::Epoll::new(BATCH)?;
        epoll.add(waker.fd(), WAKER)?;
        Ok(Self {
            events: Arc::clone(&config.events),
            inbox,
            waker,
            counters,
            ports,
            epoll,
            legs: HashMap::new(),
        })
    }

    pub(super) fn run(mut self) {
        while !self.waker.is_stopped() {
            self.epoll.wait(None);
            self.waker.clear();
            while let Ok(command) = self.inbox.try_recv() {
                self.handle(command);
            }
        }
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Open { leg, sockets } => {
                let _ = self.epoll.add(sockets.rtp.as_raw_fd(), 0);
                self.legs.insert(leg, sockets);
                bump(&self.counters.legs_opened, 1);
            }
            Command::Close { leg } => {
                if let Some(sockets) = self.legs.remove(&leg) {
                    self.ports
                        .lock()
                        .expect("no panic happens while the ports are held")
                        .give_back(sockets.port, sys::now());
                    (self.events)(Event::Closed {
                        leg,
                        stats: LegStats::default(),
                    });
                }
            }
            _ => {}
        }
    }
}
