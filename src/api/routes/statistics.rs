//! Figures of demands 统计 of a period: how they were disposed of, divided by who asks, city and special channel; and refusals
//! drawn by lot, to be checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Query};
use crate::api::problem::{Answer, Problem};
use crate::domain::id::TicketId;
use crate::domain::staff::By;
use crate::domain::time::Timestamp;
use crate::storage::statistics::{Drawn, Figures};

const DAY: i64 = 24 * 60 * 60_000;
/// A year and a day.
const PERIOD_MAX: i64 = 367 * DAY;
/// Refusals of one draw.
const DRAWN: u32 = 5;
const DRAWN_MAX: u32 = 50;

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Midnight in Beijing unless given.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Now unless given.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// The demands of one kind of applicant, one city and one channel, by when they were opened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FiguresView {
    /// `person` 群众 or `enterprise` 企业; null: refused before anybody wrote down who asks.
    applicant: Option<String>,
    /// Of the unit it was dispatched to, else of the place that was told.
    city: Option<String>,
    city_name: Option<String>,
    lane: Option<String>,
    lane_name: Option<String>,
    /// What the channel is counted under.
    statistics: Option<String>,
    /// Registered.
    demands: i64,
    /// 直接解答: answered at first contact. Over `demands` it is the online answer rate.
    answered: i64,
    /// 三方通话.
    three_way: i64,
    /// 派发, `passed_for_acceptance` among them.
    dispatched: i64,
    /// 由省委部门受理, counted apart from 交办.
    passed_for_acceptance: i64,
    /// 不予受理 by the grounds of article 9, (1) to (6).
    refused: Vec<i64>,
}

/// A period's demands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatisticsView {
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// Every combination of applicant, city and channel that came; sums of them are figures.
    figures: Vec<FiguresView>,
}

/// What demands came in a period and how they were disposed of, divided by applicant, city and special channel.
#[utoipa::path(get, path = "/api/v1/statistics", tag = "statistics", params(Asked), responses((status = 200, body = StatisticsView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    Query(asked): Query<Asked>,
) -> Answer<Json<StatisticsView>> {
    let (since, until) = period(&api, asked.since, asked.until)?;
    let figures = api.storage.figures(since, until).await?;
    let lanes = api.storage.disposition().await?.lanes;
    let lanes: BTreeMap<String, (String, String)> = lanes
        .into_iter()
        .map(|lane| (lane.code, (lane.name, lane.statistics)))
        .collect();
    let mut cities = BTreeMap::new();
    for code in figures.iter().filter_map(|figures| figures.city.as_ref()) {
        if !cities.contains_key(code) {
            cities.insert(code.clone(), api.storage.unit_name(code).await?);
        }
    }
    let view = |figures: Figures| {
        let lane = figures.lane.as_ref().and_then(|code| lanes.get(code));
        FiguresView {
            applicant: figures.applicant,
            city_name: figures
                .city
                .as_ref()
                .and_then(|code| cities.get(code).cloned()),
            city: figures.city.map(|code| code.0),
            lane_name: lane.map(|(name, _)| name.clone()),
            statistics: lane.map(|(_, statistics)| statistics.clone()),
            lane: figures.lane,
            demands: figures.demands,
            answered: figures.answered,
            three_way: figures.three_way,
            dispatched: figures.dispatched,
            passed_for_acceptance: figures.passed_for_acceptance,
            refused: figures.refused.to_vec(),
        }
    };
    Ok(Json(StatisticsView {
        since,
        until,
        figures: figures.into_iter().map(view).collect(),
    }))
}

/// Of which ground, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Draw {
    /// Its number in article 9, 1 to 6.
    ground: u32,
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// 5 unless given, 50 at most.
    limit: Option<u32>,
}

/// A refusal that was drawn.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DrawnView {
    #[schema(value_type = uuid::Uuid)]
    id: TicketId,
    number: String,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
}

/// Refusals of one ground, drawn by lot anew each time: to be checked by a person.
#[utoipa::path(get, path = "/api/v1/refusals/sample", tag = "intake", params(Draw), responses((status = 200, body = Page<DrawnView>)))]
pub(crate) async fn sample(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Query(draw): Query<Draw>,
) -> Answer<Json<Page<DrawnView>>> {
    if !(1..=6).contains(&draw.ground) {
        return Err(Problem::malformed(
            "invalid_ground",
            "a ground of article 9 is 1 to 6",
        ));
    }
    let (since, until) = period(&api, draw.since, draw.until)?;
    let limit = draw.limit.unwrap_or(DRAWN).clamp(1, DRAWN_MAX);
    let by = By::Person(&caller.actor);
    let drawn = api
        .storage
        .draw_refusals(by, draw.ground, since, until, limit)
        .await?;
    let view = |drawn: Drawn| DrawnView {
        id: drawn.ticket,
        number: drawn.number,
        opened_at: drawn.opened_at,
    };
    Ok(Json(Page {
        items: drawn.into_iter().map(view).collect(),
        next_cursor: None,
    }))
}

fn period(
    api: &Api,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Answer<(Timestamp, Timestamp)> {
    let until = until.unwrap_or_else(|| api.clock.now().plus_millis(1));
    let since = since.unwrap_or_else(|| until.start_of_day());
    if !(0..=PERIOD_MAX).contains(&(until.millis() - since.millis())) {
        return Err(Problem::malformed(
            "invalid_period",
            "a period ends after it begins and has at most a year",
        ));
    }
    Ok((since, until))
}
