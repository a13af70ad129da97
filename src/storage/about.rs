//! What stands beside tickets tells of them. Whoever may not know what a ticket says (it is sealed, article 9(3), or
//! restricted, article 8(6)) does not see what is about it either, and wishes nothing of it: one question for everything
//! that has an id of its own ([`Storage::keeps_back`]), and one for lists ([`unless_kept`]).

use uuid::Uuid;

use super::db::{Row, Select, values};
use super::tickets::{sees_restricted, sees_sealed};
use super::{Fault, Storage};
use crate::domain::staff::By;

/// What an id names, where a ticket stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Ticket,
    Case,
    Revisit,
    CallOut,
    /// Several tickets: one of them is enough.
    Cluster,
    Entry,
    Hold,
    UnitNotice,
    Call,
    Recording,
}

impl Storage {
    /// Is what `id` is about kept from `by`, whatever part they have in it?
    pub async fn keeps_back(&self, by: By<'_>, about: About, id: Uuid) -> Result<bool, Fault> {
        let Some([sealed, restricted]) = kept(by) else {
            return Ok(false);
        };
        let most = values![id, sealed, restricted];
        Ok(self.db.row(about.kept(), &most).await?.is_some())
    }
}

impl About {
    /// The tickets behind the id `$1` that are more sealed than `$2` or more restricted than `$3`.
    const fn kept(self) -> &'static str {
        macro_rules! behind {
            ($tickets:literal) => {
                concat!(
                    "SELECT t.id FROM ticket t WHERE (t.sealed > $2 OR t.restricted > $3) AND t.id IN (",
                    $tickets,
                    ") LIMIT 1"
                )
            };
        }
        match self {
            Self::Ticket => behind!("$1"),
            Self::Case => behind!("SELECT ticket_id FROM supervision WHERE id = $1"),
            Self::Revisit => behind!("SELECT ticket_id FROM revisit WHERE id = $1"),
            Self::CallOut => behind!("SELECT ticket_id FROM callout WHERE id = $1"),
            Self::Cluster => behind!(
                "SELECT lead_id FROM event_cluster WHERE id = $1 \
                 UNION SELECT ticket_id FROM cluster_ticket WHERE cluster_id = $1"
            ),
            Self::Entry => behind!("SELECT ticket_id FROM accountability WHERE id = $1"),
            Self::Hold => behind!(
                "SELECT held_id FROM legal_hold WHERE id = $1 \
                 UNION SELECT c.ticket_id FROM legal_hold h JOIN call c ON c.id = h.held_id \
                 WHERE h.id = $1 \
                 UNION SELECT c.ticket_id FROM legal_hold h JOIN recording r ON r.id = h.held_id \
                 JOIN call c ON c.id = r.call_id WHERE h.id = $1"
            ),
            Self::UnitNotice => behind!("SELECT ticket_id FROM unit_notice WHERE id = $1"),
            Self::Call => behind!("SELECT ticket_id FROM call WHERE id = $1"),
            Self::Recording => behind!(
                "SELECT c.ticket_id FROM recording r JOIN call c ON c.id = r.call_id WHERE r.id = $1"
            ),
        }
    }
}

/// Leaves out of a list what is about tickets that are kept from `by`; `tie` says which tickets `t` a row is about.
pub(super) fn unless_kept(select: Select, by: By<'_>, tie: &'static str) -> Select {
    match kept(by) {
        None => select,
        Some([sealed, restricted]) => select
            .text(" AND NOT EXISTS (SELECT t.id FROM ticket t WHERE ")
            .text(tie)
            .bind(" AND (t.sealed >", sealed)
            .bind(" OR t.restricted >", restricted)
            .text("))"),
    }
}

/// The same of a ticket's row with the columns `sealed` and `restricted`.
pub(super) fn is_kept(by: By<'_>, ticket: &Row) -> Result<bool, Fault> {
    let is: [i64; 2] = [ticket.get("sealed")?, ticket.get("restricted")?];
    Ok(kept(by).is_some_and(|most| is[0] > most[0] || is[1] > most[1]))
}

/// How sealed and how restricted a ticket may be for `by`: 1 is both as they come, and `None` says that nothing is kept
/// from them.
fn kept(by: By<'_>) -> Option<[i64; 2]> {
    let most = [sees_sealed(by), sees_restricted(by)];
    (most != [true; 2]).then(|| most.map(i64::from))
}
