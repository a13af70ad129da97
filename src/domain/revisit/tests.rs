use super::*;
use uuid::Uuid;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_741_000_000_000 + minute * 60_000)
}

fn actor(username: &str, role: Role) -> Actor {
    Actor {
        username: username.into(),
        role,
        unit: "js-12345".into(),
    }
}

fn revisitor(n: u32) -> Actor {
    actor(&format!("revisitor{n}"), Role::Revisitor)
}

const CALL: CallId = CallId(Uuid::from_u128(1));
const RECORDING: RecordingId = RecordingId(Uuid::from_u128(2));

fn placed() -> RevisitCommand {
    RevisitCommand::Placed {
        call: CALL,
        recording: RECORDING,
    }
}

fn record(outcome: RevisitOutcome) -> RevisitCommand {
    RevisitCommand::Record {
        outcome,
        rating: None,
        solved: None,
        remark: String::new(),
    }
}

struct Task {
    revisit: Option<Revisit>,
    events: Vec<RevisitEvent>,
    minute: i64,
}

impl Task {
    fn planned() -> Self {
        let mut task = Self {
            revisit: None,
            events: Vec::new(),
            minute: 0,
        };
        let plan = RevisitCommand::Plan {
            ticket: TicketId(Uuid::from_u128(3)),
            phone: PhoneNumber::parse("13812345678").unwrap(),
            round: Round::First,
            due: Some(at(1_000)),
            involved: ["handler1".into(), "reviewer1".into()].into(),
        };
        task.wish(By::Server, &plan).unwrap();
        task
    }

    /// Taken by the first revisitor, and the call is up.
    fn calling() -> Self {
        let mut task = Self::planned();
        task.wish((&revisitor(1)).into(), &RevisitCommand::Call)
            .unwrap();
        task.wish(By::Server, &placed()).unwrap();
        task
    }

    fn wish(&mut self, by: By<'_>, command: &RevisitCommand) -> Result<(), Refusal> {
        self.minute += 1;
        let limits = Limits::default();
        let events = decide(at(self.minute), self.revisit.as_ref(), command, by, &limits)?;
        for event in &events {
            self.revisit = Some(apply(self.revisit.take(), event));
        }
        self.events.extend(events);
        Ok(())
    }

    fn refused(&mut self, by: By<'_>, command: &RevisitCommand) -> &'static str {
        let before = self.revisit.clone();
        let code = self.wish(by, command).unwrap_err().code();
        assert_eq!(self.revisit, before);
        code
    }

    fn stage(&self) -> &'static str {
        self.revisit.as_ref().unwrap().stage.code()
    }
}

#[test]
fn a_revisit_is_taken_called_and_told_to_the_ticket_with_its_recording() {
    let mut task = Task::calling();
    task.wish(
        (&revisitor(1)).into(),
        &record(RevisitOutcome::Dissatisfied),
    )
    .unwrap();
    assert_eq!(task.stage(), "done");
    let id = RevisitId(Uuid::from_u128(9));
    assert_eq!(
        task.events.last().unwrap().for_ticket(id),
        Some(ticket::Command::RevisitRecorded {
            revisit: id,
            outcome: RevisitOutcome::Dissatisfied,
            rating: Some(Rating::Dissatisfied),
            solved: None,
            recording: Some(RECORDING),
        })
    );
}

#[test]
fn who_took_part_in_the_ticket_does_not_ask_about_it_and_who_is_no_revisitor_does_not_ask_at_all() {
    let mut task = Task::planned();
    for (who, code) in [
        (actor("reviewer1", Role::Revisitor), "revisitor_involved"),
        (actor("handler1", Role::Revisitor), "revisitor_involved"),
        (actor("agent1000", Role::Agent), "not_yours"),
        (actor("somebody", Role::UnitHandler), "not_yours"),
    ] {
        assert_eq!(task.refused((&who).into(), &RevisitCommand::Call), code);
    }
    assert_eq!(task.refused(By::Server, &RevisitCommand::Call), "not_yours");
}

#[test]
fn two_revisitors_do_not_call_the_same_citizen() {
    let mut task = Task::planned();
    let (first, second) = (revisitor(1), revisitor(2));
    task.wish((&first).into(), &RevisitCommand::Call).unwrap();
    for stage in ["taken", "calling"] {
        assert_eq!(task.stage(), stage);
        let busy = "taken_by_somebody_else";
        assert_eq!(task.refused((&second).into(), &RevisitCommand::Call), busy);
        assert_eq!(
            task.refused((&second).into(), &RevisitCommand::Release),
            busy
        );
        assert_eq!(
            task.refused((&first).into(), &RevisitCommand::Call),
            "wrong_stage"
        );
        let _ = task.wish(By::Server, &placed());
    }
    assert_eq!(
        task.refused((&second).into(), &record(RevisitOutcome::Satisfied)),
        "taken_by_somebody_else"
    );
    task.wish(
        (&actor("lead1", Role::TeamLead)).into(),
        &RevisitCommand::Release,
    )
    .unwrap();
    task.wish((&second).into(), &RevisitCommand::Call).unwrap();
}

#[test]
fn a_call_that_could_not_be_placed_gives_the_task_back() {
    let mut task = Task::planned();
    task.wish((&revisitor(1)).into(), &RevisitCommand::Call)
        .unwrap();
    task.wish(By::Server, &RevisitCommand::Release).unwrap();
    assert_eq!(task.stage(), "planned");
    assert!(task.revisit.unwrap().attempts.is_empty());
}

#[test]
fn nothing_is_recorded_about_a_call_that_was_not_placed() {
    let mut task = Task::planned();
    let said = record(RevisitOutcome::Satisfied);
    let code = "revisit_without_recording";
    assert_eq!(task.refused((&revisitor(1)).into(), &said), code);
    task.wish((&revisitor(1)).into(), &RevisitCommand::Call)
        .unwrap();
    assert_eq!(task.refused((&revisitor(1)).into(), &said), code);
}

#[test]
fn no_answer_is_tried_again_three_times_and_is_then_no_answer() {
    let mut task = Task::planned();
    for attempt in 1..=3 {
        let who = revisitor(attempt);
        task.wish((&who).into(), &RevisitCommand::Call).unwrap();
        task.wish(By::Server, &placed()).unwrap();
        task.wish((&who).into(), &record(RevisitOutcome::NoAnswer))
            .unwrap();
        let told = task
            .events
            .last()
            .unwrap()
            .for_ticket(RevisitId(Uuid::nil()));
        assert_eq!(told.is_some(), attempt == 3, "attempt {attempt}");
    }
    let Some(Revisit {
        stage: RevisitStage::Done {
            outcome, rating, ..
        },
        attempts,
        ..
    }) = task.revisit
    else {
        panic!("three calls are enough");
    };
    assert_eq!((outcome, rating), (RevisitOutcome::NoAnswer, None));
    assert_eq!(attempts.len(), 2);
}

#[test]
fn a_wrong_number_or_an_unwilling_citizen_is_not_called_again() {
    for outcome in [RevisitOutcome::WrongNumber, RevisitOutcome::Refused] {
        let mut task = Task::calling();
        task.wish((&revisitor(1)).into(), &record(outcome)).unwrap();
        assert_eq!(task.stage(), "done");
    }
}

#[test]
fn a_rating_that_contradicts_the_outcome_is_refused() {
    let mut task = Task::calling();
    let odd = RevisitCommand::Record {
        outcome: RevisitOutcome::Dissatisfied,
        rating: Some(Rating::Satisfied),
        solved: None,
        remark: String::new(),
    };
    assert_eq!(
        task.refused((&revisitor(1)).into(), &odd),
        "rating_contradicts"
    );
}

#[test]
fn an_ended_revisit_stays_ended() {
    let mut done = Task::calling();
    done.wish((&revisitor(1)).into(), &record(RevisitOutcome::Satisfied))
        .unwrap();
    let mut cancelled = Task::planned();
    cancelled.wish(By::Server, &RevisitCommand::Cancel).unwrap();
    for task in [&mut done, &mut cancelled] {
        for command in [
            RevisitCommand::Call,
            RevisitCommand::Release,
            record(RevisitOutcome::Dissatisfied),
        ] {
            let code = task.refused((&revisitor(1)).into(), &command);
            assert_eq!(code, "wrong_stage", "{}", command.name());
        }
        assert_eq!(
            task.refused(By::Server, &RevisitCommand::Cancel),
            "wrong_stage"
        );
    }
}

#[test]
fn the_json_of_every_event_is_what_it_always_was() {
    let mut events = Task::planned().events;
    let mut task = Task::calling();
    task.wish((&revisitor(1)).into(), &record(RevisitOutcome::NoAnswer))
        .unwrap();
    events.extend(task.events.split_off(1));
    events.push(RevisitEvent::Released);
    let mut task = Task::calling();
    task.wish((&revisitor(1)).into(), &record(RevisitOutcome::Satisfied))
        .unwrap();
    events.extend(task.events.pop());
    events.push(RevisitEvent::Cancelled { at: at(9) });
    for event in &events {
        let json = serde_json::to_value(event).unwrap();
        assert_eq!(json["event"], event.name());
        assert_eq!(
            serde_json::from_value::<RevisitEvent>(json).unwrap(),
            *event
        );
    }
    insta::assert_json_snapshot!("events", events);
}
