//! What a demand's form asks beside what every demand has: fields of the province's, and of a city's own (article 32).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::set::BadRuleSet;
use crate::domain::ticket::refusal::Refusal;

const FIELDS_MAX: usize = 20;
const CHOICES_MAX: usize = 50;
const VALUE_MAX: usize = 200;

/// One field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    /// Its name for programs: small letters, digits and `_`.
    pub key: String,
    /// For people.
    pub name: String,
    /// A demand without it is not registered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// One of these; none: any line of text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// Can people fill it in?
pub(super) fn check(form: &[FormField]) -> Result<(), BadRuleSet> {
    let named = |text: &str, most| (1..=most).contains(&text.trim().chars().count());
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if form.len() > FIELDS_MAX {
        return Err(BadRuleSet::BadForm("at most 20 fields".to_owned()));
    }
    for field in form {
        let bad = |why: &str| Err(BadRuleSet::BadForm(format!("{}: {why}", field.key)));
        let twice = form.iter().filter(|other| other.key == field.key).count() > 1;
        if !named(&field.key, 40) || !field.key.bytes().all(plain) || twice {
            return bad("a key is small letters, digits and _, at most 40, and its own");
        }
        if !named(&field.name, 40) {
            return bad("a name has at most 40 characters");
        }
        let choices = &field.choices;
        if choices.len() > CHOICES_MAX || !choices.iter().all(|one| named(one, VALUE_MAX)) {
            return bad("at most 50 choices of at most 200 characters");
        }
    }
    Ok(())
}

/// Is `given` what `form` asks for? Nothing that it does not know, and nothing left out that it needs.
pub(in crate::domain::ticket) fn check_given(
    form: &[FormField],
    given: &BTreeMap<String, String>,
) -> Result<(), Refusal> {
    let bad = |name: &str, why| {
        Err(Refusal::BadField {
            name: name.chars().take(40).collect(),
            why,
        })
    };
    for (key, value) in given {
        let Some(field) = form.iter().find(|field| field.key == *key) else {
            return bad(key, "表单没有这一项");
        };
        if value.trim().is_empty() || value.chars().count() > VALUE_MAX {
            return bad(&field.name, "应填写, 最多200字");
        }
        if !field.choices.is_empty() && !field.choices.contains(value) {
            return bad(&field.name, "不是可选的内容");
        }
    }
    match form
        .iter()
        .find(|field| field.required && !given.contains_key(&field.key))
    {
        Some(field) => bad(&field.name, "应填写"),
        None => Ok(()),
    }
}
