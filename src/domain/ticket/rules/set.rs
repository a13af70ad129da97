//! One version of the rules: the numbers, from when and for whom they hold, and how they are to be read.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Way;
use super::articles::article;
use super::form::{self, FormField};
use crate::domain::calendar::{Convention, Limit};
use crate::domain::id::UnitCode;
use crate::domain::ticket::intake::{Guidance, Procedure, SourceGroup};
use crate::domain::ticket::refusal::Article;
use crate::domain::ticket::state::Kind;

/// A rule set. Once tickets may keep it, it is not edited: what changes is a new version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Its name, and the document it is from: `苏政办发〔2020〕29号`.
    pub version: String,
    /// For people.
    pub title: String,
    /// 施行日期: holds for tickets dispatched on this day or later.
    #[serde(with = "date")]
    pub from: Date,
    /// A city's own rules 设区市 (article 32): for units under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<UnitCode>,
    /// Rules of article 8's groups (article 11, article 8(3)–(6)): for demands that came so. None: for all. A special
    /// channel names its rule set itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceGroup>,
    /// Rules of single systems that demands come from, by their names in the organisation: each platform of a group may
    /// have its own clock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub systems: Vec<String>,
    /// What differs from the provincial numbers.
    #[serde(default)]
    pub limits: Limits,
    /// 解释 of 省政务办 (article 33).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interpretations: Vec<Interpretation>,
    /// 引导 under article 9(2), where it is not the province's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guidance: Vec<Guidance>,
    /// What a demand's form asks beside what every demand has (article 32); a city's over the province's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form: Vec<FormField>,
    /// Categories that its desks do not use: whatever begins with one of these codes. A city's own have the key `city`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_categories: Vec<String>,
}

/// How an article is to be read (article 33).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpretation {
    /// e.g. `11(3)`.
    pub article: String,
    pub text: String,
    /// The document or office it comes from.
    pub by: String,
    #[serde(with = "date")]
    pub from: Date,
}

/// The numbers of articles 11(3)–(5), and those the articles leave open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    pub convention: Convention,
    /// 11(3): 1个工作小时内签收.
    pub acknowledge_hours: u32,
    /// Article 13: what is urgent is acknowledged on natural time.
    pub urgent_acknowledge_hours: u32,
    /// 11(3): 咨询类3个工作日.
    pub inquiry_days: u32,
    /// 11(3): 非咨询类5个工作日.
    pub other_days: u32,
    /// Not in the text: a co-handler is heard before the lead answers.
    pub co_handler_inquiry_days: u32,
    /// As `co_handler_inquiry_days`.
    pub co_handler_other_days: u32,
    /// Not in the text: the lead answers after its co-handlers, or when their time is over.
    pub co_handlers_first: bool,
    /// 11(4): 咨询类1个工作日内申请退回.
    pub send_back_inquiry_days: u32,
    /// 11(4): 非咨询类2个工作日内申请退回.
    pub send_back_other_days: u32,
    /// 11(2): whether nature, content, field and department must be coded before the desk disposes of a demand. A client
    /// that does not know the codes yet needs it off.
    pub classify_first: bool,
    /// Not in the text: the request that goes to coordination instead of to another unit (article 28(3): 反复退回).
    pub send_backs_max: u32,
    /// Not in the text: by when a request to send back or to extend is decided.
    pub decide_hours: u32,
    /// Not in the text: granted extensions a ticket.
    pub extensions_max: u32,
    /// Not in the text: by when a reply is reviewed, and never later than the citizen's own deadline.
    pub review_hours: u32,
    /// Not in the text: by when a written opinion is issued.
    pub written_opinion_days: u32,
    /// Not in the text: natural hours a dedicated seat has to answer what was handed to it, before the desk has it again.
    pub seat_answer_hours: u32,
    /// Not in the text: how often a survey is sent before silence counts.
    pub survey_sends: u32,
    /// Not in the text: natural hours a citizen has to answer.
    pub survey_answer_hours: u32,
    /// Not in the text: by when a manual revisit is made.
    pub revisit_days: u32,
    /// Not in the text: calls tried before a revisit ends unanswered.
    pub revisit_attempts: u32,
    /// Not in the text: by when a unit rectifies; 5 to 15 working days elsewhere.
    pub rectify_days: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            convention: Convention::EndOfNthDay,
            acknowledge_hours: 1,
            urgent_acknowledge_hours: 1,
            inquiry_days: 3,
            other_days: 5,
            co_handler_inquiry_days: 2,
            co_handler_other_days: 4,
            co_handlers_first: true,
            send_back_inquiry_days: 1,
            send_back_other_days: 2,
            classify_first: false,
            send_backs_max: 2,
            decide_hours: 4,
            extensions_max: 1,
            review_hours: 4,
            written_opinion_days: 5,
            seat_answer_hours: 2,
            survey_sends: 2,
            survey_answer_hours: 72,
            revisit_days: 3,
            revisit_attempts: 3,
            rectify_days: 5,
        }
    }
}

impl Limits {
    /// Working days to reply in, and so the longest extension.
    pub const fn handle_days(&self, kind: Kind) -> u32 {
        self.by_kind(kind, self.inquiry_days, self.other_days)
    }

    /// Working days in which a send-back can be asked for.
    pub const fn send_back_days(&self, kind: Kind) -> u32 {
        self.by_kind(kind, self.send_back_inquiry_days, self.send_back_other_days)
    }

    /// Working days in which a co-handler is to be heard.
    pub const fn co_handler_days(&self, kind: Kind) -> u32 {
        self.by_kind(
            kind,
            self.co_handler_inquiry_days,
            self.co_handler_other_days,
        )
    }

    /// How long a unit has to acknowledge.
    pub const fn acknowledge(&self, urgent: bool) -> Limit {
        if urgent {
            Limit::NaturalHours(self.urgent_acknowledge_hours)
        } else {
            Limit::WorkingHours(self.acknowledge_hours)
        }
    }

    const fn by_kind(&self, kind: Kind, inquiry: u32, other: u32) -> u32 {
        match kind {
            Kind::Inquiry => inquiry,
            Kind::HelpRequest | Kind::Complaint | Kind::Report | Kind::Suggestion => other,
        }
    }
}

/// Each number: its field, what it is called, and the article it is from (or that it serves, where the text is silent).
const FIELDS: &[(&str, &str, Article)] = &[
    ("convention", "工作日计算方式", "11(3)"),
    ("acknowledge_hours", "签收(工作小时)", "11(3)"),
    ("urgent_acknowledge_hours", "紧急工单签收(自然小时)", "13"),
    ("inquiry_days", "咨询类答复(工作日)", "11(3)"),
    ("other_days", "非咨询类答复(工作日)", "11(3)"),
    ("co_handler_inquiry_days", "咨询类会办(工作日)", "11(3)"),
    ("co_handler_other_days", "非咨询类会办(工作日)", "11(3)"),
    ("co_handlers_first", "会办先于牵头答复", "11(3)"),
    ("send_back_inquiry_days", "咨询类申请退回(工作日)", "11(4)"),
    ("send_back_other_days", "非咨询类申请退回(工作日)", "11(4)"),
    ("classify_first", "先分类后处置", "11(2)"),
    ("send_backs_max", "第几次退回转入协调", "28(3)"),
    ("decide_hours", "退回和延时审核(工作小时)", "11(4)"),
    ("extensions_max", "延时次数", "11(4)"),
    ("review_hours", "答复认定(工作小时)", "11(4)"),
    ("written_opinion_days", "书面办理意见(工作日)", "11(5)"),
    ("seat_answer_hours", "专席答复(自然小时)", "11(2)"),
    ("survey_sends", "短信回访发送次数", "11(5)"),
    ("survey_answer_hours", "短信回访等待(自然小时)", "11(5)"),
    ("revisit_days", "人工回访(工作日)", "11(5)"),
    ("revisit_attempts", "人工回访拨打次数", "11(5)"),
    ("rectify_days", "核实整改(工作日)", "11(5)"),
];

/// One number in which two rule sets differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// A number's field; `guidance.…`, `form.…`, `category.…` with what follows the dot.
    pub field: String,
    /// For people.
    pub name: String,
    pub article: Article,
    pub ours: serde_json::Value,
    pub theirs: serde_json::Value,
}

/// Why a rule set is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRuleSet {
    #[error("a rule set needs a version of at most 100 characters and a title")]
    Unnamed,
    #[error("{0} is {1}; it must be at least 1 and at most 500")]
    OutOfRange(&'static str, u64),
    #[error("a rule set is for systems or for groups of them, not for both")]
    SystemsAndSources,
    #[error("an interpretation of {0:?}: there is no such article")]
    UnknownArticle(String),
    #[error("an interpretation says something and says who gave it")]
    EmptyInterpretation,
    #[error(
        "guidance on {0} says something in at most 500 characters, and names its law in at most 200"
    )]
    EmptyGuidance(&'static str),
    #[error("the form's field {0}")]
    BadForm(String),
    #[error("without_categories has at most 1000 codes of at most 20 characters")]
    BadCategories,
    #[error("guidance on {0} is there twice")]
    TwoGuidances(&'static str),
    #[error("{0:?} is the provincial regulation: what differs is another version")]
    Provincial(String),
}

impl RuleSet {
    /// The regulation itself, in force since it was issued (article 34).
    pub fn provincial() -> Self {
        Self {
            version: "苏政办发〔2020〕29号".to_owned(),
            title: "江苏省12345在线服务平台运行管理办法".to_owned(),
            from: jiff::civil::date(2020, 4, 22),
            city: None,
            sources: Vec::new(),
            systems: Vec::new(),
            limits: Limits::default(),
            interpretations: Vec::new(),
            guidance: Guidance::provincial(),
            form: Vec::new(),
            without_categories: Vec::new(),
        }
    }

    /// How near this set is to where a demand came from: 2 for its system, 1 for its group, 0 where it is for all; none
    /// where it is for others.
    pub(super) fn source_rank(&self, way: Way<'_>) -> Option<u8> {
        let of_system = |system: &str| self.systems.iter().any(|known| known == system);
        let of_group = |group| self.sources.contains(&group);
        if way.system.is_some_and(of_system) {
            Some(2)
        } else if way.group.is_some_and(of_group) {
            Some(1)
        } else {
            (self.systems.is_empty() && self.sources.is_empty()).then_some(0)
        }
    }

    /// What differs between `self` and `other`: numbers, guidance, the form, and the categories that are left out. What one of
    /// them does not say of guidance and form is the province's.
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let numbers =
            |set: &Self| serde_json::to_value(&set.limits).expect("limits are plain data");
        let (ours, theirs) = (numbers(self), numbers(other));
        let mut all: Vec<Difference> = FIELDS
            .iter()
            .filter(|(field, ..)| ours[field] != theirs[field])
            .map(|&(field, name, article)| Difference {
                field: field.to_owned(),
                name: name.to_owned(),
                article,
                ours: ours[field].clone(),
                theirs: theirs[field].clone(),
            })
            .collect();
        for procedure in Procedure::ALL {
            let of = |set: &Self| {
                let own = set
                    .guidance
                    .iter()
                    .chain(&Guidance::provincial())
                    .cloned()
                    .collect::<Vec<_>>();
                own.into_iter().find(|one| one.procedure == procedure)
            };
            let (ours, theirs) = (of(self), of(other));
            if ours != theirs {
                let code = serde_json::json!(procedure);
                all.push(Difference {
                    field: format!("guidance.{}", code.as_str().unwrap_or_default()),
                    name: format!("{}引导", procedure.name()),
                    article: "9(2)",
                    ours: serde_json::json!(ours),
                    theirs: serde_json::json!(theirs),
                });
            }
        }
        let mut keys: Vec<(&str, &str)> = Vec::new();
        for field in self.form.iter().chain(&other.form) {
            if keys.iter().all(|(key, _)| *key != field.key) {
                keys.push((&field.key, &field.name));
            }
        }
        for (key, name) in keys {
            let of = |set: &Self| set.form.iter().find(|field| field.key == key).cloned();
            let (ours, theirs) = (of(self), of(other));
            if ours != theirs {
                all.push(Difference {
                    field: format!("form.{key}"),
                    name: format!("表单: {name}"),
                    article: "32",
                    ours: serde_json::json!(ours),
                    theirs: serde_json::json!(theirs),
                });
            }
        }
        let left_out = |set: &Self, code: &String| !set.without_categories.contains(code);
        for code in self
            .without_categories
            .iter()
            .chain(&other.without_categories)
        {
            let (ours, theirs) = (left_out(self, code), left_out(other, code));
            if ours != theirs {
                all.push(Difference {
                    field: format!("category.{code}"),
                    name: format!("诉求分类{code}"),
                    article: "32",
                    ours: ours.into(),
                    theirs: theirs.into(),
                });
            }
        }
        all
    }

    /// Is it one that tickets can live by?
    pub fn check(&self) -> Result<(), BadRuleSet> {
        let named = |text: &str| !text.trim().is_empty() && text.chars().count() <= 100;
        if !named(&self.version) || !named(&self.title) {
            return Err(BadRuleSet::Unnamed);
        }
        if !self.systems.is_empty() && !self.sources.is_empty() {
            return Err(BadRuleSet::SystemsAndSources);
        }
        // The regulation's numbers are the regulation's; its interpretations grow, what is said under 9(2) follows
        // the laws, a form asks what the time needs, and 11(2) is asked for when the codes are
        // there: it hangs on no promise that a ticket keeps.
        let provincial = Self::provincial();
        let bare = Self {
            limits: Limits {
                classify_first: provincial.limits.classify_first,
                ..self.limits.clone()
            },
            interpretations: Vec::new(),
            guidance: provincial.guidance.clone(),
            form: Vec::new(),
            ..self.clone()
        };
        if self.version == provincial.version && bare != provincial {
            return Err(BadRuleSet::Provincial(self.version.clone()));
        }
        let numbers = serde_json::to_value(&self.limits).expect("limits are plain data");
        for &(field, ..) in FIELDS {
            if let Some(number) = numbers[field].as_u64()
                && !(1..=500).contains(&number)
                && !(field == "extensions_max" && number == 0)
            {
                return Err(BadRuleSet::OutOfRange(field, number));
            }
        }
        for reading in &self.interpretations {
            if article(&reading.article).is_none() {
                return Err(BadRuleSet::UnknownArticle(reading.article.clone()));
            }
            if reading.text.trim().is_empty() || reading.by.trim().is_empty() {
                return Err(BadRuleSet::EmptyInterpretation);
            }
        }
        form::check(&self.form)?;
        let code = |code: &String| (1..=20).contains(&code.len());
        if self.without_categories.len() > 1000 || !self.without_categories.iter().all(code) {
            return Err(BadRuleSet::BadCategories);
        }
        for one in &self.guidance {
            let said = |text: &str, most| (1..=most).contains(&text.trim().chars().count());
            let same = |other: &&Guidance| other.procedure == one.procedure;
            if !said(&one.law, 200) || !said(&one.text, 500) {
                return Err(BadRuleSet::EmptyGuidance(one.procedure.name()));
            }
            if self.guidance.iter().filter(same).count() > 1 {
                return Err(BadRuleSet::TwoGuidances(one.procedure.name()));
            }
        }
        Ok(())
    }
}

/// A day as `2020-04-22`.
mod date {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(date: &Date, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(date)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
        let text = String::deserialize(from)?;
        match text.len() {
            10 => text.parse().map_err(serde::de::Error::custom),
            _ => Err(serde::de::Error::custom("a day is written yyyy-mm-dd")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_name_and_an_article_of_the_regulation() {
        let numbers = serde_json::to_value(Limits::default()).unwrap();
        let fields: Vec<&str> = FIELDS.iter().map(|(field, ..)| *field).collect();
        let known: Vec<&String> = numbers.as_object().unwrap().keys().collect();
        assert_eq!(fields.len(), known.len());
        for (field, name, cited) in FIELDS {
            assert!(numbers.get(field).is_some(), "{field}");
            assert!(!name.is_empty());
            assert!(article(cited).is_some(), "{cited}");
        }
    }

    #[test]
    fn a_citys_rules_say_what_differs_from_the_province() {
        let city = RuleSet {
            version: "宁政办发〔2026〕1号".to_owned(),
            limits: Limits {
                inquiry_days: 2,
                ..Limits::default()
            },
            ..RuleSet::provincial()
        };
        assert_eq!(city.check(), Ok(()));
        let report = city.differences(&RuleSet::provincial());
        assert_eq!(report.len(), 1);
        assert_eq!(
            (report[0].field.as_str(), report[0].article),
            ("inquiry_days", "11(3)")
        );
        assert_eq!((&report[0].ours, &report[0].theirs), (&2.into(), &3.into()));
        assert_eq!(city.differences(&city), []);
    }

    #[test]
    fn a_citys_form_guidance_and_categories_are_in_the_report() {
        let field = |key: &str| FormField {
            key: key.to_owned(),
            name: "楼盘名称".to_owned(),
            required: true,
            choices: Vec::new(),
        };
        let mut city = RuleSet {
            version: "宁政办发〔2026〕1号".to_owned(),
            form: vec![field("estate")],
            without_categories: vec!["0103".to_owned()],
            ..RuleSet::provincial()
        };
        city.guidance.truncate(1);
        city.guidance[0].law = "《南京市信访条例》".to_owned();
        assert_eq!(city.check(), Ok(()));
        let report = city.differences(&RuleSet::provincial());
        let fields: Vec<&str> = report.iter().map(|one| one.field.as_str()).collect();
        assert_eq!(
            fields,
            ["guidance.petition", "form.estate", "category.0103"]
        );
        assert_eq!(report[1].ours["name"], "楼盘名称");
        assert!(report[1].theirs.is_null());
        assert_eq!(
            (&report[2].ours, &report[2].theirs),
            (&false.into(), &true.into())
        );
        for bad in ["", "Estate", "楼盘"] {
            city.form = vec![field(bad)];
            assert!(city.check().is_err(), "{bad}");
        }
        city.form = vec![field("a"), field("a")];
        assert!(city.check().is_err(), "two of one key");
    }

    #[test]
    fn what_nobody_could_live_by_is_refused() {
        let with = |change: &dyn Fn(&mut RuleSet)| {
            let mut set = RuleSet {
                version: "v".to_owned(),
                ..RuleSet::provincial()
            };
            change(&mut set);
            set.check()
        };
        assert_eq!(with(&|_| {}), Ok(()));
        assert!(with(&|set| set.limits.inquiry_days = 0).is_err());
        assert!(with(&|set| set.limits.survey_answer_hours = 501).is_err());
        assert!(with(&|set| set.version = String::new()).is_err());
        let provincial = RuleSet::provincial().version;
        assert!(
            with(&|set| {
                set.version.clone_from(&provincial);
                set.limits.other_days = 9;
            })
            .is_err()
        );
        let first = with(&|set| {
            set.version.clone_from(&provincial);
            set.limits.classify_first = true;
        });
        assert_eq!(first, Ok(()), "the province may ask for codes first");
        assert_eq!(
            with(&|set| {
                set.systems = vec!["hlw-dc".to_owned()];
                set.sources = vec![SourceGroup::NationalPlatform];
            }),
            Err(BadRuleSet::SystemsAndSources)
        );
        let reading = |article: &str| Interpretation {
            article: article.to_owned(),
            text: "…".to_owned(),
            by: "省政务办".to_owned(),
            from: jiff::civil::date(2021, 1, 1),
        };
        assert_eq!(
            with(&|set| set.interpretations.push(reading("11(3)"))),
            Ok(())
        );
        assert!(with(&|set| set.interpretations.push(reading("99"))).is_err());
        assert!(with(&|set| set.guidance[0].law.clear()).is_err());
        assert!(with(&|set| set.guidance.push(set.guidance[0].clone())).is_err());
    }
}
