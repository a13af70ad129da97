//! Who is where: bindings of our extensions to the contacts of their phones (RFC 3261 §10.3), with Path (RFC 3327), and
//! phones that name themselves and come back by another connection (RFC 5626).
//! Pure: time comes in; what changed comes back.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use hotline_sip::endpoint::Flow;
use hotline_sip::header::Transport;

use crate::domain::id::Extension;

/// Shortest and longest life of a binding, seconds; asked-for lives in between are kept.
pub const MIN_EXPIRES_S: u32 = 60;
/// See [`MIN_EXPIRES_S`].
pub const MAX_EXPIRES_S: u32 = 3600;
/// Phones one extension may have at once: a desk phone, a softphone, a browser, and room for a stale one or two.
const MAX_BINDINGS: usize = 5;

/// A contact a phone asks to be reached at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The Contact's URI as the phone wrote it.
    pub uri: String,
    /// `+sip.instance` with `reg-id` (RFC 5626 §4.1), when it names itself.
    pub instance: Option<String>,
    /// 0 removes the binding.
    pub expires_s: u32,
}

impl Asked {
    fn name(&self) -> &str {
        self.instance.as_deref().unwrap_or(&self.uri)
    }
}

/// One phone of an extension, also after it has come back by another connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneName {
    pub extension: Extension,
    /// Its instance, or its Contact.
    pub name: String,
}

/// Who sends a REGISTER.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'a> {
    /// Where it came from.
    pub source: &'a Flow,
    /// A person's page, known by their login. They have one at a time.
    pub is_page: bool,
}

/// One registered phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    pub uri: String,
    /// Where requests to it go.
    pub flow: Flow,
    /// Where its REGISTER came from: requests from the same place are the phone's.
    pub source: Flow,
    pub path: Vec<String>,
    pub expires_at: Instant,
    /// See [`Asked::instance`].
    pub instance: Option<String>,
    /// A person's page.
    pub is_page: bool,
    call_id: String,
    cseq: u32,
}

impl Binding {
    fn name(&self) -> &str {
        self.instance.as_deref().unwrap_or(&self.uri)
    }

    /// Whole seconds left, at least 1 while it lives.
    pub fn seconds_left(&self, now: Instant) -> u64 {
        self.expires_at
            .saturating_duration_since(now)
            .as_secs()
            .max(1)
    }
}

/// Why a REGISTER was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// 423 with Min-Expires.
    TooBrief,
    /// 403: more phones than an extension may have.
    TooMany,
    /// 500: an older request than the one already seen (§10.3 step 7).
    OutOfOrder,
}

/// An extension has a phone, or lost its last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Up(Extension),
    Down(Extension),
    /// Its connection was cut: it may be back in a moment.
    Cut(Extension),
}

/// What a REGISTER came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registered {
    pub change: Option<Change>,
    /// Phones that are reached by another connection than before, or for the first time.
    pub moved: Vec<PhoneName>,
    /// Connections of pages that this one takes the place of.
    pub replaced: Vec<u64>,
}

/// All bindings. Bounded by the number of extensions times [`MAX_BINDINGS`].
#[derive(Debug, Default)]
pub struct Registrar {
    bindings: HashMap<Extension, Vec<Binding>>,
    expiries: BTreeSet<(Instant, Extension)>,
}

impl Registrar {
    /// Carries out one authenticated REGISTER: all of it or, when refused, none of it.
    pub fn register(
        &mut self,
        now: Instant,
        extension: &Extension,
        asked: &[(Asked, Flow)],
        sender: Sender<'_>,
        path: &[String],
        call_id: &str,
        cseq: u32,
    ) -> Result<Registered, Refused> {
        let mut bindings = self.live(now, extension);
        let had = !bindings.is_empty();
        let mut done = Registered::default();
        for (ask, flow) in asked {
            if ask.expires_s != 0 && ask.expires_s < MIN_EXPIRES_S {
                return Err(Refused::TooBrief);
            }
            let same = |binding: &Binding| binding.name() == ask.name() || binding.uri == ask.uri;
            let mut before = None;
            while let Some(at) = bindings.iter().position(same) {
                // §10.3 step 7: within one Call-ID the CSeq must grow.
                if bindings[at].call_id == call_id && bindings[at].cseq >= cseq {
                    return Err(Refused::OutOfOrder);
                }
                before = bindings.remove(at).flow.connection;
            }
            if ask.expires_s == 0 {
                continue;
            }
            if flow.connection.is_some() && before != flow.connection {
                done.moved.push(PhoneName {
                    extension: extension.clone(),
                    name: ask.name().to_owned(),
                });
                done.replaced.extend(before.filter(|_| sender.is_page));
            }
            bindings.push(Binding {
                uri: ask.uri.clone(),
                flow: flow.clone(),
                source: sender.source.clone(),
                path: path.to_vec(),
                instance: ask.instance.clone(),
                is_page: sender.is_page,
                expires_at: now + Duration::from_secs(u64::from(ask.expires_s.min(MAX_EXPIRES_S))),
                call_id: call_id.to_owned(),
                cseq,
            });
        }
        if sender.is_page && asked.iter().any(|(ask, _)| ask.expires_s > 0) {
            // One person, one page with a phone: two would ring for one call.
            let other = |binding: &Binding| {
                binding.is_page && binding.flow.connection != sender.source.connection
            };
            let others = bindings.extract_if(.., |binding| other(binding));
            done.replaced
                .extend(others.filter_map(|binding| binding.flow.connection));
        }
        if bindings.len() > MAX_BINDINGS {
            // A phone that lost its old contact (new port after a reboot) must get in: the one nearest its end goes.
            bindings.sort_by_key(|binding| binding.expires_at);
            let surplus = bindings.len() - MAX_BINDINGS;
            if surplus > asked.len() {
                return Err(Refused::TooMany);
            }
            bindings.drain(..surplus);
        }
        let has = !bindings.is_empty();
        self.store(extension, bindings);
        done.change = change(extension, had, has);
        Ok(done)
    }

    /// `Contact: *` with `Expires: 0`: forgets every phone of the extension.
    pub fn clear(&mut self, extension: &Extension) -> Option<Change> {
        let had = self.bindings.contains_key(extension);
        self.store(extension, Vec::new());
        change(extension, had, false)
    }

    /// The connection is gone, and with it the phones that could only be reached through it.
    pub fn connection_lost(&mut self, connection: u64) -> Vec<Change> {
        let hit: Vec<Extension> = self
            .bindings
            .iter()
            .filter(|(_, bindings)| {
                bindings
                    .iter()
                    .any(|binding| binding.flow.connection == Some(connection))
            })
            .map(|(extension, _)| extension.clone())
            .collect();
        hit.into_iter()
            .map(|extension| {
                let mut bindings = self.bindings.get(&extension).cloned().unwrap_or_default();
                bindings.retain(|binding| binding.flow.connection != Some(connection));
                let has = !bindings.is_empty();
                self.store(&extension, bindings);
                match has {
                    true => Change::Up(extension),
                    false => Change::Cut(extension),
                }
            })
            .collect()
    }

    /// A phone that registered by that connection.
    pub fn phone_at(&self, connection: u64, extension: &Extension) -> Option<PhoneName> {
        let bindings = self.bindings.get(extension)?;
        let binding = bindings
            .iter()
            .find(|binding| binding.flow.connection == Some(connection))?;
        Some(PhoneName {
            extension: extension.clone(),
            name: binding.name().to_owned(),
        })
    }

    /// Drops what has expired.
    pub fn expire(&mut self, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some((at, extension)) = self.expiries.first().cloned() {
            if at > now {
                break;
            }
            let bindings = self.live(now, &extension);
            let has = !bindings.is_empty();
            self.store(&extension, bindings);
            changes.extend(change(&extension, true, has));
        }
        changes
    }

    /// When the next binding expires.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// The phones of an extension that live at `now`.
    pub fn live(&self, now: Instant, extension: &Extension) -> Vec<Binding> {
        let mut bindings = self.bindings.get(extension).cloned().unwrap_or_default();
        bindings.retain(|binding| binding.expires_at > now);
        bindings
    }

    /// Whether this extension has a phone that registered from the place `flow` comes from.
    pub fn is_registered_from(&self, now: Instant, extension: &Extension, flow: &Flow) -> bool {
        self.bindings.get(extension).is_some_and(|bindings| {
            bindings.iter().any(|binding| {
                let same = match flow.connection.filter(|_| is_web(flow)) {
                    // Behind a front all come from one address.
                    Some(connection) => binding.source.connection == Some(connection),
                    None => {
                        binding.source.remote.ip() == flow.remote.ip() && !is_web(&binding.source)
                    }
                };
                binding.expires_at > now && same
            })
        })
    }

    /// Every extension with a phone that lives at `now`, for a distributor that was configured anew.
    pub fn registered(&self, now: Instant) -> Vec<Change> {
        let lives = |bindings: &Vec<Binding>| bindings.iter().any(|one| one.expires_at > now);
        let up = self.bindings.iter().filter(|(_, bindings)| lives(bindings));
        up.map(|(extension, _)| Change::Up(extension.clone()))
            .collect()
    }

    /// How many phones are registered.
    pub fn phones(&self) -> usize {
        self.bindings.values().map(Vec::len).sum()
    }

    fn store(&mut self, extension: &Extension, bindings: Vec<Binding>) {
        for old in self.bindings.remove(extension).unwrap_or_default() {
            self.expiries.remove(&(old.expires_at, extension.clone()));
        }
        if bindings.is_empty() {
            return;
        }
        for new in &bindings {
            self.expiries.insert((new.expires_at, extension.clone()));
        }
        self.bindings.insert(extension.clone(), bindings);
    }
}

fn is_web(flow: &Flow) -> bool {
    matches!(flow.transport, Transport::Ws | Transport::Wss)
}

fn change(extension: &Extension, had: bool, has: bool) -> Option<Change> {
    match (had, has) {
        // Each REGISTER is a sign of life: a phone that was found silent meanwhile is believed again.
        (_, true) => Some(Change::Up(extension.clone())),
        (true, false) => Some(Change::Down(extension.clone())),
        (false, false) => None,
    }
}
