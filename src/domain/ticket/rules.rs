//! Limits and calendars as versioned data. A ticket keeps the rule set in force at its dispatch (article 34): whatever
//! is decided later about it is decided by that one.

mod articles;
mod form;
mod set;

use std::collections::BTreeMap;

pub use articles::{ARTICLES, Citation, article};
pub use form::FormField;
pub(in crate::domain::ticket) use form::check_given;
pub use set::{BadRuleSet, Difference, Interpretation, Limits, RuleSet};

use super::deadline::{CalendarChange, Deadline, Due, Pending};
use super::intake::{Guidance, Procedure, SourceGroup};
use super::refusal::Article;
use super::state::Ticket;
use crate::domain::calendar::{Calendar, Convention, Limit, NoDeadline};
use crate::domain::id::{QueueName, UnitCode};
use crate::domain::sms::SIGNATURE;
use crate::domain::time::Timestamp;

/// Everything [`decide`](super::decide) needs to know beside the ticket. Never edited: a new notice or rule set makes
/// new `Rules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The platform's own unit: it answers for a ticket no member unit has.
    pub desk: UnitCode,
    /// Signs short messages.
    pub signature: String,
    /// The last change of a calendar. Deadlines counted before it are counted again.
    pub change: CalendarChange,
    /// The provincial regulation is always among them.
    sets: Vec<RuleSet>,
    /// Of a unit that has none of its own, and of nobody above it.
    calendar: Calendar,
    calendars: BTreeMap<UnitCode, Calendar>,
    /// Each unit with the one above it.
    above: BTreeMap<UnitCode, UnitCode>,
    /// Each unit that was merged, with who has its duties now.
    heirs: BTreeMap<UnitCode, UnitCode>,
    /// By code.
    lanes: BTreeMap<String, LaneProfile>,
}

/// The way a demand came, as far as rules hang on it (article 11: 法律法规及特定渠道另有规定的, 从其规定).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Way<'a> {
    /// `None`: a plain call or letter.
    pub group: Option<SourceGroup>,
    /// The system it came from.
    pub system: Option<&'a str>,
    /// The special channel it was put into.
    pub lane: Option<&'a str>,
}

/// What a special channel 专项服务通道 does otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneProfile {
    /// The version of the rule set that holds for its demands, and for no others.
    pub rules: Option<String>,
    /// Seen by leads and the assigned units only.
    pub restricted: bool,
    /// 重点督办 from the start.
    pub key_supervision: bool,
    /// Whose calls are of this channel.
    pub queue: Option<QueueName>,
}

/// For whom a rule set was made; the nearest to the demand holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A special channel's own.
    Lane,
    /// Of one or more systems that demands come from.
    System,
    /// Of one or more of article 8's groups.
    Source,
    City,
    Province,
}

impl Scope {
    /// The scope's name in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Lane => "lane",
            Self::System => "system",
            Self::Source => "source",
            Self::City => "city",
            Self::Province => "province",
        }
    }

    /// Why such a set comes before the province's.
    pub const fn article(self) -> Article {
        match self {
            Self::Lane | Self::System | Self::Source => "11",
            Self::City => "32",
            Self::Province => "34",
        }
    }
}

impl Ticket {
    /// How it came.
    pub fn way(&self) -> Way<'_> {
        let intake = &self.intake;
        Way {
            group: intake.origin.as_ref().map(|origin| origin.group),
            system: intake.origin.as_ref().map(|origin| origin.system.as_str()),
            lane: intake.lane.as_ref().map(|lane| lane.code.as_str()),
        }
    }
}

impl Rules {
    /// The provincial regulation on the statutory calendar.
    pub fn provincial(desk: UnitCode) -> Self {
        Self {
            desk,
            signature: SIGNATURE.to_owned(),
            change: CalendarChange {
                revision: 0,
                title: String::new(),
            },
            sets: vec![RuleSet::provincial()],
            calendar: Calendar::statutory(),
            calendars: BTreeMap::new(),
            above: BTreeMap::new(),
            heirs: BTreeMap::new(),
            lanes: BTreeMap::new(),
        }
    }

    /// These rules with special channels that have something of their own.
    #[must_use]
    pub fn with_lanes(mut self, lanes: impl IntoIterator<Item = (String, LaneProfile)>) -> Self {
        self.lanes.extend(lanes);
        self
    }

    /// What the special channel `code` does otherwise.
    pub fn lane(&self, code: &str) -> LaneProfile {
        self.lanes.get(code).cloned().unwrap_or_default()
    }

    /// The special channel whose calls come in by `queue`.
    pub fn lane_of_queue(&self, queue: &QueueName) -> Option<&str> {
        let mut lanes = self.lanes.iter();
        lanes.find_map(|(code, lane)| (lane.queue.as_ref() == Some(queue)).then_some(&**code))
    }

    /// For whom `set` was made.
    pub fn scope(&self, set: &RuleSet) -> Scope {
        if self.is_a_lanes_own(set) {
            Scope::Lane
        } else if !set.systems.is_empty() {
            Scope::System
        } else if !set.sources.is_empty() {
            Scope::Source
        } else if set.city.is_some() {
            Scope::City
        } else {
            Scope::Province
        }
    }

    /// What a channel names for itself holds for nobody else; the regulation holds for everybody whoever names it.
    fn is_a_lanes_own(&self, set: &RuleSet) -> bool {
        let named = |lane: &LaneProfile| lane.rules.as_ref() == Some(&set.version);
        set.version != self.sets[0].version && self.lanes.values().any(named)
    }

    /// These rules with `set` among them, in place of one of the same version.
    #[must_use]
    pub fn with_set(mut self, set: RuleSet) -> Self {
        // Where it stood: the province's comes first, whoever interprets it.
        let same = |known: &&mut RuleSet| known.version == set.version;
        match self.sets.iter_mut().find(same) {
            Some(known) => *known = set,
            None => self.sets.push(set),
        }
        self
    }

    /// These rules where `units` and everything under them keep `calendar`.
    #[must_use]
    pub fn with_calendar(mut self, units: &[UnitCode], calendar: &Calendar) -> Self {
        let units = units.iter().map(|unit| (unit.clone(), calendar.clone()));
        self.calendars.extend(units);
        self
    }

    /// These rules where everybody without a calendar of their own keeps `calendar`.
    #[must_use]
    pub fn with_default_calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// These rules where each of `above` stands under the unit beside it.
    #[must_use]
    pub fn with_tree(mut self, above: impl IntoIterator<Item = (UnitCode, UnitCode)>) -> Self {
        self.above.extend(above);
        self
    }

    /// With units that were merged, and who has the duties of each.
    pub fn with_heirs(mut self, heirs: impl IntoIterator<Item = (UnitCode, UnitCode)>) -> Self {
        self.heirs.extend(heirs);
        self
    }

    /// Who has the duties of `unit`, where it was merged into another.
    pub fn heir(&self, unit: &UnitCode) -> Option<&UnitCode> {
        self.heirs.get(unit)
    }

    /// Every rule set, the provincial regulation first.
    pub fn sets(&self) -> &[RuleSet] {
        &self.sets
    }

    /// The rule set of this version.
    pub fn set(&self, version: &str) -> Option<&RuleSet> {
        self.sets.iter().find(|set| set.version == version)
    }

    /// The rule set for a demand that came by `way` and goes to `unit` at `now`. The nearest holds, in this order: a special
    /// channel's own; the system's that it came from; its group's (article 11: 法律法规及特定渠道另有规定的, 从其规定); the city's
    /// (article 32); the province's. Of those equally near the latest.
    pub fn in_force(&self, now: Timestamp, way: Way<'_>, unit: &UnitCode) -> &RuleSet {
        let today = now.in_beijing().date();
        let lanes_own = way
            .lane
            .and_then(|lane| self.set(self.lanes.get(lane)?.rules.as_ref()?))
            .filter(|set| set.from <= today);
        if let Some(set) = lanes_own {
            return set;
        }
        let chain = self.chain(unit);
        self.sets
            .iter()
            .filter(|set| set.from <= today)
            .filter(|set| !self.is_a_lanes_own(set))
            .filter_map(|set| {
                let source = set.source_rank(way)?;
                // The nearer the city is to the unit, the more it has to say.
                let near = match &set.city {
                    None => 0,
                    Some(city) => chain.len() - chain.iter().position(|code| *code == city)?,
                };
                Some(((source, near, set.from), set))
            })
            .max_by_key(|(rank, _)| *rank)
            .map_or(&self.sets[0], |(_, set)| set)
    }

    /// The rule set a ticket keeps; before its dispatch, the one that would hold if the desk kept it.
    pub fn of(&self, now: Timestamp, ticket: &Ticket) -> &RuleSet {
        ticket
            .promise()
            .and_then(|promise| self.set(&promise.rules))
            .unwrap_or_else(|| self.in_force(now, ticket.way(), &self.desk))
    }

    /// What a petitioner is told whose matter is `procedure`'s (article 9(2)): by the rules that hold for the ticket, else by
    /// the province's.
    pub fn guidance(&self, now: Timestamp, ticket: &Ticket, procedure: Procedure) -> Guidance {
        self.guidances(self.of(now, ticket))
            .into_iter()
            .find(|one| one.procedure == procedure)
            .expect("there is one for every procedure")
    }

    /// One for every procedure: those of `set`, and the province's for the others.
    pub fn guidances(&self, set: &RuleSet) -> Vec<Guidance> {
        let ours = set.guidance.iter().chain(&self.sets[0].guidance);
        let known: Vec<Guidance> = ours.cloned().chain(Guidance::provincial()).collect();
        let first = |procedure| known.iter().find(|one| one.procedure == procedure).cloned();
        Procedure::ALL.into_iter().filter_map(first).collect()
    }

    /// What the form of a demand asks at a desk of `unit`: the province's fields, and those of its city's rules, which take the
    /// place of one with the same key (article 32).
    pub fn form(&self, now: Timestamp, unit: &UnitCode) -> Vec<FormField> {
        let set = self.in_force(now, Way::default(), unit);
        let mut form = self.province(now).form.clone();
        for field in &set.form {
            match form.iter_mut().find(|known| known.key == field.key) {
                Some(known) => known.clone_from(field),
                None => form.push(field.clone()),
            }
        }
        form
    }

    /// The codes of the tree that a desk of `unit` does not use: whatever begins with one of them.
    pub fn without_categories(&self, now: Timestamp, unit: &UnitCode) -> &[String] {
        &self.in_force(now, Way::default(), unit).without_categories
    }

    /// The province's latest rules.
    fn province(&self, now: Timestamp) -> &RuleSet {
        self.in_force(now, Way::default(), &UnitCode(String::new()))
    }

    /// Is `unit` the unit `city` or under it?
    pub fn is_of(&self, unit: &UnitCode, city: &UnitCode) -> bool {
        self.chain(unit).contains(&city)
    }

    /// The working calendar of `unit`: its own, or of the nearest unit above it that has one.
    pub fn calendar(&self, unit: &UnitCode) -> &Calendar {
        self.chain(unit)
            .into_iter()
            .find_map(|code| self.calendars.get(code))
            .unwrap_or(&self.calendar)
    }

    /// `days` working days from `from` as the desk keeps them: for what is no ticket's clock. Refused where that runs into an
    /// unpublished year.
    pub fn due(&self, from: Timestamp, days: u32) -> Result<Timestamp, NoDeadline> {
        let set = self.in_force(from, Way::default(), &self.desk);
        let limit = Limit::WorkingDays(days);
        let calendar = self.calendar(&self.desk);
        Ok(calendar.deadline(from, limit, set.limits.convention)?.due)
    }

    /// Is `unit` under `above`, however far?
    pub fn is_below(&self, unit: &UnitCode, above: &UnitCode) -> bool {
        unit != above && self.chain(unit).contains(&above)
    }

    /// Some unit right under `unit`.
    pub(super) fn one_below(&self, unit: &UnitCode) -> Option<&UnitCode> {
        let mut all = self.above.iter();
        all.find_map(|(below, above)| (above == unit).then_some(below))
    }

    /// The units above `unit`, nearest first.
    pub fn above(&self, unit: &UnitCode) -> Vec<UnitCode> {
        self.chain(unit).into_iter().skip(1).cloned().collect()
    }

    /// `unit` and those above it, nearest first. Bounded: a tree that bites its tail ends where it began.
    fn chain<'a>(&'a self, unit: &'a UnitCode) -> Vec<&'a UnitCode> {
        let mut chain = vec![unit];
        while let Some(above) = self.above.get(chain[chain.len() - 1])
            && !chain.contains(&above)
        {
            chain.push(above);
        }
        chain
    }

    /// `limit` from `from` on the calendar of `unit`; it waits where that runs into an unpublished year. Reminders at
    /// 50 and 80 % of the working time between.
    pub(super) fn deadline(
        &self,
        unit: &UnitCode,
        from: Timestamp,
        limit: Limit,
        convention: Convention,
    ) -> Result<Deadline, NoDeadline> {
        let calendar = self.calendar(unit);
        let found = calendar
            .deadline(from, limit, convention)
            .and_then(|found| reminded(calendar, from, found.due, limit));
        match found {
            Ok(due) => Ok(Deadline::Set(due)),
            Err(NoDeadline::Unpublished { year }) => Ok(Deadline::Pending(Pending {
                from,
                limit,
                awaits: year,
            })),
            Err(no @ NoDeadline::OutOfRange { .. }) => Err(no),
        }
    }

    /// `deadline`, or `cap` where that is earlier.
    pub(super) fn capped(&self, unit: &UnitCode, deadline: Deadline, cap: &Deadline) -> Deadline {
        let (Deadline::Set(own), Some(cap)) = (deadline, cap.due()) else {
            return deadline;
        };
        if cap >= own.due || cap <= own.from {
            return deadline;
        }
        let limit = own.limit.unwrap_or(Limit::WorkingHours(1));
        reminded(self.calendar(unit), own.from, cap, limit).map_or(deadline, Deadline::Set)
    }
}

/// A deadline with its reminders.
fn reminded(
    calendar: &Calendar,
    from: Timestamp,
    due: Timestamp,
    limit: Limit,
) -> Result<Due, NoDeadline> {
    let (half, most) = match limit {
        Limit::NaturalHours(_) => {
            let whole = due.millis_since(from);
            (from.plus_millis(whole / 2), from.plus_millis(whole / 5 * 4))
        }
        Limit::WorkingDays(_) | Limit::WorkingHours(_) => {
            let whole = calendar.working_ms_between(from, due)?;
            let after = |ms| Ok::<_, NoDeadline>(calendar.after_working_ms(from, ms)?.due);
            (after(whole / 2)?, after(whole / 5 * 4)?)
        }
    };
    Ok(Due {
        from,
        half,
        most,
        due,
        limit: Some(limit),
    })
}
