//! 附件: what is taken, who sees it, how it leaves.

use axum::http::Method;
use hotline::domain::staff::Role;
use serde_json::json;

use crate::tickets::{command, registered};
use crate::world::{OTHER_UNIT, Person, Reply, UNIT, World};

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 a street lamp that is out";
const PDF: &[u8] = b"%PDF-1.7 the invoice of a new lamp";

async fn bring(person: &Person<'_>, id: &str, query: &str, bytes: &[u8]) -> Reply {
    let path = format!("/api/v1/tickets/{id}/attachments?{query}");
    person.raw(Method::POST, &path, false, bytes.to_vec()).await
}

#[tokio::test]
async fn a_photo_comes_with_the_demand_and_a_proof_with_the_work() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    let unit = world.person(Role::UnitHandler).await;
    // 现场.jpg
    let name = "name=%E7%8E%B0%E5%9C%BA.jpg&purpose=demand";
    let photo = bring(&lead, &id, name, JPEG).await;
    assert_eq!(photo.status, 201, "{:?}", photo.body);
    assert_eq!(photo.json()["name"], "现场.jpg");
    assert_eq!(photo.json()["media_type"], "image/jpeg");
    assert_eq!(
        bring(&unit, &id, "name=a.pdf&purpose=proof", PDF)
            .await
            .status,
        404,
        "not theirs yet"
    );
    command(&lead, &id, "dispatch", json!({"lead": UNIT})).await;
    let proof = bring(&unit, &id, "name=a.pdf&purpose=proof", PDF).await;
    assert_eq!(proof.status, 201, "{:?}", proof.body);
    let list = unit
        .get(&format!("/api/v1/tickets/{id}/attachments"))
        .await
        .ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);

    let path = format!(
        "/api/v1/tickets/{id}/attachments/{}",
        photo.json()["id"].as_str().unwrap()
    );
    let taken = unit.get(&path).await;
    assert_eq!(taken.status, 200);
    assert_eq!(taken.body, JPEG);
    assert_eq!(taken.header("x-content-type-options"), "nosniff");
    assert_eq!(
        taken.header("content-disposition"),
        "attachment; filename=\"attachment.jpg\"; filename*=UTF-8''%E7%8E%B0%E5%9C%BA.jpg"
    );
    assert!(taken.header("content-security-policy").contains("sandbox"));
    // Who took it is on record, and the chain has both files with their hashes.
    let auditor = world.person(Role::Auditor).await;
    let trail = auditor.get("/api/v1/audit?limit=50").await.ok();
    assert!(trail.to_string().contains("attachment_taken"));
    let events = lead.get(&format!("/api/v1/tickets/{id}/events")).await.ok();
    let attached: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["name"] == "attached")
        .map(|event| event["event"]["attachment"]["sha256"].clone())
        .collect();
    assert_eq!(
        attached,
        [
            photo.json()["sha256"].clone(),
            proof.json()["sha256"].clone()
        ]
    );
    // An auditor verifies; what people sent is not theirs to see.
    assert_eq!(auditor.get(&path).await.status, 403);
    let shown = auditor.get(&format!("/api/v1/tickets/{id}")).await.ok();
    assert!(!shown.to_string().contains("现场.jpg"));
}

#[tokio::test]
async fn another_unit_sees_no_file_of_a_ticket_that_is_not_its_own() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    command(&lead, &id, "dispatch", json!({"lead": OTHER_UNIT})).await;
    let photo = bring(&lead, &id, "name=a.jpg&purpose=demand", JPEG).await;
    let file = photo.json()["id"].as_str().unwrap().to_owned();
    let unit = world.person(Role::UnitHandler).await;
    for path in [
        format!("/api/v1/tickets/{id}/attachments"),
        format!("/api/v1/tickets/{id}/attachments/{file}"),
    ] {
        assert_eq!(unit.get(&path).await.status, 404, "{path}");
    }
    // Nor by the id of a file of another ticket.
    let other = registered(&world).await;
    let path = format!("/api/v1/tickets/{other}/attachments/{file}");
    assert_eq!(lead.get(&path).await.status, 404);
}

#[tokio::test]
async fn what_is_not_taken_is_refused_by_what_it_is() {
    let world = World::new().await;
    let id = registered(&world).await;
    let lead = world.person(Role::TeamLead).await;
    for hostile in [
        &b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..],
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"#!/bin/sh\nrm -rf /",
        b"MZ\x90\0",
        b"",
    ] {
        let reply = bring(&lead, &id, "name=photo.jpg&purpose=demand", hostile).await;
        assert_eq!(
            reply.refusal(),
            (415, "unknown_media_type".to_owned()),
            "{hostile:?}"
        );
    }
    let mut large = JPEG.to_vec();
    large.resize(10 * 1024 * 1024 + 1, 0);
    let reply = bring(&lead, &id, "name=photo.jpg&purpose=demand", &large).await;
    assert_eq!(reply.refusal(), (413, "attachment_too_large".to_owned()));
    let climbing = "name=..%2F..%2Fetc%2Fpasswd&purpose=demand";
    let reply = bring(&lead, &id, climbing, JPEG).await;
    assert_eq!(reply.json()["name"], "passwd.jpg");
    // The same bytes under another name are the same file.
    let again = bring(&lead, &id, "name=other.jpg&purpose=proof", JPEG).await;
    assert_eq!(again.refusal(), (409, "contradiction".to_owned()));
    assert_eq!(again.json()["article"], "12");
    for n in 1..20_u8 {
        let mut photo = JPEG.to_vec();
        photo.push(n);
        let reply = bring(&lead, &id, "name=a.jpg&purpose=demand", &photo).await;
        assert_eq!(reply.status, 201, "{n}");
    }
    let mut one_more = JPEG.to_vec();
    one_more.push(99);
    let full = bring(&lead, &id, "name=a.jpg&purpose=demand", &one_more).await;
    assert_eq!(full.refusal(), (409, "contradiction".to_owned()));
    let unknown = bring(&lead, &id, "name=a.jpg&purpose=virus", JPEG).await;
    assert_eq!(unknown.status, 400);
}
