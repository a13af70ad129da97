//! `kill -9` between a file and the row that names it, and in the middle of an archive: `hotline check` names what stays
//! behind, and the next start removes it, but nothing that somebody may still be at work on.

#![expect(
    clippy::disallowed_methods,
    reason = "the outside world lives in real time"
)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use testkit::http::Person;
use testkit::server::{Place, Server, organisation};

const SOON: Duration = Duration::from_secs(30);
/// Larger than all buffers between a server and a reader that does not read.
const LARGE: usize = 9 * 1024 * 1024;

fn place(folder: &Path) -> Place {
    let place = Place::new(env!("CARGO_BIN_EXE_hotline"), folder);
    place.apply(&organisation("demo"));
    place
}

fn login(server: &Server, user: &str) -> Person {
    Person::login(&server.http, user, "hotline-demo")
}

fn registered(desk: &Person) -> Value {
    let ticket = json!({
        "title": "路灯不亮", "content": "中山路 12 号门前路灯连续三天不亮。", "kind": "help_request",
        "petitioner": {"name": "王先生", "phone": "13800138005", "applicant": "person"},
    });
    desk.post("/api/v1/tickets", &ticket)
}

fn photo(bytes: usize, seed: u8) -> Vec<u8> {
    let mut photo = b"\xFF\xD8\xFF\xE0".to_vec();
    photo.resize(bytes, seed);
    photo
}

fn attachments(ticket: &Value) -> String {
    let id = ticket["id"].as_str().expect("an id");
    format!("/api/v1/tickets/{id}/attachments?name=a.jpg&purpose=demand")
}

/// Everything below `folder` whose own name `is` so.
fn found(folder: &Path, is: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if is(&entry.file_name().to_string_lossy()) {
            all.push(path.clone());
        }
        if path.is_dir() {
            all.extend(found(&path, is));
        }
    }
    all
}

fn is_file_of_attachment(name: &str) -> bool {
    name.len() == 64
}

fn is_export(name: &str) -> bool {
    name.starts_with("export-")
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < SOON, "{what} did not come");
        thread::yield_now();
    }
}

/// As if two hours had passed since it was written.
fn age(path: &Path) {
    let file = File::open(path).expect("it is there");
    file.set_modified(SystemTime::now() - Duration::from_secs(2 * 60 * 60))
        .expect("ours to set");
}

#[test]
fn a_file_whose_ticket_never_knew_of_it_goes_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = place(folder.path());
    let mut server = place.start();
    let desk = login(&server, "agent1000");
    let ticket = registered(&desk);
    let kept = desk.upload(&attachments(&ticket), photo(64, 1));
    assert_eq!(kept.expect("answered"), 201);

    // Somebody holds the database, so that the file is there and the commit is not.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let url = format!("sqlite:{}", database(&place).display());
    let mut held = runtime
        .block_on(SqliteConnection::connect(&url))
        .expect("the database opens");
    runtime
        .block_on(held.execute("BEGIN IMMEDIATE"))
        .expect("nobody else writes");
    let path = attachments(&ticket);
    let upload = thread::spawn(move || desk.upload(&path, photo(64, 2)));
    let data = folder.path().join("data");
    until("the second file", || {
        (found(&data, &is_file_of_attachment).len() == 2).then_some(())
    });
    server.kill();
    assert!(upload.join().expect("it ends").is_err(), "nobody answered");
    runtime.block_on(held.close()).expect("it closes");

    // It may be somebody's work, as far as anybody can tell.
    assert_eq!(place.check(), Vec::<String>::new());
    place.start().kill();
    let files = found(&data, &is_file_of_attachment);
    assert_eq!(files.len(), 2);
    files.iter().for_each(|file| age(file));
    let named = place.check();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].contains("left behind by a crash"), "{named:?}");

    let mut server = place.start();
    let left = found(&data, &is_file_of_attachment);
    assert_eq!(left.len(), 1, "the ticket's own stays");
    assert!(!named[0].contains(left[0].to_str().expect("a plain path")));
    assert!(server.stop().success());
    assert_eq!(place.check(), Vec::<String>::new());
}

#[test]
fn the_folder_of_an_archive_nobody_finished_goes_at_the_next_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let place = place(folder.path());
    let mut server = place.start();
    let desk = login(&server, "agent1000");
    let ticket = registered(&desk);
    for seed in [1, 2] {
        let kept = desk.upload(&attachments(&ticket), photo(LARGE, seed));
        assert_eq!(kept.expect("answered"), 201);
    }
    // What an operator put there is not ours.
    let data = folder.path().join("data");
    let theirs = data.join("export-2025");
    fs::create_dir(&theirs).expect("a new folder");
    age(&theirs);

    let wanted = json!({"numbers": [ticket["number"]], "purpose": "移交"});
    let unread = login(&server, "supervisor").begin("/api/v1/archives", &wanted);
    assert_eq!(unread.status(), 200);
    // The answer begins before the folder does.
    let left = until("the folder", || {
        found(&data, &is_export)
            .into_iter()
            .find(|path| *path != theirs)
    });
    server.kill();
    drop(unread);
    assert!(left.exists(), "nobody has read it");
    assert_eq!(place.check(), Vec::<String>::new());
    age(&left);
    let named = place.check();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].starts_with(left.to_str().expect("a plain path")));

    let mut server = place.start();
    assert_eq!(found(&data, &is_export), [theirs]);
    assert!(server.stop().success());
    assert_eq!(place.check(), Vec::<String>::new());
}

fn database(place: &Place) -> PathBuf {
    let files = found(&place.folder.join("data"), &|name| name.ends_with(".db"));
    files.into_iter().next().expect("there is a database")
}
