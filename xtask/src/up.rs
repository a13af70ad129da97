//! `cargo xtask up`: from a fresh clone to a server one can call.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::{Done, cargo, on_path, root, run, say, target};

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
  HTTP    http://127.0.0.1:8080   (/healthz, /readyz, /metrics, /api/openapi.json)
  SIP     127.0.0.1:5060 UDP and TCP; RTP 20000-29999
  data    ./data
Call 12345; `cargo xtask try` does so with a story. Ctrl-C drains, twice stops.
",
    );
    let accounts = fs::read_to_string(root().join(ORGANISATION)).unwrap_or_default();
    let accounts = accounts_of(&accounts);
    if !accounts.is_empty() {
        text.push_str(&format!("Accounts ({ORGANISATION}):\n"));
        for account in accounts {
            text.push_str(&format!("  {account}\n"));
        }
    }
    text
}

/// One line for each login and softphone, read without a TOML parser: the file is ours and has one key a line.
fn accounts_of(organisation: &str) -> Vec<String> {
    let mut accounts = Vec::new();
    for table in organisation.split("[[").skip(1) {
        let Some((kind, keys)) = table.split_once("]]") else {
            continue;
        };
        let value = |key: &str| {
            keys.lines().find_map(|line| {
                let (name, value) = line.split_once('=')?;
                (name.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
            })
        };
        let password = value("password").unwrap_or_default();
        match kind {
            "user" => accounts.extend(value("username").map(|name| {
                let role = value("role").unwrap_or_default();
                format!("login  {name:<14} {password:<14} {role}")
            })),
            "extension" => accounts.extend(
                value("number").map(|number| format!("phone  {number:<14} {password:<14}")),
            ),
            _ => {}
        }
    }
    accounts
}

#[cfg(test)]
mod tests {
    use super::accounts_of;

    #[test]
    fn logins_and_phones_are_listed_and_nothing_else() {
        let file = "\
[[unit]]\ncode = \"js\"\n\n[[user]]\nusername = \"li\"\nrole = \"agent\"\npassword = \"pw\"\n\n\
[[extension]]\nnumber = \"agent1000\"\npassword = \"secret\"\n";
        let lines = accounts_of(file);
        let words: Vec<Vec<&str>> = lines
            .iter()
            .map(|l| l.split_whitespace().collect())
            .collect();
        assert_eq!(
            words,
            [
                vec!["login", "li", "pw", "agent"],
                vec!["phone", "agent1000", "secret"]
            ]
        );
    }
}
