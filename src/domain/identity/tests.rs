use super::*;

/// The examples of the standards themselves, then numbers made by their algorithms for nobody.
const RESIDENTS: [&str; 14] = [
    "11010519491231002X",
    "440524188001010014",
    "110105194906307430",
    "110105201612310784",
    "82000019680630803X",
    "320102198402291656",
    "320213194906302386",
    "110105198402290151",
    "320583193105310336",
    "320102194901014970",
    "320583199602292666",
    "820000199606301638",
    "321324193101010977",
    "110105198406308881",
];

const FIRMS: [&str; 18] = [
    "91350100M000100Y43",
    "11320000P0TTR9UB45",
    "123202138JD5B3UD1C",
    "193213242GPDJG542H",
    "21320213P26TAA0E3B",
    "323200003WMJ5PC757",
    "393202139UT04Y7B72",
    "41320707A5CA011NXU",
    "52321324B6MGQ3FK65",
    "61320102F5WYA765XM",
    "723201028GQC2RQY35",
    "813205835C55JMTG30",
    "91321324EP6LKJ6P7G",
    "92320213GW7AJ94H84",
    "93320707NQMWR18Q57",
    "A13200001BRGHJ3L76",
    "N13201024BWNL18P19",
    "Y1320102KU6UCF587A",
];

fn why(kind: IdKind, text: &str) -> Option<BadNumber> {
    Identity::parse(kind, text).err()
}

#[test]
fn well_formed_numbers_are_read() {
    for number in RESIDENTS
        .into_iter()
        .filter(|number| number != &"440524188001010014")
    {
        assert_eq!(why(IdKind::ResidentId, number), None, "{number}");
    }
    for code in FIRMS {
        assert_eq!(why(IdKind::CreditCode, code), None, "{code}");
    }
}

#[test]
fn what_is_wrong_with_a_number_is_said() {
    use BadNumber::{Birth, CheckDigit, Form, Region};
    let table = [
        (IdKind::ResidentId, "", Form),
        (IdKind::ResidentId, "T1010519491231002X", Form),
        (IdKind::ResidentId, "11010519491231002", Form),
        (IdKind::ResidentId, "1101051949123100２X", Form),
        (IdKind::ResidentId, "990105194912310027", Region),
        (IdKind::ResidentId, "110105194913310029", Birth),
        (IdKind::ResidentId, "320102198302291658", Birth),
        // The example of the first draft: nobody born in 1880 holds a card.
        (IdKind::ResidentId, "440524188001010014", Birth),
        (IdKind::ResidentId, "110105194912310021", CheckDigit),
        (IdKind::CreditCode, "12345", Form),
        (IdKind::CreditCode, "91350100M000100Y4I", Form),
        (IdKind::CreditCode, "Z1350100M000100Y43", Form),
        (IdKind::CreditCode, "9135O100M000100Y43", Form),
        (IdKind::CreditCode, "91350A00M000100Y43", Region),
        (IdKind::CreditCode, "91350100M000100Y44", CheckDigit),
        (IdKind::Passport, "E123", Form),
        (IdKind::Passport, "E12 345678", Form),
    ];
    for (kind, number, expected) in table {
        assert_eq!(why(kind, number), Some(expected), "{number}");
    }
}

#[test]
fn any_one_wrong_digit_and_any_two_changed_places_are_found() {
    let number = "320102198402291656";
    for at in 0..17 {
        for digit in '0'..='9' {
            let mut wrong: Vec<char> = number.chars().collect();
            if std::mem::replace(&mut wrong[at], digit) != digit {
                let wrong: String = wrong.into_iter().collect();
                assert!(why(IdKind::ResidentId, &wrong).is_some(), "{wrong}");
            }
        }
    }
    for at in 0..16 {
        let mut wrong: Vec<char> = number.chars().collect();
        wrong.swap(at, at + 1);
        let wrong: String = wrong.into_iter().collect();
        if wrong != number {
            assert!(why(IdKind::ResidentId, &wrong).is_some(), "{wrong}");
        }
    }
}

#[test]
fn an_old_number_of_fifteen_digits_becomes_the_one_it_was_replaced_by() {
    let old = Identity::parse(IdKind::ResidentId, "110105491231002").unwrap();
    assert_eq!(old.number(), "11010519491231002X");
    assert_eq!(old.born().unwrap().to_string(), "1949-12-31");
    assert_eq!(
        Identity::parse(IdKind::ResidentId, " 11010519491231002x ").unwrap(),
        old
    );
}

#[test]
fn a_printed_identity_never_shows_its_middle() {
    let id = Identity::parse(IdKind::ResidentId, "11010519491231002X").unwrap();
    assert_eq!(id.masked(), "110***********002X");
    assert_eq!(format!("{id:?}"), "Identity(ResidentId 110***********002X)");
    let bad = serde_json::from_str::<Identity>(
        r#"{"id_kind":"resident_id","id_number":"110105194912310021"}"#,
    );
    let told = bad.unwrap_err().to_string();
    assert!(
        told.contains("校验位") && !told.contains("19491231"),
        "{told}"
    );
}

proptest::proptest! {
    #[test]
    fn whatever_is_typed_is_read_or_refused_without_a_panic(text in "\\PC{0,24}") {
        for kind in [IdKind::ResidentId, IdKind::CreditCode, IdKind::Passport] {
            let _ = Identity::parse(kind, &text);
        }
    }
}
