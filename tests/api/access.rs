//! Every role on every route, taken from the document the server itself publishes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::http::{Method, StatusCode};
use hotline::domain::staff::Role;
use serde_json::Value;

use crate::world::{Person, World};

struct Route {
    method: Method,
    path: String,
    roles: BTreeSet<String>,
    scope: Option<String>,
    open: bool,
}

async fn routes(world: &World) -> Vec<Route> {
    let document = world.nobody().get("/api/openapi.json").await.ok();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let roles = operation["x-roles"].as_array().unwrap();
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                roles: roles
                    .iter()
                    .map(|r| r.as_str().unwrap().to_owned())
                    .collect(),
                scope: operation["x-scope"].as_str().map(str::to_owned),
                open: operation["security"] == Value::Array(vec![]),
            });
        }
    }
    routes
}

/// The path with something in its places: nothing that exists.
fn filled(path: &str) -> String {
    path.replace("{id}", "00000000-0000-7000-8000-000000000000")
        .replace("{day}", "2025-01-26")
        .replace("{name}", "statutory")
        .replace("{code}", "nowhere")
        .replace("{command}", "nothing")
        .replace("{gateway}", "none")
        .replace("{token}", "none")
        .replace("{version}", "none")
        .replace("{other}", "none")
        .replace("{article}", "none")
        .replace("{revision}", "9")
}

async fn asks(person: &Person<'_>, route: &Route) -> StatusCode {
    let response = person
        .open(route.method.clone(), &filled(&route.path))
        .await;
    response.status()
}

#[tokio::test]
async fn each_role_is_let_in_exactly_where_the_table_says() {
    let world = World::new().await;
    let routes = routes(&world).await;
    assert!(routes.len() > 30);
    for role in Role::ALL {
        for route in &routes {
            // Signed in anew: logging out is one of the routes.
            let person = world.person(role).await;
            let status = asks(&person, route).await;
            let what = format!("{} {} {}", role.code(), route.method, route.path);
            if route.open || route.roles.contains(role.code()) {
                assert!(
                    !matches!(status.as_u16(), 403 | 405 | 500) && (route.open || status != 401),
                    "{what}: {status}"
                );
            } else {
                assert_eq!(status, StatusCode::FORBIDDEN, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_is_let_in_where_somebody_is_asked_for() {
    let world = World::new().await;
    let strangers = [
        world.nobody(),
        world.nobody().with("cookie", "hotline_session=0123"),
        world.nobody().with("authorization", "Bearer hl_0123"),
        world.nobody().with("authorization", "Basic YTpi"),
    ];
    for route in routes(&world).await.iter().filter(|route| !route.open) {
        for stranger in &strangers {
            let status = asks(stranger, route).await;
            let what = format!("{} {}", route.method, route.path);
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}");
        }
    }
}

#[tokio::test]
async fn the_table_is_changed_only_on_purpose() {
    let world = World::new().await;
    let mut table = String::new();
    for route in routes(&world).await {
        let who = if route.open {
            "anyone".to_owned()
        } else if route.roles.len() == Role::ALL.len() {
            "every role".to_owned()
        } else {
            route.roles.into_iter().collect::<Vec<_>>().join(" ")
        };
        let scope = route.scope.unwrap_or_else(|| "-".to_owned());
        writeln!(table, "{} {} [{scope}] {who}", route.method, route.path).unwrap();
    }
    insta::assert_snapshot!(table);
}
