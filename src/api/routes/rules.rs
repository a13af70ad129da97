//! The rules as they are in force: rule sets with their numbers, what cities changed, the regulation's own words, and
//! the notices that calendars follow.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::intake::FormFieldView;
use crate::api::Api;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Page, Path, Query, page};
use crate::api::problem::{Answer, Problem};
use crate::domain::calendar::Notice;
use crate::domain::disposition::CategoryEntry;
use crate::domain::staff::By;
use crate::domain::ticket::intake::{Guidance, Procedure};
use crate::domain::ticket::{
    ARTICLES, Citation, Difference, Interpretation, RuleSet, Rules, article,
};
use crate::domain::time::Timestamp;
use crate::storage::rules::{ChangeRecord, MoveRecord};

/// One version of the rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleSetView {
    /// e.g. `苏政办发〔2020〕29号`; a ticket's `promise.rules` is one of these.
    version: String,
    title: String,
    /// Holds for tickets dispatched on this day or later.
    #[schema(example = "2020-04-22")]
    from: String,
    is_in_force: bool,
    /// The city it is for (article 32); `null`: the whole province.
    city: Option<String>,
    /// The groups of article 8 it is for; empty: all. A special channel names its own: `/api/v1/lanes`.
    #[schema(value_type = Vec<String>)]
    sources: Vec<serde_json::Value>,
    /// The systems of `/api/v1/origins` it is for, and for no others of their group; empty: not by system.
    systems: Vec<String>,
    /// Every number by its field.
    #[schema(value_type = Object)]
    limits: serde_json::Value,
    /// 解释 (article 33).
    interpretations: Vec<InterpretationView>,
    /// 引导 under article 9(2), one for each procedure; the province's where this set has none of its own.
    guidance: Vec<GuidanceView>,
    /// What a demand's form asks beside what every demand has, as this set has it.
    form: Vec<FormFieldView>,
    /// What differs from the provincial regulation.
    differences: Vec<DifferenceView>,
}

/// How an article is to be read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InterpretationView {
    #[schema(example = "11(3)")]
    article: String,
    text: String,
    by: String,
    #[schema(example = "2021-01-01")]
    from: String,
}

/// What a petitioner is told whose matter is another procedure's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuidanceView {
    /// `petition`, `arbitration`, `reconsideration` or `litigation`.
    #[schema(value_type = String)]
    procedure: Procedure,
    law: String,
    text: String,
}

impl From<Guidance> for GuidanceView {
    fn from(guidance: Guidance) -> Self {
        Self {
            procedure: guidance.procedure,
            law: guidance.law,
            text: guidance.text,
        }
    }
}

/// One number in which two rule sets differ; or guidance, a field of the form, or a category: `guidance.…`, `form.…`,
/// `category.…`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    #[schema(example = "inquiry_days")]
    field: String,
    /// For people, in Chinese.
    name: String,
    #[schema(example = "11(3)")]
    article: &'static str,
    /// In the rule set that was asked for.
    #[schema(value_type = Object)]
    ours: serde_json::Value,
    /// In the one it is held against.
    #[schema(value_type = Object)]
    theirs: serde_json::Value,
}

/// An article, or one paragraph of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ArticleView {
    #[schema(example = "11(3)")]
    article: &'static str,
    #[schema(example = "第十一条第（三）项")]
    name: String,
    text: &'static str,
    /// Every rule set's interpretation of it.
    interpretations: Vec<InterpretationView>,
}

/// Every rule set, the provincial regulation first.
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", responses((status = 200, body = Page<RuleSetView>)))]
pub(crate) async fn list(State(api): State<Arc<Api>>) -> Answer<Json<Page<RuleSetView>>> {
    let (rules, now) = (api.rules.now(), api.clock.now());
    let categories = api.storage.disposition().await?.categories;
    Ok(Json(Page {
        items: rules
            .sets()
            .iter()
            .map(|set| RuleSetView::of(set, &rules, &categories, now))
            .collect(),
        next_cursor: None,
    }))
}

/// One rule set.
#[utoipa::path(get, path = "/api/v1/rules/{version}", tag = "rules",
    params(("version" = String, Path, example = "苏政办发〔2020〕29号")), responses((status = 200, body = RuleSetView)))]
pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    Path(version): Path<String>,
) -> Answer<Json<RuleSetView>> {
    let rules = api.rules.now();
    let set = rules.set(&version).ok_or_else(Problem::not_found)?;
    let categories = api.storage.disposition().await?.categories;
    let now = api.clock.now();
    Ok(Json(RuleSetView::of(set, &rules, &categories, now)))
}

/// What differs between two rule sets.
#[utoipa::path(get, path = "/api/v1/rules/{version}/differences/{other}", tag = "rules",
    params(("version" = String, Path), ("other" = String, Path)), responses((status = 200, body = Page<DifferenceView>)))]
pub(crate) async fn differences(
    State(api): State<Arc<Api>>,
    Path((version, other)): Path<(String, String)>,
) -> Answer<Json<Page<DifferenceView>>> {
    let rules = api.rules.now();
    let set = rules.set(&version).ok_or_else(Problem::not_found)?;
    let other = rules.set(&other).ok_or_else(Problem::not_found)?;
    let categories = api.storage.disposition().await?.categories;
    Ok(Json(Page {
        items: differing(set, other, &categories),
        next_cursor: None,
    }))
}

/// The regulation, article by article.
#[utoipa::path(get, path = "/api/v1/articles", tag = "rules", responses((status = 200, body = Page<ArticleView>)))]
pub(crate) async fn articles(State(api): State<Arc<Api>>) -> Answer<Json<Page<ArticleView>>> {
    let rules = api.rules.now();
    Ok(Json(Page {
        items: ARTICLES
            .iter()
            .map(|cited| ArticleView::of(cited, rules.sets()))
            .collect(),
        next_cursor: None,
    }))
}

/// The words a deadline or a refusal rests on: `11(3)` as its `article` says.
#[utoipa::path(get, path = "/api/v1/articles/{article}", tag = "rules",
    params(("article" = String, Path, example = "11(3)")), responses((status = 200, body = ArticleView)))]
pub(crate) async fn one_article(
    State(api): State<Arc<Api>>,
    Path(cited): Path<String>,
) -> Answer<Json<ArticleView>> {
    let cited = article(&cited).ok_or_else(Problem::not_found)?;
    Ok(Json(ArticleView::of(cited, api.rules.now().sets())))
}

/// A notice 部分节假日安排的通知 to publish.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeBody {
    #[schema(example = 2027)]
    year: i16,
    /// Its name or number: the cause that every moved deadline tells.
    title: String,
    /// 放假. Weekends need not be named.
    #[schema(example = json!(["2027-01-01"]))]
    off: Vec<String>,
    /// 调休上班: weekend days that are worked.
    #[serde(default)]
    work: Vec<String>,
}

/// One change of a calendar.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CalendarChangeView {
    /// From 1.
    revision: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who published it; `@apply` for the organisation file.
    by: String,
    title: String,
    /// The notice, where it was one: `{year, title, off, work}`.
    #[schema(value_type = Option<Object>)]
    notice: Option<Notice>,
}

/// Every change of a calendar, in order.
#[utoipa::path(get, path = "/api/v1/calendar_changes", tag = "calendars", responses((status = 200, body = Page<CalendarChangeView>)))]
pub(crate) async fn changes(State(api): State<Arc<Api>>) -> Answer<Json<Page<CalendarChangeView>>> {
    let changes = api.storage.calendar_changes().await?;
    Ok(Json(Page {
        items: changes.into_iter().map(CalendarChangeView::from).collect(),
        next_cursor: None,
    }))
}

/// Publishes a notice. Its days hold at once; what runs is counted again within seconds, and listed under
/// `/api/v1/calendar_changes/{revision}/moved`. A second notice for a year takes the first one's place.
#[utoipa::path(post, path = "/api/v1/calendar_changes", tag = "calendars", request_body = NoticeBody,
    responses((status = 201, body = CalendarChangeView), (status = 422, description = "Not a notice")))]
pub(crate) async fn publish(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Json(body): Json<NoticeBody>,
) -> Answer<(StatusCode, Json<CalendarChangeView>)> {
    const DAYS_MAX: usize = 120;
    let days = |days: Vec<String>| {
        if days.len() > DAYS_MAX {
            return Err(Problem::invalid(
                "invalid_notice",
                "a notice names fewer days",
            ));
        }
        days.iter()
            .map(|day| (day.len() == 10).then(|| day.parse().ok()).flatten())
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Problem::malformed("invalid_day", "a day is written yyyy-mm-dd"))
    };
    let notice = Notice {
        year: body.year,
        title: body.title,
        off: days(body.off)?,
        work: days(body.work)?,
    };
    notice
        .check()
        .map_err(|bad| Problem::invalid("invalid_notice", bad.to_string()))?;
    let by = By::Person(&caller.actor);
    let change = api
        .storage
        .publish_notice(api.clock.now(), by, notice)
        .await?;
    let signature = api.rules.now().signature.clone();
    api.rules.replace(api.storage.rules(&signature).await?);
    Ok((StatusCode::CREATED, Json(CalendarChangeView::from(change))))
}

/// Where the list goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    cursor: Option<String>,
    limit: Option<u32>,
}

/// One deadline that a change moved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MoveView {
    ticket_id: uuid::Uuid,
    number: String,
    /// As in a ticket's `deadlines`.
    #[schema(example = "handle_by")]
    deadline: String,
    unit: String,
    /// `null`: it waited for a calendar.
    #[schema(value_type = Option<String>, format = DateTime)]
    old: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    new: Option<Timestamp>,
}

/// The deadlines a change of calendars has moved so far, old and new.
#[utoipa::path(get, path = "/api/v1/calendar_changes/{revision}/moved", tag = "calendars",
    params(("revision" = u64, Path), Asked), responses((status = 200, body = Page<MoveView>)))]
pub(crate) async fn moved(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path(revision): Path<u64>,
    Query(asked): Query<Asked>,
) -> Answer<Json<Page<MoveView>>> {
    let page = page(asked.cursor.as_deref(), asked.limit)?;
    let by = By::Person(&caller.actor);
    let moved = api.storage.moved_deadlines(by, revision, &page).await?;
    Ok(Json(Page::of(moved, |one: MoveRecord| MoveView {
        ticket_id: one.ticket.0,
        number: one.number,
        deadline: one.deadline,
        unit: one.unit.0,
        old: one.old,
        new: one.new,
    })))
}

impl From<ChangeRecord> for CalendarChangeView {
    fn from(change: ChangeRecord) -> Self {
        Self {
            revision: change.revision,
            at: change.at,
            by: change.by,
            title: change.title,
            notice: change.notice,
        }
    }
}

impl RuleSetView {
    fn of(set: &RuleSet, rules: &Rules, categories: &[CategoryEntry], now: Timestamp) -> Self {
        let province = &rules.sets()[0];
        let plain = |value| serde_json::to_value(value).expect("a rule set is plain data");
        Self {
            version: set.version.clone(),
            title: set.title.clone(),
            from: set.from.to_string(),
            is_in_force: set.from <= now.in_beijing().date(),
            city: set.city.as_ref().map(|city| city.0.clone()),
            sources: set
                .sources
                .iter()
                .map(|source| serde_json::json!(source))
                .collect(),
            systems: set.systems.clone(),
            limits: plain(&set.limits),
            interpretations: set
                .interpretations
                .iter()
                .map(InterpretationView::from)
                .collect(),
            guidance: (rules.guidances(set).into_iter())
                .map(GuidanceView::from)
                .collect(),
            form: (set.form.iter().cloned())
                .map(FormFieldView::from)
                .collect(),
            differences: differing(set, province, categories),
        }
    }
}

impl ArticleView {
    fn of(cited: &Citation, sets: &[RuleSet]) -> Self {
        let readings = sets.iter().flat_map(|set| &set.interpretations);
        Self {
            article: cited.article,
            name: cited.name.clone(),
            text: cited.text,
            interpretations: readings
                .filter(|reading| reading.article == cited.article)
                .map(InterpretationView::from)
                .collect(),
        }
    }
}

impl From<&Interpretation> for InterpretationView {
    fn from(reading: &Interpretation) -> Self {
        Self {
            article: reading.article.clone(),
            text: reading.text.clone(),
            by: reading.by.clone(),
            from: reading.from.to_string(),
        }
    }
}

/// What differs, with the categories that are one city's own.
fn differing(set: &RuleSet, other: &RuleSet, categories: &[CategoryEntry]) -> Vec<DifferenceView> {
    let view = |difference: Difference| DifferenceView {
        field: difference.field,
        name: difference.name,
        article: difference.article,
        ours: difference.ours,
        theirs: difference.theirs,
    };
    let mut all: Vec<_> = set.differences(other).into_iter().map(view).collect();
    for own in categories {
        let of = |set: &RuleSet| own.city.is_some() && set.city == own.city;
        if of(set) != of(other) {
            all.push(DifferenceView {
                field: format!("category.{}", own.code),
                name: format!("诉求分类{}: {}", own.code, own.name),
                article: "32",
                ours: of(set).into(),
                theirs: of(other).into(),
            });
        }
    }
    all
}
