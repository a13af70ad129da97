use super::*;
use crate::domain::time::Timestamp;

fn at(day: &str) -> Timestamp {
    format!("{day}T12:00:00+08:00").parse().unwrap()
}

fn category(code: &str, name: &str, parent: Option<&str>, initials: &str) -> CategoryEntry {
    CategoryEntry {
        code: code.to_owned(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        field: "城市管理".to_owned(),
        initials: initials.to_owned(),
        standard: None,
        city: None,
    }
}

fn tree() -> Vec<CategoryEntry> {
    vec![
        category("01", "城市管理", None, "csgl"),
        category("0103", "市政设施", Some("01"), "szss"),
        category("010301", "路灯照明", Some("0103"), "ldzm"),
        category("02", "人力资源和社会保障", None, "rlzyhshbz"),
    ]
}

fn rule(name: &str, category: Option<&str>, keywords: &[&str], competent: &str) -> DispatchRule {
    DispatchRule {
        name: name.to_owned(),
        category: category.map(str::to_owned),
        keywords: keywords.iter().map(|word| (*word).to_owned()).collect(),
        place: None,
        competent: competent.into(),
        supervising: None,
        basis: format!("{name}的依据"),
        priority: 0,
        from: None,
        until: None,
    }
}

fn ask<'q>(category: Option<&'q str>, text: &'q str) -> Question<'q> {
    Question {
        at: at("2025-01-24"),
        category,
        text,
        place: None,
    }
}

fn units(rules: &[DispatchRule], question: &Question<'_>) -> Vec<String> {
    propose(rules, &tree(), question)
        .into_iter()
        .map(|proposal| proposal.unit.0)
        .collect()
}

#[test]
fn a_category_is_found_by_code_name_or_the_initials_of_its_pinyin() {
    let tree = tree();
    let codes = |typed: &str| {
        find(&tree, typed)
            .into_iter()
            .map(|category| category.code.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("ldzm"), ["010301"]);
    assert_eq!(codes("LD"), ["010301"]);
    assert_eq!(codes("路灯"), ["010301"]);
    assert_eq!(codes("01"), ["01", "0103", "010301"]);
    assert_eq!(codes("社会"), ["02"]);
    assert_eq!(codes("没有"), [""; 0]);
    assert_eq!(codes("").len(), 4);
}

#[test]
fn an_exact_category_goes_before_one_above_it_and_both_before_a_word() {
    let rules = [
        rule("词", None, &["路灯"], "by-word"),
        rule("上级分类", Some("01"), &[], "by-parent"),
        rule("本分类", Some("010301"), &[], "by-category"),
    ];
    let question = ask(Some("010301"), "小区门口路灯不亮");
    assert_eq!(
        units(&rules, &question),
        ["by-category", "by-parent", "by-word"]
    );
}

#[test]
fn the_competent_unit_goes_before_the_supervising_one_and_each_says_why() {
    let both = DispatchRule {
        supervising: Some("js-rst".into()),
        ..rule("劳动", Some("02"), &["工资"], "nj-rsj")
    };
    let proposals = propose(&[both], &tree(), &ask(Some("02"), "拖欠工资三个月"));
    let told: Vec<_> = proposals
        .iter()
        .map(|p| (p.unit.0.as_str(), p.part))
        .collect();
    assert_eq!(
        told,
        [("nj-rsj", Part::Competent), ("js-rst", Part::Supervising)]
    );
    let because = &proposals[0].because;
    assert_eq!(because.met, ["分类“02”", "关键词“工资”"]);
    assert_eq!(
        (because.rule.as_str(), because.basis.as_str()),
        ("劳动", "劳动的依据")
    );
}

#[test]
fn a_rule_of_a_place_is_silent_elsewhere() {
    let local = DispatchRule {
        place: Some("南京".to_owned()),
        ..rule("南京", Some("01"), &[], "nj-cgj")
    };
    let rules = [local, rule("全省", Some("01"), &[], "js-zjt")];
    assert_eq!(units(&rules, &ask(Some("01"), "路灯不亮")), ["js-zjt"]);
    let here = Question {
        place: Some("南京市玄武区"),
        ..ask(Some("01"), "路灯不亮")
    };
    assert_eq!(units(&rules, &here), ["nj-cgj", "js-zjt"]);
}

#[test]
fn a_rule_holds_from_its_day_until_its_last_and_priority_settles_a_tie() {
    let old = DispatchRule {
        until: Some(at("2025-01-01")),
        ..rule("旧", Some("01"), &[], "old")
    };
    let new = DispatchRule {
        from: Some(at("2025-01-01")),
        ..rule("新", Some("01"), &[], "new")
    };
    let first = DispatchRule {
        priority: 1,
        ..rule("先", Some("01"), &[], "zz-first")
    };
    assert_eq!(
        units(&[old, new, first], &ask(Some("01"), "")),
        ["zz-first", "new"]
    );
}

#[test]
fn what_no_rule_speaks_of_has_no_proposal_and_circles_end() {
    let mut tree = tree();
    tree.push(category("c1", "圈", Some("c2"), ""));
    tree.push(category("c2", "圈", Some("c1"), ""));
    let rules = [rule("甲", Some("01"), &["路灯"], "x")];
    assert_eq!(propose(&rules, &tree, &ask(Some("c1"), "别的事")), []);
}

#[test]
fn a_citys_desk_has_its_own_categories_and_leaves_others_out() {
    let own = CategoryEntry {
        city: Some("nanjing".into()),
        ..category("NJ01", "秦淮灯会", None, "qhdh")
    };
    let all = [
        category("01", "城市管理", None, "csgl"),
        category("0103", "市政设施", Some("01"), "szss"),
        category("010301", "路灯照明", Some("0103"), "ldzm"),
        own,
    ];
    let codes = |unit: &str, without: &[String]| -> Vec<String> {
        let used = in_use(
            &all,
            |city| city.0 == "nanjing" && unit == "nj-12345",
            without,
        );
        used.into_iter().map(|one| one.code).collect()
    };
    assert_eq!(codes("js-12345", &[]), ["01", "0103", "010301"]);
    assert_eq!(codes("nj-12345", &["0103".to_owned()]), ["01", "NJ01"]);
    assert_eq!(unmapped(&all).len(), 4);
}
