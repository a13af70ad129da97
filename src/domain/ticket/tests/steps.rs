use super::*;

const ALL: [StepKind; 5] = [
    StepKind::Answer,
    StepKind::Register,
    StepKind::Dispatch,
    StepKind::Resolve,
    StepKind::Revisit,
];

#[test]
fn a_closed_ticket_has_all_five_steps_and_each_that_is_taken_out_is_missed() {
    let case = Case::closed();
    assert_eq!(missing(&case.events), []);
    let taken: Vec<_> = steps(&case.events)
        .into_iter()
        .map(|step| (step.kind, step.end.is_some()))
        .collect();
    // The citizen has been asked and has not answered yet.
    assert_eq!(taken, ALL.map(|kind| (kind, kind != StepKind::Revisit)));
    let names = [
        "opened",
        "registered",
        "dispatched",
        "replied",
        "survey_requested",
    ];
    for (name, lacks) in names.into_iter().zip(ALL) {
        let without = case.events.iter().filter(|event| event.name() != name);
        assert_eq!(missing(without), [lacks]);
    }
}

#[test]
fn an_open_ticket_lacks_nothing_yet() {
    assert_eq!(missing(&Case::replied(Kind::Complaint).events), []);
}

#[test]
fn an_answer_on_the_call_needs_no_hand_over_and_nobody_is_asked() {
    let mut case = Case::registered(Kind::Inquiry);
    let answer = Command::AnswerOnCall {
        answer: "九点到五点".to_owned(),
        knowledge: None,
    };
    case.wish(&agent(), answer).unwrap();
    assert_eq!(missing(&case.events), []);
    let unregistered = case
        .events
        .iter()
        .filter(|event| event.name() != "registered");
    assert_eq!(missing(unregistered), [StepKind::Register]);
}
