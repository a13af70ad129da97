//! 分类处置 by a ticket to member units: articles 10 and 11(2), and the clocks of article 11(3) that begin with it.

use super::{CO_HANDLERS_MAX, PROSE, REGISTRARS, Wish, optional, wrong};
use crate::domain::id::UnitCode;
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::state::{Stage, Ticket};

impl Wish<'_> {
    pub(super) fn dispatch(
        &self,
        ticket: &Ticket,
        lead: &UnitCode,
        co_handlers: &[UnitCode],
        basis: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(REGISTRARS, "6")?;
        let Stage::Registered { promise } = &ticket.stage else {
            return Err(wrong(ticket));
        };
        let demand = ticket
            .demand
            .as_ref()
            .expect("a registered ticket has its demand");
        ticket.intake.ready(self.rules)?;
        check_units(lead, co_handlers, &ticket.desk)?;
        optional("派单依据", basis, PROSE)?;
        let (now, rules) = (self.now, self.rules);
        let limits = &rules.limits;
        // A second dispatch keeps the citizen's promise; only the new unit's own windows start now.
        let (version, handle) = match promise {
            Some(promise) => (promise.rules.clone(), promise.handle.deadline),
            None => (
                rules.version.clone(),
                rules.in_days(now, limits.handle_days(demand.kind))?,
            ),
        };
        Ok(vec![Event::Dispatched {
            at: now,
            by: actor.username.clone(),
            lead: lead.clone(),
            co_handlers: co_handlers.to_vec(),
            basis: basis.map(str::to_owned),
            rules: version,
            acknowledge: rules.in_hours(now, limits.acknowledge_hours)?,
            handle,
            send_back_until: rules.due(now, limits.send_back_days(demand.kind))?,
        }])
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
