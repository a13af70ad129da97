//! Whose matter it is (article 10: 谁主管, 谁负责; 谁监管, 谁负责): rules as data, and a proposer that says why. It has
//! learned nothing; the same question has the same answer, and each answer names the rules it rests on.

use serde::{Deserialize, Serialize};

use super::category::CategoryEntry;
use crate::domain::id::UnitCode;
use crate::domain::time::Timestamp;

/// One line of the rule base 派单规则.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DispatchRule {
    pub name: String,
    /// A category, with all below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Only for matters of this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// 谁主管.
    pub competent: UnitCode,
    /// 谁监管.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervising: Option<UnitCode>,
    /// The law or document that makes it theirs.
    pub basis: String,
    /// Among rules that fit equally well the larger goes first.
    #[serde(default)]
    pub priority: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What is asked of the rule base.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    pub at: Timestamp,
    pub category: Option<&'q str>,
    /// Title and content.
    pub text: &'q str,
    pub place: Option<&'q str>,
}

/// What a unit would be to the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// 主管单位.
    Competent,
    /// 监管单位.
    Supervising,
}

/// A unit that may be given the matter, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub unit: UnitCode,
    pub part: Part,
    /// How well the rule fits; only its order means anything.
    pub score: i32,
    pub because: Basis,
}

/// What a proposal rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The rule's name.
    pub rule: String,
    /// The law or document.
    pub basis: String,
    /// What of the demand met the rule, for a person.
    pub met: Vec<String>,
}

/// An exact category says most, one above it less; words are hints, longer ones better hints.
const CATEGORY: i32 = 60;
const CATEGORY_ABOVE: i32 = 40;
const PLACE: i32 = 15;
const WORD: i32 = 6;
const WORDS_MAX: i32 = 50;
/// 监管 comes after 主管 of the same rule.
const SUPERVISING: i32 = -5;

/// The units the rules propose, best first, each once in its best part.
pub fn propose(
    rules: &[DispatchRule],
    categories: &[CategoryEntry],
    question: &Question<'_>,
) -> Vec<Proposal> {
    let mut proposals: Vec<(Proposal, i32)> = Vec::new();
    for rule in rules.iter().filter(|rule| rule.holds(question.at)) {
        let Some((score, met)) = rule.fits(categories, question) else {
            continue;
        };
        let mut push = |unit: &UnitCode, part, score| {
            let because = Basis {
                rule: rule.name.clone(),
                basis: rule.basis.clone(),
                met: met.clone(),
            };
            let proposal = Proposal {
                unit: unit.clone(),
                part,
                score,
                because,
            };
            proposals.push((proposal, rule.priority));
        };
        push(&rule.competent, Part::Competent, score);
        if let Some(supervising) = &rule.supervising {
            push(supervising, Part::Supervising, score + SUPERVISING);
        }
    }
    proposals.sort_by(|(a, a_priority), (b, b_priority)| {
        let best_first = (b.score, b_priority, a.part).cmp(&(a.score, a_priority, b.part));
        best_first.then_with(|| a.unit.cmp(&b.unit))
    });
    let mut best: Vec<Proposal> = Vec::new();
    for (proposal, _) in proposals {
        if best.iter().all(|known| known.unit != proposal.unit) {
            best.push(proposal);
        }
    }
    best
}

impl DispatchRule {
    fn holds(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// How well it fits and by what; `None` when it does not.
    fn fits(
        &self,
        categories: &[CategoryEntry],
        question: &Question<'_>,
    ) -> Option<(i32, Vec<String>)> {
        let mut score = 0;
        let mut met = Vec::new();
        if let Some(place) = &self.place {
            let there = question.place.is_some_and(|at| at.contains(place.as_str()))
                || question.text.contains(place.as_str());
            if !there {
                return None;
            }
            score += PLACE;
            met.push(format!("地点“{place}”"));
        }
        let mut about = false;
        if let (Some(wanted), Some(given)) = (&self.category, question.category)
            && let Some(steps) = steps_up(categories, given, wanted)
        {
            about = true;
            score += if steps == 0 { CATEGORY } else { CATEGORY_ABOVE };
            met.push(format!("分类“{wanted}”"));
        }
        let mut words = 0;
        for word in &self.keywords {
            if question.text.contains(word.as_str()) {
                about = true;
                words += WORD * i32::try_from(word.chars().count()).unwrap_or(1);
                met.push(format!("关键词“{word}”"));
            }
        }
        about.then_some((score + words.min(WORDS_MAX), met))
    }
}

/// How many levels `category` lies below `wanted`; `None` when it does not.
fn steps_up(categories: &[CategoryEntry], category: &str, wanted: &str) -> Option<usize> {
    let mut here = category;
    for steps in 0..=categories.len() {
        if here == wanted {
            return Some(steps);
        }
        let node = categories.iter().find(|node| node.code == here)?;
        here = node.parent.as_deref()?;
    }
    None
}
