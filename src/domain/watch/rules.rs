//! The rules, one function each, over the events in order.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Category, Finding, FindingKind, Rule};
use super::similarity::similarity;
use crate::domain::id::{CallId, TicketId, UnitCode};
use crate::domain::phone::PhoneNumber;
use crate::domain::supervision::Trigger;
use crate::domain::ticket::intake::{self, SourceGroup};
use crate::domain::ticket::{Article, DeadlineKind, Demand, Event, Mark, Rating, ReviewOutcome};
use crate::domain::time::Timestamp;

/// The numbers and words that the articles leave open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// ① Words that mark a demand as livelihood or central work.
    pub livelihood_words: Vec<String>,
    /// ② Replies refused in review.
    pub failed_reviews: usize,
    /// ④ Units that had a part.
    pub units: usize,
    /// ④ and 28(3): send-backs asked for.
    pub returns: usize,
    /// A reply this much like an earlier one is copied, in thousandths.
    pub copied: u32,
    /// Demands of one person this alike are the same, in thousandths.
    pub repeated: u32,
    /// Asked again within so many days after closing.
    pub repeat_days: i64,
}

impl Default for Policy {
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        Self {
            livelihood_words: words(&[
                "停水",
                "停电",
                "停气",
                "停暖",
                "欠薪",
                "拖欠工资",
                "饮用水",
                "食物中毒",
                "校车",
                "养老金",
                "医保",
                "危房",
                "交房",
                "保交楼",
                "学位",
                "污水",
                "防汛",
                "安全生产",
            ]),
            failed_reviews: 2,
            units: 3,
            returns: 2,
            copied: 850,
            repeated: 300,
            repeat_days: 90,
        }
    }
}

/// What was looked up for one ticket, all of it in the past of the event it belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// By the number of a `replied` event: the earlier reply of the same unit that is most like it.
    pub twins: BTreeMap<u64, Twin>,
    /// The calls that contacts are linked to; one that is not here is not known at all.
    pub calls: BTreeMap<CallId, LinkedCall>,
    /// Those of the surveyed numbers that are of the staff.
    pub staff_numbers: BTreeSet<PhoneNumber>,
    /// Earlier tickets of the same number that were closed before this one was registered.
    pub earlier: Vec<Earlier>,
    /// Suspicions that a recheck has confirmed, by [`Finding::key`].
    pub confirmed: BTreeSet<String>,
}

/// Another reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    pub ticket: TicketId,
    pub number: String,
    /// In thousandths.
    pub likeness: u32,
}

/// A call as its record has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedCall {
    pub answered: bool,
    /// Both ends, as the network gave them.
    pub parties: [String; 2],
}

/// An earlier ticket of the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub ticket: TicketId,
    pub number: String,
    pub closed_at: Timestamp,
    /// Who answered for it.
    pub unit: UnitCode,
    /// Closed by a unit's reply, not on the phone.
    pub replied: bool,
    pub text: String,
    pub category: Option<String>,
}

/// Whether somebody is told of an earlier closing in the right words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    SameText,
    SameCategory,
}

/// What of a demand is compared.
pub fn text_of(demand: &Demand) -> String {
    format!("{} {}", demand.title, demand.content)
}

/// Whether `demand` asks for the same as `earlier` did, and how that shows.
pub fn is_repeat(demand: &Demand, earlier: &Earlier, policy: &Policy) -> Option<Told> {
    if similarity(&text_of(demand), &earlier.text) >= policy.repeated {
        return Some(Told::SameText);
    }
    let same = demand.category.is_some() && demand.category == earlier.category;
    same.then_some(Told::SameCategory)
}

/// Everything the rules find in one ticket, in order. `events` are all of it, each with its number from 1.
pub fn findings(events: &[Event], context: &Context, policy: &Policy) -> Vec<Finding> {
    let mut eye = Eye {
        context,
        policy,
        found: Vec::new(),
        desk: UnitCode(String::new()),
        opened_at: Timestamp::from_millis(0),
        lead: None,
        co_handlers: Vec::new(),
        opinions: BTreeSet::new(),
        late: BTreeSet::new(),
        units: BTreeSet::new(),
        proofs: Vec::new(),
        failed_reviews: 0,
        returns: 0,
        declined: BTreeSet::new(),
        phone: None,
        surveyed: None,
    };
    for (event, seq) in events.iter().zip(1..) {
        eye.look(seq, event);
    }
    eye.confirm();
    eye.found.sort();
    eye.found
}

/// What has been seen so far.
struct Eye<'a> {
    context: &'a Context,
    policy: &'a Policy,
    found: Vec<Finding>,
    desk: UnitCode,
    opened_at: Timestamp,
    lead: Option<UnitCode>,
    co_handlers: Vec<UnitCode>,
    opinions: BTreeSet<UnitCode>,
    /// Co-handlers whose own limit ran out under the present assignment.
    late: BTreeSet<UnitCode>,
    units: BTreeSet<UnitCode>,
    /// Contacts under the present assignment.
    proofs: Vec<Proof>,
    failed_reviews: usize,
    returns: usize,
    /// Units whose send-back was refused: their duty is clear.
    declined: BTreeSet<UnitCode>,
    phone: Option<PhoneNumber>,
    surveyed: Option<PhoneNumber>,
}

struct Proof {
    call: Option<CallId>,
    holds: bool,
}

impl Eye<'_> {
    /// Events that no rule looks at pass by.
    fn look(&mut self, seq: u64, event: &Event) {
        match event {
            Event::Opened { at, desk, .. } => {
                self.desk = desk.clone();
                self.opened_at = *at;
            }
            Event::Registered { at, demand, .. } => self.registered(seq, *at, demand),
            Event::Dispatched {
                at,
                lead,
                co_handlers,
                ..
            } => self.dispatched(seq, *at, lead, co_handlers),
            Event::ContactRecorded { call, sms, .. } => {
                let holds = self.proof_holds(*call, sms.is_some());
                self.proofs.push(Proof { call: *call, holds });
            }
            Event::OpinionGiven { unit, .. } => {
                self.opinions.insert(unit.clone());
            }
            Event::Replied {
                at,
                unit,
                text,
                no_contact_reason,
                ..
            } => self.replied(seq, *at, unit, text, no_contact_reason.as_deref()),
            Event::Reviewed { at, outcome, .. } => self.reviewed(seq, *at, *outcome),
            Event::SendBackRequested { at, unit, .. } => self.send_back(seq, *at, unit),
            Event::SendBackDecided { granted: false, .. } => {
                self.declined.extend(self.lead.clone());
            }
            Event::SendBackDecided { granted: true, .. } => self.lead = None,
            Event::Inherited { from, to, .. } => {
                let held = self.lead.iter_mut().chain(&mut self.co_handlers);
                for unit in held.filter(|unit| *unit == from) {
                    unit.clone_from(to);
                }
            }
            Event::Marked {
                deadline,
                unit,
                mark: Mark::Lapsed,
                due,
            } => self.lapsed(seq, *due, *deadline, unit),
            Event::Reopened { at, .. } => {
                let key = FindingKind::Key {
                    category: Category::Unresolved,
                };
                self.find(key, Rule::Reopened, seq, *at, "25", "办结后重办".to_owned());
            }
            Event::Intake(intake::Event::Originated { origin }) => {
                self.originated(seq, origin.group);
            }
            Event::Intake(intake::Event::EnteredLane { lane }) if lane.key_supervision => {
                let key = FindingKind::Key {
                    category: Category::Assigned,
                };
                let reason = format!("属专项服务通道“{}”, 列为重点督办", lane.code);
                self.find(key, Rule::KeyLane, seq, lane.at, "25", reason);
            }
            Event::SurveyRequested { phone, .. } => self.surveyed = Some(phone.clone()),
            Event::SurveyAnswered { at, rating, .. } => self.rated(seq, *at, *rating),
            // Whatever else happens shows nothing of this kind.
            _ => {}
        }
    }

    /// Sources of article 8 whose profile asks for key supervision.
    fn originated(&mut self, seq: u64, group: SourceGroup) {
        let profile = group.profile();
        if profile.key_supervision {
            let key = FindingKind::Key {
                category: Category::Assigned,
            };
            let reason = format!("来源属第{}项, 列为重点督办", profile.article);
            self.find(key, Rule::AssignedSource, seq, self.opened_at, "25", reason);
        }
    }

    fn registered(&mut self, seq: u64, at: Timestamp, demand: &Demand) {
        self.phone.clone_from(&demand.petitioner.phone);
        // What is registered again replaces what was.
        self.found.retain(|finding| {
            !matches!(
                finding.rule,
                Rule::LivelihoodWord | Rule::ClosedThenRepeated
            )
        });
        let text = text_of(demand);
        let word = self
            .policy
            .livelihood_words
            .iter()
            .find(|word| text.contains(*word));
        if let Some(word) = word {
            let key = FindingKind::Key {
                category: Category::Livelihood,
            };
            let reason = format!("诉求涉及“{word}”");
            self.find(key, Rule::LivelihoodWord, seq, at, "25", reason);
        }
        let within = self.policy.repeat_days * 24 * 60 * 60 * 1000;
        let earlier = self.context.earlier.iter().find_map(|earlier| {
            let age = at.millis_since(earlier.closed_at);
            let told = (0..=within).contains(&age).then_some(earlier)?;
            is_repeat(demand, told, self.policy).map(|how| (earlier, how))
        });
        if let Some((earlier, how)) = earlier {
            let how = match how {
                Told::SameText => "内容相近",
                Told::SameCategory => "类别相同",
            };
            let reason = format!("同一来电号码的工单{}办结后再次反映, {how}", earlier.number);
            let key = FindingKind::Key {
                category: Category::Unresolved,
            };
            let unit = earlier.unit.clone();
            self.push(
                key,
                Rule::ClosedThenRepeated,
                seq,
                at,
                "25",
                &reason,
                &unit,
                Some(earlier.ticket),
            );
            if earlier.replied {
                let kind = FindingKind::Suspicion;
                self.push(
                    kind,
                    Rule::ClosedThenRepeated,
                    seq,
                    at,
                    "26",
                    &reason,
                    &unit,
                    Some(earlier.ticket),
                );
            }
        }
    }

    fn dispatched(&mut self, seq: u64, at: Timestamp, lead: &UnitCode, co_handlers: &[UnitCode]) {
        self.lead = Some(lead.clone());
        self.co_handlers = co_handlers.to_vec();
        self.opinions.clear();
        self.late.clear();
        self.proofs.clear();
        let before = self.units.len();
        self.units.insert(lead.clone());
        self.units.extend(co_handlers.iter().cloned());
        let (units, set) = (self.units.len(), self.policy.units);
        if before < set && units >= set {
            let key = FindingKind::Key {
                category: Category::ManyUnits,
            };
            let reason = format!("涉及{units}家承办单位, 达到{set}家");
            self.find(key, Rule::UnitsInvolved, seq, at, "25", reason);
        }
    }

    /// A short message is its own record; a call must have been answered, and by the petitioner.
    fn proof_holds(&self, call: Option<CallId>, by_sms: bool) -> bool {
        let Some(call) = call else { return true };
        let Some(linked) = self.context.calls.get(&call) else {
            return by_sms;
        };
        let reached = self
            .phone
            .as_ref()
            .is_none_or(|phone| linked.parties.iter().any(|party| phone.is_party(party)));
        by_sms || (linked.answered && reached)
    }

    fn replied(
        &mut self,
        seq: u64,
        at: Timestamp,
        unit: &UnitCode,
        text: &str,
        no_contact_reason: Option<&str>,
    ) {
        let bad = self.proofs.iter().find(|proof| !proof.holds);
        if let Some(proof) = bad
            && !self.proofs.iter().any(|proof| proof.holds)
        {
            let call = proof.call.map(|call| call.to_string()).unwrap_or_default();
            let reason = format!("关联的通话{call}不存在、未接通或非服务对象号码");
            self.suspect(Rule::ContactWithoutRecord, seq, at, unit, &reason, None);
        } else if self.proofs.is_empty()
            && (claims_contact(text) || no_contact_reason.is_some_and(claims_contact))
        {
            let reason = "答复称已联系服务对象, 没有通话、录音或短信记录";
            self.suspect(Rule::ContactWithoutRecord, seq, at, unit, reason, None);
        }
        if let Some(twin) = self.context.twins.get(&seq)
            && twin.likeness >= self.policy.copied
        {
            let percent = twin.likeness / 10;
            let reason = format!("答复与工单{}的答复相似度{percent}%", twin.number);
            self.suspect(Rule::CopiedReply, seq, at, unit, &reason, Some(twin.ticket));
            let key = FindingKind::Key {
                category: Category::PoorQuality,
            };
            self.push(
                key,
                Rule::CopiedReply,
                seq,
                at,
                "25",
                &reason,
                unit,
                Some(twin.ticket),
            );
        }
    }

    fn reviewed(&mut self, seq: u64, at: Timestamp, outcome: ReviewOutcome) {
        if outcome == ReviewOutcome::Passed {
            return;
        }
        self.failed_reviews += 1;
        if self.failed_reviews == self.policy.failed_reviews {
            let key = FindingKind::Key {
                category: Category::PoorQuality,
            };
            let reason = format!("答复认定{}次未通过", self.failed_reviews);
            self.find(key, Rule::ReviewFailed, seq, at, "25", reason);
        }
    }

    fn send_back(&mut self, seq: u64, at: Timestamp, unit: &UnitCode) {
        self.returns += 1;
        if self.returns >= self.policy.returns {
            let reason = format!("累计申请退回{}次", self.returns);
            if self.returns == self.policy.returns {
                let key = FindingKind::Key {
                    category: Category::ManyUnits,
                };
                self.push(key, Rule::Returned, seq, at, "25", &reason, unit, None);
            }
            // 服务工单反复退回.
            self.push(
                FindingKind::Fact,
                Rule::RepeatedReturns,
                seq,
                at,
                "28(3)",
                &reason,
                unit,
                None,
            );
        }
        if self.declined.contains(unit) {
            let reason = "退回申请未获同意后再次申请退回";
            self.refuses_duty(seq, at, unit, reason);
        }
    }

    fn refuses_duty(&mut self, seq: u64, at: Timestamp, unit: &UnitCode, reason: &str) {
        let key = FindingKind::Key {
            category: Category::PoorQuality,
        };
        self.push(key, Rule::PassedOn, seq, at, "25", reason, unit, None);
        let trigger = FindingKind::Trigger {
            trigger: Trigger::DutyRefused,
        };
        self.push(
            trigger,
            Rule::DutyRefused,
            seq,
            at,
            "26",
            reason,
            unit,
            None,
        );
    }

    fn lapsed(&mut self, seq: u64, due: Timestamp, deadline: DeadlineKind, unit: &UnitCode) {
        let what = match deadline {
            DeadlineKind::AcknowledgeBy => "签收时限届满未签收",
            DeadlineKind::HandleBy => "办理时限届满未办结",
            DeadlineKind::ReplyBy => "办理时限届满未答复",
            DeadlineKind::RectifyBy => "整改时限届满未反馈",
            // The desk's own clocks, and clocks this rule does not know.
            _ => return,
        };
        // 会办单位 has a clock of its own (28(4)); the lead's is 28(1).
        let helps = self.co_handlers.contains(unit);
        let (rule, article) = if helps {
            (Rule::CoHandlerOverdue, "28(4)")
        } else {
            (Rule::LeadOverdue, "28(1)")
        };
        if *unit != self.desk {
            self.push(FindingKind::Fact, rule, seq, due, article, what, unit, None);
        }
        if deadline == DeadlineKind::ReplyBy && helps {
            self.late.insert(unit.clone());
        }
        if deadline != DeadlineKind::HandleBy || helps {
            return;
        }
        if *unit != self.desk {
            self.push(
                FindingKind::Overdue,
                Rule::HandleLapsed,
                seq,
                due,
                "24",
                what,
                unit,
                None,
            );
        }
        for helper in self.co_handlers.clone() {
            // Whose own limit ran out before has its fact already.
            if !self.opinions.contains(&helper) && !self.late.contains(&helper) {
                let reason = "工单办理时限届满, 会办单位未提出会办意见";
                self.push(
                    FindingKind::Fact,
                    Rule::CoHandlerOverdue,
                    seq,
                    due,
                    "28(4)",
                    reason,
                    &helper,
                    None,
                );
            }
        }
        if self.declined.contains(unit) {
            self.refuses_duty(seq, due, unit, "退回申请未获同意, 时限届满仍未办理");
        }
    }

    fn rated(&mut self, seq: u64, at: Timestamp, rating: Rating) {
        let Some(phone) = &self.surveyed else { return };
        if rating.is_satisfied() && self.context.staff_numbers.contains(phone) {
            let reason = "满意评价来自工作人员的号码";
            let unit = self.lead.clone().unwrap_or_else(|| self.desk.clone());
            self.suspect(Rule::StaffRatedItself, seq, at, &unit, reason, None);
        }
    }

    /// 28(5): what a recheck has confirmed.
    fn confirm(&mut self) {
        let confirmed: Vec<Finding> = self
            .found
            .iter()
            .filter(|finding| {
                finding.kind == FindingKind::Suspicion
                    && self.context.confirmed.contains(&finding.key())
            })
            .map(|finding| Finding {
                kind: FindingKind::Fact,
                rule: Rule::UntrueConfirmed,
                article: "28(5)",
                reason: format!("回访复核属实: {}", finding.reason),
                ..finding.clone()
            })
            .collect();
        self.found.extend(confirmed);
    }

    fn suspect(
        &mut self,
        rule: Rule,
        seq: u64,
        at: Timestamp,
        unit: &UnitCode,
        reason: &str,
        other: Option<TicketId>,
    ) {
        self.push(
            FindingKind::Suspicion,
            rule,
            seq,
            at,
            "26",
            reason,
            unit,
            other,
        );
    }

    /// About whoever answers for the ticket at that point.
    fn find(
        &mut self,
        kind: FindingKind,
        rule: Rule,
        seq: u64,
        at: Timestamp,
        article: Article,
        reason: String,
    ) {
        let unit = self.lead.clone().unwrap_or_else(|| self.desk.clone());
        self.push(kind, rule, seq, at, article, &reason, &unit, None);
    }

    fn push(
        &mut self,
        kind: FindingKind,
        rule: Rule,
        seq: u64,
        at: Timestamp,
        article: Article,
        reason: &str,
        unit: &UnitCode,
        other: Option<TicketId>,
    ) {
        self.found.push(Finding {
            kind,
            rule,
            seq,
            at,
            article,
            unit: unit.clone(),
            reason: reason.to_owned(),
            other,
        });
    }
}

/// Words with which a reply says that somebody spoke with the petitioner.
const CLAIMS: [&str; 10] = [
    "已联系",
    "已与您",
    "已与诉求人",
    "已与服务对象",
    "经联系",
    "经电话",
    "电话告知",
    "电话沟通",
    "已电话",
    "已当面",
];

fn claims_contact(text: &str) -> bool {
    CLAIMS.iter().any(|claim| text.contains(claim))
}
