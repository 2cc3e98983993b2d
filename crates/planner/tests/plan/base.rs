//! Each file of `base/` holds the files of a base, a line `---`, those of its pull request, a line `---`, and a world;
//! its snapshot shows the plan as text.

use rolecall_model::Snapshot;
use rolecall_parser::Project;
use rolecall_planner::base::{Effect, Extent, OtherBase, Subject};
use rolecall_planner::render::{json, markdown, text};
use rolecall_planner::{BaseComparison, Inputs, Plan, compare_with_base};

use crate::cases::{HEAD, plan_of, project, settings};
use crate::world::world;

fn inputs<'a>(project: &'a Project, snapshot: &'a Snapshot) -> Inputs<'a> {
    let Project { config, sources, origins, .. } = project;
    Inputs { config: config.as_ref().unwrap(), sources, origins, snapshot, guards: None }
}

pub(crate) fn compared(head: &Project, base: &Project, snapshot: &Snapshot) -> BaseComparison {
    compare_with_base(&inputs(head, snapshot), &inputs(base, snapshot), settings().today).unwrap()
}

/// The project and its plan, compared with the base.
fn planned(case: &str) -> (Project, Plan) {
    let [base, head, world_text] = case.split("\n---\n").collect::<Vec<_>>()[..] else {
        panic!("a case has two lines of three hyphens");
    };
    let (base, head) = (project(&format!("{HEAD}{base}")), project(&format!("{HEAD}{head}")));
    let snapshot = world(world_text);
    let mut plan = plan_of(&head, &snapshot).unwrap_or_else(|found| panic!("{found:#?}"));
    plan.set_base(compared(&head, &base, &snapshot));
    (head, plan)
}

fn rendered(case: &str, detail: text::Detail) -> String {
    text::render(&planned(case).1, text::Style { detail, color: false })
}

#[test]
fn cases() {
    insta::glob!("base/*.txt", |path| {
        let case = std::fs::read_to_string(path).unwrap();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("base", rendered(&case, text::Detail::Changed));
        });
    });
}

const ROWS_AND_ENDS: &str = include_str!("base/rows-and-ends.txt");

#[test]
fn every_form_holds_the_comparison() {
    let (head, plan) = planned(ROWS_AND_ENDS);
    insta::assert_snapshot!("base_full", rendered(ROWS_AND_ENDS, text::Detail::Full));
    insta::assert_snapshot!("base_summary", rendered(ROWS_AND_ENDS, text::Detail::Summary));
    insta::assert_snapshot!("base_markdown", markdown::render(&plan, &head.sources, text::Detail::Changed));
    let document = json::document(&plan, &head.sources);
    insta::assert_snapshot!("base_json", serde_json::to_string_pretty(&document.base).unwrap());
}

#[test]
fn the_digest_does_not_cover_the_comparison() {
    let (head, plan) = planned(ROWS_AND_ENDS);
    let world_text = ROWS_AND_ENDS.rsplit("\n---\n").next().unwrap();
    assert_eq!(plan.digest, plan_of(&head, &world(world_text)).unwrap().digest);
}

const SMALL: &str = r#"
group "devs"
permission-set "Deploy" { managed-policy "ReadOnlyAccess" }
assign "Deploy" { to "devs"; on { account "one" "two" }; until "2027-01-31" }
"#;
const SMALL_WORLD: &str = "account one 111111111111 /\naccount two 111111111112 /\ngroup devs\ngroup ops\n";

#[test]
fn what_only_moved_or_is_written_otherwise_is_no_difference() {
    let moved = r#"
// A comment moves every line.
accounts "both" { account "two"; account "111111111111" }
assign "Deploy" { to "devs"; on { account "one" }; until "2027-01-31"; reason "another reason" }
assign "Deploy" { to "devs"; on "both"; until "2027-01-31" }
permission-set "Deploy" { managed-policy "ReadOnlyAccess" }
group "devs"
"#;
    let (base, head) = (project(&format!("{HEAD}{SMALL}")), project(&format!("{HEAD}{moved}")));
    let found = compared(&head, &base, &world(SMALL_WORLD));
    assert_eq!(found, BaseComparison { extent: Extent::Whole, lines: vec![], differences: vec![] });
}

#[test]
fn a_base_that_does_not_fit_the_live_state_is_compared_without_rows() {
    let base = SMALL.replace("group \"devs\"", "group \"devs\"\ngroup \"gone\"");
    let head = SMALL.replace("2027-01-31", "2027-03-31");
    let (base, head) = (project(&format!("{HEAD}{base}")), project(&format!("{HEAD}{head}")));
    let found = compared(&head, &base, &world(SMALL_WORLD));
    let Extent::WithoutRows { reasons } = &found.extent else { panic!("{found:#?}") };
    assert_eq!(
        *reasons,
        ["no group named `gone` is in the Identity Store (rolecall.kdl:5 of the base)"],
        "{found:#?}"
    );
    assert!(found.finding().is_some_and(|one| !one.is_error() && one.message.contains("`gone`")));
    // Ends are compared as they are written.
    let [end] = &found.differences[..] else { panic!("{found:#?}") };
    assert_eq!((end.subject, end.effect), (Subject::End, Effect::Loosens));
    assert!(end.message.contains("2027-03-31 (2027-01-31 before)"), "{found:#?}");
}

#[test]
fn users_whom_only_the_base_names_lose_their_rows() {
    // A live reading looks up the users whom the files of the plan name, and no others.
    let base = SMALL.replace("to \"devs\";", "to \"devs\"; to-user \"jane@acme.com\";");
    let (base, head) = (project(&format!("{HEAD}{base}")), project(&format!("{HEAD}{SMALL}")));
    let found = compared(&head, &base, &world(SMALL_WORLD));
    assert_eq!(found.extent, Extent::Whole);
    assert_eq!(found.row_counts(), (0, 2));
    let lost = &found.lines[0].lost[0].row;
    assert_eq!(lost.principal_name.to_string(), "user jane@acme.com");
}

#[test]
fn another_stack_or_instance_is_no_base() {
    let head = project(&format!("{HEAD}{SMALL}"));
    let snapshot = world(SMALL_WORLD);
    let refused = |from: &str, to: &str| {
        let base = project(&format!("{}{SMALL}", HEAD.replace(from, to)));
        compare_with_base(&inputs(&head, &snapshot), &inputs(&base, &snapshot), settings().today).unwrap_err()
    };
    assert!(matches!(refused("acme", "other"), OtherBase::Stack { .. }));
    assert!(matches!(refused("eu-west-1", "eu-central-1"), OtherBase::Region { .. }));
    let instance =
        refused("region=\"eu-west-1\"", "region=\"eu-west-1\" instance=\"ssoins-0000000000000000\"");
    assert!(matches!(instance, OtherBase::Instance { .. }));
}

/// The differences of a configuration that becomes another, and of the way back.
fn both_ways(before: &str, after: &str) -> [Vec<(Effect, Subject, String)>; 2] {
    let (one, other) = (project(&format!("{HEAD}{before}")), project(&format!("{HEAD}{after}")));
    let snapshot = world(SMALL_WORLD);
    let said = |found: BaseComparison| {
        let differences = found.differences.into_iter();
        differences.map(|one| (one.effect, one.subject, one.message)).collect()
    };
    [said(compared(&other, &one, &snapshot)), said(compared(&one, &other, &snapshot))]
}

/// Every difference of these pairs loosens, and each way back tightens.
#[test]
fn what_loosens_one_way_tightens_the_other() {
    let pairs = [
        ("guard { max-deletions 5 }", "guard { max-deletions 6 }"),
        ("guard { max-deletions 5 percent=10 }", "guard { max-deletions 5 percent=11 }"),
        ("guard { max-deletions 5 }", ""),
        ("guard { max-grants 5 }", "guard { max-grants 6 }"),
        ("guard { max-grants 5 }", ""),
        ("guard { protect \"Deploy\" }", ""),
        ("guard { forbid \"x\" { to \"devs\" } }", ""),
        (
            "guard { forbid \"x\" { to \"devs\" } }",
            "guard { forbid \"x\" { to \"devs\"; on { account \"one\" } } }",
        ),
        ("guard { forbid \"x\" { to \"devs\" \"ops\" } }", "guard { forbid \"x\" { to \"devs\" } }"),
        (
            "guard { forbid \"x\" { except-to \"ops\" } }",
            "guard { forbid \"x\" { except-to \"ops\" \"devs\" } }",
        ),
        (
            "guard { forbid \"x\" { on { account \"one\" \"two\" } } }",
            "guard { forbid \"x\" { on { account \"one\" } } }",
        ),
        (
            "accounts \"a\" { account \"one\" \"two\" }; guard { forbid \"x\" { on \"a\" } }",
            "accounts \"a\" { account \"one\" }; guard { forbid \"x\" { on \"a\" } }",
        ),
        (
            "guard { forbid \"x\" { to \"devs\" } }",
            "guard { forbid \"x\" { to \"devs\" }; exception \"x\" { until \"2027-02-01\"; reason \"r\" } }",
        ),
        (
            "guard { forbid \"x\" { to \"devs\" }; exception \"x\" { until \"2027-02-01\"; reason \"r\" } }",
            "guard { forbid \"x\" { to \"devs\" }; exception \"x\" { until \"2027-02-02\"; reason \"r\" } }",
        ),
        ("guard { require-until { to \"devs\" } }", ""),
        (
            "guard { require-until within-days=30 { to \"devs\" } }",
            "guard { require-until within-days=31 { to \"devs\" } }",
        ),
        ("guard { require-until within-days=30 { to \"devs\" } }", "guard { require-until { to \"devs\" } }"),
        (
            "guard { require-until { to \"devs\" } }",
            "guard { require-until { to \"devs\"; permission-set \"Deploy\" } }",
        ),
        ("lint \"direct-user\" level=\"deny\"", ""),
        ("lint \"direct-user\" level=\"deny\"", "lint \"direct-user\" level=\"allow\" { reason \"r\" }"),
        ("", "keep \"Deploy\" { reason \"r\" }"),
        (
            "keep \"Deploy\" { to \"devs\"; until \"2027-02-01\" }",
            "keep \"Deploy\" { to \"devs\"; until \"2027-02-02\" }",
        ),
        ("keep \"Deploy\" { to \"devs\"; until \"2027-02-01\" }", "keep \"Deploy\" { to \"devs\" }"),
        ("keep \"Deploy\" { to \"devs\" }", "keep { to \"devs\" }"),
    ];
    let declared = "group \"devs\"; group \"ops\"; permission-set \"Deploy\"\n";
    for (before, after) in pairs {
        let [there, back] = both_ways(&format!("{declared}{before}"), &format!("{declared}{after}"));
        let effects = |found: &[(Effect, Subject, String)]| found.iter().map(|one| one.0).collect::<Vec<_>>();
        assert_eq!(effects(&there), [Effect::Loosens], "{before} -> {after}: {there:?}");
        assert_eq!(effects(&back), [Effect::Tightens], "{after} -> {before}: {back:?}");
    }
}

#[test]
fn another_way_to_select_is_a_change_unless_it_is_seen_to_loosen() {
    let declared = "group \"devs\"; permission-set \"Deploy\"; accounts \"a\" { every-member-account }\n";
    let guard = |on: &str| format!("{declared}guard {{ forbid \"x\" {{ on {on} }} }}");
    let all = guard("{ every-member-account; except { name \"management\" } }");
    let effects = |before: &str, after: &str| {
        let [there, back] = both_ways(before, after);
        [there, back].map(|found| found.into_iter().map(|one| one.0).collect::<Vec<_>>())
    };
    // Today these are the same accounts; a new account is in the one and not in the other.
    let listed = guard("{ account \"one\" \"two\" }");
    assert_eq!(effects(&all, &listed), [[Effect::Changes], [Effect::Changes]]);
    assert_eq!(effects(&all, &guard("{ account \"one\" }")), [[Effect::Loosens], [Effect::Changes]]);
}

#[test]
fn a_changed_account_set_is_followed_to_the_guards_that_name_it() {
    let of = |accounts: &str, group: &str| {
        format!(
            "accounts \"inner\" {{ account {accounts} }}; accounts \"outer\" {{ accounts \"inner\" }}; group \"devs\"; \
             {group} guard {{ forbid \"x\" {{ on \"outer\" }} }}"
        )
    };
    let (wide, narrow) = (of("\"one\" \"two\"", ""), of("\"one\"", ""));
    let [found, _] = both_ways(&wide, &narrow);
    let [(Effect::Loosens, Subject::Guard, message)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(message, "forbid \"x\" stops fewer rows: on \"outer\", where an account set has changed");
    // Which way it goes cannot be known where the base does not fit the live state.
    let unfit = of("\"one\" \"two\"", "group \"gone\";");
    let [found, _] = both_ways(&unfit, &narrow);
    assert!(matches!(found[..], [(Effect::Changes, Subject::Guard, _)]), "{found:?}");
}
