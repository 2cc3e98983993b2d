//! The imports between the files of a crate, and the cycles among them.
//!
//! An import counts as one from the file that defines the name, even if other modules re-export it: a `pub use` in
//! `lib.rs` or `mod.rs` neither hides a cycle nor creates one. References of a module to its descendants do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::Crate;
use super::tree::Module;

/// The names that one file imports from another, each with its first line.
pub type Names = BTreeMap<String, usize>;

/// The imports between the files of a crate, from the importing to the defining file.
#[derive(Debug, Default)]
pub struct Imports {
    edges: BTreeMap<(PathBuf, PathBuf), Names>,
}

/// Files that import from each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Cycle {
    /// The imports that form the cycle.
    pub edges: BTreeMap<(PathBuf, PathBuf), Names>,
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((from, to), names) in &self.edges {
            let names: Vec<String> =
                names.iter().map(|(name, line)| format!("{name} (line {line})")).collect();
            writeln!(f, "  {} imports from {}: {}", from.display(), to.display(), names.join(", "))?;
        }
        Ok(())
    }
}

/// The target of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// A module of the crate.
    Module(usize),
    /// An item with this name, defined in a module of the crate.
    Item(usize, String),
    /// Something of another crate.
    Elsewhere,
}

impl Imports {
    /// Finds the imports of a crate.
    pub fn of(sources: &Crate) -> Self {
        let mut imports = Self::default();
        let resolver = Resolver { modules: &sources.modules };
        let modules = sources.modules.iter().enumerate();
        for (index, module) in modules.filter(|(_, module)| !module.is_for_tests) {
            for reference in &module.names.references {
                let (defining, name) = match resolver.resolve(index, &reference.segments) {
                    Target::Item(at, name) => (&sources.modules[at], name),
                    Target::Module(at) if reference.is_glob => (&sources.modules[at], "*".to_owned()),
                    // An import of a module is used in longer paths, which count by themselves.
                    Target::Module(_) | Target::Elsewhere => continue,
                };
                if defining.file != module.file && !defining.is_beneath(module) {
                    imports.add(&module.file, &defining.file, name, reference.line);
                }
            }
        }
        imports
    }

    fn add(&mut self, from: &Path, to: &Path, name: String, line: usize) {
        let names = self.edges.entry((from.to_owned(), to.to_owned())).or_default();
        names.entry(name).and_modify(|first| *first = line.min(*first)).or_insert(line);
    }

    /// Each file with a file that it imports from.
    pub fn pairs(&self) -> impl Iterator<Item = (&Path, &Path)> {
        self.edges.keys().map(|(from, to)| (from.as_path(), to.as_path()))
    }

    /// Finds the groups of files that import each other, directly or indirectly.
    pub fn cycles(&self) -> Vec<Cycle> {
        let mut graph = DiGraph::<&Path, ()>::new();
        let mut nodes: BTreeMap<&Path, NodeIndex> = BTreeMap::new();
        for (from, to) in self.edges.keys() {
            let [from, to] =
                [from, to].map(|file| *nodes.entry(file).or_insert_with(|| graph.add_node(file)));
            graph.add_edge(from, to, ());
        }
        let groups = tarjan_scc(&graph).into_iter().filter(|group| group.len() > 1);
        groups.map(|group| self.among(&group.iter().map(|node| graph[*node]).collect())).collect()
    }

    fn among(&self, files: &BTreeSet<&Path>) -> Cycle {
        let is_within = |file: &PathBuf| files.contains(file.as_path());
        let edges = self.edges.iter().filter(|((from, to), _)| is_within(from) && is_within(to));
        Cycle { edges: edges.map(|(edge, names)| (edge.clone(), names.clone())).collect() }
    }
}

impl Module {
    fn is_beneath(&self, other: &Self) -> bool {
        self.path.len() > other.path.len() && self.path.starts_with(&other.path)
    }
}

struct Resolver<'a> {
    modules: &'a [Module],
}

impl Resolver<'_> {
    fn resolve(&self, from: usize, path: &[String]) -> Target {
        self.follow(from, path, &mut BTreeSet::new())
    }

    /// Follows a path from a module. `visited` contains the names being looked up, so that cyclic re-exports terminate.
    fn follow(&self, from: usize, path: &[String], visited: &mut BTreeSet<(usize, String)>) -> Target {
        let mut at = from;
        for (position, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" if position == 0 => at = 0,
                "self" if position == 0 => {}
                "super" => at = self.modules[at].parent.unwrap_or(0),
                name => match self.look_up(at, name, visited) {
                    Some(Target::Module(module)) => at = module,
                    Some(found @ (Target::Item(..) | Target::Elsewhere)) => return found,
                    // An unknown first name belongs to another crate or to the prelude.
                    None if position == 0 => return Target::Elsewhere,
                    // A macro defines it.
                    None => return Target::Item(at, name.to_owned()),
                },
            }
        }
        Target::Module(at)
    }

    fn look_up(&self, at: usize, name: &str, visited: &mut BTreeSet<(usize, String)>) -> Option<Target> {
        let Module { children, names, .. } = &self.modules[at];
        if let Some(child) = children.get(name) {
            return Some(Target::Module(*child));
        }
        if names.defined.contains(name) {
            return Some(Target::Item(at, name.to_owned()));
        }
        if !visited.insert((at, name.to_owned())) {
            return None;
        }
        if let Some(path) = names.imported.get(name) {
            return Some(self.follow(at, path, visited));
        }
        names.globs.iter().find_map(|glob| match self.follow(at, glob, visited) {
            Target::Module(module) => self.look_up(module, name, visited),
            Target::Item(..) | Target::Elsewhere => None,
        })
    }
}
