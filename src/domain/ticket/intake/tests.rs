//! What the desk may do with a demand before it is dispatched, and what is refused.

use super::*;
use crate::domain::identity::{IdKind, Identity, Verification};
use crate::domain::staff::{Actor, By, Role};
use crate::domain::ticket::{
    Applicant, Command as TicketCommand, DeadlineKind, Demand, Event as TicketEvent, Kind,
    Petitioner, Refusal, Rules, Stage, Task, Ticket, apply, decide, fold, remaining,
};
use crate::domain::ticket::{FormField, Limits, RuleSet};

fn at(minutes: i64) -> Timestamp {
    "2025-01-24T09:00:00+08:00"
        .parse::<Timestamp>()
        .unwrap()
        .plus_millis(minutes * 60_000)
}

fn person(role: Role) -> Actor {
    let unit = match role {
        Role::Specialist | Role::UnitHandler => "js-rst",
        _ => "js-12345",
    };
    Actor {
        username: role.code().into(),
        role,
        unit: unit.into(),
    }
}

fn demand() -> Demand {
    Demand {
        title: "社保转移".to_owned(),
        content: "养老保险怎么转到外省".to_owned(),
        kind: Kind::Inquiry,
        petitioner: Petitioner {
            name: "王女士".to_owned(),
            phone: None,
            applicant: Applicant::Person,
            secrecy: false,
            firm: None,
        },
        address: None,
        category: None,
        fields: std::collections::BTreeMap::new(),
    }
}

fn origin(group: SourceGroup) -> Origin {
    Origin {
        group,
        service: (group == SourceGroup::ProvincialService).then_some(ServiceType::Inquiry),
        channel: Channel::Platform,
        system: "nj-12345".to_owned(),
        id: "NJ-2025-0001".to_owned(),
        received_at: at(-5),
        raw_sha256: "00".repeat(32),
        issuer: Some("省政府办公厅".to_owned()),
        document: Some("苏政办〔2025〕1号".to_owned()),
    }
}

/// A ticket and the rules it lives under.
struct Case {
    ticket: Option<Ticket>,
    rules: Rules,
}

impl Case {
    fn accepted(origin: Origin) -> Result<Self, Refusal> {
        let mut case = Self {
            ticket: None,
            rules: Rules::provincial("js-12345".into()),
        };
        case.be(0, Role::Agent, accept(origin))?;
        Ok(case)
    }

    fn registered() -> Self {
        Self::accepted(origin(SourceGroup::ProvincialService)).unwrap()
    }

    fn be(&mut self, minute: i64, role: Role, command: Command) -> Result<(), Refusal> {
        self.wish(minute, role, TicketCommand::Intake(command))
    }

    fn wish(&mut self, minute: i64, role: Role, command: TicketCommand) -> Result<(), Refusal> {
        let actor = person(role);
        self.by(minute, By::Person(&actor), command)
    }

    fn by(&mut self, minute: i64, by: By<'_>, command: TicketCommand) -> Result<(), Refusal> {
        let events = decide(at(minute), self.ticket.as_ref(), &command, by, &self.rules)?;
        self.ticket = match self.ticket.take() {
            None => fold(&events),
            Some(ticket) => Some(events.iter().fold(ticket, |t, e| apply(Some(t), e))),
        };
        Ok(())
    }

    fn ticket(&self) -> &Ticket {
        self.ticket.as_ref().unwrap()
    }
}

fn accept(origin: Origin) -> Command {
    Command::Accept(Box::new(Acceptance {
        origin,
        demand: demand(),
        identity: Some(Identity::parse(IdKind::ResidentId, "11010519491231002X").unwrap()),
        mobile: None,
        legal_person: None,
    }))
}

fn refuse(ground: Ground) -> Command {
    Command::Refuse {
        ground,
        explanation: "已向诉求人说明不予受理的原因".to_owned(),
    }
}

/// A refusal's code and article.
fn no(result: Result<(), Refusal>) -> (&'static str, &'static str) {
    let refusal = result.unwrap_err();
    (refusal.code(), refusal.article())
}

#[test]
fn all_six_groups_of_article_8_are_taken_with_what_each_needs() {
    for group in SourceGroup::ALL {
        let case = Case::accepted(origin(group)).unwrap();
        let ticket = case.ticket();
        assert_eq!(ticket.intake.origin.as_ref().unwrap().group, group);
        assert!(matches!(ticket.stage, Stage::Registered { promise: None }));
        assert!(ticket.intake.real_name.is_some());
    }
    let without_service = Origin {
        service: None,
        ..origin(SourceGroup::ProvincialService)
    };
    let with_service = Origin {
        service: Some(ServiceType::Inquiry),
        ..origin(SourceGroup::CrossCity)
    };
    let without_document = Origin {
        document: None,
        ..origin(SourceGroup::AssignedTask)
    };
    for (origin, expected) in [
        (without_service, ("missing", "8(1)")),
        (with_service, ("contradiction", "8(2)")),
        (without_document, ("missing", "8(6)")),
    ] {
        assert_eq!(no(Case::accepted(origin).map(drop)), expected);
    }
}

#[test]
fn who_must_go_another_way_is_told_it_with_the_law_by_the_rules_in_force() {
    let city = RuleSet {
        version: "宁政办发〔2025〕1号".to_owned(),
        from: jiff::civil::date(2020, 4, 23),
        guidance: vec![Guidance {
            procedure: Procedure::Arbitration,
            law: "《南京市劳动人事争议仲裁指引》".to_owned(),
            text: "请到水西门大街61号申请。".to_owned(),
        }],
        ..RuleSet::provincial()
    };
    assert_eq!(city.check(), Ok(()));
    let laws = Procedure::ALL.map(|procedure| {
        let mut case = Case::registered();
        case.rules = case.rules.clone().with_set(city.clone());
        let ground = Ground::OtherProcedure {
            procedure,
            case_reference: Some("2025-1".to_owned()),
        };
        case.be(1, Role::Agent, refuse(ground)).unwrap();
        let said = case
            .ticket()
            .intake
            .not_accepted()
            .unwrap()
            .guidance
            .clone();
        let said = said.expect("every procedure has its guidance");
        assert_eq!(said.procedure, procedure);
        assert!(said.text.chars().count() >= 10, "{said:?}");
        said.law
    });
    assert_eq!(laws[1], "《南京市劳动人事争议仲裁指引》", "the city's own");
    for (law, name) in [
        (&laws[0], "信访工作条例"),
        (&laws[2], "行政复议法"),
        (&laws[3], "行政诉讼法"),
    ] {
        assert!(law.contains(name), "the province's for the others: {law}");
    }
    let mut case = Case::registered();
    let outside = Ground::OutsideJiangsu {
        hotline: "上海12345".to_owned(),
    };
    case.be(1, Role::Agent, refuse(outside)).unwrap();
    assert_eq!(case.ticket().intake.not_accepted().unwrap().guidance, None);
}

#[test]
fn each_ground_of_article_9_needs_what_it_needs() {
    let vague = |text: &str| Ground::MaliciousOrVague {
        asked_for: text.to_owned(),
    };
    let procedure = |procedure, reference: Option<&str>| Ground::OtherProcedure {
        procedure,
        case_reference: reference.map(str::to_owned),
    };
    let other = || Ground::Other {
        reason: "市场调查".to_owned(),
    };
    let outside = |hotline: &str| Ground::OutsideJiangsu {
        hotline: hotline.to_owned(),
    };
    let table = [
        (outside(""), Role::Agent, Some(("missing", "9(1)"))),
        (outside("上海12345"), Role::Agent, None),
        (
            procedure(Procedure::Petition, None),
            Role::Agent,
            Some(("missing", "9(2)")),
        ),
        (
            procedure(Procedure::Petition, Some("苏信2025-1")),
            Role::Agent,
            None,
        ),
        // 须通过诉讼: there is no case yet.
        (procedure(Procedure::Litigation, None), Role::Agent, None),
        (vague(" "), Role::Agent, Some(("missing", "9(4)"))),
        (other(), Role::Agent, Some(("not_yours", "9(6)"))),
        (other(), Role::TeamLead, Some(("not_yours", "9(6)"))),
        (other(), Role::Supervisor, None),
        (
            outside("上海12345"),
            Role::UnitHandler,
            Some(("not_yours", "9")),
        ),
    ];
    for (ground, role, expected) in table {
        let mut case = Case::registered();
        let done = case.be(1, role, refuse(ground.clone()));
        match expected {
            Some(expected) => assert_eq!(no(done), expected, "{ground:?}"),
            None => {
                done.unwrap();
                assert_eq!(case.ticket().stage.code(), "voided", "{ground:?}");
            }
        }
    }
    let mut silent = Case::registered();
    let unexplained = Command::Refuse {
        ground: outside("上海12345"),
        explanation: " ".to_owned(),
    };
    assert_eq!(
        no(silent.be(1, Role::Agent, unexplained)),
        ("missing", "10")
    );
}

#[test]
fn a_refusal_as_vague_stands_only_after_somebody_else_looked_at_it() {
    let mut case = Case::registered();
    let vague = refuse(Ground::MaliciousOrVague {
        asked_for: "请问具体地点和时间".to_owned(),
    });
    case.be(1, Role::TeamLead, vague.clone()).unwrap();
    assert_eq!(case.ticket().stage.code(), "registered");
    let answer = TicketCommand::AnswerOnCall {
        answer: "已解答".to_owned(),
        knowledge: None,
    };
    assert_eq!(
        no(case.wish(2, Role::Agent, answer)),
        ("awaiting_decision", "11(4)")
    );
    let review = |granted| Command::ReviewRefusal {
        granted,
        reason: "可以补充核实".to_owned(),
    };
    assert_eq!(
        no(case.be(2, Role::TeamLead, review(true))),
        ("not_yours", "9(4)")
    );
    case.be(3, Role::Supervisor, review(false)).unwrap();
    assert_eq!(case.ticket().stage.code(), "registered");
    case.be(4, Role::TeamLead, vague).unwrap();
    case.be(5, Role::Supervisor, review(true)).unwrap();
    assert_eq!(case.ticket().stage.code(), "voided");
}

#[test]
fn what_is_secret_is_sealed_and_goes_no_further() {
    let mut case = Case::registered();
    let secret = Ground::Secret {
        kind: SecretKind::Commercial,
    };
    case.be(1, Role::Agent, refuse(secret)).unwrap();
    assert!(case.ticket().intake.is_sealed());
    assert_eq!(case.ticket().stage.code(), "voided");

    let mut later = Case::registered();
    let seal = || Command::Seal {
        kind: SecretKind::State,
    };
    assert_eq!(no(later.be(1, Role::Agent, seal())), ("not_yours", "9(3)"));
    later.be(1, Role::Supervisor, seal()).unwrap();
    let answer = TicketCommand::AnswerOnCall {
        answer: "已解答".to_owned(),
        knowledge: None,
    };
    assert_eq!(no(later.wish(2, Role::Agent, answer)), ("sealed", "9(3)"));
}

#[test]
fn a_report_goes_to_a_superior_in_time_and_the_petitioner_is_told() {
    let mut case = Case::registered();
    let report = || Command::ReportUp {
        question: "是否属于受理范围".to_owned(),
    };
    let decided = || Command::DecideReport {
        in_scope: true,
        decision: "予以受理".to_owned(),
    };
    let told = || Command::NotifyPetitioner {
        how: "电话告知".to_owned(),
    };
    case.be(1, Role::TeamLead, report()).unwrap();
    for (role, wish, expected) in [
        (Role::Agent, report(), ("awaiting_decision", "11(4)")),
        (Role::TeamLead, decided(), ("not_yours", "10")),
        (Role::Agent, told(), ("nothing_to_decide", "11(4)")),
    ] {
        assert_eq!(no(case.be(3, role, wish)), expected);
    }

    let wake = case.ticket().wake_at().unwrap();
    assert!(wake > at(31), "in time until the last instant");
    case.by(32, By::Server, TicketCommand::Sweep).unwrap();
    assert!(case.ticket().intake.reports[0].lapsed);
    assert_eq!(
        no(case.by(33, By::Server, TicketCommand::Sweep)),
        ("nothing_due", "11(3)")
    );

    case.be(40, Role::Supervisor, decided()).unwrap();
    case.be(41, Role::Agent, told()).unwrap();
    let decision = case.ticket().intake.reports[0].decision.as_ref().unwrap();
    assert_eq!(decision.by, "supervisor".into());
    assert_eq!(decision.notice.as_ref().unwrap().how, "电话告知");
}

/// What waits, for whom, and until when.
fn waits(case: &Case) -> Vec<(Task, &str, Option<Timestamp>)> {
    let todos = case.ticket().todos();
    todos
        .into_iter()
        .map(|todo| {
            let due = todo.clock.and_then(|clock| clock.due());
            (todo.task, todo.unit.0.as_str(), due)
        })
        .collect()
}

#[test]
fn what_somebody_has_to_say_first_is_a_list_of_theirs() {
    let mut case = Case::registered();
    assert_eq!(waits(&case), [(Task::Dispatch, "js-12345", None)]);
    case.be(
        1,
        Role::Agent,
        Command::ReportUp {
            question: "是否属于受理范围".to_owned(),
        },
    )
    .unwrap();
    // Thirty minutes of natural time, of which the last six are nearly over.
    assert_eq!(
        waits(&case),
        [(Task::DecideReport, "js-12345", Some(at(31)))]
    );
    let clocks = remaining(at(26), case.ticket(), &case.rules);
    assert_eq!(clocks.len(), 1);
    assert_eq!(clocks[0].kind, DeadlineKind::DecideReportBy);
    assert_eq!(clocks[0].working_left_ms, Some(5 * 60_000));
    assert!(clocks[0].is_due_soon && !clocks[0].is_overdue);
    assert!(remaining(at(32), case.ticket(), &case.rules)[0].is_overdue);
    case.be(
        2,
        Role::Supervisor,
        Command::DecideReport {
            in_scope: true,
            decision: "予以受理".to_owned(),
        },
    )
    .unwrap();
    assert_eq!(waits(&case), [(Task::Dispatch, "js-12345", None)]);

    case.be(
        3,
        Role::Agent,
        refuse(Ground::MaliciousOrVague {
            asked_for: "时间和地点".to_owned(),
        }),
    )
    .unwrap();
    assert_eq!(waits(&case), [(Task::ReviewRefusal, "js-12345", None)]);
    case.be(
        4,
        Role::TeamLead,
        Command::ReviewRefusal {
            granted: false,
            reason: "内容具体".to_owned(),
        },
    )
    .unwrap();
    case.be(
        5,
        Role::Agent,
        Command::HandToSeat {
            unit: "js-rst".into(),
            note: "咨询转移接续".to_owned(),
            call: None,
        },
    )
    .unwrap();
    assert_eq!(
        waits(&case),
        [(Task::AnswerAtSeat, "js-rst", Some(at(125)))]
    );
}

#[test]
fn codes_come_before_every_disposition_once_the_province_asks_for_them() {
    let province = RuleSet {
        limits: Limits {
            classify_first: true,
            ..Limits::default()
        },
        ..RuleSet::provincial()
    };
    assert_eq!(province.check(), Ok(()));
    let begun = || {
        let mut case = Case::registered();
        case.rules = case.rules.clone().with_set(province.clone());
        assert_eq!(case.rules.sets(), std::slice::from_ref(&province));
        case
    };
    let classify = || Command::Classify {
        category: "0201".to_owned(),
        field: "人社".to_owned(),
        department: Some("js-rst".into()),
        standard: Some("04.02".to_owned()),
    };
    let to_seat = || {
        TicketCommand::Intake(Command::HandToSeat {
            unit: "js-rst".into(),
            note: "咨询转移接续".to_owned(),
            call: None,
        })
    };
    let dispositions = [
        TicketCommand::AnswerOnCall {
            answer: "到窗口或网上办理".to_owned(),
            knowledge: Some("社保转移 v3".to_owned()),
        },
        TicketCommand::Dispatch {
            lead: "js-rst".into(),
            co_handlers: Vec::new(),
            basis: None,
            urgent: false,
        },
        to_seat(),
    ];
    for wish in dispositions {
        let mut case = begun();
        assert!(case.ticket().wants_codes(&province.limits));
        let refused = no(case.wish(1, Role::Agent, wish.clone()));
        assert_eq!(refused, ("not_classified", "11(2)"), "{}", wish.name());
        case.be(2, Role::Agent, classify()).unwrap();
        case.wish(3, Role::Agent, wish).unwrap();
        assert!(!case.ticket().wants_codes(&province.limits));
        let coded = case.ticket().intake.classification.as_ref().unwrap();
        assert_eq!(coded.standard.as_deref(), Some("04.02"));
    }
    // One that was at a seat before the province asked.
    let mut case = Case::registered();
    case.wish(1, Role::Agent, to_seat()).unwrap();
    case.be(2, Role::Specialist, Command::TakeAtSeat).unwrap();
    case.rules = case.rules.clone().with_set(province.clone());
    let answer = || Command::AnswerAtSeat {
        answer: "可网上申请".to_owned(),
        knowledge: None,
    };
    let refused = no(case.be(3, Role::Specialist, answer()));
    assert_eq!(refused, ("not_classified", "11(2)"));
    case.be(4, Role::Agent, classify()).unwrap();
    case.be(5, Role::Specialist, answer()).unwrap();
}

#[test]
fn a_citys_desk_asks_its_own_fields_over_the_provinces() {
    let field = |key: &str, required, choices: &[&str]| FormField {
        key: key.to_owned(),
        name: format!("项目{key}"),
        required,
        choices: choices.iter().map(|one| (*one).to_owned()).collect(),
    };
    let province = RuleSet {
        form: vec![
            field("area", false, &["江南", "江北"]),
            field("lang", false, &[]),
        ],
        ..RuleSet::provincial()
    };
    let city = RuleSet {
        version: "宁政办发〔2025〕1号".to_owned(),
        city: Some("nanjing".into()),
        form: vec![
            field("area", true, &["玄武", "建邺"]),
            field("estate", false, &[]),
        ],
        ..RuleSet::provincial()
    };
    assert_eq!((province.check(), city.check()), (Ok(()), Ok(())));
    let rules = Rules::provincial("js-12345".into())
        .with_tree([("nj-12345".into(), "nanjing".into())])
        .with_set(province)
        .with_set(city);
    let keys = |unit: &str| -> Vec<String> {
        let form = rules.form(at(0), &unit.into());
        form.into_iter().map(|field| field.key).collect()
    };
    assert_eq!(keys("js-12345"), ["area", "lang"]);
    assert_eq!(keys("nj-12345"), ["area", "lang", "estate"]);
    let register = |unit: &str, given: &[(&str, &str)]| {
        let Demand {
            title,
            content,
            kind,
            petitioner,
            address,
            category,
            fields: _,
        } = demand();
        let wish = TicketCommand::Register {
            title,
            content,
            kind,
            petitioner,
            address,
            category,
            fields: given
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let agent = Actor {
            unit: unit.into(),
            ..person(Role::Agent)
        };
        decide(at(0), None, &wish, By::Person(&agent), &rules)
    };
    let estate = [("area", "玄武"), ("estate", "紫金苑")];
    let events = register("nj-12345", &estate).unwrap();
    let kept = fold(&events).unwrap().demand.unwrap().fields;
    assert_eq!(kept["estate"], "紫金苑");
    assert!(register("js-12345", &[("area", "江北")]).is_ok());
    for (unit, given) in [
        ("nj-12345", &[][..]),
        ("nj-12345", &[("area", "江北")][..]),
        ("nj-12345", &[("area", "玄武"), ("estate", " ")][..]),
        ("js-12345", &estate[..]),
    ] {
        let refused = no(register(unit, given).map(|_| ()));
        assert_eq!(refused, ("bad_field", "32"), "{unit} {given:?}");
    }
}

#[test]
fn a_seat_takes_the_demand_over_with_the_ticket_and_answers_it() {
    let mut case = Case::registered();
    let hand = |unit: &str| Command::HandToSeat {
        unit: unit.into(),
        note: "咨询转移接续".to_owned(),
        call: None,
    };
    let answer = || Command::AnswerAtSeat {
        answer: "可网上申请".to_owned(),
        knowledge: None,
    };
    let take = || Command::TakeAtSeat;
    case.be(1, Role::Agent, hand("js-ybj")).unwrap();
    assert_eq!(
        no(case.be(2, Role::Specialist, take())),
        ("not_yours", "11(2)")
    );
    case.be(3, Role::Agent, hand("js-rst")).unwrap();
    assert_eq!(
        no(case.be(4, Role::Specialist, answer())),
        ("missing", "11(2)")
    );
    case.be(4, Role::Specialist, take()).unwrap();
    assert_eq!(
        no(case.be(5, Role::Specialist, take())),
        ("taken_by_somebody_else", "11(5)")
    );
    // A superior was asked whether it is ours at all: the seat waits like everybody.
    let ask = Command::ReportUp {
        question: "是否属于受理范围".to_owned(),
    };
    case.be(6, Role::Agent, ask).unwrap();
    assert_eq!(
        no(case.be(7, Role::Specialist, answer())),
        ("awaiting_decision", "11(4)")
    );
    let ours = Command::DecideReport {
        in_scope: true,
        decision: "受理".to_owned(),
    };
    case.be(8, Role::TeamLead, ours).unwrap();
    case.be(9, Role::Specialist, answer()).unwrap();
    assert_eq!(case.ticket().stage.code(), "closed");
}

#[test]
fn a_seat_that_does_not_answer_in_two_hours_gives_the_demand_back_to_the_desk() {
    let mut case = Case::registered();
    let hand = || Command::HandToSeat {
        unit: "js-rst".into(),
        note: "咨询转移接续".to_owned(),
        call: None,
    };
    case.be(1, Role::Agent, hand()).unwrap();
    let due = Some(at(121));
    assert_eq!(waits(&case), [(Task::AnswerAtSeat, "js-rst", due)]);
    assert_eq!(case.ticket().wake_at(), Some(at(121).plus_millis(1)));
    case.be(2, Role::Specialist, Command::TakeAtSeat).unwrap();
    // In time until the last instant.
    assert_eq!(
        no(case.by(121, By::Server, TicketCommand::Sweep)),
        ("nothing_due", "11(3)")
    );
    case.by(122, By::Server, TicketCommand::Sweep).unwrap();
    assert!(case.ticket().intake.seat.as_ref().unwrap().lapsed);
    assert_eq!(waits(&case), [(Task::Dispatch, "js-12345", None)]);
    assert_eq!(case.ticket().wake_at(), None);
    // Late is better than never, as long as nobody else has it.
    let answer = Command::AnswerAtSeat {
        answer: "可网上申请".to_owned(),
        knowledge: None,
    };
    let mut late = Case::registered();
    late.be(1, Role::Agent, hand()).unwrap();
    late.be(2, Role::Specialist, Command::TakeAtSeat).unwrap();
    late.by(122, By::Server, TicketCommand::Sweep).unwrap();
    late.be(130, Role::Specialist, answer).unwrap();
    assert_eq!(late.ticket().stage.code(), "closed");
    // Handed over again, it has its time again.
    case.be(140, Role::Agent, hand()).unwrap();
    assert_eq!(
        waits(&case),
        [(Task::AnswerAtSeat, "js-rst", Some(at(260)))]
    );
}

#[test]
fn nobody_is_born_tomorrow_and_a_stated_identity_is_not_a_verified_one() {
    let mut case = Case::registered();
    let stated = case.ticket().intake.real_name.clone().unwrap();
    assert_eq!(stated.verification, Verification::Stated);
    let verify = Command::VerifyIdentity {
        matches: true,
        method: "国家平台核验".to_owned(),
    };
    case.be(1, Role::Agent, verify).unwrap();
    let shown = serde_json::to_value(&case.ticket().intake.real_name).unwrap();
    assert_eq!(shown["verification"]["verification"], "verified");

    // Born at the end of 2016, which is to come in 2015.
    let child = Identity::parse(IdKind::ResidentId, "110105201612310784").unwrap();
    let early: Timestamp = "2015-01-01T00:00:00+08:00".parse().unwrap();
    let minute = early.millis_since(at(0)) / 60_000;
    let identify = Command::Identify {
        identity: child,
        mobile: None,
        legal_person: None,
    };
    assert_eq!(
        no(case.be(minute, Role::Agent, identify)),
        ("bad_identity", "11(1)")
    );
}

#[test]
fn the_facet_is_told_among_the_tickets_events_in_the_same_shape() {
    let event = TicketEvent::Intake(Event::TakenAtSeat {
        at: at(0),
        by: "specialist".into(),
    });
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(
        json,
        r#"{"event":"taken_at_seat","at":"2025-01-24T09:00:00.000+08:00","by":"specialist"}"#
    );
    assert_eq!(serde_json::from_str::<TicketEvent>(&json).unwrap(), event);
}

#[test]
fn what_a_partner_says_is_kept_in_the_same_shape() {
    let passed = PassedOn {
        at: at(0),
        by: "agent".into(),
        partner: "sh-12345".to_owned(),
        reason: "事发地在上海市".to_owned(),
        call: None,
        words: Vec::new(),
        ended: None,
    };
    let word = PartnerWord {
        at: at(1),
        by: None,
        kind: WordKind::Received,
        text: "编号 SH-77".to_owned(),
        id: Some("w-1".to_owned()),
    };
    let back = Event::TakenBack {
        at: at(2),
        by: "team_lead".into(),
        reason: "本省事项".to_owned(),
    };
    for (event, written) in [
        (
            Event::PassedOn { passed },
            r#"{"event":"passed_on","passed":{"at":"2025-01-24T09:00:00.000+08:00","by":"agent","partner":"sh-12345","reason":"事发地在上海市"}}"#,
        ),
        (
            Event::PartnerHeard { word },
            r#"{"event":"partner_heard","word":{"at":"2025-01-24T09:01:00.000+08:00","by":null,"kind":"received","text":"编号 SH-77","id":"w-1"}}"#,
        ),
        (
            back,
            r#"{"event":"taken_back","at":"2025-01-24T09:02:00.000+08:00","by":"team_lead","reason":"本省事项"}"#,
        ),
    ] {
        let event = TicketEvent::Intake(event);
        assert_eq!(serde_json::to_string(&event).unwrap(), written);
        assert_eq!(serde_json::from_str::<TicketEvent>(written).unwrap(), event);
    }
}
