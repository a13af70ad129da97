//! What a ticket waits for now 待办, and from whom. Lists and their counters are made of it.

use super::deadline::{Deadline, Running};
use super::state::{FollowUp, Stage, Ticket, Work};
use crate::domain::id::UnitCode;

/// One kind of work that waits for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// 待登记: the call was answered, nothing is written yet.
    Register,
    /// 待派单.
    Dispatch,
    /// 请示待批: a superior has 30 minutes to say whether it is in scope.
    DecideReport,
    /// 不予受理待复核: somebody else has to look at it.
    ReviewRefusal,
    /// 专席待答: a dedicated seat has it.
    AnswerAtSeat,
    /// 待签收.
    Acknowledge,
    /// 办理中: the lead owes its reply.
    Handle,
    /// 审核退回: the lead owes a better reply, within the same limit.
    ReplyAgain,
    /// 跟进外部平台: another platform works on it, the desk sees to it that it does.
    FollowPartner,
    /// 待会办: a co-handler owes its opinion.
    GiveOpinion,
    /// 退回申请 waits for the desk.
    DecideSendBack,
    /// 延时申请 waits for the desk.
    DecideExtension,
    /// 诉求类型变更申请 waits for the desk.
    DecideKind,
    /// 待审核.
    Review,
    /// 待出具书面意见: the citizen asked for it.
    IssueOpinion,
    /// 待人工回访: the citizen was dissatisfied.
    Revisit,
    /// 待整改: dissatisfied again.
    Rectify,
}

impl Task {
    /// Every task, in the order of a ticket's life.
    pub const ALL: [Self; 17] = [
        Self::Register,
        Self::Dispatch,
        Self::DecideReport,
        Self::ReviewRefusal,
        Self::AnswerAtSeat,
        Self::Acknowledge,
        Self::Handle,
        Self::ReplyAgain,
        Self::FollowPartner,
        Self::GiveOpinion,
        Self::DecideSendBack,
        Self::DecideExtension,
        Self::DecideKind,
        Self::Review,
        Self::IssueOpinion,
        Self::Revisit,
        Self::Rectify,
    ];

    /// The task's name in tables and the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Dispatch => "dispatch",
            Self::DecideReport => "decide_report",
            Self::ReviewRefusal => "review_refusal",
            Self::AnswerAtSeat => "answer_at_seat",
            Self::Acknowledge => "acknowledge",
            Self::Handle => "handle",
            Self::ReplyAgain => "reply_again",
            Self::FollowPartner => "follow_partner",
            Self::GiveOpinion => "give_opinion",
            Self::DecideSendBack => "decide_send_back",
            Self::DecideExtension => "decide_extension",
            Self::DecideKind => "decide_kind",
            Self::Review => "review",
            Self::IssueOpinion => "issue_opinion",
            Self::Revisit => "revisit",
            Self::Rectify => "rectify",
        }
    }
}

/// A task of one ticket: whose it is, and the clock that runs against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Todo<'a> {
    pub task: Task,
    pub unit: &'a UnitCode,
    pub clock: Option<Deadline>,
}

impl Ticket {
    /// What waits now. Nothing waits for the citizen's answer to a short message, nor in a ticket that has ended.
    pub fn todos(&self) -> Vec<Todo<'_>> {
        let desk = |task, clock| Todo {
            task,
            unit: &self.desk,
            clock,
        };
        let mut todos = match &self.stage {
            // Whoever hears the citizen goes on writing while others decide.
            Stage::Draft => [desk(Task::Register, None)]
                .into_iter()
                .chain(self.undecided(None))
                .collect(),
            Stage::Registered { promise } => {
                let promised = promise.as_ref().map(|promise| promise.handle.deadline);
                // A seat has it until it is dispatched or its time is over; whoever sends it back sends it to the desk.
                let seat = self.intake.seat.as_ref();
                let seat = seat.filter(|seat| promise.is_none() && !seat.lapsed);
                let seated = seat.map(|seat| Todo {
                    task: Task::AnswerAtSeat,
                    unit: &seat.unit,
                    clock: seat.clock(),
                });
                let main = self.undecided(promised).or(seated);
                vec![main.unwrap_or_else(|| desk(Task::Dispatch, promised))]
            }
            Stage::Dispatched { work } => self.of_work(work, None),
            Stage::Handling { work } => {
                let task = if self.intake.partner().is_some() {
                    Task::FollowPartner
                } else if self.bounced(work) {
                    Task::ReplyAgain
                } else {
                    Task::Handle
                };
                let main = Todo {
                    task,
                    unit: work.lead.worker(),
                    clock: nearer(work, work.lead.reply.as_ref()),
                };
                self.of_work(work, Some(main))
            }
            Stage::Replied { work, review, .. } => {
                let main = desk(Task::Review, nearer(work, review.as_ref()));
                self.of_work(work, Some(main))
            }
            Stage::Closed { follow_up, .. } => match follow_up {
                FollowUp::Surveying | FollowUp::Ended { .. } => Vec::new(),
                FollowUp::Revisiting { revisit, .. } => {
                    vec![desk(Task::Revisit, Some(revisit.deadline))]
                }
                FollowUp::Rectifying { rectify } => vec![Todo {
                    task: if self.intake.partner().is_some() {
                        Task::FollowPartner
                    } else {
                        Task::Rectify
                    },
                    unit: self.worker(),
                    clock: Some(rectify.deadline),
                }],
            },
            Stage::Archived { .. } | Stage::Voided { .. } => return Vec::new(),
        };
        todos.extend(self.open_opinion().map(|opinion| Todo {
            task: Task::IssueOpinion,
            unit: self.worker(),
            clock: Some(opinion.issue.deadline),
        }));
        todos
    }

    /// What somebody else at the desk has to say first: until then it is not disposed of.
    fn undecided(&self, promised: Option<Deadline>) -> Option<Todo<'_>> {
        let (task, own) = match self.intake.open_report() {
            Some(report) => (Task::DecideReport, Some(report.clock())),
            None if self.intake.awaits_review() => (Task::ReviewRefusal, None),
            None => return None,
        };
        Some(Todo {
            task,
            unit: &self.desk,
            clock: first(own, promised),
        })
    }

    /// Who has the work of whoever answers for it.
    fn worker(&self) -> &UnitCode {
        self.work().map_or(&self.desk, |work| work.lead.worker())
    }

    fn of_work<'a>(&'a self, work: &'a Work, main: Option<Todo<'a>>) -> Vec<Todo<'a>> {
        let to_acknowledge = work
            .assignments()
            .filter(|part| part.acknowledged.is_none())
            .map(|part| Todo {
                task: Task::Acknowledge,
                unit: part.worker(),
                clock: Some(part.acknowledge.deadline),
            });
        let to_say = work
            .co_handlers
            .iter()
            .filter(|part| part.acknowledged.is_some() && part.opinion.is_none())
            .map(|part| Todo {
                task: Task::GiveOpinion,
                unit: part.worker(),
                clock: nearer(work, part.reply.as_ref()),
            });
        let send_back = work
            .send_back
            .as_ref()
            .map(|asked| (Task::DecideSendBack, asked.decide.as_ref()));
        let extension = work
            .extension
            .as_ref()
            .map(|asked| (Task::DecideExtension, asked.decide.as_ref()));
        let kind_change = work
            .kind_change
            .as_ref()
            .map(|asked| (Task::DecideKind, asked.decide.as_ref()));
        let to_decide = send_back
            .into_iter()
            .chain(extension)
            .chain(kind_change)
            .map(|(task, decide)| Todo {
                task,
                unit: &self.desk,
                clock: nearer(work, decide),
            });
        to_acknowledge
            .chain(main)
            .chain(to_say)
            .chain(to_decide)
            .collect()
    }

    /// The lead's last reply did not pass, and it has not written another.
    fn bounced(&self, work: &Work) -> bool {
        self.reviews
            .last()
            .is_some_and(|review| !review.outcome.passed() && review.at >= work.dispatched_at)
    }
}

/// Of a task's own clock and the promise to the citizen, the one that runs out first.
fn nearer(work: &Work, own: Option<&Running>) -> Option<Deadline> {
    let own = own.map(|running| running.deadline);
    first(own, Some(work.promise.handle.deadline))
}

/// Of two clocks the one that runs out first.
fn first(own: Option<Deadline>, promised: Option<Deadline>) -> Option<Deadline> {
    own.into_iter()
        .chain(promised)
        .min_by_key(|deadline| (deadline.due().is_none(), deadline.due()))
}
