//! Short messages: what a survey says, how many parts it costs, and what a citizen's answer means.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ticket::{DeadlineKind, Mark, Rating};
use super::time::Timestamp;

/// Who speaks; carriers want it in front, once.
pub const SIGNATURE: &str = "江苏12345";

/// Four digits that name one open survey of a phone, so that three open surveys are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SurveyCode(u16);

/// Why a text is not a survey code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a survey code is four digits, the first not 0")]
pub struct NotASurveyCode;

impl SurveyCode {
    const FIRST: u16 = 1000;
    const COUNT: u16 = 9000;

    /// A code that none of `taken` (the phone's open surveys) has; `entropy` decides where to start.
    /// `None` when all nine thousand are taken.
    pub fn choose(entropy: u16, taken: &[Self]) -> Option<Self> {
        (0..Self::COUNT)
            .map(|step| Self(Self::FIRST + (entropy % Self::COUNT + step) % Self::COUNT))
            .find(|code| !taken.contains(code))
    }
}

impl fmt::Display for SurveyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl FromStr for SurveyCode {
    type Err = NotASurveyCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse() {
            Ok(number) if digits && number >= Self::FIRST => Ok(Self(number)),
            Ok(_) | Err(_) => Err(NotASurveyCode),
        }
    }
}

impl TryFrom<String> for SurveyCode {
    type Error = NotASurveyCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SurveyCode> for String {
    fn from(code: SurveyCode) -> Self {
        code.to_string()
    }
}

/// What came of handing a message to its gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    Accepted {
        message_id: String,
    },
    /// The gateway said no for good; or it was given up after too many [`Submission::NotSent`].
    Refused {
        reason: String,
    },
    /// It certainly did not leave (no connection, or the gateway said "later"): may be tried again.
    NotSent {
        reason: String,
    },
    /// It may have left.
    Unknown {
        reason: String,
    },
}

/// What somebody who asked by a written channel is told at once.
pub fn receipt_text(signature: &str, ticket_number: &str) -> String {
    format!("【{signature}】您的诉求已收到, 工单号{ticket_number}, 我们会尽快处理并答复您。")
}

/// 短信回访, signed in front as 【signature】. `title` is left out where the petitioner asked for secrecy.
pub fn survey_text(signature: &str, code: SurveyCode, title: Option<&str>) -> String {
    let about = title
        .map(subject)
        .filter(|subject| !subject.is_empty())
        .map_or_else(String::new, |subject| format!("“{subject}”"));
    let scale: Vec<String> = (1..)
        .zip(Rating::ALL)
        .map(|(digit, rating)| format!("{digit}{}", rating.name()))
        .collect();
    format!(
        "【{signature}】您反映的诉求{about}已办结, 请评价: {}。回复“数字 编号”, 本次编号{code}, 如“1 {code}”。",
        scale.join(" ")
    )
}

/// 延时告知: by when the citizen will be answered now; not yet known where the calendar for it is not published.
pub fn extension_text(signature: &str, number: &str, due: Option<Timestamp>) -> String {
    let until = due.map_or_else(
        || "相应顺延, 具体日期另行告知".to_owned(),
        |due| format!("延至{}", due.in_beijing().strftime("%Y年%m月%d日")),
    );
    format!(
        "【{signature}】您反映的诉求(编号{number})因客观原因需延时办理, 答复时间{until}, 请谅解。"
    )
}

/// 书面办理意见 is issued: how it is found and verified.
pub fn written_opinion_text(signature: &str, number: &str, code: &str) -> String {
    format!(
        "【{signature}】您要求的书面办理意见已出具, 编号{number}, 校验码{code}, 可凭此查询核验。"
    )
}

/// To a unit: how far one of its clocks has run.
pub fn reminder_text(number: &str, clock: DeadlineKind, mark: Mark, due: Timestamp) -> String {
    let how = match mark {
        Mark::Half => "已过半",
        Mark::Most => "即将届满",
        Mark::Lapsed => "已超时",
    };
    let due = due.in_beijing().strftime("%m月%d日 %H:%M");
    format!("工单{number}的{}{how}, 截止{due}", clock.name())
}

/// The title as the message quotes it: short, one line, and without brackets that could pass for a second signature.
fn subject(title: &str) -> String {
    const MAX: usize = 16;
    let clean: String = title
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control() && !"【】[]“”".contains(*c))
        .collect();
    if clean.chars().count() <= MAX {
        return clean;
    }
    clean.chars().take(MAX - 1).chain(['…']).collect()
}

/// Parts a text is sent in. Chinese goes as UCS-2 (3GPP TS 23.038 §4): 70 units alone, 67 a part when it is split,
/// and a pair of surrogates is not cut in two.
pub fn parts(text: &str) -> usize {
    const ALONE: usize = 70;
    const A_PART: usize = 67;
    if text.chars().map(char::len_utf16).sum::<usize>() <= ALONE {
        return 1;
    }
    let mut parts = 1;
    let mut used = 0;
    for units in text.chars().map(char::len_utf16) {
        if used + units > A_PART {
            parts += 1;
            used = 0;
        }
        used += units;
    }
    parts
}

/// Does a gateway's word about a message say that nobody has the number 空号? The words of our own contract, and the MAP error
/// "unknown subscriber" (3GPP TS 29.002 §17.6.6) as carriers pass it on. What only says that it did not arrive, a phone that is
/// off or suspended included, is not meant.
pub fn no_such_number(status: &str) -> bool {
    matches!(
        status.trim().to_ascii_lowercase().as_str(),
        "no_such_number" | "unknown_number" | "unknown_subscriber" | "mk:0001" | "mi:0001" | "空号"
    )
}

/// A citizen's answer to a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurveyReply {
    pub said: Said,
    pub code: Option<SurveyCode>,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Rated(Rating),
    /// Whoever has this phone asked for nothing 打错了.
    WrongNumber,
}

/// Reads an answer: `1`, `3 1234`, `１，１２３４`, `31234`, `不满意`, `满意1234, 谢谢`, `打错了`. Anything that says more than
/// a rating and a code is for a person to read: `5个工作日了还没解决` is no rating.
pub fn read_reply(text: &str) -> Option<SurveyReply> {
    const LONGEST: usize = 40;
    if text.chars().nth(LONGEST).is_some() {
        return None;
    }
    let text: String = text.chars().map(half_width).collect();
    let mut said = None;
    let mut code = None;
    for word in words(&text) {
        let (new_said, new_code) = meaning(word)?;
        // Two ratings, or two codes, are a riddle, even when they are equal; `打错了, 不是我` says one thing twice.
        let wrong = Some(Said::WrongNumber);
        let twice = new_said.is_some() && said.is_some() && !(new_said == wrong && said == wrong);
        if twice || (new_code.is_some() && code.is_some()) {
            return None;
        }
        said = said.or(new_said);
        code = code.or(new_code);
    }
    said.map(|said| SurveyReply { said, code })
}

/// Full-width forms U+FF01–FF5E and the ideographic space as the ASCII they stand for.
fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).expect("the block mirrors ASCII")
        }
        other => other,
    }
}

/// Runs of digits and runs of letters, without what lies between them.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for mut rest in text.split(|c: char| !c.is_alphanumeric()) {
        while let Some(first) = rest.chars().next() {
            let same = |c: char| c.is_ascii_digit() == first.is_ascii_digit();
            let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            words.push(word);
            rest = after;
        }
    }
    words
}

/// What one word says; `None` when it says something we do not understand.
fn meaning(word: &str) -> Option<(Option<Said>, Option<SurveyCode>)> {
    if let Some(rating) = rating(word) {
        return Some((Some(Said::Rated(rating)), None));
    }
    if WRONG_NUMBER.contains(&word) {
        return Some((Some(Said::WrongNumber), None));
    }
    if let Ok(code) = word.parse() {
        return Some((None, Some(code)));
    }
    // `31234`: the space was forgotten.
    if let Some((digit, code)) = word.split_at_checked(1)
        && let (Some(rating), Ok(code)) = (rating(digit), code.parse())
    {
        return Some((Some(Said::Rated(rating)), Some(code)));
    }
    matches!(word, "谢谢" | "感谢" | "您好" | "你好").then_some((None, None))
}

/// How people say that they are not who is meant. `不是我反映的` may be somebody of the same household: a person reads it.
const WRONG_NUMBER: [&str; 16] = [
    "打错了",
    "打错",
    "你打错了",
    "您打错了",
    "打错电话了",
    "发错了",
    "发错",
    "你发错了",
    "您发错了",
    "发错人了",
    "不是我",
    "不是本人",
    "我不是本人",
    "号码错了",
    "号码错误",
    "号码不对",
];

fn rating(word: &str) -> Option<Rating> {
    (1..)
        .zip(Rating::ALL)
        .find(|(digit, rating): &(u8, Rating)| word == rating.name() || word == digit.to_string())
        .map(|(_, rating)| rating)
}

/// Which of a phone's open surveys an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match<T> {
    Matched(T),
    /// Several are open and the answer names none: the newest would be a guess. Kept for a person.
    Ambiguous,
    /// None is open, or the code is not one of theirs.
    None,
}

/// Finds the survey that `reply` answers among the phone's `open` ones.
pub fn match_reply<T: Copy>(open: &[(SurveyCode, T)], reply: &SurveyReply) -> Match<T> {
    match (reply.code, open) {
        (Some(code), _) => open
            .iter()
            .find(|(known, _)| *known == code)
            .map_or(Match::None, |(_, survey)| Match::Matched(*survey)),
        (None, []) => Match::None,
        (None, [(_, only)]) => Match::Matched(*only),
        (None, [_, _, ..]) => Match::Ambiguous,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> SurveyCode {
        text.parse().unwrap()
    }

    #[test]
    fn an_answer_is_read_as_people_write_it() {
        use Rating::*;
        let cases = [
            ("1", Some((VerySatisfied, None))),
            (" 5 ", Some((VeryDissatisfied, None))),
            ("3 1234", Some((BasicallySatisfied, Some("1234")))),
            ("1234 3", Some((BasicallySatisfied, Some("1234")))),
            ("31234", Some((BasicallySatisfied, Some("1234")))),
            ("４\u{3000}９８７６", Some((Dissatisfied, Some("9876")))),
            ("2，1234。", Some((Satisfied, Some("1234")))),
            ("“1 1234”", Some((VerySatisfied, Some("1234")))),
            ("不满意", Some((Dissatisfied, None))),
            ("非常不满意", Some((VeryDissatisfied, None))),
            ("非常满意", Some((VerySatisfied, None))),
            ("基本满意 1234", Some((BasicallySatisfied, Some("1234")))),
            ("满意1234,谢谢", Some((Satisfied, Some("1234")))),
            ("", None),
            ("谢谢", None),
            ("1234", None),
            ("0", None),
            ("6", None),
            ("11", None),
            ("3 0234", None),
            ("1 1", None),
            ("1 不满意", None),
            ("1 1234 5678", None),
            ("TD", None),
            ("不是很满意", None),
            ("5个工作日了还没解决", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|(rating, with)| SurveyReply {
                said: Said::Rated(rating),
                code: with.map(code),
            });
            assert_eq!(read_reply(text), expected, "{text}");
        }
        assert_eq!(read_reply(&" ".repeat(100_000)), None);
    }

    #[test]
    fn a_wrong_number_is_heard_where_it_is_plain() {
        let cases = [
            ("打错了", Some(None)),
            (" 您好，发错了！谢谢 ", Some(None)),
            ("不是我。", Some(None)),
            ("打错了, 不是我", Some(None)),
            ("不是本人１２３４", Some(Some("1234"))),
            ("不是我反映的", None),
            ("不是我不满意", None),
            ("打错了 5", None),
            ("我不认识什么路灯", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|with: Option<&str>| SurveyReply {
                said: Said::WrongNumber,
                code: with.map(code),
            });
            assert_eq!(read_reply(text), expected, "{text}");
        }
    }

    #[test]
    fn only_a_number_that_nobody_has_is_a_wrong_one_to_a_carrier() {
        for status in [
            "no_such_number",
            "MK:0001",
            "MI:0001",
            " Unknown_Subscriber ",
        ] {
            assert!(no_such_number(status), "{status}");
        }
        for status in [
            "UNDELIV",
            "EXPIRED",
            "REJECTD",
            "MK:0005",
            "MOBILE_NOT_ON_SERVICE",
            "",
        ] {
            assert!(!no_such_number(status), "{status}");
        }
    }

    #[test]
    fn three_open_surveys_of_one_phone_are_told_apart_by_their_codes() {
        let open = [
            (code("1111"), 'a'),
            (code("2222"), 'b'),
            (code("3333"), 'c'),
        ];
        let matched = |open: &[_], text: &str| match_reply(open, &read_reply(text).unwrap());
        assert_eq!(matched(&open, "4 2222"), Match::Matched('b'));
        assert_eq!(matched(&open, "3333 1"), Match::Matched('c'));
        assert_eq!(matched(&open, "4 4444"), Match::None);
        assert_eq!(matched(&open, "不满意"), Match::Ambiguous);
        assert_eq!(matched(&open[..1], "不满意"), Match::Matched('a'));
        assert_eq!(matched(&open[..1], "1 2222"), Match::None);
        assert_eq!(matched(&[], "1"), Match::None);
    }

    #[test]
    fn a_survey_gets_a_code_no_open_survey_of_the_phone_has() {
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.push(SurveyCode::choose(u16::MAX, &taken).unwrap());
        }
        assert_eq!(taken, [code("3535"), code("3536"), code("3537")]);
        let all: Vec<_> = (1000..=9999).map(|n: u16| code(&n.to_string())).collect();
        assert_eq!(SurveyCode::choose(7, &all), None);
    }

    #[test]
    fn the_survey_is_signed_once_quotes_the_matter_and_costs_two_parts() {
        let text = survey_text(SIGNATURE, code("1234"), Some("路灯不亮"));
        assert_eq!(
            text,
            "【江苏12345】您反映的诉求“路灯不亮”已办结, 请评价: 1非常满意 2满意 3基本满意 4不满意 5非常不满意。\
             回复“数字 编号”, 本次编号1234, 如“1 1234”。"
        );
        assert_eq!(parts(&text), 2);
        let hostile = survey_text(
            SIGNATURE,
            code("1234"),
            Some(&"【银行】\n请 转账".repeat(900)),
        );
        assert_eq!(hostile.matches('【').count(), 1);
        assert_eq!(parts(&hostile), 2);
    }

    #[test]
    fn the_example_in_the_survey_is_itself_a_readable_answer() {
        let text = survey_text(SIGNATURE, code("1234"), None);
        let (_, example) = text.rsplit_once('如').unwrap();
        let read = read_reply(example).unwrap();
        assert_eq!(read.said, Said::Rated(Rating::VerySatisfied));
        assert_eq!(read.code, Some(code("1234")));
    }

    #[test]
    fn parts_are_counted_in_utf_16_units_and_never_cut_a_character() {
        let table = [
            ("中".repeat(70), 1),
            ("中".repeat(71), 2),
            ("中".repeat(134), 2),
            ("中".repeat(135), 3),
            ("😀".repeat(35), 1),
            ("😀".repeat(36), 2),
            // 33 pairs fill 66 of 67 units: the last unit of each part stays empty.
            ("😀".repeat(67), 3),
            (String::new(), 1),
        ];
        for (text, expected) in table {
            assert_eq!(parts(&text), expected, "{}", text.chars().count());
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_phone_sends_is_read_without_a_panic(text in "\\PC{0,60}", code in 1000u16..10_000, n in 1usize..6) {
            let _ = (read_reply(&text), parts(&text), survey_text(SIGNATURE, SurveyCode(code), Some(&text)));
            let said = format!("{n} {code}");
            let read = read_reply(&said).unwrap();
            assert_eq!((read.said, read.code), (Said::Rated(Rating::ALL[n - 1]), Some(SurveyCode(code))));
        }
    }
}
