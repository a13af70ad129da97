//! What is wrong with a request is said in the same form everywhere, and nothing is done.

use axum::http::Method;
use hotline::domain::staff::Role;
use serde_json::json;

use crate::world::World;

const ID: &str = "00000000-0000-7000-8000-000000000000";

#[tokio::test]
async fn each_mistake_has_its_own_answer() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let big = format!("{{\"username\":\"{}\"}}", "x".repeat(1 << 20));
    let deep = format!("{{\"lead\":{}", "[".repeat(5000));
    let dispatch = format!("/api/v1/tickets/{ID}/commands/dispatch");
    let hold = format!("/api/v1/calls/{ID}/commands/hold");
    let consult = format!("/api/v1/calls/{ID}/commands/consult");
    let sweep = format!("/api/v1/tickets/{ID}/commands/sweep");
    let archive = format!("/api/v1/tickets/{ID}/commands/archive");
    let deadline = "/api/v1/calendars/statutory/deadline";
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    #[rustfmt::skip]
    let table: Vec<(&Method, &str, Option<&str>, u16, &str)> = vec![
        // Bodies.
        (&post, "/api/v1/login", Some(""), 400, "malformed_json"),
        (&post, "/api/v1/login", Some("{"), 400, "malformed_json"),
        (&post, &dispatch, Some(&deep), 400, "malformed_json"),
        (&post, "/api/v1/login", Some("\u{0}"), 400, "malformed_json"),
        (&post, "/api/v1/login", Some("[]"), 422, "invalid_body"),
        (&post, "/api/v1/login", Some(r#"{"username":"a"}"#), 422, "invalid_body"),
        (&post, "/api/v1/login", Some(r#"{"username":1,"password":"b"}"#), 422, "invalid_body"),
        (&post, "/api/v1/login", Some(r#"{"username":"a","password":"b","admin":true}"#), 422, "invalid_body"),
        (&post, "/api/v1/login", Some(&big), 413, "body_too_large"),
        (&put, "/api/v1/me/state", Some(r#"{"state":"talking"}"#), 422, "invalid_body"),
        (&put, "/api/v1/me/state", Some(r#"{"state":"break"}"#), 422, "reason"),
        (&put, "/api/v1/me/state", Some(r#"{"state":"ready","reason":"tea"}"#), 422, "reason"),
        (&post, &dispatch, Some("[]"), 422, "invalid_body"),
        (&post, &dispatch, Some(r#"{"lead":"nj-cgj","colour":"red"}"#), 422, "invalid_body"),
        (&post, &dispatch, Some(r#"{"lead":"nj-cgj","command":"void"}"#), 422, "invalid_body"),
        (&post, &dispatch, Some(r#"{"lead":"nowhere"}"#), 422, "unknown_unit"),
        (&post, &hold, Some(r#"{"loudly":true}"#), 422, "invalid_body"),
        (&post, &consult, Some("{}"), 422, "invalid_body"),
        (&post, &consult, Some(r#"{"target":" "}"#), 422, "invalid_body"),
        (&post, deadline, Some(r#"{"from":"2025-01-24T09:00:00+08:00"}"#), 422, "invalid_limit"),
        (&post, deadline, Some(r#"{"from":"yesterday","working_days":1}"#), 422, "invalid_body"),
        (&post, deadline, Some(r#"{"from":"2025-01-24T09:00:00+08:00","working_days":-1}"#), 422, "invalid_body"),
        (&post, deadline, Some(r#"{"from":"2025-01-24T09:00:00+08:00","working_days":0}"#), 409, "limit_out_of_range"),
        // Queries.
        (&get, "/api/v1/calls?colour=red", None, 400, "unknown_query_key"),
        (&get, "/api/v1/units?x", None, 400, "unknown_query_key"),
        (&get, "/api/v1/calls?since=yesterday", None, 400, "invalid_query"),
        (&get, "/api/v1/calls?limit=0", None, 400, "invalid_limit"),
        (&get, "/api/v1/calls?limit=501", None, 400, "invalid_limit"),
        (&get, "/api/v1/calls?limit=x", None, 400, "invalid_query"),
        (&get, "/api/v1/calls?cursor=%27--", None, 400, "invalid_cursor"),
        (&get, "/api/v1/calls?caller=1&caller=2", None, 400, "invalid_query"),
        (&get, "/api/v1/tickets?phone=anonymous", None, 400, "invalid_phone"),
        // Paths.
        (&get, "/api/v1/calls/42", None, 404, "not_found"),
        (&get, "/api/v1/calls/%FF", None, 404, "not_found"),
        (&get, "/api/v1/nothing", None, 404, "not_found"),
        (&get, "/api/", None, 404, "not_found"),
        (&get, "/assets/app.js", None, 404, "not_found"),
        (&get, "/api/v1/calendars/statutory/days/2025-1-1", None, 400, "invalid_day"),
        (&get, "/api/v1/calendars/statutory/days/2025-02-30", None, 400, "invalid_day"),
        (&get, "/api/v1/calendars/lunar/days/2025-01-26", None, 404, "not_found"),
        (&post, "/api/v1/units", Some("{}"), 405, "method_not_allowed"),
        (&get, "/api/v1/login", None, 405, "method_not_allowed"),
        (&post, &sweep, Some("{}"), 404, "not_found"),
        (&post, &archive, Some("{}"), 404, "not_found"),
    ];
    for (method, path, body, status, code) in table {
        let body_text = body.unwrap_or_default().to_owned();
        let reply = lead
            .raw(method.clone(), path, body.is_some(), body_text)
            .await;
        let what = format!("{method} {path} {:.80}", body.unwrap_or_default());
        assert_eq!(reply.refusal(), (status, code.to_owned()), "{what}");
        assert!(
            reply.body.len() < 2048,
            "{what}: {} bytes",
            reply.body.len()
        );
    }
    assert!(world.floor.wishes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_that_is_not_called_json_is_not_read_as_json() {
    let world = World::new().await;
    let lead = world.person(Role::TeamLead).await;
    let body = json!({"username": "agent", "password": "x"}).to_string();
    let reply = lead.raw(Method::POST, "/api/v1/login", false, body).await;
    assert_eq!(reply.refusal(), (415, "not_json".to_owned()));
    let hold = format!("/api/v1/calls/{ID}/commands/hold");
    let reply = lead.raw(Method::POST, &hold, false, "a=b").await;
    assert_eq!(reply.refusal(), (415, "not_json".to_owned()));
}

#[tokio::test]
async fn every_answer_tells_browsers_what_not_to_do() {
    let world = World::new().await;
    for path in ["/", "/desk", "/healthz", "/api/v1/me", "/nothing"] {
        let reply = world.nobody().get(path).await;
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("x-frame-options"), "DENY", "{path}");
        let policy = reply.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{path}");
        if path.starts_with("/api") {
            assert_eq!(reply.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn what_no_page_and_no_route_knows_is_never_taken_for_a_page() {
    let world = World::new().await;
    let unknown = [
        "/nothing",
        "/assets/index-0.js",
        "/assets/",
        "/api/v1/nothing",
        "/desk.js",
    ];
    for path in unknown {
        assert_eq!(world.nobody().get(path).await.refusal().0, 404, "{path}");
    }
    for path in ["/", "/login", "/tickets/of-any-id"] {
        let page = world.nobody().get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert!(
            !page
                .header("content-security-policy")
                .contains("script-src 'self' 'unsafe")
        );
    }
    let posted = world.nobody().post("/desk", json!({})).await;
    assert_eq!(posted.refusal().0, 404);
}

#[tokio::test]
async fn a_panic_ends_one_request_and_nothing_else() {
    let world = World::new().await;
    let revisitor = world.person(Role::Revisitor).await;
    // The played telephone panics when it has no call to place: as good a bug as any.
    let floor = world.floor.clone();
    let broken = std::thread::spawn(move || {
        let _held = floor.calls.lock().unwrap();
        panic!("the lock is poisoned from now on");
    });
    assert!(broken.join().is_err());
    let reply = revisitor.get("/api/v1/me").await;
    assert_eq!(reply.refusal(), (500, "internal".to_owned()));
    assert!(!String::from_utf8_lossy(&reply.body).contains("poison"));
    assert_eq!(revisitor.get("/api/v1/units").await.status, 200);
}

#[tokio::test]
async fn readiness_follows_the_parts() {
    let world = World::new().await;
    let ready = async || world.nobody().get("/readyz").await;
    assert_eq!(ready().await.status, 200);
    *world.floor.sick.lock().unwrap() = true;
    assert_eq!(ready().await.refusal(), (503, "media_down".to_owned()));
    *world.floor.sick.lock().unwrap() = false;
    world.api.drain();
    assert_eq!(ready().await.refusal(), (503, "draining".to_owned()));
    assert_eq!(world.nobody().get("/healthz").await.status, 200);
    world.storage.close().await;
    let metrics = world.nobody().get("/metrics").await;
    assert_eq!(metrics.body, "up 1\n");
}

#[tokio::test]
async fn a_server_whose_disk_is_nearly_full_is_not_ready_until_there_is_room() {
    let world = World::new().await;
    *world.full.lock().unwrap() = Some("12 MB are left on the disk of recordings".to_owned());
    let reply = world.nobody().get("/readyz").await;
    assert_eq!(reply.refusal(), (503, "disk_full".to_owned()));
    assert_eq!(world.nobody().get("/healthz").await.status, 200);
    *world.full.lock().unwrap() = None;
    assert_eq!(world.nobody().get("/readyz").await.status, 200);
}
