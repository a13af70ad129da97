//! Good files, and every way a file may be wrong.

use super::*;
use crate::domain::id::TrunkName;
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{Destination, EmergencyCaller, Password};

const DEMO: &str = include_str!("../../../deploy/organisation.demo.toml");
const BENCH: &str = include_str!("../../../deploy/organisation.bench.toml");

/// A small whole organisation; lines count from here.
const SMALL: &str = r#"[[unit]]
code = "js-12345"
name = "江苏12345"
kind = "platform"
[[user]]
username = "agent1"
display_name = "坐席"
role = "agent"
unit = "js-12345"
password = "p"
[[extension]]
number = "8001"
password = "secret"
user = "agent1"
auto_ready = true
[[queue]]
name = "main"
[[number]]
number = "12345"
queue = "main"
"#;

fn faults(text: &str) -> String {
    parse(text, &Known::default()).expect_err(text).to_string()
}

#[test]
fn the_demo_organisation_is_whole() {
    let demo = parse(DEMO, &Known::default()).unwrap();
    let phones: BTreeMap<_, _> = demo
        .extensions
        .iter()
        .map(|e| (e.number.0.as_str(), e))
        .collect();
    for agent in ["agent1000", "agent1399", "agent1799"] {
        let phone = phones[agent];
        assert_eq!(phone.user, Some(Username::from(agent)));
        assert_eq!(
            (phone.password.as_str(), phone.auto_ready),
            ("secret", true)
        );
        assert!(demo.users.iter().any(|(user, _)| user.username.0 == agent));
    }
    assert!(!phones.contains_key("agent1800"));
    let roles: BTreeSet<_> = demo.users.iter().map(|(user, _)| user.role).collect();
    assert_eq!(
        roles.len(),
        crate::domain::staff::Role::ALL.len(),
        "each role can log in"
    );
}

#[test]
fn the_demo_password_is_the_one_the_file_tells() {
    use argon2::password_hash::PasswordVerifier;
    for file in [DEMO, BENCH] {
        for (user, password) in parse(file, &Known::default())
            .unwrap()
            .users
            .iter()
            .rev()
            .take(13)
        {
            let Password::Hash(hash) = password else {
                panic!(
                    "{}: 800 plain passwords would be hashed at each start",
                    user.username
                );
            };
            let hash = argon2::PasswordHash::new(hash).unwrap();
            argon2::Argon2::default()
                .verify_password(b"hotline-demo", &hash)
                .unwrap();
        }
    }
}

#[test]
fn the_bench_organisation_records_one_number_and_wraps_up_at_once() {
    let bench = parse(BENCH, &Known::default()).unwrap();
    assert_eq!(bench.queues[0].wrap_up_s, 0);
    let recorded = |number: &str| {
        let number = PhoneNumber::parse(number).unwrap();
        bench
            .numbers
            .iter()
            .find(|n| n.number == number)
            .map(|n| n.record)
    };
    assert_eq!(recorded("12345"), Some(true));
    assert_eq!(recorded("12346"), Some(false));
    assert_eq!(
        bench.numbers[2].to,
        Destination::Announce("prompts/closing.wav".to_owned())
    );
}

#[test]
fn a_file_may_name_what_is_known_already() {
    let text = "[[number]]\nnumber = '12346'\nqueue = 'main'\n";
    assert_eq!(faults(text), "line 1: there is no queue main");
    let small = parse(SMALL, &Known::default()).unwrap();
    let directory = Directory {
        queues: small
            .queues
            .iter()
            .map(|queue| (queue.name.clone(), queue.clone()))
            .collect(),
        ..Directory::default()
    };
    let units: Vec<_> = small.units.into_iter().map(|entry| entry.unit).collect();
    let known = Known::new(&units, &directory);
    assert!(parse(text, &known).is_ok());
}

#[test]
fn trunks_are_written_briefly() {
    let text = "[[trunk]]\nname = 'a'\nallow = ['10.0.0.0/8', '::1']\noutbound = 'sip:10.0.0.1'\ntransport = 'tcp'\n\
                [[trunk]]\nname = 'b'\nallow = []\noutbound = ['sip:b1', 'sip:b2:5080']\n\
                digest = { username = 'u', password = 'p' }\nkeep_alive_s = 30\nemergency_caller = 'asserted'\n\
                [[trunk]]\nname = 'c'\nallow = []\noutbound = ['sip:c1', 'sips:c2', 'sip:c3;transport=tcp']\ntransport = 'tls'\n";
    let trunks = parse(text, &Known::default()).unwrap().trunks;
    assert_eq!(trunks[0].outbound, ["sip:10.0.0.1;transport=tcp"]);
    assert_eq!(trunks[1].outbound, ["sip:b1", "sip:b2:5080"]);
    assert_eq!(
        trunks[2].outbound,
        ["sip:c1;transport=tls", "sips:c2", "sip:c3;transport=tcp"]
    );
    assert_eq!(trunks[1].name, TrunkName::from("b"));
    assert!(trunks[1].digest.is_some());
    assert_eq!((trunks[0].keep_alive_s, trunks[1].keep_alive_s), (0, 30));
    assert_eq!(trunks[0].emergency_caller, EmergencyCaller::Hotline);
    assert_eq!(trunks[1].emergency_caller, EmergencyCaller::Asserted);
}

#[test]
fn every_fault_is_told_with_its_line() {
    let text = format!(
        "{SMALL}[[user]]\nusername = 'x'\ndisplay_name = 'X'\nrole = 'agent'\nunit = 'gone'\npassword = 'p'\n\
         [[trunk]]\nname = 't'\nallow = ['10.0.0.1/8']\n\
         [[number]]\nnumber = '12399'\nannounce = '../closing.wav'\n"
    );
    assert_eq!(
        faults(&text),
        "line 21: there is no unit gone\n\
         line 27: allow \"10.0.0.1/8\": the address has bits set behind its prefix\n\
         line 30: announce \"../closing.wav\": name a .wav file below the prompt folder"
    );
}

#[test]
fn shapes_that_are_not_understood_are_all_told() {
    let text = "[[unit]]\ncode = 'a'\nname = 'A'\nkind = 'village'\n\
                [[unit]]\ncode = 'b'\nnaem = 'B'\nkind = 'city'\n\
                [[unti]]\ncode = 'c'\n";
    let told = faults(text);
    let lines: Vec<&str> = told.lines().collect();
    assert!(
        lines[0].starts_with("line 4: unknown variant `village`"),
        "{told}"
    );
    assert!(
        lines[1].starts_with("line 7: unknown field `naem`"),
        "{told}"
    );
    assert!(
        lines[2].starts_with("line 9: there is no table \"unti\""),
        "{told}"
    );
}

#[test]
fn what_a_file_may_not_say() {
    let table = [
        // added to SMALL (20 lines) → line and beginning of the reason
        ("[[unit]]\ncode = ", "line 22: "),
        ("[unit]\ncode = 'a'", "line 21: "),
        (
            "[[unit]]\ncode = 'a b'\nname = 'A'\nkind = 'city'",
            "line 21: unit \"a b\"",
        ),
        (
            "[[unit]]\ncode = 'a'\nname = ''\nkind = 'city'",
            "line 21: name \"\"",
        ),
        (
            "[[unit]]\ncode = 'a'\nname = 'A'\nkind = 'city'\nparent = 'x'",
            "line 21: there is no unit x",
        ),
        (
            "[[unit]]\ncode = 'a'\nname = 'A'\nkind = 'city'\nparent = 'a'",
            "line 21: unit a is above itself",
        ),
        (
            "[[unit]]\ncode = 'a'\nname = 'A'\nkind = 'city'\nparent = 'b'\n\
             [[unit]]\ncode = 'b'\nname = 'B'\nkind = 'city'\nparent = 'a'",
            "line 21: unit a is above itself: its parents form a circle\nline 26: unit b is above itself",
        ),
        (
            "[[unit]]\ncode = 'js-12345'\nname = 'A'\nkind = 'city'",
            "line 21: unit js-12345 is written on line 1 already",
        ),
        (
            "[[extension]]\nnumber = '8001'\npassword = 'x'",
            "line 21: extension 8001 is written on line 11 already",
        ),
        (
            "[[extension]]\nnumber = '8002'\npassword = ''",
            "line 21: a password has",
        ),
        (
            "[[extension]]\nnumber = '8002'\npassword = '$argon2id$x'",
            "line 21: an extension's password cannot",
        ),
        (
            "[[extension]]\nnumber = '8002'\npassword = 'x'\nuser = 'x'",
            "line 21: there is no user x",
        ),
        (
            "[[extension]]\nnumber = '8002'\npassword = 'x'\nauto_ready = true",
            "line 21: auto_ready needs a user",
        ),
        (
            "[[extension]]\nnumber = '8002'\npassword = 'x'\nskills = { a = 0 }",
            "line 21: skill a: a level is",
        ),
        (
            "[[extension]]\nnumber = '8002'\npassword = 'x'\nskills = { a = 300 }",
            "line 24: invalid value",
        ),
        (
            "[[extension]]\nnumber = '12345'\npassword = 'x'",
            "line 18: 12345 is an extension as well",
        ),
        (
            "[[extension]]\nnumber = 'x'\npassword = 'x'\ncount = 2",
            "line 21: with a count, the first name",
        ),
        (
            "[[extension]]\nnumber = '9'\npassword = 'x'\ncount = 0",
            "line 21: count must be",
        ),
        (
            "[[extension]]\nnumber = '9'\npassword = 'x'\ncount = 10001",
            "line 21: count must be",
        ),
        (
            "[[extension]]\nnumber = '8000'\npassword = 'x'\ncount = 3",
            "line 21: extension 8001 is written on line 11",
        ),
        (
            "[[trunk]]\nname = 't'\nallow = ['net']",
            "line 21: allow \"net\": a network is written",
        ),
        (
            "[[trunk]]\nname = 't'\nallow = []\noutbound = 'tel:1'",
            "line 21: outbound \"tel:1\": write a SIP URI",
        ),
        (
            "[[trunk]]\nname = 't'\nallow = []\noutbound = 1",
            "line 24: a SIP URI, or a list",
        ),
        (
            "[[trunk]]\nname = 't'\nallow = []\nsrtp = 1",
            "line 24: invalid type: integer `1`, expected a boolean",
        ),
        (
            "[[queue]]\nname = 'q'\nring_timeout_s = 0",
            "line 21: ring_timeout_s must be",
        ),
        (
            "[[queue]]\nname = 'q'\nwrap_up_s = 9999",
            "line 21: wrap_up_s must be",
        ),
        (
            "[[number]]\nnumber = '1'",
            "line 21: a number needs exactly one",
        ),
        (
            "[[number]]\nnumber = '1'\nqueue = 'main'\nextension = '8001'",
            "line 21: a number needs exactly one",
        ),
        (
            "[[number]]\nnumber = 'x'\nqueue = 'main'",
            "line 22: a phone number is",
        ),
        (
            "[[number]]\nnumber = '1'\nqueue = 'x'",
            "line 21: there is no queue x",
        ),
        (
            "[[number]]\nnumber = '1'\nextension = 'x'",
            "line 21: there is no extension x",
        ),
        (
            "[[number]]\nnumber = '1'\nflow = 'x'",
            "line 21: there is no flow \"x\"",
        ),
        (
            "[[number]]\nnumber = '1'\nannounce = '/etc/x.wav'",
            "line 21: announce",
        ),
        (
            "[[specialist]]\nunit = 'js-12345'\nname = 'S'\nreach = '8800'\nduty = 'always'",
            "line 21: \"always\" is no duty",
        ),
        (
            "[[sms_gateway]]\nname = 'g'\nkind = 'http'\nurl = 'ftp://x'\ncallback_token = 't'\nsecret = ''",
            "line 21: an empty secret signs nothing",
        ),
        (
            "[[sms_gateway]]\nname = 'g'\nkind = 'smpp'\nurl = 'x'\ncallback_token = 't'",
            "line 23: unknown variant",
        ),
        (
            "[[calendar]]\nname = 'c'\nsource = 'builtin:x'\nhours = '09:00-18:00'",
            "line 21: unknown calendar",
        ),
        (
            "[[calendar]]\nname = 'c'\nsource = 'builtin:cn-2019-2026'\nhours = '9-5'",
            "line 21: ",
        ),
    ];
    for (added, begins) in table {
        let told = faults(&format!("{SMALL}{added}\n"));
        assert!(told.starts_with(begins), "{added:?} gave {told:?}");
    }
}

#[test]
fn passwords_are_plain_or_argon2id() {
    let with =
        |password: &str| SMALL.replace("password = \"p\"", &format!("password = '{password}'"));
    let user = |text: &str| parse(text, &Known::default()).map(|o| o.users[0].1.clone());
    assert_eq!(user(&with("秘密")), Ok(Password::Plain("秘密".to_owned())));
    for bad in [
        "",
        "$argon2id$v=19$m=1",
        "$argon2i$v=19$m=16,t=2,p=1$MTIzNDU2Nzg$aVqkvV0FpaU",
    ] {
        assert!(user(&with(bad)).is_err(), "{bad}");
    }
}

#[test]
fn units_have_stands_posts_and_a_roster_and_every_fault_of_them_is_told() {
    let good = format!(
        "{SMALL}[[unit]]\ncode = 'old'\nname = '旧名'\nkind = 'department'\n\
         [[unit]]\ncode = 'old'\nname = '新名'\nkind = 'department'\nfrom = '2024-03-01'\nmerged_into = 'js-12345'\n\
         process = '规程'\nposts = {{ sign = ['李强'] }}\n\
         [[duty]]\nunit = 'old'\nperson = '甲'\nphone = '13900000001'\nwhen = 'Mon-Sun 18:00-09:00'\nuntil = '2024-12-31'\n\
         [[conference_member]]\nunit = 'old'\nhead = '乙'\ntitle = '局长'\nfrom = '2024-01-01'\n"
    );
    let organisation = parse(&good, &Known::default()).unwrap();
    let stands = &organisation.units[1..];
    assert_eq!(
        stands[1].from.unwrap().to_string(),
        "2024-03-01T00:00:00.000+08:00"
    );
    assert_eq!(stands[1].profile.as_ref().unwrap().lacks().len(), 3);
    assert!(stands[0].profile.is_none());
    let line = &organisation.duty[&"old".into()].0[0];
    assert_eq!(
        line.until.unwrap().to_string(),
        "2025-01-01T00:00:00.000+08:00"
    );
    assert_eq!(organisation.conference.len(), 1);

    let bad = format!(
        "{SMALL}[[unit]]\ncode = 'x'\nname = '甲'\nkind = 'department'\nmerged_into = 'x'\nfrom = 'soon'\n\
         [[duty]]\nunit = 'nobody'\nperson = ''\nphone = '1'\nwhen = 'Mon 09:00-10:00'\ndeputy = '乙'\n"
    );
    assert_eq!(
        faults(&bad),
        "line 21: a unit is not merged into itself\n\
         line 21: from \"soon\": write a day, e.g. 2024-03-01\n\
         line 27: a deputy needs both deputy and deputy_phone\n\
         line 27: person \"\": 1 to 100 printable characters are needed\n\
         line 27: there is no unit nobody"
    );
    let never = format!(
        "{SMALL}[[duty]]\nunit = 'js-12345'\nperson = '甲'\nphone = '1'\nwhen = 'sometimes'\n"
    );
    assert!(
        faults(&never).starts_with("line 25: \"sometimes\" is no duty"),
        "{}",
        faults(&never)
    );
}

/// Hand-made demands, each with the unit a dispatcher would choose. Not taken from anybody's data.
#[test]
fn the_demo_rules_propose_the_right_unit_first_for_most_demands() {
    use crate::domain::disposition::{Question, propose};
    let demo = parse(DEMO, &Known::default()).unwrap().disposition;
    let table = [
        (Some("010301"), "小区外路灯不亮", "南京市秦淮区", "nj-cgj"),
        (Some("010101"), "夜市摊贩占道经营", "南京市建邺区", "nj-cgj"),
        (None, "楼下垃圾三天没有清运", "南京市玄武区", "nj-cgj"),
        (None, "邻居在楼顶违建", "南京市鼓楼区", "nj-cgj"),
        (
            Some("020201"),
            "工地拖欠工资两个月",
            "南京市江宁区",
            "nj-rsj",
        ),
        (Some("020101"), "养老保险如何转移", "苏州市姑苏区", "js-rst"),
        (None, "公司不签劳动合同", "无锡市", "js-rst"),
        (Some("030101"), "自来水停了一整天", "南京市栖霞区", "nj-sw"),
        (None, "自来水发黄, 水质有问题", "南京市六合区", "nj-sw"),
        (Some("030201"), "频繁停电", "盐城市", "js-sdgs"),
        (Some("0402"), "异地就医怎么备案", "徐州市", "js-ybj"),
        (None, "医保报销比例是多少", "泰州市", "js-ybj"),
        (Some("0501"), "工厂夜间噪音扰民", "常州市", "js-hbt"),
        (None, "化工厂有刺鼻异味", "南通市", "js-hbt"),
        (Some("0601"), "网店不肯退货", "镇江市", "js-scjg"),
        (None, "超市卖过期食品", "扬州市", "js-scjg"),
        (Some("0701"), "高速收费站多收了通行费", "淮安市", "js-jtkg"),
        (None, "网约车司机绕路", "连云港市", "js-jtt"),
        (Some("0801"), "外来人员子女入学条件", "苏州市", "js-jyt"),
        (Some("1001"), "物业不修电梯", "宿迁市", "js-zjt"),
        (None, "公积金怎么提取", "南京市", "js-zjt"),
        (Some("1301"), "居住证如何办理", "无锡市", "js-gat"),
        (None, "商家不开发票", "徐州市", "js-swj"),
        (Some("0902"), "协会向企业收费", "常州市", "js-fgw"),
        // What the rules cannot know from words alone.
        (None, "学校食堂的食品不新鲜", "盐城市", "js-scjg"),
        (None, "医院发票金额不对", "泰州市", "js-wjw"),
    ];
    let at = "2025-01-24T09:00:00+08:00".parse().unwrap();
    let mut first = 0;
    let mut among_three = 0;
    for (category, text, place, unit) in table {
        let question = Question {
            at,
            category,
            text,
            place: Some(place),
        };
        let proposals = propose(&demo.rules, &demo.categories, &question);
        let rank = proposals.iter().position(|p| p.unit.0 == unit);
        first += usize::from(rank == Some(0));
        among_three += usize::from(rank.is_some_and(|rank| rank < 3));
    }
    assert!(first >= 23, "{first} of {} first", table.len());
    assert_eq!(among_three, table.len());
}

#[test]
fn categories_rules_channels_and_origins_are_checked_whole() {
    let bad = format!(
        "{SMALL}[[category]]\ncode = '01'\nname = '城市管理'\nfield = '城市管理'\nparent = '09'\ninitials = 'CS'\n\
         [[lane]]\ncode = 'x'\nname = '企业'\nqueue = 'nowhere'\nstatistics = 'x'\n\
         [[origin]]\nsystem = 'web'\nname = '网站'\ngroup = 'provincial_service'\nurl = 'ftp://x'\n\
         [[dispatch_rule]]\nname = '甲'\ncompetent = 'nobody'\nbasis = '法'\nfrom = 'soon'\n\
         [[rules]]\nversion = '督查件'\ntitle = '督查件'\nfrom = '2025-01-01'\nsystems = ['hlw-dc', 'web']\n\
         [[rules]]\nversion = '两样'\ntitle = '两样'\nfrom = '2025-01-01'\nsystems = ['web']\nsources = ['co_built']\n"
    );
    let told = faults(&bad);
    for reason in [
        "there is no category 09 above it",
        "initials are small letters, e.g. ldbl",
        "there is no queue nowhere",
        "url must begin with http:// or https://",
        "there is no unit nobody",
        "a rule needs a category or keywords",
        "there is no origin hlw-dc",
        "a rule set is for systems or for groups of them, not for both",
        "from \"soon\": write a day, e.g. 2024-03-01",
    ] {
        assert!(told.contains(reason), "{reason:?} in {told}");
    }
    let unknown =
        format!("{SMALL}[[origin]]\nsystem = 'web'\nname = '网站'\ngroup = 'somewhere'\n");
    assert!(
        faults(&unknown).contains("somewhere"),
        "{}",
        faults(&unknown)
    );
}

#[test]
fn a_city_writes_its_form_its_categories_and_the_codes_of_the_standard() {
    let file = format!(
        "{SMALL}[[unit]]\ncode = 'nanjing'\nname = '南京市'\nkind = 'city'\nparent = 'js-12345'\n\
         [[category]]\ncode = 'NJ01'\nname = '秦淮灯会'\nfield = '文旅'\ncity = 'nanjing'\nstandard = '03.01'\n\
         [[rules]]\nversion = '宁政办发〔2026〕1号'\ntitle = '南京'\nfrom = '2026-01-01'\ncity = 'nanjing'\n\
         without_categories = ['0103']\n\
         [[rules.form]]\nkey = 'area'\nname = '片区'\nrequired = true\nchoices = ['玄武', '建邺']\n\
         [[rules.guidance]]\nprocedure = 'litigation'\nlaw = '《行政诉讼法》'\ntext = '请向人民法院起诉。'\n"
    );
    let read = parse(&file, &Known::default()).unwrap();
    assert_eq!(
        read.disposition.categories[0].standard.as_deref(),
        Some("03.01")
    );
    let set = &read.rules[0];
    assert_eq!(
        (set.form.len(), set.guidance.len(), set.form[0].required),
        (1, 1, true)
    );
    assert_eq!(set.without_categories, ["0103"]);
    for (right, wrong, reason) in [
        (
            "city = 'nanjing'\nstandard",
            "city = 'x'\nstandard",
            "there is no unit x",
        ),
        ("'03.01'", "'三'", "a standard code is at most 20"),
        ("key = 'area'", "key = 'Area'", "a key is small letters"),
        ("law = '《行政诉讼法》'", "law = ' '", "guidance on 诉讼"),
    ] {
        let told = faults(&file.replace(right, wrong));
        assert!(told.contains(reason), "{reason:?} in {told}");
    }
}
