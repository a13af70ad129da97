//! Figures of demands 统计: what came in a period, how it was disposed of, divided by who asks (群众 or 企业), city and special
//! channel. Counted over columns that are written with the ticket and covered by one index.

use serde::Serialize;

use super::about::unless_kept;
use super::chronicle::Chronicler;
use super::db::{Row, Select, Tx, values};
use super::{Fault, Storage};
use crate::domain::id::{TicketId, UnitCode};
use crate::domain::staff::{By, Unit, UnitKind};
use crate::domain::ticket::{Applicant, Demand};
use crate::domain::time::Timestamp;

/// The demands of one kind of applicant, one city and one channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// `person` or `enterprise`; `None`: refused before anybody wrote down who asks.
    pub applicant: Option<String>,
    /// The city of the first unit it was dispatched to, or of the place that was told.
    pub city: Option<UnitCode>,
    pub lane: Option<String>,
    /// Registered.
    pub demands: i64,
    /// 直接解答, at the desk or at a dedicated seat.
    pub answered: i64,
    /// 三方通话.
    pub three_way: i64,
    /// 派发: assigned 交办, and those counted apart.
    pub dispatched: i64,
    /// 由省委部门受理.
    pub passed_for_acceptance: i64,
    /// 不予受理 by the grounds of article 9, in their order.
    pub refused: [i64; 6],
}

/// A refusal that was drawn for a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drawn {
    pub ticket: TicketId,
    pub number: String,
    pub opened_at: Timestamp,
}

impl Storage {
    /// What was opened from `since` up to, not including, `until`, by applicant, city and lane.
    pub async fn figures(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Figures>, Fault> {
        let rows = self.db.rows(FIGURES, &values![since, until]).await?;
        rows.iter().map(figures_of).collect()
    }

    /// Up to `limit` refusals of a ground of article 9, drawn by lot among those of the period that `by` may see.
    pub async fn draw_refusals(
        &self,
        by: By<'_>,
        ground: u32,
        since: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Drawn>, Fault> {
        let select = Select::new("SELECT id, number, opened_at FROM ticket WHERE 1 = 1")
            .bind(" AND refusal =", i64::from(ground))
            .bind(" AND opened_at >=", since)
            .bind(" AND opened_at <", until);
        let select = unless_kept(select, by, "t.id = ticket.id");
        let rows = self
            .db
            .select(
                select
                    .text(" ORDER BY RANDOM()")
                    .bind(" LIMIT", i64::from(limit)),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Drawn {
                    ticket: row.get("id")?,
                    number: row.get("number")?,
                    opened_at: row.get("opened_at")?,
                })
            })
            .collect()
    }
}

const FIGURES: &str = "SELECT applicant, city, lane, COUNT(applicant) AS demands, \
    COUNT(CASE WHEN answered = 1 THEN 1 END) AS answered, \
    COUNT(CASE WHEN three_way = 1 THEN 1 END) AS three_way, \
    COUNT(handover) AS dispatched, \
    COUNT(CASE WHEN handover = 'passed_for_acceptance' THEN 1 END) AS passed, \
    COUNT(CASE WHEN refusal = 1 THEN 1 END) AS refused_1, \
    COUNT(CASE WHEN refusal = 2 THEN 1 END) AS refused_2, \
    COUNT(CASE WHEN refusal = 3 THEN 1 END) AS refused_3, \
    COUNT(CASE WHEN refusal = 4 THEN 1 END) AS refused_4, \
    COUNT(CASE WHEN refusal = 5 THEN 1 END) AS refused_5, \
    COUNT(CASE WHEN refusal = 6 THEN 1 END) AS refused_6 \
    FROM ticket WHERE opened_at >= $1 AND opened_at < $2 \
    AND (applicant IS NOT NULL OR refusal IS NOT NULL) \
    GROUP BY applicant, city, lane ORDER BY applicant, city, lane";

const REFUSED: [&str; 6] = [
    "refused_1",
    "refused_2",
    "refused_3",
    "refused_4",
    "refused_5",
    "refused_6",
];

fn figures_of(row: &Row) -> Result<Figures, Fault> {
    let mut refused = [0; 6];
    for (count, column) in refused.iter_mut().zip(REFUSED) {
        *count = row.get(column)?;
    }
    Ok(Figures {
        applicant: row.opt("applicant")?,
        city: row.opt("city")?,
        lane: row.opt("lane")?,
        demands: row.get("demands")?,
        answered: row.get("answered")?,
        three_way: row.get("three_way")?,
        dispatched: row.get("dispatched")?,
        passed_for_acceptance: row.get("passed")?,
        refused,
    })
}

impl Chronicler<'_> {
    /// Who asks, and where that is said, in which city.
    pub(super) async fn count_registered(
        &self,
        tx: &mut Tx,
        id: TicketId,
        demand: &Demand,
    ) -> Result<(), Fault> {
        let applicant = match demand.petitioner.applicant {
            Applicant::Person => "person",
            Applicant::Enterprise => "enterprise",
        };
        let city = match &demand.address {
            Some(address) => self.city_named(tx, address).await?,
            None => None,
        };
        tx.execute(
            "UPDATE ticket SET applicant = $2, city = COALESCE($3, city) WHERE id = $1",
            &values![id, applicant, city],
        )
        .await?;
        Ok(())
    }

    /// 直接解答. Opened again it was not answered at first contact.
    pub(super) async fn count_answered(
        &self,
        tx: &mut Tx,
        id: TicketId,
        answered: bool,
    ) -> Result<(), Fault> {
        tx.execute(
            "UPDATE ticket SET answered = $2 WHERE id = $1",
            &values![id, i64::from(answered)],
        )
        .await?;
        Ok(())
    }

    /// 三方通话.
    pub(super) async fn count_three_way(&self, tx: &mut Tx, id: TicketId) -> Result<(), Fault> {
        tx.execute(
            "UPDATE ticket SET three_way = 1 WHERE id = $1",
            &values![id],
        )
        .await?;
        Ok(())
    }

    /// The city it was dispatched to.
    pub(super) async fn count_dispatched(
        &self,
        tx: &mut Tx,
        id: TicketId,
        lead: &UnitCode,
    ) -> Result<(), Fault> {
        if let Some(city) = self.city_over(tx, lead).await? {
            tx.execute(
                "UPDATE ticket SET city = $2 WHERE id = $1",
                &values![id, city],
            )
            .await?;
        }
        Ok(())
    }

    /// The city that `unit` is of: itself or the nearest over it.
    async fn city_over(&self, tx: &mut Tx, unit: &UnitCode) -> Result<Option<UnitCode>, Fault> {
        let chain = std::iter::once(unit.clone()).chain(self.rules.above(unit));
        for code in chain.take(ABOVE_MAX) {
            let row = tx.row(STAND, &values![code.clone(), self.now]).await?;
            let unit: Option<Unit> = row.map(|row| row.json("json")).transpose()?;
            if unit.is_some_and(|unit| unit.kind == UnitKind::City) {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    /// The city whose name an address begins with, whether or not the province is named first.
    async fn city_named(&self, tx: &mut Tx, address: &str) -> Result<Option<UnitCode>, Fault> {
        let place = address.trim_start();
        let place = place.strip_prefix("江苏省").unwrap_or(place);
        let place: String = place.chars().take(CITY_CHARACTERS).collect();
        // Letters alone: what is looked for with LIKE says nothing of its own there.
        let letters = place.chars().filter(|c| c.is_alphabetic()).count();
        if letters < CITY_CHARACTERS {
            return Ok(None);
        }
        // Names of cities' platforms: 南京12345, 连云港12345.
        let row = tx.row(CITY, &values![self.now, place]).await?;
        row.map(|row| row.get("code")).transpose()
    }
}

/// Units over one another that are looked at.
const ABOVE_MAX: usize = 16;
/// Every city of the province is known by its first two characters.
const CITY_CHARACTERS: usize = 2;
const STAND: &str = "SELECT json FROM unit_stand WHERE code = $1 AND valid_from <= $2 \
                     ORDER BY valid_from DESC LIMIT 1";
const CITY: &str = "SELECT code FROM unit_stand WHERE valid_from <= $1 \
    AND json LIKE '%\"kind\":\"city\"%' AND json LIKE '%\"name\":\"' || $2 || '%' \
    ORDER BY valid_from DESC, code LIMIT 1";
