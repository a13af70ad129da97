//! What a file must hold beyond its shape: names that exist, once; texts that mean something.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use jiff::civil::{Date, Time};

use super::{Entry, Fault, File, Known, shape};
use crate::domain::calendar::Calendar;
use crate::domain::disposition::{
    CategoryEntry, DispatchRule, Disposition, LaneEntry, OriginEntry, OutsideHotline,
};
use crate::domain::id::{Extension, QueueName, UnitCode, Username};
use crate::domain::organisation::{
    ConferenceSeat, DUTY_LINES_MAX, Deputy, DutyEntry, DutyRoster, Posts, Profile, UnitEntry,
};
use crate::domain::staff::{
    CalendarEntry, Destination, Duty, ExtensionEntry, Network, NumberEntry, Organisation, Password,
    QueueEntry, SmsGatewayEntry, SpecialistEntry, TrunkEntry, Unit, UnitContact, User,
};
use crate::domain::ticket::RuleSet;
use crate::domain::time::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// One `count` may stand for at most this many.
const COUNT_MAX: u32 = 10_000;
/// Longer passwords only cost time.
const PASSWORD_MAX: usize = 256;
const SKILL_LEVEL_MAX: u8 = 10;
const RING_TIMEOUT_MAX_S: u32 = 300;
const WRAP_UP_MAX_S: u32 = 3600;
/// Who speaks another language is not kept waiting for it longer than this.
const OVERFLOW_S: std::ops::RangeInclusive<u32> = 5..=300;
const KEEP_ALIVE_S: std::ops::RangeInclusive<u32> = 5..=3600;

/// Turns the tables into an organisation, telling every fault. With faults the result is of no use.
pub(super) fn check(file: File, known: &Known, faults: &mut Vec<Fault>) -> Organisation {
    let mut check = Check { faults };
    let units: BTreeMap<UnitCode, Option<UnitCode>> = known
        .units
        .iter()
        .map(|(code, parent)| (code.clone(), parent.clone()))
        .chain(
            file.units
                .iter()
                .map(|unit| (unit.is.code.clone(), unit.is.parent.clone())),
        )
        .collect();
    let queues: BTreeSet<QueueName> = (known.queues.iter().cloned())
        .chain(file.queues.iter().map(|queue| queue.is.name.clone()))
        .collect();

    let users = check.counted(file.users, |user| user.count, numbered_user);
    let usernames: BTreeSet<Username> = (known.users.iter().cloned())
        .chain(users.iter().map(|user| user.is.username.clone()))
        .collect();
    let extensions = check.counted(file.extensions, |e| e.count, numbered_extension);
    let numbers: BTreeSet<Extension> = (known.extensions.iter().cloned())
        .chain(extensions.iter().map(|e| e.is.number.clone()))
        .collect();

    let origins: BTreeSet<String> = (known.origins.iter().cloned())
        .chain(file.origins.iter().map(|origin| origin.is.system.clone()))
        .collect();
    let partners: BTreeSet<String> = (known.partners.iter().cloned())
        .chain(
            (file.origins.iter())
                .filter(|origin| origin.is.partner)
                .map(|origin| origin.is.system.clone()),
        )
        .collect();
    let rules = check.rules(file.rules, &origins);
    Organisation {
        units: check.units(file.units, &units),
        users: check.users(users, &units, &known.users),
        extensions: check.extensions(extensions, &usernames),
        trunks: check.trunks(file.trunks),
        queues: check.queues(file.queues, &queues),
        numbers: check.numbers(file.numbers, &queues, &numbers),
        specialists: check.specialists(file.specialists, &units),
        sms_gateways: check.sms_gateways(file.sms_gateways),
        calendars: check.calendars(file.calendars),
        unit_contacts: check.unit_contacts(file.unit_contacts, &units),
        rules: rules.clone(),
        duty: check.duty(file.duty, &units),
        conference: check.conference(file.conference, &units),
        disposition: {
            let categories = check.categories(file.categories, &units, known);
            let codes: BTreeSet<String> = (known.categories.iter().cloned())
                .chain(categories.iter().map(|category| category.code.clone()))
                .collect();
            Disposition {
                lanes: check.lanes(file.lanes, &queues, &units, &rules, known),
                origins: check.origins(file.origins),
                rules: check.dispatch_rules(file.dispatch_rules, &codes, &units),
                hotlines: check.hotlines(file.hotlines, &partners),
                categories,
            }
        },
    }
}

struct Check<'a> {
    faults: &'a mut Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, line: usize, reason: impl Into<String>) {
        self.faults.push(Fault {
            line,
            reason: reason.into(),
        });
    }

    /// Writes out the entries that stand for several.
    fn counted<T: Clone>(
        &mut self,
        entries: Vec<Entry<T>>,
        count: impl Fn(&T) -> u32,
        numbered: impl Fn(&T, u32) -> Option<T>,
    ) -> Vec<Entry<T>> {
        let mut all = Vec::new();
        for Entry { line, is } in entries {
            match count(&is) {
                1 => all.push(Entry { line, is }),
                count @ 2..=COUNT_MAX => {
                    let written_out: Option<Vec<T>> =
                        (0..count).map(|n| numbered(&is, n)).collect();
                    match written_out {
                        Some(several) => {
                            all.extend(several.into_iter().map(|is| Entry { line, is }));
                        }
                        None => self.fault(
                            line,
                            "with a count, the first name must end in a number to count from, e.g. agent1000",
                        ),
                    }
                }
                _ => self.fault(line, format!("count must be 1 to {COUNT_MAX}")),
            }
        }
        all
    }

    /// Each name once in this file.
    fn unique<T, K: Ord + std::fmt::Display>(
        &mut self,
        kind: &str,
        entries: &[Entry<T>],
        name: impl Fn(&T) -> K,
    ) {
        let mut lines: BTreeMap<K, usize> = BTreeMap::new();
        for entry in entries {
            let name = name(&entry.is);
            match lines.get(&name) {
                Some(first) => {
                    let reason = format!("{kind} {name} is written on line {first} already");
                    self.fault(entry.line, reason);
                }
                None => {
                    lines.insert(name, entry.line);
                }
            }
        }
    }

    /// A name that appears in URLs, tables and logs.
    fn code(&mut self, line: usize, kind: &str, text: &str) {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if text.is_empty() || text.len() > 64 || !text.bytes().all(plain) {
            self.fault(
                line,
                format!("{kind} {text:?}: use 1 to 64 letters, digits, '-', '_' or '.'"),
            );
        }
    }

    /// A text shown to people.
    fn title(&mut self, line: usize, kind: &str, text: &str) {
        if text.trim().is_empty()
            || text.chars().count() > 100
            || text.chars().any(char::is_control)
        {
            self.fault(
                line,
                format!("{kind} {text:?}: 1 to 100 printable characters are needed"),
            );
        }
    }

    fn unit(&mut self, line: usize, units: &BTreeMap<UnitCode, Option<UnitCode>>, code: &UnitCode) {
        if !units.contains_key(code) {
            self.fault(line, format!("there is no unit {code}"));
        }
    }

    fn units(
        &mut self,
        entries: Vec<Entry<shape::Unit>>,
        all: &BTreeMap<UnitCode, Option<UnitCode>>,
    ) -> Vec<UnitEntry> {
        self.unique("unit", &entries, |unit| match &unit.from {
            Some(from) => format!("{} from {from}", unit.code),
            None => unit.code.to_string(),
        });
        let mut units = Vec::new();
        for Entry { line, is: unit } in entries {
            self.code(line, "unit", &unit.code.0);
            self.title(line, "name", &unit.name);
            for named in [&unit.parent, &unit.merged_into].into_iter().flatten() {
                self.unit(line, all, named);
            }
            if is_own_ancestor(&unit.code, all) {
                let reason = format!(
                    "unit {} is above itself: its parents form a circle",
                    unit.code
                );
                self.fault(line, reason);
            }
            if unit.merged_into.as_ref() == Some(&unit.code) {
                self.fault(line, "a unit is not merged into itself");
            }
            let from = unit
                .from
                .as_deref()
                .and_then(|day| self.day(line, "from", day));
            if let Some(process) = &unit.process {
                self.title(line, "process", process);
            }
            for person in unit.posts.iter().flat_map(Posts::everybody) {
                self.title(line, "posts", person);
            }
            // Naming one of them tells the whole profile anew.
            let told = unit.process.is_some() || unit.posts.is_some();
            units.push(UnitEntry {
                from,
                merged_into: unit.merged_into,
                profile: told.then(|| Profile {
                    process: unit.process,
                    posts: unit.posts.unwrap_or_default(),
                }),
                unit: Unit {
                    code: unit.code,
                    name: unit.name,
                    kind: unit.kind,
                    parent: unit.parent,
                },
            });
        }
        units
    }

    /// The first instant of a day written as `2024-03-01`.
    fn day(&mut self, line: usize, key: &str, text: &str) -> Option<Timestamp> {
        let date: Option<Date> = text.parse().ok();
        if date.is_none() {
            self.fault(
                line,
                format!("{key} {text:?}: write a day, e.g. 2024-03-01"),
            );
        }
        date.map(|date| Timestamp::from_beijing(date.to_datetime(Time::midnight())))
    }

    fn duty(
        &mut self,
        entries: Vec<Entry<shape::DutyLine>>,
        units: &BTreeMap<UnitCode, Option<UnitCode>>,
    ) -> BTreeMap<UnitCode, DutyRoster> {
        let mut rosters: BTreeMap<UnitCode, DutyRoster> = BTreeMap::new();
        for Entry { line, is } in entries {
            self.unit(line, units, &is.unit);
            self.title(line, "person", &is.person);
            let deputy = match (is.deputy, is.deputy_phone) {
                (Some(person), Some(phone)) => {
                    self.title(line, "deputy", &person);
                    Some(Deputy { person, phone })
                }
                (None, None) => None,
                (Some(_), None) | (None, Some(_)) => {
                    self.fault(line, "a deputy needs both deputy and deputy_phone");
                    None
                }
            };
            let from = is.from.and_then(|day| self.day(line, "from", &day));
            let last = is.until.and_then(|day| self.day(line, "until", &day));
            let until = last.map(|day| day.plus_millis(DAY_MS));
            if from.zip(until).is_some_and(|(from, until)| until <= from) {
                self.fault(line, "until is before from");
            }
            let lines = &mut rosters.entry(is.unit).or_default().0;
            lines.push(DutyEntry {
                person: is.person,
                phone: is.phone,
                deputy,
                when: is.when,
                from,
                until,
            });
            if lines.len() == DUTY_LINES_MAX + 1 {
                self.fault(line, format!("a roster has at most {DUTY_LINES_MAX} lines"));
            }
        }
        rosters
    }

    fn categories(
        &mut self,
        entries: Vec<Entry<CategoryEntry>>,
        units: &BTreeMap<UnitCode, Option<UnitCode>>,
        known: &Known,
    ) -> Vec<CategoryEntry> {
        self.unique("category", &entries, |category| category.code.clone());
        let codes: BTreeSet<&String> = (known.categories.iter())
            .chain(entries.iter().map(|entry| &entry.is.code))
            .collect();
        for Entry { line, is } in &entries {
            self.code(*line, "category", &is.code);
            self.title(*line, "name", &is.name);
            self.title(*line, "field", &is.field);
            if !is.initials.bytes().all(|b| b.is_ascii_lowercase()) {
                self.fault(*line, "initials are small letters, e.g. ldbl");
            }
            if let Some(city) = &is.city
                && !units.contains_key(city)
            {
                self.fault(*line, format!("there is no unit {city}"));
            }
            if let Some(standard) = &is.standard
                && !CategoryEntry::is_standard_code(standard)
            {
                self.fault(
                    *line,
                    "a standard code is at most 20 digits, letters, dots and hyphens",
                );
            }
            match &is.parent {
                Some(parent) if !codes.contains(parent) || *parent == is.code => {
                    self.fault(*line, format!("there is no category {parent} above it"));
                }
                Some(_) | None => {}
            }
        }
        inner(entries)
    }

    fn lanes(
        &mut self,
        entries: Vec<Entry<LaneEntry>>,
        queues: &BTreeSet<QueueName>,
        units: &BTreeMap<UnitCode, Option<UnitCode>>,
        rules: &[RuleSet],
        known: &Known,
    ) -> Vec<LaneEntry> {
        self.unique("lane", &entries, |lane| lane.code.clone());
        let mut taken = BTreeSet::new();
        for Entry { line, is } in &entries {
            if let Some(queue) = &is.queue
                && !taken.insert(queue.clone())
            {
                self.fault(*line, format!("queue {queue} is another lane's already"));
            }
            self.code(*line, "lane", &is.code);
            self.title(*line, "name", &is.name);
            self.code(*line, "statistics", &is.statistics);
            if let Some(queue) = &is.queue
                && !queues.contains(queue)
            {
                self.fault(*line, format!("there is no queue {queue}"));
            }
            if let Some(unit) = &is.unit {
                self.unit(*line, units, unit);
            }
            if let Some(version) = &is.rules {
                let set = rules
                    .iter()
                    .chain(&known.rules)
                    .find(|set| set.version == *version);
                match set {
                    None => self.fault(*line, format!("there is no rule set {version}")),
                    Some(set)
                        if set.city.is_some()
                            || !set.sources.is_empty()
                            || !set.systems.is_empty() =>
                    {
                        let reason = format!(
                            "rule set {version} is for a city or a source; a lane's is for the lane alone"
                        );
                        self.fault(*line, reason);
                    }
                    Some(_) => {}
                }
            }
        }
        inner(entries)
    }

    fn origins(&mut self, entries: Vec<Entry<OriginEntry>>) -> Vec<OriginEntry> {
        self.unique("origin", &entries, |origin| origin.system.clone());
        for Entry { line, is } in &entries {
            self.code(*line, "origin", &is.system);
            self.title(*line, "name", &is.name);
            let http = ["http://", "https://"];
            if let Some(url) = &is.url
                && !http.iter().any(|scheme| url.starts_with(scheme))
            {
                self.fault(*line, "url must begin with http:// or https://");
            }
            if is.partner && (is.url.is_none() || is.secret.is_none()) {
                self.fault(*line, "a partner is reached: it needs a url and a secret");
            }
        }
        inner(entries)
    }

    fn hotlines(
        &mut self,
        entries: Vec<Entry<OutsideHotline>>,
        partners: &BTreeSet<String>,
    ) -> Vec<OutsideHotline> {
        self.unique("outside_hotline", &entries, |one| one.code.clone());
        for Entry { line, is } in &entries {
            self.code(*line, "outside_hotline", &is.code);
            self.title(*line, "name", &is.name);
            self.title(*line, "region", &is.region);
            self.title(*line, "purpose", &is.purpose);
            if let Some(partner) = &is.partner
                && !partners.contains(partner)
            {
                self.fault(
                    *line,
                    format!("there is no origin {partner} that is a partner"),
                );
            }
        }
        inner(entries)
    }

    fn dispatch_rules(
        &mut self,
        entries: Vec<Entry<shape::DispatchRule>>,
        categories: &BTreeSet<String>,
        units: &BTreeMap<UnitCode, Option<UnitCode>>,
    ) -> Vec<DispatchRule> {
        self.unique("dispatch_rule", &entries, |rule| rule.name.clone());
        let mut rules = Vec::new();
        for Entry { line, is } in entries {
            self.title(line, "name", &is.name);
            self.title(line, "basis", &is.basis);
            for unit in std::iter::once(&is.competent).chain(&is.supervising) {
                self.unit(line, units, unit);
            }
            match &is.category {
                Some(category) if !categories.contains(category) => {
                    self.fault(line, format!("there is no category {category}"));
                }
                None if is.keywords.is_empty() => {
                    self.fault(line, "a rule needs a category or keywords");
                }
                Some(_) | None => {}
            }
            for word in is.keywords.iter().chain(&is.place) {
                self.title(line, "keyword or place", word);
            }
            let from = is.from.and_then(|day| self.day(line, "from", &day));
            let last = is.until.and_then(|day| self.day(line, "until", &day));
            rules.push(DispatchRule {
                name: is.name,
                category: is.category,
                keywords: is.keywords,
                place: is.place,
                competent: is.competent,
                supervising: is.supervising,
                basis: is.basis,
                priority: is.priority,
                from,
                until: last.map(|day| day.plus_millis(DAY_MS)),
            });
        }
        rules
    }

    fn conference(
        &mut self,
        entries: Vec<Entry<shape::ConferenceMember>>,
        units: &BTreeMap<UnitCode, Option<UnitCode>>,
    ) -> Vec<ConferenceSeat> {
        self.unique("conference member", &entries, |member| {
            format!("of {} from {}", member.unit, member.from)
        });
        let mut seats = Vec::new();
        for Entry { line, is } in entries {
            self.unit(line, units, &is.unit);
            self.title(line, "head", &is.head);
            self.title(line, "title", &is.title);
            if let Some(from) = self.day(line, "from", &is.from) {
                seats.push(ConferenceSeat {
                    unit: is.unit,
                    head: is.head,
                    title: is.title,
                    from,
                });
            }
        }
        seats
    }

    fn users(
        &mut self,
        entries: Vec<Entry<shape::User>>,
        units: &BTreeMap<UnitCode, Option<UnitCode>>,
        known: &BTreeSet<Username>,
    ) -> Vec<(User, Password)> {
        self.unique("user", &entries, |user| user.username.clone());
        let mut users = Vec::new();
        for Entry { line, is } in entries {
            self.code(line, "username", &is.username.0);
            self.title(line, "display_name", &is.display_name);
            self.unit(line, units, &is.unit);
            let password = match is.password {
                Some(text) => self.password(line, text),
                None if known.contains(&is.username) => Some(Password::Kept),
                None => {
                    self.fault(line, "somebody new needs a password");
                    None
                }
            };
            if let Some(password) = password {
                let user = User {
                    username: is.username,
                    display_name: is.display_name,
                    role: is.role,
                    unit: is.unit,
                };
                users.push((user, password));
            }
        }
        users
    }

    fn password(&mut self, line: usize, text: String) -> Option<Password> {
        if text.is_empty() || text.len() > PASSWORD_MAX {
            self.fault(line, format!("a password has 1 to {PASSWORD_MAX} bytes"));
            return None;
        }
        if !text.starts_with("$argon2") {
            return Some(Password::Plain(text));
        }
        let sound = text.starts_with("$argon2id$")
            && argon2::PasswordHash::new(&text)
                .is_ok_and(|phc| phc.salt.is_some() && phc.hash.is_some());
        if !sound {
            self.fault(line, "this password hash is not Argon2id in PHC form");
            return None;
        }
        Some(Password::Hash(text))
    }

    fn extensions(
        &mut self,
        entries: Vec<Entry<shape::Extension>>,
        users: &BTreeSet<Username>,
    ) -> Vec<ExtensionEntry> {
        self.unique("extension", &entries, |e| e.number.clone());
        let mut extensions = Vec::new();
        for Entry { line, is } in entries {
            self.code(line, "extension", &is.number.0);
            if is.password.is_empty() || is.password.len() > PASSWORD_MAX {
                self.fault(line, format!("a password has 1 to {PASSWORD_MAX} bytes"));
            }
            if is.password.starts_with("$argon2") {
                // RFC 8760: digest needs the password itself, or a hash for each algorithm.
                self.fault(
                    line,
                    "an extension's password cannot be a hash: SIP digest needs it",
                );
            }
            match &is.user {
                Some(user) if !users.contains(user) => {
                    self.fault(line, format!("there is no user {user}"));
                }
                None if is.auto_ready => {
                    self.fault(line, "auto_ready needs a user: the one who becomes ready");
                }
                Some(_) | None => {}
            }
            self.skills(line, &is.skills);
            extensions.push(ExtensionEntry {
                number: is.number,
                password: is.password,
                user: is.user,
                auto_ready: is.auto_ready,
                toll: is.toll,
                srtp: is.srtp,
                skills: is.skills,
            });
        }
        extensions
    }

    fn skills(&mut self, line: usize, skills: &BTreeMap<crate::domain::id::Skill, u8>) {
        for (skill, level) in skills {
            self.code(line, "skill", &skill.0);
            if !(1..=SKILL_LEVEL_MAX).contains(level) {
                let reason =
                    format!("skill {skill}: a level is 1 to {SKILL_LEVEL_MAX}, not {level}");
                self.fault(line, reason);
            }
        }
    }

    fn trunks(&mut self, entries: Vec<Entry<shape::Trunk>>) -> Vec<TrunkEntry> {
        self.unique("trunk", &entries, |trunk| trunk.name.clone());
        let mut trunks = Vec::new();
        for Entry { line, is } in entries {
            self.code(line, "trunk", &is.name.0);
            for network in &is.allow {
                if let Err(why) = Network::parse(network) {
                    self.fault(line, format!("allow {network:?}: {why}"));
                }
            }
            if is.keep_alive_s != 0 && !KEEP_ALIVE_S.contains(&is.keep_alive_s) {
                let (least, most) = KEEP_ALIVE_S.into_inner();
                self.fault(
                    line,
                    format!("keep_alive_s is 0 (never) or {least} to {most}"),
                );
            }
            let outbound = match is.outbound {
                shape::OneOrMore::One(uri) => vec![uri],
                shape::OneOrMore::More(uris) => uris,
            };
            let mut uris = Vec::new();
            for uri in outbound {
                // Carriers alone are called over TLS.
                let alike = uri.strip_prefix("sips:").map(|rest| format!("sip:{rest}"));
                self.sip_uri(line, "outbound", alike.as_deref().unwrap_or(&uri));
                uris.push(match is.transport {
                    Some(shape::Transport::Tcp) if !says_how(&uri) => {
                        format!("{uri};transport=tcp")
                    }
                    Some(shape::Transport::Tls) if !says_how(&uri) => {
                        format!("{uri};transport=tls")
                    }
                    // UDP is what a URI without the parameter means (RFC 3263 §4.1).
                    Some(shape::Transport::Tcp | shape::Transport::Tls | shape::Transport::Udp)
                    | None => uri,
                });
            }
            trunks.push(TrunkEntry {
                name: is.name,
                allow: is.allow,
                outbound: uris,
                digest: is.digest,
                srtp: is.srtp,
                keep_alive_s: is.keep_alive_s,
                emergency_caller: is.emergency_caller,
            });
        }
        trunks
    }

    /// What the SIP parser will make of it is its own to say; this catches what was meant otherwise.
    fn sip_uri(&mut self, line: usize, key: &str, uri: &str) {
        let rest = uri.strip_prefix("sip:").unwrap_or_default();
        let graphic = rest
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"<>\"".contains(&b));
        if rest.is_empty() || rest.len() > 255 || !graphic {
            self.fault(
                line,
                format!("{key} {uri:?}: write a SIP URI, e.g. sip:8800 or sip:10.0.0.1:5060"),
            );
        }
    }

    fn queues(
        &mut self,
        entries: Vec<Entry<QueueEntry>>,
        queues: &BTreeSet<QueueName>,
    ) -> Vec<QueueEntry> {
        self.unique("queue", &entries, |queue| queue.name.clone());
        for Entry { line, is: queue } in &entries {
            self.code(*line, "queue", &queue.name.0);
            self.skills(*line, &queue.needs);
            if !(1..=RING_TIMEOUT_MAX_S).contains(&queue.ring_timeout_s) {
                self.fault(
                    *line,
                    format!("ring_timeout_s must be 1 to {RING_TIMEOUT_MAX_S}"),
                );
            }
            if queue.wrap_up_s > WRAP_UP_MAX_S {
                self.fault(*line, format!("wrap_up_s must be 0 to {WRAP_UP_MAX_S}"));
            }
            if !OVERFLOW_S.contains(&queue.overflow_after_s) {
                let (least, most) = OVERFLOW_S.into_inner();
                self.fault(*line, format!("overflow_after_s is {least} to {most}"));
            }
            match &queue.overflow {
                Some(other) if *other == queue.name => {
                    self.fault(*line, "a queue does not overflow into itself");
                }
                Some(other) if !queues.contains(other) => {
                    self.fault(*line, format!("there is no queue {other}"));
                }
                None if queue.language.is_some() => {
                    self.fault(
                        *line,
                        "a language seat needs an overflow: whoever calls reaches somebody",
                    );
                }
                Some(_) | None => {}
            }
            if let Some(language) = &queue.language {
                self.title(*line, "language", language);
            }
        }
        inner(entries)
    }

    fn numbers(
        &mut self,
        entries: Vec<Entry<shape::Number>>,
        queues: &BTreeSet<QueueName>,
        extensions: &BTreeSet<Extension>,
    ) -> Vec<NumberEntry> {
        self.unique("number", &entries, |number| {
            number.number.as_str().to_owned()
        });
        let mut numbers = Vec::new();
        for Entry { line, is } in entries {
            let dialled = is.number.as_str();
            if extensions.contains(&Extension::from(dialled)) {
                self.fault(line, format!("{dialled} is an extension as well"));
            }
            let to = match (is.queue, is.announce, is.extension, is.flow) {
                (Some(queue), None, None, None) => {
                    if !queues.contains(&queue) {
                        self.fault(line, format!("there is no queue {queue}"));
                    }
                    Destination::Queue(queue)
                }
                (None, Some(wav), None, None) => {
                    if !is_inner_wav(&wav) {
                        let reason =
                            format!("announce {wav:?}: name a .wav file below the prompt folder");
                        self.fault(line, reason);
                    }
                    Destination::Announce(wav)
                }
                (None, None, Some(extension), None) => {
                    if !extensions.contains(&extension) {
                        self.fault(line, format!("there is no extension {extension}"));
                    }
                    Destination::Extension(extension)
                }
                (None, None, None, Some(flow)) => {
                    self.fault(
                        line,
                        format!("there is no flow {flow:?}: flows are not built in yet"),
                    );
                    continue;
                }
                _ => {
                    self.fault(
                        line,
                        "a number needs exactly one of queue, announce, extension, flow",
                    );
                    continue;
                }
            };
            numbers.push(NumberEntry {
                number: is.number,
                to,
                record: is.record,
            });
        }
        numbers
    }

    fn specialists(
        &mut self,
        entries: Vec<Entry<SpecialistEntry>>,
        units: &BTreeMap<UnitCode, Option<UnitCode>>,
    ) -> Vec<SpecialistEntry> {
        self.unique("specialist", &entries, |s| {
            format!("{} of {}", s.name, s.unit)
        });
        for Entry { line, is } in &entries {
            self.unit(*line, units, &is.unit);
            self.title(*line, "name", &is.name);
            self.sip_uri(*line, "reach", &is.reach);
            if let Err(why) = Duty::parse(&is.duty) {
                self.fault(*line, why.to_string());
            }
            for topic in &is.topics {
                self.title(*line, "topic", topic);
            }
        }
        inner(entries)
    }

    fn sms_gateways(&mut self, entries: Vec<Entry<SmsGatewayEntry>>) -> Vec<SmsGatewayEntry> {
        self.unique("sms_gateway", &entries, |gateway| gateway.name.clone());
        for Entry { line, is: gateway } in &entries {
            self.code(*line, "sms_gateway", &gateway.name);
            self.code(*line, "callback_token", &gateway.callback_token);
            let http = ["http://", "https://"];
            if !http.iter().any(|scheme| gateway.url.starts_with(scheme)) {
                self.fault(*line, "url must begin with http:// or https://");
            }
            if gateway.secret.as_ref().is_some_and(String::is_empty) {
                self.fault(
                    *line,
                    "an empty secret signs nothing: leave it out or give one",
                );
            }
        }
        inner(entries)
    }

    fn calendars(&mut self, entries: Vec<Entry<CalendarEntry>>) -> Vec<CalendarEntry> {
        self.unique("calendar", &entries, |calendar| calendar.name.clone());
        for Entry { line, is } in &entries {
            self.code(*line, "calendar", &is.name);
            if let Err(why) = Calendar::of(is) {
                self.fault(*line, why.to_string());
            }
        }
        inner(entries)
    }

    fn unit_contacts(
        &mut self,
        entries: Vec<Entry<UnitContact>>,
        units: &BTreeMap<UnitCode, Option<UnitCode>>,
    ) -> Vec<UnitContact> {
        self.unique("unit_contact", &entries, |contact| {
            format!("{}/{}", contact.unit, contact.name)
        });
        for Entry { line, is } in &entries {
            if !units.contains_key(&is.unit) {
                let reason = format!("there is no unit {:?}", is.unit.0);
                self.fault(*line, reason);
            }
        }
        inner(entries)
    }

    fn rules(&mut self, entries: Vec<Entry<RuleSet>>, origins: &BTreeSet<String>) -> Vec<RuleSet> {
        self.unique("rules", &entries, |set| set.version.clone());
        for Entry { line, is } in &entries {
            if let Err(why) = is.check() {
                self.fault(*line, why.to_string());
            }
            for system in is.systems.iter().filter(|name| !origins.contains(*name)) {
                self.fault(*line, format!("there is no origin {system}"));
            }
        }
        inner(entries)
    }
}

fn inner<T>(entries: Vec<Entry<T>>) -> Vec<T> {
    entries.into_iter().map(|entry| entry.is).collect()
}

/// Whether following parents from `code` comes back to it. A circle further up is told of those who are on it.
fn is_own_ancestor(code: &UnitCode, all: &BTreeMap<UnitCode, Option<UnitCode>>) -> bool {
    let above = |code: &UnitCode| all.get(code).and_then(Option::as_ref);
    let mut at = above(code);
    for _ in 0..all.len() {
        match at {
            Some(parent) if parent == code => return true,
            Some(parent) => at = above(parent),
            None => return false,
        }
    }
    false
}

/// A relative path to a WAV that does not climb out of its folder.
fn is_inner_wav(path: &str) -> bool {
    let path = Path::new(path);
    path.extension().is_some_and(|extension| extension == "wav")
        && path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

fn numbered_user(user: &shape::User, n: u32) -> Option<shape::User> {
    Some(shape::User {
        username: Username(counted_on(&user.username.0, n)?),
        display_name: counted_on(&user.display_name, n)?,
        ..user.clone()
    })
}

fn numbered_extension(extension: &shape::Extension, n: u32) -> Option<shape::Extension> {
    let user = match &extension.user {
        Some(user) => Some(Username(counted_on(&user.0, n)?)),
        None => None,
    };
    Some(shape::Extension {
        number: Extension(counted_on(&extension.number.0, n)?),
        user,
        ..extension.clone()
    })
}

/// `agent0998` counted on by 2 is `agent1000`: the number at the end, at least as wide as it was.
fn counted_on(text: &str, n: u32) -> Option<String> {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (stem, number) = text.split_at(text.len() - digits);
    let number: u64 = number.parse().ok()?;
    let number = number.checked_add(n.into())?;
    Some(format!("{stem}{number:0digits$}"))
}

/// The URI itself names its transport: sips is TLS (RFC 5630 §3.1).
fn says_how(uri: &str) -> bool {
    uri.starts_with("sips:") || uri.contains(";transport=")
}
