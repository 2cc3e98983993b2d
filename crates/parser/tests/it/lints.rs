//! When lints are told, and what their levels do.

use std::collections::BTreeMap;

use rolecall_model::Code;
use rolecall_model::lint::Level;
use rolecall_parser::{MemoryFiles, load};
use serde_json::json;

use crate::case::{Checked, HEAD};

fn codes(files: &MemoryFiles) -> Vec<Code> {
    Checked(load(files, "rolecall.kdl")).codes()
}

#[test]
fn levels_of_lints_hold_for_the_whole_project() {
    let text = |levels: &str| {
        format!(
            "{HEAD}group \"a\"\naccounts \"b\" {{ every-member-account }}\n{levels}\n\
             permission-set \"All\" {{ inline-policy {{ allow \"*\" {{ resource \"*\" }} }} }}"
        )
    };
    let loaded = |levels: &str| {
        let files: MemoryFiles =
            [("rolecall.kdl", text(levels)), ("left.kdl", String::new())].into_iter().collect();
        let project = load(&files, "rolecall.kdl");
        let found: BTreeMap<Code, bool> =
            project.diagnostics.iter().map(|found| (found.code, found.is_error())).collect();
        (found, project.config)
    };
    let lints = [Code::UnusedFile, Code::UnusedGroup, Code::UnusedAccountSet, Code::WildcardStatement];
    let (found, plain) = loaded("");
    assert_eq!(found, lints.map(|code| (code, false)).into());
    assert!(plain.unwrap().lints.levels.is_empty());
    for code in lints {
        let name = code.lint_name().unwrap();
        let (found, config) = loaded(&format!("lint \"{name}\" level=\"allow\" {{ reason \"later\" }}"));
        assert!(found.len() == 3 && !found.contains_key(&code), "{name}: {found:?}");
        assert_eq!(config.unwrap().lints.level(code), Some(Level::Allow));
        let (found, config) = loaded(&format!("lint \"{name}\" level=\"deny\""));
        // A denied lint is no reason to be silent about the others.
        assert_eq!(found, lints.map(|other| (other, other == code)).into());
        assert!(config.is_none(), "{name}");
    }
}

#[test]
fn levels_hold_although_the_config_is_not_whole() {
    let text = "stack \"acme\"\nassign \"Deploy\" { to-user \"a@acme.com\"; on { every-member-account } }\n\
                permission-set \"Deploy\"\nlint \"direct-user\" level=\"deny\"\n";
    let project = load(
        &[("rolecall.kdl", format!("{HEAD}{text}"))].into_iter().collect::<MemoryFiles>(),
        "rolecall.kdl",
    );
    let found: Vec<(Code, bool)> =
        project.diagnostics.iter().map(|found| (found.code, found.is_error())).collect();
    assert_eq!(found, [(Code::UnknownNode, true), (Code::DirectUser, true)]);
}

#[test]
fn what_anything_names_is_used_and_what_was_not_read_may_use_anything() {
    let found = |text: &str| {
        let declared = "group \"a\"\naccounts \"b\" { every-member-account }\npermission-set \"Deploy\"\n";
        codes(&[("rolecall.kdl", format!("{HEAD}{declared}{text}"))].into_iter().collect())
    };
    assert_eq!(found(""), [Code::UnusedGroup, Code::UnusedAccountSet]);
    for uses in [
        "assign \"Deploy\" { to \"a\"; on \"b\" }",
        "assign \"Deploy\" { to \"a\"; on { accounts \"b\" } }",
        "keep \"Deploy\" { to \"a\"; on \"b\" }",
        "guard { forbid \"x\" { except-to \"a\"; on \"b\" } }",
        "guard { require-until { to \"a\"; on { every-member-account; except { accounts \"b\" } } } }",
    ] {
        assert_eq!(found(uses), [], "{uses}");
    }
    let other = "accounts \"c\" { accounts \"b\" }\nkeep { to \"a\"; on \"c\" }";
    assert_eq!(found(other), []);
    assert_eq!(found("asign \"Deploy\" { to \"a\"; on \"b\" }"), [Code::UnknownNode]);
    assert_eq!(found("assign \"Deploy\" { to a; on \"b\" }"), [Code::UnquotedValue]);
}

#[test]
fn wildcards_are_told_in_kdl_and_in_json_alike() {
    let found = |effect: &str, action: &str, resource: &str, condition: bool| {
        let when = if condition { "; when \"Bool\" \"aws:SecureTransport\" \"true\"" } else { "" };
        let word = effect.to_lowercase();
        let kdl = format!(
            "{HEAD}permission-set \"A\" {{ inline-policy {{ {word} \"{action}\" {{ resource \"{resource}\"{when} }} }} }}"
        );
        let mut statement = json!({ "Effect": effect, "Action": action, "Resource": resource });
        if condition {
            statement["Condition"] = json!({ "Bool": { "aws:SecureTransport": "true" } });
        }
        let policy = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let by_kdl = codes(&[("rolecall.kdl", kdl)].into_iter().collect());
        let head = format!("{HEAD}permission-set \"A\" {{ inline-policy file=\"a.json\" }}");
        let by_json = codes(&[("rolecall.kdl", head), ("a.json", policy)].into_iter().collect());
        assert_eq!(by_kdl, by_json, "{effect} {action} {resource} {condition}");
        by_kdl == [Code::WildcardStatement]
    };
    assert!(found("Allow", "*", "*", false));
    assert!(found("Allow", "s3:*", "*", false));
    assert!(!found("Allow", "s3:Get*", "*", false));
    assert!(!found("Allow", "s3:*", "arn:aws:s3:::a", false));
    assert!(!found("Allow", "s3:*", "*", true));
    assert!(!found("Deny", "*", "*", false));
}

#[test]
fn more_policies_than_a_role_usually_takes_are_told() {
    let found = |count: usize| {
        let policies: String = (0..count).map(|nth| format!(" \"p{nth}\"")).collect();
        let text = format!("{HEAD}permission-set \"A\" {{ customer-policy{policies} }}");
        codes(&[("rolecall.kdl", text)].into_iter().collect())
    };
    assert_eq!((found(10), found(11)), (vec![], vec![Code::ManyPolicies]));
    assert_eq!((found(25), found(26)), (vec![Code::ManyPolicies], vec![Code::LimitExceeded]));
}

#[test]
fn all_but_some_actions_are_told_like_a_wildcard() {
    let found = |effect: &str, actions: &str, resource: &str| {
        let statement = json!({ "Effect": effect, "NotAction": actions, "Resource": resource });
        let policy = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let text = format!("{HEAD}permission-set \"A\" {{ inline-policy file=\"a.json\" }}");
        codes(&[("rolecall.kdl", text), ("a.json", policy)].into_iter().collect())
    };
    assert_eq!(found("Allow", "iam:*", "*"), [Code::WildcardStatement]);
    assert_eq!(found("Allow", "*", "*"), []);
    assert_eq!(found("Deny", "iam:*", "*"), []);
    assert_eq!(found("Allow", "iam:*", "arn:aws:s3:::a"), []);
}
