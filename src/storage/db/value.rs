//! What goes into a statement and what comes out of a row, the same for both databases.
//!
//! Columns have three kinds only: 64-bit integers, text, bytes. Times are UTC milliseconds, ids and JSON are
//! text, truth is 0 or 1. That is what both databases store alike, and what a backup can carry from one to the
//! other.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sqlx::Row as _;
use uuid::Uuid;

use super::vault::Vault;
use crate::domain::id::{
    CallId, CallOutId, CaseId, ClusterId, ConferenceItemId, ContactId, EntryId, Extension, FlagId,
    HoldId, LegId, QueueName, RecordingId, RevisitId, Skill, SmsId, TicketId, TokenId, TrunkName,
    UnitCode, Username,
};
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Timestamp;
use crate::storage::Fault;

/// One bound parameter. A null keeps its type: PostgreSQL asks for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
    /// A text that names a person; sealed on its way when there is a vault.
    Personal(Option<String>),
    /// A text that is sealed whole, whatever it says.
    Secret(Option<String>),
}

impl Value {
    /// As it goes to the database. JSON is looked through for what names people.
    pub(super) fn sealed(&self, vault: &Vault) -> Self {
        match self {
            Self::Personal(Some(text)) => Self::Text(Some(vault.seal(text).into_owned())),
            Self::Secret(Some(text)) => Self::Text(Some(vault.seal_whole(text))),
            Self::Personal(None) | Self::Secret(None) => Self::Text(None),
            Self::Text(Some(json)) if json.starts_with(['{', '[']) => {
                Self::Text(Some(vault.seal_json(json).into_owned()))
            }
            Self::Int(_) | Self::Text(_) | Self::Bytes(_) => self.clone(),
        }
    }
}

/// A text column that names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Personal(pub(crate) String);

/// A text column that may name people in any form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl Bind for Secret {
    fn bind(&self) -> Value {
        Value::Secret(Some(self.0.clone()))
    }
}

impl Raw for Personal {
    fn into_value(raw: Option<Self>) -> Value {
        Value::Personal(raw.map(|Self(text)| text))
    }

    fn of_row(row: &Row, column: &str) -> Result<Option<Self>, sqlx::Error> {
        Ok(String::of_row(row, column)?.map(Self))
    }
}

impl Column for Personal {
    type Raw = Self;

    fn to_raw(&self) -> Self {
        self.clone()
    }

    fn from_raw(raw: Self) -> Option<Self> {
        Some(raw)
    }
}

/// One of the three kinds of column.
pub(crate) trait Raw: Sized {
    fn into_value(raw: Option<Self>) -> Value;
    fn of_row(row: &Row, column: &str) -> Result<Option<Self>, sqlx::Error>;
}

/// A type that is kept in one column.
pub(crate) trait Column: Sized {
    type Raw: Raw;
    fn to_raw(&self) -> Self::Raw;
    /// `None` when the column holds what we never wrote.
    fn from_raw(raw: Self::Raw) -> Option<Self>;
}

/// Anything that can be bound: a column type, or one that may be absent.
pub(crate) trait Bind {
    fn bind(&self) -> Value;
}

impl<T: Column> Bind for T {
    fn bind(&self) -> Value {
        Raw::into_value(Some(self.to_raw()))
    }
}

impl<T: Column> Bind for Option<T> {
    fn bind(&self) -> Value {
        Raw::into_value(self.as_ref().map(Column::to_raw))
    }
}

impl Bind for &str {
    fn bind(&self) -> Value {
        Value::Text(Some((*self).to_owned()))
    }
}

impl Bind for Option<&str> {
    fn bind(&self) -> Value {
        Value::Text(self.map(str::to_owned))
    }
}

/// The parameters of one statement, in order: `&values![id, at, name]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$($crate::storage::db::Bind::bind(&$value)),*]
    };
}
pub(crate) use values;

/// One row of an answer.
pub(crate) struct Row {
    cells: Cells,
    vault: Option<Arc<Vault>>,
}

/// A row as its database's driver has it.
pub(super) enum Cells {
    Sqlite(sqlx::sqlite::SqliteRow),
    Postgres(sqlx::postgres::PgRow),
}

impl Row {
    pub(super) const fn new(cells: Cells, vault: Option<Arc<Vault>>) -> Self {
        Self { cells, vault }
    }

    /// The text of `column` as it is stored, sealed: for what carries it elsewhere.
    pub(crate) fn stored_text(&self, column: &str) -> Result<Option<String>, Fault> {
        match &self.cells {
            Cells::Sqlite(row) => row.try_get(column),
            Cells::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| Fault::Corrupt(format!("column {column}: {error}")))
    }

    fn opened(&self, text: String) -> String {
        match &self.vault {
            Some(vault) => match vault.open(&text) {
                Cow::Borrowed(_) => text,
                Cow::Owned(opened) => opened,
            },
            None => text,
        }
    }

    /// The column's value; a null or a foreign text is [`Fault::Corrupt`].
    pub(crate) fn get<T: Column>(&self, column: &str) -> Result<T, Fault> {
        self.opt(column)?
            .ok_or_else(|| Fault::Corrupt(format!("column {column} is null")))
    }

    /// The column's value, or nothing when it is null.
    pub(crate) fn opt<T: Column>(&self, column: &str) -> Result<Option<T>, Fault> {
        let raw = T::Raw::of_row(self, column)
            .map_err(|error| Fault::Corrupt(format!("column {column}: {error}")))?;
        raw.map(|raw| {
            T::from_raw(raw)
                .ok_or_else(|| Fault::Corrupt(format!("column {column} holds a foreign value")))
        })
        .transpose()
    }

    /// The JSON text of `column`, read as `T`.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Fault> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text)
            .map_err(|error| Fault::Corrupt(format!("column {column}: {error}")))
    }
}

macro_rules! raw {
    (@opened Text $row:ident $cell:ident) => { $row.opened($cell) };
    (@opened $kind:ident $row:ident $cell:ident) => { $cell };
    ($($raw:ty => $kind:ident),+ $(,)?) => {$(
        impl Raw for $raw {
            fn into_value(raw: Option<Self>) -> Value {
                Value::$kind(raw)
            }
            fn of_row(row: &Row, column: &str) -> Result<Option<Self>, sqlx::Error> {
                let cell: Option<Self> = match &row.cells {
                    Cells::Sqlite(row) => row.try_get(column),
                    Cells::Postgres(row) => row.try_get(column),
                }?;
                Ok(cell.map(|cell| raw!(@opened $kind row cell)))
            }
        }

        impl Column for $raw {
            type Raw = Self;
            fn to_raw(&self) -> Self {
                self.clone()
            }
            fn from_raw(raw: Self) -> Option<Self> {
                Some(raw)
            }
        }
    )+};
}

raw! { i64 => Int, String => Text, Vec<u8> => Bytes }

impl Column for u32 {
    type Raw = i64;
    fn to_raw(&self) -> i64 {
        (*self).into()
    }
    fn from_raw(raw: i64) -> Option<Self> {
        raw.try_into().ok()
    }
}

impl Column for u64 {
    type Raw = i64;
    /// Counts of bytes and rows; none comes near 2⁶³.
    fn to_raw(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
    fn from_raw(raw: i64) -> Option<Self> {
        raw.try_into().ok()
    }
}

impl Column for bool {
    type Raw = i64;
    fn to_raw(&self) -> i64 {
        (*self).into()
    }
    fn from_raw(raw: i64) -> Option<Self> {
        match raw {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Column for Timestamp {
    type Raw = i64;
    fn to_raw(&self) -> i64 {
        self.millis()
    }
    fn from_raw(raw: i64) -> Option<Self> {
        Some(Self::from_millis(raw))
    }
}

impl Column for Uuid {
    type Raw = String;
    fn to_raw(&self) -> String {
        self.to_string()
    }
    fn from_raw(raw: String) -> Option<Self> {
        raw.parse().ok()
    }
}

impl Column for PhoneNumber {
    type Raw = Personal;
    fn to_raw(&self) -> Personal {
        Personal(self.as_str().to_owned())
    }
    fn from_raw(raw: Personal) -> Option<Self> {
        Self::parse(&raw.0).ok()
    }
}

macro_rules! ids {
    ($($id:ident),+ $(,)?) => {$(
        impl Column for $id {
            type Raw = String;
            fn to_raw(&self) -> String {
                self.0.to_string()
            }
            fn from_raw(raw: String) -> Option<Self> {
                raw.parse().ok().map(Self)
            }
        }
    )+};
}

ids! {
    CallId, CallOutId, ConferenceItemId, LegId, ContactId, TicketId, RecordingId, RevisitId, SmsId, TokenId, CaseId, ClusterId,
    EntryId, HoldId, FlagId
}

macro_rules! names {
    ($($name:ident),+ $(,)?) => {$(
        impl Column for $name {
            type Raw = String;
            fn to_raw(&self) -> String {
                self.0.clone()
            }
            fn from_raw(raw: String) -> Option<Self> {
                Some(Self(raw))
            }
        }
    )+};
}

names! { Username, UnitCode, QueueName, Extension, TrunkName, Skill }
