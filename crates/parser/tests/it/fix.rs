//! What a machine may change, and what it leaves alone.

use std::collections::BTreeMap;

use rolecall_model::{Applicability, Code};
use rolecall_parser::{MemoryFiles, SkipReason, SkippedFile, fix, load};

use crate::case::HEAD;

fn project(files: &[(&str, &str)]) -> MemoryFiles {
    files
        .iter()
        .map(|(name, text)| {
            let head = if *name == "rolecall.kdl" { HEAD } else { "" };
            ((*name).to_owned(), format!("{head}{text}"))
        })
        .collect()
}

#[test]
fn what_is_safe_is_mended_until_nothing_is_left() {
    let files = project(&[
        ("rolecall.kdl", "include \"a.kdl\"\nGroup devs\npermission-set \"Deploy\"\n"),
        (
            "a.kdl",
            "accounts \"prod\" { account \"111122223333\", \"222233334444\"; account 333344445555 }\nassign \"Deploy\" { to \"devs\" \"devs\" on \"prod\" }\n",
        ),
    ]);
    let fixed = fix(&files, "rolecall.kdl");
    assert!(fixed.project.config.is_some(), "{:#?}", fixed.project.diagnostics);
    assert_eq!(
        fixed.files["rolecall.kdl"],
        format!("{HEAD}include \"a.kdl\"\ngroup \"devs\"\npermission-set \"Deploy\"\n")
    );
    assert_eq!(
        fixed.files["a.kdl"],
        "accounts \"prod\" { account \"111122223333\"  \"222233334444\"; account \"333344445555\" }\nassign \"Deploy\" { to \"devs\" ; on \"prod\" }\n"
    );
    let first = &fixed.applied[0];
    assert_eq!((first.file.as_str(), first.line, first.code), ("rolecall.kdl", 4, Code::UnknownNode));
}

#[test]
fn a_guess_is_never_made() {
    let text = "group \"payments-devs\"\npermission-set \"Deploy\"\naccounts \"prod\" { ou \"Prod\" }\n\
                assign \"Deploy\" { to \"payments-dev\"; on \"prod\" }\n";
    let files = project(&[("rolecall.kdl", text)]);
    let fixed = fix(&files, "rolecall.kdl");
    assert_eq!((fixed.files, fixed.applied), (BTreeMap::new(), Vec::new()));
    assert_eq!(fixed.project.diagnostics[0].code, Code::UnknownGroup);
    let suggestion = fixed.project.diagnostics[0].suggestion.as_ref().unwrap();
    assert_eq!(suggestion.applicability, Applicability::MaybeWrong);
}

/// Quoted as it stands, the comma would become part of the name.
#[test]
fn a_comma_is_never_quoted() {
    let files =
        project(&[("rolecall.kdl", "accounts \"prod\" { account 111122223333, \"222233334444\" }\n")]);
    assert_eq!(fix(&files, "rolecall.kdl").files, BTreeMap::new());
}

#[test]
fn a_file_that_a_change_makes_worse_is_left_as_it_was() {
    // What follows a block on its line is not read; separated from it, it is, and names three things that are missing.
    let worse = "accounts \"prod\" { ou \"Prod\" } assign \"Deploy\" { to \"b\"; on \"test\" }\n";
    let files = project(&[("rolecall.kdl", "include \"*.kdl\"\ngroup devs\n"), ("worse.kdl", worse)]);
    let before = load(&files, "rolecall.kdl").diagnostics.iter().filter(|one| one.is_error()).count();
    let fixed = fix(&files, "rolecall.kdl");
    let after = fixed.project.diagnostics.iter().filter(|one| one.is_error()).count();
    assert!(after < before);
    let changed: Vec<&str> = fixed.files.keys().map(String::as_str).collect();
    assert_eq!(changed, ["rolecall.kdl"], "{:#?}", fixed.project.diagnostics);
    assert!(fixed.applied.iter().all(|applied| applied.file == "rolecall.kdl"));
    assert_eq!(fixed.skipped, [SkippedFile { file: "worse.kdl".to_owned(), why: SkipReason::Worse }]);
}

#[test]
fn a_text_that_could_not_be_read_whole_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let text = [HEAD.as_bytes(), b"group devs // \xff\n"].concat();
    std::fs::write(directory.path().join("rolecall.kdl"), text).unwrap();
    let files = rolecall_parser::DiskFiles::new(directory.path().to_owned());
    let fixed = fix(&files, "rolecall.kdl");
    assert_eq!(fixed.files, BTreeMap::new());
    assert_eq!(fixed.skipped, [SkippedFile { file: "rolecall.kdl".to_owned(), why: SkipReason::NotUtf8 }]);
}

/// What a machine does not understand, it leaves to a person.
#[test]
fn quotes_are_set_only_where_the_line_says_one_thing() {
    let template = |line: &str| {
        format!(
            "template \"t\" {{\n    parameter \"devs\" kind=\"group\"\n    assign \"Deploy\" {{ {line} }}\n}}\n"
        )
    };
    let set = |line: &str| format!("permission-set \"Deploy\" {{ {line} }}\n");
    for text in [
        "assign \"Deploy\" { to: devs, on: prod }\n".to_owned(),
        set("description Ship payments services"),
        set("session 3600"),
        set("adopt true"),
        set("inline-policy policies/deploy.json"),
        set("tag owner"),
        set("description 'Ship it'"),
        template("to devs; on \"prod\""),
        "lint unused-groups level=deny\n".to_owned(),
        "guard { max-grants many; max-deletions 50% }\n".to_owned(),
        "use \"team\" { domain Ship payments }\n".to_owned(),
    ] {
        let fixed = fix(&project(&[("rolecall.kdl", &text)]), "rolecall.kdl");
        assert_eq!((fixed.files, fixed.skipped), (BTreeMap::new(), Vec::new()), "{text}");
    }
    for (text, mended) in [
        ("accounts prod { ou Workloads/Prod; tag domain payments 7 }\n".to_owned(), None),
        (set("session 8h"), Some(set("session \"8h\""))),
        (
            set("inline-policy file=policies/deploy.json"),
            Some(set("inline-policy file=\"policies/deploy.json\"")),
        ),
        (template("to ops; on \"prod\""), Some(template("to \"ops\"; on \"prod\""))),
        (template("to (param)devs; on \"prod\""), Some(template("to (param)\"devs\"; on \"prod\""))),
        (
            "use team { domain payments }\n".to_owned(),
            Some("use \"team\" { domain \"payments\" }\n".to_owned()),
        ),
    ] {
        let fixed = fix(&project(&[("rolecall.kdl", &text)]), "rolecall.kdl");
        let mended = mended.unwrap_or_else(|| {
            "accounts \"prod\" { ou \"Workloads/Prod\"; tag \"domain\" \"payments\" \"7\" }\n".to_owned()
        });
        assert_eq!(fixed.files["rolecall.kdl"], format!("{HEAD}{mended}"));
    }
}

#[test]
fn what_other_languages_write_becomes_what_this_one_does() {
    let text = "# \"quoted\" {\nGroup \"devs\" # the team\nPermission-Set \"Deploy\"\n\
                assign \"Deploy\"\n{\n    to [\"devs\"]\n    on { every-member-account }\n}\n";
    let fixed = fix(&project(&[("rolecall.kdl", text)]), "rolecall.kdl");
    assert!(fixed.project.config.is_some(), "{:#?}", fixed.project.diagnostics);
    let cases = "Assign \"Deploy\" { To \"devs\"; On { Every-Member-Account } }\n";
    let found = fix(&project(&[("rolecall.kdl", cases)]), "rolecall.kdl").files;
    let wanted = "assign \"Deploy\" { to \"devs\"; on { every-member-account } }\n";
    assert_eq!(found["rolecall.kdl"], format!("{HEAD}{wanted}"));
    assert_eq!(
        fixed.files["rolecall.kdl"],
        format!(
            "{HEAD}// \"quoted\" {{\ngroup \"devs\" // the team\npermission-set \"Deploy\"\n\
             assign \"Deploy\" {{\n    to \"devs\"\n    on {{ every-member-account }}\n}}\n"
        )
    );
}
