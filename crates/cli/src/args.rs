//! The command-line arguments.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Parser, Subcommand, ValueEnum};
use rolecall_access::profiles::StartUrl;
use rolecall_aws::{AbsentMeansEmpty, Strategy};
use rolecall_model::{Date, InstanceId, Region, StackName};
use rolecall_parser::messages;

/// Manages which Microsoft Entra ID groups have which AWS permission sets in which accounts.
#[derive(Debug, Parser)]
#[command(name = "rolecall", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the configuration offline
    Check(CheckArgs),
    /// Format configuration files
    ///
    /// Formats every .kdl file under the directory, whether the project includes it or not, and prints the name of each
    /// file that it changes. Skips hidden files and symbolic links. A file with a syntax error is left unchanged, and the
    /// exit code is 1.
    Fmt(FmtArgs),
    /// Show what an apply would change
    ///
    /// Compares the configuration with the live state and shows the difference. Changes nothing. Exits with 0 on success,
    /// 1 on an error, 3 if a guard stops the plan and, with --detailed-exitcode, 2 if there are changes.
    Plan(PlanArgs),
    /// Make the live state match the configuration
    ///
    /// Makes a new plan, shows it and asks for approval. Without a terminal, approve it with --auto-approve, --approved or
    /// --plan. To finish an apply that was interrupted, run it again.
    Apply(ApplyArgs),
    /// Try an apply in the sandbox, and show how long it takes and what fails
    ///
    /// Copies the live state, or the one in --snapshot, into a sandbox and applies the plan there, at AWS's limits and in
    /// simulated time. Changes nothing else. Exits with 1 if an operation fails and 3 if a guard stops the plan.
    Rehearse(RehearseArgs),
    /// Diagnose AWS and Entra ID, and show how to fix what fails
    ///
    /// Reads AWS and, if the configuration has an `entra` node, Entra ID. Reports whether each part that access depends on
    /// works (ok), needs attention (warn) or does not work (fail), and lists what you must check yourself because AWS has
    /// no API for it. Changes nothing. Exits with 1 if a check fails.
    Doctor(DoctorArgs),
    /// Print the permissions that Rolecall needs for this project
    ///
    /// Prints an IAM policy and the application permissions of Microsoft Graph. They cover the calls that a command makes
    /// for the features that this configuration uses. Works offline.
    Permissions(PermissionsArgs),
    /// Print AWS CLI profiles or access portal links for a group or user
    ///
    /// Reads the assignments of a group or user, for the permission sets that the configuration names, from AWS or from
    /// --snapshot. Prints sections for ~/.aws/config: one SSO session, and one profile for each account and permission set.
    Profiles(ProfilesArgs),
    /// Save the live state to a file
    Snapshot(SnapshotArgs),
    /// Write a project that matches the live state
    ///
    /// Writes configuration files for the live state, or for the one in --snapshot. The first plan of the new project
    /// adopts the permission sets that no stack owns. On permission sets that the stack owns already, it revokes
    /// assignments that the configuration cannot express; import warns about each. Changes nothing in AWS, and never
    /// overwrites a file.
    Import(ImportArgs),
    /// Serve or generate simulated organizations
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Explain a diagnostic (such as RC0101) or a lint (such as direct-user)
    Explain(ExplainArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProjectArgs {
    /// The project: a directory that contains rolecall.kdl, or a project file
    #[arg(value_name = "DIR or FILE", default_value = ".")]
    pub(crate) project: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
    /// Fix errors that have only one correct fix, then check
    ///
    /// Fixes syntax errors, such as missing quotes, commas and duplicate values, without changing the meaning. Does not
    /// guess: a misspelled name, for example, is reported with a suggestion and left unchanged.
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MessageArgs {
    /// Format of errors and warnings
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = MessageFormat::Text)]
    pub(crate) message_format: MessageFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MessageFormat {
    /// Human-readable text, on standard error
    Text,
    /// One JSON object per line
    Json,
    /// A SARIF 2.1.0 document, for code scanning
    Sarif,
    /// GitHub Actions workflow commands, for annotations
    Github,
    /// A GitLab Code Quality report
    Gitlab,
}

impl MessageFormat {
    /// Returns the format for programs, or `None` for text.
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
    /// The directory or file to format; `-` formats standard input to standard output
    #[arg(value_name = "DIR or FILE", default_value = ".")]
    pub(crate) target: PathBuf,
    /// Change nothing; show the differences, and exit with 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SandboxArgs {
    /// Use the embedded sandbox instead of AWS
    ///
    /// Without FILE, the sandbox starts from the project's sandbox.json, and apply saves its state in the project's
    /// .rolecall directory, which Git ignores. With FILE, a snapshot, apply saves the state in FILE itself. Time is
    /// simulated: an operation that takes an hour in AWS finishes at once, and is reported as an hour.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(crate) sandbox: Option<Option<PathBuf>>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TimeoutArgs {
    /// Stop with an error if reading takes longer than this, such as 90s or 30m; there is no limit by default
    #[arg(long = "timeout", id = "timeout", value_name = "TIME", value_parser = time)]
    pub(crate) limit: Option<Duration>,
}

/// The arguments of every command that reads AWS.
#[derive(Debug, clap::Args)]
pub(crate) struct AnswersArgs {
    /// Accept responses of this AWS operation that lack their list, as if the list were empty; may be repeated
    ///
    /// AWS responds with an empty list where there is nothing. A response without its list is therefore not used: the read
    /// is repeated, and then fails. If AWS omits an empty list all the same, name the operation as the error does, such as
    /// sso-admin:ListInstances. The plan shows it, and its digest covers it.
    #[arg(long, value_name = "OPERATION", value_parser = AbsentMeansEmpty::of)]
    pub(crate) absent_means_empty: Vec<AbsentMeansEmpty>,
}

impl AnswersArgs {
    /// Returns all operations that were named.
    pub(crate) fn absent_means_empty(&self) -> AbsentMeansEmpty {
        self.absent_means_empty.iter().cloned().collect()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReadingArgs {
    /// How to read account assignments
    #[arg(long, value_enum, default_value_t = Read::Auto)]
    pub(crate) read: Read,
    #[command(flatten)]
    pub(crate) answers: AnswersArgs,
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

/// The arguments of every command that plans.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanningArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Apply the guards of another checkout, a directory or a project file, instead of this project's own
    ///
    /// Name a checkout of the base branch, so that a pull request cannot relax the guards that apply to it. The names in
    /// those guards are looked up in that checkout, too.
    #[arg(long, value_name = "FILE")]
    pub(crate) guards: Option<PathBuf>,
    /// Grant access to this group although it may have taken the name of a deleted one; may be repeated
    #[arg(long, value_name = "GROUP")]
    pub(crate) accept_rebind: Vec<String>,
    /// Skip assignments of groups that are not in the Identity Store yet
    ///
    /// The groups are still assigned to the application in Entra ID. Once they are provisioned, the next plan grants their
    /// access. By default, one apply provisions such a group, waits for it, and grants its access.
    #[arg(long)]
    pub(crate) defer_missing_groups: bool,
    /// Replace the provisioning credentials with ROLECALL_SCIM_ENDPOINT and ROLECALL_SCIM_TOKEN
    ///
    /// A SCIM token is valid for one year. Entra ID does not reveal the credentials that it has, so a plan cannot tell when
    /// to replace them.
    #[arg(long)]
    pub(crate) renew_scim_token: bool,
}

/// The arguments of every command that can plan offline.
#[derive(Debug, clap::Args)]
pub(crate) struct OfflineArgs {
    /// Use a snapshot file instead of reading the live state
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "read", "absent_means_empty", "timeout"])]
    pub(crate) snapshot: Option<PathBuf>,
}

/// The arguments of every command that shows a plan.
#[derive(Debug, clap::Args)]
pub(crate) struct DetailArgs {
    /// How much of the plan to show
    #[arg(long, value_enum, default_value_t = Detail::Changed)]
    pub(crate) detail: Detail,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatsArgs {
    /// Write API calls and times to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) stats: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) planning: PlanningArgs,
    #[command(flatten)]
    pub(crate) offline: OfflineArgs,
    /// Also show how the configuration differs from another checkout, a directory or a project file
    ///
    /// Name a checkout of the base branch. The plan then lists changes that a comparison with the live state cannot show:
    /// removed ends, relaxed guards, added `keep` nodes, and the assignments that each line gains or loses. This makes no
    /// further API calls and does not change the digest.
    #[arg(long, value_name = "DIR")]
    pub(crate) base: Option<PathBuf>,
    /// Format of the plan
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,
    /// Save the plan to this file, for apply --plan
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Evaluate expiry on this day (YYYY-MM-DD, UTC) instead of today; such a plan cannot be applied
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
    /// Apply the plan without asking for approval
    #[arg(long, group = "approval")]
    pub(crate) auto_approve: bool,
    /// Apply only if the new plan has this digest, given in full (64 digits)
    #[arg(long, value_name = "DIGEST", group = "approval")]
    pub(crate) approved: Option<String>,
    /// Apply only if the new plan equals the one in this file, saved by plan --out
    #[arg(long, value_name = "FILE", group = "approval")]
    pub(crate) plan: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    /// Append one line of JSON to this file for each finished operation
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
    /// Save the state after the rehearsal to this file, as a snapshot
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
    pub(crate) answers: AnswersArgs,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
    /// The file to write
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
    /// Format of the report
    #[arg(long, value_enum, default_value_t = DoctorFormat::Text)]
    pub(crate) format: DoctorFormat,
    #[command(flatten)]
    pub(crate) answers: AnswersArgs,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DoctorFormat {
    /// One line per check
    Text,
    /// A JSON document
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PermissionsArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// The command to print permissions for; those for plan are included in all others
    #[arg(long = "for", value_enum, value_name = "COMMAND")]
    pub(crate) purpose: Purpose,
    /// Format of the permissions
    #[arg(long, value_enum, default_value_t = PermissionsFormat::Text)]
    pub(crate) format: PermissionsFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    /// plan and rehearse: read only
    Plan,
    /// apply: read and write
    Apply,
    /// doctor and profiles: read only, including group members and the application's logs
    Doctor,
    /// snapshot and import: read only, and read everything
    Snapshot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PermissionsFormat {
    /// Both, as readable text
    Text,
    /// An IAM policy document
    AwsJson,
    /// The Microsoft Graph application permissions and what each is for, as JSON
    Graph,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ProfilesArgs {
    #[command(flatten)]
    pub(crate) project: ProjectArgs,
    /// The group, by its label in the configuration or its display name; or the user, by user name
    #[arg(long = "for", value_name = "USER or GROUP")]
    pub(crate) whose: String,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArgs,
    /// Use a snapshot file instead of reading the live state
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "absent_means_empty", "timeout"])]
    pub(crate) snapshot: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = ProfilesFormat::Config)]
    pub(crate) format: ProfilesFormat,
    /// The URL of the access portal; by default, the one derived from the Identity Store's id
    #[arg(long, value_name = "URL", value_parser = StartUrl::new)]
    pub(crate) start_url: Option<StartUrl>,
    /// The default Region of the profiles; without it, the profiles set none, and AWS_REGION applies
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<Region>,
    #[command(flatten)]
    pub(crate) answers: AnswersArgs,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfilesFormat {
    /// Sections for ~/.aws/config
    Config,
    /// Access portal links, each of which opens the console in one role
    Links,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// The stack that is to own the permission sets; by default, the only one that owns any already
    #[arg(long, value_name = "NAME")]
    pub(crate) stack: Option<StackName>,
    /// The directory to write to; by default, the current one if it is empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Use a snapshot file instead of reading the live state
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sandbox", "absent_means_empty", "timeout", "region", "instance"])]
    pub(crate) snapshot: Option<PathBuf>,
    /// Use the embedded sandbox instead of AWS
    ///
    /// FILE is a snapshot; by default, import reads the sandbox of the project in the current directory. Import changes
    /// neither. Time is simulated: an operation that takes an hour in AWS finishes at once.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pub(crate) sandbox: Option<Option<PathBuf>>,
    /// Import only what Terraform manages, from the output of `terraform show -json`; may be repeated
    #[arg(long, num_args = 2, value_names = ["terraform", "FILE"], action = clap::ArgAction::Append)]
    pub(crate) from: Vec<String>,
    /// The primary Region of the instance; by default, AWS_REGION
    #[arg(long, value_name = "REGION", conflicts_with = "sandbox")]
    pub(crate) region: Option<Region>,
    /// The instance, if the credentials can access several
    #[arg(long, value_name = "ID", conflicts_with = "sandbox")]
    pub(crate) instance: Option<InstanceId>,
    #[command(flatten)]
    pub(crate) answers: AnswersArgs,
    #[command(flatten)]
    pub(crate) timeout: TimeoutArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Serve the sandbox on a local port, for any client of AWS or Microsoft Graph
    ///
    /// Prints "Listening on http://127.0.0.1:PORT" and serves until you interrupt it. Accepts any AWS credentials.
    Serve(ServeArgs),
    /// Generate an organization and a project that matches it
    Generate(GenerateArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// A project's directory, or a snapshot file
    ///
    /// For a directory, the sandbox starts from its sandbox.json and saves its state in its .rolecall directory, which Git
    /// ignores. For a snapshot file, it saves the state in the file itself.
    #[arg(value_name = "DIR or FILE", default_value = ".")]
    pub(crate) target: PathBuf,
    /// The port; 0 picks a free one
    #[arg(long, value_name = "N")]
    pub(crate) port: u16,
    /// How many simulated seconds pass in one second; AWS's limits scale with it
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    pub(crate) speed: f64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GenerateArgs {
    /// Number of accounts, including the management account
    #[arg(long, value_name = "A")]
    pub(crate) accounts: usize,
    /// Number of permission sets
    #[arg(long, value_name = "P")]
    pub(crate) permission_sets: usize,
    /// Number of groups
    #[arg(long, value_name = "G")]
    pub(crate) groups: usize,
    /// Number of account assignments
    #[arg(long, value_name = "N")]
    pub(crate) assignments: usize,
    /// Random seed; the same seed generates the same files
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Number of differences between the organization and the project, which drift.json lists
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub(crate) drift: usize,
    /// Also generate the Entra tenant that the groups come from
    #[arg(long)]
    pub(crate) entra: bool,
    /// The directory to write to, which must be new or empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The code of a diagnostic, or the name of a lint
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Readable text, for a terminal or a log
    Text,
    /// A JSON document, always complete
    Json,
    /// Markdown, for a pull request comment
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Read {
    /// Thorough if that takes up to two minutes at AWS's limits, otherwise fast
    Auto,
    /// By permission set and account: finds every assignment
    Thorough,
    /// By group: can miss assignments of users and deleted groups where a group has access too
    Fast,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Detail {
    /// Only the counts
    Summary,
    /// One line per change, with similar assignments combined
    Changed,
    /// One line per assignment, and new and deleted permission sets in full
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
