//! Failures in the audit logs of the application.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::entra::{ProvisioningEvent, SignIn, Tenant};
use rolecall_model::{Code, Diagnostic};

use super::causes::{of_provisioning, of_sign_in};
use super::{Doctor, Half, LOG_DAYS, some_of};

impl Doctor<'_> {
    pub(super) fn logs(&mut self, tenant: &Tenant) {
        if self.live(tenant).is_none() {
            return;
        }
        if let Some(error) = self.reading.logs.clone() {
            self.check(Half::Entra, "logs", "", vec![error]);
            return;
        }
        let of_provisioning = provisioning(&tenant.logs.provisioning);
        let holds = format!("no provisioning step failed in the last {LOG_DAYS} days");
        self.check(Half::Entra, "provisioning-log", holds, of_provisioning);
        let of_sign_ins = sign_ins(&tenant.logs.sign_ins);
        let holds = format!("no sign-in to the application failed in the last {LOG_DAYS} days");
        self.check(Half::Entra, "sign-in-log", holds, of_sign_ins);
    }
}

/// Reports failed provisioning steps, one finding per cause.
fn provisioning(events: &[ProvisioningEvent]) -> Vec<Diagnostic> {
    let mut by_cause: BTreeMap<&str, Vec<&ProvisioningEvent>> = BTreeMap::new();
    // A step that was skipped without an error had nothing to do.
    let failed = events.iter().filter(|event| event.status != "success");
    for event in failed.filter(|event| event.status != "skipped" || event.error_code.is_some()) {
        by_cause.entry(event.error_code.as_deref().unwrap_or("")).or_default().push(event);
    }
    let found = by_cause.into_iter().map(|(code, events)| {
        let names: BTreeSet<String> = events.iter().map(|event| event.name.clone()).collect();
        let names: Vec<String> = names.into_iter().collect();
        let what = some_of(&names);
        let steps = many(events.len(), "provisioning step", "provisioning steps");
        let named = if code.is_empty() { "without an error code".to_owned() } else { format!("with {code}") };
        let reason = events.iter().find_map(|event| event.reason.as_deref());
        let (meaning, help) = match of_provisioning(code) {
            Some(cause) => (cause.meaning.to_owned(), cause.help.to_owned()),
            None => (
                quote(reason),
                "see the provisioning logs in Entra ID: the application, Provisioning".to_owned(),
            ),
        };
        Diagnostic::warning(Code::ProvisioningTrouble, format!("{steps} failed {named} ({what}): {meaning}"))
            .help(help)
    });
    found.collect()
}

/// Reports failed sign-ins, one finding per cause.
fn sign_ins(failed: &[SignIn]) -> Vec<Diagnostic> {
    let mut by_cause: BTreeMap<u32, Vec<&SignIn>> = BTreeMap::new();
    for sign_in in failed.iter().filter(|sign_in| sign_in.error_code != 0) {
        by_cause.entry(sign_in.error_code).or_default().push(sign_in);
    }
    let found = by_cause.into_iter().map(|(code, sign_ins)| {
        let users: BTreeSet<String> = sign_ins.iter().map(|sign_in| sign_in.user.clone()).collect();
        let users: Vec<String> = users.into_iter().collect();
        let reason = sign_ins.iter().find_map(|sign_in| sign_in.reason.as_deref());
        let (meaning, help) = match of_sign_in(code) {
            Some(cause) => (cause.meaning.to_owned(), cause.help.to_owned()),
            None => (quote(reason), format!("see https://login.microsoftonline.com/error?code={code}")),
        };
        let number = many(sign_ins.len(), "sign-in", "sign-ins");
        Diagnostic::warning(
            Code::SignInsFail,
            format!("{number} failed with AADSTS{code} ({}): {meaning}", some_of(&users)),
        )
        .help(help)
    });
    found.collect()
}

fn many(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// Quotes the log for a cause that is not in the table. The text is external, and may be long.
fn quote(reason: Option<&str>) -> String {
    const LONGEST: usize = 200;
    let Some(reason) = reason else { return "the log gives no reason".to_owned() };
    let reason = reason.trim().trim_end_matches('.');
    match reason.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("\u{201c}{}…\u{201d}", &reason[..end]),
        None => format!("\u{201c}{reason}\u{201d}"),
    }
}
