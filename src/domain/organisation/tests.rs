use super::*;
use crate::domain::calendar::Calendar;
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::UnitKind;

fn at(text: &str) -> Timestamp {
    format!("{text}+08:00").parse().unwrap()
}

fn unit(code: &str, name: &str, parent: Option<&str>) -> Unit {
    Unit {
        code: code.into(),
        name: name.to_owned(),
        kind: UnitKind::Department,
        parent: parent.map(Into::into),
    }
}

fn stand(from: Timestamp, unit: Unit, merged_into: Option<&str>) -> Stand {
    Stand {
        from,
        unit,
        merged_into: merged_into.map(Into::into),
    }
}

/// 2018's reform in small: one office renamed, one merged into it.
fn reformed() -> Tree {
    let reform = at("2018-11-01T00:00:00");
    Tree::new([
        stand(
            reform,
            unit("js-scjg", "江苏省市场监督管理局", Some("js")),
            None,
        ),
        stand(
            ALWAYS,
            unit("js-scjg", "江苏省工商行政管理局", Some("js")),
            None,
        ),
        stand(
            ALWAYS,
            unit("js-zjj", "江苏省质量技术监督局", Some("js")),
            None,
        ),
        stand(
            reform,
            unit("js-zjj", "江苏省质量技术监督局", Some("js")),
            Some("js-scjg"),
        ),
        stand(ALWAYS, unit("js", "江苏12345", None), None),
    ])
}

#[test]
fn a_renamed_unit_answers_by_the_name_it_had_on_the_day() {
    let tree = reformed();
    let name = |day: &str| {
        let stand = tree.at(&"js-scjg".into(), at(day)).unwrap();
        stand.unit.name.clone()
    };
    assert_eq!(name("2018-10-31T23:59:59"), "江苏省工商行政管理局");
    assert_eq!(name("2018-11-01T00:00:00"), "江苏省市场监督管理局");
    assert_eq!(tree.history(&"js-scjg".into()).len(), 2);
}

#[test]
fn a_merged_unit_is_gone_from_that_day_and_its_duties_are_found_with_its_successor() {
    let tree = reformed();
    let there = |day: &str| {
        tree.as_of(at(day))
            .map(|stand| stand.unit.code.0.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(there("2018-10-31T12:00:00"), ["js", "js-scjg", "js-zjj"]);
    assert_eq!(there("2020-01-01T12:00:00"), ["js", "js-scjg"]);
    let now = at("2020-01-01T12:00:00");
    let heir = tree.successor(&"js-zjj".into(), now).unwrap();
    assert_eq!(heir.unit.code, "js-scjg".into());
    assert_eq!(tree.successor(&"nobody".into(), now), None);
}

#[test]
fn mergers_in_a_circle_and_parents_in_a_circle_come_to_an_end() {
    let tree = Tree::new([
        stand(ALWAYS, unit("a", "甲", Some("b")), Some("b")),
        stand(ALWAYS, unit("b", "乙", Some("a")), Some("a")),
    ]);
    assert_eq!(tree.successor(&"a".into(), ALWAYS), None);
    assert!(tree.is_within(&"a".into(), &"b".into(), ALWAYS));
    assert!(!tree.is_within(&"a".into(), &"c".into(), ALWAYS));
}

#[test]
fn what_a_file_tells_again_is_no_news() {
    let now = at("2025-06-03T10:00:00");
    let told = UnitEntry::from(unit("x", "旧名", None));
    let first = told.news(&[], now).unwrap();
    assert_eq!(first.from, ALWAYS);
    let known = [first];
    assert_eq!(told.news(&known, now), None);

    let renamed = UnitEntry::from(unit("x", "新名", None));
    let second = renamed.news(&known, now).unwrap();
    assert_eq!(second.from, now);
    let known = [known[0].clone(), second];
    let later = now.plus_millis(1000);
    assert_eq!(renamed.news(&known, later), None);

    // A day given corrects or adds exactly that day's stand, in the past too.
    let before = UnitEntry {
        from: Some(at("2019-01-01T00:00:00")),
        ..UnitEntry::from(unit("x", "曾用名", None))
    };
    assert_eq!(
        before.news(&known, later).unwrap().from,
        at("2019-01-01T00:00:00")
    );
}

#[test]
fn what_article_7_asks_and_is_not_there_is_listed() {
    let mut profile = Profile::default();
    let codes = |profile: &Profile| {
        profile
            .lacks()
            .into_iter()
            .map(Lack::code)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        codes(&profile),
        ["process", "sign", "handle", "review", "duty"]
    );
    profile.process = Some("诉求办理规程".to_owned());
    profile.posts.handle = vec!["李强".to_owned()];
    assert_eq!(codes(&profile), ["sign", "review", "duty"]);
}

#[test]
fn the_conference_names_the_head_of_the_day() {
    let seat = |head: &str, from| ConferenceSeat {
        unit: "js-scjg".into(),
        head: head.to_owned(),
        title: "局长".to_owned(),
        from,
    };
    let seats = [
        seat("甲", at("2019-01-01T00:00:00")),
        seat("乙", at("2023-03-01T00:00:00")),
    ];
    let head = |day: &str| {
        seats_as_of(&seats, at(day))
            .first()
            .map(|seat| seat.head.clone())
    };
    assert_eq!(head("2018-01-01T00:00:00"), None);
    assert_eq!(head("2023-02-28T12:00:00").as_deref(), Some("甲"));
    assert_eq!(head("2023-03-01T00:00:00").as_deref(), Some("乙"));
}

fn line(person: &str, when: &str) -> DutyEntry {
    DutyEntry {
        person: person.to_owned(),
        phone: PhoneNumber::parse("13900000001").unwrap(),
        deputy: None,
        when: Shift::try_from(when.to_owned()).unwrap(),
        from: None,
        until: None,
    }
}

/// 2025-01-24 is a Friday, the 26th a Sunday that is worked, the 28th the first day of Spring Festival.
#[test]
fn every_closed_hour_without_somebody_on_duty_is_a_gap() {
    let calendar = Calendar::statutory();
    let gaps = |lines: &[DutyEntry]| {
        DutyRoster(lines.to_vec())
            .gaps(
                &calendar,
                at("2025-01-24T17:00:00"),
                at("2025-01-27T10:00:00"),
            )
            .iter()
            .map(|gap| {
                let show = |at: Timestamp| at.in_beijing().strftime("%d %H:%M").to_string();
                format!("{} - {}", show(gap.from), show(gap.until))
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        gaps(&[]),
        [
            "24 18:00 - 26 09:00",
            "26 12:00 - 26 14:00",
            "26 18:00 - 27 09:00"
        ]
    );
    assert_eq!(gaps(&[line("夜班", "Mon-Sun 00:00-24:00")]), [""; 0]);
    // The worked Sunday has a lunch gap and an evening that a Monday-to-Friday roster forgets.
    assert_eq!(
        gaps(&[
            line("夜班", "Mon-Fri 18:00-09:00,12:00-14:00"),
            line("周六", "Sat 09:00-24:00")
        ]),
        [
            "26 00:00 - 26 09:00",
            "26 12:00 - 26 14:00",
            "26 18:00 - 27 09:00"
        ]
    );
    let leaving = DutyEntry {
        until: Some(at("2025-01-25T12:00:00")),
        ..line("休假", "Mon-Sun 00:00-24:00")
    };
    assert_eq!(gaps(&[leaving])[0], "25 12:00 - 26 09:00");
}

#[test]
fn a_year_without_a_calendar_needs_somebody_all_day() {
    let calendar = Calendar::statutory();
    let gaps = DutyRoster::default().gaps(
        &calendar,
        at("2031-03-03T08:00:00"),
        at("2031-03-04T08:00:00"),
    );
    assert_eq!(gaps.len(), 1);
}

#[test]
fn those_on_duty_are_named_in_the_order_of_the_roster() {
    let roster = DutyRoster(vec![
        line("主班", "Mon-Sun 18:00-09:00"),
        line("白班", "Sat,Sun 09:00-18:00"),
        line("二线", "Mon-Sun 00:00-24:00"),
    ]);
    let names = |time: &str| {
        roster
            .on_duty(at(time))
            .map(|entry| entry.person.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("2025-01-24T22:00:00"), ["主班", "二线"]);
    assert_eq!(names("2025-01-25T10:00:00"), ["白班", "二线"]);
}

#[test]
fn an_item_goes_from_the_agenda_to_a_check_by_somebody_else() {
    use crate::domain::id::ClusterId;
    use crate::domain::staff::{Actor, Role};
    let person = |name: &str, role| Actor {
        username: name.into(),
        role,
        unit: "js-12345".into(),
    };
    let (office, other) = (
        person("office", Role::Supervisor),
        person("other", Role::Supervisor),
    );
    let now = at("2025-01-24T09:00:00");
    let enter = ItemCommand::Enter {
        agenda: "热线整合进度".to_owned(),
        held_at: now,
        tickets: Vec::new(),
        clusters: Vec::new(),
    };
    let event = ItemCommand::LinkCluster {
        cluster: ClusterId(uuid::Uuid::from_u128(7)),
    };
    let decide = |due| ItemCommand::Decide {
        decision: "由市场监管局牵头".to_owned(),
        unit: "js-scjg".into(),
        due,
    };
    let close = ItemCommand::Close {
        evidence: "已完成整合".to_owned(),
    };
    let check = ItemCommand::Check {
        met: true,
        finding: "抽查属实".to_owned(),
    };
    let wish = |item: &Option<ConferenceItem>, command: &ItemCommand, by: &Actor| {
        carry_out(now, item.clone(), command, by).map_err(|refusal| refusal.code())
    };
    let agent = person("agent", Role::Agent);
    assert_eq!(wish(&None, &enter, &agent).unwrap_err(), "not_yours");
    assert_eq!(wish(&None, &close, &office).unwrap_err(), "wrong_stage");
    let mut item = Some(wish(&None, &enter, &office).unwrap());
    assert_eq!(wish(&item, &close, &office).unwrap_err(), "wrong_stage");
    let late = decide(now);
    assert_eq!(wish(&item, &late, &office).unwrap_err(), "contradiction");
    // An event that is linked twice is linked once.
    for _ in 0..2 {
        item = Some(wish(&item, &event, &office).unwrap());
    }
    assert_eq!(item.as_ref().unwrap().clusters.len(), 1);
    let due = now.plus_millis(86_400_000);
    for (command, by, stage) in [
        (decide(due), &office, "decided"),
        (close, &office, "closed"),
    ] {
        item = Some(wish(&item, &command, by).unwrap());
        assert_eq!(item.as_ref().unwrap().stage(), stage);
    }
    assert_eq!(wish(&item, &check, &office).unwrap_err(), "not_yours");
    let checked = wish(&item, &check, &other).unwrap();
    assert_eq!(checked.stage(), "checked");
    let late = wish(&Some(checked), &event, &office);
    assert_eq!(late.unwrap_err(), "wrong_stage");
}
