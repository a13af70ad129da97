//! An archive taken away over HTTP.

use hotline::domain::staff::Role;
use serde_json::json;

use crate::tickets::registered;
use crate::world::World;

#[tokio::test]
async fn a_supervisor_takes_an_archive_with_a_purpose_and_another_tool_reads_it() {
    let world = World::new().await;
    let id = registered(&world).await;
    let supervisor = world.person(Role::Supervisor).await;
    let ticket = supervisor.get(&format!("/api/v1/tickets/{id}")).await.ok();
    let number = ticket["number"].as_str().unwrap();
    let wish = |purpose: &str| json!({"numbers": [number], "purpose": purpose});
    let lead = world.person(Role::TeamLead).await;
    assert_eq!(
        lead.post("/api/v1/archives", wish("移交")).await.status,
        403
    );
    let silent = supervisor.post("/api/v1/archives", wish(" ")).await;
    assert_eq!(silent.refusal(), (409, "missing".to_owned()));
    assert_eq!(silent.json()["article"], "12");
    let nobody = json!({"numbers": ["20000101-000001"], "purpose": "移交"});
    let nobody = supervisor.post("/api/v1/archives", nobody).await;
    assert_eq!(nobody.status, 404);

    let taken = supervisor
        .post("/api/v1/archives", wish("移交档案馆"))
        .await;
    assert_eq!(taken.status, 200, "{:?}", taken.body);
    assert_eq!(taken.header("content-type"), "application/x-tar");
    let there = tempfile::tempdir().unwrap();
    std::fs::write(there.path().join("a.tar"), &taken.body).unwrap();
    let done = std::process::Command::new("tar")
        .args(["-xf", "a.tar"])
        .current_dir(there.path())
        .status()
        .unwrap();
    assert!(done.success());
    let sheet = std::fs::read(there.path().join("archive.json")).unwrap();
    let sheet: serde_json::Value = serde_json::from_slice(&sheet).unwrap();
    assert_eq!(sheet["tickets"], json!([number]));
    let readable = there.path().join(format!("tickets/{number}.json"));
    assert!(
        std::fs::read_to_string(readable)
            .unwrap()
            .contains("路灯不亮")
    );
    let auditor = world.person(Role::Auditor).await;
    let trail = auditor.get("/api/v1/audit?limit=50").await.ok();
    assert!(trail.to_string().contains("移交档案馆"));
    // Nothing of it stays behind.
    let left = std::fs::read_dir(world.folder()).unwrap();
    let left: Vec<_> = left
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("export-"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}
