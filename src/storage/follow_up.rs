//! What follows from a ticket's events, written in their own transaction: who is asked, who is to call, what is
//! no longer to be asked. The whole of it is one `match`; the rest of the chain comes back as commands.

use super::Fault;
use super::attachments::list_attachment;
use super::chronicle::Chronicler;
use super::db::Tx;
use super::sms::Purpose;
use super::tickets::TicketRecord;
use crate::domain::id::TicketId;
use crate::domain::revisit::RevisitCommand;
use crate::domain::sms::extension_text;
use crate::domain::ticket::{Deadline, DeadlineKind, Event, Told};

impl Chronicler<'_> {
    pub(super) async fn follow_up(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        events: &[Event],
    ) -> Result<(), Fault> {
        for event in events {
            self.notify_units(tx, record, event).await?;
            self.feed_back(tx, record, event).await?;
            match event {
                Event::Opened { .. } => self.give_query_code(tx, record.id).await?,
                Event::SurveyResent { phone, why, .. } => {
                    self.ask_again(tx, record, phone, *why).await?;
                }
                // 必要时应与服务对象沟通说明: who was told of the wish is told of the new date.
                Event::ExtensionGranted { handle, .. } => {
                    self.tell_extension(tx, record, handle).await?;
                }
                Event::WrittenOpinionIssued {
                    unit, number, text, ..
                } => self.issue_opinion(tx, record, unit, *number, text).await?,
                Event::DeadlinesMoved { cause, moved, .. } => {
                    for one in moved {
                        self.list_move(tx, record.id, cause.revision, one).await?;
                        if one.deadline == DeadlineKind::RevisitBy {
                            self.reschedule_revisits(tx, record.id, one.new.due())
                                .await?;
                        }
                    }
                }
                // 短信回访: the outbox sends it after the commit.
                Event::SurveyRequested { phone, .. } => {
                    self.ask_by_sms(tx, record, phone).await?;
                }
                Event::SurveyAnswered { rating, .. } => {
                    self.close_surveys(tx, record.id, rating).await?;
                }
                Event::SurveyFailed { why, .. } => {
                    self.close_surveys(tx, record.id, why).await?;
                }
                // 人工回访: dissatisfied, or a second time after rectification.
                Event::RevisitPlanned { round, revisit } => {
                    let phone = record
                        .ticket
                        .phone()
                        .ok_or_else(|| Fault::Corrupt("a revisit without a number".to_owned()))?;
                    let plan = RevisitCommand::Plan {
                        ticket: record.id,
                        phone: phone.clone(),
                        round: *round,
                        due: revisit.due(),
                        involved: record.ticket.involved(),
                    };
                    self.plan_revisit(tx, &plan).await?;
                }
                // There is nothing to ask about any more.
                Event::Voided { .. } => self.ask_no_more(tx, record.id).await?,
                Event::Reopened { .. } => {
                    self.ask_no_more(tx, record.id).await?;
                    self.count_answered(tx, record.id, false).await?;
                }
                Event::Dispatched { lead, .. } => {
                    self.handed_over(tx, record.id, lead).await?;
                    self.count_dispatched(tx, record.id, lead).await?;
                }
                Event::Registered { demand, .. } => {
                    self.count_registered(tx, record.id, demand).await?;
                }
                Event::AnsweredOnCall { .. } => {
                    self.count_answered(tx, record.id, true).await?;
                }
                Event::ThreeWayNoted { .. } => self.count_three_way(tx, record.id).await?,
                Event::Attached { attachment } => {
                    list_attachment(tx, record.id, attachment).await?;
                }
                // 签收: the unit has it, nobody need be called out for it any more.
                Event::Acknowledged { by, .. } => {
                    self.callouts_acknowledged(tx, record.id, by).await?;
                }
                Event::HandedDown { .. }
                | Event::Inherited { .. }
                | Event::ContactRecorded { .. }
                | Event::OpinionGiven { .. }
                | Event::Replied { .. }
                | Event::Reviewed { .. }
                | Event::Closed { .. }
                | Event::SendBackRequested { .. }
                | Event::SendBackDecided { .. }
                | Event::ExtensionRequested { .. }
                | Event::ExtensionDeclined { .. }
                | Event::KindChangeRequested { .. }
                | Event::KindChanged { .. }
                | Event::KindChangeDeclined { .. }
                | Event::Archived { .. }
                | Event::Revisited { .. }
                | Event::RectificationOrdered { .. }
                | Event::Rectified { .. }
                | Event::FollowUpEnded { .. }
                | Event::WrittenOpinionRequested { .. }
                | Event::Marked { .. } => {}
                Event::Intake(event) => self.intake_changed(tx, record, event).await?,
            }
        }
        Ok(())
    }

    async fn tell_extension(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        handle: &Deadline,
    ) -> Result<(), Fault> {
        let asked = record.ticket.extensions.last();
        let told = asked.map(|extension| &extension.request.told_petitioner);
        let (Some(Told::Call(_) | Told::Sms(_)), Some(phone)) = (told, record.ticket.phone())
        else {
            return Ok(());
        };
        let text = extension_text(&self.rules.signature, &record.number, handle.due());
        self.tell_by_sms(tx, record.id, phone, Purpose::ExtensionTold, text)
            .await?;
        Ok(())
    }

    async fn ask_no_more(&self, tx: &mut Tx, ticket: TicketId) -> Result<(), Fault> {
        self.close_surveys(tx, ticket, &"ticket_moved_on").await?;
        self.cancel_revisits(tx, ticket).await
    }
}
