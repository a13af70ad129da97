//! Who may call what: one table of every route, its roles and the scope a machine token needs. The middleware reads
//! it, the OpenAPI document repeats it, and a route missing from it cannot be reached. What a role sees *inside* a
//! route (own calls, own unit, masked numbers) is decided by the route.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::staff::Role::{
    self, Admin, Agent, Analyst, Auditor, Leader, Reviewer, Revisitor, Specialist, Supervisor,
    TeamLead, UnitHandler, UnitHead,
};
use crate::storage::about::About;

/// One method on one path.
pub(crate) struct Rule {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) who: Who,
    /// What a machine token must hold; `None` is for people only.
    pub(crate) scope: Option<Scope>,
}

/// Who a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Anyone,
    SignedIn,
    Roles(&'static [Role]),
}

impl Who {
    /// Whether `role` (or nobody) is let in.
    pub(crate) fn admits(self, role: Option<Role>) -> bool {
        match (self, role) {
            (Self::Anyone, _) | (Self::SignedIn, Some(_)) => true,
            (Self::Roles(roles), Some(role)) => roles.contains(&role),
            (Self::SignedIn | Self::Roles(_), None) => false,
        }
    }
}

/// What a machine token may be used for, within the role it was made with.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
pub(crate) enum Scope {
    #[serde(rename = "calls:read")]
    CallsRead,
    #[serde(rename = "calls:control")]
    CallsControl,
    #[serde(rename = "recordings:read")]
    RecordingsRead,
    #[serde(rename = "tickets:read")]
    TicketsRead,
    #[serde(rename = "tickets:write")]
    TicketsWrite,
    #[serde(rename = "intake:write")]
    IntakeWrite,
    #[serde(rename = "organisation:read")]
    OrganisationRead,
    #[serde(rename = "audit:read")]
    AuditRead,
}

impl Scope {
    /// The scope's name in tokens and in the OpenAPI document.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::CallsRead => "calls:read",
            Self::CallsControl => "calls:control",
            Self::RecordingsRead => "recordings:read",
            Self::TicketsRead => "tickets:read",
            Self::TicketsWrite => "tickets:write",
            Self::IntakeWrite => "intake:write",
            Self::OrganisationRead => "organisation:read",
            Self::AuditRead => "audit:read",
        }
    }
}

/// People who talk to citizens or watch over those who do.
const PHONE: &[Role] = &[Agent, Specialist, TeamLead, Supervisor, Revisitor];
const CALL_READERS: &[Role] = &[
    Agent, TeamLead, Supervisor, Reviewer, Revisitor, Analyst, Auditor,
];
const RECORDING_READERS: &[Role] = &[Agent, TeamLead, Supervisor, Reviewer, Revisitor, Auditor];
/// An auditor verifies recordings; hearing them is not theirs.
const LISTENERS: &[Role] = &[Agent, TeamLead, Supervisor, Reviewer, Revisitor];
const LISTEN_READERS: &[Role] = &[TeamLead, Supervisor, Auditor];
const MARKERS: &[Role] = &[TeamLead, Supervisor, Reviewer];
const FIGURES: &[Role] = &[TeamLead, Supervisor, Analyst, Leader];
const TICKET_READERS: &[Role] = &[
    Agent,
    Specialist,
    TeamLead,
    Supervisor,
    Reviewer,
    Revisitor,
    UnitHandler,
    UnitHead,
    Analyst,
    Auditor,
];
const DESK: &[Role] = &[Agent, TeamLead, Supervisor];
/// Which command is whose is the ticket's own business.
const TICKET_WRITERS: &[Role] = &[
    Agent,
    Specialist,
    TeamLead,
    Supervisor,
    Reviewer,
    Revisitor,
    UnitHandler,
    UnitHead,
];
/// What people brought in shows them: it is for those who work on their matter.
const ATTACHMENT_READERS: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    Reviewer,
    Revisitor,
    UnitHandler,
    UnitHead,
];
const ATTACHERS: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    Revisitor,
    UnitHandler,
    UnitHead,
];
/// Who speaks with a petitioner about a ticket; revisits are placed by their own command.
const CALLERS: &[Role] = &[Agent, TeamLead, Supervisor, UnitHandler, UnitHead];
const REVISIT_READERS: &[Role] = &[TeamLead, Supervisor, Reviewer, Revisitor, Auditor];
const REPLY_READERS: &[Role] = &[
    TeamLead,
    Supervisor,
    Reviewer,
    UnitHandler,
    UnitHead,
    Auditor,
];
const CALENDAR_KEEPERS: &[Role] = &[Admin, TeamLead, Supervisor, Auditor];
const REVISITORS: &[Role] = &[TeamLead, Revisitor];
/// 督办: the platform's overseers, and the unit that is asked.
const CASE_OPENERS: &[Role] = &[TeamLead, Supervisor];
const CASE_READERS: &[Role] = &[
    TeamLead,
    Supervisor,
    Reviewer,
    UnitHandler,
    UnitHead,
    Auditor,
];
/// What rules find is about units: not for the units' eyes, and not for the floor's.
const WATCHED: &[Role] = &[TeamLead, Supervisor, Reviewer, Auditor];
const MERGERS: &[Role] = &[Agent, TeamLead, Supervisor, Reviewer];
const CLUSTER_READERS: &[Role] = &[
    Agent,
    TeamLead,
    Supervisor,
    Reviewer,
    Revisitor,
    UnitHandler,
    UnitHead,
    Analyst,
    Auditor,
];
const CARRIERS: &[Role] = &[Agent, TeamLead, Supervisor, Reviewer, UnitHandler, UnitHead];
const LEDGER: &[Role] = &[Supervisor, Auditor];
const CASE_WRITERS: &[Role] = &[TeamLead, Supervisor, UnitHandler, UnitHead];
const FLOOR: &[Role] = &[Agent, TeamLead, Supervisor, Revisitor, Analyst, Leader];
const DIRECTORY: &[Role] = &[Agent, Specialist, TeamLead, Supervisor, Reviewer, Revisitor];
/// Who looks after what units lack (article 7); a unit's head sees the own unit.
const OVERSEERS: &[Role] = &[TeamLead, Supervisor, Analyst, Leader, Auditor, UnitHead];
const OVERSEERS_OF_DESK: &[Role] = &[TeamLead, Supervisor, Reviewer, Analyst, Leader, Auditor];
const DUTY_READERS: &[Role] = &[Agent, TeamLead, Supervisor, Auditor, UnitHandler, UnitHead];
const DUTY_WRITERS: &[Role] = &[Agent, TeamLead, Supervisor, UnitHandler, UnitHead];
const WATCHERS: &[Role] = &[
    Agent,
    Specialist,
    TeamLead,
    Supervisor,
    Reviewer,
    Revisitor,
    UnitHandler,
    UnitHead,
    Leader,
];

/// Every route of this server.
#[rustfmt::skip]
pub(crate) const RULES: &[Rule] = &[
    open(Method::GET, "/healthz"),
    open(Method::GET, "/readyz"),
    open(Method::GET, "/metrics"),
    open(Method::GET, "/api/openapi.json"),
    // The callback's own token and signature say who it is.
    open(Method::POST, "/gateway/sms/{gateway}/{token}/receipt"),
    open(Method::POST, "/gateway/sms/{gateway}/{token}/reply"),

    // A number's own code says that the asker may know of it.
    open(Method::POST, "/api/v1/public/ticket"),
    open(Method::POST, "/api/v1/public/written_opinion"),
    // A person by their cookie, a desk phone by its own password: see the route.
    open(Method::GET, "/sip"),

    open(Method::POST, "/api/v1/login"),
    // Off unless the configuration allows it; slowed by source.
    open(Method::POST, "/api/v1/guest_calls"),
    person(Method::POST, "/api/v1/logout", Who::SignedIn),
    person(Method::GET, "/api/v1/me", Who::SignedIn),
    person(Method::PUT, "/api/v1/me/state", Who::Roles(PHONE)),
    person(Method::GET, "/api/v1/me/call", Who::Roles(PHONE)),
    person(Method::POST, "/api/v1/me/wrap_up", Who::Roles(PHONE)),
    person(Method::GET, "/api/v1/live", Who::Roles(WATCHERS)),
    person(Method::GET, "/api/v1/tokens", Who::Roles(&[Admin])),
    person(Method::POST, "/api/v1/tokens", Who::Roles(&[Admin])),
    person(Method::DELETE, "/api/v1/tokens/{id}", Who::Roles(&[Admin])),

    rule(Method::GET, "/api/v1/calls", CALL_READERS, Scope::CallsRead),
    rule(Method::GET, "/api/v1/calls/{id}", CALL_READERS, Scope::CallsRead),
    rule(Method::POST, "/api/v1/calls/{id}/commands/{command}", PHONE, Scope::CallsControl),

    rule(Method::GET, "/api/v1/recordings/{id}", RECORDING_READERS, Scope::RecordingsRead),
    rule(Method::GET, "/api/v1/recordings/{id}/audio", LISTENERS, Scope::RecordingsRead),
    rule(Method::GET, "/api/v1/recordings/{id}/peaks", LISTENERS, Scope::RecordingsRead),

    rule(Method::GET, "/api/v1/recordings/{id}/listens", LISTEN_READERS, Scope::RecordingsRead),
    rule(Method::GET, "/api/v1/recordings/{id}/marks", LISTENERS, Scope::RecordingsRead),
    person(Method::POST, "/api/v1/recordings/{id}/marks", Who::Roles(MARKERS)),
    person(Method::DELETE, "/api/v1/recordings/{id}/marks/{mark}", Who::Roles(MARKERS)),

    rule(Method::GET, "/api/v1/tickets", TICKET_READERS, Scope::TicketsRead),
    person(Method::GET, "/api/v1/tickets/counters", Who::Roles(TICKET_READERS)),
    rule(Method::POST, "/api/v1/tickets", DESK, Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/tickets/{id}", TICKET_READERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/tickets/{id}/events", TICKET_READERS, Scope::TicketsRead),
    person(Method::GET, "/api/v1/tickets/{id}/actions", Who::Roles(TICKET_READERS)),
    rule(Method::GET, "/api/v1/tickets/{id}/calls", TICKET_READERS, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/tickets/{id}/commands/{command}", TICKET_WRITERS, Scope::TicketsWrite),

    rule(Method::GET, "/api/v1/tickets/{id}/attachments", ATTACHMENT_READERS, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/tickets/{id}/attachments", ATTACHERS, Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/tickets/{id}/attachments/{attachment}", ATTACHMENT_READERS, Scope::TicketsRead),

    // People only: a machine has no extension to be called at.
    person(Method::POST, "/api/v1/tickets/{id}/call", Who::Roles(CALLERS)),
    rule(Method::GET, "/api/v1/tickets/{id}/messages", TICKET_READERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/tickets/{id}/steps", TICKET_READERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/tickets/{id}/reply_checks", REPLY_READERS, Scope::TicketsRead),
    // Told to the citizen, by people who speak with them.
    person(Method::GET, "/api/v1/tickets/{id}/query_code", Who::Roles(&[Agent, TeamLead, Supervisor, Revisitor])),
    rule(Method::GET, "/api/v1/tickets/{id}/written_opinions", TICKET_READERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/messages/quarantine", &[TeamLead, Supervisor, Revisitor], Scope::TicketsRead),
    person(Method::POST, "/api/v1/messages/quarantine/{id}/read", Who::Roles(&[TeamLead, Revisitor])),
    rule(Method::GET, "/api/v1/unit_notices", &[UnitHandler, UnitHead], Scope::TicketsRead),
    person(Method::POST, "/api/v1/unit_notices/{id}/read", Who::Roles(&[UnitHandler, UnitHead])),

    rule(Method::GET, "/api/v1/contacts/{id}", &[Agent, TeamLead, Supervisor, Reviewer, Auditor], Scope::CallsRead),
    rule(Method::POST, "/api/v1/contacts/{id}/commands/{command}", DESK, Scope::CallsControl),
    rule(Method::PUT, "/api/v1/contacts/{id}/language", DESK, Scope::CallsControl),

    rule(Method::GET, "/api/v1/revisits", REVISIT_READERS, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/revisits/{id}/commands/{command}", REVISITORS, Scope::TicketsWrite),

    rule(Method::GET, "/api/v1/supervision", CASE_READERS, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/supervision", CASE_OPENERS, Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/supervision/owners", CASE_OPENERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/supervision/{id}", CASE_READERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/supervision/{id}/events", CASE_READERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/supervision/{id}/notices/{serial}", CASE_READERS, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/supervision/{id}/commands/{command}", CASE_WRITERS, Scope::TicketsWrite),

    rule(Method::GET, "/api/v1/tickets/{id}/marks", WATCHED, Scope::TicketsRead),
    rule(Method::PUT, "/api/v1/tickets/{id}/marks/{category}", CASE_OPENERS, Scope::TicketsWrite),
    rule(Method::DELETE, "/api/v1/tickets/{id}/marks/{category}", CASE_OPENERS, Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/findings", WATCHED, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/key-marks", WATCHED, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/tickets/{id}/similar", MERGERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/clusters", CLUSTER_READERS, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/clusters", DESK, Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/clusters/{id}", CLUSTER_READERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/clusters/{id}/events", CLUSTER_READERS, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/clusters/{id}/commands/{command}", DESK, Scope::TicketsWrite),
    // Each member's own rules say who may; a unit carries its reply to all.
    rule(Method::POST, "/api/v1/clusters/{id}/carry/{command}", CARRIERS, Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/accountability", LEDGER, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/accountability", &[Supervisor], Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/accountability/unmet", LEDGER, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/accountability/{id}/events", LEDGER, Scope::TicketsRead),
    rule(Method::POST, "/api/v1/accountability/{id}/commands/{command}", &[Supervisor], Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/flagged_numbers", &[TeamLead, Supervisor, Auditor], Scope::CallsRead),
    rule(Method::POST, "/api/v1/flagged_numbers", DESK, Scope::CallsControl),
    person(Method::GET, "/api/v1/flagged_numbers/{id}/events", Who::Roles(&[Supervisor])),
    person(Method::POST, "/api/v1/flagged_numbers/{id}/commands/{command}", Who::Roles(&[Supervisor])),
    rule(Method::GET, "/api/v1/holds", LEDGER, Scope::RecordingsRead),
    rule(Method::POST, "/api/v1/holds", LEDGER, Scope::TicketsWrite),
    rule(Method::GET, "/api/v1/holds/{id}/events", LEDGER, Scope::RecordingsRead),
    rule(Method::POST, "/api/v1/holds/{id}/commands/{command}", &[Supervisor], Scope::TicketsWrite),

    // People only, with a purpose: it takes tickets out of the house, sealed ones and their sound among them.
    person(Method::POST, "/api/v1/archives", Who::Roles(&[Supervisor])),

    any_role(Method::GET, "/api/v1/calendars/{name}/days/{day}"),
    any_role(Method::POST, "/api/v1/calendars/{name}/deadline"),
    any_role(Method::GET, "/api/v1/rules"),
    any_role(Method::GET, "/api/v1/rules/{version}"),
    any_role(Method::GET, "/api/v1/rules/{version}/differences/{other}"),
    any_role(Method::GET, "/api/v1/articles"),
    any_role(Method::GET, "/api/v1/articles/{article}"),
    any_role(Method::GET, "/api/v1/calendar_changes"),
    person(Method::POST, "/api/v1/calendar_changes", Who::Roles(&[Admin, Supervisor])),
    rule(Method::GET, "/api/v1/calendar_changes/{revision}/moved", CALENDAR_KEEPERS, Scope::TicketsRead),
    any_role(Method::GET, "/api/v1/units"),
    any_role(Method::GET, "/api/v1/units/{code}"),
    rule(Method::GET, "/api/v1/lacks", OVERSEERS, Scope::OrganisationRead),
    any_role(Method::GET, "/api/v1/conference"),
    rule(Method::GET, "/api/v1/conference/items", OVERSEERS_OF_DESK, Scope::OrganisationRead),
    person(Method::POST, "/api/v1/conference/items", Who::Roles(&[Supervisor])),
    person(Method::POST, "/api/v1/conference/items/{id}/commands/{command}", Who::Roles(&[Supervisor])),
    rule(Method::POST, "/api/v1/intake", DESK, Scope::IntakeWrite),
    person(Method::GET, "/api/v1/tickets/{id}/origin", Who::Roles(&[TeamLead, Supervisor])),
    // People only: a machine has no purpose to give.
    person(Method::POST, "/api/v1/tickets/{id}/unmask", Who::Roles(CALLERS)),
    person(Method::POST, "/api/v1/petitioners/history", Who::Roles(DESK)),
    rule(Method::GET, "/api/v1/tickets/{id}/proposals", DESK, Scope::TicketsRead),
    person(Method::POST, "/api/v1/tickets/{id}/advice", Who::Roles(DESK)),
    any_role(Method::GET, "/api/v1/categories"),
    any_role(Method::GET, "/api/v1/lanes"),
    any_role(Method::GET, "/api/v1/origins"),
    rule(Method::GET, "/api/v1/refusals", OVERSEERS_OF_DESK, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/refusals/sample", &[TeamLead, Supervisor, Reviewer, Auditor], Scope::TicketsRead),
    rule(Method::GET, "/api/v1/units/{code}/duty", DUTY_READERS, Scope::OrganisationRead),
    person(Method::PUT, "/api/v1/units/{code}/duty", Who::Roles(&[Supervisor, UnitHead])),
    rule(Method::GET, "/api/v1/duty/gaps", DUTY_READERS, Scope::OrganisationRead),
    rule(Method::GET, "/api/v1/callouts", DUTY_READERS, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/callouts/{id}/events", DUTY_READERS, Scope::TicketsRead),
    // People only: it rings their phone.
    person(Method::POST, "/api/v1/tickets/{id}/callout", Who::Roles(DESK)),
    person(Method::POST, "/api/v1/callouts/{id}/commands/{command}", Who::Roles(DUTY_WRITERS)),
    rule(Method::GET, "/api/v1/specialists", DIRECTORY, Scope::OrganisationRead),
    rule(Method::GET, "/api/v1/queues", FLOOR, Scope::CallsRead),
    rule(Method::GET, "/api/v1/agents", FLOOR, Scope::CallsRead),
    rule(Method::GET, "/api/v1/kpis", FIGURES, Scope::CallsRead),
    rule(Method::GET, "/api/v1/statistics", FIGURES, Scope::TicketsRead),
    rule(Method::GET, "/api/v1/audit", &[Auditor], Scope::AuditRead),
    person(Method::GET, "/api/v1/audit/verification", Who::Roles(&[Auditor])),

    person(Method::GET, "/api/v1/organisation", Who::Roles(&[Admin])),
    person(Method::POST, "/api/v1/organisation/preview", Who::Roles(&[Admin])),
    person(Method::POST, "/api/v1/organisation/apply", Who::Roles(&[Admin])),
];

const fn open(method: Method, path: &'static str) -> Rule {
    Rule {
        method,
        path,
        who: Who::Anyone,
        scope: None,
    }
}

const fn person(method: Method, path: &'static str, who: Who) -> Rule {
    Rule {
        method,
        path,
        who,
        scope: None,
    }
}

const fn rule(method: Method, path: &'static str, roles: &'static [Role], scope: Scope) -> Rule {
    Rule {
        method,
        path,
        who: Who::Roles(roles),
        scope: Some(scope),
    }
}

const fn any_role(method: Method, path: &'static str) -> Rule {
    Rule {
        method,
        path,
        who: Who::SignedIn,
        scope: Some(Scope::OrganisationRead),
    }
}

/// The rule of one route. A HEAD is a GET without its body (RFC 9110 §9.3.2).
pub(crate) fn rule_of(method: &Method, path: &str) -> Option<&'static Rule> {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    RULES
        .iter()
        .find(|rule| rule.method == *method && rule.path == path)
}

/// What `{id}` names in the paths below these. Where a ticket stands behind it, somebody who may not know what the ticket
/// says is told that there is nothing.
const NAMED: &[(&str, Option<About>)] = &[
    ("/api/v1/tickets/{id}", Some(About::Ticket)),
    ("/api/v1/supervision/{id}", Some(About::Case)),
    ("/api/v1/revisits/{id}", Some(About::Revisit)),
    ("/api/v1/callouts/{id}", Some(About::CallOut)),
    ("/api/v1/clusters/{id}", Some(About::Cluster)),
    ("/api/v1/accountability/{id}", Some(About::Entry)),
    ("/api/v1/holds/{id}", Some(About::Hold)),
    ("/api/v1/unit_notices/{id}", Some(About::UnitNotice)),
    ("/api/v1/recordings/{id}", Some(About::Recording)),
    // Whoever talks has to be able to end what they began, and their contact, whatever was sealed meanwhile.
    ("/api/v1/calls/{id}", None),
    ("/api/v1/contacts/{id}", None),
    // About a number, whatever its calls came to.
    ("/api/v1/flagged_numbers/{id}", None),
    // About no ticket until a person reads it; then the ticket itself is asked.
    ("/api/v1/messages/quarantine/{id}", None),
    // For those from whom nothing is kept.
    ("/api/v1/conference/items/{id}", None),
    ("/api/v1/tokens/{id}", None),
];

/// What the `{id}` of `path` names, if a ticket stands behind it.
pub(crate) fn about(path: &str) -> Option<About> {
    named(path).and_then(|(_, about)| *about)
}

fn named(path: &str) -> Option<&'static (&'static str, Option<About>)> {
    NAMED.iter().find(|(named, _)| path.starts_with(named))
}

/// Whether hearing recordings is part of `role`'s post.
pub(crate) fn may_listen(role: Role) -> bool {
    LISTENERS.contains(&role)
}

/// What of a ticket, a call or a person's number `role` may see whole: those who must be able to call the citizen.
pub(crate) const fn sees_whole_numbers(role: Role) -> bool {
    match role {
        Agent | TeamLead | Supervisor | Revisitor | UnitHandler | UnitHead => true,
        Specialist | Reviewer | Analyst | Leader | Auditor | Admin => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_id_in_a_path_it_is_said_whether_a_ticket_stands_behind_it() {
        for rule in RULES.iter().filter(|rule| rule.path.contains("{id}")) {
            assert!(named(rule.path).is_some(), "{}", rule.path);
        }
    }
}
