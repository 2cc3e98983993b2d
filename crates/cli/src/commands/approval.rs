//! The approval of a plan.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use rolecall_model::Code;
use rolecall_model::escape::for_terminal;
use rolecall_planner::Plan;
use rolecall_planner::document::{PlanDocument, Source};
use rolecall_planner::plan::Provenance;
use rolecall_planner::render::json;
use serde::Deserialize;

use crate::args::ApplyArgs;
use crate::configuration::Loaded;
use crate::failure::Failure;
use crate::live::Live;
use crate::output;

/// The way in which a plan is approved.
pub(crate) enum Approval {
    /// `--auto-approve`.
    Automatic,
    /// `--approved DIGEST`.
    Digest(String),
    /// `--plan FILE`.
    Saved(Box<PlanDocument>),
    /// A question at the terminal.
    Ask,
}

/// Returns the approval that the arguments give. Without a terminal they must give one, which is checked before anything is
/// read.
pub(crate) fn approval(args: &ApplyArgs) -> Result<Approval, Failure> {
    if args.auto_approve {
        return Ok(Approval::Automatic);
    }
    if let Some(digest) = &args.approved {
        let is_whole = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        return if is_whole {
            Ok(Approval::Digest(digest.to_ascii_lowercase()))
        } else {
            Err(Failure::plain(
                Code::ApprovalNeeded,
                format!("--approved {}: this is not a complete digest", for_terminal(digest)),
                "a digest has 64 hexadecimal digits; `rolecall plan --format json` and `--format markdown` print all of \
                 them",
            ))
        };
    }
    if let Some(file) = &args.plan {
        return read_plan(file).map(|saved| Approval::Saved(Box::new(saved)));
    }
    if io::stdin().is_terminal() {
        return Ok(Approval::Ask);
    }
    Err(Failure::plain(
        Code::ApprovalNeeded,
        "the plan is not approved, and there is no terminal to ask on",
        "approve a reviewed plan with --approved DIGEST or --plan FILE, or any plan with --auto-approve",
    ))
}

fn read_plan(file: &Path) -> Result<PlanDocument, Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::reading(file, error))?;
    let unusable = |why: String| {
        Failure::plain(
            Code::NotApplicable,
            format!("{} is not a saved plan: {why}", file.display()),
            "save one with `rolecall plan --out FILE`",
        )
    };
    // Looked at first: a document of another version may lack what this one requires.
    let Header { format, version } =
        serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
    if format != PlanDocument::FORMAT {
        return Err(unusable(format!("its format is {}", for_terminal(&format))));
    }
    if version != u64::from(PlanDocument::VERSION) {
        return Err(unusable(format!(
            "it is of format version {version}, and this version of Rolecall reads version {}",
            PlanDocument::VERSION
        )));
    }
    let saved: PlanDocument = serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
    // What was reviewed is the changes, and what is compared is the digest: they must belong together.
    match &saved.digest {
        None => Err(unusable("it has no digest, so nobody can have approved it".to_owned())),
        Some(digest) if *digest != saved.compute_digest().as_str() => Err(unusable(
            "its changes do not have the digest that it states; the file was altered".to_owned(),
        )),
        Some(_) => Ok(saved),
    }
}

/// What every version of the document begins with.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u64,
}

/// Refuses a saved plan that was made from another source, or for another day, than it would be applied to.
pub(crate) fn refuse_inapplicable(saved: &PlanDocument, live: &Live) -> Result<(), Failure> {
    let here = live.provenance();
    let is_from_here = match (saved.source, &here) {
        (Source::Live, Provenance::Live)
        | (Source::Sandbox, Provenance::Sandbox)
        | (Source::Snapshot, Provenance::Snapshot) => true,
        (Source::Live | Source::Sandbox | Source::Snapshot, _) => false,
    };
    if !is_from_here {
        return Err(Failure::plain(
            Code::NotApplicable,
            format!(
                "the saved plan was made from {}, but would be applied to {}",
                saved.source.as_str(),
                here.as_str()
            ),
            "save a plan made from the source that you apply to",
        ));
    }
    if saved.as_of_given {
        return Err(Failure::plain(
            Code::NotApplicable,
            format!("the saved plan was made with --as-of {}", for_terminal(&saved.as_of)),
            "save a plan without --as-of",
        ));
    }
    Ok(())
}

/// Returns whether the plan is approved: `false` if the user declined.
pub(crate) fn approve(approval: &Approval, made: &Plan, loaded: &Loaded) -> Result<bool, Failure> {
    match approval {
        Approval::Automatic => Ok(true),
        Approval::Digest(digest) if digest == made.digest.as_str() => Ok(true),
        Approval::Saved(saved) if saved.digest.as_deref() == Some(made.digest.as_str()) => Ok(true),
        Approval::Digest(digest) => Err(Failure::plain(
            Code::DigestDiffers,
            format!(
                "the plan has the digest {}, but {digest} was approved; nothing was changed",
                made.digest
            ),
            "the configuration or the live state has changed since. Review the plan above and approve its digest; with \
             --plan FILE, rolecall shows how the two plans differ",
        )),
        Approval::Saved(saved) => {
            show_difference(saved, &PlanDocument::new(made, None, &loaded.sources))?;
            Err(Failure::plain(
                Code::DigestDiffers,
                "the plan differs from the saved one; nothing was changed",
                "the configuration or the live state has changed since. Review the new plan and save it",
            ))
        }
        Approval::Ask => {
            let _ = write!(io::stderr(), "Apply these changes? Type \"yes\" to apply: ");
            let mut answer = String::new();
            io::stdin()
                .read_line(&mut answer)
                .map_err(|source| Failure::System { what: "the answer could not be read", source })?;
            Ok(answer.trim() == "yes")
        }
    }
}

/// Prints how the saved plan and the new one differ, change by change.
fn show_difference(saved: &PlanDocument, made: &PlanDocument) -> Result<(), Failure> {
    let mut text = String::from("\nDifferences from the saved plan:\n");
    for line in json::difference(saved, made) {
        text.push_str(&format!("  {line}\n"));
    }
    if saved.instance_arn != made.instance_arn || saved.stack != made.stack {
        text.push_str("  this plan is for another stack or instance\n");
    }
    output::print(&text)
}
