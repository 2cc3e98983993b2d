//! The text of the configuration.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::permission_set::managed_policy_name;
use rolecall_model::{Boundary, CustomerPolicy};

use super::assignments::{On, Rule};
use super::catalogue::{Catalogue, Inline, SetPlan};
use super::company::{AccountSetPlan, Company};
use super::drift::Shares;
use super::people::{GroupPlan, People};
use super::{InstanceIdentity, STACK};

/// The most permission sets in a file, to keep each file short.
const SETS_PER_FILE: usize = 500;

/// The most accounts on one line.
const ACCOUNTS_PER_LINE: usize = 6;

/// The contents of the configuration.
pub(super) struct Project<'a> {
    pub(super) identity: &'a InstanceIdentity,
    pub(super) company: &'a Company,
    pub(super) people: &'a People,
    pub(super) catalogue: &'a Catalogue,
    pub(super) rules: &'a [Rule],
    pub(super) shares: &'a Shares,
    pub(super) live_rows: usize,
}

/// Returns all files by path.
pub(super) fn write(project: &Project<'_>) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut includes: Vec<String> = Vec::new();
    let mut add = |path: &str, text: String| {
        if !text.is_empty() {
            files.insert(path.to_owned(), text);
            includes.push(path.to_owned());
        }
    };
    add("accounts.kdl", account_sets(project));
    for (number, sets) in project.catalogue.sets.chunks(SETS_PER_FILE).enumerate() {
        let path = if number == 0 {
            "permission-sets.kdl".to_owned()
        } else {
            format!("permission-sets-{}.kdl", number + 1)
        };
        add(&path, sets.iter().map(permission_set).collect::<Vec<_>>().join("\n"));
    }
    add("groups.kdl", groups(project, None));
    add("assignments.kdl", rules(project, None));
    let teams: Vec<(String, String)> = (0..project.company.domains.len())
        .map(|domain| {
            let parts = [groups(project, Some(domain)), rules(project, Some(domain))];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            (format!("teams/{}.kdl", project.company.domains[domain].name), parts.join("\n"))
        })
        .filter(|(_, text)| !text.is_empty())
        .collect();
    files.insert("rolecall.kdl".to_owned(), project_file(project, &includes, !teams.is_empty()));
    files.extend(teams);
    for set in &project.catalogue.sets {
        if let Inline::File(text) = &set.inline {
            files.insert(policy_path(set), text.clone());
        }
    }
    files
}

fn project_file(project: &Project<'_>, includes: &[String], has_teams: bool) -> String {
    let mut text = format!(
        "rolecall language=1 stack={}\nidentity-center region={} instance={}\n\n",
        quoted(STACK),
        quoted(InstanceIdentity::region().as_str()),
        quoted(project.identity.instance.as_str()),
    );
    for path in includes {
        text.push_str(&format!("include {}\n", quoted(path)));
    }
    if has_teams {
        text.push_str("include \"teams/*.kdl\" {\n    may-contain \"group\" \"assign\"\n}\n");
    }
    let revokes = project.shares.revokes;
    let percent = if project.live_rows == 0 { 0 } else { (revokes * 100).div_ceil(project.live_rows) };
    if revokes > 50 || percent > 30 {
        text.push_str(&format!(
            "\n// Wide enough for the rows in which the world differs.\nguard {{\n    max-deletions {} percent={}\n}}\n",
            revokes.max(50),
            percent.clamp(30, 100),
        ));
    }
    text
}

/// Returns the account sets in use, including those that they use.
fn account_sets(project: &Project<'_>) -> String {
    let plans = &project.company.account_sets;
    let mut used = BTreeSet::new();
    for rule in project.rules {
        if let On::Set(place) = rule.on {
            used.insert(place);
            used.extend(&plans[place].uses);
        }
    }
    used.iter().map(|place| account_set(&plans[*place])).collect::<Vec<_>>().join("\n")
}

fn account_set(plan: &AccountSetPlan) -> String {
    let lines: String = plan.lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("accounts {} {{\n{lines}}}\n", quoted(&plan.name))
}

fn groups(project: &Project<'_>, domain: Option<usize>) -> String {
    let mut own: Vec<&GroupPlan> =
        project.people.groups.iter().filter(|group| group.domain == domain).collect();
    own.sort_by(|a, b| a.label.cmp(&b.label));
    own.into_iter().map(group).collect()
}

fn group(plan: &GroupPlan) -> String {
    let mut line = format!("group {}", quoted(&plan.label));
    if plan.display_name != plan.label {
        line.push_str(&format!(" display-name={}", quoted(&plan.display_name)));
    }
    if plan.is_pinned {
        line.push_str(&format!(" id={}", quoted(&plan.object_id)));
    }
    line.push('\n');
    line
}

fn permission_set(plan: &SetPlan) -> String {
    let details = &plan.details;
    let mut lines = Vec::new();
    lines.extend(details.description.iter().map(|text| format!("description {}", quoted(text))));
    lines.push(format!("session {}", quoted(&details.session.to_string())));
    lines.extend(details.relay_state.iter().map(|text| format!("relay-state {}", quoted(text))));
    if !details.managed_policies.is_empty() {
        let names = details.managed_policies.iter().map(|arn| managed_policy_name(arn));
        lines.push(format!("managed-policy {}", list(names)));
    }
    lines.extend(details.customer_policies.iter().map(customer_policy));
    if let Some(boundary) = &details.boundary {
        let inner = match boundary {
            Boundary::ManagedPolicy(arn) => format!("managed-policy {}", quoted(managed_policy_name(arn))),
            Boundary::CustomerPolicy(policy) => customer_policy(policy),
        };
        lines.extend(["boundary {".to_owned(), format!("    {inner}"), "}".to_owned()]);
    }
    match &plan.inline {
        Inline::None => {}
        Inline::File(_) => lines.push(format!("inline-policy file={}", quoted(&policy_path(plan)))),
        Inline::Kdl(inner) => {
            lines.push("inline-policy {".to_owned());
            lines.extend(inner.iter().map(|line| format!("    {line}")));
            lines.push("}".to_owned());
        }
    }
    lines.extend(details.tags.iter().map(|(key, value)| format!("tag {} {}", quoted(key), quoted(value))));
    let body: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("permission-set {} {{\n{body}}}\n", quoted(details.name.as_str()))
}

fn policy_path(plan: &SetPlan) -> String {
    format!("policies/{}.json", plan.details.name)
}

fn customer_policy(policy: &CustomerPolicy) -> String {
    let CustomerPolicy { name, path } = policy;
    format!("customer-policy {} path={}", quoted(name), quoted(path))
}

fn rules(project: &Project<'_>, domain: Option<usize>) -> String {
    let own = project.rules.iter().filter(|rule| rule.domain == domain);
    own.map(|one| rule(project, one)).collect::<Vec<_>>().join("\n")
}

fn rule(project: &Project<'_>, rule: &Rule) -> String {
    let sets = list(rule.sets.iter().map(|set| project.catalogue.sets[*set as usize].details.name.as_str()));
    let groups = list(rule.groups.iter().map(|group| project.people.groups[*group as usize].label.as_str()));
    let on = match &rule.on {
        On::Set(place) => format!("    on {}\n", quoted(&project.company.account_sets[*place].name)),
        On::Accounts(accounts) => {
            let ids: Vec<String> = accounts
                .iter()
                .map(|account| project.company.organization.accounts[*account as usize].id.to_string())
                .collect();
            let lines: String = ids
                .chunks(ACCOUNTS_PER_LINE)
                .map(|ids| format!("        account {}\n", list(ids.iter().map(String::as_str))))
                .collect();
            format!("    on {{\n{lines}    }}\n")
        }
    };
    format!("assign {sets} {{\n    to {groups}\n{on}}}\n")
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.map(quoted).collect::<Vec<_>>().join(" ")
}

/// Quotes a text. No generated text contains a quote or a backslash.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
