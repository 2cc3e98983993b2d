//! Files made to take the parser's time, memory or stack: each is answered by diagnostics, and drawing those is no
//! work either. What the largest of them need is measured in `docs/performance.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use miette::{GraphicalReportHandler, GraphicalTheme};
use rolecall_model::{Code, Diagnostic};
use rolecall_parser::{
    DiskFiles, MAX_DIAGNOSTICS, MAX_FILE_BYTES, MAX_FILES, MAX_METADATA_FILE_BYTES, MAX_NODE_BYTES,
    MAX_PATTERN_BYTES, MAX_PATTERNS, MAX_PROJECT_BYTES, MemoryFiles, Project, ProjectFiles, load, render,
};

use crate::case::HEAD;

/// How much of a bomb is enough to tell linear time from any other, in bytes.
const BOMB: usize = 300_000;
/// One diagnostic takes so many bytes when it is drawn, whatever it is about.
const MAX_DRAWN: usize = 24 * 1024;

/// The codes of what is found, after checking what holds for every project.
fn codes(files: &dyn ProjectFiles) -> BTreeSet<Code> {
    let project = load(files, "rolecall.kdl");
    let Project { config, sources, diagnostics, .. } = &project;
    assert_eq!(config.is_none(), diagnostics.iter().any(Diagnostic::is_error));
    let errors = diagnostics.iter().filter(|found| found.is_error()).count();
    assert!(errors <= MAX_DIAGNOSTICS + 1, "{errors} errors");
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(80);
    for (nth, diagnostic) in diagnostics.iter().enumerate() {
        for label in diagnostic.primary.iter().chain(&diagnostic.secondary) {
            let text = &sources.get(label.place.file).text;
            assert!(text.get(label.place.range()).is_some(), "{label:?}");
        }
        if nth % 50 == 0 {
            let mut drawn = String::new();
            handler.render_report(&mut drawn, &render::report(diagnostic, sources)).unwrap();
            assert!(drawn.len() < MAX_DRAWN, "{} bytes: {}…", drawn.len(), &drawn[..200]);
            assert!(!drawn.contains(['\u{202E}', '\u{1B}', '\u{0}']), "{drawn}");
        }
    }
    diagnostics.iter().map(|found| found.code).collect()
}

fn codes_of(text: &str) -> BTreeSet<Code> {
    codes(&[("rolecall.kdl", format!("{HEAD}{text}"))].into_iter().collect::<MemoryFiles>())
}

/// What a bomb of so many copies gives.
fn bomb(before: &str, unit: &str, after: &str) -> BTreeSet<Code> {
    codes_of(&format!("{before}{}{after}", unit.repeat(BOMB / unit.len())))
}

#[test]
fn nesting_is_refused_at_whatever_depth() {
    let depth = 100_000;
    let whole = format!("guard {}{}", "{ a ".repeat(depth), "}".repeat(depth));
    assert_eq!(codes_of(&whole), BTreeSet::from([Code::NestingTooDeep]));
    let open = format!("guard {}", "{ a ".repeat(depth));
    assert_eq!(codes_of(&open), BTreeSet::from([Code::UnbalancedBraces, Code::NestingTooDeep]));
}

#[test]
fn what_never_ends_is_told_once() {
    for (before, unit, code) in [
        ("/*", "*", Code::UnterminatedText),
        ("", "/*", Code::UnterminatedText),
        ("group \"", "a", Code::UnterminatedText),
        ("group \"\"\"\n", "a\n", Code::UnterminatedText),
        ("group #\"", "a", Code::UnterminatedText),
        ("group \"", "\\u{", Code::Syntax),
        ("group \"a\" ", "(", Code::Syntax),
        ("", "}", Code::UnbalancedBraces),
    ] {
        assert_eq!(bomb(before, unit, ""), BTreeSet::from([code]), "{before}{unit}");
    }
}

#[test]
fn of_very_many_mistakes_the_first_are_told() {
    for (unit, code) in [
        ("a /-\n", Code::Slashdash),
        ("/-", Code::Slashdash),
        ("x\n", Code::UnknownNode),
        ("x;", Code::UnknownNode),
        ("group a\n", Code::UnquotedValue),
        ("group a;", Code::UnquotedValue),
        ("(a)", Code::TypeAnnotation),
        ("\"\"\"a\n", Code::UnterminatedText),
        ("group \"a\"\n", Code::DuplicateDeclaration),
    ] {
        assert_eq!(bomb("", unit, ""), BTreeSet::from([code, Code::TooManyDiagnostics]), "{unit}");
    }
    let slashdashes = bomb("", "a /-{ ", "");
    assert!(slashdashes.contains(&Code::Slashdash) && slashdashes.contains(&Code::TooManyDiagnostics));
}

#[test]
fn another_version_of_the_language_is_told_whatever_else_there_is() {
    let text = format!("rolecall language=2 stack=\"acme\"\n{}", "x\n".repeat(2 * MAX_DIAGNOSTICS));
    let files: MemoryFiles = [("rolecall.kdl", text)].into_iter().collect();
    assert_eq!(codes(&files), BTreeSet::from([Code::UnsupportedLanguage]));
}

#[test]
fn many_warnings_do_not_keep_a_project_from_being_read() {
    let assign = |nth| format!("assign \"Deploy\" {{ to-user \"user-{nth}@acme.com\"; on \"all\" }}\n");
    let assignments: String = (0..2 * MAX_DIAGNOSTICS).map(assign).collect();
    let text =
        format!("permission-set \"Deploy\"\naccounts \"all\" {{ every-member-account }}\n{assignments}");
    assert_eq!(codes_of(&text), BTreeSet::from([Code::DirectUser, Code::TooManyDiagnostics]));
}

#[test]
fn what_is_allowed_takes_no_room_from_what_is_denied() {
    let assign = |nth| format!("assign \"Deploy\" {{ to-user \"user-{nth}@acme.com\"; on \"all\" }}\n");
    let assignments: String = (0..2 * MAX_DIAGNOSTICS).map(assign).collect();
    let text = format!(
        "permission-set \"Deploy\"\naccounts \"all\" {{ every-member-account }}\n{assignments}\
         permission-set \"All\" {{ inline-policy {{ allow \"*\" {{ resource \"*\" }} }} }}\n\
         lint \"direct-user\" level=\"allow\" {{ reason \"until May\" }}\nlint \"wildcard-statement\" level=\"deny\"\n"
    );
    assert_eq!(codes_of(&text), BTreeSet::from([Code::WildcardStatement]));
    let denied = text.replace("\"allow\" { reason", "\"deny\" { reason");
    assert!(codes_of(&denied).contains(&Code::TooManyDiagnostics));
}

#[test]
fn many_words_that_contradict_each_other_are_answered() {
    let sets: String =
        (0..5_000).map(|nth| format!("permission-set \"A{nth}\" {{ renamed-from \"Old\" }}\n")).collect();
    assert_eq!(codes_of(&sets), BTreeSet::from([Code::LifecycleContradiction, Code::TooManyDiagnostics]));
    let exceptions: String = (0..5_000)
        .map(|nth| format!("exception \"{nth}\" {{ until \"2027-02-01\"; reason \"a\" }}\n"))
        .collect();
    let text = format!("guard {{ {exceptions} }}");
    assert_eq!(codes_of(&text), BTreeSet::from([Code::UnknownForbid, Code::TooManyDiagnostics]));
}

#[test]
fn characters_that_deceive_are_refused_and_not_drawn() {
    for text in [
        "group \"dev\u{202E}s\"",
        "group \"dev\u{2067}s\" // \u{2069}",
        "group \"a\u{0}b\"",
        "group \"\u{1B}[2J\"",
        "group \"a\" // \u{1B}]0;title\u{7}",
        "gro\u{200F}up \"a\"",
        "group \"a\"\u{FEFF}",
        "group \"\\u{202E}\"",
        "group \"\\u{0}\"",
        "\u{0}",
    ] {
        assert!(codes_of(text).contains(&Code::ForbiddenCharacter), "{text:?}");
    }
    assert!(bomb("", "\u{0}", "").contains(&Code::ForbiddenCharacter));
    assert!(bomb("group \"", "\u{202E}", "\"").contains(&Code::ForbiddenCharacter));
    // At the beginning of a file it only says that the file is UTF-8.
    let marked: MemoryFiles = [("rolecall.kdl", format!("\u{FEFF}{HEAD}"))].into_iter().collect();
    assert_eq!(codes(&marked), BTreeSet::new());
}

#[test]
fn a_node_that_is_too_large_is_not_read() {
    for (before, unit, after) in [
        ("assign ", "\"a\" ", ""),
        ("group \"", "a", "\""),
        ("accounts \"a\" {", "ou \"a\"\n", "}"),
        ("guard { max-deletions ", "9", " }"),
        ("group \"a\" ", "a=\"\" ", ""),
        ("group \"\"\"\n", "a\n", "\"\"\""),
    ] {
        let text = format!("{before}{}{after}", unit.repeat(MAX_NODE_BYTES / unit.len()));
        let found = codes_of(&text);
        assert!(found.contains(&Code::FileTooLarge), "{before}{unit}: {found:?}");
    }
}

#[test]
fn a_file_of_one_thing_at_the_limit_is_read_to_its_end() {
    let room = usize::try_from(MAX_FILE_BYTES).unwrap() - HEAD.len();
    let comment = format!("/*{}*/", "*".repeat(room - 4));
    assert_eq!(codes_of(&comment), BTreeSet::new());
    let text = format!("group \"{}\"", "a".repeat(room - 8));
    assert_eq!(codes_of(&text), BTreeSet::from([Code::FileTooLarge]));
    let line = format!("group \"a\"{}\"b\"", " ".repeat(room - 12));
    assert_eq!(codes_of(&line), BTreeSet::from([Code::FileTooLarge]));
    let beyond = format!("//{}", "a".repeat(room));
    assert_eq!(codes_of(&beyond), BTreeSet::from([Code::FileTooLarge]));
}

#[test]
fn a_million_groups_in_one_file_are_too_many() {
    let groups: String = (0..1_000_000).map(|nth| format!("group \"{nth}\"\n")).collect();
    assert_eq!(codes_of(&groups), BTreeSet::from([Code::FileTooLarge]));
}

#[test]
fn patterns_neither_panic_nor_take_the_stack() {
    let nested = |depth: usize| format!("{}a{}", "{b,".repeat(depth), "}".repeat(depth));
    for pattern in [
        nested(10_000),
        "{".repeat(100_000),
        "{a,b}".repeat(50_000),
        "[a-z]".repeat(50_000),
        "*a".repeat(100_000),
        "a".repeat(MAX_PATTERN_BYTES + 1),
    ] {
        let named = codes_of(&format!("accounts \"a\" {{ name \"{pattern}\" }}"));
        assert_eq!(named, BTreeSet::from([Code::InvalidPattern]), "{}", &pattern[..50]);
        let included = codes_of(&format!("include \"{pattern}\""));
        assert_eq!(included, BTreeSet::from([Code::InvalidPattern]), "{}", &pattern[..50]);
    }
    // As deep as the length allows; whether that is a pattern is the business of the glob crate. If it is, the set is
    // one that nothing uses.
    for pattern in [nested(127), format!("{}a{}", "{".repeat(255), "}".repeat(255))] {
        for text in [format!("accounts \"a\" {{ name \"{pattern}\" }}"), format!("include \"{pattern}\"")] {
            assert!(codes_of(&text).is_subset(&BTreeSet::from([
                Code::InvalidPattern,
                Code::IncludeMatchesNothing,
                Code::UnusedAccountSet
            ])));
        }
    }
    let many: String = (0..=MAX_PATTERNS).map(|nth| format!("\"{{a,{nth}}}.kdl\" ")).collect();
    let files: MemoryFiles =
        [("rolecall.kdl", format!("{HEAD}include {many}")), ("a.kdl", String::new())].into_iter().collect();
    assert_eq!(codes(&files), BTreeSet::from([Code::FileUnreadable]));
}

#[test]
fn account_sets_in_many_circles_are_told_some_of_them() {
    let sets = 5_000;
    let set = |nth: usize| format!("accounts \"{nth}\" {{ accounts \"{}\" \"first\" }}\n", (nth + 1) % sets);
    let text: String = (0..sets).map(set).collect();
    let first = "accounts \"first\" { accounts \"0\" }\n";
    assert_eq!(codes_of(&format!("{text}{first}")), BTreeSet::from([Code::AccountSetCycle]));
}

/// What does not depend on templates, for those that follow.
const WORLD: &str = "group \"a\"\npermission-set \"Deploy\"\naccounts \"all\" { every-member-account }\n";

#[test]
fn templates_make_no_more_than_a_bound() {
    let uses = "use \"t\" { a \"a\" }\n".repeat(10_000);
    let line = "assign \"Deploy\" { to (param)\"a\"; on \"all\" }\n";
    let parameter = "parameter \"a\" kind=\"group\"\n";
    let template = |body: &str| format!("{WORLD}template \"t\" {{\n{parameter}{body}}}\n{uses}");
    assert_eq!(codes_of(&template(line)), BTreeSet::new());
    // A large node, many times: of lines, of values, of one long text, and of lines that are left out.
    let lines = line.repeat(MAX_NODE_BYTES / 4 / line.len());
    assert_eq!(codes_of(&template(&lines)), BTreeSet::from([Code::FileTooLarge]));
    let accounts: String = (0..10_000).map(|nth| format!("\"{nth}\" ")).collect();
    let of_values = format!("assign \"Deploy\" {{ to (param)\"a\"; on {{ account {accounts} }} }}\n");
    assert_eq!(codes_of(&template(&of_values)), BTreeSet::from([Code::FileTooLarge]));
    let reason = "x".repeat(MAX_NODE_BYTES - 300);
    let of_text = format!("assign \"Deploy\" {{ to (param)\"a\"; on \"all\"; reason \"{reason}\" }}\n");
    assert_eq!(codes_of(&template(&of_text)), BTreeSet::from([Code::FileTooLarge]));
    let missing = "assign \"Deploy\" { to (param)\"b\"; on \"all\" }\n";
    let missing = missing.repeat(MAX_NODE_BYTES / 4 / missing.len());
    let left_out = format!("parameter \"b\" kind=\"group\" empty=\"allowed\"\n{missing}");
    assert_eq!(codes_of(&template(&left_out)), BTreeSet::from([Code::FileTooLarge]));
    // Many values in many places.
    let places = "account (param)\"b\"\n".repeat(5_000);
    let squared = format!(
        "{WORLD}template \"t\" {{\nparameter \"b\" kind=\"text\"\nassign \"Deploy\" {{ to \"a\"; on {{\n{places}}} }} }}\nuse \"t\" {{ b {accounts} }}\n"
    );
    assert_eq!(codes_of(&squared), BTreeSet::from([Code::FileTooLarge]));
    let selectors = "ou \"a\"\n".repeat(5_000);
    let places = "accounts (param)\"b\"\n".repeat(5_000);
    let squared = format!(
        "{WORLD}template \"t\" {{\nparameter \"b\" kind=\"accounts\"\nassign \"Deploy\" {{ to \"a\"; on {{\n{places}}} }} }}\nuse \"t\" {{ b {{\n{selectors}}} }}\n"
    );
    assert_eq!(codes_of(&squared), BTreeSet::from([Code::FileTooLarge]));
}

#[test]
fn mistakes_with_parameters_are_told_some_of_them() {
    let parameters: String =
        (0..1_500).map(|nth| format!("parameter \"parameter-{nth}\" kind=\"group\"\n")).collect();
    let unknown: String = (0..1_400).map(|nth| format!("(param)\"paramater-{nth}\" ")).collect();
    let text = format!(
        "{WORLD}template \"t\" {{\n{parameters}assign \"Deploy\" {{ to {unknown}; on \"all\" }} }}\n"
    );
    assert_eq!(codes_of(&text), BTreeSet::from([Code::UnknownParameter, Code::TooManyDiagnostics]));
    let body = "assign \"Deploy\" { to (param)\"parameter-0\"; on \"all\" }";
    let template = format!("{WORLD}template \"t\" {{\n{parameters}{body} }}\n");
    let missing = format!("{template}{}", "use \"t\"\n".repeat(10));
    assert_eq!(codes_of(&missing), BTreeSet::from([Code::ArgumentMissing, Code::TooManyDiagnostics]));
    let unknown: String = (0..1_400).map(|nth| format!("use \"t\" {{ paramater-{nth} \"a\" }}\n")).collect();
    let found = codes_of(&format!("{template}{unknown}"));
    assert!(found.contains(&Code::UnknownParameter), "{found:?}");
    let like: String = "\"x\" ".repeat(5_000);
    let like = format!(
        "{WORLD}template \"t\" {{ parameter \"x\" kind=\"text\"; assign \"Deploy\" {{ to \"a\"; on {{ account {like} }} }} }}\n"
    );
    assert!(codes_of(&like).contains(&Code::RepeatedValue));
    assert!(
        bomb(&format!("{WORLD}template \"t\" {{ assign \"Deploy\" {{ to "), "(param)", "}}")
            .contains(&Code::TypeAnnotation)
    );
}

#[test]
fn paths_that_leave_the_project_are_refused() {
    for path in ["../a.kdl", "/etc/passwd", "teams/../../a.kdl", "C:/a.kdl", "..\\\\a.kdl", "./../*.kdl"] {
        let included = codes_of(&format!("include \"{path}\""));
        assert_eq!(included, BTreeSet::from([Code::IncludeOutsideProject]), "{path}");
        let policy = codes_of(&format!("permission-set \"A\" {{ inline-policy file=\"{path}\" }}"));
        assert_eq!(policy, BTreeSet::from([Code::IncludeOutsideProject]), "{path}");
    }
}

#[test]
fn json_is_not_read_to_any_depth() {
    for policy in ["[".repeat(100_000), "{\"a\":".repeat(20_000), format!("\"{}\"", "\u{0}".repeat(100))] {
        let files: MemoryFiles = [
            ("rolecall.kdl", format!("{HEAD}permission-set \"A\" {{ inline-policy file=\"a.json\" }}")),
            ("a.json", policy),
        ]
        .into_iter()
        .collect();
        assert_eq!(codes(&files), BTreeSet::from([Code::InvalidPolicy]));
    }
}

#[test]
fn metadata_takes_neither_time_nor_memory_nor_stack() {
    let entra = "entra tenant=\"acme.com\" { application \"AWS\" { saml sign-on-metadata=\"sp.xml\" } }";
    let of = |metadata: String| {
        let files = [("rolecall.kdl", format!("{HEAD}{entra}")), ("sp.xml", metadata)];
        codes(&files.into_iter().collect::<MemoryFiles>())
    };
    let room = usize::try_from(MAX_METADATA_FILE_BYTES).unwrap() - 64;
    let depth = room / 7;
    let attributes =
        |count: usize, name: fn(usize) -> String| (0..count).map(name).collect::<Vec<_>>().join(" ");
    let laughs: String =
        (1..10).map(|nth| format!("<!ENTITY l{nth} \"{}\">", format!("&l{};", nth - 1).repeat(10))).collect();
    for hostile in [
        // Deep, wide, long, and never closed.
        format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth)),
        "<a>".repeat(room / 3),
        format!("<a>{}</a>", "<b/>".repeat(room / 4 - 8)),
        format!("<{}/>", "a".repeat(room)),
        format!("<a b=\"{}\"/>", "&#x202E;".repeat(room / 8 - 8)),
        format!("<a>{}</a>", "<!---->".repeat(room / 7 - 8)),
        format!("<a>{}</a>", "]]>".repeat(room / 3 - 8)),
        // What would be compared each with each.
        format!("<a {}/>", attributes(20_000, |nth| format!("b{nth}=\"\""))),
        format!("<a {}/>", attributes(1_990, |nth| format!("b{nth}=\"\""))),
        format!(
            "<a {}>{}</a>",
            attributes(8_000, |nth| format!("xmlns:n{nth}=\"x\"")),
            "<b xmlns:c=\"\"/>".repeat(6_000)
        ),
        // Entities are not expanded, nor read from elsewhere.
        format!("<!DOCTYPE a [<!ENTITY l0 \"ha\">{laughs}]><a>&l9;</a>"),
        "<!DOCTYPE a SYSTEM \"/etc/passwd\"><a/>".to_owned(),
        format!("<a>{}</a>", "&b;".repeat(room / 3 - 8)),
        "\u{0}".repeat(room),
    ] {
        let begins: String = hostile.chars().take(40).collect();
        assert_eq!(of(hostile), BTreeSet::from([Code::InvalidMetadata]), "{begins}");
    }
    let wrong =
        "<AssertionConsumerService Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST' Location='";
    let wrong: String = (0..900).map(|nth| format!("{wrong}{nth}'/>")).collect();
    let entity_id = "https://eu-west-1.signin.aws.amazon.com/platform/saml/d-936712ab34";
    let many = format!(
        "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' entityID='{entity_id}'>\
         <SPSSODescriptor>{wrong}</SPSSODescriptor></EntityDescriptor>"
    );
    assert_eq!(of(many), BTreeSet::from([Code::InvalidMetadata]));
}

#[test]
fn metadata_that_is_no_text_is_told() {
    let folder =
        on_disk("entra tenant=\"acme.com\" { application \"AWS\" { saml sign-on-metadata=\"sp.xml\" } }");
    let metadata = folder.path().join("sp.xml");
    fs::write(&metadata, b"\xFF\xFE<\0a\0/\0>\0").unwrap();
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::NotUtf8]));
    sparse(&metadata, 100 * 1024 * 1024);
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::FileTooLarge]));
}

/// A project on disk with this text beneath the head of its project file.
fn on_disk(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rolecall.kdl"), format!("{HEAD}{text}")).unwrap();
    folder
}

fn codes_on_disk(folder: &Path) -> BTreeSet<Code> {
    codes(&DiskFiles::new(folder.to_owned()))
}

/// A file that is large and takes no room.
fn sparse(path: &Path, bytes: u64) {
    fs::File::create(path).unwrap().set_len(bytes).unwrap();
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_unread() {
    let folder = on_disk("include \"teams/*.kdl\"");
    fs::create_dir(folder.path().join("teams")).unwrap();
    sparse(&folder.path().join("teams/a.kdl"), 100 * 1024 * 1024);
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::FileTooLarge]));
    sparse(&folder.path().join("rolecall.kdl"), 100 * 1024 * 1024);
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::FileTooLarge]));
}

#[test]
fn files_that_are_large_together_are_refused_unparsed() {
    let folder = on_disk("include \"teams/*.kdl\"");
    fs::create_dir(folder.path().join("teams")).unwrap();
    for nth in 0..=MAX_PROJECT_BYTES / MAX_FILE_BYTES {
        sparse(&folder.path().join(format!("teams/{nth}.kdl")), MAX_FILE_BYTES);
    }
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::FileTooLarge]));
}

#[test]
fn bytes_that_are_no_text_are_told_with_their_place() {
    for bytes in
        [&b"group \"\xFF\xFE\""[..], b"\xED\xA0\x80", b"\xC0\xAF", b"\xF5\x80\x80\x80", &[0x80; 4096]]
    {
        let folder = on_disk("include \"a.kdl\"");
        fs::write(folder.path().join("a.kdl"), bytes).unwrap();
        assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::NotUtf8]));
        fs::write(folder.path().join("rolecall.kdl"), bytes).unwrap();
        assert!(codes_on_disk(folder.path()).contains(&Code::NotUtf8));
    }
}

#[test]
fn a_directory_of_twenty_thousand_files_is_not_read() {
    let folder = on_disk("include \"teams/*.kdl\"");
    fs::create_dir(folder.path().join("teams")).unwrap();
    for nth in 0..2 * MAX_FILES {
        fs::File::create(folder.path().join(format!("teams/{nth}.kdl"))).unwrap();
    }
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::FileUnreadable]));
    // Without the include they are no part of the project, which one line says of all but the first.
    fs::write(folder.path().join("rolecall.kdl"), HEAD).unwrap();
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::UnusedFile]));
}

#[cfg(unix)]
#[test]
fn links_neither_loop_nor_lead_out() {
    use std::os::unix::fs::symlink;

    let folder = on_disk("include \"**/*.kdl\"");
    let beside = tempfile::tempdir().unwrap();
    fs::write(beside.path().join("secret.kdl"), "group \"secret\"").unwrap();
    let teams = folder.path().join("teams");
    fs::create_dir(&teams).unwrap();
    fs::write(teams.join("real.kdl"), "permission-set \"Real\"").unwrap();
    // A circle of links is no file, and a directory behind a link is not entered.
    symlink("b.kdl", teams.join("a.kdl")).unwrap();
    symlink("a.kdl", teams.join("b.kdl")).unwrap();
    symlink("..", teams.join("up")).unwrap();
    symlink(".", teams.join("here")).unwrap();
    symlink(beside.path(), teams.join("out")).unwrap();
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::new());
    // A file named outright may lie behind a link, but not outside.
    for link in [beside.path().join("secret.kdl").as_path(), Path::new("/etc/passwd")] {
        let out = teams.join("link.kdl");
        symlink(link, &out).unwrap();
        assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([Code::IncludeOutsideProject]));
        fs::remove_file(&out).unwrap();
    }
    // A device is no file.
    symlink("/dev/zero", teams.join("zero.kdl")).unwrap();
    assert_eq!(codes_on_disk(folder.path()), BTreeSet::new());
    let policies = [
        ("teams/a.kdl", Code::FileUnreadable),
        ("teams/zero.kdl", Code::IncludeOutsideProject),
        ("teams/out/secret.kdl", Code::IncludeOutsideProject),
        ("teams", Code::FileUnreadable),
    ];
    for (path, code) in policies {
        let text = format!(
            "{HEAD}include \"teams/real.kdl\"\npermission-set \"A\" {{ inline-policy file=\"{path}\" }}"
        );
        fs::write(folder.path().join("rolecall.kdl"), text).unwrap();
        assert_eq!(codes_on_disk(folder.path()), BTreeSet::from([code]), "{path}");
    }
}

#[test]
fn of_a_policy_full_of_mistakes_the_first_are_told() {
    let statement =
        "{\"Efect\":\"alow\",\"Action\":[\"s3\",\"s3\"],\"a\":1,\"a\":2,\"Condition\":{\"Strin\":[]}},";
    let policy = format!("{{\"Statement\":[{}{{}}]}}", statement.repeat(200_000 / statement.len()));
    let files: MemoryFiles = [
        ("rolecall.kdl", format!("{HEAD}permission-set \"A\" {{ inline-policy file=\"a.json\" }}")),
        ("a.json", policy),
    ]
    .into_iter()
    .collect();
    let found = load(&files, "rolecall.kdl").diagnostics;
    assert_eq!(found.iter().filter(|one| one.is_error()).count(), MAX_DIAGNOSTICS + 1);
}
