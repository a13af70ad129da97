//! The regulation's own words, so that a deadline, a refusal or a limit leads to what it rests on (article 1).

use std::sync::LazyLock;

const TEXT: &str = include_str!("regulation.txt");

/// One article, or one paragraph of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// e.g. `11(3)`.
    pub article: &'static str,
    /// e.g. `第十一条第（三）项`.
    pub name: String,
    pub text: &'static str,
}

/// Every article of 苏政办发〔2020〕29号 in order, and every numbered paragraph after its article.
pub static ARTICLES: LazyLock<Vec<Citation>> = LazyLock::new(|| {
    TEXT.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(article, text)| Citation {
            article,
            name: name(article),
            text,
        })
        .collect()
});

/// The article cited as `11(3)`.
pub fn article(cited: &str) -> Option<&'static Citation> {
    ARTICLES.iter().find(|known| known.article == cited)
}

fn name(article: &str) -> String {
    match article.split_once('(') {
        None => format!("第{}条", chinese(article)),
        Some((whole, part)) => format!(
            "第{}条第（{}）项",
            chinese(whole),
            chinese(part.trim_end_matches(')'))
        ),
    }
}

/// 1 to 99 as Chinese writes it.
fn chinese(number: &str) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let number: usize = number.parse().expect("articles are numbered");
    let (tens, ones) = (number / 10, number % 10);
    match tens {
        0 => DIGITS[ones].to_owned(),
        1 => format!("十{}", DIGITS[ones]),
        _ => format!("{}十{}", DIGITS[tens % 10], DIGITS[ones]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_article_and_every_paragraph_of_it_is_there() {
        let whole: Vec<&str> = ARTICLES
            .iter()
            .map(|known| known.article)
            .filter(|cited| !cited.contains('('))
            .collect();
        let expected: Vec<String> = (1..=34).map(|n: u32| n.to_string()).collect();
        assert_eq!(whole, expected);
        for (of, parts) in [("8", 6), ("9", 6), ("11", 5), ("28", 7)] {
            for part in 1..=parts {
                let cited = format!("{of}({part})");
                assert!(!article(&cited).unwrap().text.is_empty(), "{cited}");
            }
        }
        assert_eq!(article("11(3)").unwrap().name, "第十一条第（三）项");
        assert_eq!(article("34").unwrap().name, "第三十四条");
        assert!(article("11(3)").unwrap().text.contains("1个工作小时内签收"));
        assert!(
            article("11(4)")
                .unwrap()
                .text
                .contains("应在时限届满前提出延时申请")
        );
        assert_eq!(article("35"), None);
    }
}
