//! What a reviewer's eye should rest on in a reply: empty words, copied words, evasive words, no date, nobody to ask.
//! Each finding says what it saw. None of it decides anything: 答复认定 is a person's.

use std::collections::HashSet;

use serde::Serialize;

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Too short to say what was done.
    Empty,
    /// It says what the citizen said.
    CopiedDemand,
    /// It says what the unit said elsewhere.
    CopiedReply,
    /// 敷衍: it promises attention instead of telling a result.
    Evasive,
    /// No date: nobody can tell when.
    NoDate,
    /// No person, office or number to turn to.
    NobodyToAsk,
    /// It answers none of what was asked.
    OffTopic,
}

/// One finding, with the reason for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub kind: CheckKind,
    /// In Chinese, with the words it rests on.
    pub why: String,
}

/// Longest text that is looked at, in characters: a reply is at most this long.
const LONGEST: usize = 10_000;
/// Fewer characters say that something was done, not what.
const SHORT: usize = 20;
/// Share of a reply's shingles found in the other text from which it counts as copied.
const COPIED: f64 = 0.8;
/// As [`COPIED`]; below this the reply has nothing to do with the demand.
const UNRELATED: f64 = 0.005;
/// Characters a shingle.
const SHINGLE: usize = 4;

/// Words that stand where a result should.
const EVASIVE: &[&str] = &[
    "将进一步",
    "正在研究",
    "高度重视",
    "尽快处理",
    "尽快解决",
    "尽快落实",
    "酌情",
    "原则上",
    "有关部门",
    "相关部门",
    "敬请谅解",
    "请耐心等待",
    "耐心等待",
    "待条件成熟",
    "条件成熟时",
    "适时",
    "择机",
    "已转交",
    "已转相关",
    "不属于我",
    "无法解决",
    "继续关注",
    "加强管理",
    "加强监管",
];

/// Words that tell that something came of it.
const RESULT: &[&str] = &[
    "已完成",
    "已更换",
    "已修复",
    "已清理",
    "已整改",
    "已退还",
    "已发放",
    "已办理",
    "已处理",
    "已解决",
    "已安排",
    "已责令",
    "已立案",
    "已拆除",
    "已恢复",
    "经核实",
    "经调查",
    "经查",
    "根据《",
    "依据《",
    "按照《",
];

/// Checks `reply` against the demand it answers and other replies of the same unit (each with the number of its
/// ticket). Pure, bounded, and in no need of a model.
pub fn check_reply(reply: &str, demand: &str, others: &[(String, String)]) -> Vec<Finding> {
    let reply: String = reply.chars().take(LONGEST).collect();
    let said = plain(&reply);
    let mut findings = Vec::new();
    let mut found = |kind, why: String| findings.push(Finding { kind, why });

    let length = said.chars().count();
    if length < SHORT {
        found(
            CheckKind::Empty,
            format!("答复仅{length}字, 未说明办理情况"),
        );
    }
    let own = shingles(&said);
    let asked = plain(demand);
    let shared = share(&own, &shingles(&asked));
    if length >= SHORT && shared >= COPIED {
        let percent = (shared * 100.0).round();
        found(
            CheckKind::CopiedDemand,
            format!("答复有{percent}%与诉求内容相同"),
        );
    }
    if length >= 2 * SHORT && asked.chars().count() >= SHORT && topic(&said, &asked) < UNRELATED {
        found(CheckKind::OffTopic, "答复未提及诉求中的任何事项".to_owned());
    }
    let copied = others.iter().find_map(|(number, other)| {
        let shared = share(&own, &shingles(&plain(other)));
        (length >= SHORT && shared >= COPIED).then_some((number, shared))
    });
    if let Some((number, shared)) = copied {
        let percent = (shared * 100.0).round();
        found(
            CheckKind::CopiedReply,
            format!("答复有{percent}%与工单{number}的答复相同"),
        );
    }
    let evasive: Vec<&str> = EVASIVE
        .iter()
        .copied()
        .filter(|w| said.contains(w))
        .collect();
    if !evasive.is_empty() && !RESULT.iter().any(|word| said.contains(word)) {
        found(
            CheckKind::Evasive,
            format!("出现“{}”而没有办理结果", evasive.join("”“")),
        );
    }
    if !has_date(&said) {
        found(CheckKind::NoDate, "答复没有写明日期或时限".to_owned());
    }
    if !has_contact(&said) {
        found(
            CheckKind::NobodyToAsk,
            "答复没有写明承办部门、联系人或联系电话".to_owned(),
        );
    }
    findings
}

/// Without what only fills the line: spaces, punctuation, the greeting.
fn plain(text: &str) -> String {
    let text: String = text
        .chars()
        .take(LONGEST)
        .filter(|c| c.is_alphanumeric() || "《》".contains(*c))
        .collect();
    ["您好", "你好", "尊敬的网友", "感谢您的来电", "感谢您的留言"]
        .iter()
        .fold(text, |text, greeting| text.replace(greeting, ""))
}

fn shingles(text: &str) -> HashSet<&str> {
    let starts: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    starts
        .windows(SHINGLE + 1)
        .map(|window| &text[window[0]..window[SHINGLE]])
        .collect()
}

/// How much of `own` is in `other` too.
fn share(own: &HashSet<&str>, other: &HashSet<&str>) -> f64 {
    if own.is_empty() {
        return 0.0;
    }
    let common = own
        .iter()
        .filter(|shingle| other.contains(*shingle))
        .count();
    common as f64 / own.len() as f64
}

/// How much of the demand's pairs of characters the reply takes up.
fn topic(reply: &str, demand: &str) -> f64 {
    let pairs =
        |text: &str| -> HashSet<(char, char)> { text.chars().zip(text.chars().skip(1)).collect() };
    let (said, asked) = (pairs(reply), pairs(demand));
    if asked.is_empty() {
        return 1.0;
    }
    asked.intersection(&said).count() as f64 / asked.len() as f64
}

/// `3月4日`, `2025年`, `5个工作日`, `本月底`.
fn has_date(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let after_digit = |words: &[&str]| {
        words.iter().any(|word| {
            text.match_indices(word).any(|(at, _)| {
                text[..at]
                    .chars()
                    .next_back()
                    .is_some_and(|c| c.is_ascii_digit() || "一二三四五六七八九十".contains(c))
            })
        })
    };
    let dated = chars.windows(8).any(|w| w.iter().all(char::is_ascii_digit));
    dated
        || after_digit(&["月", "日", "号", "年", "个工作日", "天内", "日内", "小时"])
        || [
            "今日", "当日", "昨日", "明日", "本周", "本月", "年底", "月底",
        ]
        .iter()
        .any(|word| text.contains(word))
}

/// A number to call, or somebody by office or name.
fn has_contact(text: &str) -> bool {
    const OFFICES: &[&str] = &[
        "局",
        "委员会",
        "居委",
        "村委",
        "办公室",
        "管理处",
        "办事处",
        "派出所",
        "管理所",
        "中心",
        "大队",
        "支队",
        "街道",
        "公司",
        "政府",
        "社区",
        "物业",
        "医院",
        "学校",
        "联系人",
        "同志",
        "工作人员",
    ];
    let mut run = 0;
    let called = text.chars().any(|c| {
        run = if c.is_ascii_digit() { run + 1 } else { 0 };
        run >= 7
    });
    called || OFFICES.iter().any(|office| text.contains(office))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMAND: &str = "中山路三号门口的路灯三天不亮了, 晚上出行很不安全, 希望尽快修好";
    const GOOD: &str = "经核实, 中山路三号门口路灯因电缆老化断电。市城管局照明管理处已于3月4日更换电缆, \
                        路灯恢复照明, 并电话告知来电人。联系人王工, 电话025-83666666。";

    fn kinds(reply: &str, others: &[(String, String)]) -> Vec<CheckKind> {
        let findings = check_reply(reply, DEMAND, others);
        assert!(findings.iter().all(|finding| !finding.why.is_empty()));
        findings.into_iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn a_reply_that_says_what_was_done_when_and_by_whom_is_left_alone() {
        assert_eq!(kinds(GOOD, &[]), []);
    }

    #[test]
    fn each_fault_is_named_for_what_it_is() {
        use CheckKind::*;
        assert_eq!(kinds("已处理", &[]), [Empty, NoDate, NobodyToAsk]);
        assert_eq!(kinds(" 。。。 ", &[]), [Empty, NoDate, NobodyToAsk]);
        let echo = kinds(&format!("您好: {DEMAND}"), &[]);
        assert!(echo.contains(&CopiedDemand), "{echo:?}");
        let vague = "您反映的路灯不亮问题我单位高度重视, 将进一步加强管理, 请耐心等待, 感谢您对我们工作的支持";
        let vague = kinds(vague, &[]);
        assert!(
            vague.contains(&Evasive) && vague.contains(&NoDate),
            "{vague:?}"
        );
        let elsewhere = [("20250303-000001".to_owned(), GOOD.replace("三号", "五号"))];
        assert_eq!(kinds(GOOD, &elsewhere), [CopiedReply]);
        let off = "根据《公积金管理条例》, 缴存职工可于2025年起提取, 由市公积金管理中心受理, 电话025-83666666, 请携带材料";
        assert_eq!(kinds(off, &[]), [OffTopic]);
    }

    #[test]
    fn the_reason_quotes_the_words_it_rests_on() {
        let vague = "路灯不亮一事我局高度重视, 将进一步跟进, 3月5日前答复, 请耐心等待";
        let findings = check_reply(vague, DEMAND, &[]);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].why.contains("高度重视"), "{findings:?}");
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_unit_writes_is_checked_without_a_panic(
            reply in "\\PC{0,80}", demand in "\\PC{0,80}", other in "\\PC{0,80}",
        ) {
            let _ = check_reply(&reply, &demand, &[(String::new(), other)]);
        }
    }
}
