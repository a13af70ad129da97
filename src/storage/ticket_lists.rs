//! What lists of tickets are made of beside the tickets themselves: what each waits for and from whom, who acted on it,
//! the words of its title. All of it follows from the ticket and is rewritten in the ticket's own transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::db::{Tx, count_up, values};
use super::tickets::record_of;
use super::{Fault, Storage};
use crate::domain::id::{TicketId, UnitCode, Username};
use crate::domain::staff::By;
use crate::domain::ticket::{Task, Ticket};
use crate::domain::time::Timestamp;

/// A list that people open again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// Those in which this waits for somebody.
    Waiting(Task),
    /// 将超期: at least four fifths of a limit are gone, and it has not run out.
    DueSoon(Timestamp),
    /// 已超期.
    Overdue(Timestamp),
    /// 我的: those the asker ever acted on.
    Mine,
}

/// How many tickets each view holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Tasks in which nothing waits are not in it.
    pub waiting: BTreeMap<Task, i64>,
    pub due_soon: i64,
    pub overdue: i64,
    /// Not ended yet.
    pub mine: i64,
}

/// At most so many pairs of a text are looked for: more make no list shorter.
const WORDS_MAX: usize = 8;

/// The pairs of neighbouring characters a text is found by, in order. Signs and spaces part words.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .flat_map(|run| {
            let chars: Vec<char> = run.chars().collect();
            chars
                .windows(2)
                .map(|pair| pair.iter().collect::<String>())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The pairs to look a text up by.
pub(super) fn wanted(text: &str) -> Vec<String> {
    words(text).into_iter().take(WORDS_MAX).collect()
}

/// What of a ticket is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    todos: Vec<TodoRow>,
    words: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TodoRow {
    task: Task,
    owner: UnitCode,
    soon_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
}

impl Listed {
    pub(super) fn of(ticket: &Ticket) -> Self {
        let row = |todo: crate::domain::ticket::Todo<'_>| TodoRow {
            task: todo.task,
            owner: todo.unit.clone(),
            soon_at: todo.clock.and_then(|clock| clock.soon()),
            ends_at: todo.clock.and_then(|clock| clock.due()),
        };
        Self {
            todos: ticket.todos().into_iter().map(row).collect(),
            words: ticket
                .demand
                .as_ref()
                // 涉密: what is sealed is not to be searched for.
                .filter(|_| !ticket.intake.is_sealed())
                .map(|demand| words(&demand.title))
                .unwrap_or_default(),
        }
    }

    /// Brings the rows of ticket `id` from `before` (`None`: there are none yet) to what they are now.
    pub(super) async fn store(
        &self,
        tx: &mut Tx,
        id: TicketId,
        opened_at: Timestamp,
        before: Option<&Self>,
    ) -> Result<(), Fault> {
        if before.is_none_or(|before| before.todos != self.todos) {
            self.store_todos(tx, id, opened_at).await?;
        }
        let none = BTreeSet::new();
        let old = before.map_or(&none, |before| &before.words);
        for gone in old.difference(&self.words) {
            tx.execute(
                "DELETE FROM ticket_word WHERE word = $1 AND listed_at = $2 AND ticket_id = $3",
                &values![gone.as_str(), opened_at, id],
            )
            .await?;
        }
        for new in self.words.difference(old) {
            tx.execute(
                "INSERT INTO ticket_word (word, listed_at, ticket_id) VALUES ($1, $2, $3) \
                 ON CONFLICT (word, listed_at, ticket_id) DO NOTHING",
                &values![new.as_str(), opened_at, id],
            )
            .await?;
        }
        Ok(())
    }

    async fn store_todos(
        &self,
        tx: &mut Tx,
        id: TicketId,
        opened_at: Timestamp,
    ) -> Result<(), Fault> {
        tx.execute("DELETE FROM ticket_todo WHERE ticket_id = $1", &values![id])
            .await?;
        let mut seen = BTreeSet::new();
        for todo in &self.todos {
            let head = i64::from(seen.insert(todo.task));
            tx.execute(
                "INSERT INTO ticket_todo (ticket_id, task, owner, head, listed_at, soon_at, ends_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &values![
                    id,
                    todo.task.code(),
                    todo.owner,
                    head,
                    opened_at,
                    todo.soon_at,
                    todo.ends_at
                ],
            )
            .await?;
        }
        Ok(())
    }
}

/// Remembers that somebody acted on a ticket. What the server does by itself is nobody's.
pub(super) async fn acted(
    tx: &mut Tx,
    by: By<'_>,
    id: TicketId,
    opened_at: Timestamp,
) -> Result<(), Fault> {
    let By::Person(actor) = by else {
        return Ok(());
    };
    tx.execute(
        "INSERT INTO ticket_person (username, listed_at, ticket_id) VALUES ($1, $2, $3) \
         ON CONFLICT (username, listed_at, ticket_id) DO NOTHING",
        &values![actor.username, opened_at, id],
    )
    .await?;
    Ok(())
}

/// Lists what a database from before the lists holds, each part once, at start-up.
pub(super) async fn build(tx: &mut Tx) -> Result<(), Fault> {
    // The second part: open reports, refusals that await review and demands at a seat became lists of their own.
    for (part, tickets) in [
        ("ticket_lists", EVERY),
        ("ticket_lists_undecided", AT_THE_DESK),
    ] {
        if count_up(tx, part, 1).await? == 1 {
            list(tx, tickets).await?;
        }
    }
    Ok(())
}

const EVERY: &str = "SELECT id, number, version, updated_at, json FROM ticket \
    WHERE id > $1 ORDER BY id LIMIT 1000";
const AT_THE_DESK: &str = "SELECT id, number, version, updated_at, json FROM ticket \
    WHERE id > $1 AND stage IN ('draft', 'registered') ORDER BY id LIMIT 1000";

async fn list(tx: &mut Tx, tickets: &'static str) -> Result<(), Fault> {
    let mut after = String::new();
    loop {
        let rows = tx.rows(tickets, &values![after.as_str()]).await?;
        for row in &rows {
            let record = record_of(row)?;
            after = record.id.to_string();
            Listed::of(&record.ticket)
                .store(tx, record.id, record.ticket.opened_at, None)
                .await?;
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

impl Storage {
    /// How much waits, for `me` and for all of those whose tasks one sees: everybody's, or those of `unit`.
    pub async fn ticket_counters(
        &self,
        now: Timestamp,
        me: &Username,
        unit: Option<&UnitCode>,
    ) -> Result<Counters, Fault> {
        let (waiting, clocks) = match unit {
            None => (
                self.db
                    .rows(
                        "SELECT task, COUNT(*) AS tickets FROM ticket_todo WHERE head = 1 GROUP BY task",
                        &[],
                    )
                    .await?,
                self.db.rows(CLOCKS_OF_ALL, &values![now]).await?,
            ),
            Some(unit) => (
                self.db
                    .rows(
                        "SELECT task, COUNT(*) AS tickets FROM ticket_todo WHERE owner = $1 GROUP BY task",
                        &values![unit.clone()],
                    )
                    .await?,
                self.db.rows(CLOCKS_OF_UNIT, &values![now, unit.clone()]).await?,
            ),
        };
        let mine = self.db.row(MINE, &values![me.clone()]).await?;
        let mut counters = Counters {
            mine: mine.map_or(Ok(0), |row| row.get("tickets"))?,
            ..Counters::default()
        };
        for row in &waiting {
            let code: String = row.get("task")?;
            if let Some(task) = Task::ALL.into_iter().find(|task| task.code() == code) {
                counters.waiting.insert(task, row.get("tickets")?);
            }
        }
        if let Some(row) = clocks.first() {
            counters.due_soon = row.get("due_soon")?;
            counters.overdue = row.get("overdue")?;
        }
        Ok(counters)
    }
}

/// A ticket with several clocks counts once.
const CLOCKS_OF_ALL: &str = "SELECT \
    COUNT(DISTINCT CASE WHEN ends_at < $1 THEN ticket_id END) AS overdue, \
    COUNT(DISTINCT CASE WHEN ends_at >= $1 THEN ticket_id END) AS due_soon \
    FROM ticket_todo WHERE ends_at IS NOT NULL AND soon_at <= $1";
const CLOCKS_OF_UNIT: &str = "SELECT \
    COUNT(DISTINCT CASE WHEN ends_at < $1 THEN ticket_id END) AS overdue, \
    COUNT(DISTINCT CASE WHEN ends_at >= $1 THEN ticket_id END) AS due_soon \
    FROM ticket_todo WHERE ends_at IS NOT NULL AND soon_at <= $1 AND owner = $2";
const MINE: &str = "SELECT COUNT(*) AS tickets FROM ticket_person JOIN ticket ON id = ticket_id \
    WHERE username = $1 AND stage NOT IN ('archived', 'voided')";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_its_pairs_of_characters() {
        let found = |text| words(text).into_iter().collect::<Vec<_>>();
        assert_eq!(found("路灯不亮"), ["不亮", "灯不", "路灯"]);
        assert_eq!(found("5号楼, 停水"), ["5号", "停水", "号楼"]);
        assert_eq!(found("灯"), Vec::<String>::new());
        assert_eq!(found("LED"), ["ed", "le"]);
    }
}
