//! A database, a clock that is moved by hand, and people of every role.

use std::sync::Arc;
use std::time::Duration;

use hotline::clock::{Clock, SimClock};
use hotline::domain::id::{CaseId, TicketId};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::staff::{Actor, By, Organisation, Role, SpecialistEntry, Unit, UnitKind};
use hotline::domain::supervision::{CaseCommand, Refusal as CaseRefusal};
use hotline::domain::ticket::{Applicant, Command, Kind, Petitioner, Rating, ReviewOutcome, Rules};
use hotline::domain::time::Timestamp;
use hotline::domain::watch::Policy;
use hotline::jobs::{Job, Supervision, Watcher};
use hotline::storage::rules::RulesInForce;
use hotline::storage::supervision::{CaseFilter, CaseRecord};
use hotline::storage::tickets::{CommandRefusal, TicketRecord};
use hotline::storage::watch::{FindingFilter, FindingRow};
use hotline::storage::{Page, Storage, Trouble};

use sqlx::Connection;

use crate::postgres;

pub(crate) const DESK: &str = "js-12345";
pub(crate) const UNIT: &str = "nj-cgj";
pub(crate) const HELPER: &str = "nj-gdgs";
/// A specialist's own number.
pub(crate) const STAFF_PHONE: &str = "13900000001";

pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) storage: Storage,
    pub(crate) clock: Arc<SimClock>,
    pub(crate) rules: Arc<Rules>,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("hotline.db").display());
        Self::at(url, folder).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::at(postgres::new_database().await, tempfile::tempdir().unwrap()).await
    }

    /// A Tuesday at ten.
    async fn at(url: String, folder: tempfile::TempDir) -> Self {
        let start: Timestamp = "2025-06-03T10:00:00+08:00".parse().unwrap();
        let clock = Arc::new(SimClock::new(start, 7));
        let storage = Storage::open(&url, clock.clone()).await.unwrap();
        storage.apply(start, organisation()).await.unwrap();
        Self {
            url,
            storage,
            clock,
            rules: Arc::new(Rules::provincial(DESK.into())),
            _folder: folder,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn pass_minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    /// Lets the watcher look until it has seen everything.
    pub(crate) async fn watch(&self) {
        self.pass_minutes(1);
        let job = Watcher {
            storage: self.storage.clone(),
            rules: RulesInForce::new(Rules::clone(&self.rules)),
            policy: Policy::default(),
        };
        while job.run_once(self.now()).await.unwrap().done > 0 {
            self.pass_minutes(1);
        }
    }

    pub(crate) async fn sweep_cases(&self) {
        let job = Supervision::new(
            self.storage.clone(),
            RulesInForce::new(Rules::clone(&self.rules)),
        );
        while job.run_once(self.now()).await.unwrap().more {}
    }

    pub(crate) async fn wish(
        &self,
        role: Role,
        id: TicketId,
        command: Command,
    ) -> Result<TicketRecord, Trouble<CommandRefusal>> {
        let actor = person(role);
        self.storage
            .command(
                self.now(),
                By::Person(&actor),
                id,
                command,
                &self.rules,
                None,
            )
            .await
    }

    pub(crate) async fn be(&self, role: Role, id: TicketId, command: Command) -> TicketRecord {
        self.pass_minutes(1);
        self.wish(role, id, command).await.unwrap()
    }

    pub(crate) async fn registered(&self, title: &str, content: &str, phone: &str) -> TicketId {
        self.pass_minutes(1);
        let command = Command::Register {
            title: title.to_owned(),
            content: content.to_owned(),
            kind: Kind::Complaint,
            petitioner: Petitioner {
                name: "王女士".to_owned(),
                phone: Some(PhoneNumber::parse(phone).unwrap()),
                applicant: Applicant::Person,
                secrecy: false,
                firm: None,
            },
            address: None,
            category: None,
            fields: std::collections::BTreeMap::new(),
        };
        let agent = person(Role::Agent);
        self.storage
            .open_ticket(self.now(), By::Person(&agent), command, &self.rules, None)
            .await
            .unwrap()
            .id
    }

    pub(crate) async fn dispatched(&self, title: &str, content: &str, phone: &str) -> TicketId {
        let id = self.registered(title, content, phone).await;
        self.be(Role::Agent, id, dispatch(&[])).await;
        id
    }

    pub(crate) async fn replied(&self, id: TicketId, text: &str) {
        self.be(Role::UnitHandler, id, Command::Acknowledge).await;
        self.be(Role::UnitHandler, id, reply(text)).await;
    }

    pub(crate) async fn passed(&self, id: TicketId) {
        self.be(Role::Reviewer, id, review(ReviewOutcome::Passed))
            .await;
    }

    pub(crate) async fn rated(&self, id: TicketId, rating: Rating) {
        self.pass_minutes(1);
        let command = Command::SurveyAnswered { rating };
        self.storage
            .command(self.now(), By::Server, id, command, &self.rules, None)
            .await
            .unwrap();
    }

    /// Everything that was found, in an order of its own.
    pub(crate) async fn findings(&self) -> Vec<FindingRow> {
        let mut page = Page {
            limit: Some(3),
            after: None,
        };
        let mut all = Vec::new();
        loop {
            let filter = FindingFilter::default();
            let found = self
                .storage
                .findings(By::Server, &filter, &page)
                .await
                .unwrap();
            all.extend(found.items);
            let Some(next) = found.next_cursor else { break };
            page.after = Some(next.parse().unwrap());
        }
        all.sort();
        all
    }

    /// Rules that found something in a ticket, with the kind.
    pub(crate) async fn found_in(&self, ticket: TicketId) -> Vec<(String, String)> {
        self.findings()
            .await
            .into_iter()
            .filter(|row| row.ticket == ticket)
            .map(|row| (row.kind, row.rule))
            .collect()
    }

    pub(crate) async fn cases(&self) -> Vec<CaseRecord> {
        let page = Page {
            limit: Some(500),
            after: None,
        };
        let filter = CaseFilter::default();
        let found = self
            .storage
            .cases(By::Server, &filter, &page)
            .await
            .unwrap();
        found.items
    }

    pub(crate) async fn case(
        &self,
        role: Role,
        id: Option<CaseId>,
        command: CaseCommand,
    ) -> Result<CaseRecord, Trouble<CaseRefusal>> {
        self.pass_minutes(1);
        let actor = person(role);
        self.storage
            .case_command(
                self.now(),
                By::Person(&actor),
                id,
                command,
                &self.rules,
                None,
            )
            .await
    }

    /// What no program of ours would write.
    pub(crate) async fn run(&self, sql: &str) {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        if self.url.starts_with("sqlite:") {
            let mut link = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sql.execute(&mut link).await.unwrap();
        } else {
            let mut link = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sql.execute(&mut link).await.unwrap();
        }
    }

    pub(crate) async fn assert_sound(&self) {
        assert_eq!(self.storage.check(self.now()).await.unwrap(), []);
    }
}

pub(crate) fn person(role: Role) -> Actor {
    let unit = match role {
        Role::UnitHandler | Role::UnitHead => UNIT,
        _ => DESK,
    };
    Actor {
        username: role.code().into(),
        role,
        unit: unit.into(),
    }
}

pub(crate) fn dispatch(co_handlers: &[&str]) -> Command {
    Command::Dispatch {
        lead: UNIT.into(),
        co_handlers: co_handlers.iter().map(|unit| (*unit).into()).collect(),
        basis: None,
        urgent: false,
    }
}

pub(crate) fn reply(text: &str) -> Command {
    Command::Reply {
        text: text.to_owned(),
        no_contact_reason: Some("电话无人接听".to_owned()),
    }
}

pub(crate) fn review(outcome: ReviewOutcome) -> Command {
    Command::Review {
        outcome,
        remark: "见附注".to_owned(),
    }
}

fn organisation() -> Organisation {
    let unit = |code: &str, kind| Unit {
        code: code.into(),
        name: code.to_uppercase(),
        kind,
        parent: None,
    };
    Organisation {
        units: vec![
            unit(DESK, UnitKind::Platform).into(),
            unit(UNIT, UnitKind::Department).into(),
            unit(HELPER, UnitKind::Enterprise).into(),
        ],
        specialists: vec![SpecialistEntry {
            unit: UNIT.into(),
            name: "李工".to_owned(),
            reach: format!("sip:{STAFF_PHONE}@carrier"),
            duty: "Mon-Sun 00:00-24:00".to_owned(),
            topics: vec![],
        }],
        ..Organisation::default()
    }
}
