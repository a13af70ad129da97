//! `cargo xtask up`: from a fresh clone to a server one can call, and open in a browser.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::{Done, cargo, on_path, root, run, say, target, web};

/// What builds need beyond cargo: SQLite and the TLS library's core are C.
const TOOLS: [(&str, &str); 1] = [("cc", "build-essential")];

/// Who can log in to the demonstration.
const ORGANISATION: &str = "deploy/organisation.demo.toml";

pub(crate) fn up(arguments: &[String]) -> Done {
    for (program, package) in TOOLS {
        if !on_path(program) {
            return Err(format!(
                "`{program}` is missing; on Debian: apt-get install {package}"
            ));
        }
    }
    web::build_when_stale()?;
    say("building the release …");
    run(&mut cargo(["build", "--release", "--bin", "hotline"]))?;
    say(&welcome());

    let mut server = Command::new(target().join("release/hotline"));
    server
        .current_dir(root())
        .args(["serve", "--demo"])
        .args(arguments);
    // In place of this process: signals reach the server itself, and Ctrl-C drains it.
    let error = server.exec();
    Err(format!("{}: {error}", server.get_program().display()))
}

fn welcome() -> String {
    let mut text = String::from(
        "\
Defaults, unless your configuration or arguments say otherwise:
  pages   http://127.0.0.1:8080
  HTTP    the same address        (/healthz, /readyz, /metrics, /api/openapi.json)
  SIP     127.0.0.1:5060 UDP and TCP; RTP 20000-29999
  data    ./data
Call 12345; `cargo xtask try` does so with a story. Ctrl-C drains, twice stops.
",
    );
    let organisation = fs::read_to_string(root().join(ORGANISATION)).unwrap_or_default();
    for (what, table, key) in [
        ("logins", "user", "username"),
        ("phones", "extension", "number"),
    ] {
        let names = names_of(&organisation, table, key).join(", ");
        text.push_str(&format!("  {what}  {names}\n"));
    }
    // The file says in a comment which passwords it uses.
    let passwords = organisation
        .lines()
        .find(|line| line.contains("password is"));
    text.push_str(passwords.unwrap_or(ORGANISATION).trim_start_matches('#'));
    text
}

/// What the tables of one kind are called, read without a TOML parser: the file is ours and has one key a line.
fn names_of(organisation: &str, table: &str, key: &str) -> Vec<String> {
    let tables = organisation
        .split("[[")
        .filter_map(|part| part.split_once("]]"));
    let tables = tables.filter(|(name, _)| *name == table);
    tables
        .filter_map(|(_, keys)| {
            let value = |key: &str| {
                keys.lines().find_map(|line| {
                    let (name, value) = line.split_once('=')?;
                    (name.trim() == key).then(|| value.trim().trim_matches('"'))
                })
            };
            let name = value(key)?;
            Some(match value("count") {
                Some(count) => format!("{name} and on ({count})"),
                None => name.to_owned(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::names_of;

    #[test]
    fn logins_and_phones_are_told_apart() {
        let file = "\
[[unit]]\ncode = \"js\"\n\n[[user]]\nusername = \"li\"\nrole = \"agent\"\n\n\
[[extension]]\nnumber = \"agent1000\"\npassword = \"secret\"\ncount = 800\n";
        assert_eq!(names_of(file, "user", "username"), ["li"]);
        assert_eq!(
            names_of(file, "extension", "number"),
            ["agent1000 and on (800)"]
        );
    }
}
