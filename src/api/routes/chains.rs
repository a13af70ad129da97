//! The chain of events under a case, a same-event cluster, an accountability entry or a legal hold, for who checks it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::extract::Page;
use crate::domain::time::Timestamp;
use crate::storage::ChainedEvent;

/// One fact in the chain of a case, a same-event cluster, an accountability entry or a legal hold.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChainedEventView {
    /// From 1, without gaps.
    seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// A username, `token:…`, or `@server`.
    actor: String,
    name: String,
    #[schema(value_type = Object)]
    event: Value,
    prev_hash: String,
    hash: String,
}

impl From<ChainedEvent> for ChainedEventView {
    fn from(event: ChainedEvent) -> Self {
        Self {
            seq: event.seq,
            at: event.at,
            actor: event.actor,
            name: event.name,
            event: event.event,
            prev_hash: event.prev_hash,
            hash: event.hash,
        }
    }
}

/// A whole chain as one page.
pub(super) fn whole(events: Vec<ChainedEvent>) -> Page<ChainedEventView> {
    Page {
        items: events.into_iter().map(Into::into).collect(),
        next_cursor: None,
    }
}
