//! What a project means once it is read.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{AccountRef, KeptPrincipals, On, Selector, UnitRef};
use rolecall_model::permission_set::{Boundary, CustomerPolicy};
use rolecall_model::{Code, Config};
use rolecall_parser::{DiskFiles, MAX_FILE_BYTES, MemoryFiles, load};
use serde_json::json;

use crate::case::{Checked, HEAD, check, check_files, groups, permission_sets, user_names};

fn config(text: &str) -> Config {
    check(text).config()
}

fn codes(files: &MemoryFiles) -> Vec<Code> {
    Checked(load(files, "rolecall.kdl")).codes()
}

#[test]
fn a_selection_keeps_what_each_line_says() {
    let config = config(
        r#"
        accounts "b" {
            ou "Workloads/Prod" empty="allowed"
            ou "ou-a1b2-34567890" depth="direct"
            account "legacy-billing" "000022223333"
            only { tag "domain" "search" "payments" }
            only { name "prod-*" }
            except { accounts "a"; name "sandbox-*"; account "x" }
        }
        accounts "a" { every-member-account }
        "#,
    );
    let set = &config.account_sets[1];
    assert_eq!(set.name, "b");
    let [prod, direct, named] = set.selection.lines.as_slice() else { panic!() };
    let path = UnitRef::Path(vec!["Workloads".to_owned(), "Prod".to_owned()]);
    assert_eq!(prod.selector, Selector::Unit { unit: path, direct: false });
    assert!(prod.may_be_empty && !direct.may_be_empty);
    let id = UnitRef::Id("ou-a1b2-34567890".parse().unwrap());
    assert_eq!(direct.selector, Selector::Unit { unit: id, direct: true });
    let refs =
        [AccountRef::Name("legacy-billing".to_owned()), AccountRef::Id("000022223333".parse().unwrap())];
    let Selector::Account(accounts) = &named.selector else { panic!("{named:?}") };
    assert_eq!(accounts.iter().map(|(account, _)| account.clone()).collect::<Vec<_>>(), refs);
    assert_eq!(set.selection.only.len(), 2);
    let values = BTreeSet::from(["payments".to_owned(), "search".to_owned()]);
    assert_eq!(set.selection.only[0].lines[0].selector, Selector::Tag { key: "domain".to_owned(), values });
    assert_eq!(set.selection.except[0].lines.len(), 3);
    let Selector::Accounts(sets) = &set.selection.except[0].lines[0].selector else { panic!("{set:?}") };
    assert_eq!(sets.iter().map(|set| set.position()).collect::<Vec<_>>(), [0]);
}

#[test]
fn a_permission_set_keeps_all_its_attributes() {
    let policy = "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"s3:*\", \"Resource\": \"*\"}}";
    let config = check_files(&[
        (
            "rolecall.kdl",
            format!(
                r#"{HEAD}
                permission-set "Deploy" {{
                    description "Ship payments services"
                    session "1h30m"
                    relay-state "https://console.aws.amazon.com/ecs"
                    managed-policy "ReadOnlyAccess" "job-function/SupportUser"
                    customer-policy "deploy-base" path="/platform/"
                    customer-policy "plain"
                    boundary {{ managed-policy "PowerUserAccess" }}
                    inline-policy file="policies/deploy.json"
                    tag "owner" "payments"
                    tag "empty" ""
                }}
                "#
            ),
        ),
        ("policies/deploy.json", policy.to_owned()),
    ])
    .config();
    let set = &config.permission_sets[0].permission_set;
    assert_eq!(set.description.as_deref(), Some("Ship payments services"));
    assert_eq!(set.session.to_string(), "1h30m");
    assert_eq!(set.relay_state.as_deref(), Some("https://console.aws.amazon.com/ecs"));
    let arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/SupportUser"];
    assert_eq!(set.managed_policies, arns.map(str::to_owned).into_iter().collect());
    let customer = |name: &str, path: &str| CustomerPolicy { name: name.to_owned(), path: path.to_owned() };
    assert_eq!(
        set.customer_policies,
        BTreeSet::from([customer("deploy-base", "/platform/"), customer("plain", "/")])
    );
    assert_eq!(
        set.boundary,
        Some(Boundary::ManagedPolicy("arn:aws:iam::aws:policy/PowerUserAccess".to_owned()))
    );
    assert_eq!(set.inline_policy.as_ref().unwrap().canonical()["Statement"][0]["Action"], json!(["s3:*"]));
    let tags = [("owner", "payments"), ("empty", "")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(set.tags, BTreeMap::from(tags));
}

#[test]
fn a_policy_in_kdl_is_the_json_that_it_looks_like() {
    let config = config(
        r#"
        permission-set "Deploy" {
            inline-policy {
                allow "s3:GetObject" "s3:ListBucket" sid="Read" {
                    resource "arn:aws:s3:::deploy-${aws:username}/*"
                    when "StringEquals" "aws:PrincipalTag/team" "payments" "search"
                    when "StringEquals" "aws:RequestedRegion" "eu-west-1"
                    when "Bool" "aws:SecureTransport" "true"
                }
                deny "iam:*" { resource "*" }
            }
        }
        "#,
    );
    let policy = config.permission_sets[0].permission_set.inline_policy.as_ref().unwrap();
    let written: serde_json::Value = serde_json::from_str(policy.as_json()).unwrap();
    assert_eq!(
        written,
        json!({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "Read",
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:ListBucket"],
                    "Resource": ["arn:aws:s3:::deploy-${aws:username}/*"],
                    "Condition": {
                        "StringEquals": {
                            "aws:PrincipalTag/team": ["payments", "search"],
                            "aws:RequestedRegion": ["eu-west-1"],
                        },
                        "Bool": { "aws:SecureTransport": ["true"] },
                    },
                },
                { "Effect": "Deny", "Action": ["iam:*"], "Resource": ["*"] },
            ],
        })
    );
}

#[test]
fn managed_policies_have_the_partition_of_the_region() {
    for (region, partition) in
        [("eu-west-1", "aws"), ("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")]
    {
        // The Region comes last, for order never matters.
        let text = format!(
            "rolecall language=1 stack=\"acme\"\npermission-set \"A\" {{ managed-policy \"ReadOnlyAccess\" }}\n\
             identity-center region=\"{region}\"\n"
        );
        let config = check_files(&[("rolecall.kdl", text)]).config();
        let policies = &config.permission_sets[0].permission_set.managed_policies;
        assert_eq!(policies.first().unwrap(), &format!("arn:{partition}:iam::aws:policy/ReadOnlyAccess"));
    }
}

#[test]
fn an_assignment_refers_to_what_is_declared_anywhere() {
    let config = check_files(&[
        ("rolecall.kdl", format!("{HEAD}include \"*/*.kdl\"\n")),
        (
            "teams/payments.kdl",
            "assign \"Deploy\" \"AWSReadOnlyAccess\" {\n to \"b\" \"a\"\n to-user \"jane@acme.com\"\n on \"prod\"\n \
             on { ou \"Test\" }\n until \"2027-01-31\"\n reason \"INC-4821\"\n}"
                .to_owned(),
        ),
        (
            "base/all.kdl",
            "group \"b\"\ngroup \"a\"\naccounts \"prod\" { ou \"Prod\" }\npermission-set \"Deploy\"\n\
             external-permission-set \"AWSReadOnlyAccess\""
                .to_owned(),
        ),
    ]).config();
    let rule = &config.assignments[0];
    assert_eq!(config[rule.groups[0]].label, "a");
    assert_eq!(rule.groups, groups(&config));
    let sets = permission_sets(&config);
    assert_eq!(rule.permission_sets, sets);
    assert_eq!(config.permission_set_name(sets[1]).as_str(), "AWSReadOnlyAccess");
    assert_eq!(rule.users[0].name.as_str(), "jane@acme.com");
    assert!(matches!(rule.on.as_slice(), [On::Set(set, _), On::Selection(_, _)] if set.position() == 0));
    assert_eq!(rule.until.unwrap().date, "2027-01-31".parse().unwrap());
    assert_eq!(rule.reason.as_deref(), Some("INC-4821"));
}

#[test]
fn lifecycle_words_are_kept_with_the_sets_that_they_are_about() {
    let config = config(
        r#"
        permission-set "Adopted" { adopt }
        permission-set "New" { renamed-from "Old" }
        permission-set "Plain"
        release-permission-set "Handed"
        release-permission-set "Gone"
        external-permission-set "Handed"
        "#,
    );
    let said: Vec<(&str, bool, Option<&str>)> = config
        .permission_sets
        .iter()
        .map(|set| {
            let old = set.renamed_from.as_ref().map(|renamed| renamed.name.as_str());
            (set.permission_set.name.as_str(), set.adopt.is_some(), old)
        })
        .collect();
    assert_eq!(said, [("Adopted", true, None), ("New", false, Some("Old")), ("Plain", false, None)]);
    let released: Vec<&str> = config.releases.iter().map(|release| release.name.as_str()).collect();
    assert_eq!(released, ["Gone", "Handed"]);
    assert_eq!(config.external_permission_sets[0].name.as_str(), "Handed");
}

#[test]
fn a_keep_holds_each_part_that_is_given_and_no_other() {
    let config = config(
        r#"
        group "a"
        group "b"
        accounts "prod" { ou "Prod" }
        permission-set "Deploy"
        external-permission-set "Audit"
        keep "Deploy" "Audit" {
            to "b" "a"
            to-user "jane@acme.com"
            on "prod"
            on { account "shared-services" }
            until "2027-03-31"
            reason "ITSM"
        }
        keep { to-undeclared }
        keep "Deploy"
        keep { on "prod" }
        "#,
    );
    let [whole, undeclared, of_a_set, on_accounts] = config.keeps.as_slice() else { panic!() };
    let sets = permission_sets(&config);
    let deploy = sets[0];
    assert_eq!(whole.permission_sets, sets);
    let KeptPrincipals::These { groups: kept, users } = &whole.principals else { panic!("{whole:?}") };
    assert_eq!((kept, user_names(users)), (&groups(&config), vec!["jane@acme.com"]));
    assert!(matches!(whole.on.as_slice(), [On::Set(set, _), On::Selection(_, _)] if set.position() == 0));
    assert_eq!(whole.until.unwrap().date, "2027-03-31".parse().unwrap());
    assert_eq!(whole.reason.as_deref(), Some("ITSM"));
    assert_eq!(undeclared.principals, KeptPrincipals::Undeclared);
    assert!(undeclared.permission_sets.is_empty() && undeclared.on.is_empty() && undeclared.until.is_none());
    assert_eq!(
        (&of_a_set.principals, of_a_set.permission_sets.as_slice()),
        (&KeptPrincipals::Anyone, &[deploy][..])
    );
    assert_eq!((&on_accounts.principals, on_accounts.on.len()), (&KeptPrincipals::Anyone, 1));
}

#[test]
fn a_keep_in_a_template_never_keeps_more_than_its_use_says() {
    let keeps = |uses: &str| {
        let text = format!(
            r#"
            group "a"
            accounts "b" {{ ou "Prod" }}
            permission-set "Deploy"
            template "vendor" {{
                parameter "who" kind="group" empty="allowed"
                parameter "where" kind="accounts" empty="allowed"
                parameter "sets" kind="permission-set" empty="allowed"
                keep (param)"sets" {{ to (param)"who"; on (param)"where" }}
            }}
            guard {{ forbid "a on b" {{ to "a"; on "b" }} }}
            use "vendor" {{ {uses} }}
            "#
        );
        let config = config(&text);
        let groups = KeptPrincipals::These { groups: groups(&config), users: Vec::new() };
        (config.keeps, groups)
    };
    let (keeps_one, groups) = keeps("who \"a\"; where \"b\"; sets \"Deploy\"");
    let [keep] = keeps_one.try_into().unwrap();
    assert_eq!((keep.principals, keep.on.len(), keep.permission_sets.len()), (groups, 1, 1));
    for less in ["where \"b\"; sets \"Deploy\"", "who \"a\"; sets \"Deploy\"", "who \"a\"; where \"b\""] {
        assert_eq!(keeps(less).0, [], "{less}");
    }
}

#[test]
fn attributes_are_there_only_where_the_files_speak_of_them() {
    assert_eq!(config("").attributes, None);
    let text = r#"attributes {
        attribute "team name" source="${path:name.\"x\"[0]}"
        attribute "costCenter" source="${path:enterprise.costCenter}"
    }"#;
    let attributes = config(text).attributes.unwrap().attributes;
    let expected = [("costCenter", "${path:enterprise.costCenter}"), ("team name", "${path:name.\"x\"[0]}")];
    assert_eq!(attributes, expected.map(|(key, source)| (key.to_owned(), source.to_owned())).into());
}

#[test]
fn attributes_keep_to_the_limits_of_aws() {
    let attributes = |count: usize, key: &str, source: &str| {
        let others: String = (1..count).map(|nth| format!("attribute \"{nth}\" source=\"a\"\n")).collect();
        let text = format!("{HEAD}attributes {{\n{others}attribute \"{key}\" source=\"{source}\"\n}}");
        codes(&[("rolecall.kdl", text)].into_iter().collect())
    };
    assert_eq!(attributes(50, &"k".repeat(128), &"s".repeat(256)), []);
    for (count, key, source) in [(51, 1, 1), (1, 129, 1), (1, 1, 257)] {
        assert_eq!(attributes(count, &"k".repeat(key), &"s".repeat(source)), [Code::LimitExceeded]);
    }
    assert_eq!(attributes(1, "a$b", "s"), [Code::LimitExceeded]);
    assert_eq!(attributes(1, "é_.:/=+-@ 1", "é_.:/=+-@ 1[]{}$"), []);
}

#[test]
fn what_an_unreadable_declaration_declares_is_not_unknown() {
    let uses = "assign \"Deploy\" { to \"devs\"; on \"prod\" }\n";
    for broken in [
        "group \"devs\" [\npermission-set \"Deploy\"\naccounts \"prod\" { ou \"P\" }\n",
        "group \"devs\"\npermission-set \"Deploy\" {\n    session \"1h\"\naccounts \"prod\" { ou \"P\" }\n",
        "grup \"devs\"\npermission-set \"Deploy\"\naccounts \"prod\" { ou \"P\" }\n",
        "group devs\npermission-set \"Deploy\"\naccounts \"prod\" { ou \"P\" }\n",
        "group \"devs\"\npermission-set \"Deploy\"\n/-accounts \"prod\" { ou \"P\" }\n",
        "group \"devs\"\npermission-set \"Deploy\"\naccounts \"prod\" { ou \"P }\n",
        "group \"devs\"\npermission-set \"Deploy\" { description \"\"\"\n   a\n  b\n   \"\"\" }\naccounts \"prod\" { ou \"P\" }\n",
    ] {
        let files: MemoryFiles = [("rolecall.kdl", format!("{HEAD}{uses}{broken}"))].into_iter().collect();
        assert_eq!(codes(&files).len(), 1, "{broken}: {:?}", codes(&files));
    }
}

#[test]
fn a_renamed_folder_is_one_mistake() {
    let files: MemoryFiles = [
        ("rolecall.kdl", format!("{HEAD}include \"teams/*.kdl\" \"groups.kdl\"\n")),
        ("groups.kdl", "group \"devs\"".to_owned()),
        ("team/base.kdl", "permission-set \"Deploy\"\naccounts \"prod\" { ou \"P\" }".to_owned()),
        ("team/payments.kdl", "assign \"Deploy\" { to \"devs\"; on \"prod\" }".to_owned()),
    ]
    .into_iter()
    .collect();
    assert_eq!(codes(&files), [Code::IncludeMatchesNothing]);
}

#[test]
fn limits_of_several_includes_all_hold() {
    let files: MemoryFiles = [
        (
            "rolecall.kdl",
            format!(
                "{HEAD}include \"teams/*.kdl\" {{ may-contain \"group\" \"guard\" }}\n\
                 include \"**/a.kdl\" {{ may-contain \"group\" \"assign\" }}\n"
            ),
        ),
        ("teams/a.kdl", "group \"a\"\nguard { max-deletions 1 }".to_owned()),
        ("teams/b.kdl", "group \"b\"\nguard { max-deletions 2 }".to_owned()),
    ]
    .into_iter()
    .collect();
    assert_eq!(codes(&files), [Code::MayNotContain]);
}

#[test]
fn files_that_cannot_be_read_are_told_with_their_places() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(root.path().join(name), bytes).unwrap();
    write(
        "rolecall.kdl",
        format!("{HEAD}include \"*.kdl\"\nassign \"Deploy\" {{ to \"devs\"; on \"prod\" }}\n").as_bytes(),
    );
    write("latin.kdl", b"group \"devs\"\n// Z\xFCrich\npermission-set \"Deploy\"\n");
    std::fs::File::create(root.path().join("large.kdl")).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
    std::fs::create_dir(root.path().join("folder.kdl")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", root.path().join("link.kdl")).unwrap();

    let project = load(&DiskFiles::new(root.path().to_owned()), "rolecall.kdl");
    let found: Vec<(Code, &str)> = project
        .diagnostics
        .iter()
        .map(|found| (found.code, found.primary.as_ref().unwrap().text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (Code::FileTooLarge, "`large.kdl` is included here"),
            #[cfg(unix)]
            (Code::IncludeOutsideProject, "this leads out of the project directory"),
            (Code::NotUtf8, "byte 18 of the file is not UTF-8"),
        ]
    );
    assert!(project.config.is_none());
}

#[test]
fn all_mistakes_of_all_files_come_in_one_run_and_none_twice() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let project = load(&DiskFiles::new(folder), "rolecall.kdl");
    let lines: Vec<String> = project
        .diagnostics
        .iter()
        .map(|found| {
            let place = found.primary.as_ref().map(|label| project.sources.file_and_line(label.place));
            format!("{} {}: {}", found.code, place.unwrap_or_default(), found.message)
        })
        .collect();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("all-mistakes", lines.join("\n"));
    });
}

#[test]
fn each_account_of_a_line_has_its_own_place() {
    let text = format!("{HEAD}accounts \"b\" {{ account \"legacy-billing\" \"000022223333\" }}\n");
    let project =
        load(&[("rolecall.kdl", text.clone())].into_iter().collect::<MemoryFiles>(), "rolecall.kdl");
    let set = &project.config.unwrap().account_sets[0];
    let Selector::Account(accounts) = &set.selection.lines[0].selector else { panic!("{set:?}") };
    let written = |origin| &text[project.origins.place(origin).range()];
    let places: Vec<&str> = accounts.iter().map(|(_, origin)| written(*origin)).collect();
    assert_eq!(places, ["\"legacy-billing\"", "\"000022223333\""]);
}

#[test]
fn what_a_limit_refuses_in_the_only_place_is_not_missing_too() {
    let files: MemoryFiles = [
        (
            "rolecall.kdl",
            "rolecall language=1 stack=\"acme\"\ninclude \"team.kdl\" { may-contain \"group\" }\n".to_owned(),
        ),
        ("team.kdl", "identity-center region=\"eu-west-1\"\n".to_owned()),
    ]
    .into_iter()
    .collect();
    assert_eq!(codes(&files), [Code::MayNotContain]);
}

#[test]
fn a_word_of_the_block_is_a_value_where_a_value_is_needed() {
    let head = format!("{HEAD}group \"on\"\npermission-set \"Deploy\"\n");
    let assign = |to: &str| {
        let text = format!(
            "{head}assign \"Deploy\" {{ to {to} }}\nassign \"Deploy\" {{ to \"on\"; on {{ name \"*\" }} }}\n"
        );
        codes(&[("rolecall.kdl", text)].into_iter().collect())
    };
    assert_eq!(assign("on; on { name \"*\" }"), [Code::UnquotedValue]);
    assert_eq!(assign("\"on\" on { name \"*\" }"), [Code::Syntax]);
    assert_eq!(assign("\"on\" /* … */on { name \"*\" }"), [Code::Syntax]);
    assert_eq!(assign("\"on\" \\\n  on { name \"*\" }"), [Code::Syntax]);
}

/// Notepad and PowerShell write it. Its names are declared all the same, and nothing is missing.
#[test]
fn a_file_in_utf_16_is_one_mistake() {
    let text = format!("{HEAD}include \"team.kdl\"\npermission-set \"Deploy\"\n");
    let encoded = |text: &str, unit: fn(u16) -> [u8; 2]| {
        let marked = format!("\u{FEFF}{text}");
        marked.encode_utf16().flat_map(unit).collect::<Vec<u8>>()
    };
    let assign = "group \"devs\"\nassign \"Deploy\" { to \"devs\"; on { every-member-account } }\n";
    for unit in [u16::to_le_bytes, u16::to_be_bytes] {
        for (project, team) in [
            (encoded(&text, unit), assign.as_bytes().to_vec()),
            (
                format!("{text}{}", assign.replace("group \"devs\"\n", "")).into_bytes(),
                encoded("group \"devs\"", unit),
            ),
        ] {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join("rolecall.kdl"), project).unwrap();
            std::fs::write(directory.path().join("team.kdl"), team).unwrap();
            let files = DiskFiles::new(directory.path().to_owned());
            let found = load(&files, "rolecall.kdl").diagnostics;
            let said: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
            assert!(matches!(said.as_slice(), [one] if one.ends_with("kdl` is UTF-16")), "{said:?}");
        }
    }
}
