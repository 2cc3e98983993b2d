//! Permission sets in the configuration: as they are live, or not at all.

use std::collections::BTreeSet;

use rolecall_model::escape::for_terminal;
use rolecall_model::permission_set::managed_policy_name;
use rolecall_model::snapshot::LivePermissionSet;
use rolecall_model::{Boundary, CustomerPolicy, PermissionSet, PermissionSetName, Region, SessionDuration};
use rolecall_parser::limits::{
    MAX_DESCRIPTION, MAX_POLICIES, MAX_POLICY_NAME, MAX_POLICY_PATH, MAX_RELAY_STATE, MAX_TAG_KEY,
    MAX_TAG_VALUE, MAX_TAGS, is_of_description, is_of_relay_state, is_of_tags, is_policy_character,
    is_policy_name,
};

use crate::policies::{self, Written};
use crate::text::{Node, is_writable, list, quoted};

/// The nesting depth of the words in a permission set.
const DEPTH: usize = 1;

/// A permission set in the configuration.
pub(crate) struct WrittenSet {
    name: PermissionSetName,
    lines: Vec<Node>,
    /// The text of the policy file, if it has one. Its path is in the lines.
    pub(crate) policy_file: Option<String>,
}

impl WrittenSet {
    /// Returns the node, with `adopt` if assignments that the project does not contain are to stay.
    pub(crate) fn node(&self, has_adopt: bool) -> Node {
        let head = format!("permission-set {}", quoted(self.name.as_str()));
        let adopt = has_adopt.then(|| Node::line("adopt"));
        let lines: Vec<Node> = adopt.into_iter().chain(self.lines.iter().cloned()).collect();
        if lines.is_empty() { Node::line(head) } else { Node::block(head, lines) }
    }
}

/// Writes a permission set so that parsing it gives an equal one. `policy_path` is the path of its policy file, if it needs
/// one.
///
/// # Errors
/// The parts that the language does not support. A permission set without them would be another one.
pub(crate) fn write(
    live: &LivePermissionSet,
    details: &PermissionSet,
    region: &Region,
    policy_path: &str,
) -> Result<WrittenSet, Vec<String>> {
    let PermissionSet {
        name,
        description,
        session,
        relay_state,
        managed_policies,
        customer_policies,
        boundary,
        inline_policy,
        // A live set's tags stand beside its details.
        tags: _,
    } = details;
    let mut writer = Writer { partition: region.partition(), lines: Vec::new(), unsupported: Vec::new() };
    writer.text("description", description.as_deref(), is_description);
    if *session != SessionDuration::ONE_HOUR {
        writer.line(&format!("session {}", quoted(&session.to_string())));
    }
    writer.text("relay-state", relay_state.as_deref(), is_relay_state);
    writer.attached(managed_policies, customer_policies);
    writer.boundary(boundary.as_ref());
    let policy_file =
        inline_policy.as_ref().and_then(|policy| match policies::write(policy, region.as_str()) {
            Written::Kdl(statements) => {
                writer.lines.push(Node::block("inline-policy", statements));
                None
            }
            Written::File(text) => {
                writer.line(&format!("inline-policy file={}", quoted(policy_path)));
                Some(text)
            }
            Written::Refused(reason) => {
                // The reason quotes the policy, and becomes part of a comment.
                writer.unsupported.push(format!("its inline policy ({})", for_terminal(&reason)));
                None
            }
        });
    writer.tags(live);
    let Writer { lines, unsupported, partition: _ } = writer;
    if unsupported.is_empty() {
        Ok(WrittenSet { name: name.clone(), lines, policy_file })
    } else {
        Err(unsupported)
    }
}

struct Writer<'a> {
    partition: &'a str,
    lines: Vec<Node>,
    unsupported: Vec<String>,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.lines.push(Node::line(text));
    }

    fn text(&mut self, word: &str, text: Option<&str>, is_taken: fn(&str) -> bool) {
        match text {
            Some(text) if is_taken(text) => self.line(&format!("{word} {}", quoted(text))),
            Some(text) => self.unsupported.push(format!("its {word} {}", quoted(text))),
            None => {}
        }
    }

    fn attached(&mut self, managed: &BTreeSet<String>, customer: &BTreeSet<CustomerPolicy>) {
        let mut room = MAX_POLICIES;
        let mut names = Vec::new();
        for arn in managed {
            match self.managed_name(arn) {
                Some(name) if room > 0 => {
                    names.push(name);
                    room -= 1;
                }
                _ => self.unsupported.push(format!("the managed policy {}", quoted(arn))),
            }
        }
        self.lines.extend(Node::repeated("managed-policy", names, DEPTH));
        for policy in customer {
            if room > 0 && is_customer_policy(policy) {
                self.lines.push(customer_policy(policy));
                room -= 1;
            } else {
                self.unsupported.push(format!("the customer managed policy {}", quoted(&policy.to_string())));
            }
        }
    }

    /// Returns the name of a managed policy, if the language resolves it to the same ARN.
    fn managed_name<'n>(&self, arn: &'n str) -> Option<&'n str> {
        let name = managed_policy_name(arn);
        (is_policy_name(name) && arn == format!("arn:{}:iam::aws:policy/{name}", self.partition))
            .then_some(name)
    }

    fn boundary(&mut self, boundary: Option<&Boundary>) {
        let inner = match boundary {
            None => return,
            Some(Boundary::ManagedPolicy(arn)) => {
                self.managed_name(arn).map(|name| Node::line(format!("managed-policy {}", quoted(name))))
            }
            Some(Boundary::CustomerPolicy(policy)) => {
                is_customer_policy(policy).then(|| customer_policy(policy))
            }
        };
        match inner {
            Some(inner) => self.lines.push(Node::short("boundary", vec![inner])),
            None => self.unsupported.push("its boundary".to_owned()),
        }
    }

    /// Writes the tags. Tags that the language does not support are not managed, so nothing is lost.
    fn tags(&mut self, live: &LivePermissionSet) {
        let sayable = live.tags.iter().filter(|(key, value)| is_tag(key, value)).take(MAX_TAGS);
        self.lines.extend(sayable.map(|(key, value)| Node::line(format!("tag {}", list([key, value])))));
    }
}

fn customer_policy(policy: &CustomerPolicy) -> Node {
    let CustomerPolicy { name, path } = policy;
    let path = if path == "/" { String::new() } else { format!(" path={}", quoted(path)) };
    Node::line(format!("customer-policy {}{path}", quoted(name)))
}

fn is_description(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_DESCRIPTION && text.chars().all(is_of_description)
}

fn is_relay_state(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= MAX_RELAY_STATE && text.chars().all(is_of_relay_state)
}

fn is_customer_policy(policy: &CustomerPolicy) -> bool {
    let CustomerPolicy { name, path } = policy;
    let is_name = !name.is_empty() && name.len() <= MAX_POLICY_NAME && name.chars().all(is_policy_character);
    let inner = path.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    let is_part = |part: &str| !part.is_empty() && part.chars().all(is_policy_character);
    let is_path = path == "/" || inner.is_some_and(|inner| inner.split('/').all(is_part));
    is_name && is_path && path.len() <= MAX_POLICY_PATH
}

fn is_tag(key: &str, value: &str) -> bool {
    let lower = key.to_lowercase();
    !key.is_empty()
        && !lower.starts_with("aws:")
        && !lower.starts_with("rolecall:")
        && key.chars().count() <= MAX_TAG_KEY
        && value.chars().count() <= MAX_TAG_VALUE
        && key.chars().chain(value.chars()).all(is_of_tags)
        && is_writable(key)
        && is_writable(value)
}
