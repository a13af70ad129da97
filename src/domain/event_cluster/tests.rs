use uuid::Uuid;

use super::*;
use crate::domain::phone::PhoneNumber;
use crate::domain::ticket::{Applicant, Demand, Kind, Petitioner};

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(1_741_000_000_000 + minute * 60_000)
}

fn ticket(n: u128) -> TicketId {
    TicketId(Uuid::from_u128(n))
}

fn actor(role: Role) -> Actor {
    Actor {
        username: role.code().into(),
        role,
        unit: "js-12345".into(),
    }
}

fn open() -> ClusterCommand {
    ClusterCommand::Open {
        title: "中山路停水".to_owned(),
        kind: ClusterKind::SameEvent,
        lead: ticket(1),
        members: [ticket(2), ticket(3)].into(),
    }
}

/// Carries out commands as one role and keeps everything that happened.
struct Story {
    cluster: Option<EventCluster>,
    events: Vec<ClusterEvent>,
}

impl Story {
    fn opened() -> Self {
        let mut story = Self {
            cluster: None,
            events: Vec::new(),
        };
        story.wish(Role::Agent, &open()).unwrap();
        story
    }

    fn wish(&mut self, role: Role, command: &ClusterCommand) -> Result<(), Refusal> {
        let actor = actor(role);
        let events = decide(at(0), self.cluster.as_ref(), command, By::Person(&actor))?;
        for event in &events {
            self.cluster = Some(apply(self.cluster.take(), event));
        }
        self.events.extend(events);
        Ok(())
    }

    fn cluster(&self) -> &EventCluster {
        self.cluster.as_ref().unwrap()
    }
}

fn leave(n: u128) -> ClusterCommand {
    ClusterCommand::Leave {
        ticket: ticket(n),
        reason: "另一栋楼".to_owned(),
    }
}

fn dissolve() -> ClusterCommand {
    ClusterCommand::Dissolve {
        reason: "并非同一事件".to_owned(),
    }
}

#[test]
fn merging_keeps_everybody_and_splitting_is_the_coordinators() {
    let mut story = Story::opened();
    assert_eq!(story.cluster().members.len(), 3, "the lead is one of them");
    assert_eq!(
        story.wish(Role::Agent, &leave(2)),
        Err(Refusal::NotYours {
            need: "班长或督办人员"
        })
    );
    assert_eq!(
        story.wish(Role::TeamLead, &leave(1)),
        Err(Refusal::LeadStays)
    );
    assert_eq!(
        story.wish(Role::TeamLead, &leave(9)),
        Err(Refusal::NotAMember)
    );
    let choose = ClusterCommand::ChooseLead { ticket: ticket(2) };
    story.wish(Role::Agent, &choose).unwrap();
    story.wish(Role::TeamLead, &leave(1)).unwrap();
    assert_eq!(story.cluster().lead, ticket(2));
    story.wish(Role::Supervisor, &dissolve()).unwrap();
    assert_eq!(
        story.wish(Role::Agent, &choose),
        Err(Refusal::AlreadyDissolved)
    );
}

#[test]
fn one_ticket_is_no_cluster_and_five_hundred_are_enough() {
    let mut story = Story {
        cluster: None,
        events: Vec::new(),
    };
    let alone = ClusterCommand::Open {
        title: "停水".to_owned(),
        kind: ClusterKind::Duplicate,
        lead: ticket(1),
        members: BTreeSet::new(),
    };
    assert_eq!(story.wish(Role::Agent, &alone), Err(Refusal::BadSize));
    let mut story = Story::opened();
    let crowd = ClusterCommand::Join {
        tickets: (4..=501).map(ticket).collect(),
    };
    assert_eq!(story.wish(Role::Agent, &crowd), Err(Refusal::BadSize));
    let crowd = ClusterCommand::Join {
        tickets: (4..=500).map(ticket).collect(),
    };
    story.wish(Role::Agent, &crowd).unwrap();
    assert_eq!(story.cluster().members.len(), 500);
    // Joining again changes nothing.
    let before = story.events.len();
    story.wish(Role::Agent, &crowd).unwrap();
    assert_eq!(story.events.len(), before);
}

fn demand(title: &str, content: &str, address: Option<&str>) -> Demand {
    Demand {
        title: title.to_owned(),
        content: content.to_owned(),
        kind: Kind::Complaint,
        petitioner: Petitioner {
            name: "王女士".to_owned(),
            phone: Some(PhoneNumber::parse("13812345678").unwrap()),
            applicant: Applicant::Person,
            secrecy: false,
            firm: None,
        },
        address: address.map(str::to_owned),
        category: None,
        fields: std::collections::BTreeMap::new(),
    }
}

#[test]
fn the_same_event_is_suggested_before_a_similar_one_elsewhere_and_strangers_are_not() {
    let ours = demand(
        "小区停水",
        "锦绣花园小区今天早上开始停水, 没有提前通知, 居民用水困难",
        Some("锦绣花园3栋"),
    );
    let other = |n: u128, text: &str, address: Option<&str>, minute| Candidate {
        ticket: ticket(n),
        number: format!("20250303-00000{n}"),
        opened_at: at(minute),
        demand: demand("小区停水", text, address),
        cluster: None,
    };
    let candidates = [
        other(
            1,
            "锦绣花园停水了, 今天早上开始的, 没有提前通知",
            Some("锦绣花园7栋"),
            -10,
        ),
        other(
            2,
            "我们小区今天早上开始停水, 没有提前通知, 居民用水困难",
            Some("阳光苑1栋"),
            -20,
        ),
        other(
            3,
            "公交车司机态度恶劣, 到站不停, 请处理",
            Some("鼓楼站"),
            -30,
        ),
        // The same words a month ago are another event.
        other(
            4,
            "锦绣花园小区今天早上开始停水, 没有提前通知",
            Some("锦绣花园3栋"),
            -40_000,
        ),
    ];
    let found = suggest(at(0), &ours, &candidates, &SimilarPolicy::default());
    let ids: Vec<_> = found.iter().map(|suggestion| suggestion.ticket).collect();
    assert_eq!(ids, [ticket(1), ticket(2)], "{found:?}");
    assert!(found[0].reasons.iter().any(|reason| reason == "地点相近"));
    assert!(found[0].same_person);
}

#[test]
fn every_refusal_has_an_article_and_a_chinese_sentence() {
    let refusals = [
        Refusal::NoSuchCluster,
        Refusal::AlreadyDissolved,
        Refusal::NotYours { need: "人员" },
        Refusal::BadText {
            field: "标题",
            max: 1,
        },
        Refusal::BadSize,
        Refusal::InAnother {
            number: "1".to_owned(),
        },
        Refusal::NoSuchTicket,
        Refusal::NotAMember,
        Refusal::LeadStays,
        Refusal::NotCarried,
        Refusal::KeyUsed,
    ];
    let codes: BTreeSet<_> = refusals.iter().map(Refusal::code).collect();
    assert_eq!(codes.len(), refusals.len());
    for refusal in refusals {
        assert!(matches!(refusal.article(), "5" | "11"));
        assert!(refusal.detail().contains(|c| ('一'..='龥').contains(&c)));
    }
}

#[test]
fn the_shape_of_stored_events_is_pinned() {
    let mut story = Story::opened();
    let join = ClusterCommand::Join {
        tickets: [ticket(4)].into(),
    };
    let carried = ClusterCommand::NoteCarried {
        name: "reply".to_owned(),
        granted: 3,
        refused: vec![RefusedMember {
            ticket: ticket(4),
            code: "wrong_stage".to_owned(),
        }],
    };
    let choose = ClusterCommand::ChooseLead { ticket: ticket(2) };
    for command in [join, carried, choose, leave(3), dissolve()] {
        story.wish(Role::TeamLead, &command).unwrap();
    }
    for event in &story.events {
        let json = serde_json::to_value(event).unwrap();
        assert_eq!(json["event"], event.name());
        assert_eq!(
            serde_json::from_value::<ClusterEvent>(json).unwrap(),
            *event
        );
    }
    insta::assert_json_snapshot!("events", story.events);
}
