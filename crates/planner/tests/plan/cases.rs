//! Each file of `cases/` holds a configuration, a line `---`, and a world; its snapshot shows the plan whole, and the
//! operation graph.

use std::fmt::Write as _;

use rolecall_parser::{DiskFiles, Project};
use rolecall_planner::render::{Detail, json, markdown, text};
use rolecall_planner::{Inputs, Plan, order};

use crate::case::{HEAD, checkout, diagnostics_text, plan_of, project, settings};
use crate::world::world;

fn rendered(case: &str) -> String {
    let (config, world_text) = case.split_once("\n---\n").expect("a case has a line of three hyphens");
    let project = project(&format!("{HEAD}{config}"));
    let detail = if config.contains("// folded") { Detail::Changed } else { Detail::Full };
    planned(&project, &world(world_text), detail)
}

fn planned(project: &Project, snapshot: &rolecall_model::Snapshot, detail: Detail) -> String {
    match plan_of(project, snapshot) {
        Err(diagnostics) => diagnostics_text(&diagnostics, project),
        Ok(plan) => {
            let mut all = text::render(&plan, None, text::Style { detail, color: false });
            let graph = order(&plan);
            let _ = write!(all, "\n{}", graph.to_text());
            if !plan.findings.is_empty() {
                let _ = write!(all, "\n{}", diagnostics_text(&plan.findings, project));
            }
            all
        }
    }
}

#[test]
fn cases() {
    insta::glob!("cases/*.txt", |path| {
        let case = std::fs::read_to_string(path).unwrap();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(rendered(&case));
        });
    });
}

/// The examples of the page that designs the language, all in one project: each holds what it says.
#[test]
fn every_example_of_the_language_page_is_planned() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plan/language");
    let project = rolecall_parser::load(&DiskFiles::new(folder.into()), "rolecall.kdl");
    assert!(project.config.is_some(), "{}", diagnostics_text(&project.diagnostics, &project));
    let snapshot = world(&std::fs::read_to_string(format!("{folder}/world.txt")).unwrap());
    let plan = planned(&project, &snapshot, Detail::Changed);
    let found = diagnostics_text(&project.diagnostics, &project);
    insta::assert_snapshot!(format!("{plan}\n{found}"));
}

const EVERY_KIND: &str = include_str!("cases/every-kind-of-change.txt");

fn every_kind() -> (Project, Plan) {
    let (config, world_text) = EVERY_KIND.split_once("\n---\n").unwrap();
    let project = project(&format!("{HEAD}{config}"));
    let plan = plan_of(&project, &world(world_text)).unwrap();
    (project, plan)
}

#[test]
fn the_json_form_is_as_documented() {
    let (project, plan) = every_kind();
    insta::assert_snapshot!(json::render(&plan, None, &project.sources));
}

#[test]
fn the_schema_file_matches_the_types() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/plan.schema.json");
    let schema = json::schema();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, &schema).unwrap();
    }
    let on_disk = std::fs::read_to_string(file).unwrap_or_default();
    assert!(on_disk == schema, "docs/plan.schema.json is stale: run `just update-docs`");
}

#[test]
fn the_markdown_form_is_a_comment() {
    let (project, plan) = every_kind();
    insta::assert_snapshot!(markdown::render(&plan, None, &project.sources, Detail::Changed));
}

#[test]
fn a_long_comment_is_truncated_between_rows_with_a_note() {
    let mut config = format!("{HEAD}permission-set \"Deploy\" {{ managed-policy \"ReadOnlyAccess\" }}\n");
    let mut world_text = String::from("set Deploy owner=acme managed=ReadOnlyAccess\n");
    for at in 0..1_500 {
        let _ = write!(
            config,
            "group \"a-group-with-a-long-name-{at:04}\"\nassign \"Deploy\" {{ to \"a-group-with-a-long-name-{at:04}\"; on {{ account \"one-{:02}\" }} }}\n",
            at % 20
        );
        let _ = writeln!(world_text, "group a-group-with-a-long-name-{at:04}");
    }
    // AWS takes 100 groups of one set on one account.
    for at in 0..20 {
        let _ = writeln!(world_text, "account one-{at:02} 1111111111{at:02} /");
    }
    let project = project(&config);
    let plan = plan_of(&project, &world(&world_text)).unwrap();
    let comment = markdown::render(&plan, None, &project.sources, Detail::Full);
    assert!(comment.chars().count() <= markdown::MOST_CHARACTERS);
    let rows = comment.lines().filter(|line| line.starts_with("| + assign |")).count();
    let cut: usize = comment
        .lines()
        .find_map(|line| line.strip_prefix("**Truncated:** ")?.split(' ').next()?.parse().ok())
        .expect("it says what it leaves out");
    assert_eq!(rows + cut, 1_500);
    assert!(
        comment.lines().filter(|line| line.starts_with('|')).all(|line| line.ends_with('|')),
        "a row is cut"
    );
    assert_eq!(comment.matches("<details>").count(), comment.matches("</details>").count());
}

#[test]
fn a_graph_is_shown_as_mermaid() {
    let (_, plan) = every_kind();
    insta::assert_snapshot!(order(&plan).to_mermaid());
}

#[test]
fn the_digest_is_of_the_changes_alone() {
    let (config, world_text) = EVERY_KIND.split_once("\n---\n").unwrap();
    let snapshot = world(world_text);
    let digest = |config: &str| plan_of(&project(&format!("{HEAD}{config}")), &snapshot).unwrap().digest;
    let before = digest(config);
    let moved = format!("// a comment moves every line\n\n{config}");
    assert_eq!(before, digest(&moved), "moving lines changes no change");
    let said = config.replace("INC-1", "INC-2");
    assert_ne!(said, config);
    assert_eq!(before, digest(&said), "the prose of a reason is not covered");
    let longer = config.replace("2027-03-31", "2027-04-30");
    assert_ne!(longer, config);
    assert_ne!(before, digest(&longer), "a later end is more access");
    let wider = config.replace("session \"8h\"", "session \"9h\"");
    assert_ne!(wider, config);
    assert_ne!(before, digest(&wider), "what a set is, is covered");
}

/// The guards of another checkout, over a project of this one.
fn guarded(head: &str, base: &str, world_text: &str) -> String {
    let (head, base) = (project(&format!("{HEAD}{head}")), project(&format!("{HEAD}{base}")));
    let snapshot = world(world_text);
    let inputs = Inputs { files: checkout(&head), snapshot: &snapshot, guards: Some(checkout(&base)) };
    match rolecall_planner::plan(&inputs, &settings()) {
        Err(diagnostics) => diagnostics_text(&diagnostics, &head),
        Ok(plan) => {
            let stopped = plan.violations.iter().map(|one| format!("{} {}\n", one.code, one.message));
            format!("{}{}", stopped.collect::<String>(), diagnostics_text(&plan.findings, &head))
        }
    }
}

#[test]
fn a_guard_of_another_checkout_still_applies() {
    let rules = "permission-set \"Deploy\" { managed-policy \"A\" }\nassign \"Deploy\" { to \"partners\"; on { account \"one\" } }\n";
    let guard = "group \"contractors\"\nguard { forbid \"contractors stay out\" { to \"contractors\" } }\npermission-set \"Deploy\" { managed-policy \"A\" }\nassign \"Deploy\" { to \"contractors\"; on { account \"one\" } }\n";
    let sets = "account one 111111111111 /\nset Deploy owner=acme managed=A\n";
    // The group has another label here, and then another name as well.
    let labelled = format!("group \"partners\" display-name=\"contractors\"\n{rules}");
    let same = guarded(&labelled, guard, &format!("{sets}group contractors\n"));
    assert!(same.starts_with("RC0404"), "{same}");
    let renamed = guarded(&format!("group \"partners\"\n{rules}"), guard, &format!("{sets}group partners\n"));
    assert!(renamed.contains("RC0304") && renamed.contains("in the given guards"), "{renamed}");

    // An end that only the pull request brings, and a new name, do not get round a guard by the old one.
    let base = "group \"devs\"\nguard { protect \"Deploy\"; forbid \"not there\" { permission-set \"Deploy\"; on { account \"one\" } } }
permission-set \"Deploy\" { managed-policy \"A\" }\nassign \"Deploy\" { to \"devs\"; on { account \"two\" } }\n";
    let world_text = format!("{sets}account two 222222222222 /\ngroup devs\nrow Deploy devs two\n");
    let ended = base
        .replace("account \"two\" } }", "account \"two\" }; until \"2026-11-01\" }")
        .replace("guard", "// guard");
    let ended = guarded(&ended, base, &world_text);
    assert!(ended.contains("RC0403"), "{ended}");
    let ship = "group \"devs\"\npermission-set \"Ship\" { renamed-from \"Deploy\"; managed-policy \"A\" }
assign \"Ship\" { to \"devs\"; on { account \"one\" \"two\" } }\n";
    let shipped = guarded(ship, base, &world_text);
    assert!(shipped.contains("RC0404 1 assignment forbidden: not there"), "{shipped}");
}
