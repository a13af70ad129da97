//! 接听、登记、解答、转交办、回访 (article 6): who did each step, from when to when; which of them a closed ticket lacks; and in
//! whose hands the time lay.

use serde::Serialize;

use super::event::Event;
use crate::domain::id::Username;
use crate::domain::time::Timestamp;

/// One of the five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// 接听: the call, or whatever brought it, is taken.
    Answer,
    /// 登记.
    Register,
    /// 解答: answered at first contact, or by the unit.
    Resolve,
    /// 转交办.
    Dispatch,
    /// 回访.
    Revisit,
}

impl StepKind {
    /// The step for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answer => "接听",
            Self::Register => "登记",
            Self::Resolve => "解答",
            Self::Dispatch => "转交办",
            Self::Revisit => "回访",
        }
    }
}

/// One step as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub kind: StepKind,
    /// `None`: the server itself.
    pub by: Option<Username>,
    pub start: Timestamp,
    /// `None` while it goes on.
    pub end: Option<Timestamp>,
}

/// How long a ticket lay with whom, in milliseconds of the clock on the wall.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Shares {
    pub desk_ms: i64,
    pub unit_ms: i64,
    pub reviewer_ms: i64,
}

/// The steps of a ticket from its events, in the order they began.
pub fn steps<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let open = |steps: &mut Vec<Step>, kind, by: Option<&Username>, start| {
        steps.push(Step {
            kind,
            by: by.cloned(),
            start,
            end: None,
        });
    };
    for event in events {
        match event {
            Event::Opened { at, .. } => open(&mut steps, StepKind::Answer, None, *at),
            Event::Registered { at, by, .. } => {
                // Taking the call ends with writing it down, by the same person.
                if let Some(answer) = running(&mut steps, StepKind::Answer) {
                    answer.end = Some(*at);
                    answer.by = Some(by.clone());
                }
                done(&mut steps, StepKind::Register, by, *at);
            }
            Event::AnsweredOnCall { at, by, .. } => done(&mut steps, StepKind::Resolve, by, *at),
            Event::Dispatched { at, by, .. } => {
                done(&mut steps, StepKind::Dispatch, by, *at);
                open(&mut steps, StepKind::Resolve, None, *at);
            }
            Event::Replied { at, by, .. } => match running(&mut steps, StepKind::Resolve) {
                Some(resolving) => resolving.by = Some(by.clone()),
                None => open(&mut steps, StepKind::Resolve, Some(by), *at),
            },
            Event::SendBackDecided {
                at, granted: true, ..
            }
            | Event::Closed { at } => {
                if let Some(resolving) = running(&mut steps, StepKind::Resolve) {
                    resolving.end = Some(*at);
                }
            }
            Event::SurveyRequested { at, .. } => open(&mut steps, StepKind::Revisit, None, *at),
            Event::SurveyAnswered { at, .. } | Event::SurveyFailed { at, .. } => {
                if let Some(asking) = running(&mut steps, StepKind::Revisit) {
                    asking.end = Some(*at);
                }
            }
            Event::Revisited { at, by, .. } => done(&mut steps, StepKind::Revisit, by, *at),
            Event::Reopened { at, .. } | Event::Voided { at, .. } => {
                for step in steps.iter_mut().filter(|step| step.end.is_none()) {
                    step.end = Some(*at);
                }
            }
            Event::ThreeWayNoted { .. }
            | Event::Acknowledged { .. }
            | Event::HandedDown { .. }
            | Event::Inherited { .. }
            | Event::ContactRecorded { .. }
            | Event::OpinionGiven { .. }
            | Event::Reviewed { .. }
            | Event::SendBackRequested { .. }
            | Event::SendBackDecided { granted: false, .. }
            | Event::ExtensionRequested { .. }
            | Event::ExtensionGranted { .. }
            | Event::ExtensionDeclined { .. }
            | Event::KindChangeRequested { .. }
            | Event::KindChanged { .. }
            | Event::KindChangeDeclined { .. }
            | Event::Attached { .. }
            | Event::Archived { .. }
            | Event::SurveyResent { .. }
            | Event::RevisitPlanned { .. }
            | Event::RectificationOrdered { .. }
            | Event::Rectified { .. }
            | Event::FollowUpEnded { .. }
            | Event::Marked { .. }
            | Event::DeadlinesMoved { .. }
            | Event::WrittenOpinionRequested { .. }
            | Event::WrittenOpinionIssued { .. }
            | Event::Intake(_) => {}
        }
    }
    steps
}

fn done(steps: &mut Vec<Step>, kind: StepKind, by: &Username, at: Timestamp) {
    steps.push(Step {
        kind,
        by: Some(by.clone()),
        start: at,
        end: Some(at),
    });
}

fn running(steps: &mut [Step], kind: StepKind) -> Option<&mut Step> {
    steps
        .iter_mut()
        .rev()
        .find(|step| step.kind == kind && step.end.is_none())
}

/// What a closed ticket lacks; nothing while it is open or when it was voided. What was answered on the phone is handed
/// on to nobody, and nobody asks about it (article 11(5)).
pub fn missing<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<StepKind> {
    let events: Vec<&Event> = events.into_iter().collect();
    let end = events.iter().rev().find(|event| {
        matches!(
            event,
            Event::Closed { .. }
                | Event::AnsweredOnCall { .. }
                | Event::Reopened { .. }
                | Event::Voided { .. }
        )
    });
    let mut needed = vec![StepKind::Answer, StepKind::Register, StepKind::Resolve];
    match end {
        Some(Event::AnsweredOnCall { .. }) => {}
        Some(Event::Closed { .. }) => needed.extend([StepKind::Dispatch, StepKind::Revisit]),
        _ => return Vec::new(),
    }
    let taken = steps(events.iter().copied());
    let nobody_to_ask = events
        .iter()
        .any(|event| matches!(event, Event::FollowUpEnded { .. }));
    needed.retain(|kind| match kind {
        // Dispatching begins it; a reply is what makes it one.
        StepKind::Resolve => !taken
            .iter()
            .any(|step| step.kind == *kind && step.by.is_some()),
        StepKind::Revisit if nobody_to_ask => false,
        kind => !taken.iter().any(|step| step.kind == *kind),
    });
    needed
}

/// In whose hands a ticket's time lay from its opening until `now` or its closing.
pub fn shares<'a>(now: Timestamp, events: impl IntoIterator<Item = &'a Event>) -> Shares {
    enum Hands {
        Desk,
        Unit,
        Reviewer,
        Nobody,
    }
    let mut shares = Shares::default();
    let mut hands = Hands::Nobody;
    let mut since = now;
    let mut hand_over = |at: Timestamp, to: Hands| {
        let spent = at.millis_since(since).max(0);
        match hands {
            Hands::Desk => shares.desk_ms += spent,
            Hands::Unit => shares.unit_ms += spent,
            Hands::Reviewer => shares.reviewer_ms += spent,
            Hands::Nobody => {}
        }
        hands = to;
        since = at;
    };
    for event in events {
        match event {
            Event::Opened { at, .. }
            | Event::Reopened { at, .. }
            | Event::SendBackDecided {
                at, granted: true, ..
            } => hand_over(*at, Hands::Desk),
            Event::Dispatched { at, .. } => hand_over(*at, Hands::Unit),
            Event::Replied { at, .. } => hand_over(*at, Hands::Reviewer),
            Event::Reviewed { at, outcome, .. } if !outcome.passed() => hand_over(*at, Hands::Unit),
            Event::Closed { at } | Event::AnsweredOnCall { at, .. } | Event::Voided { at, .. } => {
                hand_over(*at, Hands::Nobody);
            }
            _ => {}
        }
    }
    hand_over(now, Hands::Nobody);
    shares
}
