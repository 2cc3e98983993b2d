//! Whatever the text, the parser ends, does not panic, and points at places that exist.

use miette::{GraphicalReportHandler, GraphicalTheme};
use proptest::prelude::*;
use rolecall_model::{Config, Diagnostic};
use rolecall_parser::{MemoryFiles, Project, load, render};

/// A project that says a little of everything.
const WHOLE: &str = r##"rolecall language=1 stack="acme"
identity-center region="eu-west-1" instance="ssoins-7223abcd1234ef56"
group "payments-devs" display-name="AWS Payments Developers" // a comment
group "auditors" id="4f6c1d2e-0000-4000-8000-000000000001"
/* a longer /* comment */ */
accounts "production" {
    ou "Workloads/Prod"; account "legacy-billing" "111122223333"
    only { tag "domain" "payments" "search" }
    except { name "sandbox-*" }
}
permission-set "Deploy" {
    description """
        Ship
        payments
        """
    session "1h30m"
    customer-policy "deploy-base" path="/platform/"
    inline-policy {
        allow "s3:GetObject" sid="Read" {
            resource #"arn:aws:s3:::deploy-${aws:username}/*"#
            when "StringEquals" "aws:PrincipalTag/team" "payments"
        }
    }
}
permission-set "NetworkAdmin" { adopt; }
permission-set "Looking" { renamed-from "ReadOnly"; }
external-permission-set "AWSReadOnlyAccess"
release-permission-set "AWSReadOnlyAccess"
assign "Deploy" "AWSReadOnlyAccess" {
    to "payments-devs" "auditors"
    on "production"
    on { account "payments-test" }
    until "2027-01-31"
}
keep "NetworkAdmin" { to "auditors"; to-user "jane@acme.com"; until "2027-03-31"; on { account "shared-services" }; }
attributes { attribute "costCenter" source="${path:enterprise.costCenter}"; }
entra tenant="acme.onmicrosoft.com" {
    application "AWS IAM Identity Center" {
        create; assign-groups
        unassign-group "old-team" "older-team"
        provisioning scim-token-expires="2027-06-01"
        require-mfa "AWS needs MFA" strength="passwordless" state="enabled" { except-to "auditors"; }
    }
}
guard {
    max-deletions 25 percent=30
    max-grants 200
    protect "BreakGlass" "Deploy"
    forbid "deploy is non-prod" { permission-set "Deploy"; on "production"; except-to-user "bg-01@acme.com"; }
    require-until within-days=30 { grants-policy "AdministratorAccess"; except-to "auditors"; }
}
guard {
    max-deletions 100 percent=20
    exception "deploy is non-prod" { to "payments-devs"; until "2027-02-01"; reason "migration, SEC-77"; }
}
lint "direct-user" level="deny"
lint "unused-group" level="allow" { reason "declared by another team"; }
"##;

/// A template and its uses, beside [`WHOLE`].
const TEMPLATES: &str = r##"template "team" {
    parameter "domain" kind="text"
    parameter "devs" kind="group"
    parameter "where" kind="accounts" empty="allowed"
    assign "Deploy" { to (param)"devs"; on { ou "Workloads/Test"; only { tag "domain" (param)"domain" } } }
    assign "Deploy" { to (param) "devs" "auditors"; on (param)#"where"#; reason "x" }
}
use "team" { domain "payments" "search"; devs "payments-devs" }
use "team" { domain "payments"; devs "payments-devs"; where { ou "a"; except { name "b" } } }
"##;

fn project(text: &str) -> Project {
    load(&[("rolecall.kdl", text)].into_iter().collect::<MemoryFiles>(), "rolecall.kdl")
}

/// Loads and renders a text, and checks what holds for any.
fn holds(text: &str) {
    let project = project(text);
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(80);
    for diagnostic in &project.diagnostics {
        let suggested = diagnostic.suggestion.iter().map(|suggestion| suggestion.place);
        let labels = diagnostic.primary.iter().chain(&diagnostic.secondary).map(|label| label.place);
        for place in labels.chain(suggested) {
            let text = &project.sources.get(place.file).text;
            assert!(text.get(place.range()).is_some(), "{place:?} in {text:?}: {diagnostic:?}");
        }
        let mut out = String::new();
        handler.render_report(&mut out, &render::report(diagnostic, &project.sources)).unwrap();
        assert!(!out.contains(['\u{202E}', '\u{1B}']), "{out}");
    }
    assert_eq!(project.config.is_none(), project.diagnostics.iter().any(Diagnostic::is_error));
}

#[test]
fn the_whole_project_has_no_mistake() {
    assert_eq!(project(WHOLE).diagnostics, []);
    assert_eq!(project(&format!("{WHOLE}{TEMPLATES}")).diagnostics, []);
}

#[test]
fn nesting_up_to_the_limit_fits_the_stack_of_a_worker() {
    for depth in [31, 32, 33, 10_000] {
        holds(&format!("guard {}{}", "{ a ".repeat(depth), "}".repeat(depth)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_its_end(text in any::<String>()) {
        holds(&text);
    }

    #[test]
    fn any_heap_of_tokens_is_read_to_its_end(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "\"", "\"\"\"", "#", "#\"", "\"#", "/-", "//", "/*", "*/", "\\", "\n", "\r\n", " ", ";", "=",
                "(", ")", "[", "assign", "to", "on", "group", "keep", "guard", "forbid", "exception", "until", "lint", "adopt",
                "renamed-from", "protect", "attributes", "attribute", "source", "to-undeclared", "release-permission-set",
                "entra", "application", "create", "saml", "require-mfa", "state", "\"enabled\"", "except-to",
                 "accounts", "tag", "\"a\"", "\"Deploy\"", "a", "12", "-",
                "#true", "\\u{41}", "\u{202E}", "é", "\u{FEFF}", "\t", "only", "permission-set", "\u{0}",
                "(param)", "template", "parameter", "use", "\"group\"", "kind",
            ]),
            0..60,
        )
    ) {
        holds(&parts.concat());
        holds(&parts.join(" "));
    }

    #[test]
    fn a_whole_project_with_a_piece_cut_or_put_in_is_read_to_its_end(
        from in 0..WHOLE.len() + TEMPLATES.len(), length in 0..40_usize, put in "[{}\"#/\\-=; \na-z]{0,4}"
    ) {
        // The text is ASCII, so every offset is a boundary.
        let mut text = format!("{WHOLE}{TEMPLATES}");
        text.replace_range(from..(from + length).min(text.len()), &put);
        holds(&text);
    }

    #[test]
    fn the_order_of_nodes_and_files_never_matters(
        order in Just((3..WHOLE_NODES).collect::<Vec<usize>>()).prop_shuffle(), files in 1..4_usize
    ) {
        let nodes = split(WHOLE);
        prop_assert_eq!(nodes.len(), WHOLE_NODES);
        let head = format!("{}\n{}\ninclude \"parts/*.kdl\"\n{}\n", nodes[0], nodes[1], nodes[2]);
        let mut shuffled = MemoryFiles::default();
        shuffled.0.insert("rolecall.kdl".to_owned(), head);
        for (nth, node) in order.into_iter().enumerate() {
            let part = shuffled.0.entry(format!("parts/{}.kdl", nth % files)).or_default();
            part.push_str(nodes[node]);
            part.push('\n');
        }
        let mut config: Option<Config> = load(&shuffled, "rolecall.kdl").config;
        // How the files are divided is all that differs.
        config.iter_mut().for_each(|config| config.includes.clear());
        prop_assert_eq!(config, project(WHOLE).config);
    }
}

const WHOLE_NODES: usize = 18;

/// The top-level nodes of [`WHOLE`], each of which begins a line.
fn split(text: &str) -> Vec<&str> {
    let starts: Vec<usize> = text
        .match_indices('\n')
        .map(|(at, _)| at + 1)
        .chain([0])
        .filter(|start| text[*start..].starts_with(|c: char| c.is_ascii_lowercase()))
        .collect();
    let mut starts: Vec<usize> =
        starts.into_iter().filter(|start| !text[*start..].starts_with('}')).collect();
    starts.sort_unstable();
    let ends = starts.iter().copied().skip(1).chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| &text[start..end]).collect()
}
