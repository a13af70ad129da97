//! Figures 指标 of a period, each with its definition, and how the period went.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::extract::{Json, Query};
use crate::api::problem::{Answer, Problem};
use crate::domain::kpi::{CallSums, Kpi, Measure, StateTimes, kpis};
use crate::domain::time::Timestamp;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// 15 minutes for up to two days, a day beyond.
const INTERVAL: i64 = 15 * MINUTE;
const PERIOD_MAX: i64 = 92 * DAY;

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
    /// One queue only.
    queue: Option<String>,
}

/// One figure with its definition.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KpiView {
    code: &'static str,
    /// `calls`, `ms` or `ratio`.
    #[schema(value_type = String)]
    measure: Measure,
    /// Null when there is nothing to divide by.
    value: Option<f64>,
    /// What it should be at least.
    target: Option<f64>,
    name: &'static str,
    name_en: &'static str,
    definition: &'static str,
    definition_en: &'static str,
    basis: &'static str,
}

impl From<Kpi> for KpiView {
    fn from(kpi: Kpi) -> Self {
        Self {
            code: kpi.code,
            measure: kpi.measure,
            value: kpi.value,
            target: kpi.target,
            name: kpi.name,
            name_en: kpi.name_en,
            definition: kpi.definition,
            definition_en: kpi.definition_en,
            basis: kpi.basis,
        }
    }
}

/// What came in one interval, or to one queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SumsView {
    offered: i64,
    answered: i64,
    answered_within_15_s: i64,
    answered_within_30_s: i64,
    abandoned: i64,
    /// Mean wait of those answered; null when there were none.
    wait_mean_ms: Option<i64>,
    wait_max_ms: i64,
}

impl From<CallSums> for SumsView {
    fn from(sums: CallSums) -> Self {
        Self {
            offered: sums.offered,
            answered: sums.answered,
            answered_within_15_s: sums.answered_within_15_s,
            answered_within_30_s: sums.answered_within_30_s,
            abandoned: sums.abandoned,
            wait_mean_ms: (sums.answered > 0).then(|| sums.wait_ms / sums.answered),
            wait_max_ms: sums.wait_max_ms,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IntervalView {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[serde(flatten)]
    sums: SumsView,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueSumsView {
    queue: String,
    #[serde(flatten)]
    sums: SumsView,
}

/// A period in figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KpisView {
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// When it was computed.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    kpis: Vec<KpiView>,
    interval_ms: i64,
    /// Every interval of the period, also those in which nothing came.
    trend: Vec<IntervalView>,
    queues: Vec<QueueSumsView>,
}

/// The figures of a period: by default of today until now.
#[utoipa::path(get, path = "/api/v1/kpis", tag = "kpis", params(Asked), responses((status = 200, body = KpisView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    Query(asked): Query<Asked>,
) -> Answer<Json<KpisView>> {
    let now = api.clock.now();
    let until = asked.until.unwrap_or(now);
    let since = asked.since.unwrap_or_else(|| until.start_of_day());
    let length = until.millis() - since.millis();
    if !(0..=PERIOD_MAX).contains(&length) {
        return Err(Problem::malformed(
            "invalid_period",
            "a period ends after it begins and has at most 92 days",
        ));
    }
    let interval_ms = if length <= 2 * DAY { INTERVAL } else { DAY };
    let storage = &api.storage;
    let rows = storage.call_sums(since, until, interval_ms).await?;
    let mut by_interval: BTreeMap<i64, CallSums> = BTreeMap::new();
    let mut by_queue: BTreeMap<String, CallSums> = BTreeMap::new();
    let mut all = CallSums::default();
    let wanted = |queue: &str| asked.queue.as_deref().is_none_or(|only| only == queue);
    for row in rows.into_iter().filter(|row| wanted(&row.queue.0)) {
        let interval = by_interval.entry(row.interval).or_default();
        *interval = interval.and(row.sums);
        let queue = by_queue.entry(row.queue.0).or_default();
        *queue = queue.and(row.sums);
        all = all.and(row.sums);
    }
    let day = storage
        .call_sums(until.plus_millis(-DAY), until, DAY)
        .await?
        .into_iter()
        .filter(|row| wanted(&row.queue.0))
        .fold(CallSums::default(), |sums, row| sums.and(row.sums));
    // A time in the future is not spent yet.
    let spent_until = until.min(now).max(since);
    let times = storage
        .state_times(since, spent_until)
        .await?
        .into_values()
        .fold(StateTimes::default(), StateTimes::and);
    let intervals = (length + interval_ms - 1) / interval_ms;
    Ok(Json(KpisView {
        since,
        until,
        as_of: now,
        kpis: kpis(all, day, times)
            .into_iter()
            .map(KpiView::from)
            .collect(),
        interval_ms,
        trend: (0..intervals)
            .map(|n| IntervalView {
                at: since.plus_millis(n * interval_ms),
                sums: by_interval.get(&n).copied().unwrap_or_default().into(),
            })
            .collect(),
        queues: by_queue
            .into_iter()
            .map(|(queue, sums)| QueueSumsView {
                queue,
                sums: sums.into(),
            })
            .collect(),
    }))
}
