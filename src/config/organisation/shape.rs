//! The tables that are written otherwise than they are kept.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::id::{self, QueueName, Skill, TrunkName, UnitCode, Username};
use crate::domain::organisation::{Posts, Shift};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{EmergencyCaller, Role, TrunkDigest, UnitKind};

/// `[[unit]]`. The same code again with another `from` is another stand of the same unit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unit {
    pub(super) code: UnitCode,
    pub(super) name: String,
    pub(super) kind: UnitKind,
    pub(super) parent: Option<UnitCode>,
    /// The day it is so from, e.g. `2024-03-01`.
    pub(super) from: Option<String>,
    pub(super) merged_into: Option<UnitCode>,
    pub(super) process: Option<String>,
    pub(super) posts: Option<Posts>,
}

/// `[[duty]]`: one line of a unit's roster; a file that names a unit here gives its whole roster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DutyLine {
    pub(super) unit: UnitCode,
    pub(super) person: String,
    pub(super) phone: PhoneNumber,
    pub(super) deputy: Option<String>,
    pub(super) deputy_phone: Option<PhoneNumber>,
    pub(super) when: Shift,
    pub(super) from: Option<String>,
    /// The last day it holds.
    pub(super) until: Option<String>,
}

/// `[[conference_member]]`: the head of a unit, from a day on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConferenceMember {
    pub(super) unit: UnitCode,
    pub(super) head: String,
    pub(super) title: String,
    pub(super) from: String,
}

/// `[[dispatch_rule]]`: at least one of `category` and `keywords`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DispatchRule {
    pub(super) name: String,
    pub(super) category: Option<String>,
    #[serde(default)]
    pub(super) keywords: Vec<String>,
    pub(super) place: Option<String>,
    pub(super) competent: UnitCode,
    pub(super) supervising: Option<UnitCode>,
    pub(super) basis: String,
    #[serde(default)]
    pub(super) priority: i32,
    pub(super) from: Option<String>,
    /// The last day it holds.
    pub(super) until: Option<String>,
}

/// `[[user]]`. With `count = 3`, `agent1000` stands for agent1000, agent1001 and agent1002.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) username: Username,
    pub(super) display_name: String,
    pub(super) role: Role,
    pub(super) unit: UnitCode,
    /// Plain, or Argon2id in PHC form. May be left out for somebody who has one.
    pub(super) password: Option<String>,
    #[serde(default = "one")]
    pub(super) count: u32,
}

/// `[[extension]]`. `count` as for a user; `user` counts along.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extension {
    pub(super) number: id::Extension,
    pub(super) password: String,
    pub(super) user: Option<Username>,
    #[serde(default)]
    pub(super) auto_ready: bool,
    #[serde(default)]
    pub(super) toll: bool,
    #[serde(default)]
    pub(super) srtp: bool,
    #[serde(default)]
    pub(super) skills: BTreeMap<Skill, u8>,
    #[serde(default = "one")]
    pub(super) count: u32,
}

/// `[[trunk]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trunk {
    pub(super) name: TrunkName,
    pub(super) allow: Vec<String>,
    #[serde(default)]
    pub(super) outbound: OneOrMore,
    pub(super) digest: Option<TrunkDigest>,
    /// Of the outbound URIs that name none themselves.
    pub(super) transport: Option<Transport>,
    #[serde(default)]
    pub(super) srtp: bool,
    #[serde(default)]
    pub(super) keep_alive_s: u32,
    #[serde(default)]
    pub(super) emergency_caller: EmergencyCaller,
}

/// One URI, or several in order of preference.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a SIP URI, or a list of them")]
pub(super) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Default for OneOrMore {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// `[[number]]`: exactly one of `queue`, `announce`, `extension`, `flow`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Number {
    pub(super) number: PhoneNumber,
    pub(super) queue: Option<QueueName>,
    pub(super) announce: Option<String>,
    pub(super) extension: Option<id::Extension>,
    pub(super) flow: Option<String>,
    #[serde(default)]
    pub(super) record: bool,
}

const fn one() -> u32 {
    1
}
