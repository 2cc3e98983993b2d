//! Permission sets that the project does not contain, because the language does not support a part of them. A project with
//! the rest would remove that part.

use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{Code, Diagnostic};

use crate::census::MentionedSet;
use crate::standing::Standing;
use crate::text::{comment, quoted};

/// A permission set that the project does not contain. Its assignments are not in the project either.
pub(crate) struct LeftOut<'a> {
    pub(crate) live: &'a LivePermissionSet,
    /// Whether it has the tag of the stack, so that a plan would delete it if the project did not release it.
    pub(crate) is_owned: bool,
    /// The parts that the language does not support.
    unsupported: Vec<String>,
}

impl<'a> LeftOut<'a> {
    /// Creates it from a permission set and the parts that the language does not support.
    pub(crate) fn new(set: &MentionedSet<'a>, unsupported: Vec<String>) -> Self {
        let is_owned = set.standing == Standing::Owned { is_adopted: false };
        Self { live: set.live, is_owned, unsupported }
    }

    fn reason(&self) -> String {
        let name = quoted(self.live.name.as_str());
        format!("the language does not support parts of {name}: {}", self.unsupported.join(", "))
    }

    fn diagnostic(&self) -> Diagnostic {
        let Self { live, is_owned, unsupported } = self;
        let message = format!(
            "the permission set {} is not imported: the language does not support {}",
            quoted(live.name.as_str()),
            unsupported.join(", ")
        );
        let help = if *is_owned {
            "the project releases it: the next apply removes this stack's tag, and changes neither the permission set nor \
             its assignments. Change it in AWS and import again, or manage it elsewhere"
        } else {
            "no plan of the project changes it or its assignments. Change it in AWS and import again, or manage it elsewhere"
        };
        Diagnostic::error(Code::ImportIncomplete, message).help(help)
    }
}

/// Returns an error for each.
pub(crate) fn diagnostics(left_out: &[LeftOut<'_>]) -> Vec<Diagnostic> {
    left_out.iter().map(LeftOut::diagnostic).collect()
}

/// Returns the part of the file that mentions them, with a release of those that the stack owns.
pub(crate) fn write(left_out: &[LeftOut<'_>]) -> String {
    let lines = left_out.iter().map(|set| {
        let head = comment(&format!("Not imported, because {}.", set.reason()));
        let release = format!("release-permission-set {}\n", quoted(set.live.name.as_str()));
        if set.is_owned { format!("{head}{release}") } else { head }
    });
    lines.collect()
}
