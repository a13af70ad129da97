//! Duty when the offices are closed: gaps in the rosters are told before they begin, and call-outs go on step by step
//! until somebody has the matter.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::{Job, Pending, Report};
use crate::domain::call::wish::{CallRefusal, Granted, Purpose, Wish};
use crate::domain::callout::{Command, Ring, Stage};
use crate::domain::id::CallOutId;
use crate::domain::staff::{Actor, By};
use crate::domain::time::Timestamp;
use crate::storage::outbox::{Work, WorkKind};
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage, Trouble};

const BATCH: u32 = 100;
/// A call is placed or refused within moments.
const LEASE_MS: i64 = 60_000;
/// How far ahead a gap is looked for: a unit has a working day to put somebody there.
const AHEAD_MS: i64 = 48 * 60 * 60 * 1000;

/// Whoever places calls for the server.
pub trait Telephone: Send + Sync + 'static {
    fn place(&self, wish: Wish) -> Pending<'_, Result<Granted, CallRefusal>>;
}

/// Tells of closed hours in which a unit has nobody on duty, before they begin.
pub struct DutyGaps {
    pub storage: Storage,
    pub rules: RulesInForce,
}

impl DutyGaps {
    async fn look(&self, now: Timestamp) -> Result<Report, Fault> {
        let until = now.plus_millis(AHEAD_MS);
        let rosters = self.storage.duty_rosters().await?;
        let tree = self.storage.tree().await?;
        let rules = self.rules.now();
        let mut gaps = Vec::new();
        for stand in tree.as_of(now) {
            if !stand.unit.kind.handles_demands() {
                continue;
            }
            let code = &stand.unit.code;
            let roster = rosters.get(code).cloned().unwrap_or_default();
            let open = roster.gaps(rules.calendar(code), now, until);
            gaps.extend(open.into_iter().map(|gap| (code.clone(), gap)));
        }
        metrics::gauge!("hotline_duty_gaps").set(gaps.len() as f64);
        let new = self.storage.notice_duty_gaps(now, until, gaps).await?;
        // One line, however many units there are: the list is the API's.
        if let Some(next) = new.iter().min_by_key(|gap| gap.span.from) {
            let (gaps, unit, from) = (new.len(), &next.unit, next.span.from);
            warn!(gaps, %unit, %from, "{gaps} gaps in duty rosters, the next at {from} in {unit}");
        }
        Ok(Report {
            done: u32::try_from(new.len()).unwrap_or(u32::MAX),
            ..Report::default()
        })
    }
}

impl Job for DutyGaps {
    fn name(&self) -> &'static str {
        "duty_gaps"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.look(now))
    }
}

/// Takes call-outs to their next step and rings whom they are at.
pub struct CallOuts {
    pub storage: Storage,
    pub rules: RulesInForce,
    pub telephone: Arc<dyn Telephone>,
}

impl CallOuts {
    async fn go_on(&self, now: Timestamp) -> Result<Report, Fault> {
        let mut report = Report::default();
        for id in self.storage.callouts_due(now, BATCH).await? {
            self.tell(now, id, Command::Tick, &mut report).await?;
        }
        let claimed = self
            .storage
            .claim_work(now, WorkKind::DutyCall, LEASE_MS, BATCH)
            .await?;
        for work in &claimed {
            report.waited(now, work.created_at);
            self.ring(now, work, &mut report).await?;
        }
        report.more = claimed.len() == BATCH as usize;
        Ok(report)
    }

    /// Rings the present rung once. Whether it rang is written down; if it did not, the message went out all the
    /// same and the next rung comes in its time.
    async fn ring(&self, now: Timestamp, work: &Work, report: &mut Report) -> Result<(), Fault> {
        let id: Option<CallOutId> = work.subject.parse().ok();
        let callout = match id {
            Some(id) => self.storage.callout(id).await?,
            None => None,
        };
        let Some(record) = callout else {
            return self.storage.work_given_up(work, "no such call-out").await;
        };
        // Before it rings: who is rung twice is woken twice.
        self.storage.work_done(work).await?;
        let callout = &record.callout;
        let Stage::Calling { rung, .. } = callout.stage else {
            return Ok(());
        };
        let starter = self.storage.user(&callout.started_by).await?;
        let outcome = match starter {
            None => Ring::Failed("no_phone".to_owned()),
            Some(user) => {
                let wish = Wish::PlaceCall {
                    by: Actor {
                        username: user.username,
                        role: user.role,
                        unit: user.unit,
                    },
                    to: callout.ladder[rung].phone.clone(),
                    purpose: Purpose::Duty {
                        ticket: callout.ticket,
                    },
                };
                match self.telephone.place(wish).await {
                    Ok(Granted::Placed { call, .. }) => Ring::Placed(call),
                    Ok(Granted::Done | Granted::Leg(_) | Granted::State(_)) => {
                        Ring::Failed("not_placed".to_owned())
                    }
                    Err(refusal) => Ring::Failed(refusal.code().to_owned()),
                }
            }
        };
        self.tell(now, record.id, Command::Rang { outcome }, report)
            .await
    }

    async fn tell(
        &self,
        now: Timestamp,
        id: CallOutId,
        command: Command,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let told = self
            .storage
            .callout_command(now, By::Server, id, command, &self.rules.now())
            .await;
        match told {
            Ok(record) => {
                report.done += 1;
                if let Stage::Escalated { .. } = record.callout.stage {
                    metrics::counter!("hotline_callouts_escalated").increment(1);
                    warn!(callout = %id, "call-out {id} reached nobody and was escalated");
                }
                Ok(())
            }
            // Somebody answered in the same moment.
            Err(Trouble::Refused(_)) => Ok(()),
            Err(Trouble::Fault(fault)) => Err(fault),
        }
    }
}

impl Job for CallOuts {
    fn name(&self) -> &'static str {
        "callouts"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(2)
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.go_on(now))
    }
}
