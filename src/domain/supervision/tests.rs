use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::domain::id::TicketId;
use crate::domain::staff::{Actor, By, Role};
use crate::domain::ticket::{self, Rules};
use crate::domain::time::Timestamp;

const UNIT: &str = "nj-cgj";

fn at(text: &str) -> Timestamp {
    format!("{text}:00+08:00").parse().unwrap()
}

fn actor(username: &str, role: Role) -> Actor {
    let unit = match role {
        Role::UnitHandler | Role::UnitHead => UNIT,
        _ => "js-12345",
    };
    Actor {
        username: username.into(),
        role,
        unit: unit.into(),
    }
}

struct Story {
    now: Timestamp,
    rules: Rules,
    case: Option<Case>,
    events: Vec<CaseEvent>,
    serial: u64,
}

impl Story {
    /// A Tuesday morning.
    fn new() -> Self {
        Self {
            now: at("2025-06-03T10:00"),
            rules: Rules::provincial("js-12345".into()),
            case: None,
            events: Vec::new(),
            serial: 0,
        }
    }

    fn opened(level: Level) -> Self {
        let mut story = Self::new();
        story.supervisor(&open(level)).unwrap();
        story
    }

    fn wish(&mut self, by: By<'_>, command: &CaseCommand) -> Result<(), Refusal> {
        let policy = Policy::default();
        let events = decide(
            self.now,
            self.case.as_ref(),
            command,
            by,
            &self.rules,
            &policy,
            self.serial + 1,
        )?;
        for event in &events {
            if let Some(notice) = event.notice() {
                assert_eq!(notice, self.serial + 1);
            }
            self.case = Some(apply(self.case.take(), event));
        }
        if events.iter().any(|event| event.notice().is_some()) {
            self.serial += 1;
        }
        self.events.extend(events);
        Ok(())
    }

    fn supervisor(&mut self, command: &CaseCommand) -> Result<(), Refusal> {
        self.wish(By::Person(&actor("sup1", Role::Supervisor)), command)
    }

    fn lead(&mut self, command: &CaseCommand) -> Result<(), Refusal> {
        self.wish(By::Person(&actor("lead1", Role::TeamLead)), command)
    }

    fn unit(&mut self, command: &CaseCommand) -> Result<(), Refusal> {
        self.wish(By::Person(&actor("u1", Role::UnitHandler)), command)
    }

    fn server(&mut self, command: &CaseCommand) -> Result<(), Refusal> {
        self.wish(By::Server, command)
    }

    fn sweep_after(&mut self, time: &str) {
        self.now = at(time);
        self.server(&CaseCommand::Sweep { ticket_done: false })
            .unwrap();
    }

    fn case(&self) -> &Case {
        self.case.as_ref().unwrap()
    }

    /// The unit receives and answers; the supervisor judges.
    fn answered(&mut self, verdict: Verdict) {
        if self.case().rung().received.is_none() {
            self.unit(&CaseCommand::Receive).unwrap();
        }
        self.unit(&answer()).unwrap();
        self.supervisor(&judge(verdict)).unwrap();
    }
}

fn open(level: Level) -> CaseCommand {
    CaseCommand::Open {
        ticket: TicketId(Uuid::from_u128(1)),
        number: "20250603-000001".to_owned(),
        unit: UNIT.into(),
        level,
        reason: "群众反映强烈".to_owned(),
        rule: None,
        trigger: None,
    }
}

fn answer() -> CaseCommand {
    CaseCommand::Answer {
        text: "已组织现场核查".to_owned(),
    }
}

fn judge(verdict: Verdict) -> CaseCommand {
    CaseCommand::Judge {
        verdict,
        remark: "见附件".to_owned(),
    }
}

fn step_up(level: Level) -> CaseCommand {
    CaseCommand::StepUp {
        level,
        reason: "仍未落实".to_owned(),
        answer_days: None,
    }
}

fn convene(lead: Option<&str>) -> CaseCommand {
    CaseCommand::Convene {
        attendees: vec![UNIT.into(), "nj-gdgs".into()],
        minutes: "各单位陈述意见".to_owned(),
        lead: lead.map(Into::into),
    }
}

fn close(outcome: Outcome, finding: Option<&str>) -> CaseCommand {
    CaseCommand::Close {
        outcome,
        evidence: "现场照片及回访录音".to_owned(),
        finding: finding.map(str::to_owned),
    }
}

fn confirm() -> CaseCommand {
    CaseCommand::Confirm {
        proposal: 0,
        kind: MeasureKind::Talk,
        addressee: "市城市管理局主要负责人".to_owned(),
        text: "请于6月20日下午到联席会议办公室接受约谈".to_owned(),
    }
}

#[test]
fn silence_climbs_from_tracking_to_a_proposed_measure() {
    let mut story = Story::opened(Level::Track);
    assert_eq!(story.case().rung().notice, None);
    assert_eq!(story.case().rung().due, at("2025-06-10T18:00"));
    story.sweep_after("2025-06-10T18:01");
    assert_eq!(story.case().level(), Level::Urge);
    assert_eq!(story.case().rung().due, at("2025-06-11T18:00"));
    story.sweep_after("2025-06-11T18:01");
    assert_eq!(story.case().level(), Level::Supervise);
    assert_eq!(story.case().rung().by, None);
    story.sweep_after("2025-06-16T18:01");
    let proposals: Vec<_> = story.case().open_proposals().collect();
    assert_eq!(proposals.len(), 1);
    assert_eq!(proposals[0].trigger, Trigger::StillInactive);
    // A measure against anybody is a person's decision.
    assert_eq!(story.case().level(), Level::Supervise);
    story.supervisor(&confirm()).unwrap();
    assert_eq!(story.case().level(), Level::Account);
    assert_eq!(
        story
            .case()
            .rungs
            .iter()
            .map(|rung| rung.notice)
            .collect::<Vec<_>>(),
        [None, Some(1), Some(2), None]
    );
    assert_eq!(story.case().measures[0].notice, 3);
}

#[test]
fn urging_ends_by_itself_when_the_ticket_is_done_and_supervision_does_not() {
    let mut story = Story::opened(Level::Urge);
    story.now = at("2025-06-04T18:01");
    story
        .server(&CaseCommand::Sweep { ticket_done: true })
        .unwrap();
    assert_eq!(story.case().closed.as_ref().unwrap().by, None);

    let mut story = Story::opened(Level::Supervise);
    story.now = at("2025-06-06T18:01");
    story
        .server(&CaseCommand::Sweep { ticket_done: true })
        .unwrap();
    assert!(story.case().is_open());
}

#[test]
fn a_notice_is_received_answered_judged_and_closed_with_evidence() {
    let mut story = Story::opened(Level::Supervise);
    assert_eq!(story.unit(&answer()), Err(Refusal::NotReceived));
    story.unit(&CaseCommand::Receive).unwrap();
    assert_eq!(
        story.unit(&CaseCommand::Receive),
        Err(Refusal::AlreadyReceived)
    );
    story.unit(&answer()).unwrap();
    assert_eq!(story.unit(&answer()), Err(Refusal::AnswerWaits));
    assert_eq!(
        story.supervisor(&close(Outcome::Resolved, Some("可以办而未办"))),
        Err(Refusal::NoAcceptedAnswer)
    );
    story.supervisor(&judge(Verdict::Insufficient)).unwrap();
    // An answer that was not good enough is bettered within the same limit.
    let due = story.case().rung().due;
    story.unit(&answer()).unwrap();
    story.supervisor(&judge(Verdict::Accepted)).unwrap();
    assert_eq!(story.case().rung().due, due);
    assert_eq!(story.unit(&answer()), Err(Refusal::AlreadyAnswered));
    assert_eq!(
        story.supervisor(&close(Outcome::Resolved, None)),
        Err(Refusal::Missing {
            field: "研判结论",
            article: "26"
        })
    );
    story
        .supervisor(&close(Outcome::Resolved, Some("可以办而未办, 现已落实")))
        .unwrap();
    assert_eq!(story.unit(&answer()), Err(Refusal::AlreadyClosed));
}

#[test]
fn the_ladder_goes_up_only_and_each_role_only_as_far_as_it_may() {
    let mut story = Story::new();
    for level in Level::ALL {
        let refused = story.lead(&open(level)).is_err();
        assert_eq!(refused, level > Level::Urge, "{level:?}");
        story.case = None;
        let refused = story.unit(&open(level)).is_err();
        assert!(refused);
    }
    for (from, now) in Level::ALL.into_iter().take(5).enumerate() {
        for (to, next) in Level::ALL.into_iter().take(5).enumerate() {
            let mut story = Story::opened(now);
            let done = story.supervisor(&step_up(next));
            if to > from {
                assert_eq!(done, Ok(()));
            } else {
                assert_eq!(done, Err(Refusal::NotUp { now: now.name() }));
            }
        }
    }
    // The last step is taken by confirming what article 26 names.
    let mut story = Story::opened(Level::Supervise);
    assert_eq!(
        story.supervisor(&step_up(Level::Account)),
        Err(Refusal::NoSuchProposal)
    );
}

#[test]
fn an_evasive_answer_after_supervision_is_proposed_and_before_it_is_not() {
    let mut story = Story::opened(Level::Urge);
    story.answered(Verdict::Evasive);
    assert_eq!(story.case().proposals, []);
    let mut story = Story::opened(Level::Supervise);
    story.answered(Verdict::Evasive);
    assert_eq!(story.case().proposals[0].trigger, Trigger::StillInactive);
    // The same is not proposed twice.
    story.answered(Verdict::Evasive);
    assert_eq!(story.case().proposals.len(), 1);
    assert_eq!(
        story.supervisor(&close(Outcome::ToAccountability, Some("推诿"))),
        Err(Refusal::ProposalOpen)
    );
    story
        .supervisor(&CaseCommand::Dismiss {
            proposal: 0,
            reason: "单位已补充材料".to_owned(),
        })
        .unwrap();
    assert_eq!(story.supervisor(&confirm()), Err(Refusal::NoSuchProposal));
}

#[test]
fn coordination_appoints_a_lead_or_fails_repeatedly() {
    let mut story = Story::opened(Level::Supervise);
    assert_eq!(
        story.supervisor(&convene(None)),
        Err(Refusal::NotCoordinating)
    );
    story.supervisor(&step_up(Level::Coordinate)).unwrap();
    story.supervisor(&convene(None)).unwrap();
    assert_eq!(story.case().proposals, []);
    story.supervisor(&convene(None)).unwrap();
    assert_eq!(
        story.case().proposals[0].trigger,
        Trigger::CoordinationFailed
    );
    let rebind = CaseCommand::Rebind {
        co_handlers: vec![UNIT.into()],
    };
    assert_eq!(story.supervisor(&rebind), Err(Refusal::NoLeadAppointed));
    story
        .supervisor(&CaseCommand::Dismiss {
            proposal: 0,
            reason: "第三次会议已明确".to_owned(),
        })
        .unwrap();
    story.supervisor(&convene(Some("nj-gdgs"))).unwrap();
    assert_eq!(
        story.supervisor(&close(Outcome::Resolved, Some("职责交叉"))),
        Err(Refusal::NotRebound)
    );
    story.supervisor(&rebind).unwrap();
    let wish = story.events.last().unwrap().for_ticket().unwrap();
    let ticket::Command::Dispatch {
        lead, co_handlers, ..
    } = wish
    else {
        panic!("{wish:?}");
    };
    assert_eq!((lead, co_handlers), ("nj-gdgs".into(), vec![UNIT.into()]));
    assert_eq!(story.case().unit, "nj-gdgs".into());
    assert_eq!(story.supervisor(&rebind), Err(Refusal::AlreadyRebound));
    story
        .supervisor(&close(Outcome::Resolved, Some("职责交叉")))
        .unwrap();
}

#[test]
fn only_a_recheck_ends_unfounded() {
    let mut story = Story::opened(Level::Recheck);
    story
        .supervisor(&close(Outcome::Unfounded, Some("录音证实已联系")))
        .unwrap();
    let mut story = Story::opened(Level::Supervise);
    assert_eq!(
        story.supervisor(&close(Outcome::Unfounded, Some("无"))),
        Err(Refusal::OnlyARecheckIsUnfounded)
    );
}

#[test]
fn a_case_is_closed_by_its_owner_or_a_supervisor() {
    let mut story = Story::new();
    story.lead(&open(Level::Urge)).unwrap();
    story.answered(Verdict::Accepted);
    let other = actor("lead2", Role::TeamLead);
    let refused = story.wish(By::Person(&other), &close(Outcome::Resolved, None));
    assert_eq!(refused.unwrap_err().code(), "not_yours");
    story.lead(&close(Outcome::Resolved, None)).unwrap();
}

#[test]
fn what_a_person_wrote_cannot_become_markup_of_a_notice() {
    let mut story = Story::new();
    let CaseCommand::Open {
        ticket,
        number,
        unit,
        level,
        rule,
        trigger,
        ..
    } = open(Level::Supervise)
    else {
        unreachable!()
    };
    let reason = "<script>alert(1)</script>".to_owned();
    story
        .supervisor(&CaseCommand::Open {
            ticket,
            number,
            unit,
            level,
            reason,
            rule,
            trigger,
        })
        .unwrap();
    let draft = ticket::Event::Opened {
        at: story.now,
        source: ticket::Source::Phone,
        contact: None,
        call: None,
        caller: None,
        desk: "js-12345".into(),
    };
    let ticket = ticket::fold(&[draft]).unwrap();
    let case = story.case();
    let notice = Notice::of_rung(case, case.rung(), &ticket, "市城市管理局").unwrap();
    assert_eq!(notice.number, "12345督办〔2025〕1号");
    assert!(!notice.html().contains("<script>"), "{}", notice.html());
    insta::assert_snapshot!("notice", notice.text());
}

#[test]
fn every_refusal_has_an_article_and_a_chinese_sentence() {
    let refusals = [
        Refusal::NoSuchCase,
        Refusal::AlreadyClosed,
        Refusal::TooLong {
            field: "事由",
            max: 1,
        },
        Refusal::NotUp { now: "催办" },
        Refusal::BadLimit { max: 30 },
        Refusal::NoNotice,
        Refusal::AlreadyReceived,
        Refusal::NotReceived,
        Refusal::AnswerWaits,
        Refusal::AlreadyAnswered,
        Refusal::NothingToJudge,
        Refusal::NotCoordinating,
        Refusal::BadAttendees { max: 50 },
        Refusal::NoLeadAppointed,
        Refusal::AlreadyRebound,
        Refusal::AlreadyProposed,
        Refusal::NoSuchProposal,
        Refusal::ProposalOpen,
        Refusal::NoAcceptedAnswer,
        Refusal::NotRebound,
        Refusal::OnlyARecheckIsUnfounded,
        Refusal::NothingDue,
        Refusal::AlreadyOpen,
        Refusal::NobodyToSupervise,
        Refusal::KeyUsed,
    ];
    let codes: BTreeSet<_> = refusals.iter().map(Refusal::code).collect();
    assert_eq!(codes.len(), refusals.len());
    for refusal in refusals {
        assert!(matches!(refusal.article(), "24" | "26"), "{refusal:?}");
        assert!(
            refusal.detail().contains(|c| ('一'..='龥').contains(&c)),
            "{refusal:?}"
        );
    }
}

#[test]
fn the_shape_of_stored_events_is_pinned() {
    let mut story = Story::opened(Level::Track);
    story
        .supervisor(&CaseCommand::Assign {
            owner: "lead1".into(),
        })
        .unwrap();
    story.supervisor(&step_up(Level::Supervise)).unwrap();
    story.answered(Verdict::Insufficient);
    story.sweep_after("2025-06-06T18:01");
    story.supervisor(&confirm()).unwrap();
    let dismissed = CaseCommand::Propose {
        trigger: Trigger::DutyRefused,
        reason: "职责清单已明确".to_owned(),
    };
    story.supervisor(&dismissed).unwrap();
    story
        .supervisor(&CaseCommand::Dismiss {
            proposal: 1,
            reason: "已承接".to_owned(),
        })
        .unwrap();
    story
        .supervisor(&close(Outcome::ToAccountability, Some("可以办而未办")))
        .unwrap();
    let mut events = story.events;
    let mut story = Story::opened(Level::Coordinate);
    story.supervisor(&convene(Some("nj-gdgs"))).unwrap();
    story
        .supervisor(&CaseCommand::Rebind {
            co_handlers: vec![],
        })
        .unwrap();
    events.extend(story.events.split_off(1));
    let names: BTreeSet<_> = events.iter().map(CaseEvent::name).collect();
    assert_eq!(names.len(), 13, "one of each: {names:?}");
    for event in &events {
        let json = serde_json::to_value(event).unwrap();
        assert_eq!(json["event"], event.name());
        assert_eq!(serde_json::from_value::<CaseEvent>(json).unwrap(), *event);
    }
    insta::assert_json_snapshot!("events", events);
}
