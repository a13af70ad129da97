//! 接听、登记、转交办、解答、回访: the five steps of article 6, each with who, from when and until when, read from a ticket's
//! events; and which of them a closed ticket lacks. None may be missing.

use serde::Serialize;

use crate::domain::ticket::{Event, ReviewOutcome};
use crate::domain::time::Timestamp;

/// Which step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// 接听, or taking in what did not come by phone.
    Receive,
    /// 登记.
    Register,
    /// 转交办.
    HandOn,
    /// 解答: on the call, or a unit's reply that passed.
    Answer,
    /// 回访.
    FollowUp,
}

impl StepKind {
    /// The step's name for a person.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Receive => "接听",
            Self::Register => "登记",
            Self::HandOn => "转交办",
            Self::Answer => "解答",
            Self::FollowUp => "回访",
        }
    }
}

/// One step as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub step: StepKind,
    /// Who ended it; the server itself where a rule did.
    pub actor: String,
    pub start: Timestamp,
    /// `None` while it is being taken.
    pub end: Option<Timestamp>,
}

/// The steps in the order they began. `events` come with who caused them.
pub fn steps(events: &[(String, Event)]) -> Vec<Step> {
    let mut trail = Trail {
        steps: Vec::new(),
        closed: None,
    };
    for (actor, event) in events {
        trail.walk(actor, event);
    }
    trail.steps
}

/// What a closed ticket lacks; nothing while it is open or when it was voided.
pub fn missing(events: &[(String, Event)]) -> Vec<StepKind> {
    let last_closed = events.iter().rposition(|(_, event)| {
        matches!(event, Event::Closed { .. } | Event::AnsweredOnCall { .. })
    });
    let reopened = events
        .iter()
        .rposition(|(_, event)| matches!(event, Event::Reopened { .. } | Event::Voided { .. }));
    let Some(closed) = last_closed.filter(|closed| reopened.is_none_or(|again| again < *closed))
    else {
        return Vec::new();
    };
    let taken = steps(events);
    let has = |step| taken.iter().any(|known| known.step == step);
    let on_call = matches!(events[closed].1, Event::AnsweredOnCall { .. });
    let mut needed = vec![
        StepKind::Receive,
        StepKind::Register,
        StepKind::Answer,
        StepKind::FollowUp,
    ];
    if !on_call {
        needed.push(StepKind::HandOn);
    }
    needed.sort_unstable();
    needed.retain(|step| !has(*step));
    needed
}

struct Trail {
    steps: Vec<Step>,
    closed: Option<Timestamp>,
}

impl Trail {
    /// Events that begin and end no step pass by.
    fn walk(&mut self, actor: &str, event: &Event) {
        match event {
            Event::Opened { at, .. } => self.begin(StepKind::Receive, actor, *at),
            Event::Registered { at, .. } => {
                self.end(StepKind::Receive, actor, *at);
                self.whole(StepKind::Register, actor, *at);
            }
            Event::Dispatched { at, .. } => self.begin(StepKind::HandOn, actor, *at),
            Event::Acknowledged { at, .. } => self.end(StepKind::HandOn, actor, *at),
            Event::AnsweredOnCall { at, .. } => {
                self.whole(StepKind::Answer, actor, *at);
                // Nobody asks about what was answered on the phone (article 11(5)): that is its whole follow-up.
                self.whole(StepKind::FollowUp, "@server", *at);
            }
            Event::Replied { at, .. } => self.begin(StepKind::Answer, actor, *at),
            Event::Reviewed {
                at,
                outcome: ReviewOutcome::Passed,
                ..
            } => self.end(StepKind::Answer, actor, *at),
            Event::SurveyRequested { at, .. } => self.begin(StepKind::FollowUp, actor, *at),
            Event::SurveyAnswered { at, .. }
            | Event::SurveyFailed { at, .. }
            | Event::Revisited { at, .. } => self.end(StepKind::FollowUp, actor, *at),
            Event::Closed { at } => self.closed = Some(*at),
            Event::FollowUpEnded { .. } => self.follow_up_ended(actor),
            _ => {}
        }
    }

    /// Nobody could be asked: the follow-up began and ended with the closing.
    fn follow_up_ended(&mut self, actor: &str) {
        let Some(at) = self.closed else { return };
        let follow_up = self
            .steps
            .iter_mut()
            .rfind(|known| known.step == StepKind::FollowUp);
        match follow_up {
            Some(known) if known.start >= at => {
                known.end.get_or_insert(at);
            }
            Some(_) | None => self.whole(StepKind::FollowUp, actor, at),
        }
    }

    fn begin(&mut self, step: StepKind, actor: &str, start: Timestamp) {
        let open = self
            .steps
            .iter()
            .any(|known| known.step == step && known.end.is_none());
        if !open {
            self.steps.push(Step {
                step,
                actor: actor.to_owned(),
                start,
                end: None,
            });
        }
    }

    fn end(&mut self, step: StepKind, actor: &str, at: Timestamp) {
        if let Some(known) = self.steps.iter_mut().rfind(|known| known.step == step) {
            actor.clone_into(&mut known.actor);
            known.end = Some(at);
        }
    }

    fn whole(&mut self, step: StepKind, actor: &str, at: Timestamp) {
        self.steps.push(Step {
            step,
            actor: actor.to_owned(),
            start: at,
            end: Some(at),
        });
    }
}
