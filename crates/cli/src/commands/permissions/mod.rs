//! `rolecall permissions`

mod graph;
mod policy;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use rolecall_aws::{Access, CALLS, Call, Need};
use rolecall_model::Config;

use crate::args::{PermissionsArgs, PermissionsFormat, Purpose};
use crate::configuration;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;

/// Prints the permissions to grant.
pub(crate) fn run(args: &PermissionsArgs) -> Result<Exit, Failure> {
    let loaded = configuration::load(&args.project)?;
    let config = &loaded.config;
    output::print(&match args.format {
        PermissionsFormat::Text => text(config, args.purpose),
        PermissionsFormat::AwsJson => policy::document(config, args.purpose),
        PermissionsFormat::Graph => graph::document(config, args.purpose),
    })?;
    Ok(Exit::Success)
}

/// Returns the AWS calls that a command makes for this configuration, except those that need no permission.
fn calls(config: &Config, purpose: Purpose) -> impl Iterator<Item = &'static Call> {
    CALLS.iter().filter(move |call| is_needed(call, config, purpose))
}

fn is_needed(call: &Call, config: &Config, purpose: Purpose) -> bool {
    let Call { api: _, access, need } = call;
    let is_made = match access {
        Access::Free => false,
        Access::Read => true,
        Access::Follow | Access::Create | Access::Tag | Access::Change | Access::Instance => {
            purpose == Purpose::Apply
        }
    };
    is_made
        && match need {
            Need::Always => true,
            Need::AccountTags => purpose == Purpose::Snapshot || rolecall_planner::needs_account_tags(config),
            Need::Attributes => purpose == Purpose::Snapshot || config.attributes.is_some(),
            Need::NewGroups => config.entra.is_some(),
            Need::Members => purpose == Purpose::Doctor,
            Need::AllUsers => matches!(purpose, Purpose::Doctor | Purpose::Snapshot),
        }
}

fn text(config: &Config, purpose: Purpose) -> String {
    let mut text = String::from("AWS\n");
    let (changes, reads): (Vec<&Call>, Vec<&Call>) =
        calls(config, purpose).partition(|call| call.is_change());
    for (title, calls) in [("read", reads), ("change", changes)] {
        let mut actions: Vec<String> = calls.iter().map(|call| call.api.iam_action()).collect();
        actions.sort();
        for (number, action) in actions.iter().enumerate() {
            let title = if number == 0 { title } else { "" };
            let _ = writeln!(text, "  {title:<8}{action}");
        }
    }
    text.push_str("\nFor an IAM policy with conditions on the stack's tag, use --format aws-json.\n\n");
    match graph::needed(config, purpose) {
        Some(needed) => graph::push_text(&mut text, &needed),
        None => text.push_str("Microsoft Graph\n  none: the configuration has no `entra` node\n"),
    }
    text
}
