//! Digest authentication, both sides.

use hotline_sip::digest::{Account, Algorithm, Authenticator, ChallengeError, Secret, Verdict};
use hotline_sip::header::{Challenge, Credentials};
use hotline_sip::message::Method;

const NOW: u64 = 1_800_000_000;

fn server() -> Authenticator {
    Authenticator::new("hotline", [7; 32], 60)
}

fn account() -> Account {
    Account {
        username: "agent1000".to_owned(),
        password: "secret".to_owned(),
    }
}

fn secret() -> Secret {
    Secret::from_password("agent1000", "hotline", "secret")
}

fn answer(challenge: &Challenge) -> Credentials {
    account()
        .authorize(
            std::slice::from_ref(challenge),
            None,
            &Method::Register,
            "sip:hotline",
            b"",
            "c0ffee",
            1,
        )
        .unwrap()
}

#[test]
fn the_rfc_7616_example_comes_out_as_printed() {
    let challenge = |algorithm| -> Challenge {
        format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
        .parse()
        .unwrap()
    };
    let mufasa = Account {
        username: "Mufasa".to_owned(),
        password: "Circle of Life".to_owned(),
    };
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let table = [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ];
    for (algorithm, response) in table {
        let get = Method::from("GET");
        let answer = mufasa
            .authorize(
                &[challenge(algorithm)],
                None,
                &get,
                "/dir/index.html",
                b"",
                cnonce,
                1,
            )
            .unwrap();
        assert_eq!(answer.param("response").unwrap(), response, "{algorithm}");
        assert_eq!(answer.param("nc").unwrap(), "00000001");
    }
}

#[test]
fn a_client_takes_the_first_algorithm_it_knows() {
    let challenges = server().challenges(NOW, false);
    let algorithms: Vec<_> = challenges
        .iter()
        .map(|c| c.param("algorithm").unwrap().into_owned())
        .collect();
    assert_eq!(algorithms, ["MD5", "SHA-256"]);
    let unknown: Challenge =
        "Digest realm=\"hotline\", nonce=\"n\", algorithm=SHA-512-256, qop=\"auth\""
            .parse()
            .unwrap();
    let mut offered = vec![unknown.clone()];
    offered.extend(challenges);
    let answer = account()
        .authorize(&offered, None, &Method::Invite, "sip:a@b", b"", "c", 1)
        .unwrap();
    assert_eq!(answer.param("algorithm").unwrap(), "MD5");
    let nothing = account().authorize(&[unknown], None, &Method::Invite, "sip:a@b", b"", "c", 1);
    assert_eq!(nothing.unwrap_err(), ChallengeError::Unknown);
}

#[test]
fn the_right_password_is_let_in_until_the_nonce_expires() {
    for challenge in server().challenges(NOW, false) {
        let answer = answer(&challenge);
        let check = |now, method| server().check(now, &answer, method, Some(&secret()));
        assert_eq!(check(NOW + 60, &Method::Register), Verdict::Valid);
        assert_eq!(check(NOW + 61, &Method::Register), Verdict::Stale);
        assert_eq!(
            check(NOW, &Method::Invite),
            Verdict::Invalid,
            "a response is for one method"
        );
    }
    assert!(
        server()
            .challenges(NOW, true)
            .iter()
            .all(|c| c.param("stale").unwrap() == "true")
    );
}

#[test]
fn session_variants_are_let_in() {
    for algorithm in ["MD5-sess", "SHA-256-sess", "md5-sess"] {
        let nonce = server().challenges(NOW, false)[0]
            .param("nonce")
            .unwrap()
            .into_owned();
        let text = format!(
            "Digest realm=\"hotline\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\""
        );
        let answer = answer(&text.parse().unwrap());
        assert_eq!(
            server().check(NOW, &answer, &Method::Register, Some(&secret())),
            Verdict::Valid,
            "{algorithm}"
        );
    }
}

/// One line of credentials with a parameter replaced.
fn forged(name: &str, value: &str) -> Credentials {
    let honest = answer(&server().challenges(NOW, false)[0]);
    let before = honest.param(name).unwrap().into_owned();
    let text = honest.to_string();
    let forged = text
        .replace(
            &format!("{name}=\"{before}\""),
            &format!("{name}=\"{value}\""),
        )
        .replace(&format!("{name}={before}"), &format!("{name}={value}"));
    assert_ne!(forged, text, "{name} was replaced");
    forged.parse().unwrap()
}

#[test]
fn nothing_forged_is_let_in() {
    let other_realms_nonce = Authenticator::new("other", [7; 32], 60).challenges(NOW, false)[0]
        .param("nonce")
        .unwrap()
        .into_owned();
    let table = [
        ("response", "00000000000000000000000000000000"),
        ("response", ""),
        ("nonce", "AAAA"),
        ("nonce", "not base64!"),
        ("nonce", other_realms_nonce.as_str()),
        ("realm", "other"),
        ("uri", "sip:elsewhere"),
        ("qop", "auth-int"),
        ("nc", "00000000"),
        ("nc", "1"),
        ("cnonce", ""),
        ("algorithm", "SHA-256"),
        ("algorithm", "MD4"),
    ];
    for (name, value) in table {
        let verdict = server().check(
            NOW,
            &forged(name, value),
            &Method::Register,
            Some(&secret()),
        );
        assert_eq!(verdict, Verdict::Invalid, "{name}={value}");
    }
}

#[test]
fn a_stranger_gets_the_same_answer_as_a_wrong_password() {
    let answer = answer(&server().challenges(NOW, false)[0]);
    let wrong = Secret::from_password("agent1000", "hotline", "wrong");
    assert_eq!(
        server().check(NOW, &answer, &Method::Register, None),
        Verdict::Invalid
    );
    assert_eq!(
        server().check(NOW, &answer, &Method::Register, Some(&wrong)),
        Verdict::Invalid
    );
    let empty = Account {
        username: "agent1000".to_owned(),
        password: String::new(),
    };
    let guess = empty
        .authorize(
            &server().challenges(NOW, false),
            None,
            &Method::Register,
            "sip:hotline",
            b"",
            "c",
            1,
        )
        .unwrap();
    assert_eq!(
        server().check(NOW, &guess, &Method::Register, None),
        Verdict::Invalid,
        "no user has no password, not an empty one"
    );
}

#[test]
fn a_client_older_than_qop_is_let_in_with_md5_only() {
    for (challenge, verdict) in server()
        .challenges(NOW, false)
        .iter()
        .zip([Verdict::Valid, Verdict::Invalid])
    {
        let old: Challenge = challenge
            .to_string()
            .replace(", qop=\"auth\"", "")
            .parse()
            .unwrap();
        let answer = answer(&old);
        assert!(answer.param("qop").is_none());
        assert_eq!(
            server().check(NOW, &answer, &Method::Register, Some(&secret())),
            verdict
        );
    }
}

#[test]
fn a_refused_password_is_not_sent_again_and_a_stale_nonce_is_answered() {
    let first = answer(&server().challenges(NOW, false)[0]);
    let again = |stale| {
        let challenges = server().challenges(NOW + 99, stale);
        account().authorize(
            &challenges,
            Some(&first),
            &Method::Register,
            "sip:hotline",
            b"",
            "c",
            1,
        )
    };
    assert_eq!(again(false).unwrap_err(), ChallengeError::Refused);
    assert_eq!(
        server().check(
            NOW + 99,
            &again(true).unwrap(),
            &Method::Register,
            Some(&secret())
        ),
        Verdict::Valid
    );
}

#[test]
fn secrets_are_kept_as_hashes_and_never_printed() {
    let secret = secret();
    let stored =
        Secret::from_hashes(secret.hash(Algorithm::Md5), secret.hash(Algorithm::Sha256)).unwrap();
    assert!(stored == secret);
    assert!(Secret::from_hashes("short", "short").is_none());
    assert_eq!(
        format!("{secret:?} {:?}", account()),
        "Secret(…) Account(…)"
    );
}
