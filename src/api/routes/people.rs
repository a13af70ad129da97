//! The people in what a route tells: usernames are what is stored, names are what pages show.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use crate::api::Api;
use crate::api::idempotency::Wished;
use crate::api::problem::{Answer, Problem};
use crate::storage::Trouble;

/// A view in which people stand.
pub(super) trait Peopled: Serialize {
    /// Where their names go, by username.
    fn names(&mut self) -> &mut BTreeMap<String, String>;
}

/// Adds the names of whoever did something in `views`.
pub(super) async fn name<V: Peopled>(api: &Api, views: &mut [V]) -> Answer<()> {
    let people: Vec<BTreeSet<String>> = views
        .iter()
        .map(|view| people_in(&serde_json::to_value(view).expect("a view is plain data")))
        .collect();
    let known = names_of(api, people.iter().flatten().map(String::as_str)).await?;
    for (view, people) in views.iter_mut().zip(people) {
        let in_it = known.iter().filter(|(name, _)| people.contains(*name));
        *view.names() = in_it
            .map(|(name, shown)| (name.clone(), shown.clone()))
            .collect();
    }
    Ok(())
}

/// The same for one view.
pub(super) async fn named<V: Peopled>(api: &Api, mut view: V) -> Answer<V> {
    name(api, std::slice::from_mut(&mut view)).await?;
    Ok(view)
}

/// Answers a wish with what its thing has become; a `new` one as created.
pub(super) async fn tell<V: Peopled, R>(
    api: &Api,
    wished: Wished,
    new: bool,
    done: Result<V, Trouble<R>>,
) -> Answer<Response>
where
    Problem: From<Trouble<R>>,
{
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let outcome = match done {
        Ok(view) => named(api, view).await,
        Err(trouble) => Err(trouble.into()),
    };
    wished.answer(api, status, outcome).await
}

/// The names of people who acted, as far as they are known.
pub(super) async fn names_of<'a>(
    api: &Api,
    usernames: impl Iterator<Item = &'a str>,
) -> Answer<BTreeMap<String, String>> {
    let wanted: BTreeSet<&str> = usernames.collect();
    let mut names = BTreeMap::new();
    for name in wanted {
        if let Some(user) = api.storage.user(&name.into()).await? {
            names.insert(name.to_owned(), user.display_name);
        }
    }
    Ok(names)
}

/// Whoever did something in `value`: a username stands under `by`, `owner`, or what was done, `opened_by`.
fn people_in(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(name) if key == "by" || key == "owner" || key.ends_with("ed_by") => {
                    BTreeSet::from([name.clone()])
                }
                value => people_in(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(people_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_stand_under_what_they_did_wherever_it_is() {
        let view = json!({
            "by": "li", "opened_by": "wang", "owner": "zhao", "decided_by": null, "title": "sun",
            "carried": [{"by": "zhou", "handle_by": "2026-11-28T00:00:00Z"}], "case": {"closed": {"by": "@server"}},
        });
        let people = people_in(&view);
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        assert_eq!(people, ["@server", "li", "wang", "zhao", "zhou"]);
    }
}
