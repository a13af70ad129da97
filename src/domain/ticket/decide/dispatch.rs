//! 分类处置 by a ticket to member units: articles 10 and 11(2), and the clocks of article 11(3) that begin with it.

use std::collections::BTreeMap;

use super::{CO_HANDLERS_MAX, COORDINATORS, PROSE, REGISTRARS, Wish, optional, wrong};
use crate::domain::calendar::Limit;
use crate::domain::id::UnitCode;
use crate::domain::ticket::event::{Event, UnitClocks};
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::state::{Stage, Ticket};

impl Wish<'_> {
    pub(super) fn dispatch(
        &self,
        ticket: &Ticket,
        lead: &UnitCode,
        co_handlers: &[UnitCode],
        basis: Option<&str>,
        urgent: bool,
    ) -> Result<Vec<Event>, Refusal> {
        let dispatched = self.dispatched(ticket, lead, co_handlers, basis, urgent)?;
        check_units(lead, co_handlers, &ticket.desk)?;
        Ok(vec![dispatched])
    }

    /// The same to any unit, ours among them.
    pub(super) fn dispatched(
        &self,
        ticket: &Ticket,
        lead: &UnitCode,
        co_handlers: &[UnitCode],
        basis: Option<&str>,
        urgent: bool,
    ) -> Result<Event, Refusal> {
        // What was sent back too often goes where a coordinator says (article 26).
        let actor = match ticket.coordinated {
            Some(_) => self.desk_person(COORDINATORS, "26")?,
            None => self.desk_person(REGISTRARS, "6")?,
        };
        let Stage::Registered { promise } = &ticket.stage else {
            return Err(wrong(ticket));
        };
        let demand = ticket
            .demand
            .as_ref()
            .expect("a registered ticket has its demand");
        ticket.intake.ready(self.limits(ticket))?;
        optional("派单依据", basis, PROSE)?;
        // A second dispatch keeps the citizen's promise and rules; only the new units' own clocks start now.
        let set = match promise {
            Some(_) => self.set(ticket),
            None => self.rules.in_force(self.now, ticket.way(), lead),
        };
        let limits = &set.limits;
        let starting_now = |unit, limit| {
            self.rules
                .deadline(unit, self.now, limit, limits.convention)
        };
        let days = Limit::WorkingDays(limits.handle_days(demand.kind));
        let (version, handle, own) = match promise {
            Some(promise) => (
                promise.rules.clone(),
                promise.handle.deadline,
                Some(starting_now(lead, days)?),
            ),
            None => (set.version.clone(), starting_now(lead, days)?, None),
        };
        let acknowledge = starting_now(lead, limits.acknowledge(urgent))?;
        let mut clocks = BTreeMap::new();
        if let Some(reply) = own {
            let reply = Some(reply);
            clocks.insert(lead.clone(), UnitClocks { acknowledge, reply });
        }
        let heard = Limit::WorkingDays(limits.co_handler_days(demand.kind));
        for unit in co_handlers {
            let own = UnitClocks {
                acknowledge: starting_now(unit, limits.acknowledge(urgent))?,
                reply: Some(starting_now(unit, heard)?),
            };
            clocks.insert(unit.clone(), own);
        }
        let window = Limit::WorkingDays(limits.send_back_days(demand.kind));
        Ok(Event::Dispatched {
            at: self.now,
            by: actor.username.clone(),
            lead: lead.clone(),
            co_handlers: co_handlers.to_vec(),
            basis: basis.map(str::to_owned),
            rules: version,
            acknowledge,
            handle,
            send_back_until: starting_now(lead, window)?.due(),
            urgent,
            clocks,
        })
    }
}

/// Whether the units exist is the directory's business, not ours.
fn check_units(lead: &UnitCode, co_handlers: &[UnitCode], desk: &UnitCode) -> Result<(), Refusal> {
    let bad = |why| Err(Refusal::BadAssignment { why });
    let mut seen = vec![lead];
    if co_handlers.len() > CO_HANDLERS_MAX {
        return bad("会办单位过多");
    }
    for unit in co_handlers {
        if seen.contains(&unit) {
            return bad("同一单位不能重复承办");
        }
        seen.push(unit);
    }
    if seen.iter().any(|unit| unit.0.trim().is_empty()) {
        return bad("单位代码为空");
    }
    if seen.contains(&desk) {
        return bad("工单应派给成员单位");
    }
    Ok(())
}
