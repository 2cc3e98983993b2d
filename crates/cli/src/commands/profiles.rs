//! `rolecall profiles`

use std::collections::BTreeSet;

use rolecall_access::profiles::{self, StartUrl, Whose};
use rolecall_aws::{Clients, Scope, Strategy};
use rolecall_model::{Code, GroupId, Principal, Snapshot};

use crate::args::{ProfilesArgs, ProfilesFormat};
use crate::configuration::{self, Loaded};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::live::{self, Live};
use crate::output;
use crate::state;

/// Prints the profiles or links of a group or user.
pub(crate) fn run(args: &ProfilesArgs) -> Result<Exit, Failure> {
    let loaded = configuration::load(&args.project)?;
    let (snapshot, whose) = match &args.snapshot {
        Some(file) => {
            let snapshot = state::read_snapshot(file)?;
            let whose = whose(args, &loaded, &snapshot)?;
            if matches!(whose, Whose::User(_)) && snapshot.memberships.is_empty() {
                output::error_line(
                    "The snapshot has no group members. Only the user's direct assignments are included.",
                );
            }
            (snapshot, whose)
        }
        None => {
            let live = Live::open(&args.sandbox, &loaded.directory)?;
            live.runtime()?.block_on(async {
                let clients = live.connect(&loaded.config.identity_center.region, &args.answers).await;
                live::within(args.timeout.limit, read(&clients, args, &loaded)).await
            })?
        }
    };
    let found = profiles::profiles(&whose, &snapshot);
    if found.is_empty() {
        output::error_line(&format!(
            "{} has no permission set of this configuration in any active account.",
            rolecall_model::escape::for_terminal(&args.whose)
        ));
    }
    let start = args.start_url.clone().unwrap_or_else(|| StartUrl::of(&snapshot));
    let region = &snapshot.instance.region;
    output::print(&match args.format {
        ProfilesFormat::Config => {
            profiles::config(&found, loaded.config.stack.as_str(), &start, region, args.region.as_ref())
        }
        ProfilesFormat::Links => profiles::links(&found, &start),
    })?;
    Ok(Exit::Success)
}

/// Reads the assignments and, for a user, the members of the groups that have any.
async fn read(clients: &Clients, args: &ProfilesArgs, loaded: &Loaded) -> Result<(Snapshot, Whose), Failure> {
    let config = &loaded.config;
    let mut scope = live::scope(loaded, Strategy::Auto);
    // Links need the relay state, which is one of a permission set's details.
    scope.details_of = config.external_permission_sets.iter().map(|set| set.name.clone()).collect();
    scope.user_names.extend(profiles::may_be_user(&args.whose, config));
    let scope = Scope { account_tags: false, access_control: false, ..scope };
    let mut snapshot = live::observe(clients, &scope).await?;
    let whose = whose(args, loaded, &snapshot)?;
    if matches!(whose, Whose::User(_)) {
        let groups: BTreeSet<GroupId> = snapshot
            .assignments
            .iter()
            .filter_map(|row| match &row.principal {
                Principal::Group(group) => Some(group.clone()),
                Principal::NewGroup(_) | Principal::User(_) => None,
            })
            .collect();
        live::memberships(clients, &mut snapshot, &groups).await?;
    }
    Ok((snapshot, whose))
}

fn whose(args: &ProfilesArgs, loaded: &Loaded, snapshot: &Snapshot) -> Result<Whose, Failure> {
    profiles::whose(&args.whose, &loaded.checkout(), snapshot).map_err(|error| {
        let help = "give the exact label of a group in the configuration, or a user name or group display name in the Identity Store";
        let code = match error {
            profiles::NotFound::Nobody(_) | profiles::NotFound::Undelivered(_) => Code::GroupNotFound,
            profiles::NotFound::Several(_) => Code::AmbiguousGroup,
        };
        Failure::plain(code, format!("--for: {error}"), help)
    })
}
