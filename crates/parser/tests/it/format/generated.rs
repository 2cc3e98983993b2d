//! Whatever the layout was, the formatter changes that alone. `FORMAT_CASES=10000 cargo test -p rolecall-parser --test
//! format` tries more.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rolecall_parser::{DiskFiles, MemoryFiles, ProjectFiles, load};

use super::oracle::{Entry, Said, Value, comments, format, said};
use super::writer::Writer;

fn cases() -> u32 {
    std::env::var("FORMAT_CASES").map_or(256, |text| text.parse().expect("FORMAT_CASES is a number"))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9*:/-]{0,12}",
        2 => "[a-z \"\\\\#\n\té{}/*;=\u{A0}\u{200B}]{0,10}",
        1 => prop::sample::select(vec![
            "\"", "\"\"", "\"\"\"", "\"#", "\"\"\"##", "a\r\nb", "\r", "\n", "\n\n", " \n ", "a\n  b\n", "\\", "a\\",
            "arn:aws:s3:::deploy-${aws:username}/*", "^\\d+\"$", "Ship\nservices \n\nof all", "\t", "東京 \u{1F469}\u{200D}\u{1F4BB}",
        ]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::Text),
        1 => prop::sample::select(vec!["0", "25", "-3", "+7", "1.50", "12345678901"])
            .prop_map(|number| Value::Number(number.to_owned())),
    ]
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "assign",
        "to",
        "on",
        "accounts",
        "only",
        "group",
        "a",
        "x-y",
        "max-deletions",
        "über",
        "-",
        "permission-set",
    ])
    .prop_map(str::to_owned)
}

/// A word with its entries.
fn head() -> impl Strategy<Value = (String, Vec<Entry>)> {
    let names = prop::sample::select(vec!["id", "empty", "display-name", "é"]).prop_map(str::to_owned);
    let entry = (prop::option::weighted(0.3, names), Just(None), value());
    (word(), prop::collection::vec(entry, 0..5))
}

fn node() -> impl Strategy<Value = Said> {
    let with_block = |((word, entries), block)| Said { word, entries, block };
    let leaf = (head(), prop::option::weighted(0.1, Just(Vec::new()))).prop_map(with_block);
    leaf.prop_recursive(4, 24, 5, move |inner| {
        (head(), prop::option::weighted(0.6, prop::collection::vec(inner, 0..5))).prop_map(with_block)
    })
}

/// A template of these nodes, in which some of the texts are parameters.
fn template(mut nodes: Vec<Said>) -> Said {
    fn use_parameters(nodes: &mut [Said]) {
        for node in nodes {
            for (_, annotation, value) in &mut node.entries {
                if matches!(value, Value::Text(text) if text.len() % 3 == 1) {
                    *annotation = Some("param".to_owned());
                }
            }
            use_parameters(node.block.as_deref_mut().unwrap_or_default());
        }
    }
    use_parameters(&mut nodes);
    let name = (None, None, Value::Text("team".to_owned()));
    Said { word: "template".to_owned(), entries: vec![name], block: Some(nodes) }
}

fn written() -> impl Strategy<Value = (Vec<Said>, String)> {
    let nodes = (prop::collection::vec(node(), 0..5), any::<bool>())
        .prop_map(|(nodes, is_template)| if is_template { vec![template(nodes)] } else { nodes });
    (nodes, prop::collection::vec(any::<u8>(), 0..400)).prop_map(|(nodes, choices)| {
        let mut writer = Writer::new(&choices);
        writer.file(&nodes);
        (nodes, writer.out)
    })
}

/// Lines that are often aligned with some of their neighbours: words, values, blocks and comments of a few widths, and
/// spaces before the last two.
fn aligned() -> impl Strategy<Value = String> {
    let spaces = || 0..4_usize;
    let line = (
        prop::sample::select(vec!["a", "abc", "a \"b\"", "a \\\n \"b\""]),
        spaces(),
        prop::sample::select(vec![
            "",
            "{ x }",
            "{ xyz; x }",
            "{\n x }",
            "{ x \"111122223333 111122223333 111122223333\" }",
        ]),
        spaces(),
        prop::sample::select(vec!["", "// c", "/* c */", "/* \n */", "; y // c"]),
    );
    let line = line.prop_map(|(head, before_block, block, before_comment, comment)| {
        let (before_block, before_comment) = (" ".repeat(before_block), " ".repeat(before_comment));
        format!("{head}{before_block}{block}{before_comment}{comment}\n")
    });
    let line =
        prop_oneof![8 => line, 1 => prop::sample::select(vec!["\n", "// c\n"]).prop_map(str::to_owned)];
    (prop::collection::vec(line, 0..9), 0..24_usize).prop_map(|(lines, depth)| {
        format!("{}{}{}", "a {\n".repeat(depth), lines.concat(), "}\n".repeat(depth))
    })
}

/// Pieces that damage a text where they are put into it.
const PIECES: [&str; 34] = [
    "{", "}", "\"", "\"\"\"", "#", "#\"", "\"#", "/-", "//", "/*", "*/", "\\", "\\\n", "\n", "\r\n", "\r",
    " ", ";", "=", "(", ")", "(param)", "a", "12", "#true", "\\u{41}", "é", "\u{FEFF}", "\u{2028}", "\t",
    "// c\n", "/* c */", "\n\n\n", "{ a; b }",
];

/// What is cut out, as places and lengths, and what is put in instead, as numbers of pieces.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, Option<usize>)>> {
    let one = (any::<prop::sample::Index>(), 0..12_usize, prop::option::of(0..PIECES.len()));
    prop::collection::vec(one, 1..4)
}

fn damaged(text: &str, damage: &[(prop::sample::Index, usize, Option<usize>)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, length, put) in damage {
        let start = at.index(characters.len() + 1);
        let end = (start + length).min(characters.len());
        characters.splice(start..end, put.map_or("", |put| PIECES[put]).chars());
    }
    characters.into_iter().collect()
}

/// What holds for any text: it is refused, or it is formatted and says the same.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let after = match format(text) {
        Ok(after) => after,
        Err(mistakes) => {
            prop_assert!(!mistakes.is_empty(), "refused without a reason:\n{text}");
            return Ok(());
        }
    };
    prop_assert_eq!(comments(&after), comments(text), "{:?} became:\n{}", text, after);
    let now = said(&after);
    prop_assert!(now.is_some(), "{:?} became:\n{}", text, after);
    // The scan also takes a `;` that ends nothing and a byte order mark; the crate does not.
    if let Some(before) = said(text) {
        prop_assert_eq!(now.unwrap(), before, "{:?} became:\n{}", text, after);
    }
    is_in_the_layout(text, &after)
}

fn is_in_the_layout(text: &str, after: &str) -> Result<(), TestCaseError> {
    match format(after) {
        Ok(twice) => prop_assert_eq!(&twice, after, "{:?}", text),
        Err(mistakes) => prop_assert!(false, "{:?} became:\n{}\n{:?}", text, after, mistakes),
    }
    prop_assert!(!after.contains(['\r', '\u{FEFF}']), "{:?}", after);
    prop_assert!(after.is_empty() || (after.ends_with('\n') && !after.ends_with("\n\n")), "{:?}", after);
    Ok(())
}

/// The texts of the repository's own examples.
fn examples() -> Vec<String> {
    let files = DiskFiles::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples"));
    let names = files.list().unwrap();
    let texts = names.iter().filter(|name| name.ends_with(".kdl")).map(|name| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)).unwrap()
    });
    texts.collect()
}

fn config(text: &str) -> Option<rolecall_parser::Config> {
    load(&[("rolecall.kdl", text)].into_iter().collect::<MemoryFiles>(), "rolecall.kdl").config
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_says_the_same_in_any_layout((nodes, text) in written()) {
        let after = match format(&text) {
            Ok(after) => after,
            Err(mistakes) => return Err(TestCaseError::fail(format!("{text:?}\n{mistakes:?}"))),
        };
        prop_assert_eq!(comments(&after), comments(&text), "{:?} became:\n{}", text, after);
        prop_assert_eq!(said(&after), Some(nodes), "{:?} became:\n{}", text, after);
        is_in_the_layout(&text, &after)?;
    }

    #[test]
    fn what_was_aligned_says_the_same(text in aligned()) {
        prop_assert!(format(&text).is_ok(), "{text:?}");
        holds(&text)?;
    }

    #[test]
    fn a_damaged_file_is_refused_or_says_the_same((_, text) in written(), damage in damage()) {
        holds(&damaged(&text, &damage))?;
    }

    #[test]
    fn a_damaged_example_is_refused_or_configures_the_same(
        which in any::<prop::sample::Index>(), damage in damage()
    ) {
        let examples = examples();
        let text = damaged(which.get::<String>(&examples), &damage);
        holds(&text)?;
        if let Ok(after) = format(&text) {
            prop_assert_eq!(config(&after), config(&text), "{:?} became:\n{}", text, after);
        }
    }

    #[test]
    fn any_text_is_refused_or_says_the_same(parts in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..30)) {
        holds(&parts.concat())?;
        holds(&parts.join(" "))?;
    }
}
