//! What plans are made from.

use std::collections::BTreeSet;

use rolecall_model::{Config, Date, OriginId, Origins, Place, Snapshot, Sources};

use crate::plan::{Line, Provenance, Written};

/// A project's configuration with the texts and places that it was read from.
#[derive(Debug, Clone, Copy)]
pub struct Checkout<'a> {
    /// What the files want.
    pub config: &'a Config,
    /// Their texts.
    pub sources: &'a Sources,
    /// The places behind the configuration's origins.
    pub origins: &'a Origins,
}

impl Checkout<'_> {
    /// The line of an origin; for what a template makes, the `use` and the line within the template.
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

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The configuration to plan.
    pub files: Checkout<'a>,
    /// The live state.
    pub snapshot: &'a Snapshot,
    /// Another checkout, whose guards take the place of the configuration's own, with the names that they use resolved
    /// there: a pull request cannot relax its own guards.
    pub guards: Option<Checkout<'a>>,
}

/// What else decides a plan.
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
    /// Whether grants to groups that are not in the Identity Store yet are left out, rather than waited for.
    pub defer_missing_groups: bool,
    /// Whether the credentials of provisioning are set though nothing is wrong with them: a token expires, and its drift
    /// cannot be seen.
    pub renew_scim_token: bool,
}
