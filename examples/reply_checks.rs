//! What the reply checks find in a file of real messages and replies, and whether they find what was made wrong on
//! purpose: `cargo run --release --example reply_checks -- FILE.csv DEMAND_COLUMN REPLY_COLUMN` (names in the first line).

use std::collections::BTreeMap;
use std::io::Write as _;

use hotline::domain::ticket::{CheckKind, check_reply};

fn main() {
    let mut given = std::env::args().skip(1);
    let mut next = || given.next().expect("FILE.csv DEMAND_COLUMN REPLY_COLUMN");
    let text = std::fs::read_to_string(next()).expect("the file is there and UTF-8");
    let (demand, reply) = (next(), next());
    let mut rows = records(&text).into_iter();
    let names = rows.next().expect("a first line");
    let column = |name: &str| {
        names
            .iter()
            .position(|known| known.trim() == name)
            .expect("the column is in the first line")
    };
    let (demand, reply) = (column(&demand), column(&reply));
    let pairs: Vec<(String, String)> = rows
        .filter_map(|row| Some((row.get(demand)?.clone(), row.get(reply)?.clone())))
        .collect();
    let count = pairs.len();

    let mut found: BTreeMap<CheckKind, usize> = BTreeMap::new();
    let mut clean = 0;
    for (n, (demand, reply)) in pairs.iter().enumerate() {
        // Against the hundred replies before it, as the server compares with a unit's last hundred.
        let others: Vec<(String, String)> = pairs[n.saturating_sub(100)..n]
            .iter()
            .map(|(_, reply)| (String::new(), reply.clone()))
            .collect();
        let findings = check_reply(reply, demand, &others);
        clean += usize::from(findings.is_empty());
        for finding in findings {
            *found.entry(finding.kind).or_default() += 1;
        }
    }
    say(&format!(
        "{count} replies as they are: {clean} without a finding"
    ));
    for (kind, number) in found {
        say(&format!(
            "  {kind:?}: {number} ({:.1} %)",
            percent(number, count)
        ));
    }

    let hit = |kind, made: &dyn Fn(usize) -> (String, String, Vec<(String, String)>)| {
        let hits = (0..count)
            .filter(|n| {
                let (demand, reply, others) = made(*n);
                check_reply(&reply, &demand, &others)
                    .iter()
                    .any(|finding| finding.kind == kind)
            })
            .count();
        say(&format!(
            "  {kind:?}: found {hits} of {count} ({:.1} %)",
            percent(hits, count)
        ));
    };
    say("made wrong on purpose:");
    let of = |n: usize| pairs[n % count].clone();
    hit(CheckKind::Empty, &|n| {
        let (demand, reply) = of(n);
        (demand, reply.chars().take(15).collect(), Vec::new())
    });
    hit(CheckKind::CopiedDemand, &|n| {
        let (demand, _) = of(n);
        (demand.clone(), format!("您好: {demand}"), Vec::new())
    });
    hit(CheckKind::CopiedReply, &|n| {
        let (demand, _) = of(n);
        let (_, other) = of(n + 1);
        (demand, other.clone(), vec![(String::new(), other)])
    });
    hit(CheckKind::OffTopic, &|n| {
        let (demand, _) = of(n);
        (demand, of(n + count / 2).1, Vec::new())
    });
    hit(CheckKind::NoDate, &|n| {
        let (demand, reply) = of(n);
        let undated = reply
            .chars()
            .filter(|c| !"年月日号天时本今当昨明".contains(*c) && !c.is_ascii_digit());
        (demand, undated.collect(), Vec::new())
    });
    hit(CheckKind::Evasive, &|n| {
        let (demand, _) = of(n);
        let vague = "您反映的问题我单位高度重视, 将进一步研究, 请耐心等待, 感谢您的支持与理解";
        (demand, vague.to_owned(), Vec::new())
    });
}

fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("somebody reads this");
}

/// RFC 4180: fields in quotes may hold commas, line ends and doubled quotes.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        let field = record.last_mut().expect("a record has a field");
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\n' if !quoted => records.push(std::mem::replace(&mut record, vec![String::new()])),
            '\r' if !quoted => {}
            other => field.push(other),
        }
    }
    if record.len() > 1 {
        records.push(record);
    }
    records
}
