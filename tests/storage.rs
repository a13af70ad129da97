//! What storage promises, held against both databases: every story here runs once on SQLite and once on
//! PostgreSQL.

#[path = "support/postgres.rs"]
mod postgres;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use hotline::clock::{Clock, SimClock};
use hotline::domain::acd::AgentState;
use hotline::domain::call::{Cdr, Direction, Termination, TerminationResult};
use hotline::domain::caller::flagged::{FlagCommand, Refusal as FlagRefusal};
use hotline::domain::callout::{Command as CallOutCommand, Rung};
use hotline::domain::id::{CallId, ContactId, RecordingId, RevisitId, SmsId, TicketId, UnitCode};
use hotline::domain::identity::{IdKind, Identity};
use hotline::domain::organisation::{Posts, Profile, Span, UnitEntry};
use hotline::domain::phone::PhoneNumber;
use hotline::domain::revisit::{RevisitCommand, RevisitStage};
use hotline::domain::sms::Submission;
use hotline::domain::staff::{
    Actor, By, Destination, ExtensionEntry, NumberEntry, Organisation, Password, QueueEntry, Role,
    Strategy, Unit, UnitKind, User,
};
use hotline::domain::ticket::intake::{
    Acceptance, Channel, Command as IntakeCommand, Ground, Origin, SourceGroup,
};
use hotline::domain::ticket::{
    Applicant, Command, Demand, FollowUp, FollowUpResult, Kind, LaneProfile, Missed, Petitioner,
    Rating, Refusal, ReviewOutcome, RevisitOutcome, Rules, Stage, SurveyFailure, Task,
};
use hotline::domain::time::Timestamp;
use hotline::jobs::{Flags, Job as _};
use hotline::storage::agent_states::AgentStateChange;
use hotline::storage::audit::{AuditFilter, Deed};
use hotline::storage::backup::BackupTrouble;
use hotline::storage::callouts::{CallOutFilter, CallOutRecord};
use hotline::storage::calls::CallFilter;
use hotline::storage::contacts::Answered;
use hotline::storage::flagged::FlagFilter;
use hotline::storage::idempotency::{Once, Replay};
use hotline::storage::outbox::WorkKind;
use hotline::storage::recordings::{Listening, RecordingRow};
use hotline::storage::recovery::Recovered;
use hotline::storage::revisits::RevisitFilter;
use hotline::storage::rules::RulesInForce;
use hotline::storage::sessions::SessionLimits;
use hotline::storage::sms::{Callback, CallbackKind, Heard, Receipt, Reply, SmsState};
use hotline::storage::statistics::Figures;
use hotline::storage::ticket_lists::View;
use hotline::storage::tickets::{CommandRefusal, TicketFilter, TicketRecord};
use hotline::storage::tokens::TokenWish;
use hotline::storage::{Aes256, Fault, Page, Storage, Trouble, Vault};
use sqlx::Connection;

/// Runs each story on both databases.
macro_rules! stories {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                Box::pin(super::$story(super::Place::sqlite())).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                Box::pin(super::$story(super::Place::postgres().await)).await;
            })+
        }
    };
}

stories! {
    opening_twice_changes_nothing,
    an_organisation_applied_twice_changes_nothing_the_second_time,
    a_file_that_names_what_does_not_exist_changes_nothing_at_all,
    a_unit_is_what_it_was_on_the_day,
    a_duty_gap_is_told_once_and_goes_when_somebody_is_put_there,
    a_call_out_goes_on_until_somebody_answers_and_its_log_stays,
    a_unit_that_acknowledges_its_ticket_ends_the_call_out,
    what_names_people_is_sealed_on_the_disk_and_found_all_the_same,
    names_and_places_lie_nowhere_in_clear_and_a_restore_seals_older_ones,
    a_session_ends_idle_or_at_its_last_hour_or_with_a_new_password,
    a_machine_token_works_until_it_is_revoked_or_runs_out,
    a_remembered_answer_is_given_again_and_only_for_the_same_request,
    an_answered_call_has_its_contact_and_draft_and_ends_once,
    calls_are_found_and_pages_stay_in_place_while_calls_come_in,
    what_a_dead_server_left_open_is_settled,
    the_language_of_a_number_is_remembered_and_forgotten,
    a_flagged_number_holds_for_its_time_and_every_step_is_on_record,
    agent_states_are_kept_in_order,
    recordings_are_found_by_call_and_listening_is_audited,
    stored_events_cannot_be_edited,
    a_forged_event_a_forged_state_and_a_lost_row_show_in_the_check,
    a_ticket_goes_from_the_call_to_the_last_word,
    a_refused_command_leaves_nothing_behind,
    two_reviewers_at_once_and_exactly_one_wins,
    a_command_sent_twice_is_carried_out_once,
    ticket_numbers_of_a_day_have_no_gaps_and_no_twins,
    a_member_unit_sees_its_own_tickets_only,
    tickets_are_found_by_stage_phone_unit_and_overdue,
    lists_page_in_place_and_are_built_anew_for_an_older_database,
    sums_of_calls_and_states_are_the_same_on_both_databases,
    demands_are_counted_by_applicant_city_and_lane,
    a_call_that_came_by_a_lanes_queue_enters_it_when_it_is_registered,
    the_sweep_finds_what_is_due_in_order,
    work_is_claimed_once_tried_again_and_kept_when_given_up,
    a_message_that_may_have_left_is_never_sent_again,
    receipts_count_once_and_unknown_ones_are_kept,
    three_open_surveys_of_one_phone_are_told_apart,
    a_wrong_number_ends_the_survey_and_satisfies_nobody,
    a_callback_is_stored_as_it_came_with_the_work_of_reading_it,
    reopening_cancels_what_was_to_be_asked,
    a_backup_restores_into_either_database,
    a_damaged_backup_and_a_used_database_are_refused,
    writers_cut_off_in_the_middle_leave_whole_units_of_work,
    a_killed_server_lost_nothing_it_had_acknowledged,
}

async fn opening_twice_changes_nothing(place: Place) {
    place.open().await.close().await;
    let storage = place.open().await;
    storage.ping().await.unwrap();
    assert!(storage.units().await.unwrap().is_empty());
    assert_eq!(storage.check(place.now()).await.unwrap(), []);
}

// Organisation, sessions, tokens ---------------------------------------------------------------------------------

async fn an_organisation_applied_twice_changes_nothing_the_second_time(place: Place) {
    let storage = place.open().await;
    let first = storage.apply(place.now(), organisation()).await.unwrap();
    assert!(first.iter().all(|change| change.added));
    assert_eq!(first.len(), 8);
    let second = storage.apply(place.now(), organisation()).await.unwrap();
    assert_eq!(second, []);

    let mut moved = organisation();
    moved.queues[0].wrap_up_s = 90;
    moved.users[0].1 = Password::Plain("another".to_owned());
    let third = storage.apply(place.now(), moved).await.unwrap();
    let changed: Vec<_> = third
        .iter()
        .map(|c| (c.kind, c.name.as_str(), c.added))
        .collect();
    assert_eq!(
        changed,
        [("queue", "main", false), ("user", "agent1000", false)]
    );

    let directory = storage.directory().await.unwrap();
    assert_eq!(directory.queues[&"main".into()].wrap_up_s, 90);
    assert_eq!(directory.numbers.len(), 1);
    assert_eq!(directory.extensions[&"agent1000".into()].password, "secret");
    let (user, hash) = storage.login(&"agent1000".into()).await.unwrap().unwrap();
    assert_eq!(user.role, Role::Agent);
    assert!(hash.starts_with("$argon2id$"));
    assert_eq!(storage.login(&"nobody".into()).await.unwrap(), None);
}

async fn a_file_that_names_what_does_not_exist_changes_nothing_at_all(place: Place) {
    let storage = place.open().await;
    let mut file = organisation();
    file.numbers[0].to = Destination::Queue("no-such-queue".into());
    let refused = storage.apply(place.now(), file).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "number \"12345\" names queue \"no-such-queue\", which does not exist"
    );
    assert!(storage.units().await.unwrap().is_empty());
    assert!(storage.users().await.unwrap().is_empty());
}

async fn a_unit_is_what_it_was_on_the_day(place: Place) {
    let storage = place.open().await;
    storage.apply(place.now(), organisation()).await.unwrap();
    let before = place.now();
    place.pass_minutes(60);
    let told = |name: &str, merged_into: Option<&str>| UnitEntry {
        merged_into: merged_into.map(Into::into),
        profile: Some(Profile {
            process: Some("诉求办理规程".to_owned()),
            posts: Posts::default(),
        }),
        ..UnitEntry::from(Unit {
            code: "nj-cgj".into(),
            name: name.to_owned(),
            kind: UnitKind::Department,
            parent: Some("js-12345".into()),
        })
    };
    let apply = async |entry: UnitEntry| {
        let file = Organisation {
            units: vec![entry],
            ..Organisation::default()
        };
        let changes = storage.apply(place.now(), file).await;
        changes.map(|changes| changes.len())
    };
    assert_eq!(apply(told("城市管理局", None)).await, Ok(2));
    place.pass_minutes(60);
    assert_eq!(apply(told("城市管理局", None)).await, Ok(0));
    assert_eq!(apply(told("城市管理局", Some("js-12345"))).await, Ok(1));
    assert!(apply(told("城市管理局", Some("nobody"))).await.is_err());

    let tree = storage.tree().await.unwrap();
    let code = "nj-cgj".into();
    assert_eq!(tree.at(&code, before).unwrap().unit.name, "NJ-CGJ");
    assert_eq!(tree.history(&code).len(), 3);
    let now: Vec<_> = tree
        .as_of(place.now())
        .map(|s| s.unit.code.0.clone())
        .collect();
    assert_eq!(now, ["js-12345"]);
    let heir = tree.successor(&code, place.now()).unwrap();
    assert_eq!(heir.unit.code, "js-12345".into());
    let profiles = storage.profiles().await.unwrap();
    assert_eq!(profiles[&code].lacks().len(), 4);
}

async fn a_duty_gap_is_told_once_and_goes_when_somebody_is_put_there(place: Place) {
    let storage = place.open().await;
    let now = place.now();
    let gap = Span {
        from: now.plus_millis(3_600_000),
        until: now.plus_millis(7_200_000),
    };
    let until = now.plus_millis(48 * 3_600_000);
    let unit = UnitCode::from("nj-cgj");
    let notice = async |gaps: Vec<(UnitCode, Span)>| {
        let new = storage.notice_duty_gaps(place.now(), until, gaps);
        new.await.unwrap().len()
    };
    assert_eq!(notice(vec![(unit.clone(), gap)]).await, 1);
    place.pass_minutes(5);
    assert_eq!(notice(vec![(unit.clone(), gap)]).await, 0);
    let open = storage.duty_gaps(place.now()).await.unwrap();
    assert_eq!(
        (open.len(), open[0].span, open[0].noticed_at),
        (1, gap, now)
    );
    // It has begun: what is left of it is the same gap.
    place.pass_minutes(60);
    let rest = Span {
        from: place.now(),
        ..gap
    };
    assert_eq!(notice(vec![(unit.clone(), rest)]).await, 0);
    assert_eq!(notice(Vec::new()).await, 0);
    assert_eq!(storage.duty_gaps(place.now()).await.unwrap(), []);
    // Whoever was put there is gone again.
    assert_eq!(notice(vec![(unit, rest)]).await, 1);
}

async fn a_call_out_goes_on_until_somebody_answers_and_its_log_stays(place: Place) {
    let case = Case::open(place).await;
    let ticket = case.dispatched("爆管", "nj-cgj", &[]).await.id;
    let record = case.call_out(ticket).await;
    let claim = async || {
        let kind = WorkKind::DutyCall;
        let claimed = case.storage.claim_work(case.now(), kind, 1000, 10).await;
        claimed.unwrap().len()
    };
    assert_eq!(claim().await, 1);
    assert_eq!(case.storage.callouts_due(case.now(), 10).await.unwrap(), []);
    case.place.pass_minutes(3);
    assert_eq!(
        case.storage.callouts_due(case.now(), 10).await.unwrap(),
        [record.id]
    );
    let tell = async |command: CallOutCommand| {
        case.storage
            .callout_command(case.now(), By::Server, record.id, command, &case.rules)
            .await
    };
    tell(CallOutCommand::Tick).await.unwrap();
    let texted: Vec<_> = case
        .storage
        .sms_of_ticket(ticket)
        .await
        .unwrap()
        .iter()
        .map(|sms| sms.phone.as_str().to_owned())
        .collect();
    assert_eq!(texted, ["13900000001", "13900000002"]);

    // The first one answers after all, with the country's code before the number.
    let hear = async |id: &str, text: &str| {
        let reply = Reply {
            id: id.to_owned(),
            from: "+8613900000001".to_owned(),
            text: text.to_owned(),
        };
        let heard = case
            .storage
            .sms_reply(case.now(), "main", reply, &case.rules);
        heard.await.unwrap()
    };
    assert_eq!(hear("r1", "收到, 已派人").await, Heard::Matched);
    assert_eq!(hear("r2", "收到").await, Heard::Quarantined("not_a_rating"));
    let found = case.storage.callout(record.id).await.unwrap().unwrap();
    assert_eq!(found.callout.stage.code(), "acknowledged");
    assert!(matches!(
        tell(CallOutCommand::Tick).await,
        Err(Trouble::Refused(Refusal::WrongStage { .. }))
    ));
    let log: Vec<_> = case
        .storage
        .callout_log(record.id)
        .await
        .unwrap()
        .iter()
        .map(|line| (line.seq, line.event.name()))
        .collect();
    assert_eq!(
        log,
        [
            (1, "started"),
            (2, "called"),
            (3, "passed"),
            (4, "called"),
            (5, "acknowledged")
        ]
    );
    for sql in [
        "DELETE FROM callout_event",
        "UPDATE callout_event SET actor = 'x'",
    ] {
        let refused = case.place.run(sql).await.unwrap_err();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    let all = CallOutFilter {
        ticket: Some(ticket),
        ..CallOutFilter::default()
    };
    let listed = case
        .storage
        .callouts(By::Server, &all, &Page::default())
        .await
        .unwrap();
    assert_eq!(listed.items.len(), 1);
}

async fn a_unit_that_acknowledges_its_ticket_ends_the_call_out(place: Place) {
    let case = Case::open(place).await;
    let ticket = case.dispatched("爆管", "nj-cgj", &[]).await.id;
    let record = case.call_out(ticket).await;
    case.be_of(
        "handler1",
        Role::UnitHandler,
        "nj-cgj",
        ticket,
        Command::Acknowledge,
    )
    .await;
    let found = case.storage.callout(record.id).await.unwrap().unwrap();
    assert_eq!(found.callout.stage.code(), "acknowledged");
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn what_names_people_is_sealed_on_the_disk_and_found_all_the_same(place: Place) {
    let key = [7; 32];
    let place = Arc::new(place);
    let open = async |key: &[u8; 32]| {
        let vault = Vault::new(Aes256::new(key));
        Storage::open_sealed(&place.url, place.clock.clone(), vault).await
    };
    let storage = open(&key).await.unwrap();
    let case = Case {
        storage,
        place: place.clone(),
        rules: Arc::new(Rules::provincial("js-12345".into())),
    };
    let answered = case.answered("13812345678").await;
    let ticket = case.registered_for("路灯不亮", "13812345678").await;
    let closed = case.close_by_reply(ticket.id).await;
    let whose = TicketFilter {
        phone: Some(phone("13812345678")),
        ..TicketFilter::default()
    };
    let page = Page::default();
    let found = case
        .storage
        .tickets(By::Server, &whose, &page)
        .await
        .unwrap();
    let ids: Vec<_> = found.items.iter().map(|record| record.id).collect();
    assert!(ids.contains(&answered.ticket) && ids.contains(&closed.id));
    let calls = CallFilter {
        caller: Some("13812345678".to_owned()),
        ..CallFilter::default()
    };
    let calls = case.storage.calls(&calls, &Page::default()).await.unwrap();
    assert_eq!(calls.items[0].caller, "13812345678");
    // The survey's answer finds its phone.
    let sms = case.storage.sms_of_ticket(closed.id).await.unwrap();
    assert_eq!(sms[0].phone, phone("13812345678"));
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);

    // A payload from elsewhere is sealed whole: nobody knows what its keys are called.
    let acceptance = Acceptance {
        origin: Origin {
            group: SourceGroup::CrossCity,
            service: None,
            channel: Channel::Platform,
            system: "nj-12345".to_owned(),
            id: "NJ-1".to_owned(),
            received_at: case.now(),
            raw_sha256: "00".repeat(32),
            issuer: None,
            document: None,
        },
        demand: Demand {
            title: "路灯不亮".to_owned(),
            content: "晚上漆黑一片".to_owned(),
            kind: Kind::HelpRequest,
            petitioner: Petitioner {
                name: "王女士".to_owned(),
                phone: Some(phone("13812345678")),
                applicant: Applicant::Person,
                secrecy: false,
                firm: None,
            },
            address: None,
            category: None,
            fields: BTreeMap::new(),
        },
        identity: Identity::parse(IdKind::ResidentId, "11010519491231002X").ok(),
        mobile: None,
        legal_person: None,
    };
    let agent = person("agent1000", Role::Agent, "js-12345");
    let raw = r#"{"电话":"13812345678","证件":"11010519491231002X"}"#;
    let told = async || {
        let command = IntakeCommand::Accept(Box::new(acceptance.clone()));
        let by = By::Person(&agent);
        let accepted = case
            .storage
            .accept(case.now(), by, command, raw.to_owned(), &case.rules);
        accepted.await.unwrap()
    };
    let first = told().await;
    let again = told().await;
    assert!(first.new && !again.new && first.record.id == again.record.id);
    let kept = case.storage.raw_origin(first.record.id).await.unwrap();
    assert_eq!(kept.unwrap().raw, raw);
    let by_identity = TicketFilter {
        identity: Some("11010519491231002X".to_owned()),
        ..TicketFilter::default()
    };
    let found = case.storage.tickets(By::Server, &by_identity, &page).await;
    assert_eq!(found.unwrap().items[0].id, first.record.id);
    // Passed on to another platform it waits in the outbox, whole for whoever delivers it and sealed on the disk.
    let pass_on = Command::Intake(IntakeCommand::PassOn {
        partner: "sh-12345".to_owned(),
        reason: "事发地在上海".to_owned(),
        call: None,
    });
    case.storage
        .command(
            case.now(),
            By::Person(&agent),
            first.record.id,
            pass_on,
            &case.rules,
            None,
        )
        .await
        .unwrap();
    let due = case
        .storage
        .claim_work(case.now(), WorkKind::OriginFeedback, 60_000, 10)
        .await
        .unwrap();
    let id = due[0].subject.parse().unwrap();
    let sent = case.storage.feedback(id).await.unwrap().unwrap();
    assert_eq!(
        (sent.system.as_str(), sent.kind.as_str()),
        ("sh-12345", "passed_on")
    );
    assert_eq!(sent.body["petitioner"]["phone"], "13812345678");
    let receipt = r#"{"id":"SH-77","to":"13812345678"}"#.to_owned();
    case.storage
        .feedback_sent(case.now(), id, receipt.clone())
        .await
        .unwrap();
    let sent = case.storage.feedback(id).await.unwrap().unwrap();
    assert_eq!(sent.receipt, Some(receipt));
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);

    // Nothing of it lies in the files of a backup, which are copies of the tables as they are.
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup");
    case.storage.backup(case.now(), &backup).await.unwrap();
    for file in std::fs::read_dir(&backup).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for number in ["13812345678", "11010519491231002X"] {
            assert!(!text.contains(number), "{}", path.display());
        }
    }
    case.storage.close().await;
    let other = open(&[8; 32]).await;
    assert!(
        matches!(other, Err(Fault::Down(_))),
        "another key is refused"
    );
    open(&key).await.unwrap().close().await;
}

async fn names_and_places_lie_nowhere_in_clear_and_a_restore_seals_older_ones(place: Place) {
    const TOLD: [&str; 4] = ["欧阳静宜", "建邺路168号", "苏鲜餐饮", "中山陵"];
    // What a database of before has written: there was no key.
    let older = Case::open(Place::sqlite()).await;
    assert!(!told_in(&written_by(&older, &TOLD).await, &TOLD).is_empty());

    let place = Arc::new(place);
    let open = async || {
        let vault = Vault::new(Aes256::new(&[7; 32]));
        let clock = place.clock.clone();
        Storage::open_sealed(&place.url, clock, vault)
            .await
            .unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before");
    older.storage.backup(older.now(), &before).await.unwrap();
    let storage = open().await;
    storage.restore(&before).await.unwrap();
    let case = Case {
        storage,
        place: place.clone(),
        rules: Arc::new(Rules::provincial("js-12345".into())),
    };
    let after = folder.path().join("after");
    case.storage.backup(case.now(), &after).await.unwrap();
    assert_eq!(told_in(&texts_in(&after), &TOLD), Vec::<&str>::new());
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);

    // Both clocks give the same ids: those of the older database are taken.
    for _ in 0..1000 {
        let _taken = place.clock.new_id();
    }
    // What is written with the key is sealed at once, read as it was said, and found in the lists as ever.
    let rows = written_by(&case, &TOLD).await;
    assert_eq!(told_in(&rows, &TOLD), Vec::<&str>::new());
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
    let by_word = TicketFilter {
        text: Some("油烟".to_owned()),
        ..TicketFilter::default()
    };
    let found = case
        .storage
        .tickets(By::Server, &by_word, &Page::default())
        .await;
    let found = found.unwrap().items;
    assert_eq!(found.len(), 2, "the older one and the new");
    for record in &found {
        let demand = record.ticket.demand.as_ref().unwrap();
        assert_eq!(demand.petitioner.name, TOLD[0]);
        assert_eq!(demand.petitioner.firm.as_deref(), Some(TOLD[2]));
        assert_eq!(demand.address.as_deref(), Some(TOLD[1]));
        assert_eq!(
            record.ticket.intake.emergencies[0].location.as_deref(),
            Some(TOLD[3])
        );
    }
    case.storage.close().await;
    // The file itself, with what SQLite has not yet taken out of its log.
    if let Some(file) = place.url.strip_prefix("sqlite:") {
        for path in [file.to_owned(), format!("{file}-wal")] {
            let bytes = std::fs::read(&path).unwrap_or_default();
            for told in TOLD {
                let there = bytes
                    .windows(told.len())
                    .any(|part| part == told.as_bytes());
                assert!(!there, "{told} lies in {path}");
            }
        }
    }
    open().await.close().await;
}

/// A ticket of a firm, from the desk to the last word, with an emergency on the way; what the tables then hold.
async fn written_by(case: &Case, told: &[&str; 4]) -> String {
    let Command::Register {
        title: _,
        content,
        kind,
        petitioner,
        category,
        ..
    } = register("油烟扰民", Some(phone("13812345678")))
    else {
        unreachable!("it is a registration")
    };
    let command = Command::Register {
        title: "油烟扰民".to_owned(),
        content,
        kind,
        petitioner: Petitioner {
            name: told[0].to_owned(),
            firm: Some(told[2].to_owned()),
            applicant: Applicant::Enterprise,
            ..petitioner
        },
        address: Some(told[1].to_owned()),
        category,
        fields: BTreeMap::new(),
    };
    let agent = person("agent1000", Role::Agent, "js-12345");
    let by = By::Person(&agent);
    let once = Once::new(
        "agent1000".into(),
        "POST /api/v1/tickets".to_owned(),
        case.place.clock.new_id().to_string(),
        b"{}",
    );
    let opened = case
        .storage
        .open_ticket(case.now(), by, command, &case.rules, Some(once))
        .await
        .unwrap();
    let emergency = IntakeCommand::NoteEmergency {
        by: "agent1000".into(),
        service: "119".to_owned(),
        call: hotline::domain::id::CallId(case.place.clock.new_id()),
        leg: hotline::domain::id::LegId(case.place.clock.new_id()),
        location: Some(told[3].to_owned()),
    };
    let noted = case.storage.command(
        case.now(),
        By::Server,
        opened.id,
        Command::Intake(emergency),
        &case.rules,
        None,
    );
    noted.await.unwrap();
    case.close_by_reply(opened.id).await;
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows");
    case.storage.backup(case.now(), &rows).await.unwrap();
    texts_in(&rows)
}

/// Every file of a backup: the tables as they are.
fn texts_in(backup: &std::path::Path) -> String {
    let files = std::fs::read_dir(backup).unwrap();
    let text =
        |file: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(file.unwrap().path());
    files.map(|file| text(file).unwrap()).collect()
}

fn told_in<'t>(rows: &str, told: &[&'t str]) -> Vec<&'t str> {
    told.iter()
        .copied()
        .filter(|one| rows.contains(one))
        .collect()
}

async fn a_session_ends_idle_or_at_its_last_hour_or_with_a_new_password(place: Place) {
    let storage = place.open().await;
    storage.apply(place.now(), organisation()).await.unwrap();
    let limits = SessionLimits {
        idle_ms: 30 * 60_000,
        absolute_ms: 120 * 60_000,
    };
    let open = async || {
        storage
            .open_session(place.now(), &"agent1000".into(), limits)
            .await
            .unwrap()
    };
    let lives = async |token: &str| storage.session(place.now(), token).await.unwrap().is_some();

    let idle = open().await;
    let session = storage
        .session(place.now(), &idle.token)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (session.user.username.0.as_str(), session.csrf),
        ("agent1000", idle.csrf)
    );
    place.pass_minutes(31);
    assert!(!lives(&idle.token).await);

    let busy = open().await;
    for _ in 0..5 {
        place.pass_minutes(20);
        assert!(lives(&busy.token).await);
    }
    place.pass_minutes(21);
    assert!(!lives(&busy.token).await, "120 minutes are over");

    let closed = open().await;
    storage.close_session(&closed.token).await.unwrap();
    assert!(!lives(&closed.token).await);

    let before = open().await;
    let mut file = organisation();
    file.users[0].1 = Password::Plain("another".to_owned());
    storage.apply(place.now(), file).await.unwrap();
    assert!(!lives(&before.token).await);
    assert!(!lives("no such token").await);
}

async fn a_machine_token_works_until_it_is_revoked_or_runs_out(place: Place) {
    let storage = place.open().await;
    let wish = |expires_at| TokenWish {
        name: "wallboard".to_owned(),
        role: Role::Analyst,
        unit: "js-12345".into(),
        scopes: vec!["calls:read".to_owned()],
        expires_at,
    };
    let admin = person("admin", Role::Admin, "js-12345");
    let (made, secret) = storage
        .create_token(place.now(), &admin, wish(None))
        .await
        .unwrap();
    let soon = place.now().plus_millis(60_000);
    let (_, brief) = storage
        .create_token(place.now(), &admin, wish(Some(soon)))
        .await
        .unwrap();

    assert_eq!(
        storage.token(place.now(), &secret).await.unwrap(),
        Some(made.clone())
    );
    assert_eq!(made.actor().username.0, format!("token:{}", made.id));
    assert!(storage.token(place.now(), &brief).await.unwrap().is_some());
    place.pass_minutes(1);
    assert!(storage.token(place.now(), &brief).await.unwrap().is_none());
    assert!(storage.revoke_token(place.now(), made.id).await.unwrap());
    assert!(!storage.revoke_token(place.now(), made.id).await.unwrap());
    assert!(storage.token(place.now(), &secret).await.unwrap().is_none());
    assert_eq!(storage.tokens().await.unwrap().len(), 2);
}

async fn a_remembered_answer_is_given_again_and_only_for_the_same_request(place: Place) {
    let storage = place.open().await;
    let once = |body: &str| {
        Once::new(
            "agent1000".into(),
            "POST /x".to_owned(),
            "k1".to_owned(),
            body.as_bytes(),
        )
    };
    assert_eq!(storage.replay(&once("a")).await.unwrap(), Replay::New);
    let remember = async |status, text: &str| {
        storage
            .remember(place.now(), once("a"), status, text.to_owned())
            .await
            .unwrap();
    };
    remember(200, "first").await;
    remember(200, "second").await;
    let answer = Replay::Answer {
        status: 200,
        body: "first".to_owned(),
    };
    assert_eq!(storage.replay(&once("a")).await.unwrap(), answer);
    assert_eq!(storage.replay(&once("b")).await.unwrap(), Replay::OtherBody);
}

// Calls ----------------------------------------------------------------------------------------------------------

async fn an_answered_call_has_its_contact_and_draft_and_ends_once(place: Place) {
    let case = Case::open(place).await;
    let answered = case.answered("13812345678").await;

    let cdr = case.storage.call(answered.cdr.id).await.unwrap().unwrap();
    assert_eq!(cdr.contact_id, Some(answered.contact));
    let contact = case
        .storage
        .contact(answered.contact)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(contact.contact.call, answered.cdr.id);
    let ticket = case.ticket(answered.ticket).await;
    assert_eq!(ticket.number, "20250603-000001");
    assert_eq!(ticket.ticket.stage.code(), "draft");
    assert_eq!(ticket.ticket.caller, Some(phone("13812345678")));

    let ended = end_of(cdr.clone(), &case.place, "caller_hung_up");
    case.storage.call_written(ended.clone()).await.unwrap();
    let again = end_of(cdr, &case.place, "a second end");
    case.storage.call_written(again).await.unwrap();
    assert_eq!(case.storage.call(ended.id).await.unwrap(), Some(ended));

    // Ringing was written down before it was answered.
    let mut ringing = case.answering("13800000000");
    ringing.cdr.answered_at = None;
    let written = case.storage.call_written(ringing.cdr.clone()).await;
    written.unwrap();
    ringing.cdr.answered_at = Some(case.now());
    let told = case
        .storage
        .answered(case.now(), ringing.clone(), &case.rules)
        .await;
    told.unwrap();
    let cdr = case.storage.call(ringing.cdr.id).await.unwrap().unwrap();
    assert_eq!(cdr.ticket_id, Some(ringing.ticket));
    assert_eq!(case.ticket(ringing.ticket).await.number, "20250603-000002");

    // Told twice, durable once.
    case.storage
        .answered(case.now(), answered, &case.rules)
        .await
        .unwrap();
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn the_language_of_a_number_is_remembered_and_forgotten(place: Place) {
    let case = Case::open(place).await;
    let known = async |caller: &str| {
        let call = case.answering(caller);
        let contact = call.contact;
        let known = case.storage.answered(case.now(), call, &case.rules).await;
        (contact, known.unwrap().seat)
    };
    let (contact, seat) = known("13812345678").await;
    assert_eq!(seat, None);
    let remember = async |contact, seat: Option<&str>| {
        let seat = seat.map(Into::into);
        let by = "agent1000".into();
        let remembered = case
            .storage
            .remember_language(case.now(), by, contact, seat);
        remembered.await.unwrap()
    };
    assert!(remember(contact, Some("en")).await);
    assert!(remember(contact, Some("wu")).await, "somebody knows better");
    assert_eq!(known("13812345678").await.1, Some("wu".into()));
    assert_eq!(known("13900000000").await.1, None);
    let seat = case.storage.language_seat(&phone("13812345678")).await;
    assert_eq!(seat.unwrap().unwrap().by, "agent1000".into());
    assert!(remember(contact, None).await);
    assert_eq!(known("13812345678").await.1, None);
    // Without a number there is nothing to remember it for.
    let (withheld, seat) = known("anonymous").await;
    assert_eq!(seat, None);
    assert!(!remember(withheld, Some("en")).await);
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn a_flagged_number_holds_for_its_time_and_every_step_is_on_record(place: Place) {
    let case = Case::open(place).await;
    let number = "13812345678";
    let call = case.answered(number).await;
    let flagged = async |caller: &str| {
        let call = case.answering(caller);
        let known = case.storage.answered(case.now(), call, &case.rules).await;
        known.unwrap().flagged
    };
    let wish = async |name: &str, role, id, command| {
        let actor = person(name, role, "js-12345");
        let by = By::Person(&actor);
        case.storage
            .flag_command(case.now(), by, id, command, &case.rules, None)
            .await
    };
    let propose = || FlagCommand::Propose {
        phone: phone(number),
        evidence: vec![call.contact],
        reason: "三次来电辱骂".to_owned(),
    };
    let id = wish("agent1", Role::Agent, None, propose()).await;
    let id = id.unwrap().id;
    assert!(!flagged(number).await, "a proposal holds nobody back");
    let twice = wish("agent2", Role::Agent, None, propose()).await;
    assert_eq!(twice, Err(Trouble::Refused(FlagRefusal::AlreadyFlagged)));
    let grant = FlagCommand::Grant {
        days: 2,
        review_after_days: 1,
    };
    let granted = wish("super1", Role::Supervisor, Some(id), grant).await;
    granted.unwrap();
    assert!(flagged(number).await);
    assert!(!flagged("13900000000").await);

    let due = async || {
        let filter = FlagFilter {
            review_due_at: Some(case.now()),
            ..FlagFilter::default()
        };
        let due = case.storage.flags(&filter, &Page::default()).await.unwrap();
        due.items.len()
    };
    assert_eq!(due().await, 0);
    case.place.pass_minutes(24 * 60);
    assert_eq!(due().await, 1);
    case.place.pass_minutes(24 * 60);
    assert!(!flagged(number).await, "whether or not a sweep came by");
    let rules = RulesInForce::new((*case.rules).clone());
    let job = Flags::new(case.storage.clone(), rules);
    assert_eq!(job.run_once(case.now()).await.unwrap().done, 1);
    assert_eq!(job.run_once(case.now()).await.unwrap().done, 0);
    let events = case.storage.flag_events(id).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["proposed", "granted", "lapsed"]);
    // The number may be proposed again.
    wish("agent2", Role::Agent, None, propose()).await.unwrap();
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn calls_are_found_and_pages_stay_in_place_while_calls_come_in(place: Place) {
    let storage = place.open().await;
    let mut told = Vec::new();
    for n in 0..7 {
        place.pass_minutes(1);
        let mut cdr = place.cdr(if n % 2 == 0 {
            "13800000000"
        } else {
            "13911111111"
        });
        cdr.agent = Some(if n < 3 { "agent1000" } else { "agent1001" }.into());
        storage
            .call_written(end_of(cdr.clone(), &place, "caller_hung_up"))
            .await
            .unwrap();
        told.push(cdr.id);
    }
    told.reverse();
    let ids = async |filter: CallFilter| -> Vec<CallId> {
        let page = Page::default();
        let found = storage.calls(&filter, &page).await.unwrap();
        found.items.iter().map(|cdr| cdr.id).collect()
    };
    assert_eq!(ids(CallFilter::default()).await, told);
    let by_caller = CallFilter {
        caller: Some("13911111111".to_owned()),
        ..Default::default()
    };
    assert_eq!(ids(by_caller).await, [told[1], told[3], told[5]]);
    let by_agent = CallFilter {
        agent: Some("agent1000".into()),
        ..Default::default()
    };
    assert_eq!(ids(by_agent).await, told[4..]);
    let since = place.now().plus_millis(-2 * 60_000);
    let recent = CallFilter {
        since: Some(since),
        until: Some(place.now()),
        ..Default::default()
    };
    assert_eq!(ids(recent).await, told[1..3]);
    let call = storage.call(told[2]).await.unwrap().unwrap();
    let by_sip = CallFilter {
        sip_call_id: Some(call.sip_call_id),
        ..Default::default()
    };
    assert_eq!(ids(by_sip).await, [told[2]]);

    let mut seen = Vec::new();
    let mut page = Page {
        limit: Some(2),
        after: None,
    };
    loop {
        let found = storage.calls(&CallFilter::default(), &page).await.unwrap();
        seen.extend(found.items.iter().map(|cdr| cdr.id));
        // A call that comes in meanwhile is newer than every page that is still to come.
        place.pass_minutes(1);
        storage
            .call_written(end_of(place.cdr("1"), &place, "abandoned"))
            .await
            .unwrap();
        let Some(next) = found.next_cursor else { break };
        page.after = Some(next.parse().unwrap());
    }
    assert_eq!(seen, told);
}

async fn what_a_dead_server_left_open_is_settled(place: Place) {
    let case = Case::open(place).await;
    case.storage
        .apply(case.now(), organisation())
        .await
        .unwrap();
    let states = [
        ("agent1000", AgentState::Talking),
        ("lead1", AgentState::Offline),
    ];
    let states = states.map(|(name, state)| AgentStateChange {
        username: name.into(),
        at: case.now(),
        state,
        call: None,
    });
    case.storage
        .agent_states_changed(states.to_vec())
        .await
        .unwrap();
    let ringing = case.answered("13812345678").await;
    let ended = case.answered("13800000000").await;
    let cdr = end_of(ended.cdr.clone(), &case.place, "caller_hung_up");
    case.storage.call_written(cdr).await.unwrap();

    let closed = case.closed("路灯不亮").await;
    case.storage
        .submit_sms(case.now(), case.sms(closed.id).await, "main")
        .await
        .unwrap();

    case.storage.close().await;
    let storage = case.place.open().await;
    let recovered = storage.recover(case.now(), &case.rules).await.unwrap();
    let expected = Recovered {
        calls: 1,
        contacts: 2,
        revisits: 0,
        agents: 1,
        messages: 1,
    };
    assert_eq!(recovered, expected);
    let cdr = storage.call(ringing.cdr.id).await.unwrap().unwrap();
    assert_eq!(cdr.ended_at, Some(case.now()));
    let termination = Termination {
        result: TerminationResult::Unknown,
        reason: "server_restarted".to_owned(),
    };
    assert_eq!(cdr.termination, Some(termination));
    let contact = storage.contact(ringing.contact).await.unwrap().unwrap();
    assert_eq!(contact.contact.stage.code(), "ended");
    let agent = &"agent1000".into();
    let until = case.now().plus_millis(1);
    let states = storage
        .agent_states(agent, case.now(), until)
        .await
        .unwrap();
    assert_eq!(states.last().unwrap().state, AgentState::Offline);
    let none = storage.recover(case.now(), &case.rules).await.unwrap();
    assert_eq!(none, Recovered::default());
    assert_eq!(storage.check(case.now()).await.unwrap(), []);
}

async fn agent_states_are_kept_in_order(place: Place) {
    let storage = place.open().await;
    let at = place.now();
    let change = |state, call| AgentStateChange {
        username: "agent1000".into(),
        at,
        state,
        call,
    };
    let call = CallId(place.clock.new_id());
    let told = vec![
        change(AgentState::Ready, None),
        change(AgentState::Offered, Some(call)),
        change(AgentState::Talking, Some(call)),
        change(
            AgentState::Break {
                reason: "lunch".to_owned(),
            },
            None,
        ),
    ];
    storage.agent_states_changed(told.clone()).await.unwrap();
    let until = at.plus_millis(1);
    assert_eq!(
        storage
            .agent_states(&"agent1000".into(), at, until)
            .await
            .unwrap(),
        told
    );
    assert_eq!(
        storage
            .agent_states(&"agent1001".into(), at, until)
            .await
            .unwrap(),
        []
    );
}

async fn recordings_are_found_by_call_and_listening_is_audited(place: Place) {
    let storage = place.open().await;
    let cdr = place.cdr("13812345678");
    storage
        .call_written(end_of(cdr.clone(), &place, "caller_hung_up"))
        .await
        .unwrap();
    let row = RecordingRow {
        id: RecordingId(place.clock.new_id()),
        call: cdr.id,
        started_at: place.now(),
        ended_at: place.now().plus_millis(1500),
        duration_ms: 1500,
        manifest_sha256: "ab".repeat(32),
        manifest: serde_json::json!({ "format": "hotline-recording/1", "tracks": 2 }),
    };
    storage.recording_finished(row.clone()).await.unwrap();
    storage.recording_finished(row.clone()).await.unwrap();
    assert_eq!(storage.recording(row.id).await.unwrap(), Some(row.clone()));
    assert_eq!(storage.recordings_of(cdr.id).await.unwrap().len(), 1);

    for what in [Listening::Listen, Listening::Download] {
        storage
            .recording_listened(place.now(), &"lead1".into(), row.id, what)
            .await
            .unwrap();
    }
    let filter = AuditFilter {
        object: Some(row.id.to_string()),
        ..Default::default()
    };
    let trail = storage
        .audit_trail(&filter, &Page::default())
        .await
        .unwrap();
    let actions: Vec<_> = trail
        .items
        .iter()
        .map(|entry| entry.deed.action.as_str())
        .collect();
    assert_eq!(actions, ["download", "listen"]);
    assert_eq!(storage.check(place.now()).await.unwrap(), []);
}

// Evidence -------------------------------------------------------------------------------------------------------

async fn stored_events_cannot_be_edited(place: Place) {
    let case = Case::open(place).await;
    case.answered("13812345678").await;
    case.storage.audit(deed(case.now(), "login")).await.unwrap();
    let change = AgentStateChange {
        username: "agent1000".into(),
        at: case.now(),
        state: AgentState::Ready,
        call: None,
    };
    case.storage
        .agent_states_changed(vec![change])
        .await
        .unwrap();
    for sql in [
        "UPDATE event SET actor = 'somebody else'",
        "DELETE FROM event",
        "UPDATE audit SET actor = 'somebody else'",
        "DELETE FROM audit",
        "DELETE FROM agent_state",
    ] {
        let refused = case.place.run(sql).await.unwrap_err();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
}

async fn a_forged_event_a_forged_state_and_a_lost_row_show_in_the_check(place: Place) {
    let case = Case::open(place).await;
    let event = case.closed("路灯不亮").await;
    let state = case.closed("占道经营").await;
    let lost = case.answered("13812345678").await;
    for action in ["login", "listen", "logout"] {
        case.storage.audit(deed(case.now(), action)).await.unwrap();
    }
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);

    case.place.disarm().await;
    let id = event.id;
    case.place
        .run(&format!(
            "UPDATE event SET json = replace(json, '路灯不亮', '路灯亮了') WHERE subject = '{id}'"
        ))
        .await
        .unwrap();
    let id = state.id;
    case.place
        .run(&format!(
            "UPDATE ticket SET json = replace(json, '占道', '正常') WHERE id = '{id}'"
        ))
        .await
        .unwrap();
    let id = lost.contact;
    case.place
        .run(&format!("DELETE FROM contact WHERE id = '{id}'"))
        .await
        .unwrap();
    case.place
        .run("DELETE FROM audit WHERE seq = 2")
        .await
        .unwrap();

    let found = case.storage.check(case.now()).await.unwrap();
    let found: BTreeSet<_> = found
        .iter()
        .map(|d| (d.id.clone(), d.what.as_str()))
        .collect();
    let expected = BTreeSet::from([
        (event.id.to_string(), "its chain is broken at event 2"),
        (
            state.id.to_string(),
            "its state is not what its events lead to",
        ),
        (lost.contact.to_string(), "its events are there, it is not"),
        (
            lost.cdr.id.to_string(),
            "it was answered and its contact is missing",
        ),
        ("2".to_owned(), "the chain is broken here"),
    ]);
    assert_eq!(found, expected);
}

// Tickets --------------------------------------------------------------------------------------------------------

async fn a_ticket_goes_from_the_call_to_the_last_word(place: Place) {
    let case = Case::open(place).await;
    let id = case.answered("13812345678").await.ticket;
    case.be("agent1000", Role::Agent, id, register("路灯不亮", None))
        .await
        .unwrap();
    case.close_by_reply(id).await;

    // The survey went into the outbox with the closing.
    let sms = case.storage.sms(case.sms(id).await).await.unwrap().unwrap();
    assert_eq!(
        (sms.state, &sms.phone),
        (SmsState::Queued, &phone("13812345678"))
    );
    case.send(sms.id, "m1").await;
    let reply = Reply {
        id: "r1".into(),
        from: "13812345678".into(),
        text: "不满意".into(),
    };
    let heard = case
        .storage
        .sms_reply(case.now(), "main", reply.clone(), &case.rules)
        .await;
    assert_eq!(heard, Ok(Heard::Matched));
    let heard = case
        .storage
        .sms_reply(case.now(), "main", reply, &case.rules)
        .await;
    assert_eq!(heard, Ok(Heard::Again));

    // Dissatisfied: somebody without a part in it calls back, recorded.
    let revisit = case.revisit_of(id).await;
    let refused = case
        .revisit("reviewer1", revisit, RevisitCommand::Call)
        .await
        .unwrap_err();
    assert!(matches!(
        refused,
        Trouble::Refused(CommandRefusal::Rules(Refusal::RevisitorInvolved))
    ));
    case.call_back(revisit, RevisitOutcome::Dissatisfied).await;
    case.be("handler1", Role::UnitHandler, id, rectify())
        .await
        .unwrap();

    // Rectified: a second revisit, and the citizen's last word.
    let second = case.revisit_of(id).await;
    assert_ne!(second, revisit);
    case.call_back(second, RevisitOutcome::Satisfied).await;
    let ticket = case.ticket(id).await;
    assert_eq!(ticket.ticket.revisits.len(), 2);
    assert_eq!(ticket.ticket.surveys[0].rating, Some(Rating::Dissatisfied));

    let events = case.storage.ticket_events(id).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.event.name()).collect();
    assert_eq!(
        names,
        [
            "opened",
            "registered",
            "dispatched",
            "acknowledged",
            "replied",
            "reviewed",
            "closed",
            "survey_requested",
            "survey_answered",
            "revisit_planned",
            "revisited",
            "rectification_ordered",
            "rectified",
            "revisit_planned",
            "revisited",
            "follow_up_ended",
        ]
    );
    assert_eq!(events.len() as u64, ticket.version);
    for (before, after) in events.iter().zip(&events[1..]) {
        assert_eq!(before.hash, after.prev_hash);
    }
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn a_refused_command_leaves_nothing_behind(place: Place) {
    let case = Case::open(place).await;
    let ticket = case.registered("路灯不亮").await;
    let reply = Command::Reply {
        text: "已修复".to_owned(),
        no_contact_reason: None,
    };
    let refused = case
        .be("handler1", Role::UnitHandler, ticket.id, reply)
        .await
        .unwrap_err();
    // A unit without a part in it is not even told that it exists.
    assert_eq!(refused, Trouble::Refused(Refusal::NoSuchTicket.into()));
    let refused = case
        .be("agent1000", Role::Agent, ticket.id, Command::Acknowledge)
        .await;
    assert!(matches!(
        refused,
        Err(Trouble::Refused(CommandRefusal::Rules(_)))
    ));
    assert_eq!(case.ticket(ticket.id).await, ticket);
    let nowhere = TicketId(case.place.clock.new_id());
    let refused = case
        .be("agent1000", Role::Agent, nowhere, Command::Archive)
        .await
        .unwrap_err();
    assert_eq!(refused, Trouble::Refused(Refusal::NoSuchTicket.into()));
}

async fn two_reviewers_at_once_and_exactly_one_wins(place: Place) {
    let case = Case::open(place).await;
    for round in 0..8 {
        let id = case.replied(&format!("第{round}件")).await.id;
        let review = |name: &'static str, outcome| {
            let case = case.clone();
            tokio::spawn(async move {
                let remark = "看过".to_owned();
                let review = Command::Review { outcome, remark };
                case.be(name, Role::Reviewer, id, review).await
            })
        };
        let both = [
            review("reviewer1", ReviewOutcome::Passed),
            review("reviewer2", ReviewOutcome::NotSpecific),
        ];
        let mut won = 0;
        for reviewer in both {
            match reviewer.await.unwrap() {
                Ok(_) => won += 1,
                Err(Trouble::Refused(_)) => {}
                Err(Trouble::Fault(fault)) => panic!("{fault}"),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(case.ticket(id).await.ticket.reviews.len(), 1);
    }
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn a_command_sent_twice_is_carried_out_once(place: Place) {
    let case = Case::open(place).await;
    let once = |body: &[u8]| {
        Once::new(
            "agent1000".into(),
            "POST /tickets".to_owned(),
            "k".to_owned(),
            body,
        )
    };
    let open = |body: &'static [u8]| {
        let case = case.clone();
        let once = once(body);
        tokio::spawn(async move {
            let agent = person("agent1000", Role::Agent, "js-12345");
            let command = register("路灯不亮", None);
            let now = case.now();
            case.storage
                .open_ticket(now, By::Person(&agent), command, &case.rules, Some(once))
                .await
        })
    };
    let tries: Vec<_> = (0..6).map(|_| open(b"same")).collect();
    let mut ids = BTreeSet::new();
    for made in tries {
        ids.insert(made.await.unwrap().unwrap().id);
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(
        open(b"other").await.unwrap(),
        Err(Trouble::Refused(CommandRefusal::KeyUsed))
    );
    assert_eq!(
        case.storage.replay(&once(b"same")).await.unwrap(),
        Replay::Done
    );
    let agent = person("agent1000", Role::Agent, "js-12345");
    let all = case
        .storage
        .tickets(
            By::Person(&agent),
            &TicketFilter::default(),
            &Page::default(),
        )
        .await
        .unwrap();
    assert_eq!(all.items.len(), 1);
}

async fn ticket_numbers_of_a_day_have_no_gaps_and_no_twins(place: Place) {
    let case = Case::open(place).await;
    let answers: Vec<_> = (0..40)
        .map(|_| {
            let case = case.clone();
            tokio::spawn(async move { case.answered("13812345678").await.ticket })
        })
        .collect();
    let mut numbers = BTreeSet::new();
    for answer in answers {
        numbers.insert(case.ticket(answer.await.unwrap()).await.number);
    }
    let expected: BTreeSet<_> = (1..=40).map(|n| format!("20250603-{n:06}")).collect();
    assert_eq!(numbers, expected);
    // 16:00 in London is midnight in Beijing.
    case.place.clock.advance(Duration::from_secs(14 * 3600));
    let next = case.answered("13812345678").await.ticket;
    assert_eq!(case.ticket(next).await.number, "20250604-000001");
}

async fn a_member_unit_sees_its_own_tickets_only(place: Place) {
    let case = Case::open(place).await;
    let own = case.dispatched("路灯不亮", "nj-cgj", &["nj-gd"]).await.id;
    let other = case.dispatched("停水", "nj-sw", &[]).await.id;
    let sees = async |role, unit: &str| -> BTreeSet<TicketId> {
        let actor = person("somebody", role, unit);
        let by = By::Person(&actor);
        let page = Page::default();
        let listed = case
            .storage
            .tickets(by, &TicketFilter::default(), &page)
            .await
            .unwrap();
        let listed: BTreeSet<_> = listed.items.into_iter().map(|record| record.id).collect();
        let mut opened = BTreeSet::new();
        for id in [own, other] {
            opened.extend(
                case.storage
                    .ticket(by, id)
                    .await
                    .unwrap()
                    .map(|record| record.id),
            );
        }
        assert_eq!(
            listed, opened,
            "a list shows what can be opened, and no more"
        );
        opened
    };
    let both = BTreeSet::from([own, other]);
    let table = [
        (Role::UnitHandler, "nj-cgj", BTreeSet::from([own])),
        (Role::UnitHead, "nj-gd", BTreeSet::from([own])),
        (Role::UnitHandler, "nj-sw", BTreeSet::from([other])),
        (Role::UnitHandler, "nj-xx", BTreeSet::new()),
        (Role::Specialist, "nj-sw", BTreeSet::from([other])),
        (Role::Agent, "js-12345", both.clone()),
        (Role::Reviewer, "js-12345", both.clone()),
        (Role::Auditor, "js-12345", both),
        (Role::Admin, "js-12345", BTreeSet::new()),
        (Role::Leader, "js-12345", BTreeSet::new()),
    ];
    for (role, unit, expected) in table {
        assert_eq!(sees(role, unit).await, expected, "{role:?} of {unit}");
    }
}

async fn tickets_are_found_by_stage_phone_unit_and_overdue(place: Place) {
    let case = Case::open(place).await;
    let draft = case.answered("13812345678").await.ticket;
    case.place.pass_minutes(1);
    let registered = case.registered_for("停水", "13911111111").await.id;
    case.place.pass_minutes(1);
    let dispatched = case.dispatched("路灯不亮", "nj-cgj", &["nj-gd"]).await.id;
    let found = async |filter: TicketFilter| -> Vec<TicketId> {
        let page = Page::default();
        let found = case
            .storage
            .tickets(By::Server, &filter, &page)
            .await
            .unwrap();
        found.items.into_iter().map(|record| record.id).collect()
    };
    let all = TicketFilter::default;
    assert_eq!(found(all()).await, [dispatched, registered, draft]);
    assert_eq!(
        found(TicketFilter {
            stage: Some("draft".into()),
            ..all()
        })
        .await,
        [draft]
    );
    for (number, expected) in [("13812345678", draft), ("13911111111", registered)] {
        assert_eq!(
            found(TicketFilter {
                phone: Some(phone(number)),
                ..all()
            })
            .await,
            [expected]
        );
    }
    for unit in ["nj-cgj", "nj-gd"] {
        assert_eq!(
            found(TicketFilter {
                unit: Some(unit.into()),
                ..all()
            })
            .await,
            [dispatched]
        );
    }
    let desk = TicketFilter {
        unit: Some("js-12345".into()),
        ..all()
    };
    assert_eq!(found(desk).await, [registered, draft]);
    let number = case.ticket(registered).await.number;
    assert_eq!(
        found(TicketFilter {
            number: Some(number),
            ..all()
        })
        .await,
        [registered]
    );

    let overdue = |now| TicketFilter {
        overdue_at: Some(now),
        ..all()
    };
    assert_eq!(found(overdue(case.now())).await, []);
    // One working hour to acknowledge.
    case.place.pass_minutes(61);
    assert_eq!(found(overdue(case.now())).await, [dispatched]);
}

async fn lists_page_in_place_and_are_built_anew_for_an_older_database(place: Place) {
    let case = Case::open(place).await;
    let mut expected = Vec::new();
    for n in 0..5 {
        let ticket = case.registered(&format!("路灯不亮 {n}号")).await;
        expected.insert(0, ticket.id);
        case.place.pass_minutes(1);
    }
    let agent = person("agent1000", Role::Agent, "js-12345");
    let walk = async |filter: TicketFilter| -> Vec<TicketId> {
        let mut page = Page {
            limit: Some(2),
            after: None,
        };
        let mut seen = Vec::new();
        loop {
            let by = By::Person(&agent);
            let listing = case.storage.tickets(by, &filter, &page).await.unwrap();
            seen.extend(listing.items.into_iter().map(|record| record.id));
            match listing.next_cursor {
                Some(cursor) => page.after = Some(cursor.parse().unwrap()),
                None => break seen,
            }
        }
    };
    let view = |view| TicketFilter {
        view: Some(view),
        ..TicketFilter::default()
    };
    let text = |text: &str| TicketFilter {
        text: Some(text.to_owned()),
        ..TicketFilter::default()
    };
    assert_eq!(walk(view(View::Waiting(Task::Dispatch))).await, expected);
    assert_eq!(walk(view(View::Mine)).await, expected);
    assert_eq!(walk(text("路灯不亮")).await, expected);
    assert_eq!(walk(text("3号")).await, [expected[1]]);
    assert_eq!(walk(text("灯")).await, [], "one character is no word");

    // As a database from before the lists would come up.
    case.place.run("DELETE FROM ticket_todo").await.unwrap();
    case.place.run("DELETE FROM ticket_word").await.unwrap();
    assert_eq!(walk(view(View::Waiting(Task::Dispatch))).await, []);
    case.storage.recover(case.now(), &case.rules).await.unwrap();
    assert_eq!(walk(view(View::Waiting(Task::Dispatch))).await, expected);
    assert_eq!(walk(text("路灯")).await, expected);
    let me = "agent1000".into();
    let counters = case.storage.ticket_counters(case.now(), &me, None).await;
    let counters = counters.unwrap();
    assert_eq!(counters.waiting[&Task::Dispatch], 5);
    assert_eq!(counters.mine, 5);
}

async fn sums_of_calls_and_states_are_the_same_on_both_databases(place: Place) {
    let storage = place.open().await;
    storage.apply(place.now(), organisation()).await.unwrap();
    let since = place.now();
    for (n, agent, wait_ms) in [(0, Some("agent1000"), 9_000), (1, None, 30_000)] {
        let mut cdr = place.cdr("13812345678");
        cdr.started_at = since.plus_millis(n * 900_000);
        cdr.answered_at = Some(cdr.started_at);
        cdr.wait_ms = Some(wait_ms);
        cdr.queue = Some("main".into());
        cdr.agent = agent.map(Into::into);
        cdr.ended_at = Some(cdr.started_at.plus_millis(wait_ms + 60_000));
        cdr.termination = Some(Termination {
            result: TerminationResult::Success,
            reason: "caller_hung_up".to_owned(),
        });
        storage.call_written(cdr).await.unwrap();
    }
    let until = since.plus_millis(3_600_000);
    let sums = storage.call_sums(since, until, 900_000).await.unwrap();
    assert_eq!(sums.len(), 2);
    assert_eq!((sums[0].interval, sums[1].interval), (0, 1));
    let (first, second) = (sums[0].sums, sums[1].sums);
    assert_eq!(
        (
            first.answered,
            first.answered_within_15_s,
            first.wait_ms,
            first.talk_ms
        ),
        (1, 1, 9_000, 60_000)
    );
    assert_eq!(
        (second.answered, second.abandoned, second.talk_ms),
        (0, 1, 0)
    );

    let change = |at: Timestamp, state| AgentStateChange {
        username: "agent1000".into(),
        at,
        state,
        call: None,
    };
    let changes = vec![
        change(since.plus_millis(-60_000), AgentState::Ready),
        change(since.plus_millis(10_000), AgentState::Talking),
        change(since.plus_millis(40_000), AgentState::Offline),
    ];
    storage.agent_states_changed(changes).await.unwrap();
    let times = storage.state_times(since, until).await.unwrap();
    let times = times[&"agent1000".into()];
    assert_eq!((times.ready_ms, times.talking_ms), (10_000, 30_000));
}

async fn the_sweep_finds_what_is_due_in_order(place: Place) {
    let case = Case::open(place).await;
    let first = case.dispatched("路灯不亮", "nj-cgj", &[]).await.id;
    case.place.pass_minutes(5);
    let second = case.dispatched("停水", "nj-sw", &[]).await.id;
    let due = async |after, limit| {
        let due = case.storage.due(case.now(), after, limit).await.unwrap();
        due.into_iter().unzip::<_, _, Vec<_>, Vec<_>>()
    };
    assert_eq!(due(None, 10).await.1, []);
    case.place.pass_minutes(40);
    assert_eq!(due(None, 10).await.1, [first, second]);
    let (since, one) = due(None, 1).await;
    assert_eq!(one, [first]);
    assert_eq!(due(Some((since[0], first)), 10).await.1, [second]);
    let sweep = |id| {
        case.storage.command(
            case.now(),
            By::Server,
            id,
            Command::Sweep,
            &case.rules,
            None,
        )
    };
    sweep(first).await.unwrap();
    assert_eq!(due(None, 10).await.1, [second]);
    let again = sweep(first).await.unwrap_err();
    assert_eq!(again, Trouble::Refused(Refusal::NothingDue.into()));
}

// Outbox and short messages --------------------------------------------------------------------------------------

async fn work_is_claimed_once_tried_again_and_kept_when_given_up(place: Place) {
    let case = Case::open(place).await;
    for n in 0..20 {
        case.closed(&format!("第{n}件")).await;
    }
    let claim = async |limit| {
        let (now, kind) = (case.now(), WorkKind::SmsSend);
        case.storage
            .claim_work(now, kind, 60_000, limit)
            .await
            .unwrap()
    };
    let (a, b, c) = tokio::join!(claim(10), claim(10), claim(10));
    let all: Vec<_> = [a, b, c].concat();
    let subjects: BTreeSet<_> = all.iter().map(|work| work.subject.clone()).collect();
    assert_eq!(
        (all.len(), subjects.len()),
        (20, 20),
        "each piece was claimed once"
    );
    assert_eq!(claim(10).await, []);

    let [done, failed, dead] = [&all[0], &all[1], &all[2]];
    case.storage.work_done(done).await.unwrap();
    let later = case.now().plus_millis(300_000);
    case.storage
        .work_failed(failed, later, "gateway down")
        .await
        .unwrap();
    case.storage
        .work_given_up(dead, "no such number")
        .await
        .unwrap();
    assert_eq!(case.storage.outbox_depth().await.unwrap().dead, 1);

    // The other seventeen were claimed by somebody who died: their lease runs out.
    case.place.clock.advance(Duration::from_millis(60_001));
    let again = claim(30).await;
    assert_eq!(again.len(), 17);
    assert!(again.iter().all(|work| work.attempt == 2));
    // A claim that was lost settles nothing.
    let stale = all.iter().find(|work| work.id == again[0].id).unwrap();
    case.storage.work_done(stale).await.unwrap();
    case.place.clock.advance(Duration::from_millis(300_000));
    assert_eq!(claim(30).await.len(), 18);
}

async fn a_message_that_may_have_left_is_never_sent_again(place: Place) {
    let case = Case::open(place).await;
    let id = case.sms(case.closed("路灯不亮").await.id).await;
    let taken = case
        .storage
        .submit_sms(case.now(), id, "main")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((taken.id, taken.state), (id, SmsState::Submitting));
    assert_eq!(
        case.storage
            .submit_sms(case.now(), id, "main")
            .await
            .unwrap(),
        None
    );

    // It certainly did not leave: back into the queue.
    let refused = Submission::NotSent {
        reason: "connection refused".to_owned(),
    };
    case.storage
        .sms_submitted(case.now(), id, refused, &case.rules)
        .await
        .unwrap();
    assert!(
        case.storage
            .submit_sms(case.now(), id, "main")
            .await
            .unwrap()
            .is_some()
    );
    // The server dies.
    case.storage.recover(case.now(), &case.rules).await.unwrap();
    let state = async || case.storage.sms(id).await.unwrap().unwrap().state;
    assert_eq!(state().await, SmsState::Unknown);
    assert_eq!(
        case.storage
            .submit_sms(case.now(), id, "main")
            .await
            .unwrap(),
        None
    );
    let not_sent = Submission::NotSent {
        reason: "?".to_owned(),
    };
    case.storage
        .sms_submitted(case.now(), id, not_sent, &case.rules)
        .await
        .unwrap();
    assert_eq!(state().await, SmsState::Unknown);
    // Asked, the gateway says that it has it.
    let accepted = Submission::Accepted {
        message_id: "m1".to_owned(),
    };
    case.storage
        .sms_submitted(case.now(), id, accepted, &case.rules)
        .await
        .unwrap();
    assert_eq!(state().await, SmsState::Accepted);
}

async fn receipts_count_once_and_unknown_ones_are_kept(place: Place) {
    let case = Case::open(place).await;
    let hear = async |message_id: &str, delivered| {
        let status = if delivered { "DELIVRD" } else { "UNDELIV" }.to_owned();
        let receipt = Receipt {
            message_id: message_id.to_owned(),
            delivered,
            status,
        };
        case.storage
            .sms_receipt(case.now(), "main", receipt, &case.rules)
            .await
            .unwrap()
    };
    let quarantined = async || {
        let page = Page::default();
        case.storage
            .sms_quarantine(&page, false)
            .await
            .unwrap()
            .items
            .len()
    };
    let delivered = case.closed("路灯不亮").await.id;
    let lost = case.closed("停水").await.id;
    // A receipt may overtake the answer to the submission.
    assert_eq!(
        hear("m1", true).await,
        Heard::Quarantined("unknown_message")
    );
    assert_eq!(quarantined().await, 1);
    case.send(case.sms(delivered).await, "m1").await;
    assert_eq!(quarantined().await, 0);
    let state = async |ticket| {
        let sms = case.sms(ticket).await;
        case.storage.sms(sms).await.unwrap().unwrap().state
    };
    assert_eq!(state(delivered).await, SmsState::Delivered);

    let first = case.sms(lost).await;
    case.send(first, "m2").await;
    assert_eq!(hear("m2", false).await, Heard::Matched);
    assert_eq!(hear("m2", false).await, Heard::Again);
    let first = case.storage.sms(first).await.unwrap().unwrap();
    assert_eq!(first.state, SmsState::Failed);
    // It is sent once more, under the same code; lost again, it is given up.
    let sent = case.storage.sms_of_ticket(lost).await.unwrap();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].text, sent[1].text);
    case.send(sent[1].id, "m3").await;
    assert_eq!(hear("m3", false).await, Heard::Matched);
    let survey = &case.ticket(lost).await.ticket.surveys[0];
    assert!(survey.failed.is_some());
    assert_eq!(
        hear("never sent", true).await,
        Heard::Quarantined("unknown_message")
    );
    assert_eq!(quarantined().await, 1);
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn three_open_surveys_of_one_phone_are_told_apart(place: Place) {
    let case = Case::open(place).await;
    let mut tickets = Vec::new();
    for title in ["路灯不亮", "停水", "占道经营"] {
        tickets.push(case.closed(title).await.id);
    }
    let text = case
        .storage
        .sms(case.sms(tickets[1]).await)
        .await
        .unwrap()
        .unwrap()
        .text;
    let (_, code) = text.split_once("本次编号").unwrap();
    let code: String = code.chars().take(4).collect();
    let say = async |id: &str, text: &str| {
        let reply = Reply {
            id: id.into(),
            from: "+8613812345678".into(),
            text: text.into(),
        };
        case.storage
            .sms_reply(case.now(), "main", reply, &case.rules)
            .await
            .unwrap()
    };
    assert_eq!(
        say("r1", "不满意").await,
        Heard::Quarantined("several_surveys_open")
    );
    assert_eq!(say("r2", "谁啊").await, Heard::Quarantined("not_a_rating"));
    assert_eq!(say("r3", &format!("4 {code}")).await, Heard::Matched);
    assert_eq!(
        say("r4", &format!("4 {code}")).await,
        Heard::Quarantined("no_such_survey")
    );
    let mut answered = BTreeMap::new();
    for id in &tickets {
        answered.insert(*id, case.ticket(*id).await.ticket.surveys[0].rating);
    }
    let expected = [None, Some(Rating::Dissatisfied), None];
    assert_eq!(answered, tickets.iter().copied().zip(expected).collect());

    // Those who do not answer are found when their time is over.
    let late = case.now().plus_millis(72 * 3_600_000 + 1);
    let silent = case.storage.silent_surveys(late, None, 10).await.unwrap();
    let of: Vec<_> = silent.iter().map(|survey| survey.ticket).collect();
    assert_eq!(of, [tickets[0], tickets[2]]);
    let behind = Some((silent[0].since, silent[0].sms));
    let rest = case.storage.silent_surveys(late, behind, 10).await.unwrap();
    assert_eq!(rest, silent[1..]);
}

async fn a_wrong_number_ends_the_survey_and_satisfies_nobody(place: Place) {
    let case = Case::open(place).await;
    let ended = async |id| {
        let ticket = case.ticket(id).await.ticket;
        let survey = &ticket.surveys[0];
        assert_eq!(survey.rating, None);
        assert_eq!(survey.resent, []);
        let result = match &ticket.stage {
            Stage::Closed {
                follow_up: FollowUp::Ended { result },
                ..
            } => Some(result.clone()),
            _ => None,
        };
        (survey.failed, result)
    };
    let wrong = (
        Some(SurveyFailure::WrongNumber),
        Some(FollowUpResult::NotReached {
            why: Missed::WrongNumber,
        }),
    );
    // The carrier says so, even before its acceptance is written here.
    for (title, early) in [("路灯不亮", true), ("停水", false)] {
        let id = case.closed(title).await.id;
        let receipt = Receipt {
            message_id: title.to_owned(),
            delivered: false,
            status: "MK:0001".to_owned(),
        };
        let hear = case
            .storage
            .sms_receipt(case.now(), "main", receipt, &case.rules);
        if early {
            assert!(matches!(hear.await.unwrap(), Heard::Quarantined(_)));
            case.send(case.sms(id).await, title).await;
        } else {
            case.send(case.sms(id).await, title).await;
            assert_eq!(hear.await.unwrap(), Heard::Matched);
        }
        assert_eq!(ended(id).await, wrong);
    }
    // Whoever has the phone says so; an unclear word is for a person.
    let id = case.closed("占道经营").await.id;
    case.send(case.sms(id).await, "m3").await;
    let say = async |reply_id: &str, text: &str| {
        let reply = Reply {
            id: reply_id.into(),
            from: "13812345678".into(),
            text: text.into(),
        };
        case.storage
            .sms_reply(case.now(), "main", reply, &case.rules)
            .await
            .unwrap()
    };
    let unclear = say("r1", "不是我反映的").await;
    assert_eq!(unclear, Heard::Quarantined("not_a_rating"));
    assert_eq!(ended(id).await, (None, None));
    assert_eq!(say("r2", "打错了，不是我！").await, Heard::Matched);
    assert_eq!(ended(id).await, wrong);
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn a_callback_is_stored_as_it_came_with_the_work_of_reading_it(place: Place) {
    let case = Case::open(place).await;
    let callback = Callback {
        gateway: "main".to_owned(),
        kind: CallbackKind::Reply,
        received_at: case.now(),
        body: b"\xff\x00 not even text".to_vec(),
    };
    let id = case.storage.sms_callback(callback.clone()).await.unwrap();
    assert_eq!(case.storage.callback(id).await.unwrap(), Some(callback));
    let work = case
        .storage
        .claim_work(case.now(), WorkKind::SmsCallback, 1000, 10)
        .await
        .unwrap();
    assert_eq!(work.len(), 1);
    assert_eq!(work[0].subject, id.to_string());
    case.storage
        .sms_unreadable(case.now(), "main", CallbackKind::Reply, id, "not_json")
        .await
        .unwrap();
    let kept = case
        .storage
        .sms_quarantine(&Page::default(), false)
        .await
        .unwrap();
    assert_eq!(kept.items[0].why, "not_json");
}

async fn reopening_cancels_what_was_to_be_asked(place: Place) {
    let case = Case::open(place).await;
    let id = case.closed("路灯不亮").await.id;
    case.send(case.sms(id).await, "m1").await;
    let reply = Reply {
        id: "r1".into(),
        from: "13812345678".into(),
        text: "5".into(),
    };
    case.storage
        .sms_reply(case.now(), "main", reply, &case.rules)
        .await
        .unwrap();
    let revisit = case.revisit_of(id).await;
    let reopen = Command::Reopen {
        reason: "诉求人再次来电".to_owned(),
    };
    case.be("lead1", Role::TeamLead, id, reopen).await.unwrap();
    let revisit = case.storage.revisit(revisit).await.unwrap().unwrap();
    assert!(matches!(
        revisit.revisit.stage,
        RevisitStage::Cancelled { .. }
    ));
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

// Backup, crash --------------------------------------------------------------------------------------------------

async fn a_backup_restores_into_either_database(place: Place) {
    let case = Case::open(place).await;
    case.storage
        .apply(case.now(), organisation())
        .await
        .unwrap();
    case.answered("13812345678").await;
    let closed = case.closed("路灯不亮, “引号”\n换行").await;
    case.storage.audit(deed(case.now(), "login")).await.unwrap();
    let callback = Callback {
        gateway: "main".to_owned(),
        kind: CallbackKind::Reply,
        received_at: case.now(),
        body: vec![0, 159, 146, 150],
    };
    let callback_id = case.storage.sms_callback(callback.clone()).await.unwrap();
    let folder = case.place.folder.path().join("backup");
    let sheet = case.storage.backup(case.now(), &folder).await.unwrap();
    let rows = |name: &str| sheet.tables.iter().find(|t| t.name == name).map(|t| t.rows);
    assert_eq!(
        (rows("call"), rows("ticket"), rows("session")),
        (Some(1), Some(2), None)
    );

    for other in [Place::sqlite(), Place::postgres().await] {
        let restored = other.open().await;
        assert_eq!(restored.restore(&folder).await.unwrap(), sheet);
        assert_eq!(restored.check(case.now()).await.unwrap(), []);
        let ticket = restored.ticket(By::Server, closed.id).await.unwrap();
        assert_eq!(ticket, Some(case.ticket(closed.id).await));
        assert_eq!(
            restored.callback(callback_id).await.unwrap(),
            Some(callback.clone())
        );
        // It goes on where it stopped: in the audit chain and in the day's numbers.
        restored.audit(deed(case.now(), "restore")).await.unwrap();
        let once = case.answered_in(&restored, "13800000000").await.ticket;
        let next = restored.ticket(By::Server, once).await.unwrap().unwrap();
        assert_eq!(next.number, "20250603-000003");
        let again = other.folder.path().join("again");
        let second = restored.backup(case.now(), &again).await.unwrap();
        assert_eq!(second.tables.len(), sheet.tables.len());
        assert_eq!(restored.check(case.now()).await.unwrap(), []);
    }
}

async fn a_damaged_backup_and_a_used_database_are_refused(place: Place) {
    let case = Case::open(place).await;
    case.closed("路灯不亮").await;
    let folder = case.place.folder.path().join("backup");
    case.storage.backup(case.now(), &folder).await.unwrap();
    let again = case.storage.backup(case.now(), &folder).await;
    assert!(matches!(again, Err(BackupTrouble::FolderInUse)));
    let used = case.storage.restore(&folder).await;
    assert!(matches!(used, Err(BackupTrouble::DatabaseInUse(_))));

    let file = folder.join("ticket.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("路灯不亮", "路灯很亮")).unwrap();
    let empty = Place::sqlite().open().await;
    let damaged = empty.restore(&folder).await;
    assert!(matches!(
        damaged,
        Err(BackupTrouble::Damaged { what: "hash", .. })
    ));
    assert!(
        empty
            .tickets(By::Server, &TicketFilter::default(), &Page::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

async fn writers_cut_off_in_the_middle_leave_whole_units_of_work(place: Place) {
    let case = Case::open(place).await;
    let (tell, mut told) = tokio::sync::mpsc::channel(60);
    let writers: Vec<_> = (0..60)
        .map(|_| {
            let (case, tell) = (case.clone(), tell.clone());
            tokio::spawn(async move {
                case.closed("路灯不亮").await;
                tell.send(()).await.unwrap();
            })
        })
        .collect();
    for _ in 0..10 {
        told.recv().await.unwrap();
    }
    for writer in &writers {
        writer.abort();
    }
    for writer in writers {
        let _ = writer.await;
    }
    case.storage.close().await;
    let storage = case.place.open().await;
    let left = storage
        .tickets(By::Server, &TicketFilter::default(), &Page::default())
        .await
        .unwrap();
    assert!(left.items.len() >= 10);
    assert_eq!(storage.check(case.now()).await.unwrap(), []);
}

/// The test process runs itself as the server: it answers calls, tells each on its standard output once storage
/// has acknowledged it, and is killed in the middle of it.
async fn a_killed_server_lost_nothing_it_had_acknowledged(place: Place) {
    let storage = place.open().await;
    storage.close().await;
    let mut server = Process::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "answer_calls_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(SERVED_URL, &place.url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told: Vec<CallId> = Vec::new();
    for line in BufReader::new(server.stdout.take().unwrap()).lines() {
        if let Some(id) = line.unwrap().strip_prefix("answered ") {
            told.push(id.parse().unwrap());
        }
        if told.len() == 300 {
            server.kill().unwrap();
        }
    }
    server.wait().unwrap();
    assert!(told.len() >= 300);

    let storage = place.open().await;
    assert_eq!(storage.check(place.now()).await.unwrap(), []);
    for id in &told {
        let cdr = storage
            .call(*id)
            .await
            .unwrap()
            .expect("an acknowledged call is there");
        let ticket = storage
            .ticket(By::Server, cdr.ticket_id.unwrap())
            .await
            .unwrap();
        assert_eq!(ticket.unwrap().ticket.call, Some(*id));
    }
    let rules = Arc::new(Rules::provincial("js-12345".into()));
    let recovered = storage.recover(place.now(), &rules).await.unwrap();
    assert!(recovered.calls >= told.len() as u64);
    assert_eq!(storage.check(place.now()).await.unwrap(), []);
}

const SERVED_URL: &str = "HOTLINE_TEST_SERVED_URL";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the body of a_killed_server_lost_nothing_it_had_acknowledged"]
#[expect(clippy::print_stdout, reason = "the parent reads it")]
async fn answer_calls_until_killed() {
    let Ok(url) = std::env::var(SERVED_URL) else {
        return;
    };
    let clock = Arc::new(SimClock::new(Timestamp::from_millis(1_750_000_000_000), 99));
    let storage = Storage::open(&url, clock.clone()).await.unwrap();
    let place = Place::at(url, clock);
    let rules = Arc::new(Rules::provincial("js-12345".into()));
    let case = Case {
        place: Arc::new(place),
        storage,
        rules,
    };
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let case = case.clone();
            tokio::spawn(async move {
                // Bounded, should the parent be gone.
                for _ in 0..2000 {
                    let call = case.answered("13812345678").await.cdr.id;
                    println!("answered {call}");
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn the_sqlite_in_the_binary_has_no_wal_corruption_bug() {
    let mut sqlite = sqlx::SqliteConnection::connect("sqlite::memory:")
        .await
        .unwrap();
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut sqlite)
        .await
        .unwrap();
    let parts: Vec<u32> = version
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect();
    assert!(parts >= vec![3, 51, 3], "SQLite {version}");
}

#[tokio::test]
async fn a_bad_url_is_told_without_its_password() {
    let clock = Arc::new(SimClock::new(Timestamp::from_millis(0), 1));
    for url in [
        "mysql://root:hunter2@localhost/x",
        "postgres://root:hunter2@localhost:port/x",
        "sqlite:/proc/hunter2/no/such/place.db",
    ] {
        let Err(fault) = Storage::open(url, clock.clone()).await else {
            panic!("{url} was opened");
        };
        assert!(matches!(fault, Fault::Down(_)), "{fault:?}");
        assert!(!fault.to_string().contains("root:hunter2"), "{fault}");
    }
}

async fn demands_are_counted_by_applicant_city_and_lane(place: Place) {
    let case = Case::open(place).await;
    let unit = |code: &str, name: &str, kind, parent: &str| {
        UnitEntry::from(Unit {
            code: code.into(),
            name: name.to_owned(),
            kind,
            parent: Some(parent.into()),
        })
    };
    let file = Organisation {
        units: organisation()
            .units
            .into_iter()
            .chain([
                unit("nj", "南京12345", UnitKind::City, "js-12345"),
                unit("sz", "苏州12345", UnitKind::City, "js-12345"),
                unit("sz-cgj", "苏州市城市管理局", UnitKind::Department, "sz"),
                unit("js-xcb", "省委宣传部", UnitKind::Party, "js-12345"),
                unit("js-wmb", "省文明办", UnitKind::Department, "js-xcb"),
            ])
            .collect(),
        ..organisation()
    };
    case.storage.apply(case.now(), file).await.unwrap();
    let rules = Arc::new(case.storage.rules("12345").await.unwrap());
    let begin = async |applicant, address: Option<&str>| {
        let Command::Register {
            title,
            content,
            kind,
            petitioner,
            category,
            ..
        } = register("路灯不亮", Some(phone("13812345678")))
        else {
            panic!("it registers");
        };
        let petitioner = Petitioner {
            applicant,
            ..petitioner
        };
        let command = Command::Register {
            title,
            content,
            kind,
            petitioner,
            address: address.map(str::to_owned),
            category,
            fields: BTreeMap::new(),
        };
        let agent = person("agent1000", Role::Agent, "js-12345");
        let by = By::Person(&agent);
        let opened = case
            .storage
            .open_ticket(case.now(), by, command, &rules, None);
        opened.await.unwrap().id
    };
    let wish = async |name: &str, role, id, command| {
        let actor = person(name, role, "js-12345");
        let by = By::Person(&actor);
        let done = case
            .storage
            .command(case.now(), by, id, command, &rules, None);
        done.await.unwrap();
    };
    let answer = || Command::AnswerOnCall {
        answer: "可网上申请".to_owned(),
        knowledge: None,
    };
    // 群众, 南京: one answered, in a lane, with a specialist.
    let id = begin(Applicant::Person, Some("江苏省南京市玄武区")).await;
    let lane = IntakeCommand::EnterLane {
        lane: "enterprise".to_owned(),
    };
    wish("agent1000", Role::Agent, id, Command::Intake(lane)).await;
    let three_way = Command::NoteThreeWay {
        specialist: "陈刚".to_owned(),
        unit: "nj-cgj".into(),
        call: None,
        recording: None,
        result: Some("已说明".to_owned()),
    };
    wish("agent1000", Role::Agent, id, three_way).await;
    wish("agent1000", Role::Agent, id, answer()).await;
    // 企业: told a place in 南京, dispatched to 苏州.
    let id = begin(Applicant::Enterprise, Some("南京市")).await;
    wish("agent1000", Role::Agent, id, dispatch("sz-cgj", &[])).await;
    // 企业, nowhere: to a unit under a Party department, and one answered.
    let id = begin(Applicant::Enterprise, None).await;
    wish("agent1000", Role::Agent, id, dispatch("js-wmb", &[])).await;
    let id = begin(Applicant::Enterprise, Some("%%某地")).await;
    wish("agent1000", Role::Agent, id, answer()).await;
    // 群众: two refused, one of them by 9(6).
    let refuse = |ground| {
        Command::Intake(IntakeCommand::Refuse {
            ground,
            explanation: "已解释".to_owned(),
        })
    };
    let outside = begin(Applicant::Person, None).await;
    let ground = Ground::OutsideJiangsu {
        hotline: "上海12345".to_owned(),
    };
    wish("agent1000", Role::Agent, outside, refuse(ground)).await;
    let other = begin(Applicant::Person, None).await;
    let ground = Ground::Other {
        reason: "市场调查".to_owned(),
    };
    wish("super1", Role::Supervisor, other, refuse(ground)).await;

    let since = case.now().plus_millis(-1_000);
    let until = case.now().plus_millis(3_600_000);
    let mut counted = case.storage.figures(since, until).await.unwrap();
    // A null is first in one database and last in the other.
    counted.sort_by_key(|figures| {
        (
            figures.applicant.clone(),
            figures.city.clone(),
            figures.lane.clone(),
        )
    });
    let of = |applicant: &str, city: Option<&str>, lane: Option<&str>, demands| Figures {
        applicant: Some(applicant.to_owned()),
        city: city.map(Into::into),
        lane: lane.map(str::to_owned),
        demands,
        ..Figures::default()
    };
    let expected = [
        Figures {
            answered: 1,
            dispatched: 1,
            passed_for_acceptance: 1,
            ..of("enterprise", None, None, 2)
        },
        Figures {
            dispatched: 1,
            ..of("enterprise", Some("sz"), None, 1)
        },
        Figures {
            refused: [1, 0, 0, 0, 0, 1],
            ..of("person", None, None, 2)
        },
        Figures {
            answered: 1,
            three_way: 1,
            ..of("person", Some("nj"), Some("enterprise"), 1)
        },
    ];
    assert_eq!(counted, expected);
    let before = case.storage.figures(since.plus_millis(-1_000), since).await;
    assert_eq!(before.unwrap(), []);

    let draw = async |ground| {
        let drawn = case
            .storage
            .draw_refusals(By::Server, ground, since, until, 5);
        let drawn = drawn.await.unwrap();
        drawn.into_iter().map(|one| one.ticket).collect::<Vec<_>>()
    };
    assert_eq!(draw(1).await, [outside]);
    assert_eq!(draw(6).await, [other]);
    assert_eq!(draw(2).await, []);
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

async fn a_call_that_came_by_a_lanes_queue_enters_it_when_it_is_registered(place: Place) {
    let case = Case::open(place).await;
    let profile = LaneProfile {
        queue: Some("enterprise".into()),
        restricted: true,
        ..LaneProfile::default()
    };
    let rules = Rules::provincial("js-12345".into());
    let rules = Arc::new(rules.with_lanes([("business".to_owned(), profile)]));
    let registered = async |queue: &str| {
        let mut call = case.answering("13812345678");
        call.cdr.queue = Some(queue.into());
        let id = call.ticket;
        let answered = case.storage.answered(case.now(), call, &rules).await;
        answered.unwrap();
        // Whoever writes it down need not be one who sees what is restricted.
        let agent = person("agent1000", Role::Agent, "js-12345");
        let command = register("营商环境", Some(phone("13812345678")));
        let by = By::Person(&agent);
        let done = case
            .storage
            .command(case.now(), by, id, command, &rules, None);
        done.await.unwrap();
        case.ticket(id).await
    };
    assert_eq!(registered("main").await.ticket.intake.lane, None);
    let record = registered("enterprise").await;
    let lane = record.ticket.intake.lane.unwrap();
    assert_eq!((&*lane.code, &*lane.by.0), ("business", "@server"));
    assert!(lane.restricted);
    let events = case.storage.ticket_events(record.id).await.unwrap();
    let last = events.last().unwrap();
    assert_eq!(
        (&*last.actor, last.event.name()),
        ("@server", "entered_lane")
    );
    assert_eq!(case.storage.check(case.now()).await.unwrap(), []);
}

// What the stories are told with ---------------------------------------------------------------------------------

/// A database of one story's own, and the clock it was opened with.
struct Place {
    url: String,
    clock: Arc<SimClock>,
    folder: tempfile::TempDir,
}

impl Place {
    fn sqlite() -> Self {
        let mut place = Self::at(String::new(), Self::morning());
        place.url = format!(
            "sqlite:{}",
            place.folder.path().join("hotline.db").display()
        );
        place
    }

    async fn postgres() -> Self {
        Self::at(postgres::new_database().await, Self::morning())
    }

    fn at(url: String, clock: Arc<SimClock>) -> Self {
        Self {
            url,
            clock,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A Tuesday at ten.
    fn morning() -> Arc<SimClock> {
        Arc::new(SimClock::new(
            "2025-06-03T10:00:00+08:00".parse().unwrap(),
            7,
        ))
    }

    async fn open(&self) -> Storage {
        Storage::open(&self.url, self.clock.clone()).await.unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn pass_minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    /// An incoming call, answered now.
    fn cdr(&self, caller: &str) -> Cdr {
        let id = CallId(self.clock.new_id());
        Cdr {
            id,
            sip_call_id: format!("{id}@carrier"),
            direction: Direction::Inbound,
            caller: caller.to_owned(),
            called: "12345".to_owned(),
            started_at: self.now(),
            answered_at: Some(self.now()),
            ended_at: None,
            wait_ms: None,
            termination: None,
            legs: Vec::new(),
            queue: Some("main".into()),
            agent: None,
            recording_id: None,
            contact_id: None,
            ticket_id: None,
            three_way: false,
        }
    }

    /// Does something to the database behind storage's back.
    async fn run(&self, sql: &str) -> Result<(), String> {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        let done = if self.url.starts_with("sqlite:") {
            let mut link = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sql.execute(&mut link).await.map(|_| ())
        } else {
            let mut link = sqlx::PgConnection::connect(&self.url).await.unwrap();
            sql.execute(&mut link).await.map(|_| ())
        };
        done.map_err(|error| error.to_string())
    }

    /// Takes the triggers away that a forger would take away first.
    async fn disarm(&self) {
        for table in ["event", "audit"] {
            if self.url.starts_with("sqlite:") {
                self.run(&format!("DROP TRIGGER {table}_is_not_deleted"))
                    .await
                    .unwrap();
                self.run(&format!("DROP TRIGGER {table}_is_not_edited"))
                    .await
                    .unwrap();
            } else {
                self.run(&format!("DROP TRIGGER {table}_is_not_edited ON {table}"))
                    .await
                    .unwrap();
            }
        }
    }
}

/// A place with storage open and the provincial rules.
#[derive(Clone)]
struct Case {
    place: Arc<Place>,
    storage: Storage,
    rules: Arc<Rules>,
}

impl Case {
    /// Two people are on duty for the unit of a dispatched ticket, and are called out.
    async fn call_out(&self, ticket: TicketId) -> CallOutRecord {
        let rung = |person: &str, number: &str, deputy| Rung {
            person: person.to_owned(),
            phone: phone(number),
            deputy,
        };
        let start = CallOutCommand::Start {
            ticket,
            unit: "nj-cgj".into(),
            reason: "路面塌陷".to_owned(),
            ladder: vec![
                rung("主班", "13900000001", false),
                rung("副班", "13900000002", true),
            ],
            beyond: Vec::new(),
        };
        let agent = person("agent1000", Role::Agent, "js-12345");
        self.storage
            .start_callout(self.now(), By::Person(&agent), start, &self.rules)
            .await
            .unwrap()
    }

    /// A person of `unit` wishes something that must be granted.
    async fn be_of(&self, name: &str, role: Role, unit: &str, ticket: TicketId, command: Command) {
        let actor = person(name, role, unit);
        let by = By::Person(&actor);
        let done = self
            .storage
            .command(self.now(), by, ticket, command, &self.rules, None);
        done.await.unwrap();
    }

    async fn open(place: Place) -> Self {
        Self {
            storage: place.open().await,
            place: Arc::new(place),
            rules: Arc::new(Rules::provincial("js-12345".into())),
        }
    }

    fn now(&self) -> Timestamp {
        self.place.now()
    }

    async fn answered(&self, caller: &str) -> Answered {
        self.answered_in(&self.storage, caller).await
    }

    async fn answered_in(&self, storage: &Storage, caller: &str) -> Answered {
        let answered = self.answering(caller);
        storage
            .answered(self.now(), answered.clone(), &self.rules)
            .await
            .unwrap();
        answered
    }

    fn answering(&self, caller: &str) -> Answered {
        Answered {
            cdr: self.place.cdr(caller),
            contact: ContactId(self.place.clock.new_id()),
            ticket: TicketId(self.place.clock.new_id()),
        }
    }

    async fn ticket(&self, id: TicketId) -> TicketRecord {
        self.storage.ticket(By::Server, id).await.unwrap().unwrap()
    }

    /// Wishes as somebody of `role`; handlers are of the unit that leads.
    async fn be(
        &self,
        name: &str,
        role: Role,
        id: TicketId,
        command: Command,
    ) -> Result<TicketRecord, Trouble<CommandRefusal>> {
        let unit = match role {
            Role::UnitHandler | Role::UnitHead => "nj-cgj",
            _ => "js-12345",
        };
        let actor = person(name, role, unit);
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

    async fn registered(&self, title: &str) -> TicketRecord {
        self.registered_for(title, "13812345678").await
    }

    async fn registered_for(&self, title: &str, number: &str) -> TicketRecord {
        let agent = person("agent1000", Role::Agent, "js-12345");
        let command = register(title, Some(phone(number)));
        self.storage
            .open_ticket(self.now(), By::Person(&agent), command, &self.rules, None)
            .await
            .unwrap()
    }

    async fn dispatched(&self, title: &str, lead: &str, co_handlers: &[&str]) -> TicketRecord {
        let id = self.registered_for(title, "13700000000").await.id;
        self.be("agent1000", Role::Agent, id, dispatch(lead, co_handlers))
            .await
            .unwrap()
    }

    async fn replied(&self, title: &str) -> TicketRecord {
        let id = self.registered(title).await.id;
        self.reply_to(id).await
    }

    async fn reply_to(&self, id: TicketId) -> TicketRecord {
        self.be("agent1000", Role::Agent, id, dispatch("nj-cgj", &[]))
            .await
            .unwrap();
        self.be("handler1", Role::UnitHandler, id, Command::Acknowledge)
            .await
            .unwrap();
        let reply = Command::Reply {
            text: "已修复".to_owned(),
            no_contact_reason: Some("现场已核实".to_owned()),
        };
        self.be("handler1", Role::UnitHandler, id, reply)
            .await
            .unwrap()
    }

    async fn close_by_reply(&self, id: TicketId) -> TicketRecord {
        self.reply_to(id).await;
        let review = Command::Review {
            outcome: ReviewOutcome::Passed,
            remark: String::new(),
        };
        self.be("reviewer1", Role::Reviewer, id, review)
            .await
            .unwrap()
    }

    async fn closed(&self, title: &str) -> TicketRecord {
        let id = self.registered(title).await.id;
        self.close_by_reply(id).await
    }

    /// The survey's message.
    async fn sms(&self, ticket: TicketId) -> SmsId {
        self.storage.sms_of_ticket(ticket).await.unwrap()[0].id
    }

    async fn send(&self, id: SmsId, message_id: &str) {
        self.storage
            .submit_sms(self.now(), id, "main")
            .await
            .unwrap()
            .unwrap();
        let accepted = Submission::Accepted {
            message_id: message_id.to_owned(),
        };
        self.storage
            .sms_submitted(self.now(), id, accepted, &self.rules)
            .await
            .unwrap();
    }

    /// The open revisit of a ticket.
    async fn revisit_of(&self, ticket: TicketId) -> RevisitId {
        let filter = RevisitFilter {
            ticket: Some(ticket),
            stage: Some("planned".to_owned()),
            overdue_at: None,
        };
        let open = self
            .storage
            .revisits(By::Server, &filter, &Page::default())
            .await
            .unwrap();
        assert_eq!(open.items.len(), 1);
        open.items[0].id
    }

    async fn revisit(
        &self,
        name: &str,
        id: RevisitId,
        command: RevisitCommand,
    ) -> Result<(), Trouble<CommandRefusal>> {
        let actor = person(name, Role::Revisitor, "js-12345");
        self.storage
            .revisit_command(
                self.now(),
                By::Person(&actor),
                id,
                command,
                &self.rules,
                None,
            )
            .await
            .map(|_| ())
    }

    async fn call_back(&self, id: RevisitId, outcome: RevisitOutcome) {
        self.revisit("revisitor1", id, RevisitCommand::Call)
            .await
            .unwrap();
        let placed = RevisitCommand::Placed {
            call: CallId(self.place.clock.new_id()),
            recording: RecordingId(self.place.clock.new_id()),
        };
        self.storage
            .revisit_command(self.now(), By::Server, id, placed, &self.rules, None)
            .await
            .unwrap();
        let record = RevisitCommand::Record {
            outcome,
            rating: None,
            solved: None,
            remark: String::new(),
        };
        self.revisit("revisitor1", id, record).await.unwrap();
    }
}

fn person(name: &str, role: Role, unit: &str) -> Actor {
    Actor {
        username: name.into(),
        role,
        unit: unit.into(),
    }
}

fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::parse(number).unwrap()
}

fn register(title: &str, phone: Option<PhoneNumber>) -> Command {
    Command::Register {
        title: title.to_owned(),
        content: "晚上漆黑一片".to_owned(),
        kind: Kind::HelpRequest,
        petitioner: Petitioner {
            name: "王女士".to_owned(),
            phone,
            applicant: Applicant::Person,
            secrecy: false,
            firm: None,
        },
        address: None,
        category: None,
        fields: BTreeMap::new(),
    }
}

fn dispatch(lead: &str, co_handlers: &[&str]) -> Command {
    Command::Dispatch {
        lead: lead.into(),
        co_handlers: co_handlers.iter().map(|unit| (*unit).into()).collect(),
        basis: None,
        urgent: false,
    }
}

fn rectify() -> Command {
    Command::Rectify {
        finding: "线路老化".to_owned(),
        measures: "更换线路".to_owned(),
    }
}

fn end_of(mut cdr: Cdr, place: &Place, reason: &str) -> Cdr {
    cdr.ended_at = Some(place.now());
    cdr.termination = Some(Termination {
        result: TerminationResult::Success,
        reason: reason.to_owned(),
    });
    cdr
}

fn deed(at: Timestamp, action: &str) -> Deed {
    Deed {
        at,
        by: "auditor1".into(),
        action: action.to_owned(),
        object: String::new(),
        detail: serde_json::Value::Null,
    }
}

fn organisation() -> Organisation {
    let unit = |code: &str, kind, parent: Option<&str>| Unit {
        code: code.into(),
        name: code.to_uppercase(),
        kind,
        parent: parent.map(Into::into),
    };
    let user = |name: &str, role| User {
        username: name.into(),
        display_name: name.to_owned(),
        role,
        unit: "js-12345".into(),
    };
    Organisation {
        units: vec![
            unit("nj-cgj", UnitKind::Department, Some("js-12345")).into(),
            unit("js-12345", UnitKind::Platform, None).into(),
        ],
        users: vec![
            (
                user("agent1000", Role::Agent),
                Password::Plain("correct horse".to_owned()),
            ),
            (
                user("lead1", Role::TeamLead),
                Password::Hash("$argon2id$…".to_owned()),
            ),
        ],
        extensions: vec![ExtensionEntry {
            number: "agent1000".into(),
            password: "secret".to_owned(),
            user: Some("agent1000".into()),
            auto_ready: true,
            toll: false,
            srtp: false,
            skills: BTreeMap::new(),
        }],
        queues: vec![QueueEntry {
            name: "main".into(),
            strategy: Strategy::LongestIdle,
            ring_timeout_s: 20,
            wrap_up_s: 60,
            needs: BTreeMap::new(),
            priority: 0,
            language: None,
            overflow: None,
            overflow_after_s: 30,
        }],
        numbers: vec![NumberEntry {
            number: phone("12345"),
            to: Destination::Queue("main".into()),
            record: true,
        }],
        trunks: vec![],
        specialists: vec![],
        sms_gateways: vec![],
        calendars: vec![hotline::domain::staff::CalendarEntry {
            name: "statutory".to_owned(),
            source: "builtin:cn-2019-2026".to_owned(),
            hours: "09:00-12:00,14:00-18:00".to_owned(),
            timetables: vec![],
            units: vec![],
        }],
        ..Organisation::default()
    }
}
