//! Who is calling. Decided before anything else is believed, and without telling a stranger which users exist.

use std::net::IpAddr;

use crate::domain::id::{Extension, TrunkName, Username};
use crate::domain::staff::{Directory, Network};

/// What a request outside any dialog is, before its credentials were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Speaks for one of our extensions and must prove it.
    Extension(Extension),
    /// Is that extension: the login of the person it belongs to proved it.
    Proven(Extension),
    /// Comes from a carrier's network.
    Trunk(TrunkName),
    /// A citizen at a page of ours.
    Citizen,
    /// Neither: 403, whatever it asks for.
    Stranger,
}

/// What the way a request came by says of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way<'a> {
    /// Nothing.
    Open,
    /// A WebSocket without login: a phone that proves itself, never a carrier.
    Web,
    /// The page of this person, by their login.
    Page(&'a Username),
    /// A page of ours at which a citizen may call.
    Citizen,
    /// A page whose login is over, or whose place another page took: what is up may end, nothing begins.
    Closed,
}

/// What is known of a request when the claim is judged.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub source: IpAddr,
    pub way: Way<'a>,
    /// User part of From.
    pub from: &'a str,
    /// User name in Authorization, when there is one.
    pub credentials: Option<&'a str>,
    /// Whether the extension named in From or in the credentials has a phone registered from this source.
    pub registered_here: bool,
}

/// The rule: credentials, or a From that is one of our extensions, make it that extension's request, even from a
/// trunk's network; otherwise a source inside a trunk's network is that trunk. From anywhere else only a phone
/// that registered from there is asked for credentials: to strangers existing and unknown users look the same.
pub fn claim(directory: &Directory, request: &Request<'_>) -> Claim {
    let trunk = match request.way {
        Way::Open => trunk_of(directory, request.source),
        Way::Web => None,
        Way::Page(person) => {
            let extension = Extension::from(request.from);
            return match belongs_to(directory, &extension, person) {
                true => Claim::Proven(extension),
                false => Claim::Stranger,
            };
        }
        Way::Citizen => return Claim::Citizen,
        Way::Closed => return Claim::Stranger,
    };
    let extension = request.credentials.unwrap_or(request.from);
    let known = directory
        .extensions
        .contains_key(&Extension::from(extension));
    match trunk {
        Some(_) if known || request.credentials.is_some() => {
            Claim::Extension(Extension::from(extension))
        }
        Some(trunk) => Claim::Trunk(trunk),
        None if known && request.registered_here => Claim::Extension(Extension::from(extension)),
        None => Claim::Stranger,
    }
}

/// Whether the extension is this person's.
pub fn belongs_to(directory: &Directory, extension: &Extension, person: &Username) -> bool {
    let entry = directory.extensions.get(extension);
    entry.is_some_and(|entry| entry.user.as_ref() == Some(person))
}

/// The first trunk whose networks hold `source`.
pub fn trunk_of(directory: &Directory, source: IpAddr) -> Option<TrunkName> {
    let holds = |text: &String| Network::parse(text).is_ok_and(|network| network.contains(source));
    directory
        .trunks
        .iter()
        .find(|trunk| trunk.allow.iter().any(holds))
        .map(|trunk| trunk.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::staff::{EmergencyCaller, ExtensionEntry, TrunkEntry};

    fn directory() -> Directory {
        let mut directory = Directory::default();
        directory.trunks.push(TrunkEntry {
            name: "carrier".into(),
            allow: vec!["10.0.0.0/8".to_owned()],
            outbound: Vec::new(),
            digest: None,
            srtp: false,
            keep_alive_s: 0,
            emergency_caller: EmergencyCaller::default(),
        });
        let number = Extension::from("agent1000");
        directory.extensions.insert(
            number.clone(),
            ExtensionEntry {
                number,
                password: "secret".to_owned(),
                user: Some("wang".into()),
                auto_ready: false,
                toll: false,
                srtp: false,
                skills: std::collections::BTreeMap::new(),
            },
        );
        directory
    }

    #[test]
    fn who_is_calling() {
        let agent = || Claim::Extension("agent1000".into());
        let trunk = || Claim::Trunk("carrier".into());
        let table = [
            // source, From, credentials, registered here → claim
            ("10.1.1.1", "13800000000", None, false, trunk()),
            ("10.1.1.1", "agent1000", None, false, agent()),
            ("10.1.1.1", "13800000000", Some("agent1000"), false, agent()),
            (
                "10.1.1.1",
                "13800000000",
                Some("nobody"),
                false,
                Claim::Extension("nobody".into()),
            ),
            ("192.0.2.1", "13800000000", None, false, Claim::Stranger),
            ("192.0.2.1", "agent1000", None, false, Claim::Stranger),
            ("192.0.2.1", "nobody", None, false, Claim::Stranger),
            (
                "192.0.2.1",
                "agent1000",
                Some("agent1000"),
                false,
                Claim::Stranger,
            ),
            ("192.0.2.1", "agent1000", None, true, agent()),
        ];
        for (source, from, credentials, registered_here, expected) in table {
            let request = Request {
                source: source.parse().unwrap(),
                way: Way::Open,
                from,
                credentials,
                registered_here,
            };
            assert_eq!(claim(&directory(), &request), expected, "{request:?}");
        }
    }

    #[test]
    fn a_websocket_is_a_persons_page_or_a_phone_and_never_a_carrier() {
        let (wang, li) = (Username::from("wang"), Username::from("li"));
        let agent = || Extension::from("agent1000");
        let table = [
            (Way::Page(&wang), "agent1000", None, Claim::Proven(agent())),
            // What else it says of itself is of no account.
            (
                Way::Page(&wang),
                "agent1000",
                Some("agent1001"),
                Claim::Proven(agent()),
            ),
            (Way::Page(&wang), "13800000000", None, Claim::Stranger),
            (Way::Page(&li), "agent1000", None, Claim::Stranger),
            (Way::Web, "13800000000", None, Claim::Stranger),
            (Way::Web, "agent1000", None, Claim::Extension(agent())),
            // A citizen is a citizen, whatever they call themselves.
            (Way::Citizen, "agent1000", Some("agent1000"), Claim::Citizen),
            (Way::Closed, "agent1000", Some("agent1000"), Claim::Stranger),
        ];
        for (way, from, credentials, expected) in table {
            let request = Request {
                // A carrier's network: on a WebSocket it opens nothing.
                source: "10.1.1.1".parse().unwrap(),
                way,
                from,
                credentials,
                registered_here: true,
            };
            assert_eq!(claim(&directory(), &request), expected, "{request:?}");
        }
    }
}
