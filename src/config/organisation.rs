//! The organisation file of `hotline apply`: units, people, extensions, trunks, queues, numbers, specialists, SMS
//! gateways, calendars, duty rosters, the joint conference.
//!
//! The file is taken whole or not at all. Every fault is told, with its line, not only the first. What an entry names
//! (a unit's parent, a number's queue) must be in the file or already be [`Known`]. Writing it down is storage's.

mod check;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::line_at;
use crate::domain::disposition::{CategoryEntry, LaneEntry, OriginEntry, OutsideHotline};
use crate::domain::id::{Extension, QueueName, UnitCode, Username};
use crate::domain::staff::{Directory, Organisation, Unit};
use crate::domain::ticket::RuleSet;

/// What is there already, so that a file may name it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Each unit with its parent.
    units: BTreeMap<UnitCode, Option<UnitCode>>,
    users: BTreeSet<Username>,
    extensions: BTreeSet<Extension>,
    queues: BTreeSet<QueueName>,
    categories: BTreeSet<String>,
    rules: Vec<RuleSet>,
    /// Systems that demands come from.
    origins: BTreeSet<String>,
    /// Those of them that tickets may be passed on to.
    partners: BTreeSet<String>,
}

impl Known {
    /// What the database holds.
    pub fn new(units: &[Unit], directory: &Directory) -> Self {
        Self {
            units: units
                .iter()
                .map(|unit| (unit.code.clone(), unit.parent.clone()))
                .collect(),
            users: directory.users.keys().cloned().collect(),
            extensions: directory.extensions.keys().cloned().collect(),
            queues: directory.queues.keys().cloned().collect(),
            categories: BTreeSet::new(),
            rules: Vec::new(),
            origins: BTreeSet::new(),
            partners: BTreeSet::new(),
        }
    }

    /// With the categories that are there already.
    #[must_use]
    pub fn with_categories(mut self, categories: &[CategoryEntry]) -> Self {
        self.categories = categories.iter().map(|known| known.code.clone()).collect();
        self
    }

    /// With the systems that are there already.
    #[must_use]
    pub fn with_origins(mut self, origins: &[OriginEntry]) -> Self {
        let of = |known: &OriginEntry| known.system.clone();
        self.origins = origins.iter().map(of).collect();
        self.partners = origins
            .iter()
            .filter(|known| known.partner)
            .map(of)
            .collect();
        self
    }

    /// With the rule sets that are there already.
    #[must_use]
    pub fn with_rules(mut self, rules: &[RuleSet]) -> Self {
        self.rules = rules.to_vec();
        self
    }
}

/// One thing that is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub line: usize,
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// Everything that is wrong with the file, by line. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for fault in &self.0 {
            write!(f, "{separator}{fault}")?;
            separator = "\n";
        }
        Ok(())
    }
}

/// Reads and checks a whole file.
pub fn parse(text: &str, known: &Known) -> Result<Organisation, Faults> {
    let mut reader = Reader {
        text,
        faults: Vec::new(),
    };
    let file = reader.read();
    // With an entry that could not be read, whatever names it would be told as a second fault.
    let organisation = reader
        .faults
        .is_empty()
        .then(|| check::check(file, known, &mut reader.faults));
    match organisation {
        Some(organisation) if reader.faults.is_empty() => Ok(organisation),
        Some(_) | None => {
            reader.faults.sort();
            Err(Faults(reader.faults))
        }
    }
}

/// An entry and the line its table begins on.
#[derive(Debug)]
struct Entry<T> {
    line: usize,
    is: T,
}

/// The file's tables as written.
#[derive(Debug, Default)]
struct File {
    units: Vec<Entry<shape::Unit>>,
    users: Vec<Entry<shape::User>>,
    extensions: Vec<Entry<shape::Extension>>,
    trunks: Vec<Entry<shape::Trunk>>,
    queues: Vec<Entry<crate::domain::staff::QueueEntry>>,
    numbers: Vec<Entry<shape::Number>>,
    specialists: Vec<Entry<crate::domain::staff::SpecialistEntry>>,
    sms_gateways: Vec<Entry<crate::domain::staff::SmsGatewayEntry>>,
    calendars: Vec<Entry<crate::domain::staff::CalendarEntry>>,
    unit_contacts: Vec<Entry<crate::domain::staff::UnitContact>>,
    rules: Vec<Entry<RuleSet>>,
    duty: Vec<Entry<shape::DutyLine>>,
    conference: Vec<Entry<shape::ConferenceMember>>,
    categories: Vec<Entry<CategoryEntry>>,
    lanes: Vec<Entry<LaneEntry>>,
    origins: Vec<Entry<OriginEntry>>,
    dispatch_rules: Vec<Entry<shape::DispatchRule>>,
    hotlines: Vec<Entry<OutsideHotline>>,
}

struct Reader<'a> {
    text: &'a str,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> File {
        let (table, faults) = DeTable::parse_recoverable(self.text);
        for fault in &faults {
            self.fault_of(fault);
        }
        let mut file = File::default();
        if !faults.is_empty() {
            return file;
        }
        for (key, value) in table.into_inner() {
            match key.get_ref().as_ref() {
                "unit" => file.units = self.entries("unit", value),
                "user" => file.users = self.entries("user", value),
                "extension" => file.extensions = self.entries("extension", value),
                "trunk" => file.trunks = self.entries("trunk", value),
                "queue" => file.queues = self.entries("queue", value),
                "number" => file.numbers = self.entries("number", value),
                "specialist" => file.specialists = self.entries("specialist", value),
                "sms_gateway" => file.sms_gateways = self.entries("sms_gateway", value),
                "calendar" => file.calendars = self.entries("calendar", value),
                "unit_contact" => file.unit_contacts = self.entries("unit_contact", value),
                "rules" => file.rules = self.entries("rules", value),
                "duty" => file.duty = self.entries("duty", value),
                "conference_member" => {
                    file.conference = self.entries("conference_member", value);
                }
                "category" => file.categories = self.entries("category", value),
                "lane" => file.lanes = self.entries("lane", value),
                "origin" => file.origins = self.entries("origin", value),
                "dispatch_rule" => {
                    file.dispatch_rules = self.entries("dispatch_rule", value);
                }
                "outside_hotline" => {
                    file.hotlines = self.entries("outside_hotline", value);
                }
                unknown => self.fault(
                    key.span().start,
                    format!(
                        "there is no table {unknown:?}; known: unit, user, extension, trunk, queue, number, \
                         specialist, sms_gateway, calendar, duty, conference_member, category, \
                         lane, origin, dispatch_rule, outside_hotline, unit_contact, rules"
                    ),
                ),
            }
        }
        file
    }

    fn entries<T: DeserializeOwned>(
        &mut self,
        kind: &str,
        value: Spanned<DeValue<'a>>,
    ) -> Vec<Entry<T>> {
        let at = value.span().start;
        let DeValue::Array(tables) = value.into_inner() else {
            self.fault(
                at,
                format!("write each {kind} as a table of its own: [[{kind}]]"),
            );
            return Vec::new();
        };
        let mut entries = Vec::new();
        for table in tables {
            let line = line_at(self.text, table.span().start);
            match T::deserialize(ValueDeserializer::from(table)) {
                Ok(is) => entries.push(Entry { line, is }),
                Err(fault) => self.faults.push(Fault {
                    line: fault
                        .span()
                        .map_or(line, |span| line_at(self.text, span.start)),
                    reason: fault.message().to_owned(),
                }),
            }
        }
        entries
    }

    fn fault_of(&mut self, fault: &toml::de::Error) {
        let at = fault.span().map_or(0, |span| span.start);
        self.fault(at, fault.message().to_owned());
    }

    fn fault(&mut self, at: usize, reason: String) {
        self.faults.push(Fault {
            line: line_at(self.text, at),
            reason,
        });
    }
}
