//! Who gets whom. Pure choices over waiting lines; the machine in `acd` carries them out.
//!
//! Two questions are enough, because the machine asks one after every change: no agent is ever left free beside a
//! caller that agent could answer.

use std::collections::BTreeMap;

use super::queue::Line;
use crate::domain::id::{QueueName, Skill, Username};

/// Whether someone with `skills` meets what a queue `needs`: each named skill, at least at that level.
pub fn may_answer(skills: &BTreeMap<Skill, u8>, needs: &BTreeMap<Skill, u8>) -> bool {
    needs
        .iter()
        .all(|(skill, level)| skills.get(skill).is_some_and(|has| has >= level))
}

/// Who answers the first caller of `line`: of the free agents who may, the one idle longest.
pub fn agent_for(line: &Line) -> Option<&Username> {
    line.free.first_key_value().map(|(_, agent)| agent)
}

/// Whose first caller an agent takes who may answer all of `lines`: the most urgent line's; of equals, the caller
/// whose turn is first.
pub fn line_for<'a>(
    lines: impl Iterator<Item = (&'a QueueName, &'a Line)>,
) -> Option<&'a QueueName> {
    lines
        .filter_map(|(name, line)| {
            let (turn, _) = line.waiting.first_key_value()?;
            Some((std::cmp::Reverse(line.rules.priority), *turn, name))
        })
        .min()
        .map(|(_, _, name)| name)
}
