//! What a unit is told about its tickets: that one came, that a clock runs out, that a deadline moved. A row for the
//! unit's people to read; its phones are told besides where the organisation knows any.

use serde::Serialize;
use uuid::Uuid;

use super::about::unless_kept;
use super::chronicle::Chronicler;
use super::db::{Row, Select, Tx, Writing, values};
use super::sms::Purpose;
use super::tickets::TicketRecord;
use super::{Cursor, Fault, Listing, Page, Storage};
use crate::domain::id::{TicketId, UnitCode};
use crate::domain::sms::reminder_text;
use crate::domain::staff::By;
use crate::domain::ticket::{Event, Moved, Work};
use crate::domain::time::Timestamp;

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// 新工单.
    Assigned,
    /// 临期 or 超时.
    Reminder,
    /// 时限调整.
    Moved,
    /// 退回或延时的审核结果, 答复被退回补充.
    Decided,
    /// 核实整改, 书面意见.
    Asked,
}

impl NoticeKind {
    const ALL: [Self; 5] = [
        Self::Assigned,
        Self::Reminder,
        Self::Moved,
        Self::Decided,
        Self::Asked,
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Reminder => "reminder",
            Self::Moved => "moved",
            Self::Decided => "decided",
            Self::Asked => "asked",
        }
    }
}

/// One notice to a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnitNotice {
    pub id: Uuid,
    pub unit: UnitCode,
    pub ticket: TicketId,
    pub at: Timestamp,
    pub kind: NoticeKind,
    pub text: String,
    pub read_at: Option<Timestamp>,
    pub read_by: Option<String>,
}

impl Storage {
    /// A unit's notices, newest first.
    pub async fn unit_notices(
        &self,
        by: By<'_>,
        unit: &UnitCode,
        unread_only: bool,
        page: &Page,
    ) -> Result<Listing<UnitNotice>, Fault> {
        let mut select = Select::new(
            "SELECT id, unit, ticket_id, at, kind, text, read_at, read_by FROM unit_notice WHERE 1 = 1",
        )
        .and("unit =", unit.clone());
        select = unless_kept(select, by, "t.id = ticket_id");
        if unread_only {
            select = select.text(" AND read_at IS NULL");
        }
        if let Some(after) = &page.after {
            select = select.before("at", "id", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY at DESC, id DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(notice_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |notice| Cursor {
            at: notice.at.millis(),
            id: notice.id.to_string(),
        }))
    }

    /// Marks a notice of `unit` as read; the first reader is kept. Whether there is such a notice.
    pub async fn read_unit_notice(
        &self,
        now: Timestamp,
        by: By<'_>,
        unit: &UnitCode,
        id: Uuid,
    ) -> Result<bool, Fault> {
        let given = (now, by.name().to_owned(), unit.clone(), id);
        self.db
            .write(given, |tx, (now, by, unit, id)| {
                Box::pin(async move {
                    let read = tx
                        .execute(
                            "UPDATE unit_notice SET read_at = COALESCE(read_at, $3), \
                             read_by = COALESCE(read_by, $4) WHERE id = $1 AND unit = $2",
                            &values![*id, unit.clone(), *now, *by],
                        )
                        .await?;
                    Ok::<_, Fault>(read == 1)
                })
            })
            .await
    }
}

impl Chronicler<'_> {
    /// Tells the units concerned what an event means for them.
    pub(super) async fn notify_units(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        event: &Event,
    ) -> Result<(), Fault> {
        let number = &record.number;
        let responsible = record.ticket.responsible();
        match event {
            Event::Dispatched {
                lead,
                co_handlers,
                urgent,
                ..
            } => {
                let how = if *urgent { "紧急" } else { "" };
                let text = format!("新{how}工单{number}待签收");
                for unit in std::iter::once(lead).chain(co_handlers) {
                    let kind = NoticeKind::Assigned;
                    self.notify(tx, record, unit, kind, &text).await?;
                }
                Ok(())
            }
            Event::Marked {
                deadline,
                unit,
                mark,
                due,
                ..
            } => {
                let text = reminder_text(number, *deadline, *mark, *due);
                let kind = NoticeKind::Reminder;
                self.notify(tx, record, unit, kind, &text).await?;
                self.remind_by_sms(tx, record, unit, &text).await
            }
            Event::DeadlinesMoved { cause, moved, .. } => {
                for one in moved {
                    let Moved {
                        deadline,
                        unit,
                        new,
                        ..
                    } = one;
                    let due = new.due().map_or_else(
                        || "待节假日安排公布后确定".to_owned(),
                        |due| format!("调整为{}", due.in_beijing().strftime("%m月%d日 %H:%M")),
                    );
                    let name = deadline.name();
                    let text = format!("工单{number}的{name}{due}: {}", cause.title);
                    let kind = NoticeKind::Moved;
                    self.notify(tx, record, unit, kind, &text).await?;
                }
                Ok(())
            }
            Event::SendBackDecided { granted, .. } => {
                let request = record.ticket.send_backs.last();
                let unit = request.map_or(responsible, |done| &done.request.unit);
                let said = if *granted { "已同意" } else { "未同意" };
                let text = format!("工单{number}的退回申请{said}");
                self.notify(tx, record, unit, NoticeKind::Decided, &text)
                    .await
            }
            Event::ExtensionGranted { .. } | Event::ExtensionDeclined { .. } => {
                let granted = matches!(event, Event::ExtensionGranted { .. });
                let said = if granted { "已同意" } else { "未同意" };
                let text = format!("工单{number}的延时申请{said}");
                self.notify(tx, record, responsible, NoticeKind::Decided, &text)
                    .await
            }
            Event::HandedDown { to, .. } => {
                let text = format!("工单{number}由上级单位交办, 请办理");
                self.notify(tx, record, to, NoticeKind::Asked, &text).await
            }
            Event::Inherited { from, to, .. } => {
                let text = format!("“{from}”已并入贵单位, 工单{number}由贵单位继续办理");
                self.notify(tx, record, to, NoticeKind::Asked, &text).await
            }
            Event::KindChanged { kind, .. } => {
                let text = format!(
                    "工单{number}的诉求类型已变更为{}, 时限随之调整",
                    kind.name()
                );
                for part in record.ticket.work().into_iter().flat_map(Work::assignments) {
                    self.notify(tx, record, &part.unit, NoticeKind::Decided, &text)
                        .await?;
                }
                Ok(())
            }
            Event::KindChangeDeclined { .. } => {
                let text = format!("工单{number}的诉求类型变更申请未同意");
                self.notify(tx, record, responsible, NoticeKind::Decided, &text)
                    .await
            }
            Event::Reviewed { outcome, .. } if !outcome.passed() => {
                let text = format!("工单{number}的答复{}, 请在办理时限内补充", outcome.name());
                self.notify(tx, record, responsible, NoticeKind::Decided, &text)
                    .await
            }
            Event::RectificationOrdered { unit, .. } => {
                let text = format!("工单{number}回访不满意, 请核实整改");
                self.notify(tx, record, unit, NoticeKind::Asked, &text)
                    .await
            }
            Event::WrittenOpinionRequested { .. } => {
                let text = format!("工单{number}要求出具书面办理意见");
                self.notify(tx, record, responsible, NoticeKind::Asked, &text)
                    .await
            }
            Event::Opened { .. }
            | Event::Registered { .. }
            | Event::ThreeWayNoted { .. }
            | Event::AnsweredOnCall { .. }
            | Event::Acknowledged { .. }
            | Event::ContactRecorded { .. }
            | Event::OpinionGiven { .. }
            | Event::Replied { .. }
            | Event::Reviewed { .. }
            | Event::Closed { .. }
            | Event::SurveyRequested { .. }
            | Event::SurveyResent { .. }
            | Event::SendBackRequested { .. }
            | Event::ExtensionRequested { .. }
            | Event::KindChangeRequested { .. }
            | Event::Attached { .. }
            | Event::Voided { .. }
            | Event::Archived { .. }
            | Event::Reopened { .. }
            | Event::SurveyAnswered { .. }
            | Event::SurveyFailed { .. }
            | Event::RevisitPlanned { .. }
            | Event::Revisited { .. }
            | Event::Rectified { .. }
            | Event::FollowUpEnded { .. }
            | Event::WrittenOpinionIssued { .. }
            | Event::Intake(_) => Ok(()),
        }
    }

    async fn notify(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        unit: &UnitCode,
        kind: NoticeKind,
        text: &str,
    ) -> Result<(), Fault> {
        tx.put(
            NOTICE,
            &values![
                self.clock.new_id(),
                unit.clone(),
                record.id,
                self.now,
                kind.code(),
                text
            ],
        )
        .await
    }

    /// The desk watches its own clocks on its screens; a member unit's phones are told.
    async fn remind_by_sms(
        &self,
        tx: &mut Tx,
        record: &TicketRecord,
        unit: &UnitCode,
        text: &str,
    ) -> Result<(), Fault> {
        if *unit == self.rules.desk {
            return Ok(());
        }
        for phone in self.phones.of(tx, unit, self.now).await? {
            let text = format!("【{}】{text}", self.rules.signature);
            self.tell_by_sms(tx, record.id, &phone, Purpose::Reminder, text)
                .await?;
        }
        Ok(())
    }
}

const NOTICE: Writing = Writing {
    before: "INSERT INTO unit_notice (id, unit, ticket_id, at, kind, text) VALUES",
    after: "",
};

fn notice_of(row: &Row) -> Result<UnitNotice, Fault> {
    let kind: String = row.get("kind")?;
    Ok(UnitNotice {
        id: row.get("id")?,
        unit: row.get("unit")?,
        ticket: row.get("ticket_id")?,
        at: row.get("at")?,
        kind: NoticeKind::ALL
            .into_iter()
            .find(|known| known.code() == kind)
            .ok_or_else(|| Fault::Corrupt(format!("unknown notice {kind:?}")))?,
        text: row.get("text")?,
        read_at: row.opt("read_at")?,
        read_by: row.opt("read_by")?,
    })
}
