//! The numbered papers of supervision, as text and as HTML: what the unit receives says what is asked, why and by when.
//! No citizen's name, number or address is on them.

use serde::{Deserialize, Serialize};

use super::case::{Case, Measure, Rung};
use crate::domain::ticket::Ticket;
use crate::domain::time::Timestamp;

/// Which paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Urge,
    Recheck,
    Supervise,
    Coordinate,
    Talk,
    Circular,
    SpecialReport,
}

impl Form {
    /// The paper's heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Urge => "催办通知书",
            Self::Recheck => "回访复核通知书",
            Self::Supervise => "督办通知书",
            Self::Coordinate => "专题协调督办通知书",
            Self::Talk => "约谈通知书",
            Self::Circular => "情况通报",
            Self::SpecialReport => "信息专报",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Urge => "催办",
            Self::Recheck => "复核",
            Self::Supervise => "督办",
            Self::Coordinate => "协调",
            Self::Talk => "约谈",
            Self::Circular => "通报",
            Self::SpecialReport => "专报",
        }
    }

    const fn asks(self) -> &'static str {
        match self {
            Self::Urge => "请抓紧办理, 并在反馈时限前说明办理进展。",
            Self::Recheck => "请就下列疑点核实办理情况, 并在反馈时限前如实说明。",
            Self::Supervise => {
                "经研判, 该诉求有能力办理或可以创造条件办理。请落实责任, 并在反馈时限前反馈办理结果。"
            }
            Self::Coordinate => "请派员参加专题协调, 明确牵头办理责任部门。",
            Self::Talk | Self::Circular | Self::SpecialReport => "",
        }
    }

    /// 文号: one register a year, so that no number is given twice.
    pub fn number(self, at: Timestamp, serial: u64) -> String {
        let year = at.in_beijing().year();
        format!("12345{}〔{year}〕{serial}号", self.sign())
    }
}

/// One paper, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub form: Form,
    pub title: &'static str,
    pub number: String,
    /// 主送.
    pub to: String,
    pub issued_at: Timestamp,
    /// What is said, a label and its text a line.
    pub lines: Vec<(&'static str, String)>,
    pub asks: String,
}

impl Notice {
    /// The paper of one step of the ladder, if that step has one.
    pub fn of_rung(case: &Case, rung: &Rung, ticket: &Ticket, unit_name: &str) -> Option<Self> {
        let form = rung.level.form()?;
        let mut lines = about(case, ticket);
        lines.push(("督办事由", rung.reason.clone()));
        lines.push(("反馈时限", clock(rung.due)));
        Some(Self {
            form,
            title: form.title(),
            number: form.number(rung.at, rung.notice?),
            to: unit_name.to_owned(),
            issued_at: rung.at,
            lines,
            asks: form.asks().to_owned(),
        })
    }

    /// The paper of a measure.
    pub fn of_measure(case: &Case, measure: &Measure, ticket: &Ticket) -> Self {
        let form = measure.kind.form();
        let mut lines = about(case, ticket);
        if let Some(proposal) = case.proposals.get(measure.proposal) {
            lines.push(("适用情形", proposal.trigger.name().to_owned()));
            lines.push(("研判依据", proposal.reason.clone()));
        }
        Self {
            form,
            title: form.title(),
            number: form.number(measure.at, measure.notice),
            to: measure.addressee.clone(),
            issued_at: measure.at,
            lines,
            asks: measure.text.clone(),
        }
    }

    /// As plain text.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n\n{}:\n\n", self.title, self.number, self.to);
        for (label, line) in &self.lines {
            text.push_str(&format!("{label}: {line}\n"));
        }
        let asks = &self.asks;
        text.push_str(&format!(
            "\n{asks}\n\n签发时间: {}\n",
            clock(self.issued_at)
        ));
        text
    }

    /// As a page of its own, for print. Everything written by a person is escaped.
    pub fn html(&self) -> String {
        let rows: String = self
            .lines
            .iter()
            .map(|(label, line)| format!("<tr><th>{label}</th><td>{}</td></tr>", escaped(line)))
            .collect();
        format!(
            "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>{title} {number}</title>\
             <h1>{title}</h1><p>{number}</p><p>{to}:</p><table>{rows}</table><p>{asks}</p>\
             <p>签发时间: {at}</p></html>\n",
            title = self.title,
            number = escaped(&self.number),
            to = escaped(&self.to),
            asks = escaped(&self.asks),
            at = clock(self.issued_at),
        )
    }
}

fn about(case: &Case, ticket: &Ticket) -> Vec<(&'static str, String)> {
    let mut lines = vec![("工单编号", case.number.clone())];
    if let Some(demand) = &ticket.demand {
        lines.push(("诉求标题", demand.title.clone()));
        if !demand.petitioner.secrecy {
            lines.push(("诉求内容", demand.content.clone()));
        }
    }
    lines.push(("当前状态", ticket.stage.name().to_owned()));
    if let Some(work) = ticket.work() {
        lines.push(("派单时间", clock(work.dispatched_at)));
        let due = work.promise.handle.deadline.due();
        lines.push((
            "办理时限",
            due.map_or_else(|| "待节假日安排公布后确定".to_owned(), clock),
        ));
    }
    if !ticket.send_backs.is_empty() {
        lines.push(("退回次数", ticket.send_backs.len().to_string()));
    }
    if ticket.reopened > 0 {
        lines.push(("重办次数", ticket.reopened.to_string()));
    }
    lines
}

fn clock(at: Timestamp) -> String {
    at.in_beijing().strftime("%Y-%m-%d %H:%M").to_string()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push_str("<br>"),
            other => safe.push(other),
        }
    }
    safe
}
