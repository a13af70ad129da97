//! The arrows of docs/ARCHITECTURE.md, read from the source itself. A failure prints the file, the line and the arrow.
//!
//! This is a reader of lines, not a compiler: it knows `crate::x`, `super::super::x`, grouped imports and paths, and takes
//! comments out first. That is enough to keep honest people honest.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may know whom. `app` may know all and is known by `main` alone. A file's own tests may build what they need.
const ARROWS: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("config", &["domain"]),
    ("telemetry", &["config"]),
    ("storage", &["domain", "clock"]),
    ("gateways", &["domain"]),
    (
        "signalling",
        &["domain", "clock", "hotline_sip", "hotline_media"],
    ),
    (
        "api",
        &["domain", "storage", "clock", "config", "telemetry"],
    ),
    (
        "jobs",
        &["domain", "storage", "clock", "config", "telemetry"],
    ),
    (
        "app",
        &[
            "api",
            "clock",
            "config",
            "domain",
            "gateways",
            "jobs",
            "signalling",
            "storage",
            "telemetry",
            "hotline_sip",
            "hotline_media",
            "hotline_recordings",
        ],
    ),
    ("cli", &[]),
    ("main", &["app", "cli", "clock", "config", "telemetry"]),
];

/// What only some files may mention: the words, the files that may, and why.
const WORDS: [(&[&str], &[&str], &str); 5] = [
    (
        &["axum::", "axum_extra::", "tower_http::", "utoipa::"],
        &["src/api"],
        "only api knows HTTP",
    ),
    (&["sqlx::"], &["src/storage"], "only storage knows SQL"),
    (
        &["reqwest::"],
        &["src/gateways"],
        "only gateways call out over HTTP",
    ),
    (
        &[
            "tokio::net::",
            "TcpListener::bind",
            "TcpStream::connect",
            "UdpSocket::bind",
            "socket2::",
        ],
        // app and api listen for HTTP, and nothing else.
        &[
            "src/signalling",
            "src/app",
            "src/api/server.rs",
            "media/src/engine",
            "media/src/sys.rs",
        ],
        "only signalling and media's engine open sockets",
    ),
    (
        &["unsafe {", "unsafe fn", "unsafe impl"],
        &["media/src/sys.rs"],
        "unsafe code stays in one file",
    ),
];

/// Code that takes time in and gives effects out, except the files named.
const PURE: [(&str, &[&str]); 3] = [
    ("src/domain", &[]),
    ("sip/src", &[]),
    ("media/src", &["media/src/engine", "media/src/sys.rs"]),
];

/// What pure code does not do.
const IMPURE: [&str; 11] = [
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Uuid::now",
    "thread::sleep",
    "thread::spawn",
    "tokio::",
    "async fn",
    "std::fs",
    "std::env",
    "File::open",
];

#[test]
fn every_arrow_is_an_allowed_one() {
    let modules: Vec<&str> = ARROWS.iter().map(|(module, _)| *module).collect();
    let crates = ["hotline_sip", "hotline_media", "hotline_recordings"];
    let mut wrong = Vec::new();
    for source in sources("src")
        .into_iter()
        .filter(|s| s.path != "src/lib.rs")
    {
        let from = source.module();
        let Some((_, allowed)) = ARROWS.iter().find(|(module, _)| *module == from) else {
            wrong.push(format!(
                "{}: `{from}` has no place in the table of arrows",
                source.path
            ));
            continue;
        };
        for (number, line) in source.code_before_tests() {
            let ours = source.names_of_ours(line).into_iter();
            let ours = ours.filter(|name| modules.contains(name));
            let theirs = crates.into_iter().filter(|name| mentions(line, name));
            for to in ours.chain(theirs) {
                if to != from && !allowed.contains(&to) {
                    wrong.push(format!("{}:{number}: {from} → {to}", source.path));
                }
            }
        }
    }
    assert_none(wrong, "arrows that docs/ARCHITECTURE.md does not have");
}

#[test]
fn the_libraries_stand_alone() {
    let mut wrong = Vec::new();
    for krate in ["sip", "media", "recordings", "xtask"] {
        let path = root().join(krate).join("Cargo.toml");
        let text = fs::read_to_string(path).unwrap();
        let dependencies = text
            .split_once("[dependencies]")
            .map_or("", |(_, rest)| rest.split("\n[").next().unwrap());
        for line in dependencies.lines() {
            let name = line.split(['.', '=', ' ']).next().unwrap();
            let ours = name.starts_with("hotline");
            let shell = ["tokio", "axum", "sqlx", "reqwest"].contains(&name);
            if ours || shell || (krate == "xtask" && !name.is_empty()) {
                wrong.push(format!("{krate}/Cargo.toml: {krate} → {name}"));
            }
        }
    }
    assert_none(wrong, "dependencies a library of ours does not have");
}

#[test]
fn each_part_keeps_to_its_trade() {
    let mut wrong = Vec::new();
    for source in every_source() {
        for (words, homes, rule) in WORDS {
            if homes.iter().any(|home| source.path.starts_with(home)) {
                continue;
            }
            for (number, line) in source.code() {
                for word in words.iter().filter(|word| mentions(line, word)) {
                    wrong.push(format!("{}:{number}: `{word}`: {rule}", source.path));
                }
            }
        }
    }
    assert_none(wrong, "words where they do not belong");
}

#[test]
fn pure_parts_never_ask_the_time_sleep_or_touch_the_world() {
    let mut wrong = Vec::new();
    for (folder, except) in PURE {
        for source in sources(folder) {
            if except.iter().any(|path| source.path.starts_with(path)) {
                continue;
            }
            for (number, line) in source.code_before_tests() {
                for word in IMPURE.iter().filter(|word| mentions(line, word)) {
                    wrong.push(format!("{}:{number}: `{word}`", source.path));
                }
            }
        }
    }
    assert_none(wrong, "impure lines in pure parts");
}

#[test]
fn decisions_are_numbered_without_a_hole_and_have_their_four_parts() {
    let folder = root().join("docs/decisions");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for (number, name) in (1..).zip(&names) {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let number = format!("{number:04}");
        assert!(
            name.starts_with(&format!("{number}-")),
            "{name} is not {number}"
        );
        assert!(text.starts_with(&format!("# {number} ")), "{name}: title");
        for part in ["Context", "Decision", "Why", "Consequences"] {
            assert!(
                text.contains(&format!("\n## {part}\n")),
                "{name}: no {part}"
            );
        }
    }
    assert!(!names.is_empty());
}

/// A reader follows a link; a person on duty follows an alert to its chapter.
#[test]
fn documents_name_files_chapters_and_metrics_that_exist() {
    let mut wrong = Vec::new();
    let documents = every_file()
        .into_iter()
        .filter(|path| path.ends_with(".md"));
    for path in documents {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let folder = Path::new(&path).parent().unwrap();
        for (_, rest) in text
            .match_indices("](")
            .map(|(at, _)| text.split_at(at + 2))
        {
            let target = rest.split(')').next().unwrap();
            let (file, chapter) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") {
                continue;
            }
            let file = if file.is_empty() {
                root().join(&path)
            } else {
                root().join(folder).join(file)
            };
            if !file.exists() || !chapter.is_empty() && !has_chapter(&file, chapter) {
                wrong.push(format!("{path}: {target}"));
            }
        }
    }
    let alerts = fs::read_to_string(root().join("deploy/alerts.yaml")).unwrap();
    for line in alerts.lines() {
        if let Some((_, chapter)) = line.split_once("runbook.md#") {
            let chapter = chapter.trim_end_matches('"');
            if !has_chapter(&root().join("deploy/runbook.md"), chapter) {
                wrong.push(format!("deploy/alerts.yaml: runbook.md#{chapter}"));
            }
        }
    }
    let described = fs::read_to_string(root().join("src/telemetry.rs")).unwrap();
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for word in alerts
        .split(|c| !in_name(c))
        .filter(|word| word.starts_with("hotline_"))
    {
        let name = word.strip_suffix("_total").unwrap_or(word);
        if !described.contains(&format!("\"{name}\"")) {
            wrong.push(format!("deploy/alerts.yaml: {word} is described nowhere"));
        }
    }
    assert_none(wrong, "words that lead nowhere");
}

/// Whether a document has a heading with this anchor, as the common renderers make them.
fn has_chapter(file: &Path, anchor: &str) -> bool {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .filter(|line| line.starts_with('#'))
        .any(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            heading.replace(' ', "-") == anchor
        })
}

/// Paths of the machine something was written on mean nothing on another.
#[test]
fn no_file_names_somebodys_machine() {
    // Put together here, so that this file does not name them.
    let paths = ["home/", "root/", "work/", "Users/"].map(|folder| format!("/{folder}"));
    let mut wrong = Vec::new();
    for path in every_file() {
        let Ok(text) = fs::read_to_string(root().join(&path)) else {
            continue;
        };
        for (number, line) in (1..).zip(text.lines()) {
            let named = paths.iter().find(|folder| {
                // At the start of a path, not inside one such as `a/work/b` or a URL.
                line.match_indices(folder.as_str()).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || "._-*}~/".contains(c))
                })
            });
            if let Some(folder) = named {
                wrong.push(format!("{path}:{number}: {folder}"));
            }
        }
    }
    assert_none(wrong, "paths of one machine");
}

/// One file of Rust.
struct Source {
    /// From the workspace's top, with `/`.
    path: String,
    lines: Vec<String>,
}

impl Source {
    /// The part of the root package it belongs to.
    fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let first = inside.split('/').next().unwrap_or(inside);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super` lead from here to the crate's root.
    fn depth(&self) -> usize {
        let inside = self.path.trim_start_matches("src/");
        let parts = inside.trim_end_matches(".rs").trim_end_matches("/mod");
        parts.split('/').count()
    }

    /// Lines and their numbers, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let bare = self.lines.iter().map(|line| match line.split_once("//") {
            // Not the slashes of a URL.
            Some((code, _)) if !code.ends_with(':') => code,
            _ => line.as_str(),
        });
        (1..).zip(bare)
    }

    /// The same up to the file's own tests, which stand last; nothing of a file that is all tests.
    fn code_before_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        let all_tests = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        self.code()
            .take_while(move |(_, line)| !all_tests && !line.starts_with("#[cfg(test)]"))
    }

    /// Names at the crate's root that a line reaches for.
    fn names_of_ours<'a>(&self, line: &'a str) -> Vec<&'a str> {
        let mut names = Vec::new();
        let up = "super::".repeat(self.depth());
        for prefix in ["crate::", "hotline::", &up] {
            for (at, _) in line.match_indices(prefix) {
                let rest = &line[at + prefix.len()..];
                match rest.strip_prefix('{') {
                    None => names.extend(first_name(rest)),
                    Some(group) => names.extend(top_names(group)),
                }
            }
        }
        names
    }
}

/// `domain` of `domain::id::CallId`.
fn first_name(path: &str) -> Option<&str> {
    path.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .filter(|name| !name.is_empty())
}

/// `domain` and `clock` of `domain::{id, time}, clock::Clock}`.
fn top_names(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut names) = (0_usize, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(first_name(group[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.extend(first_name(group[start..].trim_start()));
    names
}

/// Whether the word stands there as a word of its own.
fn mentions(line: &str, word: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let ends_open = !word.ends_with(in_name);
        !before.is_some_and(in_name) && (ends_open || !after.is_some_and(in_name))
    })
}

/// Sources below a folder, each statement that rustfmt spread over several lines put back on its first.
fn sources(folder: &str) -> Vec<Source> {
    let files = files_below(folder).into_iter();
    files
        .filter(|path| path.ends_with(".rs"))
        .map(|path| {
            let text = fs::read_to_string(root().join(&path)).unwrap();
            Source {
                path,
                lines: joined_imports(&text),
            }
        })
        .collect()
}

/// An import over several lines becomes one, its other lines empty, so that numbers stay right.
fn joined_imports(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut import: Option<usize> = None;
    for (number, line) in text.lines().enumerate() {
        lines.push(line.to_owned());
        match import {
            Some(first) => {
                let line = std::mem::take(&mut lines[number]);
                lines[first].push_str(line.trim());
            }
            None if is_import(line.trim_start()) => import = Some(number),
            None => {}
        }
        if line.trim_end().ends_with(';') {
            import = None;
        }
    }
    lines
}

fn is_import(line: &str) -> bool {
    line.starts_with("use ") || line.starts_with("pub") && line.contains(" use ")
}

fn every_source() -> Vec<Source> {
    ["src", "sip/src", "media/src", "recordings/src"]
        .into_iter()
        .flat_map(sources)
        .collect()
}

/// Everything that belongs to the project, not what was built or recorded in it.
fn every_file() -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if ["target", "data", ".git"].contains(&name.as_str()) {
            continue;
        }
        files.extend(files_below(&name));
    }
    files
}

fn files_below(top: &str) -> Vec<String> {
    let mut files = Vec::new();
    let mut waiting = vec![PathBuf::from(top)];
    while let Some(path) = waiting.pop() {
        let full = root().join(&path);
        if !full.is_dir() {
            files.push(path.to_str().unwrap().replace('\\', "/"));
            continue;
        }
        for entry in fs::read_dir(full).unwrap() {
            let name = entry.unwrap().file_name();
            if !["target", "node_modules", "corpus", "artifacts"].contains(&name.to_str().unwrap())
            {
                waiting.push(path.join(name));
            }
        }
    }
    files.sort();
    files
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn assert_none(wrong: Vec<String>, what: &str) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

#[test]
fn the_reader_of_lines_reads() {
    let source = Source {
        path: "src/api/routes/calls.rs".to_owned(),
        lines: Vec::new(),
    };
    assert_eq!(source.module(), "api");
    let cases: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("use crate::storage::Store;", &["storage"][..]),
        (
            "use crate::{domain::{id, time}, storage};",
            &["domain", "storage"],
        ),
        (
            "fn f(x: crate::jobs::J, y: super::super::super::app::A)",
            &["jobs", "app"],
        ),
        ("use super::super::access::Access;", &[]),
    ]);
    for (line, names) in cases {
        assert_eq!(source.names_of_ours(line), names, "{line}");
    }
    assert!(mentions("    unsafe { x }", "unsafe {"));
    assert!(!mentions("my_axum::x", "axum::"));
    assert!(!mentions("\"hotline_sip_dropped\"", "hotline_sip"));
    let split = joined_imports("use crate::{\n    api,\n    jobs,\n};\nlet x = 1;\n");
    assert_eq!(split[0], "use crate::{api,jobs,};");
    assert_eq!(split[4], "let x = 1;");
}
