//! What the rules see, and what follows by itself.

use hotline::domain::staff::{By, Role};
use hotline::domain::supervision::{CaseCommand, Level, Outcome, Trigger};
use hotline::domain::ticket::{Command, Rating, ReviewOutcome, Rules};
use hotline::jobs::{Deadlines, Job};
use hotline::storage::rules::RulesInForce;

use crate::world::{STAFF_PHONE, World, dispatch, review};

const LAMP: &str = "小区门口的路灯坏了三天, 晚上漆黑一片, 老人孩子出行不便";
const REPAIRED: &str =
    "经现场核查, 该处路灯因线路老化损坏, 我局已安排维修人员更换线路和灯具, 目前照明恢复正常";

/// One ticket for each rule there is.
async fn lives(world: &World) {
    let first = world.dispatched("路灯不亮", LAMP, "13800000001").await;
    world.replied(first, REPAIRED).await;
    world.passed(first).await;
    // Asked again by the same person, and answered in the same words.
    let again = world.dispatched("路灯又不亮", LAMP, "13800000001").await;
    world.replied(again, REPAIRED).await;
    world.passed(again).await;
    let staff = world
        .dispatched("井盖缺失", "路口井盖缺失有危险请尽快处理谢谢", STAFF_PHONE)
        .await;
    world
        .replied(staff, "已联系诉求人, 井盖已于三月五日补装完毕并设置警示")
        .await;
    world.passed(staff).await;
    world.rated(staff, Rating::VerySatisfied).await;
    let wages = world
        .registered("工地拖欠工资", "项目部三个月没有发工资", "13800000003")
        .await;
    world
        .be(Role::Agent, wages, dispatch(&["nj-gdgs", "nj-jtj"]))
        .await;
    let poor = world
        .dispatched("噪声扰民", "夜间施工噪声很大影响休息", "13800000004")
        .await;
    world
        .replied(poor, "已责令整改并安排人员加强夜间巡查确保不再扰民")
        .await;
    for outcome in [ReviewOutcome::NotSpecific, ReviewOutcome::NotComplete] {
        world.be(Role::Reviewer, poor, review(outcome)).await;
        let text = format!("已再次整改, 现场负责人签字确认, 情况为{outcome:?}, 详见附件说明");
        world
            .be(Role::UnitHandler, poor, crate::world::reply(&text))
            .await;
    }
    let refused = world
        .dispatched("树木遮挡", "行道树遮挡红绿灯存在隐患", "13800000005")
        .await;
    world
        .be(Role::UnitHandler, refused, Command::Acknowledge)
        .await;
    let send_back = Command::SendBack {
        basis: "非本单位职责".to_owned(),
        suggestion: "建议转交".to_owned(),
    };
    world
        .be(Role::UnitHandler, refused, send_back.clone())
        .await;
    let declined = Command::DecideSendBack {
        granted: false,
        reason: "职责清单已明确".to_owned(),
    };
    world.be(Role::TeamLead, refused, declined).await;
    world.be(Role::UnitHandler, refused, send_back).await;
}

pub(crate) async fn what_was_found_is_found_again_after_it_was_deleted(world: World) {
    lives(&world).await;
    // Limits run out, and the deadline sweep says so.
    world.pass_minutes(14 * 24 * 60);
    let sweep = Deadlines::new(
        world.storage.clone(),
        RulesInForce::new(Rules::clone(&world.rules)),
    );
    sweep.run_once(world.now()).await.unwrap();
    world.watch().await;
    let found = world.findings().await;
    let rules: std::collections::BTreeSet<_> = found.iter().map(|row| row.rule.as_str()).collect();
    for rule in [
        "closed_then_repeated",
        "co_handler_overdue",
        "contact_without_record",
        "copied_reply",
        "duty_refused",
        "handle_lapsed",
        "lead_overdue",
        "livelihood_word",
        "passed_on",
        "repeated_returns",
        "returned",
        "review_failed",
        "staff_rated_itself",
        "units_involved",
    ] {
        assert!(rules.contains(rule), "{rule} in {rules:?}");
    }
    let cases = world.cases().await.len();
    assert!(cases > 5, "{cases}");

    world.storage.watch_anew(world.now()).await.unwrap();
    assert_eq!(world.findings().await, []);
    world.watch().await;
    assert_eq!(world.findings().await, found);
    // What was found again opened nothing twice.
    assert_eq!(world.cases().await.len(), cases);
    world.assert_sound().await;
}

pub(crate) async fn a_suspicion_opens_one_recheck_and_a_confirmed_one_is_a_fact(world: World) {
    let ticket = world
        .dispatched("井盖缺失", "路口井盖缺失有危险", "13800000001")
        .await;
    world.replied(ticket, "已电话告知诉求人, 井盖已补装").await;
    world.watch().await;
    let suspicion = ("suspicion".to_owned(), "contact_without_record".to_owned());
    assert_eq!(
        world.found_in(ticket).await,
        std::slice::from_ref(&suspicion)
    );
    let cases = world.cases().await;
    assert_eq!(cases.len(), 1);
    let case = &cases[0];
    assert_eq!(case.case.level(), Level::Recheck);
    assert_eq!(case.case.owner, None);
    assert_eq!(
        case.case.cause.rule.as_deref(),
        Some("contact_without_record/5")
    );

    // The ticket goes on; what was seen is not seen twice.
    world.passed(ticket).await;
    world.watch().await;
    assert_eq!(world.cases().await.len(), 1);

    let close = CaseCommand::Close {
        outcome: Outcome::ToAccountability,
        evidence: "诉求人确认从未接到电话".to_owned(),
        finding: Some("回复信息不实".to_owned()),
    };
    world
        .case(Role::Supervisor, Some(case.id), close)
        .await
        .unwrap();
    world.watch().await;
    let fact = ("fact".to_owned(), "untrue_confirmed".to_owned());
    assert_eq!(world.found_in(ticket).await, [fact, suspicion]);
    world.assert_sound().await;
}

pub(crate) async fn silence_climbs_the_ladder_in_simulated_time(world: World) {
    let ticket = world.dispatched("路灯不亮", LAMP, "13800000001").await;
    let number = world
        .storage
        .ticket(By::Server, ticket)
        .await
        .unwrap()
        .unwrap()
        .number;
    let open = CaseCommand::Open {
        ticket,
        number,
        unit: crate::world::UNIT.into(),
        level: Level::Track,
        reason: "群众多次反映".to_owned(),
        rule: None,
        trigger: None,
    };
    let case = world.case(Role::TeamLead, None, open).await.unwrap();
    let mut levels = Vec::new();
    for _ in 0..30 {
        world.pass_minutes(24 * 60);
        world.sweep_cases().await;
        let now = world
            .storage
            .case(By::Server, case.id)
            .await
            .unwrap()
            .unwrap();
        if levels.last() != Some(&now.case.level()) {
            levels.push(now.case.level());
        }
    }
    assert_eq!(levels, [Level::Track, Level::Urge, Level::Supervise]);
    let now = world
        .storage
        .case(By::Server, case.id)
        .await
        .unwrap()
        .unwrap();
    let triggers: Vec<_> = now.case.open_proposals().map(|p| p.trigger).collect();
    assert_eq!(triggers, [Trigger::StillInactive]);
    assert!(
        world
            .storage
            .cases_due(world.now(), None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    world.assert_sound().await;
}

pub(crate) async fn a_ticket_that_changes_while_it_is_looked_at_is_looked_at_again(world: World) {
    let ticket = world
        .registered("工地拖欠工资", "项目部三个月没有发工资", "13800000003")
        .await;
    world.pass_minutes(1);
    let due = world.storage.watch_due(world.now(), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    // Meanwhile somebody dispatches it.
    world.be(Role::Agent, ticket, dispatch(&[])).await;
    world
        .storage
        .watch_settled(due[0], Vec::new(), Vec::new())
        .await
        .unwrap();
    let still = world.storage.watch_due(world.now(), 10).await.unwrap();
    assert_eq!(still.len(), 1, "the early look settles nothing");
    world.watch().await;
    assert_eq!(world.storage.watch_due(world.now(), 10).await.unwrap(), []);
}
