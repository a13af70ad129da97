//! Signing in and out, for people and machines.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use hotline::domain::staff::Role;
use hotline::storage::Page;
use hotline::storage::audit::AuditFilter;
use serde_json::json;

use crate::world::{DESK, PASSWORD, World};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_session_lives_from_login_to_logout() {
    let world = World::new().await;
    let body = json!({"username": "agent", "password": PASSWORD});
    let reply = world.nobody().post("/api/v1/login", body).await;
    assert_eq!(reply.ok()["user"]["role"], "agent");
    let cookie = reply.header("set-cookie");
    assert!(
        ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"]
            .iter()
            .all(|part| cookie.contains(part)),
        "{cookie}"
    );
    let agent = world.person(Role::Agent).await;
    assert_eq!(agent.get("/api/v1/me").await.ok()["user"]["unit"], DESK);
    let gone = agent.ask(Method::POST, "/api/v1/logout", None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert!(gone.header("set-cookie").contains("Max-Age=0"));
    let reply = agent.get("/api/v1/me").await;
    assert_eq!(reply.refusal(), (401, "unauthenticated".to_owned()));
}

#[tokio::test]
async fn an_unsafe_request_needs_the_sessions_own_csrf_token() {
    let world = World::new().await;
    let agent = world.person(Role::Agent).await;
    let other = world.person(Role::TeamLead).await;
    let foreign = other.get("/api/v1/me").await.ok()["csrf"]
        .as_str()
        .unwrap()
        .to_owned();
    let wish = json!({"state": "ready"});
    let bare = agent.without("x-csrf-token");
    let stolen = bare.with("x-csrf-token", &foreign);
    for person in [&bare, &stolen] {
        let reply = person.put("/api/v1/me/state", wish.clone()).await;
        assert_eq!(reply.refusal(), (403, "csrf".to_owned()));
    }
    assert!(world.floor.wishes.lock().unwrap().is_empty());
    assert!(bare.get("/api/v1/me").await.status.is_success());
    assert_eq!(
        agent.put("/api/v1/me/state", wish).await.ok(),
        json!({"state": "ready"})
    );
}

#[tokio::test]
async fn a_session_ends_when_idle_and_at_the_end_of_a_shift() {
    let world = World::new().await;
    let agent = world.person(Role::Agent).await;
    for _ in 0..25 {
        world.pass(29 * MINUTE);
        let status = agent.get("/api/v1/me").await.status;
        let expected = if world.now() <= "2025-01-24T21:00:00+08:00".parse().unwrap() {
            StatusCode::OK
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(status, expected, "{}", world.now());
    }
    let agent = world.person(Role::Agent).await;
    world.pass(31 * MINUTE);
    assert_eq!(agent.get("/api/v1/me").await.status, 401);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_answered_alike() {
    let world = World::new().await;
    let attempt = async |username: &str, password: &str| {
        let body = json!({"username": username, "password": password});
        let reply = world.nobody().post("/api/v1/login", body).await;
        (reply.refusal(), reply.body)
    };
    let (wrong, wrong_body) = attempt("agent", "guess").await;
    let (unknown, unknown_body) = attempt("nobody", "guess").await;
    assert_eq!(wrong, (401, "wrong_credentials".to_owned()));
    assert_eq!((wrong, wrong_body), (unknown, unknown_body));
}

#[tokio::test]
async fn guessing_is_slowed_by_name_and_forgiven_with_time() {
    let world = World::new().await;
    let attempt = async |username: &str, password: &str| {
        let body = json!({"username": username, "password": password});
        world.nobody().post("/api/v1/login", body).await
    };
    for _ in 0..10 {
        assert_eq!(attempt("agent", "guess").await.status, 401);
    }
    let slowed = attempt("agent", PASSWORD).await;
    assert_eq!(slowed.refusal(), (429, "too_many_attempts".to_owned()));
    let wait: u64 = slowed.header("retry-after").parse().unwrap();
    assert_eq!(attempt("auditor", PASSWORD).await.status, 200);
    world.pass(Duration::from_secs(wait));
    assert_eq!(attempt("agent", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn guessing_is_slowed_by_source_whatever_the_names() {
    let world = World::new().await;
    let mut answers = Vec::new();
    for n in 0..70 {
        let body = json!({"username": format!("user{n}"), "password": "guess"});
        answers.push(
            world
                .nobody()
                .post("/api/v1/login", body)
                .await
                .status
                .as_u16(),
        );
    }
    assert_eq!(answers.iter().filter(|&&status| status == 401).count(), 60);
    assert_eq!(answers[60..], [429; 10]);
    // What the client wrote itself does not count, what our front adds behind it does.
    let wish = json!({"username": "agent", "password": PASSWORD});
    for (forwarded, status) in [("203.0.113.9, 0.0.0.0", 429), ("0.0.0.0, 203.0.113.9", 200)] {
        let from = world.nobody().with("x-forwarded-for", forwarded);
        let reply = from.post("/api/v1/login", wish.clone()).await;
        assert_eq!(reply.status, status, "{forwarded}");
    }
}

#[tokio::test]
async fn signing_in_and_failing_to_is_in_the_audit_trail() {
    let world = World::new().await;
    let body = json!({"username": "agent", "password": "guess"});
    world.nobody().post("/api/v1/login", body).await;
    world.person(Role::Agent).await;
    let trail = world
        .storage
        .audit_trail(&AuditFilter::default(), &Page::default())
        .await
        .unwrap();
    let deeds: Vec<_> = trail
        .items
        .iter()
        .map(|entry| (entry.deed.by.0.as_str(), entry.deed.action.as_str()))
        .collect();
    assert_eq!(deeds[..2], [("agent", "login"), ("agent", "login_failed")]);
}

#[tokio::test]
async fn a_machine_does_what_its_scopes_and_its_role_allow_until_it_is_revoked() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).await;
    let wish = json!({"name": "nightly export", "role": "analyst", "unit": DESK, "scopes": ["tickets:read"],
        "expires_at": "2025-02-01T00:00:00+08:00"});
    let made = admin.post("/api/v1/tokens", wish).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    let secret = made["secret"].as_str().unwrap();
    let machine = world
        .nobody()
        .with("authorization", &format!("Bearer {secret}"));

    assert_eq!(machine.get("/api/v1/tickets").await.status, 200);
    let no_scope = machine.get("/api/v1/calls").await;
    assert_eq!(no_scope.refusal(), (403, "forbidden".to_owned()));
    let wrong_role = machine.post("/api/v1/tickets", json!({})).await;
    assert_eq!(wrong_role.status, 403);
    let for_people = machine.get("/api/v1/me").await;
    assert_eq!(for_people.status, 403);

    let listed = admin.get("/api/v1/tokens").await;
    assert_eq!(listed.ok()["items"][0]["id"], made["token"]["id"]);
    assert!(!String::from_utf8_lossy(&listed.body).contains(secret));

    let path = format!("/api/v1/tokens/{}", made["token"]["id"].as_str().unwrap());
    assert_eq!(admin.ask(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(machine.get("/api/v1/tickets").await.status, 401);
    assert_eq!(admin.ask(Method::DELETE, &path, None).await.status, 404);
}

#[tokio::test]
async fn a_machines_token_expires() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).await;
    let wish = json!({"name": "a", "role": "analyst", "unit": DESK, "scopes": ["tickets:read"],
        "expires_at": "2025-01-24T10:00:00+08:00"});
    let made = admin.post("/api/v1/tokens", wish).await.ok();
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    let machine = world.nobody().with("authorization", &bearer);
    assert_eq!(machine.get("/api/v1/tickets").await.status, 200);
    world.pass(60 * MINUTE);
    assert_eq!(machine.get("/api/v1/tickets").await.status, 401);
}
