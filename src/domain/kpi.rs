//! Figures of a hotline 指标: how each is defined, in the words that stand beside it, and how it follows from calls and
//! agents' states. GB/T 33358 asks for an answer within 15 s and for 95 % of calls connected over any 24 hours; Jiangsu's
//! bulletins count what a person answered within 30 s.

use serde::Serialize;

use super::acd::AgentState;
use super::time::Timestamp;

/// What happened to the calls of one queue in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CallSums {
    /// Calls that came to the queue.
    pub offered: i64,
    /// A person answered.
    pub answered: i64,
    pub answered_within_15_s: i64,
    pub answered_within_30_s: i64,
    /// Ended before a person answered.
    pub abandoned: i64,
    /// Of those answered.
    pub wait_ms: i64,
    /// The longest of those answered.
    pub wait_max_ms: i64,
    /// From a person's answer to the end, of calls that ended.
    pub talk_ms: i64,
    /// Answered calls that ended.
    pub talked: i64,
}

impl CallSums {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            offered: self.offered + other.offered,
            answered: self.answered + other.answered,
            answered_within_15_s: self.answered_within_15_s + other.answered_within_15_s,
            answered_within_30_s: self.answered_within_30_s + other.answered_within_30_s,
            abandoned: self.abandoned + other.abandoned,
            wait_ms: self.wait_ms + other.wait_ms,
            wait_max_ms: self.wait_max_ms.max(other.wait_max_ms),
            talk_ms: self.talk_ms + other.talk_ms,
            talked: self.talked + other.talked,
        }
    }

    /// Calls whose fate is known: those still waiting count neither for nor against.
    const fn decided(self) -> i64 {
        self.answered + self.abandoned
    }
}

/// How long somebody stood in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StateTimes {
    pub ready_ms: i64,
    pub offered_ms: i64,
    pub talking_ms: i64,
    pub wrap_up_ms: i64,
    pub break_ms: i64,
}

impl StateTimes {
    /// Adds `ms` in `state`.
    fn add(&mut self, state: &AgentState, ms: i64) {
        match state {
            AgentState::Offline => {}
            AgentState::Ready => self.ready_ms += ms,
            AgentState::Offered => self.offered_ms += ms,
            AgentState::Talking => self.talking_ms += ms,
            AgentState::WrapUp => self.wrap_up_ms += ms,
            AgentState::Break { .. } => self.break_ms += ms,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            ready_ms: self.ready_ms + other.ready_ms,
            offered_ms: self.offered_ms + other.offered_ms,
            talking_ms: self.talking_ms + other.talking_ms,
            wrap_up_ms: self.wrap_up_ms + other.wrap_up_ms,
            break_ms: self.break_ms + other.break_ms,
        }
    }

    const fn busy_ms(self) -> i64 {
        self.offered_ms + self.talking_ms + self.wrap_up_ms
    }
}

/// The time one agent spent in each state between `since` and `until`: `first` is the state at `since`, `changes` those
/// within, in order.
pub fn times_in_states(
    first: Option<AgentState>,
    changes: impl IntoIterator<Item = (Timestamp, AgentState)>,
    since: Timestamp,
    until: Timestamp,
) -> StateTimes {
    let mut times = StateTimes::default();
    let mut state = first.unwrap_or(AgentState::Offline);
    let mut from = since;
    for (at, next) in changes {
        times.add(&state, at.millis() - from.millis());
        (state, from) = (next, at);
    }
    times.add(&state, until.millis() - from.millis());
    times
}

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Calls,
    Ms,
    /// 0 to 1.
    Ratio,
}

/// One figure with its definition.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Kpi {
    pub code: &'static str,
    pub measure: Measure,
    /// `None` when there is nothing to divide by.
    pub value: Option<f64>,
    /// What it should be at least (a ratio).
    pub target: Option<f64>,
    pub name: &'static str,
    pub name_en: &'static str,
    /// How it is computed.
    pub definition: &'static str,
    pub definition_en: &'static str,
    /// Where it comes from.
    pub basis: &'static str,
}

const NATIONAL: &str = "GB/T 33358";
const PROVINCIAL: &str = "江苏省12345运行通报";
const OURS: &str = "本平台";

/// The figures of `calls` (of the period) and `day` (of the 24 hours that end with it), with agents' `times`.
pub fn kpis(calls: CallSums, day: CallSums, times: StateTimes) -> Vec<Kpi> {
    let count = |value: i64| Some(value as f64);
    vec![
        Kpi {
            code: "offered",
            measure: Measure::Calls,
            value: count(calls.offered),
            target: None,
            name: "呼入量",
            name_en: "Offered",
            definition: "本时段进入队列的来电数",
            definition_en: "Calls that came to a queue in the period",
            basis: OURS,
        },
        Kpi {
            code: "answered",
            measure: Measure::Calls,
            value: count(calls.answered),
            target: None,
            name: "人工接通量",
            name_en: "Answered",
            definition: "由坐席人员接听的来电数",
            definition_en: "Those a person answered",
            basis: OURS,
        },
        Kpi {
            code: "service_level_15_s",
            measure: Measure::Ratio,
            value: ratio(calls.answered_within_15_s, calls.decided()),
            target: None,
            name: "15秒接听率",
            name_en: "Answered within 15 s",
            definition: "15秒内由人工接听的来电 ÷ (人工接通 + 放弃)",
            definition_en: "Answered by a person within 15 s ÷ (answered + abandoned)",
            basis: NATIONAL,
        },
        Kpi {
            code: "service_level_30_s",
            measure: Measure::Ratio,
            value: ratio(calls.answered_within_30_s, calls.decided()),
            target: None,
            name: "30秒人工接听率",
            name_en: "Answered within 30 s",
            definition: "30秒内由人工接听的来电 ÷ (人工接通 + 放弃)",
            definition_en: "Answered by a person within 30 s ÷ (answered + abandoned)",
            basis: PROVINCIAL,
        },
        Kpi {
            code: "connect_rate_24_h",
            measure: Measure::Ratio,
            value: ratio(day.answered, day.decided()),
            target: Some(0.95),
            name: "24小时接通率",
            name_en: "Connected over 24 h",
            definition: "截至时段末的24小时内, 人工接通 ÷ (人工接通 + 放弃)",
            definition_en: "Over the 24 hours up to the period's end: answered ÷ (answered + abandoned)",
            basis: NATIONAL,
        },
        Kpi {
            code: "asa_ms",
            measure: Measure::Ms,
            value: ratio(calls.wait_ms, calls.answered),
            target: None,
            name: "平均应答时长",
            name_en: "Average speed of answer",
            definition: "人工接通来电的等待时长之和 ÷ 人工接通量",
            definition_en: "Sum of the waits of answered calls ÷ answered calls",
            basis: PROVINCIAL,
        },
        Kpi {
            code: "wait_max_ms",
            measure: Measure::Ms,
            value: (calls.answered > 0).then_some(calls.wait_max_ms as f64),
            target: None,
            name: "最长等待",
            name_en: "Longest wait",
            definition: "人工接通来电中的最长等待时长",
            definition_en: "The longest wait among answered calls",
            basis: OURS,
        },
        Kpi {
            code: "abandon_rate",
            measure: Measure::Ratio,
            value: ratio(calls.abandoned, calls.decided()),
            target: None,
            name: "放弃率",
            name_en: "Abandoned",
            definition: "人工接听前结束的来电 ÷ (人工接通 + 放弃)",
            definition_en: "Ended before a person answered ÷ (answered + abandoned)",
            basis: OURS,
        },
        Kpi {
            code: "aht_ms",
            measure: Measure::Ms,
            value: ratio(calls.talk_ms + times.wrap_up_ms, calls.talked),
            target: None,
            name: "平均处理时长",
            name_en: "Average handling time",
            definition: "(通话时长 + 话后处理时长) ÷ 已结束的人工接通量",
            definition_en: "(talking + wrap-up) ÷ answered calls that ended",
            basis: OURS,
        },
        Kpi {
            code: "occupancy",
            measure: Measure::Ratio,
            value: ratio(times.busy_ms(), times.busy_ms() + times.ready_ms),
            target: None,
            name: "工时利用率",
            name_en: "Occupancy",
            definition: "(响铃 + 通话 + 话后处理) ÷ (响铃 + 通话 + 话后处理 + 就绪)",
            definition_en: "(ringing + talking + wrap-up) ÷ (those + ready)",
            basis: OURS,
        },
    ]
}

fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kpis: &[Kpi], code: &str) -> Option<f64> {
        kpis.iter().find(|kpi| kpi.code == code).unwrap().value
    }

    #[test]
    fn a_call_still_waiting_counts_neither_for_nor_against() {
        let calls = CallSums {
            offered: 5,
            answered: 3,
            answered_within_15_s: 2,
            answered_within_30_s: 3,
            abandoned: 1,
            wait_ms: 30_000,
            wait_max_ms: 20_000,
            talk_ms: 180_000,
            talked: 2,
        };
        let times = StateTimes {
            ready_ms: 100,
            offered_ms: 50,
            talking_ms: 200,
            wrap_up_ms: 50,
            break_ms: 1_000,
        };
        let kpis = kpis(calls, calls, times);
        assert_eq!(value(&kpis, "service_level_15_s"), Some(0.5));
        assert_eq!(value(&kpis, "service_level_30_s"), Some(0.75));
        assert_eq!(value(&kpis, "connect_rate_24_h"), Some(0.75));
        assert_eq!(value(&kpis, "abandon_rate"), Some(0.25));
        assert_eq!(value(&kpis, "asa_ms"), Some(10_000.0));
        assert_eq!(value(&kpis, "aht_ms"), Some(90_025.0));
        // A break is neither work nor readiness for it.
        assert_eq!(value(&kpis, "occupancy"), Some(0.75));
    }

    #[test]
    fn a_night_without_calls_has_no_ratios() {
        let kpis = kpis(
            CallSums::default(),
            CallSums::default(),
            StateTimes::default(),
        );
        assert_eq!(value(&kpis, "offered"), Some(0.0));
        for code in ["service_level_15_s", "asa_ms", "occupancy", "wait_max_ms"] {
            assert_eq!(value(&kpis, code), None, "{code}");
        }
    }

    #[test]
    fn time_in_a_state_reaches_over_the_edges_of_the_period() {
        let at = Timestamp::from_millis;
        let changes = [
            (at(1_100), AgentState::Talking),
            (at(1_400), AgentState::WrapUp),
            (at(1_450), AgentState::Ready),
        ];
        let times = times_in_states(Some(AgentState::Ready), changes, at(1_000), at(2_000));
        assert_eq!(
            (times.ready_ms, times.talking_ms, times.wrap_up_ms),
            (650, 300, 50)
        );
        let never = times_in_states(None, [], at(1_000), at(2_000));
        assert_eq!(never, StateTimes::default());
    }
}
