//! Working calendars: what kind of day a day is, and when a limit runs out.

use std::sync::Arc;

use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::extract::{Json, Path};
use crate::api::problem::{Answer, Problem};
use crate::domain::calendar::{Calendar, Convention, DayKind, NoDeadline};
use crate::domain::ticket::Refusal;
use crate::domain::time::Timestamp;

/// What kind of day it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Day {
    /// `workday`, `weekend`, `holiday`, `makeup` (a weekend day that is worked), `unpublished`.
    #[schema(value_type = String, example = "makeup")]
    kind: DayKind,
}

/// What kind of day is this?
#[utoipa::path(get, path = "/api/v1/calendars/{name}/days/{day}", tag = "calendars",
    params(("name" = String, Path), ("day" = String, Path, description = "yyyy-mm-dd", example = "2025-01-26")),
    responses((status = 200, body = Day)))]
pub(crate) async fn day(
    State(api): State<Arc<Api>>,
    Path((name, day)): Path<(String, String)>,
) -> Answer<Json<Day>> {
    let calendar = calendar(&api, &name).await?;
    // jiff reads more forms of a date than the contract has.
    let date: Date = (day.len() == 10)
        .then(|| day.parse().ok())
        .flatten()
        .ok_or_else(|| Problem::malformed("invalid_day", "a day is written yyyy-mm-dd"))?;
    Ok(Json(Day {
        kind: calendar.day(date),
    }))
}

/// A limit: either working days or working hours.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    #[serde(default)]
    working_days: Option<u32>,
    #[serde(default)]
    working_hours: Option<u32>,
    /// How working days are counted: `end_of_nth_day` (default) or `eight_hour_days`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    convention: Option<Convention>,
}

/// When the limit runs out, and the working days that were counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Due {
    #[schema(value_type = String, format = DateTime)]
    due: Timestamp,
    #[schema(example = json!(["2025-01-26", "2025-01-27", "2025-02-05"]))]
    counted: Vec<String>,
}

/// When does a limit run out? Refused when it runs into a year whose holidays are not published.
#[utoipa::path(post, path = "/api/v1/calendars/{name}/deadline", tag = "calendars", params(("name" = String, Path)),
    request_body = Limit, responses((status = 200, body = Due), (status = 409, description = "Refused: unpublished year")))]
pub(crate) async fn deadline(
    State(api): State<Arc<Api>>,
    Path(name): Path<String>,
    Json(limit): Json<Limit>,
) -> Answer<Json<Due>> {
    let calendar = calendar(&api, &name).await?;
    let due = match (limit.working_days, limit.working_hours) {
        (Some(days), None) => {
            calendar.deadline_working_days(limit.from, days, limit.convention.unwrap_or_default())
        }
        (None, Some(hours)) if limit.convention.is_none() => {
            calendar.deadline_working_hours(limit.from, hours)
        }
        (Some(_) | None, Some(_)) | (None, None) => {
            return Err(Problem::invalid(
                "invalid_limit",
                "give working_days (with a convention if you like) or working_hours",
            ));
        }
    };
    let due = due.map_err(|no: NoDeadline| Problem::from(Refusal::from(no)))?;
    Ok(Json(Due {
        due: due.due,
        counted: due.counted.iter().map(Date::to_string).collect(),
    }))
}

/// The calendar of this name; `statutory` is there even before any organisation file was applied.
async fn calendar(api: &Api, name: &str) -> Answer<Calendar> {
    api.storage
        .calendar(name)
        .await?
        .ok_or_else(Problem::not_found)
}
