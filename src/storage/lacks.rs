//! What units lacked of the duties of article 7, from when to when: facts for article 28(6) that stay when the lack is gone.

use std::collections::BTreeSet;

use serde::Serialize;

use super::db::{Row, Select, Tx, values};
use super::{Cursor, Fault, Listing, Page, Storage};
use crate::domain::id::UnitCode;
use crate::domain::organisation::Lack;
use crate::domain::time::Timestamp;

/// One thing that one unit lacked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LackRecord {
    pub unit: UnitCode,
    pub lack: Lack,
    /// When it was first seen.
    pub since: Timestamp,
    /// When it was first seen no longer; `None`: it goes on.
    pub until: Option<Timestamp>,
}

impl Storage {
    /// Writes down what is lacking at `now`: what is new begins, what is no longer there ends. How much changed.
    pub async fn keep_lacks(
        &self,
        now: Timestamp,
        lacking: BTreeSet<(UnitCode, Lack)>,
    ) -> Result<u32, Fault> {
        self.db
            .write((now, lacking), |tx, (now, lacking)| {
                Box::pin(keep(tx, *now, lacking))
            })
            .await
    }

    /// What is lacking, since when.
    pub async fn lacks_open(&self) -> Result<Vec<LackRecord>, Fault> {
        let rows = self.db.rows(OPEN, &[]).await?;
        rows.iter().map(record_of).collect()
    }

    /// What was lacking, the latest first; of one unit, if asked.
    pub async fn lacks_kept(
        &self,
        unit: Option<&UnitCode>,
        page: &Page,
    ) -> Result<Listing<LackRecord>, Fault> {
        let mut select = Select::new("SELECT unit, lack, since, until FROM unit_lack WHERE 1 = 1")
            .and_some("unit =", unit.cloned());
        if let Some(after) = &page.after {
            select = select.before("since", "unit || '/' || lack", after);
        }
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY since DESC, unit || '/' || lack DESC")
                    .bind(" LIMIT", i64::from(page.limit()) + 1),
            )
            .await?;
        let items = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Listing::cut(items, page, |record| Cursor {
            at: record.since.millis(),
            id: format!("{}/{}", record.unit, record.lack.code()),
        }))
    }
}

async fn keep(
    tx: &mut Tx,
    now: Timestamp,
    lacking: &BTreeSet<(UnitCode, Lack)>,
) -> Result<u32, Fault> {
    let rows = tx.rows(OPEN, &[]).await?;
    let open = rows.iter().map(record_of).collect::<Result<Vec<_>, _>>()?;
    let known: BTreeSet<(UnitCode, Lack)> = open
        .into_iter()
        .map(|record| (record.unit, record.lack))
        .collect();
    let mut changed = 0;
    for (unit, lack) in known.difference(lacking) {
        tx.execute(
            "UPDATE unit_lack SET until = $3 WHERE unit = $1 AND lack = $2 AND until IS NULL",
            &values![unit.clone(), lack.code(), now],
        )
        .await?;
        changed += 1;
    }
    for (unit, lack) in lacking.difference(&known) {
        tx.execute(
            "INSERT INTO unit_lack (unit, lack, since) VALUES ($1, $2, $3) \
             ON CONFLICT (unit, lack, since) DO UPDATE SET until = NULL",
            &values![unit.clone(), lack.code(), now],
        )
        .await?;
        changed += 1;
    }
    Ok(changed)
}

const OPEN: &str = "SELECT unit, lack, since, until FROM unit_lack WHERE until IS NULL";

fn record_of(row: &Row) -> Result<LackRecord, Fault> {
    let code: String = row.get("lack")?;
    Ok(LackRecord {
        unit: row.get("unit")?,
        lack: Lack::from_code(&code)
            .ok_or_else(|| Fault::Corrupt(format!("unknown lack {code:?}")))?,
        since: row.get("since")?,
        until: row.opt("until")?,
    })
}
