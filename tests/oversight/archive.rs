//! A ticket leaves in a folder, with its sound, and arrives equal.

use std::path::Path;
use std::sync::Arc;

use hotline::app::{archive, keeping};
use hotline::clock::Clock;
use hotline::config::Config;
use hotline::domain::call::{Cdr, Direction, Termination, TerminationResult};
use hotline::domain::id::{CallId, RecordingId, TicketId};
use hotline::domain::staff::{By, Role};
use hotline::domain::supervision::{CaseCommand, Level};
use hotline::domain::ticket::Command;
use hotline::storage::archive::Selection;
use hotline::storage::recordings::RecordingRow;
use hotline_recordings::{Archive, Begin, Party, Role as Heard, Store};

use crate::world::{UNIT, World};

const TEXT: &str = "小区门口的路灯坏了三天, 晚上漆黑一片, 老人孩子出行不便";

fn config(data: &Path, url: &str) -> Config {
    let text = format!(
        "data_dir = {:?}\n[storage]\nurl = {url:?}\n",
        data.display().to_string()
    );
    Config::parse(Path::new("hotline.toml"), &text, []).unwrap()
}

/// A photo of the ticket; its hash.
async fn attached(world: &World, config: &Config, ticket: TicketId, bytes: &[u8]) -> String {
    use hotline::api::{AttachmentStore as _, Bytes};
    use hotline::domain::attachment::{FileSheet, MediaType, Purpose};
    use hotline::domain::id::AttachmentId;
    use sha2::{Digest as _, Sha256};

    let digest = Sha256::digest(bytes);
    let sha256: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hotline::app::attachments::Folder::at(config.attachments_folder())
        .keep(sha256.clone(), Bytes::copy_from_slice(bytes))
        .await
        .unwrap();
    let attach = Command::Attach {
        id: AttachmentId(world.clock.new_id()),
        file: FileSheet {
            name: "现场.jpg".to_owned(),
            media: MediaType::Jpeg,
            bytes: bytes.len() as u64,
            sha256: sha256.clone(),
            purpose: Purpose::Demand,
        },
    };
    world.be(Role::Agent, ticket, attach).await;
    sha256
}

/// A second of a call of the ticket, really recorded.
async fn recorded(world: &World, folder: &Path, ticket: TicketId) -> RecordingId {
    let call = CallId(world.clock.new_id());
    let id = RecordingId(world.clock.new_id());
    let now = world.now();
    let store = Store::open(folder).unwrap();
    let begin = Begin {
        id: hotline_recordings::RecordingId::from_u128(id.0.as_u128()).unwrap(),
        call_id: call.to_string(),
        started_at_ms: now.millis(),
        parties: vec![Party {
            track: 0,
            role: Heard::Citizen,
            label: "13800000001".to_owned(),
            joined_at_sample: 0,
        }],
    };
    let mut writer = store.begin(begin).unwrap();
    writer.append(0, &[(0, vec![7_i16; 8000])]).unwrap();
    let manifest = writer
        .finish(now.millis() + 1000, "caller_hung_up")
        .unwrap();
    let cdr = Cdr {
        id: call,
        sip_call_id: format!("{call}@carrier"),
        direction: Direction::Inbound,
        caller: "13800000001".to_owned(),
        called: "12345".to_owned(),
        started_at: now,
        answered_at: Some(now),
        ended_at: Some(now),
        wait_ms: None,
        termination: Some(Termination {
            result: TerminationResult::Success,
            reason: "caller_hung_up".to_owned(),
        }),
        legs: Vec::new(),
        queue: None,
        agent: None,
        recording_id: Some(id),
        contact_id: None,
        ticket_id: Some(ticket),
        three_way: false,
    };
    world.storage.call_written(cdr).await.unwrap();
    let row = RecordingRow {
        id,
        call,
        started_at: now,
        ended_at: now,
        duration_ms: 1000,
        manifest_sha256: manifest.sha256(),
        manifest: serde_json::to_value(&manifest).unwrap(),
    };
    world.storage.recording_finished(row).await.unwrap();
    id
}

pub(crate) async fn an_archive_taken_in_elsewhere_is_equal(world: World) {
    let from = tempfile::tempdir().unwrap();
    let config_from = config(from.path(), &world.url);
    let ticket = world.dispatched("路灯不亮", TEXT, "13800000001").await;
    let sound = recorded(&world, &config_from.recordings_folder(), ticket).await;
    world
        .replied(
            ticket,
            "经现场核查, 该处路灯因线路老化损坏, 已更换线路和灯具, 照明恢复正常",
        )
        .await;
    world.passed(ticket).await;
    let record = world
        .storage
        .ticket(By::Server, ticket)
        .await
        .unwrap()
        .unwrap();
    let open = CaseCommand::Open {
        ticket,
        number: record.number.clone(),
        unit: UNIT.into(),
        level: Level::Supervise,
        reason: "群众多次反映".to_owned(),
        rule: None,
        trigger: None,
    };
    let case = world.case(Role::Supervisor, None, open).await.unwrap();
    let photo = b"\xFF\xD8\xFF a lamp that is out";
    let sha256 = attached(&world, &config_from, ticket, photo).await;
    let record = world
        .storage
        .ticket(By::Server, ticket)
        .await
        .unwrap()
        .unwrap();
    // Another ticket stays at home.
    world
        .dispatched("井盖缺失", "路口井盖缺失有危险请尽快处理", "13800000002")
        .await;

    let folder = from.path().join("archive");
    let selection = Selection {
        numbers: vec![record.number.clone()],
        ..Selection::default()
    };
    let clock: Arc<dyn Clock> = world.clock.clone();
    archive::export(&config_from, Arc::clone(&clock), &selection, &folder)
        .await
        .unwrap();

    let to = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", to.path().join("hotline.db").display());
    let config_to = config(to.path(), &url);
    archive::import(&config_to, Arc::clone(&clock), &folder)
        .await
        .unwrap();
    let there = hotline::app::open_storage(&config_to, Arc::clone(&clock))
        .await
        .unwrap();
    let arrived = there.ticket(By::Server, ticket).await.unwrap().unwrap();
    assert_eq!(arrived, record);
    assert_eq!(
        there.ticket_events(ticket).await.unwrap(),
        world.storage.ticket_events(ticket).await.unwrap(),
        "events and hashes"
    );
    assert_eq!(
        there.case_events(case.id).await.unwrap(),
        world.storage.case_events(case.id).await.unwrap()
    );
    there.close().await;
    assert_eq!(
        keeping::check(&config_to, Arc::clone(&clock))
            .await
            .unwrap(),
        Vec::<String>::new()
    );
    let file = config_to
        .attachments_folder()
        .join(&sha256[..2])
        .join(&sha256);
    assert_eq!(std::fs::read(&file).unwrap(), photo);
    // A file that somebody changed, or took away, is told.
    for changed in [Some(b"forged"), None] {
        match changed {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let found = keeping::check(&config_to, Arc::clone(&clock))
            .await
            .unwrap();
        assert!(found.len() == 1 && found[0].contains(&sha256), "{found:?}");
    }
    // A backup has it too.
    let copy = from.path().join("copy");
    keeping::backup(&config_from, Arc::clone(&clock), &copy)
        .await
        .unwrap();
    let kept = copy.join("attachments").join(&sha256[..2]).join(&sha256);
    assert_eq!(std::fs::read(kept).unwrap(), photo);
    let id = hotline_recordings::RecordingId::from_u128(sound.0.as_u128()).unwrap();
    let heard = Archive::open(config_to.recordings_folder())
        .audio(id, None)
        .unwrap();
    assert!(heard.is_some(), "the sound came along");

    // Taken in a second time it is refused whole.
    let twice = archive::import(&config_to, Arc::clone(&clock), &folder).await;
    assert!(twice.is_err());
    // A file that is not what the sheet says is refused before anything is taken in.
    let rows = folder.join("rows/event.jsonl");
    let text = std::fs::read_to_string(&rows).unwrap();
    std::fs::write(&rows, text.replace("路灯", "井盖")).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", elsewhere.path().join("hotline.db").display());
    let config_elsewhere = config(elsewhere.path(), &url);
    let forged = archive::import(&config_elsewhere, clock, &folder).await;
    assert!(
        forged
            .unwrap_err()
            .to_string()
            .contains("not what the sheet says")
    );
}

pub(crate) async fn deleted_sound_leaves_what_the_check_accepts_and_nothing_else_does(
    world: World,
) {
    let data = tempfile::tempdir().unwrap();
    let config = config(data.path(), &world.url);
    let ticket = world.registered("路灯不亮", TEXT, "13800000001").await;
    let sound = recorded(&world, &config.recordings_folder(), ticket).await;
    let kept = recorded(&world, &config.recordings_folder(), ticket).await;
    let void = hotline::domain::ticket::Command::Void {
        reason: "重复登记".to_owned(),
    };
    world.be(Role::TeamLead, ticket, void).await;
    let supervisor = crate::world::person(Role::Supervisor);
    let place = hotline::domain::archive::HoldCommand::Place {
        held: hotline::domain::archive::Held::Recording(kept),
        reason: "行政诉讼".to_owned(),
    };
    world
        .storage
        .hold_command(
            world.now(),
            By::Person(&supervisor),
            None,
            place,
            &world.rules,
            None,
        )
        .await
        .unwrap();
    world.pass_minutes(4 * 365 * 24 * 60);
    let retention = hotline::domain::archive::Retention {
        classes: vec![],
        years: Some(3),
    };
    world
        .storage
        .dispose(world.now(), &retention, None, 100)
        .await
        .unwrap();
    let archive = Archive::open(config.recordings_folder());
    let id = |id: RecordingId| hotline_recordings::RecordingId::from_u128(id.0.as_u128()).unwrap();
    for disposal in world.storage.disposals_open(10).await.unwrap() {
        archive
            .dispose(id(disposal.recording), disposal.tombstone.as_bytes())
            .unwrap();
        world
            .storage
            .disposal_done(world.now(), disposal.recording)
            .await
            .unwrap();
    }
    assert!(archive.audio(id(sound), None).unwrap().is_none());
    assert!(
        archive.manifest(id(sound)).unwrap().is_some(),
        "the manifest stays"
    );
    assert!(archive.audio(id(kept), None).unwrap().is_some(), "held");
    let clock: Arc<dyn Clock> = world.clock.clone();
    assert_eq!(
        keeping::check(&config, Arc::clone(&clock)).await.unwrap(),
        Vec::<String>::new()
    );

    // Somebody deletes sound and writes a tombstone of their own.
    archive.dispose(id(kept), b"{}").unwrap();
    let found = keeping::check(&config, clock).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("was not laid by this server"));
}

pub(crate) async fn a_restore_without_its_key_makes_none(_world: World) {
    let from = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", from.path().join("hotline.db").display());
    let config_from = config(from.path(), &url);
    let clock: Arc<dyn Clock> = Arc::new(hotline::clock::SimClock::new(
        "2025-06-03T10:00:00+08:00".parse().unwrap(),
        7,
    ));
    let storage = hotline::app::open_storage(&config_from, Arc::clone(&clock))
        .await
        .unwrap();
    storage.close().await;
    let copy = from.path().join("backup");
    keeping::backup(&config_from, Arc::clone(&clock), &copy)
        .await
        .unwrap();
    let key = copy.join("data.key");
    let kept = from.path().join("kept.key");
    std::fs::rename(&key, &kept).unwrap();

    let to = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", to.path().join("hotline.db").display());
    let config_to = config(to.path(), &url);
    let refused = keeping::restore(&config_to, Arc::clone(&clock), &copy)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("data.key"), "{refused:#}");
    assert!(!to.path().join("data.key").exists(), "no key was made");
    assert!(!to.path().join("hotline.db").exists(), "nothing was begun");
    // With the key in its place it goes.
    std::fs::rename(&kept, to.path().join("data.key")).unwrap();
    keeping::restore(&config_to, clock, &copy).await.unwrap();
}
