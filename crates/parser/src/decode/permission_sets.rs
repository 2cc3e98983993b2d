//! `permission-set` and `external-permission-set`, and the limits of AWS that can be checked offline.

use std::collections::BTreeMap;

use rolecall_model::config::{DeclaredPermissionSet, ExternalPermissionSet};
use rolecall_model::permission_set::{Boundary, CustomerPolicy, PermissionSet, STACK_TAG, SessionDuration};
use rolecall_model::{Code, Diagnostic, PermissionSetName, Place};

use super::Decoder;
use crate::limits::{
    MAX_DESCRIPTION, MAX_POLICIES, MAX_POLICY_NAME, MAX_POLICY_PATH, MAX_RELAY_STATE, MAX_TAG_KEY,
    MAX_TAG_VALUE, MAX_TAGS, is_of_description, is_of_relay_state, is_of_tags, is_policy_character,
    is_policy_name,
};
use crate::syntax::Node;

/// The longest name of a permission set, in characters (service model of sso-admin).
const MAX_NAME: usize = 32;

impl Decoder<'_> {
    pub(super) fn external_permission_set(&mut self, node: &Node) {
        let Some((text, place)) = node.text() else { return };
        if let Some(name) = self.permission_set_name(text, place) {
            let origin = self.origin(node.header);
            self.parts.external_permission_sets.push(ExternalPermissionSet { name, origin });
        }
    }

    pub(super) fn permission_set(&mut self, node: &Node) {
        let name = node.text().and_then(|(text, place)| self.permission_set_name(text, place));
        // A set without a name that can be used is decoded under this one, to find its other mistakes.
        let stand_in = name.clone().or_else(|| "unnamed".parse().ok());
        let Some(mut set) = stand_in.map(PermissionSet::new) else { return };
        self.description(node, &mut set);
        self.session(node, &mut set);
        self.relay_state(node, &mut set);
        self.attached_policies(node, &mut set);
        for child in node.children_named("boundary").take(1) {
            set.boundary = self.boundary(child);
        }
        for child in node.children_named("inline-policy").take(1) {
            set.inline_policy = self.inline_policy(child);
            if let Some(policy) = &set.inline_policy {
                self.wildcard_statements(child, policy);
            }
        }
        self.tags(node, &mut set);
        let adopt = self.adopt(node);
        let renamed_from = self.renamed_from(node, node.text().filter(|_| name.is_some()));
        if name.is_some() {
            let origin = self.origin(node.header);
            self.parts.permission_sets.push(DeclaredPermissionSet {
                permission_set: set,
                adopt,
                renamed_from,
                origin,
            });
        }
    }

    pub(super) fn permission_set_name(&mut self, text: &str, place: Place) -> Option<PermissionSetName> {
        if self.at_most(text, place, MAX_NAME, "the name of a permission set") {
            self.identity(text, place)
        } else {
            None
        }
    }

    fn description(&mut self, node: &Node, set: &mut PermissionSet) {
        let Some((text, place)) = node.children_named("description").next().and_then(Node::text) else {
            return;
        };
        self.at_most(text, place, MAX_DESCRIPTION, "the description");
        if let Some(other) = text.chars().find(|c| !is_of_description(*c)) {
            let message = format!("AWS does not take the character `{other}` in a description");
            let label = format!(
                "`{other}` (U+{:04X}) stands here; only U+0020 to U+007E and U+00A1 to U+00FF may",
                u32::from(other)
            );
            self.beyond_limit(place, message, label);
        }
        set.description = Some(text.to_owned());
    }

    fn session(&mut self, node: &Node, set: &mut PermissionSet) {
        let Some((text, place)) = node.children_named("session").next().and_then(Node::text) else { return };
        match text.parse::<SessionDuration>() {
            Ok(session) => set.session = session,
            Err(_) => self.found.push(
                Diagnostic::error(Code::InvalidSession, format!("`{text}` is not a session duration"))
                    .at(place, "this is no time from 1 to 12 hours, in hours and minutes")
                    .help("write the duration in hours and minutes, such as `session \"1h30m\"`; AWS takes 1h to 12h"),
            ),
        }
    }

    fn relay_state(&mut self, node: &Node, set: &mut PermissionSet) {
        let Some((text, place)) = node.children_named("relay-state").next().and_then(Node::text) else {
            return;
        };
        self.at_most(text, place, MAX_RELAY_STATE, "the relay state");
        if let Some(other) = text.chars().find(|c| !is_of_relay_state(*c)) {
            let shown =
                if other == '`' { "a backtick".to_owned() } else { format!("the character `{other}`") };
            let message = format!("AWS does not take {shown} in a relay state");
            self.beyond_limit(place, message, "printable ASCII but < > ^ ` may stand here".to_owned());
        }
        set.relay_state = Some(text.to_owned());
    }

    fn attached_policies(&mut self, node: &Node, set: &mut PermissionSet) {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut last = node.word_place;
        for child in node.children_named("managed-policy") {
            for (text, place) in child.texts() {
                last = place;
                let Some(arn) = self.managed_policy(text, place) else { continue };
                if self.once(&mut seen, &arn, place) {
                    set.managed_policies.insert(arn);
                }
            }
        }
        for child in node.children_named("customer-policy") {
            for policy in self.customer_policies(child) {
                let (policy, place) = policy;
                last = place;
                if self.once(&mut seen, &policy.to_string(), place) {
                    set.customer_policies.insert(policy);
                }
            }
        }
        let count = set.managed_policies.len() + set.customer_policies.len();
        if count > MAX_POLICIES {
            let message =
                format!("the permission set has {count} policies; AWS takes at most {MAX_POLICIES}");
            self.beyond_limit(
                last,
                message,
                format!("this is policy {count} of {MAX_POLICIES} that are allowed"),
            );
        } else {
            self.many_policies(count, last);
        }
    }

    /// The ARN of an AWS managed policy, from that or from its name with the path.
    pub(super) fn managed_policy(&mut self, text: &str, place: Place) -> Option<String> {
        let partition = self.partition;
        let name = match text.strip_prefix("arn:") {
            None => text,
            Some(rest) => {
                let wanted = format!("the ARN of an AWS managed policy (arn:{partition}:iam::aws:policy/…)");
                let Some(name) =
                    rest.strip_prefix(partition).and_then(|rest| rest.strip_prefix(":iam::aws:policy/"))
                else {
                    if rest.split_once(":iam::aws:policy/").is_some_and(|(other, _)| other.starts_with("aws"))
                    {
                        let help = format!(
                            "the partition follows from the `region` of `identity-center`: write \
                             `arn:{partition}:iam::aws:policy/…`, or the policy's name alone"
                        );
                        self.is_not(place, text, &format!("a policy of the partition {partition}"), &help);
                    } else {
                        self.invalid(place, text, &wanted);
                    }
                    return None;
                };
                name
            }
        };
        if !is_policy_name(name) {
            self.invalid(
                place,
                text,
                "an AWS managed policy: its name with the path, such as job-function/SupportUser, or its ARN",
            );
            return None;
        }
        Some(format!("arn:{partition}:iam::aws:policy/{name}"))
    }

    fn customer_policies(&mut self, node: &Node) -> Vec<(CustomerPolicy, Place)> {
        let path = match node.property("path") {
            None => Some("/".to_owned()),
            Some(value) => value.text().and_then(|text| self.policy_path(text, value.place)),
        };
        let mut policies = Vec::new();
        for (name, place) in node.texts() {
            if !self.at_most(name, place, MAX_POLICY_NAME, "the name of a policy") {
                continue;
            }
            if !name.chars().all(is_policy_character) {
                self.invalid(
                    place,
                    name,
                    "a policy name (1 to 128 letters, digits or _+=,.@-); its path goes into path=",
                );
                continue;
            }
            if let Some(path) = &path {
                policies.push((CustomerPolicy { name: name.to_owned(), path: path.clone() }, place));
            }
        }
        policies
    }

    fn policy_path(&mut self, text: &str, place: Place) -> Option<String> {
        let inner = text
            .strip_prefix('/')
            .and_then(|rest| if rest.is_empty() { Some("") } else { rest.strip_suffix('/') });
        let is_path = inner.is_some_and(|inner| {
            inner.is_empty()
                || inner.split('/').all(|part| !part.is_empty() && part.chars().all(is_policy_character))
        });
        if !is_path {
            self.invalid(place, text, "a policy path, such as /platform/, with a slash at both ends");
            return None;
        }
        self.at_most(text, place, MAX_POLICY_PATH, "the path of a policy").then(|| text.to_owned())
    }

    fn boundary(&mut self, node: &Node) -> Option<Boundary> {
        let mut words = node
            .children()
            .iter()
            .filter(|child| matches!(child.word.as_str(), "managed-policy" | "customer-policy"));
        let first = words.next()?;
        if let Some(second) = words.next().filter(|second| second.word != first.word) {
            self.found.push(
                Diagnostic::error(Code::RepeatedNode, "a boundary is one policy, and two stand here")
                    .at(second.header, "this is the second policy of one boundary")
                    .and(first.header, "this is the first")
                    .help("keep one of the two"),
            );
        }
        if first.word == "managed-policy" {
            let (text, place) = first.text()?;
            return self.managed_policy(text, place).map(Boundary::ManagedPolicy);
        }
        self.customer_policies(first).into_iter().next().map(|(policy, _)| Boundary::CustomerPolicy(policy))
    }

    fn tags(&mut self, node: &Node, set: &mut PermissionSet) {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut last = node.word_place;
        for child in node.children_named("tag") {
            let Some((key, place)) = child.text() else { continue };
            last = place;
            if !self.tag_key(key, place) || !self.once(&mut seen, key, place) {
                continue;
            }
            let Some((value, place)) =
                child.arguments.get(1).and_then(|value| value.text().map(|text| (text, value.place)))
            else {
                continue;
            };
            if self.at_most(value, place, MAX_TAG_VALUE, "a tag value") && self.tag_characters(value, place) {
                set.tags.insert(key.to_owned(), value.to_owned());
            }
        }
        if set.tags.len() > MAX_TAGS {
            let count = set.tags.len();
            let message =
                format!("the permission set has {count} tags; AWS takes 50, one of which is `{STACK_TAG}`");
            self.beyond_limit(last, message, format!("this is tag {count} of {MAX_TAGS} that are allowed"));
        }
    }

    fn tag_key(&mut self, key: &str, place: Place) -> bool {
        let lower = key.to_lowercase();
        if lower.starts_with("rolecall:") {
            self.found.push(
                Diagnostic::error(Code::ReservedTag, format!("the tag `{key}` belongs to Rolecall"))
                    .at(place, "keys that begin with `rolecall:` say which stack owns a set")
                    .help("take the tag away, or give it another key; the stack's name is set by `rolecall stack=`"),
            );
            return false;
        }
        if key.is_empty() || lower.starts_with("aws:") {
            self.invalid(place, key, "a tag key (1 to 128 characters that do not begin with aws:)");
            return false;
        }
        self.at_most(key, place, MAX_TAG_KEY, "a tag key") && self.tag_characters(key, place)
    }

    /// sso-admin takes letters, digits, spaces and `_.:/=+-@` in tags.
    fn tag_characters(&mut self, text: &str, place: Place) -> bool {
        let other = text.chars().find(|c| !is_of_tags(*c));
        if let Some(other) = other {
            let message = format!("AWS does not take the character `{other}` in a tag");
            self.beyond_limit(
                place,
                message,
                "letters, digits, spaces and `_.:/=+-@` may stand here".to_owned(),
            );
        }
        other.is_none()
    }
}
