//! The rules of `docs/formatting.md`, each with what it makes of a text.

use std::fmt::Write as _;

use rolecall_model::Code;

use super::oracle::format;

const CASES: [(&str, &str); 26] = [
    (
        "One node a line, four spaces, one space",
        "accounts   \"production\"{\n\tou   \"Workloads/Prod\";ou \"Shared\"   depth = \"direct\"\n  }",
    ),
    (
        "Runs of empty lines become one; none begins or ends a block or a file",
        "\n\n\ngroup \"a\"\n\n\n\ngroup \"b\"\nguard {\n\n    max-deletions 25\n\n}\n\n\n",
    ),
    (
        "A block stays on the line on which it was written",
        "accounts \"pci\" {   tag \"pci\" \"yes\"   }\nassign \"A\" {to \"b\";on {account \"c\"}}\nguard {\n    max-deletions 25\n}",
    ),
    (
        "A block that does not fit into 120 columns is divided, but not the blocks in it that fit",
        "assign \"AdministratorAccess\" { to \"payments-oncall\"; on { account \"payments-prod\" }; until \"2027-01-31\"; reason \"INC-4821\" }",
    ),
    (
        "A block with a comment in it is divided",
        "on { account \"a\" /* the old one */; account \"b\" }\non { /* both */ account \"a\"; account \"b\" }\non { /* none yet */ }",
    ),
    ("Empty blocks and semicolons that end nothing", "guard { }\nguard {\n\n}\n;;group \"a\";;\n"),
    ("Top-level nodes stand on lines of their own", "group \"a\"; group \"b\" // both"),
    (
        "Comments stay where they were",
        "// the file's\n\n/* before */ group \"a\" /* between */ id=\"b\" // behind\n        // on its own line\naccounts \"c\" { // behind the brace\n// first\nou \"d\"     // behind a line\n\n/* last */\n} // behind the block\n/* the end */",
    ),
    (
        "Comments of many lines keep their lines",
        "accounts \"c\" {\n  /* one\n     two\n   */\n  ou \"d\" /* three\n  four */ // five\n}",
    ),
    ("Comments within a property stand before it", "group \"a\" id /* x */ = /* y */ \"b\""),
    (
        "A comment behind a `\\` that nothing follows stands behind the line",
        "group \"a\" \\ // one\n    // two\naccounts \"c\" \\ // three\n{ ou \"d\" }",
    ),
    (
        "What `\\` divides is joined where it fits",
        "managed-policy \"ReadOnlyAccess\" \\\n    \"job-function/SupportUser\"\n",
    ),
    (
        "What does not fit keeps the lines of its author",
        "managed-policy \"AmazonEC2ContainerRegistryReadOnly\" \"CloudWatchReadOnlyAccess\" \\\n  \"AWSCloudTrail_ReadOnlyAccess\" \\\n\\\n           \"job-function/SupportUser\"\nassign \\\n \"AmazonEC2ContainerRegistryReadOnly-for-payments\" \\\n \"CloudWatchReadOnlyAccess-for-payments\" \"SecurityAudit\" \"ReadOnly\" {\nto \"a\"\n}",
    ),
    (
        "A comment that ends its line keeps it",
        "managed-policy \"a\" \\ // one\n  \"b\" \\ /* two */ // three\n  \"c\"\n",
    ),
    (
        "A long line without a `\\` stays long",
        "managed-policy \"AmazonEC2ContainerRegistryReadOnly\" \"CloudWatchReadOnlyAccess\" \"AWSCloudTrail_ReadOnlyAccess\" \"job-function/SupportUser\"",
    ),
    (
        "Comments that were aligned stay aligned, others do not become it",
        "ou \"Workloads/Prod\"         // with what is below\nou \"Shared\" depth=\"direct\"  // only accounts in it\non \"b\"\naccount \"a\"                 // a line without one between\naccount \"a\"   // one\nou \"b\"    // two\n\nou \"c\"    // three",
    ),
    (
        "Blocks that were aligned stay aligned",
        "assign \"Deploy\"      { to \"devs\" }     // a\nassign \"PowerUser\"   { to \"oncall\" }   // b\nassign \"ReadOnly\" { to \"all\" }\n",
    ),
    (
        "Plain quotes where they will do",
        "a #\"plain\"# \"\\u{E9}\\s\\u{41}\" \"a \\   b\" \"\"\"\n    one line\n    \"\"\"\n",
    ),
    (
        "Raw where that spares an escape, with as few `#` as will do",
        "a \"^\\\\d+$\" \"say \\\"no\\\"\" ###\"a\"#b\"### \"\\\"\\\" begins\" \"\\\"\"",
    ),
    ("Escapes where nothing else will do", "a \"two\\nlines\" \"\\u{200b}unseen\\u{a0}\" \"a\\tb\""),
    (
        "A text on many lines stays on many lines, and is indented",
        "permission-set \"a\" {\ndescription \"\"\"\n  Ship\n\n    payments\n  \"\"\"\n}",
    ),
    (
        "Quotes and backslashes in a text on many lines",
        "a \"\"\"\n  say \"no\"\n  C:\\\\temp\n  \"\"\"\na \"\"\"\n  \\\"\"\" ends\\s\n  it\n  \"\"\"",
    ),
    (
        "A text whose lines were broken with `\\` stays as it is",
        "description \"Ship the payments \\\n             services\"\ndescription \"\"\"\n      Ship the \\\n      payments\n      services\n      \"\"\"",
    ),
    (
        "Values and their order stay as they are",
        "guard { max-deletions 25   percent=+30\n max-grants 1.50 }\ngroup \"b\" id=\"2\" id=\"1\"",
    ),
    (
        "Parameters of templates stay what they are",
        "template \"team\" {\n  parameter \"devs\" kind=\"group\"\n assign \"Deploy\"    { to ( param )\"devs\"; on { tag \"domain\" (param) #\"domain\"# } }\n assign \"PowerUser\" { to (param) /* c */ \"devs\"; on \"all\" }\n}",
    ),
    (
        "Line ends of other systems, and a byte order mark",
        "\u{FEFF}group \"a\"\r\n\r\ngroup \"b\" // c\r\ngroup \"c\"\r/* d\r\n   e */\r\n",
    ),
];

#[test]
fn each_rule_by_example() {
    let mut shown = String::new();
    for (rule, before) in CASES {
        let after = format(before).unwrap_or_else(|mistakes| panic!("{rule}: {mistakes:?}"));
        let visible = before.replace('\r', "␍").replace('\t', "→").replace('\u{FEFF}', "␣BOM␣");
        writeln!(shown, "# {rule}\n----- before\n{}\n----- after\n{after}", visible.trim_end_matches('\n'))
            .unwrap();
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("format", shown);
    });
}

#[test]
fn nothing_becomes_nothing() {
    for nothing in ["", "\n\n", " \t\r\n", "\u{FEFF}", ";\n;"] {
        assert_eq!(format(nothing).unwrap(), "", "{nothing:?}");
    }
}

/// What the author meant can then only be guessed, and a formatter that guesses hides the mistake.
#[test]
fn a_file_with_a_mistake_of_syntax_is_refused() {
    for (text, code) in [
        ("group devs", Code::UnquotedValue),
        ("/- group \"a\"", Code::Slashdash),
        ("accounts \"a\" {\n    ou \"b\"\n", Code::UnbalancedBraces),
        ("group \"a", Code::UnterminatedText),
        ("group \"a\" /* b", Code::UnterminatedText),
        ("group \"a\"\u{202E}", Code::ForbiddenCharacter),
        ("group \"a\\u{202E}\"", Code::ForbiddenCharacter),
        ("group \"a\" \"\"\"\n  b\n c\n  \"\"\"", Code::Syntax),
    ] {
        let found = format(text).unwrap_err();
        assert!(found.iter().any(|found| found.code == code), "{text:?}: {found:?}");
    }
}

#[test]
fn what_only_means_nothing_is_formatted() {
    assert_eq!(format("assing   \"a\" {  too \"nobody\" }").unwrap(), "assing \"a\" { too \"nobody\" }\n");
}

/// Indentation adds up. A file that could be read before must not become one that cannot.
#[test]
fn what_would_become_too_large_is_refused() {
    let nodes = "b \"x\";".repeat(55_000);
    let found = format(&format!("a {{ {nodes} }}")).map(|after| after.len()).expect_err("it is refused");
    assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), [Code::FileTooLarge]);
    let divided = format!("a {{ {0} }}\na {{ {0} }}", "b \"x\";".repeat(27_500));
    assert_eq!(format(&divided).map(|after| after.lines().count()), Ok(55_004));
}
