//! Facts of the telephone side on their way into storage. What waits is taken in waves: each call's facts in their order,
//! different calls side by side, so that one commit carries many.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{error, warn};

use crate::clock::Clock;
use crate::domain::acd::AgentState;
use crate::domain::call::Cdr;
use crate::domain::call::wish::EMERGENCY_SERVICES;
use crate::domain::caller::Known;
use crate::domain::contact::ContactCommand;
use crate::domain::id::{CallId, ContactId, Username};
use crate::domain::staff::By;
use crate::domain::ticket::{Command, intake};
use crate::signalling::journal::{AgentStateChange, CommitToken, Entry};
use crate::signalling::shell::{Signalling, ToKeep};
use crate::storage::agent_states::AgentStateChange as AgentStateRow;
use crate::storage::contacts::Answered;
use crate::storage::rules::RulesInForce;
use crate::storage::{Fault, Storage, Trouble};

/// Facts waiting for storage; beyond this call control keeps its own backlog.
pub(super) const QUEUE: usize = 8_192;
/// Facts of one wave.
const WAVE: usize = 512;
/// Between two tries while the database is busy or down.
const RETRY: Duration = Duration::from_millis(200);

/// Keeps what it is given until the senders are gone.
pub(super) struct Journal {
    pub(super) storage: Storage,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) rules: RulesInForce,
}

impl Journal {
    /// Runs until every sender is gone and everything is kept.
    pub(super) async fn run(
        self,
        mut facts: mpsc::Receiver<ToKeep>,
        signalling: impl Fn() -> Option<Signalling>,
    ) {
        let journal = Arc::new(self);
        let mut wave = Vec::with_capacity(WAVE);
        let mut desks = Desks::default();
        while facts.recv_many(&mut wave, WAVE).await > 0 {
            let mut agents = Vec::new();
            let mut finished = Vec::new();
            let mut calls: HashMap<CallId, Vec<ToKeep>> = HashMap::new();
            for fact in wave.drain(..) {
                match fact.entry {
                    Entry::AgentState(change) => {
                        finished.extend(desks.moved(&change));
                        agents.push(row_of(change));
                    }
                    Entry::Answered(ref answered) => {
                        calls.entry(answered.cdr.id).or_default().push(fact)
                    }
                    Entry::Progressed(ref cdr) => calls.entry(cdr.id).or_default().push(fact),
                    Entry::Ended(ref cdr) => {
                        if let Some(contact) = cdr.contact_id {
                            finished.extend(desks.call_over(cdr.agent.as_ref(), contact));
                        }
                        calls.entry(cdr.id).or_default().push(fact);
                    }
                }
            }
            let mut under_way = JoinSet::new();
            if !agents.is_empty() {
                let journal = Arc::clone(&journal);
                under_way.spawn(async move { journal.keep_agents(agents).await });
            }
            for facts in calls.into_values() {
                let journal = Arc::clone(&journal);
                let signalling = signalling();
                under_way.spawn(async move { journal.keep_call(facts, signalling).await });
            }
            while let Some(ended) = under_way.join_next().await {
                if let Err(fault) = ended {
                    error!(%fault, "a fact could not be kept: {fault}");
                }
            }
            for contact in finished {
                journal
                    .tell_contact(contact, ContactCommand::FinishWrapUp)
                    .await;
            }
        }
    }

    async fn keep_call(&self, facts: Vec<ToKeep>, signalling: Option<Signalling>) {
        for ToKeep { entry, token } in facts {
            let (kept, known) = match entry {
                Entry::Answered(answered) => {
                    let answered = Answered {
                        cdr: answered.cdr,
                        contact: answered.contact,
                        ticket: answered.ticket,
                    };
                    let known = self.keep_answered(answered).await;
                    (known.is_some(), known)
                }
                Entry::Progressed(cdr) => {
                    let kept = self.keep_record(&cdr).await;
                    self.tell_emergency(&cdr).await;
                    if let (Some(contact), Some(agent)) = (cdr.contact_id, cdr.agent) {
                        self.tell_contact(contact, ContactCommand::Answered { agent })
                            .await;
                    }
                    (kept, None)
                }
                Entry::Ended(cdr) => {
                    let kept = self.keep_record(&cdr).await;
                    self.tell_emergency(&cdr).await;
                    if let Some(contact) = cdr.contact_id {
                        self.tell_contact(contact, ContactCommand::HungUp).await;
                    }
                    (kept, None)
                }
                Entry::AgentState(_) => unreachable!("agent states are kept apart from calls"),
            };
            let known = known.or_else(|| kept.then(Known::default));
            tell(token, known, signalling.as_ref()).await;
        }
    }

    /// When an emergency service answered, its ticket learns how long that took. Told again it refuses, and knows.
    async fn tell_emergency(&self, cdr: &Cdr) {
        let Some(ticket) = cdr.ticket_id else { return };
        for leg in &cdr.legs {
            let (true, Some(answered)) = (
                EMERGENCY_SERVICES.contains(&leg.party.as_str()),
                leg.answered_at,
            ) else {
                continue;
            };
            let command = Command::Intake(intake::Command::EmergencyAnswered {
                leg: leg.id,
                answered_after_ms: answered.millis_since(leg.started_at),
            });
            self.keep_trying("emergency transfer", || async {
                let rules = self.rules.now();
                let told = self.storage.command(
                    self.clock.now(),
                    By::Server,
                    ticket,
                    command.clone(),
                    &rules,
                    None,
                );
                match told.await {
                    Ok(_) | Err(Trouble::Refused(_)) => Ok(()),
                    Err(Trouble::Fault(fault)) => Err(fault),
                }
            })
            .await;
        }
    }

    async fn keep_record(&self, cdr: &Cdr) -> bool {
        self.keep_trying("call record", || self.storage.call_written(cdr.clone()))
            .await
    }

    /// The contact follows its call. What it refuses it knew already: an agent told twice, a contact that has ended.
    async fn tell_contact(&self, contact: ContactId, command: ContactCommand) {
        self.keep_trying("contact", || async {
            match self
                .storage
                .contact_command(
                    self.clock.now(),
                    By::Server,
                    contact,
                    command.clone(),
                    &self.rules.now(),
                )
                .await
            {
                Ok(_) | Err(Trouble::Refused(_)) => Ok(()),
                Err(Trouble::Fault(fault)) => Err(fault),
            }
        })
        .await;
    }

    /// A caller is waiting: one try. Call control itself tells the caller when it takes too long.
    async fn keep_answered(&self, answered: Answered) -> Option<Known> {
        let kept = self
            .storage
            .answered(self.clock.now(), answered, &self.rules.now())
            .await;
        if let Err(fault) = &kept {
            error!(%fault, "a call could not be answered because it could not be kept: {fault}");
        }
        kept.ok()
    }

    async fn keep_agents(&self, rows: Vec<AgentStateRow>) {
        self.keep_trying("agent states", || {
            self.storage.agent_states_changed(rows.clone())
        })
        .await;
    }

    /// Nobody waits, but nothing may be lost: tries until storage takes it or says that it never will.
    async fn keep_trying<F>(&self, what: &'static str, write: impl Fn() -> F) -> bool
    where
        F: Future<Output = Result<(), Fault>>,
    {
        loop {
            match write().await {
                Ok(()) => return true,
                Err(fault) if fault.retry() => {
                    metrics::counter!("hotline_journal_retries").increment(1);
                    warn!(%fault, "{what} not kept yet: {fault}");
                    tokio::time::sleep(RETRY).await;
                }
                Err(fault) => {
                    metrics::counter!("hotline_journal_lost").increment(1);
                    error!(%fault, "{what} cannot be kept: {fault}");
                    return false;
                }
            }
        }
    }
}

/// Who is still busy with which contact: it ends with the agent's wrap-up, or with the call when there is none.
/// Bounded by the number of agents.
#[derive(Default)]
struct Desks {
    busy: HashSet<Username>,
    writing: HashMap<Username, ContactId>,
}

impl Desks {
    /// The contact that is over because its agent went on to something else.
    fn moved(&mut self, change: &AgentStateChange) -> Option<ContactId> {
        match change.to {
            AgentState::Talking | AgentState::WrapUp => {
                self.busy.insert(change.agent.clone());
                None
            }
            AgentState::Offline
            | AgentState::Ready
            | AgentState::Offered
            | AgentState::Break { .. } => {
                self.busy.remove(&change.agent);
                self.writing.remove(&change.agent)
            }
        }
    }

    /// A call ended. The contact that is over with it: its own when nobody wraps it up, or the agent's one before.
    fn call_over(&mut self, agent: Option<&Username>, contact: ContactId) -> Option<ContactId> {
        match agent {
            Some(agent) if self.busy.contains(agent) => self.writing.insert(agent.clone(), contact),
            Some(_) | None => Some(contact),
        }
    }
}

async fn tell(token: Option<CommitToken>, kept: Option<Known>, signalling: Option<&Signalling>) {
    if let (Some(token), Some(signalling)) = (token, signalling) {
        signalling.committed(token, kept).await;
    }
}

fn row_of(change: AgentStateChange) -> AgentStateRow {
    AgentStateRow {
        username: change.agent,
        at: change.at,
        state: change.to,
        call: change.call,
    }
}
