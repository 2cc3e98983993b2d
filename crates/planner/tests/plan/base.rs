//! Each file of `base/` holds the files of a base, a line `---`, those of its pull request, a line `---`, and a world;
//! its snapshot shows the plan as text.

use rolecall_model::Snapshot;
use rolecall_parser::Project;
use rolecall_planner::document::{ExtentWord, PlanDocument};
use rolecall_planner::plan::comparison::{BaseComparison, Effect, Extent, Subject};
use rolecall_planner::render::{Detail, markdown, text};
use rolecall_planner::{Inputs, OtherBase, Plan, compare_with_base, settle_base};

use crate::case::{HEAD, checkout, plan_of, project, settings};
use crate::world::world;

fn inputs<'a>(project: &'a Project, snapshot: &'a Snapshot) -> Inputs<'a> {
    Inputs { files: checkout(project), snapshot, guards: None }
}

pub(crate) fn compared(head: &Project, base: &Project, snapshot: &Snapshot) -> BaseComparison {
    compare_with_base(&inputs(head, snapshot), &checkout(base), settings().today).unwrap()
}

/// The project and its plan, compared with the base.
fn planned(case: &str) -> (Project, Plan, BaseComparison) {
    let [base, head, world_text] = case.split("\n---\n").collect::<Vec<_>>()[..] else {
        panic!("a case has two lines of three hyphens");
    };
    let (base, head) = (project(&format!("{HEAD}{base}")), project(&format!("{HEAD}{head}")));
    let snapshot = world(world_text);
    let mut plan = plan_of(&head, &snapshot).unwrap_or_else(|found| panic!("{found:#?}"));
    let comparison = settle_base(compared(&head, &base, &snapshot), &plan, &snapshot);
    plan.findings.extend(comparison.finding());
    (head, plan, comparison)
}

fn rendered(case: &str, detail: Detail) -> String {
    let (_, plan, comparison) = planned(case);
    text::render(&plan, Some(&comparison), text::Style { detail, color: false })
}

#[test]
fn cases() {
    insta::glob!("base/*.txt", |path| {
        let case = std::fs::read_to_string(path).unwrap();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!("base", rendered(&case, Detail::Changed));
        });
    });
}

const ROWS_AND_ENDS: &str = include_str!("base/rows-and-ends.txt");

#[test]
fn every_format_contains_the_comparison() {
    let (head, plan, comparison) = planned(ROWS_AND_ENDS);
    insta::assert_snapshot!("base_full", rendered(ROWS_AND_ENDS, Detail::Full));
    insta::assert_snapshot!("base_summary", rendered(ROWS_AND_ENDS, Detail::Summary));
    insta::assert_snapshot!(
        "base_markdown",
        markdown::render(&plan, Some(&comparison), &head.sources, Detail::Changed)
    );
    let document = PlanDocument::new(&plan, Some(&comparison), &head.sources);
    insta::assert_snapshot!("base_json", serde_json::to_string_pretty(&document.base).unwrap());
}

#[test]
fn the_digest_does_not_cover_the_comparison() {
    let (head, plan, _) = planned(ROWS_AND_ENDS);
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
fn moved_or_rewritten_rules_are_not_differences() {
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
fn a_base_that_does_not_fit_the_live_state_is_compared_without_assignments() {
    let base = SMALL.replace("group \"devs\"", "group \"devs\"\ngroup \"gone\"");
    let head = SMALL.replace("2027-01-31", "2027-03-31");
    let (base, head) = (project(&format!("{HEAD}{base}")), project(&format!("{HEAD}{head}")));
    let found = compared(&head, &base, &world(SMALL_WORLD));
    let Extent::WithoutAssignments { reasons } = &found.extent else { panic!("{found:#?}") };
    assert_eq!(
        *reasons,
        ["no group in the Identity Store is named `gone` (rolecall.kdl:5 of the base)"],
        "{found:#?}"
    );
    assert!(found.finding().is_some_and(|one| !one.is_error() && one.message.contains("`gone`")));
    // Ends are compared as they are written.
    let [end] = &found.differences[..] else { panic!("{found:#?}") };
    assert_eq!((end.subject, end.effect), (Subject::End, Effect::Loosens));
    assert!(end.message.contains("2027-03-31 (2027-01-31 before)"), "{found:#?}");
}

#[test]
fn users_that_only_the_base_names_lose_their_assignments() {
    // A live reading looks up the users whom the files of the plan name, and no others.
    let base = SMALL.replace("to \"devs\";", "to \"devs\"; to-user \"jane@acme.com\";");
    let (base, head) = (project(&format!("{HEAD}{base}")), project(&format!("{HEAD}{SMALL}")));
    let found = compared(&head, &base, &world(SMALL_WORLD));
    assert_eq!(found.extent, Extent::Whole);
    assert_eq!(found.assignment_counts(), (0, 2));
    let lost = &found.lines[0].lost[0].assignment;
    assert_eq!(lost.principal_name.to_string(), "user jane@acme.com");
}

#[test]
fn another_stack_or_instance_cannot_be_the_base() {
    let head = project(&format!("{HEAD}{SMALL}"));
    let snapshot = world(SMALL_WORLD);
    let refused = |from: &str, to: &str| {
        let base = project(&format!("{}{SMALL}", HEAD.replace(from, to)));
        compare_with_base(&inputs(&head, &snapshot), &checkout(&base), settings().today).unwrap_err()
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
fn a_looser_difference_is_tighter_in_reverse() {
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
fn a_different_selection_is_a_change_unless_it_is_looser_today() {
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
fn a_changed_account_set_affects_the_guards_that_name_it() {
    let of = |accounts: &str, group: &str| {
        format!(
            "accounts \"inner\" {{ account {accounts} }}; accounts \"outer\" {{ accounts \"inner\" }}; group \"devs\"; \
             {group} guard {{ forbid \"x\" {{ on \"outer\" }} }}"
        )
    };
    let (wide, narrow) = (of("\"one\" \"two\"", ""), of("\"one\"", ""));
    let [found, _] = both_ways(&wide, &narrow);
    let [(Effect::Loosens, Subject::Guard, message)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        message,
        "forbid \"x\" matches fewer assignments: on \"outer\", in which an account set changed"
    );
    // Which way it goes cannot be known where the base does not fit the live state.
    let unfit = of("\"one\" \"two\"", "group \"gone\";");
    let [found, _] = both_ways(&unfit, &narrow);
    let [(Effect::Changes, Subject::Guard, _), (Effect::Changes, Subject::AccountSet, _)] = &found[..] else {
        panic!("{found:?}")
    };
}

/// A base, a head, and the differences that the plan on this world shows.
fn differences(base: &str, head: &str, world: &str) -> Vec<(Effect, Subject, String)> {
    let (.., comparison) = planned(&format!("{base}\n---\n{head}\n---\n{world}"));
    let differences = comparison.differences.into_iter();
    differences.map(|one| (one.effect, one.subject, one.message)).collect()
}

fn holds(found: &[(Effect, Subject, String)], effect: Effect, subject: Subject, text: &str) {
    let is_it =
        |one: &&(Effect, Subject, String)| one.0 == effect && one.1 == subject && one.2.contains(text);
    assert!(found.iter().any(|one| is_it(&one)), "{effect:?} {subject:?} {text}: {found:#?}");
}

#[test]
fn unread_attributes_do_not_prevent_comparing_assignments() {
    let attributes = "attributes { attribute \"team\" source=\"${path:enterprise.costCenter}\" }\n";
    let head = SMALL.replace("\"one\" \"two\"", "\"one\"");
    let case = format!("{attributes}{SMALL}\n---\n{head}\n---\n{SMALL_WORLD}attributes-unread");
    let found = planned(&case).2;
    assert_eq!((&found.extent, found.assignment_counts()), (&Extent::Whole, (0, 1)));
    let said: Vec<_> = found.differences.iter().map(|one| (one.effect, one.subject)).collect();
    assert_eq!(said, [(Effect::Loosens, Subject::Attribute)]);
}

#[test]
fn an_incomplete_comparison_is_reported() {
    let unfit = SMALL.replace("group \"devs\"", "group \"devs\"\ngroup \"gone\"");
    let shown = rendered(&format!("{unfit}\n---\n{SMALL}\n---\n{SMALL_WORLD}"), Detail::Changed);
    insta::assert_snapshot!("base_without_rows", shown);
    let head = project(&format!("{HEAD}{SMALL}"));
    let snapshot = world(SMALL_WORLD);
    let mut plan = plan_of(&head, &snapshot).unwrap();
    let comparison = BaseComparison::absent("rolecall.kdl".to_owned());
    plan.findings.extend(comparison.finding());
    let style = text::Style { detail: Detail::Changed, color: false };
    let shown = text::render(&plan, Some(&comparison), style);
    let said: Vec<&str> = shown.lines().filter(|line| line.contains("ompared")).collect();
    assert_eq!(said, ["Not compared with the base: it has no `rolecall.kdl`."]);
    let shown = markdown::render(&plan, Some(&comparison), &head.sources, Detail::Changed);
    assert!(shown.contains("> **Not compared with the base:** it has no \\`rolecall.kdl\\`."), "{shown}");
    let document = PlanDocument::new(&plan, Some(&comparison), &head.sources);
    assert_eq!(document.base.unwrap().extent, ExtentWord::Nothing);
}

#[test]
fn a_label_that_refers_to_another_group_is_reported() {
    let of = |declared: &str| {
        format!(
            "group \"devs\" {declared}; permission-set \"Deploy\"; guard {{ forbid \"x\" {{ to \"devs\" }} }}"
        )
    };
    let (one, other) = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002");
    let world = format!("group devs external={one}\ngroup ops external={other}\nset Deploy owner=acme");
    let [pinned, elsewhere] = [one, other].map(|id| format!("id=\"{id}\""));
    // What looks like a pin, another id, and another name.
    let pairs = [
        ("", elsewhere.as_str()),
        (&*pinned, &*elsewhere),
        ("", "display-name=\"ops\""),
        (&*pinned, "display-name=\"ops\""),
    ];
    for (before, after) in pairs {
        let found = differences(&of(before), &of(after), &world);
        let [(Effect::Loosens, Subject::Group, message)] = &found[..] else { panic!("{found:#?}") };
        assert!(message.starts_with("group `devs` is now another group: "), "{message}");
    }
    let found = differences(&of(""), &of(&pinned), &world);
    assert!(matches!(found[..], [(Effect::Tightens, Subject::Group, _)]), "{found:#?}");
}

#[test]
fn an_account_set_that_is_replaced_by_a_list_is_reported() {
    let of = |accounts: &str| format!("accounts \"prod\" {{ {accounts} }}; permission-set \"Deploy\"");
    let world = "account p1 111111111111 Prod\naccount p2 111111111112 Prod\nset Deploy owner=acme";
    let found = differences(&of("ou \"Prod\""), &of("account \"p1\" \"p2\""), world);
    let [(Effect::Changes, Subject::AccountSet, message)] = &found[..] else { panic!("{found:#?}") };
    assert!(message.contains("`prod` is written differently, with the same accounts today"), "{message}");
    // One that has more accounts today, and loses those to come, is no better.
    let found = differences(&of("ou \"Prod\""), &of("account \"p1\" \"p2\" \"management\""), world);
    assert!(matches!(found[..], [(Effect::Changes, Subject::AccountSet, _)]), "{found:#?}");
}

#[test]
fn gains_of_a_permission_set_are_listed_even_if_live() {
    let guard = "guard { protect \"Deploy\" }\n";
    let base = format!(
        "{guard}permission-set \"Deploy\" {{ managed-policy \"ReadOnlyAccess\"; boundary {{ managed-policy \"PowerUserAccess\" }} }}"
    );
    let head = format!(
        "{guard}permission-set \"Deploy\" {{ session \"2h\"; managed-policy \"AdministratorAccess\" }}"
    );
    let world = "set Deploy owner=acme session=2h managed=AdministratorAccess";
    let found = differences(&base, &head, world);
    let what = "protected permission set `Deploy` changes: ";
    let gains =
        format!("{what}changes session from 1h to 2h, removes boundary, attaches AdministratorAccess");
    let detaches = format!("{what}detaches ReadOnlyAccess");
    assert_eq!(
        found,
        [
            (Effect::Loosens, Subject::PermissionSet, gains),
            (Effect::Changes, Subject::PermissionSet, detaches)
        ]
    );
    let found = differences(&base, &format!("{guard}release-permission-set \"Deploy\""), world);
    holds(&found, Effect::Loosens, Subject::PermissionSet, "`Deploy` is released, though `protect` names it");
}

#[test]
fn guards_do_not_apply_to_a_renamed_permission_set() {
    let base = "guard { protect \"Old\"; forbid \"x\" { permission-set \"Old\" } }\npermission-set \"Old\"\n";
    let renamed = "permission-set \"New\" { renamed-from \"Old\" }\n";
    let world = world("set Old owner=acme");
    let loosened = |head: &str, guards: Option<&Project>| -> Vec<String> {
        let (base, head) = (project(&format!("{HEAD}{base}")), project(&format!("{HEAD}{head}")));
        let guards = guards.map(checkout);
        let head = Inputs { guards, ..inputs(&head, &world) };
        let found = compare_with_base(&head, &checkout(&base), settings().today).unwrap();
        let renamed = found.differences.into_iter().filter(|one| one.message.contains("do not apply"));
        renamed.map(|one| one.message.rsplit(": ").next().unwrap().to_owned()).collect()
    };
    let following =
        format!("guard {{ protect \"New\"; forbid \"x\" {{ permission-set \"New\" }} }}\n{renamed}");
    assert_eq!(loosened(&format!("guard {{ protect \"Old\" }}\n{renamed}"), None), ["forbid \"x\", protect"]);
    assert!(loosened(&following, None).is_empty());
    // The guards of another checkout still say the old name.
    let other = project(&format!("{HEAD}{base}"));
    assert_eq!(loosened(&following, Some(&other)), ["forbid \"x\", protect"]);
}

#[test]
fn sources_of_attributes_are_compared() {
    let of = |team: &str| {
        format!("attributes {{ attribute \"team\" source=\"${{path:{team}}}\" }}\npermission-set \"Deploy\"")
    };
    let world = "set Deploy owner=acme\nattributes team=${path:userName}";
    let found = differences(&of("enterprise.costCenter"), &of("userName"), world);
    let text = "attribute `team` now comes from `${path:userName}` (`${path:enterprise.costCenter}` before)";
    assert_eq!(found, [(Effect::Changes, Subject::Attribute, text.to_owned())]);
    let found = differences(&of("userName"), "permission-set \"Deploy\"", world);
    holds(&found, Effect::Loosens, Subject::Attribute, "no longer managed");
}

#[test]
fn limits_of_includes_are_compared() {
    let of = |includes: &str| {
        let rest = format!("{HEAD}{includes}\npermission-set \"Deploy\"\n");
        let files = [("rolecall.kdl", rest.as_str()), ("teams/a.kdl", "group \"devs\"\n"), ("other.kdl", "")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
        rolecall_parser::load(&rolecall_parser::MemoryFiles(files.into()), "rolecall.kdl")
    };
    let snapshot = world("group devs\nset Deploy owner=acme");
    let found = |before: &str, after: &str| {
        let found = compared(&of(after), &of(before), &snapshot).differences.into_iter();
        found.map(|one| (one.effect, one.subject)).collect::<Vec<_>>()
    };
    let limited = "include \"teams/*.kdl\" { may-contain \"group\" }";
    let wider = "include \"teams/*.kdl\" { may-contain \"group\" \"assign\" }";
    let open = "include \"teams/*.kdl\"";
    for (before, after) in [(limited, open), (limited, wider), (wider, open)] {
        assert_eq!(found(before, after), [(Effect::Loosens, Subject::Include)], "{before} -> {after}");
        assert_eq!(found(after, before), [(Effect::Tightens, Subject::Include)], "{after} -> {before}");
    }
    // Another pattern gets around the limit.
    let around = [(Effect::Loosens, Subject::Include), (Effect::Changes, Subject::Include)];
    assert_eq!(found(limited, "include \"teams/a.kdl\""), around);
}
