//! The document that clients are generated from.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use serde_json::Value;

use crate::world::World;

fn refs<'v>(value: &'v Value, found: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found.insert(target);
            }
            fields.values().for_each(|value| refs(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| refs(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let world = World::new().await;
    let document = world.nobody().get("/api/openapi.json").await.ok();
    let mut found = BTreeSet::new();
    refs(&document, &mut found);
    assert!(found.contains("#/components/schemas/Problem"));
    for target in found {
        let pointer = target.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{target}");
    }
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_says_what_it_takes_and_gives() {
    let world = World::new().await;
    let document = world.nobody().get("/api/openapi.json").await.ok();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{what}: {name} twice");
            assert!(operation["summary"].is_string(), "{what}");
            assert!(operation["responses"]["default"].is_object(), "{what}");
            let parameters = operation["parameters"].as_array();
            for segment in path.split('/').filter(|part| part.starts_with('{')) {
                let name = segment.trim_matches(['{', '}']);
                let declared = parameters.is_some_and(|parameters| {
                    parameters
                        .iter()
                        .any(|p| p["in"] == "path" && p["name"] == name)
                });
                assert!(declared, "{what}: {name}");
            }
            let bare = [
                "/logout",
                "/call",
                "/guest_calls",
                "/unit_notices/{id}/read",
            ];
            let takes_body = !bare.iter().any(|end| path.ends_with(end));
            if matches!(method.as_str(), "post" | "put") && takes_body {
                assert!(operation["requestBody"].is_object(), "{what}");
            }
        }
    }
}

/// The pages' client is generated from the committed copy (`cargo xtask client`), so the copy must be what the server says.
#[tokio::test]
async fn the_committed_document_is_what_the_server_says() {
    let world = World::new().await;
    let document = world.nobody().get("/api/openapi.json").await.ok();
    let said = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/snapshots/openapi.json");
    if env::var_os("HOTLINE_BLESS").is_some() {
        fs::write(&path, &said).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == said,
        "{} is stale: run `cargo xtask client`",
        path.display()
    );
}
