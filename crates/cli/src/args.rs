//! What may be written on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Parser, Subcommand, ValueEnum};
use rolecall_access::profiles::StartUrl;
use rolecall_aws::Strategy;
use rolecall_model::{Date, InstanceId, Region, StackName};
use rolecall_parser::messages;

/// Says which Entra ID groups get which AWS permission sets on which accounts, and makes it so.
#[derive(Debug, Parser)]
#[command(name = "rolecall", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the files: everything that can be known offline
    Check(CheckArgs),
    /// Write the files in the one layout
    ///
    /// Formats every .kdl file beneath the directory, included or not, and prints the names of those that it changed.
    /// Hidden files, and what symbolic links lead to, are left out. A file with a mistake of syntax is left as it is, and
    /// makes the exit code 1.
    Fmt(FmtArgs),
    /// Show what would change
    ///
    /// Reads the files and the live state, and shows the difference. Nothing is changed. Exits with 0, with 1 on an
    /// error, with 3 when a guard stops the plan, and, with --detailed-exitcode, with 2 when there are changes.
    Plan(PlanArgs),
    /// Plan, show, and carry out
    ///
    /// Plans anew, shows the plan, and asks. Without a terminal, one of --auto-approve, --approved and --plan says
    /// that the plan is approved. An apply that was killed is finished by running it again.
    Apply(ApplyArgs),
    /// Try an apply in the sandbox, and say how long it takes and what fails
    ///
    /// Reads the live state (or takes --snapshot), puts it into the sandbox, and applies the plan there at AWS's limits
    /// in simulated time. Nothing is changed anywhere. Exits with 1 when something fails, with 3 when a guard stops
    /// the plan.
    Rehearse(RehearseArgs),
    /// Check both halves: what works, what does not, and the way out
    ///
    /// Reads AWS, and Entra ID where the files have an `entra` node, and says of each thing that access stands on whether it
    /// is ok, wants a look (warn) or does not work (fail). Nothing is changed. What AWS has no API for is listed at the
    /// end. Exits with 1 when something does not work.
    Doctor(DoctorArgs),
    /// Print the permissions that Rolecall needs for this project
    ///
    /// Policies for AWS and application permissions for Microsoft Graph, made from the calls that the program makes and
    /// from what the files use. Works offline.
    Permissions(PermissionsArgs),
    /// Write profiles for the AWS command line, or links into the access portal
    ///
    /// Reads what a group or a user has (or takes --snapshot), of the permission sets that the files name, and writes
    /// sections for ~/.aws/config to standard output: one session, and one profile for each account and permission set.
    Profiles(ProfilesArgs),
    /// Write the live state to a file
    Snapshot(SnapshotArgs),
    /// Write a project that says what is live
    ///
    /// Reads the live state (or takes --snapshot), and writes files that say it. A plan of them adopts the permission sets
    /// that no stack owns; of those that the stack owns already, it revokes rows that the files cannot say, and says so.
    /// Nothing is changed in AWS, and no file is ever overwritten.
    Import(ImportArgs),
    /// The simulated AWS
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Explain a diagnostic, such as RC0101, or a lint, such as direct-user
    Explain(ExplainArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProjectArgs {
    /// The project: a directory that holds rolecall.kdl, or a project file
    #[arg(value_name = "DIR or FILE", default_value = ".")]
    pub(crate) project: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
    /// Make the changes that are safe to make, then check
    ///
    /// Only what says the same in the way that the language wants: a missing quote, a comma, a value that stands twice.
    /// What is a guess, such as the nearest name of a group, is left to you.
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MessageArgs {
    /// How errors and warnings are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = MessageFormat::Text)]
    pub(crate) message_format: MessageFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// For people, on standard error
    Text,
    /// A JSON object a line
    Json,
    /// A SARIF 2.1.0 document, for code scanning
    Sarif,
    /// Workflow commands of GitHub Actions, for annotations
    Github,
    /// A Code Quality report of GitLab
    Gitlab,
}

impl MessageFormat {
    /// The format for machines, unless it is the one for people.
    pub(crate) fn for_machines(self) -> Option<messages::Format> {
        match self {
            Self::Text => None,
            Self::Json => Some(messages::Format::Json),
            Self::Sarif => Some(messages::Format::Sarif),
            Self::Github => Some(messages::Format::Github),
            Self::Gitlab => Some(messages::Format::Gitlab),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct FmtArgs {
    /// What is formatted: a directory, or one file; - formats standard input to standard output
    #[arg(value_name = "DIR or FILE", default_value = ".")]
    pub(crate) target: PathBuf,
    /// Write nothing; show what would change, and exit with 1 if anything would
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SandboxArgs {
    /// Work on the embedded sandbox instead of AWS
    ///
    /// Without FILE, the sandbox begins as the world in the project's sandbox.json, and apply saves its state in the
    /// project's .rolecall directory, which Git ignores. With FILE, a snapshot, apply saves the state in FILE itself.
    /// Time is simulated: what would take AWS an hour takes no time here, and is reported as an hour.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(crate) sandbox: Option<Option<PathBuf>>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TimeoutArgs {
    /// Give up reading after so long, such as "30m"; without it, throttled reads wait for as long as it takes
    #[arg(long = "timeout", id = "timeout", value_name = "TIME", value_parser = time)]
    pub(crate) limit: Option<Duration>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReadingArgs {
    /// How account assignments are read
    #[arg(long, value_enum, default_value_t = Read::Auto)]
    pub(crate) read: Read,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
}

impl ReadingArgs {
    pub(crate) fn strategy(&self) -> Strategy {
        match self.read {
            Read::Auto => Strategy::Auto,
            Read::Thorough => Strategy::Thorough,
            Read::Fast => Strategy::Fast,
        }
    }
}

/// What every command that plans takes.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanningArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Take the guards of another checkout (a directory or a project file) instead of this project's own
    ///
    /// FILE is the project in a checkout of the base branch. Its guards hold, with the names that they use looked up
    /// there, so a pull request cannot relax the guards that judge it.
    #[arg(long, value_name = "FILE")]
    pub(crate) guards: Option<PathBuf>,
    /// Grant to this group although it may have taken the name of one that is gone
    #[arg(long, value_name = "GROUP")]
    pub(crate) accept_rebind: Vec<String>,
    /// Leave out grants to groups that are not in the Identity Store yet, rather than wait for them
    ///
    /// Such groups are assigned to the application in Entra ID all the same; the next plan after provisioning has brought
    /// them grants. Without this, one apply provisions them, waits, and grants.
    #[arg(long)]
    pub(crate) defer_missing_groups: bool,
    /// Set the credentials of provisioning anew, from ROLECALL_SCIM_ENDPOINT and ROLECALL_SCIM_TOKEN
    ///
    /// A SCIM token lives one year. Entra ID does not show its credentials, so only this says that there are others.
    #[arg(long)]
    pub(crate) renew_scim_token: bool,
}

/// What every command takes that can plan without reading.
#[derive(Debug, clap::Args)]
pub(crate) struct OfflineArgs {
    /// Work offline on a snapshot file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "read", "timeout"])]
    pub(crate) snapshot: Option<PathBuf>,
}

/// What every command takes that shows a plan.
#[derive(Debug, clap::Args)]
pub(crate) struct DetailArgs {
    /// How much of the plan is shown; JSON always has all of it
    #[arg(long, value_enum, default_value_t = Detail::Changed)]
    pub(crate) detail: Detail,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatsArgs {
    /// Write what the run cost, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) stats: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    #[command(flatten)]
    pub(crate) offline: OfflineArgs,
    /// Show also what differs from another checkout of the project (a directory or a project file)
    ///
    /// DIR is a checkout of the base branch. The plan then lists what the difference from live cannot show: ends taken
    /// away, guards relaxed, `keep` added, and the rows that each line gains and loses. Nothing more is read for it, and
    /// the digest stays the same.
    #[arg(long, value_name = "DIR")]
    pub(crate) base: Option<PathBuf>,
    /// How the plan is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
    /// Save the plan, for apply --plan
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Judge expiry for this day (YYYY-MM-DD, UTC) instead of today; such a plan cannot be applied
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<Date>,
    #[command(flatten)]
    pub(crate) stats: StatsArgs,
}

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("approval"))]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    /// Apply whatever the plan says, without asking
    #[arg(long, group = "approval")]
    pub(crate) auto_approve: bool,
    /// Apply only if the new plan has this digest, all 64 digits of it
    #[arg(long, value_name = "DIGEST", group = "approval")]
    pub(crate) approved: Option<String>,
    /// Apply only if the new plan is the one in this file, which plan --out saved
    #[arg(long, value_name = "FILE", group = "approval")]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    /// Add a line of JSON to this file for each operation that came to its end
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) stats: StatsArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RehearseArgs {
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    #[command(flatten)]
    pub(crate) offline: OfflineArgs,
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    /// Write the state after the rehearsal, as a snapshot
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SnapshotArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) stats: StatsArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    /// How the checks are written
    #[arg(long, value_enum, default_value_t = DoctorFormat::Text)]
    pub(crate) format: DoctorFormat,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorFormat {
    /// For people: a line each
    Text,
    /// For programs
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PermissionsArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// What they are for; what a plan needs is among what the others need
    #[arg(long = "for", value_enum, value_name = "COMMAND")]
    pub(crate) purpose: Purpose,
    /// How they are written
    #[arg(long, value_enum, default_value_t = PermissionsFormat::Text)]
    pub(crate) format: PermissionsFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    /// plan and rehearse: nothing is changed
    Plan,
    /// apply
    Apply,
    /// doctor and profiles: nothing is changed; members of groups and the logs of the application are read too
    Doctor,
    /// snapshot and import: nothing is changed, and everything is read
    Snapshot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PermissionsFormat {
    /// For people: both halves
    Text,
    /// A policy document of IAM
    AwsJson,
    /// The application permissions of Microsoft Graph with what each is for, in JSON
    Graph,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProfilesArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// Whose: a group as the files call it, a user by user name, or a group by its display name
    #[arg(long = "for", value_name = "USER or GROUP")]
    pub(crate) whose: String,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    /// Take what is live from a snapshot file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "timeout"])]
    pub(crate) snapshot: Option<PathBuf>,
    /// What is written
    #[arg(long, value_enum, default_value_t = ProfilesFormat::Config)]
    pub(crate) format: ProfilesFormat,
    /// The address of the access portal; without it, the one that the Identity Store's id makes
    #[arg(long, value_name = "URL", value_parser = StartUrl::new)]
    pub(crate) start_url: Option<StartUrl>,
    /// The Region that the profiles work in; without it, they leave it to AWS_REGION
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfilesFormat {
    /// Sections for ~/.aws/config
    Config,
    /// Links into the access portal, each of which opens the console with one role
    Links,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// The stack that owns the permission sets from now on; without it, the one that owns some already
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<StackName>,
    /// The directory to write to; without it, the current one, if it is empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Import from a snapshot file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "timeout", "region", "instance"])]
    pub(crate) snapshot: Option<PathBuf>,
    /// Import from the embedded sandbox instead of AWS
    ///
    /// FILE is a snapshot; without it, the sandbox is that of the project in the current directory, with what was applied
    /// to it. Either is only read. Time is simulated: what would take AWS an hour takes no time here.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(crate) sandbox: Option<Option<PathBuf>>,
    /// Import what Terraform manages: "terraform", and a file that `terraform show -json` wrote; may be repeated
    #[arg(long, num_args = 2, value_names = ["terraform", "FILE"], action = clap::ArgAction::Append)]
    pub(crate) from: Vec<String>,
    /// The primary Region of the instance; without it, AWS_REGION says
    #[arg(long, value_name = "REGION", conflicts_with = "sandbox")]
    pub(crate) region: Option<Region>,
    /// Which instance, where the credentials see several
    #[arg(long, value_name = "ID", conflicts_with = "sandbox")]
    pub(crate) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Serve the simulator on the loopback interface, for any client of AWS or Microsoft Graph
    ///
    /// Prints "Listening on http://127.0.0.1:PORT", then serves until it is interrupted. Any credentials will do.
    Serve(ServeArgs),
    /// Make a world and a configuration that matches it
    Generate(GenerateArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// A project's directory, or a snapshot file
    ///
    /// A project's sandbox begins as the world in its sandbox.json, and its state is saved in its .rolecall directory,
    /// which Git ignores. The state of a snapshot file is saved in the file itself.
    #[arg(value_name = "DIR or FILE", default_value = ".")]
    pub(crate) target: PathBuf,
    /// The port; 0 takes one that is free
    #[arg(long, value_name = "N")]
    pub(crate) port: u16,
    /// How many seconds pass in the simulated AWS while one passes here; its limits move along
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    pub(crate) speed: f64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    /// How many accounts, the management account included
    #[arg(long, value_name = "A")]
    pub(crate) accounts: usize,
    /// How many permission sets
    #[arg(long, value_name = "P")]
    pub(crate) permission_sets: usize,
    /// How many groups
    #[arg(long, value_name = "G")]
    pub(crate) groups: usize,
    /// How many account assignments
    #[arg(long, value_name = "N")]
    pub(crate) assignments: usize,
    /// What chance is drawn from: the same seed makes the same files
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// In how many rows the world differs from the configuration; they are listed in drift.json
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub(crate) drift: usize,
    /// Give the world the Entra tenant that its groups come from
    #[arg(long)]
    pub(crate) entra: bool,
    /// The directory to write to: new, or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The code, or the name of a lint
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, on a terminal or in a log
    Text,
    /// For programs
    Json,
    /// For a pull-request comment
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Read {
    /// Thorough while that takes up to two minutes at AWS's limits, else fast
    Auto,
    /// By permission set and account: sees every row
    Thorough,
    /// By group: does not look for users, and groups that are gone, where a group has access too
    Fast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detail {
    /// Counts alone
    Summary,
    /// A line per change; many rows that say one thing are one line
    Changed,
    /// Every row, and new and deleted permission sets whole
    Full,
}

impl From<Detail> for rolecall_planner::render::Detail {
    fn from(detail: Detail) -> Self {
        match detail {
            Detail::Summary => Self::Summary,
            Detail::Changed => Self::Changed,
            Detail::Full => Self::Full,
        }
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| "a time such as 90s, 30m or 2h".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && factor > 0.0 && factor <= 1_000_000.0 => Ok(factor),
        _ => Err("a number above 0, up to 1000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_of_each_command_fit_together() {
        Args::command().debug_assert();
    }
}
