//! What the transactions of both sides share: their tables, one ordered list of deadlines for them and for the calls, the
//! effects, and chance. `outbound` and `inbound` tell what is done with them.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::Arc;
use std::time::Instant;

use super::inbound::{Server, ServerOwner};
use super::outbound::{Client, ClientKey, ClientOwner};
use super::schedule::Schedule;
use crate::endpoint::{Config, Effect, Event, Flow, LegHandle, NoResponse, ServerTx, Stats};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    Client(ClientKey),
    Server(ServerTx),
    Leg(LegHandle),
}

/// A deadline that concerns someone outside the layer.
#[derive(Debug)]
pub(crate) enum Fired {
    /// A request of ours will have no response.
    NoResponse(ClientKey, ClientOwner, NoResponse),
    /// Timer C: the INVITE was cancelled.
    RangTooLong(ClientOwner),
    /// The owner let a request of theirs lie; it is gone.
    Unanswered(ServerTx, ServerOwner),
    /// A leg asked to be woken.
    Leg(LegHandle),
}

/// Transactions, deadlines, effects and chance.
pub(crate) struct Layer {
    pub(crate) config: Config,
    pub(super) random: Box<dyn FnMut() -> u64 + Send>,
    pub(super) secret: u64,
    pub(super) clients: HashMap<ClientKey, Box<Client>>,
    pub(super) servers: HashMap<ServerTx, Box<Server>>,
    pub(super) by_branch: HashMap<Box<str>, ServerTx>,
    pub(super) by_origin: HashMap<Box<str>, ServerTx>,
    pub(super) last_server: u64,
    pub(super) schedule: Schedule<Due>,
    effects: VecDeque<Effect>,
    pub(crate) stats: Stats,
}

impl Layer {
    pub(crate) fn new(config: Config, mut random: Box<dyn FnMut() -> u64 + Send>) -> Self {
        Self {
            config,
            secret: random(),
            random,
            clients: HashMap::new(),
            servers: HashMap::new(),
            by_branch: HashMap::new(),
            by_origin: HashMap::new(),
            last_server: 0,
            schedule: Schedule::new(),
            effects: VecDeque::new(),
            stats: Stats::default(),
        }
    }

    pub(crate) fn random(&mut self) -> u64 {
        (self.random)()
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.effects.push_back(Effect::Event(event));
    }

    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.schedule.next()
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            client_transactions: self.clients.len(),
            server_transactions: self.servers.len(),
            ..self.stats
        }
    }

    /// Moves a leg's deadline.
    pub(crate) fn wake_leg(&mut self, leg: LegHandle, old: Option<Instant>, new: Option<Instant>) {
        self.schedule.set(Due::Leg(leg), old, new);
    }

    /// How peers reach us over that flow: host and port.
    pub(crate) fn sent_by(&self, flow: &Flow) -> String {
        self.config
            .advertised
            .get(&(flow.transport.clone(), flow.local))
            .cloned()
            .unwrap_or_else(|| flow.local.to_string())
    }

    /// Puts bytes on a flow; not on one that is cut.
    pub(crate) fn send(&mut self, flow: &Flow, bytes: &Arc<[u8]>) {
        if flow.is_cut() {
            return;
        }
        self.effects.push_back(Effect::Send {
            flow: flow.clone(),
            bytes: Arc::clone(bytes),
        });
    }

    /// Puts bytes on a flow for the second time or later.
    pub(crate) fn resend(&mut self, flow: &Flow, bytes: &Arc<[u8]>) {
        self.stats.retransmissions += 1;
        self.send(flow, bytes);
    }

    /// Does what is due. Returns the next thing that concerns someone outside; `None` when nothing more is due.
    pub(crate) fn next_due(&mut self, now: Instant) -> Option<Fired> {
        while let Some(due) = self.schedule.pop(now) {
            let fired = match due {
                Due::Client(key) => self.client_due(now, key),
                Due::Server(tx) => self.server_due(now, tx),
                Due::Leg(leg) => Some(Fired::Leg(leg)),
            };
            if fired.is_some() {
                return fired;
            }
        }
        None
    }
}

/// Lets a table shrink after a busy hour: what it held then is not kept for ever.
pub(crate) fn give_back<K: Eq + Hash, V>(table: &mut HashMap<K, V>) {
    const SMALL: usize = 1024;
    if table.capacity() > SMALL && table.len() < table.capacity() / 8 {
        table.shrink_to(table.len() * 2);
    }
}

/// True if what broke `broken` breaks `flow` too.
pub(crate) fn same_way(flow: &Flow, broken: &Flow) -> bool {
    match (flow.connection, broken.connection) {
        (Some(one), Some(other)) => one == other,
        // The shell may have opened a connection for a flow that named none.
        (None, None | Some(_)) => {
            flow.transport == broken.transport && flow.remote == broken.remote
        }
        (Some(_), None) => false,
    }
}

/// Sixteen lower-case hexadecimal digits, as our branches and tags have them.
pub(crate) fn parse_hex(text: &str) -> Option<u64> {
    let is_ours = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    is_ours
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
}
