//! Inputs of a plan.

use std::collections::BTreeSet;

use rolecall_model::{Config, Date, OriginId, Origins, Place, Snapshot, Sources};

use crate::plan::{Line, Provenance, Written};

/// A project's configuration with its source texts and places.
#[derive(Debug, Clone, Copy)]
pub struct Checkout<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The texts of its files.
    pub sources: &'a Sources,
    /// The places behind the configuration's origins.
    pub origins: &'a Origins,
}

impl Checkout<'_> {
    /// Returns the line of an origin; within a template, both the `use` and the line of the template.
    pub fn written(&self, origin: OriginId) -> Written {
        let line = |place: Place| {
            let file = self.sources.get(place.file);
            Line { file: file.name.to_string(), line: file.line_and_column(place.start).0 }
        };
        let place = line(self.origins.place(origin));
        match self.origins.used_at(origin) {
            Some(used) => Written { at: line(used), template: Some(place) },
            None => Written { at: place, template: None },
        }
    }
}

/// Inputs of a plan.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The configuration to plan.
    pub files: Checkout<'a>,
    /// The live state.
    pub snapshot: &'a Snapshot,
    /// Another checkout whose guards replace the configuration's own, with their names resolved there: a pull request
    /// cannot relax its own guards.
    pub guards: Option<Checkout<'a>>,
}

/// Settings of a plan.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The day for which expiry is evaluated, in UTC.
    pub today: Date,
    /// Whether that day was given, rather than being the day on which the plan is made.
    pub as_of_given: bool,
    /// What the snapshot was read from.
    pub provenance: Provenance,
    /// Labels of groups whose grants are not withheld as possible rebinds.
    pub accepted_rebinds: BTreeSet<String>,
    /// Whether grants to groups that are not in the Identity Store yet are skipped instead of awaited.
    pub defer_missing_groups: bool,
    /// Whether to set the provisioning credentials even if nothing is wrong with them: a token expires, and its drift
    /// cannot be detected.
    pub renew_scim_token: bool,
}
