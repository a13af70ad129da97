//! `[retention]`: how long the sound of recordings is kept. Without it, for ever.

use serde::Deserialize;

use crate::domain::archive::{self, DEFAULT_CLASS};
use crate::domain::ticket::Kind;

/// Periods by class, counted from the end of the ticket (or of the call, when there is no ticket).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Years for what fits no class; without it, for ever.
    pub years: Option<Years>,
    /// The first that fits counts.
    pub class: Vec<Class>,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    pub name: Name,
    /// Kinds of demand; without it, every kind.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// Beginnings of category codes; without it, every category.
    #[serde(default)]
    pub categories: Vec<String>,
    /// Without it, for ever.
    #[serde(default)]
    pub years: Option<Years>,
}

/// A period: at least one year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct Years(u32);

impl TryFrom<u32> for Years {
    type Error = &'static str;

    fn try_from(years: u32) -> Result<Self, Self::Error> {
        match years {
            1..=100 => Ok(Self(years)),
            _ => Err("a retention period is 1 to 100 years"),
        }
    }
}

/// A class's name, as tombstones keep it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        if name.is_empty() || name.len() > 64 || name == DEFAULT_CLASS {
            return Err("a retention class has a name of its own, at most 64 bytes");
        }
        Ok(Self(name))
    }
}

impl Retention {
    /// As the rules read it.
    pub fn rules(&self) -> archive::Retention {
        let class = |class: &Class| archive::RetentionClass {
            name: class.name.0.clone(),
            kinds: class.kinds.clone(),
            categories: class.categories.clone(),
            years: class.years.map(|years| years.0),
        };
        archive::Retention {
            classes: self.class.iter().map(class).collect(),
            years: self.years.map(|years| years.0),
        }
    }
}
