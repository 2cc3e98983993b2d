//! A policy written in KDL and one from a file are the same document, and the same validator sees both.

use rolecall_model::Code;

use crate::case::{Checked, HEAD, check, check_files};

/// A permission set whose policy is this block.
fn in_kdl(block: &str) -> Checked {
    check(&format!("permission-set \"A\" {{ inline-policy {{ {block} }} }}\n"))
}

/// A permission set whose policy is a file with these statements.
fn in_json(statements: &str) -> Checked {
    let head = format!("{HEAD}permission-set \"A\" {{ inline-policy file=\"a.json\" }}\n");
    let policy = format!("{{ \"Version\": \"2012-10-17\", \"Statement\": [{statements}] }}");
    check_files(&[("rolecall.kdl", &head), ("a.json", &policy)])
}

#[test]
fn what_is_right_becomes_the_same_policy() {
    let kdl = in_kdl(
        r#"
        allow "s3:GetObject" "s3:ListBucket" sid="Read" {
            resource "arn:aws:s3:::deploy-${aws:username}/*"
            resource "arn:aws:s3:::shared/*"
            when "StringEquals" "aws:PrincipalTag/team" "payments" "search"
            when "StringEquals" "aws:PrincipalTag/site" ""
            when "Bool" "aws:SecureTransport" "true"
        }
        deny "iam:*" { resource "${anything}" }
        "#,
    );
    let json = in_json(
        r#"{ "Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
             "Resource": ["arn:aws:s3:::deploy-${aws:username}/*", "arn:aws:s3:::shared/*"],
             "Condition": { "StringEquals": { "aws:PrincipalTag/team": ["payments", "search"],
                                              "aws:PrincipalTag/site": "" },
                            "Bool": { "aws:SecureTransport": true } } },
           { "Effect": "Deny", "Action": "iam:*", "Resource": "${anything}" }"#,
    );
    let policy = |checked: Checked| checked.config().permission_sets[0].permission_set.inline_policy.clone();
    let written = policy(kdl);
    assert!(written.is_some());
    assert_eq!(written, policy(json));
}

/// What is wrong with a policy: the KDL, the JSON, the message, and the text at its place in both.
const MISTAKES: [(&str, &str, &str, [&str; 2]); 7] = [
    (
        r#"allow "GetObject" { resource "*" }"#,
        r#"{ "Effect": "Allow", "Action": "GetObject", "Resource": "*" }"#,
        "`GetObject` is not an IAM action",
        ["\"GetObject\"", "\"GetObject\""],
    ),
    (
        r#"deny "s3:*" { resource "*" "bucket" }"#,
        r#"{ "Effect": "Deny", "Action": "s3:*", "Resource": ["*", "bucket"] }"#,
        "`bucket` is not a resource",
        ["\"bucket\"", "\"bucket\""],
    ),
    (
        r#"allow "s3:*" sid="read it" { resource "arn:a" }"#,
        r#"{ "Sid": "read it", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:a" }"#,
        "`read it` is not a statement id",
        ["\"read it\"", "\"read it\""],
    ),
    (
        r#"allow "s3:*" sid="A" { resource "arn:a" }; deny "iam:*" sid="A" { resource "*" }"#,
        r#"{ "Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:a" },
           { "Sid": "A", "Effect": "Deny", "Action": "iam:*", "Resource": "*" }"#,
        "duplicate value `A`",
        ["\"A\"", "\"A\""],
    ),
    (
        r#"deny "iam:*" { resource "*"; when "StringEqual" "aws:a" "b" }"#,
        r#"{ "Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": { "StringEqual": { "aws:a": "b" } } }"#,
        "`StringEqual` is not an IAM condition operator",
        ["\"StringEqual\"", "\"StringEqual\""],
    ),
    (
        r#"deny "iam:*" { resource "*"; when "Bool" "" "true" }"#,
        r#"{ "Effect": "Deny", "Action": "iam:*", "Resource": "*", "Condition": { "Bool": { "": "true" } } }"#,
        "a condition has an empty key",
        ["\"\"", "\"\""],
    ),
    (
        r#"deny "iam:*" { resource "*"; when "Bool" "aws:a" "true"; when "Bool" "aws:a" "false" }"#,
        r#"{ "Effect": "Deny", "Action": "iam:*", "Resource": "*",
             "Condition": { "Bool": { "aws:a": "true", "aws:a": "false" } } }"#,
        "duplicate key `aws:a` in one",
        ["\"aws:a\"", "\"aws:a\""],
    ),
];

#[test]
fn both_notations_have_the_same_mistakes_each_in_its_place() {
    for (kdl, json, message, [in_block, in_file]) in MISTAKES {
        let (kdl, json) = (in_kdl(kdl), in_json(json));
        assert_eq!(kdl.codes(), json.codes(), "{message}");
        for (checked, at) in [(kdl, in_block), (json, in_file)] {
            let [(found, place)] = checked.placed_messages().try_into().unwrap();
            assert!(found.starts_with(message), "{found}");
            assert_eq!(place, at, "{message}");
        }
    }
}

#[test]
fn what_the_language_has_reported_is_not_reported_by_the_validator_too() {
    for (block, code) in [
        (r#"allow s3 { resource "*" }"#, Code::UnquotedValue),
        (r#"allow "s3:Get*" { resource 12 }"#, Code::UnquotedValue),
        (r#"allow { resource "arn:a" }"#, Code::MissingArgument),
        (r#"allow "s3:Get*" { when "Bool" "aws:a" "true" }"#, Code::MissingChild),
        (r#"allow "s3:Get*" { resource "arn:a"; when "Bool" "aws:a" }"#, Code::MissingArgument),
        (r#"allow "s3:Get*" { resource "arn:a"; when "Bool" "aws:a" true }"#, Code::UnquotedValue),
        (r#"permit "s3:Get*" { resource "arn:a" }"#, Code::UnknownNode),
    ] {
        assert_eq!(in_kdl(block).codes(), [code], "{block}");
    }
}
