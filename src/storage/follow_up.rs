//! What follows from a ticket's event, written in the event's own transaction. The whole of it is one `match`.

use super::Fault;
use super::db::Tx;
use super::tickets::{Chronicler, TicketRecord};
use crate::domain::ticket::Event;

pub(super) async fn write_down(
    _tx: &mut Tx,
    _chronicler: &Chronicler<'_>,
    _record: &TicketRecord,
    _event: &Event,
) -> Result<(), Fault> {
    Ok(())
}
