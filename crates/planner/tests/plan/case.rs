//! How a test writes a case: [`project`] reads a configuration, [`crate::world::world`] a live state, and [`plan_of`] plans
//! the one against the other.

use std::fmt::Write as _;

use rolecall_model::{Diagnostic, Snapshot};
use rolecall_parser::{MemoryFiles, Project};
use rolecall_planner::plan::Provenance;
use rolecall_planner::{Checkout, Inputs, Plan, Settings};

pub(crate) const HEAD: &str = "rolecall language=1 stack=\"acme\"\nidentity-center region=\"eu-west-1\"\n";

pub(crate) fn project(config: &str) -> Project {
    let files = MemoryFiles([("rolecall.kdl".to_owned(), config.to_owned())].into());
    let project = rolecall_parser::load(&files, "rolecall.kdl");
    assert!(project.config.is_some(), "{:#?}", project.diagnostics);
    project
}

pub(crate) fn settings() -> Settings {
    Settings {
        today: "2026-11-24".parse().unwrap(),
        as_of_given: false,
        provenance: Provenance::Live,
        accepted_rebinds: ["accepted".to_owned()].into(),
        defer_missing_groups: false,
        renew_scim_token: false,
    }
}

pub(crate) fn plan_of(project: &Project, snapshot: &Snapshot) -> Result<Plan, Vec<Diagnostic>> {
    plan_with(project, snapshot, &settings())
}

pub(crate) fn diagnostics_text(diagnostics: &[Diagnostic], project: &Project) -> String {
    let mut text = String::new();
    for one in diagnostics {
        let place = one.primary.as_ref().map(|label| project.sources.file_and_line(label.place));
        let _ = writeln!(text, "{} {} [{}]", one.code, one.message, place.unwrap_or_default());
        for label in one.primary.iter().chain(&one.secondary) {
            let _ = writeln!(text, "    {}: {}", project.sources.file_and_line(label.place), label.text);
        }
        if let Some(help) = &one.help {
            let _ = writeln!(text, "    help: {help}");
        }
    }
    text
}

/// The configuration of a project that has no errors.
pub(crate) fn checkout(project: &Project) -> Checkout<'_> {
    let Project { config, sources, origins, .. } = project;
    Checkout { config: config.as_ref().unwrap(), sources, origins }
}

/// Plans a project with other settings than those of [`settings`].
pub(crate) fn plan_with(
    project: &Project,
    snapshot: &Snapshot,
    settings: &Settings,
) -> Result<Plan, Vec<Diagnostic>> {
    let inputs = Inputs { files: checkout(project), snapshot, guards: None };
    rolecall_planner::plan(&inputs, settings)
}
