//! Compares the configuration with that of another checkout: the base of a pull request.
//!
//! A plan compares the configuration with the live state. It cannot show what changes nothing today: a removed end, a
//! relaxed guard, a `keep`. Both checkouts are evaluated against the snapshot of the plan, so nothing more is read.

mod assignments;
mod contents;
mod ends;
mod groups;
mod guards;
mod includes;
mod keeps;
mod reach;
mod renames;
mod spelling;
mod staying;
mod words;

use rolecall_model::{Config, Date, InstanceId, OriginId, Region, Snapshot, StackName};

use crate::directory::{Directory, Resolution};
use crate::inputs::{Checkout, Inputs};
use crate::plan::Plan;
use crate::plan::comparison::{
    BaseComparison, BaseDifference, BasePlace, ComparedAssignment, Effect, Extent, LineDifference, Subject,
};
use reach::Sides;

/// Why a project cannot be the base of another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OtherBase {
    /// It belongs to another stack.
    #[error("the base belongs to stack `{base}`, and this configuration to stack `{head}`")]
    Stack {
        /// The stack of the configuration.
        head: StackName,
        /// The stack of the base.
        base: StackName,
    },
    /// It is for an instance in another Region.
    #[error("the base is for the instance in {base}, and this configuration for the one in {head}")]
    Region {
        /// The Region of the configuration.
        head: Region,
        /// The Region of the base.
        base: Region,
    },
    /// It is for another instance.
    #[error("the base is for the instance {base}, and this plan is for {head}")]
    Instance {
        /// The instance of the plan.
        head: InstanceId,
        /// The instance of the base.
        base: InstanceId,
    },
}

/// Compares `head` with `base` for the day `today`, both against the snapshot of `head`.
///
/// A base that does not fit the snapshot, such as one that names a deleted group, is compared without assignments:
/// [`Extent::WithoutAssignments`] has the reasons.
///
/// # Errors
/// The base belongs to another stack or instance, so a comparison is meaningless.
pub fn compare_with_base(
    head: &Inputs<'_>,
    base: &Checkout<'_>,
    today: Date,
) -> Result<BaseComparison, OtherBase> {
    let Inputs { files, snapshot, guards } = head;
    check_same(files.config, base.config, &snapshot.instance.id)?;
    let directory = Directory::new(snapshot);
    let after = Resolution::new(files, &directory);
    let before = Resolution::new(base, &directory).with_stand_ins();
    let mut differences = Vec::new();
    let compared = assignments::compare(
        &ResolvedCheckout { files, resolution: &after },
        &ResolvedCheckout { files: base, resolution: &before },
        snapshot,
        today,
    );
    let (extent, lines) = match compared {
        Ok((lines, moved)) => {
            differences.extend(moved);
            (Extent::Whole, lines)
        }
        Err(reasons) => {
            differences.extend(ends::compare_as_written(files, base, today));
            (Extent::WithoutAssignments { reasons }, Vec::new())
        }
    };
    let sides = Sides::new(*files, *base, *guards, snapshot, extent == Extent::Whole);
    guards::compare(&sides, &mut differences);
    keeps::compare(&sides, &mut differences);
    words::compare(&sides, &mut differences);
    groups::compare(&sides, &directory, &mut differences);
    contents::compare(&sides, &mut differences);
    renames::compare(&sides, &mut differences);
    includes::compare(files, base, &mut differences);
    let mut comparison = BaseComparison { extent, lines, differences };
    comparison.sort();
    Ok(comparison)
}

/// Separates assignments that stay from those that are lost, once the plan is known: assignments that are no longer in
/// the configuration may stay live. `snapshot` is the snapshot of both.
pub fn settle_base(mut comparison: BaseComparison, plan: &Plan, snapshot: &Snapshot) -> BaseComparison {
    staying::settle(&mut comparison, plan, snapshot);
    comparison.sort();
    comparison
}

fn check_same(ours: &Config, theirs: &Config, instance: &InstanceId) -> Result<(), OtherBase> {
    if ours.stack != theirs.stack {
        return Err(OtherBase::Stack { head: ours.stack.clone(), base: theirs.stack.clone() });
    }
    let (ours, theirs) = (&ours.identity_center, &theirs.identity_center);
    if ours.region != theirs.region {
        return Err(OtherBase::Region { head: ours.region.clone(), base: theirs.region.clone() });
    }
    match &theirs.instance {
        Some(other) if other != instance => {
            Err(OtherBase::Instance { head: instance.clone(), base: other.clone() })
        }
        Some(_) | None => Ok(()),
    }
}

/// Returns a place in one of the two.
fn place(files: &Checkout<'_>, origin: OriginId, in_base: bool) -> BasePlace {
    BasePlace { in_base, written: files.written(origin) }
}

/// One of the two checkouts, with its resolved groups and users.
struct ResolvedCheckout<'a> {
    files: &'a Checkout<'a>,
    resolution: &'a Resolution<'a>,
}
