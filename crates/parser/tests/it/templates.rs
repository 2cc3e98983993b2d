//! What templates make.

use rolecall_model::config::{On, Selector};
use rolecall_model::{Code, Config, Place};
use rolecall_parser::{MemoryFiles, Project, load};

use crate::case::{Checked, HEAD, check};

/// What the cases refer to.
const WORLD: &str = r#"group "g0"
group "g1"
group "g2"
group "g3"
group "g4"
accounts "prod" { ou "Workloads/Prod" }
accounts "test" { ou "Workloads/Test" }
accounts "pci" { tag "pci" "yes" }
permission-set "Deploy"
permission-set "Audit"
external-permission-set "ReadOnly"
lint "unused-group" level="allow" { reason "each test uses some" }
lint "unused-account-set" level="allow" { reason "each test uses some" }
"#;

fn project(text: &str) -> Project {
    check(&format!("{WORLD}{text}")).0
}

pub(crate) fn config(text: &str) -> Config {
    Checked(project(text)).config()
}

fn codes(text: &str) -> Vec<Code> {
    Checked(project(text)).codes()
}

/// A template of one line with these parameters, and one use of it.
fn used(parameters: &str, line: &str, given: &str) -> String {
    let given = if given.is_empty() { String::new() } else { format!("{{ {given} }}") };
    format!("template \"t\" {{\n{parameters}\n{line}\n}}\nuse \"t\" {given}\n")
}

#[test]
fn the_example_of_the_language_makes_what_it_says() {
    let made = config(
        r#"
        template "team" {
            parameter "domain" kind="text"
            parameter "devs" kind="group"
            parameter "oncall" kind="group" empty="allowed"
            assign "Deploy" { to (param)"devs"; on { ou "Workloads/NonProd"; only { tag "domain" (param)"domain" } } }
            assign "Audit" { to (param)"oncall"; on { ou "Workloads/Prod"; only { tag "domain" (param)"domain" }; except { accounts "pci" } } }
        }
        use "team" { domain "payments"; devs "g0" "g1"; oncall "g2" }
        use "team" { domain "search"; devs "g3" }
        "#,
    );
    let written = config(
        r#"
        assign "Deploy" { to "g0" "g1"; on { ou "Workloads/NonProd"; only { tag "domain" "payments" } } }
        assign "Audit" { to "g2"; on { ou "Workloads/Prod"; only { tag "domain" "payments" }; except { accounts "pci" } } }
        assign "Deploy" { to "g3"; on { ou "Workloads/NonProd"; only { tag "domain" "search" } } }
        "#,
    );
    assert_eq!(made, written);
}

#[test]
fn a_use_may_stand_before_its_template_and_in_another_file() {
    let team = "use \"team\" { devs \"payments\" }\ngroup \"payments\"\n";
    let files = |may_contain: &str| -> MemoryFiles {
        let include =
            format!("{HEAD}{WORLD}include \"a.kdl\" {{ may-contain {may_contain} }}\ninclude \"z.kdl\"\n");
        let template = "template \"team\" { parameter \"devs\" kind=\"group\"; assign \"Deploy\" { to (param)\"devs\"; on \"prod\" } }";
        [("rolecall.kdl", include), ("a.kdl", team.to_owned()), ("z.kdl", template.to_owned())]
            .into_iter()
            .collect()
    };
    let project = load(&files("\"group\" \"use\""), "rolecall.kdl");
    assert_eq!(project.diagnostics, []);
    assert_eq!(project.config.unwrap().assignments.len(), 1);
    let refused = load(&files("\"group\""), "rolecall.kdl");
    assert_eq!(refused.diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), [Code::MayNotContain]);
}

#[test]
fn a_missing_value_never_widens() {
    let optional = |kind: &str| format!("parameter \"p\" kind=\"{kind}\" empty=\"allowed\"");
    // One of several names is left out, the line with the last of them.
    for (kind, line, written) in [
        (
            "group",
            "assign \"Deploy\" { to \"g0\" (param)\"p\"; on \"prod\" }",
            Some("assign \"Deploy\" { to \"g0\"; on \"prod\" }"),
        ),
        (
            "group",
            "assign \"Deploy\" { to (param)\"p\"; to-user \"a\"; on \"prod\" }",
            Some("assign \"Deploy\" { to-user \"a\"; on \"prod\" }"),
        ),
        (
            "accounts",
            "assign \"Deploy\" { to \"g0\"; on (param)\"p\"; on \"prod\" }",
            Some("assign \"Deploy\" { to \"g0\"; on \"prod\" }"),
        ),
        (
            "permission-set",
            "assign \"Deploy\" (param)\"p\" { to \"g0\"; on \"prod\" }",
            Some("assign \"Deploy\" { to \"g0\"; on \"prod\" }"),
        ),
        ("group", "assign \"Deploy\" { to (param)\"p\"; on \"prod\" }", None),
        ("text", "assign \"Deploy\" { to-user (param)\"p\"; on \"prod\" }", None),
        ("accounts", "assign \"Deploy\" { to \"g0\"; on (param)\"p\" }", None),
        ("permission-set", "assign (param)\"p\" { to \"g0\"; on \"prod\" }", None),
        // Elsewhere the whole line is.
        ("text", "assign \"Deploy\" { to \"g0\"; on \"prod\"; until (param)\"p\" }", None),
        ("text", "assign \"Deploy\" { to \"g0\"; on \"prod\"; reason (param)\"p\" }", None),
        (
            "text",
            "assign \"Deploy\" { to \"g0\"; on { ou \"a\"; only { tag \"k\" \"v\" (param)\"p\" } } }",
            None,
        ),
        ("text", "assign \"Deploy\" { to \"g0\"; on { ou \"a\"; except { name (param)\"p\" } } }", None),
        ("text", "assign \"Deploy\" { to \"g0\"; on { account \"a\" (param)\"p\" } }", None),
        (
            "accounts",
            "assign \"Deploy\" { to \"g0\"; on { ou \"a\"; only { accounts (param)\"p\" } } }",
            None,
        ),
        (
            "accounts",
            "assign \"Deploy\" { to \"g0\"; on { ou \"a\"; except { accounts \"pci\" (param)\"p\" } } }",
            None,
        ),
    ] {
        let made = config(&used(&optional(kind), line, ""));
        assert_eq!(made, config(written.unwrap_or("")), "{line}");
    }
}

#[test]
fn a_keep_is_made_like_an_assign_and_never_keeps_more() {
    let parameters = "parameter \"sets\" kind=\"permission-set\" empty=\"allowed\"\n\
                      parameter \"who\" kind=\"group\" empty=\"allowed\"\n\
                      parameter \"where\" kind=\"accounts\" empty=\"allowed\"\n\
                      parameter \"end\" kind=\"text\" empty=\"allowed\"";
    let keep = "keep (param)\"sets\" { to (param)\"who\"; on (param)\"where\"; until (param)\"end\" }";
    let all = ["sets \"Deploy\" \"Audit\"", "who \"g0\"", "where { ou \"a\" }", "end \"2027-01-31\""];
    let made = config(&used(parameters, keep, &all.join("; ")));
    let written = "keep \"Deploy\" \"Audit\" { to \"g0\"; on { ou \"a\" }; until \"2027-01-31\" }";
    assert_eq!(made, config(written));
    assert_eq!(made.keeps.len(), 1);
    // A part without a value would match everything.
    for missing in 0..all.len() {
        let given: Vec<&str> =
            all.iter().enumerate().filter(|(nth, _)| *nth != missing).map(|(_, line)| *line).collect();
        assert_eq!(config(&used(parameters, keep, &given.join("; "))).keeps, [], "without {}", all[missing]);
    }
}

#[test]
fn selectors_stand_for_accounts() {
    let parameters = "parameter \"where\" kind=\"accounts\"";
    let block = "ou \"a\"; account \"b\"; only { tag \"k\" \"v\" }; except { accounts \"pci\" }";
    let made = config(&used(
        parameters,
        "assign \"Deploy\" { to \"g0\"; on \"prod\" (param)\"where\" }",
        &format!("where {{ {block} }}"),
    ));
    assert_eq!(made, config(&format!("assign \"Deploy\" {{ to \"g0\"; on \"prod\"; on {{ {block} }} }}")));
    // Within a selection they are written in place, where that means the same and reads so.
    for (line, given, written) in [
        (
            "ou \"a\"; except { accounts \"pci\" (param)\"where\" }",
            "name \"c\"",
            "ou \"a\"; except { accounts \"pci\"; name \"c\" }",
        ),
        (
            "accounts (param)\"where\"; only { name \"c\" }",
            "ou \"b\"; account \"d\"",
            "ou \"b\"; account \"d\"; only { name \"c\" }",
        ),
        (
            "ou \"a\"; only { accounts (param)\"where\" }",
            "tag \"k\" \"v\"",
            "ou \"a\"; only { tag \"k\" \"v\" }",
        ),
    ] {
        let line = format!("assign \"Deploy\" {{ to \"g0\"; on {{ {line} }} }}");
        let made = config(&used(parameters, &line, &format!("where {{ {given} }}")));
        assert_eq!(made, config(&format!("assign \"Deploy\" {{ to \"g0\"; on {{ {written} }} }}")));
    }
    for (line, given) in [
        ("ou \"a\"; except { accounts (param)\"where\" }", "ou \"b\"; except { ou \"c\" }"),
        ("ou \"a\"; accounts (param)\"where\"", "tag \"k\" \"v\""),
        ("accounts (param)\"where\" empty=\"allowed\"", "ou \"b\""),
        ("accounts \"pci\" (param)\"where\"", "name \"c\""),
    ] {
        let line = format!("assign \"Deploy\" {{ to \"g0\"; on {{ {line} }} }}");
        let text = used(parameters, &line, &format!("where {{ {given} }}"));
        assert_eq!(codes(&text), [Code::ParameterMisplaced], "{text}");
    }
}

#[test]
fn a_block_in_a_use_is_checked_once_and_where_it_stands() {
    let lines = "assign \"Deploy\" { to \"g0\"; on (param)\"where\" }\nassign \"Audit\" { to \"g0\"; on (param)\"where\" }";
    for (block, code) in [
        ("ou \"a//b\"", Code::InvalidIdentity),
        ("unit \"a\"", Code::UnknownNode),
        ("name \"a\"; ou \"b\"", Code::SelectorNeedsOnly),
        ("only { name \"a\" }", Code::NothingDeclared),
        ("accounts \"nowhere\"", Code::UnknownAccountSet),
        ("", Code::NothingDeclared),
    ] {
        let text = used("parameter \"where\" kind=\"accounts\"", lines, &format!("where {{ {block} }}"));
        assert_eq!(codes(&text), [code], "{block}");
    }
}

#[test]
fn a_parameter_may_be_marked_in_every_way_of_kdl() {
    let written = config("assign \"Deploy\" { to \"g0\"; on \"prod\" }");
    for marked in [
        "(param)\"devs\"",
        "(param) \"devs\"",
        "( param\t)\"devs\"",
        "(\"param\")\"devs\"",
        "(#\"param\"#)\"devs\"",
        "(param)/* who */\"devs\"",
        "(param)#\"devs\"#",
        "(param)\"\"\"\n    devs\n    \"\"\"",
        "(param)\"d\\u{65}vs\"",
        "(param) \\ // who\n \"devs\"",
    ] {
        let line = format!("assign \"Deploy\" {{ to {marked}; on \"prod\" }}");
        assert_eq!(
            config(&used("parameter \"devs\" kind=\"group\"", &line, "devs \"g0\"")),
            written,
            "{marked}"
        );
    }
    for (marked, code) in [
        ("\"g1\"(param)\"devs\"", Code::Syntax),
        ("(param)\"devs\"\"g1\"", Code::Syntax),
        ("(param)(param)\"devs\"", Code::TypeAnnotation),
        ("(param)5", Code::TypeAnnotation),
        ("(param)", Code::TypeAnnotation),
        ("(params)\"devs\"", Code::TypeAnnotation),
        ("(param)devs", Code::UnquotedValue),
        ("(param)#true", Code::UnquotedValue),
    ] {
        let line = format!("assign \"Deploy\" {{ to {marked}; on \"prod\" }}");
        let text = used("parameter \"devs\" kind=\"group\"", &line, "devs \"g0\"");
        assert_eq!(codes(&text), [code], "{marked}");
    }
    for outside in [
        "accounts \"a\" { ou (param)\"b\" }",
        "assign (param)\"Deploy\" { to \"g0\"; on \"prod\" }",
        "(param)group \"a\"",
        "group \"a\" display-name=(param)\"b\"",
    ] {
        assert_eq!(codes(outside), [Code::TypeAnnotation], "{outside}");
    }
    for nowhere in [
        "parameter \"p\" kind=(param)\"group\"",
        "parameter \"q\" kind=\"text\"\nparameter (param)\"q\" kind=\"group\"",
    ] {
        let text = used(nowhere, "assign \"Deploy\" { to \"g0\"; on \"prod\" }", "");
        assert!(codes(&text).contains(&Code::ParameterMisplaced), "{text}");
    }
}

#[test]
fn what_is_made_has_both_places() {
    let text = used(
        "parameter \"who\" kind=\"text\"\nparameter \"sets\" kind=\"accounts\"\nparameter \"end\" kind=\"text\"",
        "assign \"Deploy\" { to-user (param)\"who\"; on (param)\"sets\"; on { ou \"a\" }; until (param)\"end\" }",
        "who \"jane\"; sets \"prod\"; end \"2027-01-31\"",
    );
    let project = project(&text);
    let config = project.config.unwrap();
    let written = |place: Place| &project.sources.get(place.file).text[place.range()];
    let both =
        |origin| (written(project.origins.place(origin)), project.origins.used_at(origin).map(written));
    let rule = &config.assignments[0];
    let use_place = Some("use \"t\"");
    assert_eq!(both(rule.origin), ("assign \"Deploy\"", use_place));
    assert_eq!(both(rule.until.unwrap().origin), ("until (param)\"end\"", use_place));
    assert_eq!(both(rule.users[0].origin), ("\"jane\"", None));
    let [On::Set(_, named), On::Selection(selection, block)] = rule.on.as_slice() else { panic!("{rule:?}") };
    assert_eq!(both(*named), ("\"prod\"", None));
    assert_eq!(both(*block), ("on", use_place));
    assert_eq!(both(selection.lines[0].origin), ("ou \"a\"", use_place));
    assert!(matches!(selection.lines[0].selector, Selector::Unit { .. }));
    // What is written without a template has one place.
    assert_eq!(both(config.account_sets[0].origin).1, None);
}

#[test]
fn a_mistake_of_a_template_is_told_once_whoever_uses_it() {
    let template = |line: &str| format!("template \"t\" {{ parameter \"devs\" kind=\"group\"; {line} }}\n");
    let uses = "use \"t\" { devs \"g0\" }\nuse \"t\" { devs \"g1\" }\n";
    for (line, code) in [
        ("assign \"Deploy\" { to (param)\"devs\" \"nobody\"; on \"prod\" }", Code::UnknownGroup),
        ("assign \"Deploys\" { to (param)\"devs\"; on \"prod\" }", Code::UnknownPermissionSet),
        ("assign \"Deploy\" { to (param)\"devs\"; on \"prod\"; until \"tomorrow\" }", Code::InvalidDate),
        ("assign \"Deploy\" { to (param)\"devs\"; on { name \"a\"; ou \"b\" } }", Code::SelectorNeedsOnly),
        ("assign \"Deploy\" { to (param)\"devs\"; on \"prod\" { ou \"a\" } }", Code::UnexpectedChildren),
        ("assign \"Deploy\" { to (param)\"devs\" }", Code::MissingChild),
        ("assign \"Deploy\" { to (param)\"devs\" (param)\"devs\"; on \"prod\" }", Code::RepeatedValue),
        ("assign \"Deploy\" { to (param)\"dev\"; on \"prod\" }", Code::UnknownParameter),
        ("assign \"Deploy\" { to-user (param)\"devs\"; on \"prod\" }", Code::ParameterMisplaced),
    ] {
        let errors = |text: &str| -> Vec<Code> {
            let found = project(text).diagnostics;
            found.into_iter().filter(|found| found.is_error()).map(|found| found.code).collect()
        };
        assert_eq!(errors(&template(line)), [code], "{line}");
        assert_eq!(errors(&format!("{}{uses}", template(line))), [code], "{line}");
    }
}

#[test]
fn what_cannot_be_read_of_a_template_is_not_missing_too() {
    let use_it = "use \"t\" { devs \"g0\" }\n";
    for (template, code) in [
        (
            "templat \"t\" { parameter \"devs\" kind=\"group\"; assign \"Deploy\" { to (param)\"devs\"; on \"prod\" } }",
            Code::UnknownNode,
        ),
        (
            "template \"t\" { paramter \"devs\" kind=\"group\"; assign \"Deploy\" { to (param)\"devs\"; on \"prod\" } }",
            Code::UnknownNode,
        ),
        (
            "template \"t\" { parameter \"devs\" kind=\"groups\"; assign \"Deploy\" { to (param)\"devs\"; on \"prod\" } }",
            Code::WrongValueKind,
        ),
        (
            "template \"t\" { /- parameter \"devs\" kind=\"group\"; assign \"Deploy\" { to (param)\"devs\"; on \"prod\" } }",
            Code::Slashdash,
        ),
        ("template \"t\"", Code::NothingDeclared),
    ] {
        assert_eq!(codes(&format!("{template}\n{use_it}")), [code], "{template}");
    }
    // A misspelt line of a use is not another that is missing.
    let template = "template \"t\" { parameter \"devs\" kind=\"group\"; assign \"Deploy\" { to (param)\"devs\"; on \"prod\" } }\n";
    assert_eq!(codes(&format!("{template}use \"t\" {{ dves \"g0\" }}")), [Code::UnknownParameter]);
}

#[test]
fn a_given_value_keeps_the_rules_of_its_place() {
    for (kind, line, given, code) in [
        (
            "text",
            "assign \"Deploy\" { to \"g0\"; on \"prod\"; reason (param)\"p\" }",
            "\" \"",
            Code::WrongValueKind,
        ),
        (
            "text",
            "assign \"Deploy\" { to \"g0\"; on { tag (param)\"p\" \"v\" } }",
            "\"a\" \"b\"",
            Code::UnexpectedArgument,
        ),
        (
            "text",
            "assign \"Deploy\" { to \"g0\"; on { account (param)\"p\" } }",
            "\"1234567890\"",
            Code::InvalidIdentity,
        ),
        ("text", "assign \"Deploy\" { to \"g0\"; on { name (param)\"p\" } }", "\"[\"", Code::InvalidPattern),
        ("group", "assign \"Deploy\" { to (param)\"p\"; on \"prod\" }", "\"g0\" \"g0\"", Code::RepeatedValue),
        (
            "group",
            "assign \"Deploy\" { to (param)\"p\"; on \"prod\" }",
            "\"g0\" x=\"g1\"",
            Code::UnknownProperty,
        ),
        ("group", "assign \"Deploy\" { to (param)\"p\"; on \"prod\" }", "12", Code::UnquotedValue),
    ] {
        let text = used(&format!("parameter \"p\" kind=\"{kind}\""), line, &format!("p {given}"));
        let project = project(&text);
        let [found] = project.diagnostics.as_slice() else { panic!("{text}{:#?}", project.diagnostics) };
        assert_eq!(found.code, code, "{text}");
        let whole = &project.sources.get(found.primary.as_ref().unwrap().place.file).text;
        let from = whole.find("use \"t\"").unwrap();
        assert!(found.primary.as_ref().unwrap().place.range().start > from, "{text}: {found:?}");
    }
    // An empty text is a value where the word for which it stands takes one.
    let text = used(
        "parameter \"p\" kind=\"text\"",
        "assign \"Deploy\" { to \"g0\"; on { tag \"k\" (param)\"p\" } }",
        "p \"\"",
    );
    assert_eq!(codes(&text), []);
}

#[test]
fn what_is_given_is_resolved_even_if_nothing_is_made_of_it() {
    let text = used(
        "parameter \"p\" kind=\"group\"\nparameter \"q\" kind=\"text\" empty=\"allowed\"",
        "assign \"Deploy\" { to (param)\"p\"; on \"prod\"; until (param)\"q\" }",
        "p \"nobody\"",
    );
    assert_eq!(codes(&text), [Code::UnknownGroup]);
}

/// Each parameter is right by itself, and who gives them need not know where they meet.
#[test]
fn what_two_parameters_give_alike_counts_once() {
    let parameters =
        "parameter \"a\" kind=\"group\"\nparameter \"b\" kind=\"group\"\nparameter \"on\" kind=\"accounts\"";
    let given = "a \"g0\" \"g1\"; b \"g1\" \"g2\"; on \"prod\"";
    let written = config("assign \"Deploy\" { to \"g0\" \"g1\" \"g2\"; on \"prod\" }");
    for line in [
        "assign \"Deploy\" { to (param)\"a\" (param)\"b\"; on (param)\"on\" }",
        "assign \"Deploy\" { to (param)\"a\"; to (param)\"b\"; on (param)\"on\" \"prod\" }",
        "assign \"Deploy\" { to \"g0\" (param)\"a\" \"g2\" (param)\"b\"; on \"prod\"; on (param)\"on\" }",
    ] {
        let made = config(&used(parameters, line, given));
        let parts = |config: &Config| {
            let rule = &config.assignments[0];
            (rule.permission_sets.clone(), rule.groups.clone(), rule.on.len())
        };
        assert_eq!(parts(&made), parts(&written), "{line}");
    }
    let twice = given.replace("\"g0\" \"g1\"", "\"g0\" \"g0\"");
    let line = "assign \"Deploy\" { to (param)\"a\" (param)\"b\"; on (param)\"on\" }";
    assert_eq!(codes(&used(parameters, line, &twice)), [Code::RepeatedValue]);
}
