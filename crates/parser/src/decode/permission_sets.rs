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
use crate::syntax::{Node, Value};
use crate::words::{BoundaryWord, CustomerPolicyProperties, PermissionSetWord};

/// The longest name of a permission set, in characters (service model of sso-admin).
const MAX_NAME: usize = 32;

/// The lines of a permission set. All but policies and tags stand at most once.
#[derive(Default)]
struct PermissionSetLines<'n> {
    description: Option<&'n Node>,
    session: Option<&'n Node>,
    relay_state: Option<&'n Node>,
    managed_policy: Vec<&'n Node>,
    customer_policy: Vec<&'n Node>,
    boundary: Option<&'n Node>,
    inline_policy: Option<&'n Node>,
    tag: Vec<&'n Node>,
    adopt: Option<&'n Node>,
    renamed_from: Option<&'n Node>,
}

impl<'n> PermissionSetLines<'n> {
    fn of(node: &'n Node) -> Self {
        let mut lines = Self::default();
        for (word, child) in node.words() {
            let once = match word {
                PermissionSetWord::ManagedPolicy => {
                    lines.managed_policy.push(child);
                    continue;
                }
                PermissionSetWord::CustomerPolicy => {
                    lines.customer_policy.push(child);
                    continue;
                }
                PermissionSetWord::Tag => {
                    lines.tag.push(child);
                    continue;
                }
                PermissionSetWord::Description => &mut lines.description,
                PermissionSetWord::Session => &mut lines.session,
                PermissionSetWord::RelayState => &mut lines.relay_state,
                PermissionSetWord::Boundary => &mut lines.boundary,
                PermissionSetWord::InlinePolicy => &mut lines.inline_policy,
                PermissionSetWord::Adopt => &mut lines.adopt,
                PermissionSetWord::RenamedFrom => &mut lines.renamed_from,
            };
            once.get_or_insert(child);
        }
        lines
    }
}

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
        let PermissionSetLines {
            description,
            session,
            relay_state,
            managed_policy,
            customer_policy,
            boundary,
            inline_policy,
            tag,
            adopt,
            renamed_from,
        } = PermissionSetLines::of(node);
        set.description = description.and_then(|line| self.description(line));
        if let Some(session) = session.and_then(|line| self.session(line)) {
            set.session = session;
        }
        set.relay_state = relay_state.and_then(|line| self.relay_state(line));
        self.attached_policies(&managed_policy, &customer_policy, &mut set);
        set.boundary = boundary.and_then(|line| self.boundary(line));
        if let Some(line) = inline_policy {
            set.inline_policy = self.inline_policy(line);
            if let Some(policy) = &set.inline_policy {
                self.wildcard_statements(line, policy);
            }
        }
        self.tags(&tag, &mut set);
        let adopt = adopt.map(|line| self.adopt(line, renamed_from));
        let named = node.text().filter(|_| name.is_some());
        let renamed_from = renamed_from.and_then(|line| self.renamed_from(line, named));
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

    fn description(&mut self, node: &Node) -> Option<String> {
        let (text, place) = node.text()?;
        self.at_most(text, place, MAX_DESCRIPTION, "the description");
        if let Some(other) = text.chars().find(|c| !is_of_description(*c)) {
            let message = format!("AWS does not allow the character `{other}` in a description");
            let label = format!(
                "`{other}` is U+{:04X}; only U+0020 to U+007E and U+00A1 to U+00FF are allowed",
                u32::from(other)
            );
            self.beyond_limit(place, message, label);
        }
        Some(text.to_owned())
    }

    fn session(&mut self, node: &Node) -> Option<SessionDuration> {
        let (text, place) = node.text()?;
        let session = text.parse::<SessionDuration>();
        if session.is_err() {
            self.found.push(
                Diagnostic::error(Code::InvalidSession, format!("`{text}` is not a session duration"))
                    .at(place, "this is not a duration of 1 to 12 hours")
                    .help("write the duration in hours and minutes, such as `session \"1h30m\"`; AWS allows 1h to 12h"),
            );
        }
        session.ok()
    }

    fn relay_state(&mut self, node: &Node) -> Option<String> {
        let (text, place) = node.text()?;
        self.at_most(text, place, MAX_RELAY_STATE, "the relay state");
        if let Some(other) = text.chars().find(|c| !is_of_relay_state(*c)) {
            let shown =
                if other == '`' { "a backtick".to_owned() } else { format!("the character `{other}`") };
            let message = format!("AWS does not allow {shown} in a relay state");
            self.beyond_limit(place, message, "only printable ASCII without < > ^ ` is allowed".to_owned());
        }
        Some(text.to_owned())
    }

    fn attached_policies(&mut self, managed: &[&Node], customer: &[&Node], set: &mut PermissionSet) {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut last = None;
        for (text, place) in managed.iter().copied().flat_map(Node::texts) {
            last = Some(place);
            let Some(arn) = self.managed_policy(text, place) else { continue };
            if self.once(&mut seen, &arn, place) {
                set.managed_policies.insert(arn);
            }
        }
        for child in customer {
            for (policy, place) in self.customer_policies(child) {
                last = Some(place);
                if self.once(&mut seen, &policy.to_string(), place) {
                    set.customer_policies.insert(policy);
                }
            }
        }
        let Some(last) = last else { return };
        let count = set.managed_policies.len() + set.customer_policies.len();
        if count > MAX_POLICIES {
            let message = format!("the permission set has {count} policies; AWS allows {MAX_POLICIES}");
            self.beyond_limit(last, message, format!("this is policy {count}; {MAX_POLICIES} are allowed"));
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
                            "the `region` of `identity-center` determines the partition: write \
                             `arn:{partition}:iam::aws:policy/…`, or the policy's name alone"
                        );
                        self.is_not(place, text, &format!("a policy in the partition {partition}"), &help);
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
        let CustomerPolicyProperties { path } = node.values();
        let path = match path {
            None => Some("/".to_owned()),
            Some(value) => Value::placed_text(value).and_then(|(text, place)| self.policy_path(text, place)),
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
                    "a policy name (1 to 128 letters, digits or _+=,.@-); give its path with path=",
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
        let mut words = node.words();
        let (word, first) = words.next()?;
        if let Some((_, second)) = words.next().filter(|(second, _)| *second != word) {
            self.found.push(
                Diagnostic::error(Code::RepeatedNode, "a boundary is a single policy")
                    .at(second.header, "second policy of the boundary")
                    .and(first.header, "first policy of the boundary")
                    .help("keep one of the two"),
            );
        }
        match word {
            BoundaryWord::ManagedPolicy => {
                let (text, place) = first.text()?;
                self.managed_policy(text, place).map(Boundary::ManagedPolicy)
            }
            BoundaryWord::CustomerPolicy => {
                let mut policies = self.customer_policies(first).into_iter();
                policies.next().map(|(policy, _)| Boundary::CustomerPolicy(policy))
            }
        }
    }

    fn tags(&mut self, lines: &[&Node], set: &mut PermissionSet) {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut last = None;
        for child in lines {
            let Some((key, place)) = child.text() else { continue };
            last = Some(place);
            if !self.tag_key(key, place) || !self.once(&mut seen, key, place) {
                continue;
            }
            let Some((value, place)) = child.arguments.get(1).and_then(Value::placed_text) else { continue };
            if self.at_most(value, place, MAX_TAG_VALUE, "a tag value") && self.tag_characters(value, place) {
                set.tags.insert(key.to_owned(), value.to_owned());
            }
        }
        if let Some(last) = last.filter(|_| set.tags.len() > MAX_TAGS) {
            let count = set.tags.len();
            let message =
                format!("the permission set has {count} tags; AWS allows 50, one of which is `{STACK_TAG}`");
            self.beyond_limit(last, message, format!("this is tag {count}; {MAX_TAGS} are allowed"));
        }
    }

    fn tag_key(&mut self, key: &str, place: Place) -> bool {
        let lower = key.to_lowercase();
        if lower.starts_with("rolecall:") {
            self.found.push(
                Diagnostic::error(Code::ReservedTag, format!("the tag `{key}` is reserved for Rolecall"))
                    .at(place, "keys that begin with `rolecall:` record which stack owns a permission set")
                    .help(
                        "remove the tag, or choose another key; `rolecall stack=` sets the name of the stack",
                    ),
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
            let message = format!("AWS does not allow the character `{other}` in a tag");
            self.beyond_limit(
                place,
                message,
                "only letters, digits, spaces and `_.:/=+-@` are allowed".to_owned(),
            );
        }
        other.is_none()
    }
}
