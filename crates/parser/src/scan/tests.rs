use rolecall_model::{Code, Sources};

use super::{Scan, scan};

fn scanned(text: &str) -> Scan {
    let file = Sources::default().add("rolecall.kdl", text);
    let scan = scan(file, text);
    assert_eq!(scan.masked.len(), text.len(), "offsets must stay true");
    scan
}

/// The texts of the top-level nodes.
fn nodes(text: &str) -> Vec<String> {
    let scan = scanned(text);
    assert_eq!(scan.diagnostics, [], "{text}");
    assert!(scan.nodes.iter().all(|node| !node.broken), "{text}");
    scan.nodes.iter().map(|node| scan.masked[node.range.clone()].to_owned()).collect()
}

fn codes(text: &str) -> Vec<Code> {
    scanned(text).diagnostics.iter().map(|found| found.code).collect()
}

#[test]
fn a_file_is_cut_at_its_top_level_nodes() {
    let text = "a \"1\"; b \"2\"\nc { d \"}\" ; e \"{\"\n}\n\n  f \\\n  \"3\"\n";
    assert_eq!(nodes(text), ["a \"1\"", "b \"2\"", "c { d \"}\" ; e \"{\"\n}", "f \\\n  \"3\""]);
    assert_eq!(nodes("\u{FEFF}a \"1\"\r\nb \"2\"\rc"), ["a \"1\"", "b \"2\"", "c"]);
    assert_eq!(nodes(""), [""; 0]);
}

#[test]
fn braces_and_slashes_within_texts_are_text() {
    for text in [
        r##"a #"{ " /- // /* "#"##,
        r###"a ##"{ "# "##"###,
        "a \"{ \\\" } /* \"",
        "a \"\"\"\n  { \" \"\" // \\\"\"\"\n  \"\"\"",
        "a #\"\"\"\n  { \"\"\" \\\n  \"\"\"#",
        "a \"https://console.aws.amazon.com\"",
    ] {
        assert_eq!(nodes(text), [text]);
    }
}

#[test]
fn comments_are_blanked_out() {
    assert_eq!(nodes("// a {\na /* } /* { */ \" */ \"1\" // {\n/* b */"), ["a                   \"1\""]);
    assert_eq!(nodes("a \\ // one\n \"1\""), ["a \\       \n \"1\""]);
    assert_eq!(nodes("a \\ /* b */ // c\n \"1\""), ["a \\             \n \"1\""]);
}

#[test]
fn values_without_quotes_are_masked_and_remembered() {
    let scan = scanned("a devs b=#true 25 012345678901 -3 1.5 2027-01-31 über");
    assert_eq!(scan.masked, "a ____ b=_____ 25 ____________ -3 1.5 __________ _____");
    assert_eq!(scan.diagnostics.len(), 5);
    assert_eq!(scan.unquoted[&9], "#true");
    assert!(!scan.nodes[0].broken);
}

#[test]
fn one_missing_brace_is_one_diagnostic_and_the_other_nodes_stay() {
    let inner = "a {\n    b {\n        c \"1\"\n    d \"2\"\n}\n\ne \"3\"\n";
    let outer = "a {\n    b {\n        c \"1\"\n    }\n\ne {\n    f \"3\"\n}\n";
    let last = "e \"3\"\na {\n    b {\n    }\n";
    for text in [inner, outer, last] {
        let scan = scanned(text);
        assert_eq!(scan.diagnostics.len(), 1, "{text}");
        assert_eq!(scan.diagnostics[0].code, Code::UnbalancedBraces);
        let whole: Vec<&str> = scan
            .nodes
            .iter()
            .filter(|node| !node.broken)
            .map(|node| &text[node.range.clone()][..1])
            .collect();
        assert_eq!(whole, ["e"], "{text}");
    }
    let blamed = |text: &str| scanned(text).diagnostics[0].primary.as_ref().unwrap().place.start;
    assert_eq!(blamed(inner), 10);
    assert_eq!(blamed(outer), 2);
}

#[test]
fn a_brace_too_many_is_one_diagnostic() {
    for text in [
        "a { b \"1\" } }\ne",
        "a {\n    b \"1\" }\n    c \"2\"\n}\ne",
        "}\na\ne",
        "a {\n    b {\n    }\n    }\n}\ne",
    ] {
        assert_eq!(codes(text), [Code::UnbalancedBraces], "{text}");
    }
}

#[test]
fn odd_indentation_that_matches_is_left_alone() {
    assert_eq!(nodes("a {\nb {\n    c }\n        }\n d"), ["a {\nb {\n    c }\n        }", "d"]);
}

#[test]
fn what_would_not_end_in_the_kdl_crate_ends_here() {
    // Each of these takes that crate exponential time, or its whole stack.
    for bomb in
        ["a /-{ ", "a {", "{", "/*", "/* * ", "a /- ", "}", "\"", "#", "a \\\n", "a (", "a=", "a \"\"\" "]
    {
        let text = bomb.repeat(20_000);
        let found = scanned(&text).diagnostics;
        assert!(found.len() <= 40_001, "{bomb}: {}", found.len());
    }
}
