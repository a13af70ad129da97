//! 交由下属单位办理 (article 7, R023): a unit below acts where the work was handed down to it; who was assigned answers.

use super::*;

#[test]
fn a_sub_unit_acts_once_the_work_is_in_its_hands_and_the_unit_above_still_answers() {
    let mut case = Case::dispatched(Kind::Complaint);
    let early = case.wish(&handler(OFFICE), Command::Acknowledge);
    assert_eq!(why(early), ("not_yours", "7"));
    let due = case.handle_by();
    case.wish(&handler(LEAD), hand_down(OFFICE)).unwrap();
    assert_eq!(case.handle_by(), due);
    assert_eq!(case.ticket().responsible(), &UnitCode::from(LEAD));
    case.wish(&handler(OFFICE), Command::Acknowledge).unwrap();
    case.wish(&handler(OFFICE), contact()).unwrap();
    case.hear_helper();
    case.wish(&handler(OFFICE), reply()).unwrap();
    let Stage::Replied { reply, .. } = &case.ticket().stage else {
        panic!("{}", case.stage());
    };
    assert_eq!(reply.unit, UnitCode::from(LEAD));
    assert_eq!(reply.by, Username::from(format!("{OFFICE}-1").as_str()));
    // Who handled it there judges it nowhere.
    let own = person(&format!("{OFFICE}-1"), Role::Reviewer, DESK);
    let judged = case.wish(&own, review(ReviewOutcome::Passed));
    assert_eq!(why(judged), ("reviewer_handled", "11(4)"));
}

#[test]
fn work_goes_down_and_neither_up_nor_aside() {
    let mut case = Case::dispatched(Kind::Complaint);
    for elsewhere in [LEAD, OTHER, HELPER, DESK] {
        let aside = case.wish(&handler(LEAD), hand_down(elsewhere));
        assert_eq!(why(aside), ("contradiction", "7"), "{elsewhere}");
    }
    case.wish(&handler(LEAD), hand_down(OFFICE)).unwrap();
    let twice = case.wish(&handler(LEAD), hand_down(OFFICE));
    assert_eq!(why(twice), ("contradiction", "7"));
    let up = case.wish(&handler(OFFICE), hand_down(LEAD));
    assert_eq!(why(up), ("contradiction", "7"));
}

#[test]
fn the_office_that_has_the_work_finds_it_in_its_list() {
    let mut case = Case::dispatched(Kind::Complaint);
    case.wish(&handler(LEAD), hand_down(OFFICE)).unwrap();
    let waits = |case: &Case| -> Vec<(Task, String)> {
        let todos = case.ticket().todos();
        todos.iter().map(|t| (t.task, t.unit.0.clone())).collect()
    };
    assert!(waits(&case).contains(&(Task::Acknowledge, OFFICE.to_owned())));
    case.wish(&handler(OFFICE), Command::Acknowledge).unwrap();
    assert!(waits(&case).contains(&(Task::Handle, OFFICE.to_owned())));
    // Sent back and dispatched again it is nobody's below.
    case.wish(&handler(OFFICE), send_back()).unwrap();
    case.wish(&team_lead(), decide_send_back(true)).unwrap();
    case.wish(&agent(), dispatch(LEAD, &[])).unwrap();
    let late = case.wish(&handler(OFFICE), Command::Acknowledge);
    assert_eq!(why(late), ("not_yours", "7"));
}
