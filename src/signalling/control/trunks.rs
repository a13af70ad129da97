//! Carriers before a call needs them: where a gateway with a name is now, and whether it answers (OPTIONS, RFC 3261 §11), so that
//! an outgoing call begins at one that does.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hotline_sip::endpoint::{Flow, NoResponse, RequestHandle, RequestParams};
use hotline_sip::header::{Headers, NameAddr, Transport};
use hotline_sip::message::{Method, Response, Status};
use hotline_sip::uri::Uri;
use tracing::{info, warn};

use super::{Control, Timer, legs};
use crate::domain::id::TrunkName;
use crate::domain::phone::PhoneNumber;
use crate::signalling::call::Destination;

/// A gateway that does not answer is asked again after this; one that does, as often as its trunk wishes.
const ASKED_WHEN_DOWN: Duration = Duration::from_secs(10);

/// One address of one carrier.
type Key = (TrunkName, SocketAddr);

/// What is known of the carriers' gateways. Bounded by the organisation file and by the addresses the shell keeps of a name.
#[derive(Debug, Default)]
pub(super) struct Gateways {
    /// Addresses of the names in the organisation file, as last told.
    names: HashMap<String, Vec<IpAddr>>,
    /// Those that are to be asked.
    asked: BTreeMap<Key, Gateway>,
    /// Questions under way.
    questions: HashMap<RequestHandle, Key>,
    /// The timer that is set.
    due: Option<Instant>,
}

/// Where one outbound URI leads.
struct Place {
    scheme: &'static str,
    /// With the port, as it is written in requests.
    host: String,
    name: String,
    flow: Flow,
}

#[derive(Debug)]
struct Gateway {
    uri: String,
    flow: Flow,
    every: Duration,
    ask_at: Instant,
    /// Until it was asked it is thought to be there.
    is_up: bool,
}

impl Gateways {
    fn is_down(&self, trunk: Option<&TrunkName>, remote: SocketAddr) -> bool {
        let known = trunk.and_then(|trunk| self.asked.get(&(trunk.clone(), remote)));
        known.is_some_and(|gateway| !gateway.is_up)
    }
}

impl Control {
    /// Host names of the organisation's trunks: the shell keeps telling their addresses by
    /// [`Input::Resolved`](super::Input::Resolved).
    pub fn names_wanted(&self) -> BTreeSet<String> {
        let outbound = self
            .directory
            .trunks
            .iter()
            .flat_map(|trunk| &trunk.outbound);
        outbound
            .filter_map(|uri| uri.parse::<Uri>().ok())
            .filter(|uri| uri.ip().is_none())
            .map(|uri| uri.host().to_ascii_lowercase())
            .collect()
    }

    /// Who must be at each address that is called over TLS: the name that the organisation file has (RFC 5922 §4). Of two carriers
    /// at one address the first.
    pub fn names_over_tls(&self) -> HashMap<SocketAddr, String> {
        let mut names = HashMap::new();
        for trunk in &self.directory.trunks {
            for gateway in self.addresses_of(&trunk.outbound) {
                if gateway.flow.transport == Transport::Tls {
                    let name = gateway.name.trim_matches(['[', ']']).to_owned();
                    names.entry(gateway.flow.remote).or_insert(name);
                }
            }
        }
        names
    }

    pub(super) fn on_resolved(&mut self, host: String, addresses: Vec<IpAddr>) {
        if self.gateways.names.get(&host) != Some(&addresses) {
            info!(
                host,
                ?addresses,
                "the carrier's name {host} leads to {addresses:?}"
            );
            self.gateways.names.insert(host, addresses);
            self.look_after_trunks();
        }
    }

    /// The places an outside number may be sent to, in the file's order; those known to be dead stand last.
    pub(super) fn gateways_for(&self, number: &PhoneNumber) -> Vec<Destination> {
        let mut places = Vec::new();
        for trunk in &self.directory.trunks {
            for gateway in self.addresses_of(&trunk.outbound) {
                places.push(Destination {
                    uri: format!("{}:{}@{}", gateway.scheme, number.as_str(), gateway.host),
                    flow: gateway.flow,
                    path: Vec::new(),
                    trunk: Some(trunk.name.clone()),
                    registered: false,
                    srtp: trunk.srtp,
                });
            }
        }
        places.sort_by_key(|place| {
            self.gateways
                .is_down(place.trunk.as_ref(), place.flow.remote)
        });
        places
    }

    /// Each address that outbound URIs lead to, with host and port as they are written in requests.
    fn addresses_of(&self, outbound: &[String]) -> Vec<Place> {
        let mut addresses = Vec::new();
        for uri in outbound.iter().filter_map(|uri| uri.parse::<Uri>().ok()) {
            let transport = match uri.param("transport").map(Transport::from) {
                // RFC 3261 §26.2.2: TLS, whatever else it says.
                _ if uri.is_sips() => Transport::Tls,
                Some(Transport::Tls) => Transport::Tls,
                Some(Transport::Tcp) => Transport::Tcp,
                Some(Transport::Udp | Transport::Ws | Transport::Wss | Transport::Other(_))
                | None => Transport::Udp,
            };
            let port = uri.port().unwrap_or(transport.default_port());
            let (host, ips) = match uri.ip() {
                Some(ip) => (legs::host_port(SocketAddr::new(ip, port)), vec![ip]),
                None => {
                    let known = self.gateways.names.get(&uri.host().to_ascii_lowercase());
                    let host = match uri.port() {
                        Some(port) => format!("{}:{port}", uri.host()),
                        None => uri.host().to_owned(),
                    };
                    (host, known.cloned().unwrap_or_default())
                }
            };
            for ip in ips {
                let mut flow = self.udp_to(SocketAddr::new(ip, port));
                flow.transport = transport.clone();
                if let (Transport::Tls, Some(tls)) = (&transport, self.settings.tls) {
                    flow.local = tls.local;
                }
                addresses.push(Place {
                    scheme: if uri.is_sips() { "sips" } else { "sip" },
                    host: host.clone(),
                    name: uri.host().to_owned(),
                    flow,
                });
            }
        }
        addresses
    }

    /// The organisation or a name's addresses changed: whom to ask from now on. What is known of those that stay is kept.
    pub(super) fn look_after_trunks(&mut self) {
        let now = self.clock.instant();
        let mut before = std::mem::take(&mut self.gateways.asked);
        for trunk in &self.directory.trunks {
            if trunk.keep_alive_s == 0 {
                continue;
            }
            let every = Duration::from_secs(trunk.keep_alive_s.into());
            for Place {
                scheme, host, flow, ..
            } in self.addresses_of(&trunk.outbound)
            {
                let uri = format!("{scheme}:{host}");
                let key = (trunk.name.clone(), flow.remote);
                let (ask_at, is_up) = match before.remove(&key) {
                    Some(known) => (known.ask_at.min(now + every), known.is_up),
                    None => (now, true),
                };
                let gateway = Gateway {
                    uri,
                    flow,
                    every,
                    ask_at,
                    is_up,
                };
                self.gateways.asked.insert(key, gateway);
            }
        }
        for ((trunk, remote), _) in before {
            tell_gauge(&trunk, remote, f64::NAN);
        }
        self.set_trunk_timer();
    }

    fn set_trunk_timer(&mut self) {
        let due = self
            .gateways
            .asked
            .values()
            .map(|gateway| gateway.ask_at)
            .min();
        if let Some(before) = std::mem::replace(&mut self.gateways.due, due) {
            self.timers.remove(&(before, Timer::Trunks));
        }
        if let Some(due) = due {
            self.timers.insert((due, Timer::Trunks));
        }
    }

    /// Asks every gateway whose turn it is.
    pub(super) fn ask_trunks(&mut self, now: Instant) {
        let turn: Vec<(Key, String, Flow)> = self
            .gateways
            .asked
            .iter_mut()
            .filter(|(_, gateway)| gateway.ask_at <= now)
            .map(|(key, gateway)| {
                let wait = if gateway.is_up {
                    gateway.every
                } else {
                    ASKED_WHEN_DOWN
                };
                gateway.ask_at = now + wait;
                (key.clone(), gateway.uri.clone(), gateway.flow.clone())
            })
            .collect();
        for (key, uri, flow) in turn {
            if self
                .gateways
                .questions
                .values()
                .any(|under_way| *under_way == key)
            {
                continue;
            }
            let own = legs::host_port(self.settings.advertised);
            let (Ok(target), Ok(from)) = (
                uri.parse::<Uri>(),
                legs::uri(&self.settings.own_number, &own),
            ) else {
                continue;
            };
            let params = RequestParams {
                method: Method::Options,
                to: NameAddr::new(target.clone()),
                target,
                next_hop: flow,
                from: NameAddr::new(from),
                headers: Headers::new(),
                body: Vec::new(),
                credentials: self.trunk_account(&key.0),
                series: None,
            };
            if let Ok(question) = self.endpoint.request(now, params) {
                self.gateways.questions.insert(question, key);
            }
        }
        self.set_trunk_timer();
    }

    /// Whatever a gateway answers, it is there; but 503 takes no calls, and 408 speaks for nobody behind it.
    pub(super) fn on_trunk_answer(
        &mut self,
        question: RequestHandle,
        outcome: Result<Box<Response>, NoResponse>,
    ) {
        let Some(key) = self.gateways.questions.remove(&question) else {
            return;
        };
        let is_up = outcome.is_ok_and(|response| {
            !matches!(
                response.status,
                Status::SERVICE_UNAVAILABLE | Status::REQUEST_TIMEOUT
            )
        });
        self.note_gateway(&key, is_up);
    }

    /// A call found nobody at a gateway: the next one need not find out again.
    pub(super) fn gateway_was_silent(&mut self, trunk: &TrunkName, remote: SocketAddr) {
        self.note_gateway(&(trunk.clone(), remote), false);
    }

    fn note_gateway(&mut self, key: &Key, is_up: bool) {
        let now = self.clock.instant();
        let Some(gateway) = self.gateways.asked.get_mut(key) else {
            return;
        };
        let (trunk, remote) = key;
        tell_gauge(trunk, *remote, if is_up { 1.0 } else { 0.0 });
        if gateway.is_up != is_up {
            gateway.is_up = is_up;
            if is_up {
                info!(%trunk, %remote, "trunk {trunk}: {remote} answers again");
            } else {
                gateway.ask_at = gateway.ask_at.min(now + ASKED_WHEN_DOWN);
                warn!(%trunk, %remote, "trunk {trunk}: {remote} does not answer; calls go elsewhere first");
            }
            self.set_trunk_timer();
        }
    }
}

fn tell_gauge(trunk: &TrunkName, remote: SocketAddr, value: f64) {
    metrics::gauge!("hotline_trunk_up", "trunk" => trunk.to_string(), "gateway" => remote.to_string()).set(value);
}
