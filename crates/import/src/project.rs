//! The files of the project.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::snapshot::Depth;
use rolecall_model::{Code, Diagnostic, PermissionSetName, Snapshot, StackName};

use crate::access_control;
use crate::accounts::Accounts;
use crate::assignments::{self, Assignments};
use crate::beyond_state;
use crate::census::{self, Census, MentionedSet};
use crate::findings;
use crate::left_out::{self, LeftOut};
use crate::permission_sets::{self, WrittenSet};
use crate::principals::Directory;
use crate::standing::{Standing, standing};
use crate::terraform::Terraform;
use crate::text::{Node, comment, list, quoted};
use crate::{Import, Summary};

/// Size in bytes above which a file is split. The language allows files of up to 8 MiB.
const MAX_FILE: usize = 1024 * 1024;

/// Writes a project whose plan removes nothing: it adopts permission sets that no stack owns, and provisions accounts with an
/// outdated version. A permission set that the language does not support entirely is left out, which is an error.
///
/// # Errors
/// The snapshot does not contain a whole permission set: whatever was not read would be revoked.
pub fn import(
    snapshot: &Snapshot,
    stack: &StackName,
    terraform: Option<&Terraform>,
) -> Result<Import, Box<Diagnostic>> {
    let accounts = Accounts::new(snapshot);
    let directory = Directory::new(snapshot);
    let mut sets = Vec::new();
    let mut foreign = Vec::new();
    for live in &snapshot.permission_sets {
        match standing(live, stack, terraform) {
            Standing::Foreign(owner) => foreign.push((&live.name, owner)),
            Standing::Unmentioned => {}
            standing @ (Standing::Owned { .. } | Standing::External) => {
                sets.push(MentionedSet { live, standing });
            }
        }
    }
    check_whole(snapshot, &sets)?;
    let (sets, written, left_out) = write_sets(sets, snapshot);
    let census = census::take(snapshot, &accounts, &sets, &directory, terraform);
    let mut diagnostics = left_out::diagnostics(&left_out);
    if let Some(terraform) = terraform {
        findings::differing_states(&sets, &left_out, snapshot, terraform, &mut diagnostics);
    }
    let assignments = assignments::write(&accounts, &sets, &census);
    let beyond_state = beyond_state::write(&accounts, &sets, &census, &directory, &mut diagnostics);
    let summary = summary(&sets, &left_out, &census, &assignments);
    let mut project = Project { files: BTreeMap::new(), includes: Vec::new() };
    project.add("groups", census.groups.iter().map(|group| group.line()).collect());
    project.add("accounts", nodes(&assignments.account_sets));
    let others = [left_out::write(&left_out), foreign_sets(&foreign)];
    project.permission_sets(&sets, written, &census, others);
    let mut parts = nodes(&assignments.of_groups);
    if !assignments.of_users.is_empty() {
        let mut users = nodes(&assignments.of_users);
        users[0].insert_str(0, &comment("Single users. Use groups instead if possible: direct assignments are easily forgotten when a user changes teams."));
        parts.extend(users);
    }
    parts.extend(beyond_state);
    parts.push(findings::indistinct(&census, &sets, &directory, &mut diagnostics));
    parts.push(findings::gone(&census, &sets, terraform, &mut diagnostics));
    project.add("assignments", parts);
    let files = project.finish(snapshot, stack, terraform, &mut diagnostics);
    Ok(Import { files, diagnostics, summary })
}

/// Assignments that were not read would be missing from the configuration, and be revoked.
fn check_whole(snapshot: &Snapshot, sets: &[MentionedSet<'_>]) -> Result<(), Box<Diagnostic>> {
    let is_whole = |set: &&MentionedSet<'_>| {
        let rows = matches!(snapshot.coverage.depth(&set.live.name), Some(Depth::Whole));
        rows && (set.live.details.is_some() || set.standing == Standing::External)
    };
    match sets.iter().find(|set| !is_whole(set)) {
        None => Ok(()),
        Some(set) => Err(Box::new(
            Diagnostic::error(
                Code::SnapshotUnusable,
                format!("the snapshot contains only a part of the permission set `{}`", set.live.name),
            )
            .help("take the snapshot again with `rolecall snapshot`, which reads all permission sets completely"),
        )),
    }
}

/// A permission set of the stack in the configuration, and the path of its policy file if it has one.
type WrittenParts = (WrittenSet, String);

/// Writes the permission sets of the stack, by name. What the language does not support entirely is left out.
fn write_sets<'a>(
    sets: Vec<MentionedSet<'a>>,
    snapshot: &Snapshot,
) -> (Vec<MentionedSet<'a>>, BTreeMap<&'a PermissionSetName, WrittenParts>, Vec<LeftOut<'a>>) {
    let region = &snapshot.instance.region;
    let mut file_names = FileNames::default();
    let (mut kept, mut written, mut left_out) = (Vec::new(), BTreeMap::new(), Vec::new());
    for set in sets {
        let (Standing::Owned { is_adopted: _ }, Some(details)) = (set.standing, &set.live.details) else {
            kept.push(set);
            continue;
        };
        let path = format!("policies/{}.json", file_names.peek(set.live.name.as_str()));
        match permission_sets::write(set.live, details, region, &path) {
            Ok(parts) => {
                if parts.policy_file.is_some() {
                    file_names.take(set.live.name.as_str());
                }
                written.insert(&set.live.name, (parts, path));
                kept.push(set);
            }
            Err(unsupported) => left_out.push(LeftOut::new(&set, unsupported)),
        }
    }
    (kept, written, left_out)
}

fn summary(
    sets: &[MentionedSet<'_>],
    left_out: &[LeftOut<'_>],
    census: &Census<'_>,
    assignments: &Assignments,
) -> Summary {
    let rows = census.of_groups.values().chain(census.of_users.values());
    Summary {
        groups: census.groups.len(),
        users: census.users.len(),
        account_sets: assignments.account_sets.len(),
        permission_sets: sets.iter().filter(|set| set.standing != Standing::External).count(),
        adopted: sets.iter().filter(|set| set.is_adopted()).count(),
        left_out: left_out.len(),
        released: left_out.iter().filter(|set| set.is_owned).count(),
        external: sets.iter().filter(|set| set.standing == Standing::External).count(),
        assigns: assignments.of_groups.len() + assignments.of_users.len(),
        rows: rows.map(|mask| mask.count_ones(..)).sum(),
        outdated: sets
            .iter()
            .filter(|set| set.standing != Standing::External)
            .map(|set| set.live.outdated.len())
            .sum(),
        resting: census.resting,
        left_to_others: census.left_to_others,
    }
}

fn nodes(nodes: &[Node]) -> Vec<String> {
    let text = |node: &Node| {
        let mut text = String::new();
        node.write(0, &mut text);
        text
    };
    nodes.iter().map(text).collect()
}

/// The files so far, and the patterns that include them.
struct Project {
    files: BTreeMap<String, String>,
    includes: Vec<String>,
}

impl Project {
    /// Adds a file with these parts, or a folder of files if they are too much for one file. Parts of several lines
    /// are separated by an empty line.
    fn add(&mut self, stem: &str, parts: Vec<String>) {
        let mut texts: Vec<String> = Vec::new();
        let mut was_long = false;
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let is_long = part.lines().nth(1).is_some();
            match texts.last_mut().filter(|text| text.len() + part.len() < MAX_FILE) {
                Some(text) => {
                    if is_long || was_long {
                        text.push('\n');
                    }
                    text.push_str(&part);
                }
                None => texts.push(part),
            }
            was_long = is_long;
        }
        if texts.len() == 1 {
            self.includes.push(format!("{stem}.kdl"));
            self.files.extend(texts.into_iter().map(|text| (format!("{stem}.kdl"), text)));
        } else if !texts.is_empty() {
            self.includes.push(format!("{stem}/*.kdl"));
            let numbered = texts.into_iter().enumerate();
            self.files.extend(numbered.map(|(at, text)| (format!("{stem}/{:03}.kdl", at + 1), text)));
        }
    }

    fn permission_sets(
        &mut self,
        sets: &[MentionedSet<'_>],
        mut written: BTreeMap<&PermissionSetName, WrittenParts>,
        census: &Census<'_>,
        others: [String; 2],
    ) {
        let mut parts = Vec::new();
        for (at, set) in sets.iter().enumerate() {
            let Some((parts_of_set, path)) = written.remove(&set.live.name) else { continue };
            // Assignments that cannot be written stay only with this word.
            let has_adopt = set.is_adopted() || census.has_unwritten(at);
            let mut text = String::new();
            parts_of_set.node(has_adopt).write(0, &mut text);
            parts.push(text);
            self.files.extend(parts_of_set.policy_file.map(|text| (path, text)));
        }
        let external = sets.iter().filter(|set| set.standing == Standing::External);
        let external =
            external.map(|set| format!("external-permission-set {}\n", quoted(set.live.name.as_str())));
        let mut external: String = external.collect();
        if !external.is_empty() {
            let why = "Externally managed, for example by AWS Control Tower. Only the assignments of declared groups are managed here.";
            external.insert_str(0, &comment(why));
        }
        parts.push(external);
        parts.extend(others);
        self.add("permission-sets", parts);
    }

    /// Adds the project file, which completes the project.
    fn finish(
        self,
        snapshot: &Snapshot,
        stack: &StackName,
        terraform: Option<&Terraform>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, String> {
        let Self { mut files, includes } = self;
        let instance = &snapshot.instance;
        let mut text = format!(
            "rolecall language=1 stack={}\nidentity-center region={} instance={}\n",
            quoted(stack.as_str()),
            quoted(instance.region.as_str()),
            quoted(instance.id.as_str()),
        );
        if !includes.is_empty() {
            text.push_str(&format!("\ninclude {}\n", list(includes)));
        }
        text.push_str(&access_control::write(&snapshot.access_control, terraform, diagnostics));
        files.insert("rolecall.kdl".to_owned(), text);
        files
    }
}

fn foreign_sets(foreign: &[(&PermissionSetName, &str)]) -> String {
    let mut by_owner: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, owner) in foreign {
        by_owner.entry(owner).or_default().push(name.as_str());
    }
    let lines = by_owner.iter().map(|(owner, names)| {
        comment(&format!("Not imported, because the stack {} owns them: {}", quoted(owner), list(names)))
    });
    lines.collect()
}

/// Names of files after permission sets. Some file systems ignore case.
#[derive(Default)]
struct FileNames {
    taken: BTreeSet<String>,
}

impl FileNames {
    /// Returns the name of the file for this set. Hidden files would not be read, and some systems drop a dot at the
    /// end.
    fn peek(&self, name: &str) -> String {
        let plain = name.trim_matches('.');
        let plain = if plain.is_empty() { "policy" } else { plain };
        let numbered = (2_usize..).map(|number| format!("{plain}-{number}"));
        let mut names = std::iter::once(plain.to_owned()).chain(numbered);
        names.find(|name| !self.taken.contains(&name.to_lowercase())).unwrap_or_default()
    }

    fn take(&mut self, name: &str) {
        let name = self.peek(name).to_lowercase();
        self.taken.insert(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_would_grow_too_large_becomes_a_directory() {
        let mut project = Project { files: BTreeMap::new(), includes: Vec::new() };
        let line = format!("group \"{}\"\n", "x".repeat(1_000));
        project.add("groups", vec![line.clone(); 2_500]);
        project.add("accounts", vec![line]);
        project.add("assignments", vec![String::new()]);
        assert_eq!(project.includes, ["groups/*.kdl", "accounts.kdl"]);
        let names: Vec<&str> = project.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["accounts.kdl", "groups/001.kdl", "groups/002.kdl", "groups/003.kdl"]);
        assert!(project.files.values().all(|text| text.len() <= MAX_FILE && !text.contains("\n\n")));
    }

    #[test]
    fn names_that_differ_in_case_alone_get_files_of_their_own() {
        let mut names = FileNames::default();
        names.take("Deploy");
        assert_eq!(names.peek("deploy"), "deploy-2");
        assert_eq!(names.peek(".hidden."), "hidden");
        assert_eq!(names.peek("..."), "policy");
    }
}
