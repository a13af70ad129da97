//! 统一受理 and what is settled without a dispatch: articles 11(1) and 11(2).

use super::{LEADS, LINE, PROSE, REGISTRARS, Wish, optional, written, wrong};
use crate::domain::staff::{Actor, By, Role};
use crate::domain::ticket::event::Event;
use crate::domain::ticket::refusal::Refusal;
use crate::domain::ticket::rules::check_given;
use crate::domain::ticket::state::{Demand, Petitioner, Source, Stage, Ticket};

impl Wish<'_> {
    pub(super) fn register_by_hand(&self, demand: Demand) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(REGISTRARS, "6")?;
        check(&demand)?;
        self.check_form(actor, &demand)?;
        Ok(vec![
            Event::Opened {
                at: self.now,
                source: Source::Desk,
                contact: None,
                call: None,
                caller: None,
                desk: self.rules.desk.clone(),
            },
            Event::Registered {
                at: self.now,
                by: actor.username.clone(),
                demand,
            },
        ])
    }

    pub(super) fn register(
        &self,
        ticket: &Ticket,
        mut demand: Demand,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(REGISTRARS, "6")?;
        // What is dispatched has its clock running by kind; changing that is another matter than writing it down.
        let (Stage::Draft | Stage::Registered { promise: None }) = ticket.stage else {
            return Err(wrong(ticket));
        };
        check(&demand)?;
        self.check_form(actor, &demand)?;
        let phone = &mut demand.petitioner.phone;
        *phone = phone.take().or_else(|| ticket.caller.clone());
        Ok(vec![Event::Registered {
            at: self.now,
            by: actor.username.clone(),
            demand,
        }])
    }

    /// What the form asks at the desk of whoever writes it down.
    fn check_form(&self, actor: &Actor, demand: &Demand) -> Result<(), Refusal> {
        let form = self.rules.form(self.now, &actor.unit);
        check_given(&form, &demand.fields)
    }

    pub(super) fn answer_on_call(
        &self,
        ticket: &Ticket,
        answer: &str,
        knowledge: Option<&str>,
    ) -> Result<Vec<Event>, Refusal> {
        let actor = self.desk_person(REGISTRARS, "6")?;
        let Stage::Registered { promise: None } = ticket.stage else {
            return Err(wrong(ticket));
        };
        ticket.intake.ready(self.limits(ticket))?;
        written("答复内容", answer, PROSE, "11(2)")?;
        optional("引用知识", knowledge, LINE)?;
        Ok(vec![Event::AnsweredOnCall {
            at: self.now,
            by: actor.username.clone(),
            answer: answer.to_owned(),
            knowledge: knowledge.map(str::to_owned),
        }])
    }

    pub(super) fn note_three_way(
        &self,
        ticket: &Ticket,
        specialist: &str,
        result: Option<&str>,
    ) -> Result<(), Refusal> {
        match self.by {
            By::Server => {}
            By::Person(_) => {
                self.desk_person(&[Role::Agent, Role::Specialist, Role::TeamLead], "11(2)")?;
            }
        }
        written("政策专员", specialist, LINE, "11(2)")?;
        optional("通话结果", result, PROSE)?;
        match ticket.stage {
            Stage::Draft
            | Stage::Registered { .. }
            | Stage::Dispatched { .. }
            | Stage::Handling { .. } => Ok(()),
            Stage::Replied { .. }
            | Stage::Closed { .. }
            | Stage::Archived { .. }
            | Stage::Voided { .. } => Err(wrong(ticket)),
        }
    }

    /// Before dispatch only: what a unit has is ended by a reply.
    pub(super) fn void(&self, ticket: &Ticket, reason: &str) -> Result<Vec<Event>, Refusal> {
        match (&ticket.stage, self.by) {
            (Stage::Draft, By::Server) => {}
            (Stage::Draft, By::Person(_)) => {
                self.desk_person(REGISTRARS, "6")?;
            }
            // What a citizen asked is in the books: striking it out takes a second pair of eyes.
            (Stage::Registered { .. }, _) => {
                self.desk_person(LEADS, "6")?;
            }
            (
                Stage::Dispatched { .. }
                | Stage::Handling { .. }
                | Stage::Replied { .. }
                | Stage::Closed { .. }
                | Stage::Archived { .. }
                | Stage::Voided { .. },
                _,
            ) => return Err(wrong(ticket)),
        }
        written("作废理由", reason, PROSE, "11")?;
        Ok(vec![Event::Voided {
            at: self.now,
            by: self.person_name(),
            reason: reason.to_owned(),
        }])
    }
}

pub(in crate::domain) fn check(demand: &Demand) -> Result<(), Refusal> {
    let Demand {
        title,
        content,
        kind: _,
        petitioner:
            Petitioner {
                name,
                phone: _,
                applicant: _,
                secrecy: _,
                firm,
            },
        address,
        category,
        fields: _,
    } = demand;
    written("标题", title, LINE, "11(1)")?;
    written("诉求内容", content, PROSE, "11(1)")?;
    written("诉求人姓名", name, LINE, "11(1)")?;
    optional("企业名称", firm.as_deref(), LINE)?;
    optional("地址", address.as_deref(), LINE)?;
    optional("诉求分类", category.as_deref(), LINE)
}
