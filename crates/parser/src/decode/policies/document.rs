//! Checks whether a document, written in JSON or in KDL, is a valid policy of a permission set. The source is the IAM
//! User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference".
//!
//! IAM accepts more than a person would write on purpose: empty conditions, empty lists, variables in the old version. In a
//! file these are warnings, because a file may contain a policy that is live; as an error, it would keep that policy out of
//! every project. moto's validator, written from IAM's answers, has the same list. What IAM rejects is an error everywhere.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::{Code, Diagnostic, Place, Severity};

use super::condition::{is_operator, unknown_operator};
use super::element::{Content, Element, Member};
use crate::check::repeated_value;
use crate::diagnostics::Diagnostics;
use crate::nearest::nearest;

/// The version with variables (`${…}`).
pub(super) const VERSION: &str = "2012-10-17";
/// The previous version, which is the default.
const OLD_VERSION: &str = "2008-10-17";
const DOCUMENT_ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS: [&str; 7] =
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
/// Elements of resource-based policies.
const RESOURCE_ELEMENTS: [&str; 2] = ["Principal", "NotPrincipal"];

/// The notation of a document.
#[derive(Debug, Clone, Copy)]
pub(super) enum Notation {
    /// A JSON file, with the place where the configuration refers to it.
    Json { used: Place },
    /// The block of an `inline-policy`.
    Kdl,
}

impl Notation {
    /// Returns the name of a statement's ID.
    fn sid(self) -> &'static str {
        match self {
            Self::Json { .. } => "`Sid`",
            Self::Kdl => "`sid`",
        }
    }
}

/// Reports every error and warning of a policy document, and returns whether there is no error.
pub(super) fn check(document: &Element, notation: Notation, found: &mut Diagnostics) -> bool {
    let mut checker = Checker { notation, found, wrong: false, sids: BTreeMap::new(), variable: None };
    checker.keys_stand_once(document);
    checker.document(document);
    !checker.wrong
}

struct Checker<'a> {
    notation: Notation,
    found: &'a mut Diagnostics,
    /// Whether there was an error.
    wrong: bool,
    sids: BTreeMap<String, Place>,
    /// The first variable, and the place of its text.
    variable: Option<(String, Place)>,
}

/// The elements of an object by name, and the names that misspelled ones were probably meant to be.
struct Elements<'a> {
    known: BTreeMap<&'a str, &'a Member>,
    meant: BTreeSet<&'static str>,
}

impl Elements<'_> {
    /// Returns whether an element exists, or was probably meant to.
    fn may_have(&self, name: &str) -> bool {
        self.known.contains_key(name) || self.meant.contains(name)
    }
}

impl Checker<'_> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.wrong |= diagnostic.is_error();
        self.found.push(match self.notation {
            Notation::Json { used } => diagnostic.and(used, "the file is referenced here"),
            Notation::Kdl => diagnostic,
        });
    }

    fn invalid(&mut self, place: Place, message: String, label: impl Into<String>, help: &str) {
        self.push(Diagnostic::error(Code::InvalidPolicy, message).at(place, label).help(help));
    }

    /// Reports what IAM accepts although it is hardly meant: a warning in a file, which may contain what is live.
    fn doubtful(&mut self, place: Place, message: String, label: impl Into<String>, help: &str) {
        let found = match self.notation {
            Notation::Json { .. } => Diagnostic::warning(Code::InvalidPolicy, message),
            Notation::Kdl => Diagnostic::error(Code::InvalidPolicy, message),
        };
        self.push(found.at(place, label).help(help));
    }

    /// Reports a value of the wrong kind: "`Effect` is a list; it must be a text".
    fn wrong_kind(&mut self, value: &Element, of: &str, wanted: &str) {
        // An unread value has been reported.
        let Some(kind) = value.kind() else { return };
        let (message, label) = (format!("{of} is {kind}; it must be {wanted}"), format!("this is {kind}"));
        self.invalid(value.shown, message, label, &format!("write {wanted}"));
    }

    fn text<'j>(&mut self, value: &'j Element, of: &str) -> Option<&'j str> {
        let text = value.text();
        if text.is_none() {
            self.wrong_kind(value, of, "a text");
        }
        text
    }

    /// Reports duplicate keys in an object: most parsers silently keep the last one, and a reviewer may have read the
    /// first.
    fn keys_stand_once(&mut self, document: &Element) {
        let mut pending = vec![document];
        while let Some(element) = pending.pop() {
            match &element.content {
                Content::List(values) => pending.extend(values.iter().rev()),
                Content::Object(members) => {
                    self.members_stand_once(members);
                    pending.extend(members.iter().rev().map(|member| &member.value));
                }
                Content::Null
                | Content::Bool(_)
                | Content::Number(_)
                | Content::Text(_)
                | Content::Unread => {}
            }
        }
    }

    fn members_stand_once(&mut self, members: &[Member]) {
        let (what, help) = match self.notation {
            Notation::Json { .. } => {
                ("object", "keep one of the two; most JSON parsers silently use the last one")
            }
            // Two lines could only be combined as alternatives, which is not what they mean.
            Notation::Kdl => ("condition", "keep one of the two; write alternative values on one line"),
        };
        let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
        for Member { key, place, .. } in members {
            if let Some(first) = seen.get(key.as_str()) {
                let message = format!("duplicate key `{key}` in one {what}");
                self.push(
                    Diagnostic::error(Code::InvalidPolicy, message)
                        .at(*place, format!("duplicate of `{key}`"))
                        .and(*first, format!("`{key}` is first given here"))
                        .help(help),
                );
            } else {
                seen.insert(key, *place);
            }
        }
    }

    fn document(&mut self, document: &Element) {
        let Content::Object(members) = &document.content else {
            let kind = document.kind().unwrap_or_default();
            let (message, label) =
                (format!("a policy must be an object; this is {kind}"), "this is not an object");
            let help = "a policy is an object with a `Version` and a `Statement`";
            return self.invalid(document.shown, message, label, help);
        };
        let elements = self.elements(members, &DOCUMENT_ELEMENTS, "a policy");
        if let Some(id) = elements.known.get("Id") {
            self.text(&id.value, "`Id`");
        }
        match elements.known.get("Statement") {
            Some(statement) => self.statements(&statement.value),
            None if elements.may_have("Statement") => {}
            None => {
                let help = "a policy is an object with a `Version` and a `Statement`";
                let message = "the policy has no `Statement`".to_owned();
                self.invalid(document.shown, message, "this policy has no `Statement`", help);
                return;
            }
        }
        self.version(document, &elements);
    }

    fn version(&mut self, document: &Element, elements: &Elements<'_>) {
        let Some(member) = elements.known.get("Version") else {
            if !elements.may_have("Version") {
                let start = document.place.range().start + 1;
                let behind_brace = Place::new(document.place.file, start..start);
                let replacement = format!(" \"Version\": \"{VERSION}\",");
                let label = format!(
                    "without a `Version`, the version is {OLD_VERSION}, which treats variables as plain text"
                );
                self.old_version(document.shown, label, (behind_brace, replacement));
            }
            return;
        };
        let value = &member.value;
        match self.text(value, "`Version`") {
            None | Some(VERSION) => {}
            Some(OLD_VERSION) => {
                let label = format!("version {OLD_VERSION} treats variables as plain text");
                self.old_version(value.shown, label, (value.place, format!("\"{VERSION}\"")));
            }
            Some(other) => {
                let place = value.shown;
                let message = format!("the IAM policy language has no version `{other}`");
                self.push(
                    Diagnostic::error(Code::InvalidPolicy, message)
                        .at(place, format!("`{other}` is not a version of the IAM policy language"))
                        .help(format!("write `\"Version\": \"{VERSION}\"`"))
                        .suggest(place, format!("\"{VERSION}\"")),
                );
            }
        }
    }

    /// Reports the old version, which has no variables, if the policy contains what looks like a variable. A new version
    /// would change the policy in AWS, so a person has to decide.
    fn old_version(&mut self, at: Place, label: String, (edit, replacement): (Place, String)) {
        let found = match self.variable.take() {
            Some((variable, place)) => {
                let message = format!("`{variable}` is not a variable in a policy of version {OLD_VERSION}");
                Diagnostic::warning(Code::OldPolicyVersion, message)
                    .at(place, format!("IAM treats `{variable}` as literal text here"))
                    .and(at, label)
            }
            None => {
                let message =
                    format!("the policy uses the old version {OLD_VERSION} of the IAM policy language");
                Diagnostic::warning(Code::OldPolicyVersion, message).at(at, label)
            }
        };
        let help = format!("write `\"Version\": \"{VERSION}\"`");
        self.push(found.help(help).suggest(edit, replacement));
    }

    /// Sorts the members of an object by name, and reports unknown ones.
    fn elements<'j>(
        &mut self,
        members: &'j [Member],
        known: &'static [&'static str],
        of: &str,
    ) -> Elements<'j> {
        let mut elements = Elements { known: BTreeMap::new(), meant: BTreeSet::new() };
        let written: BTreeSet<&str> = members.iter().map(|member| member.key.as_str()).collect();
        for member in members {
            if self.found.is_full() {
                break;
            }
            let (key, place) = (&member.key, member.place);
            if known.contains(&key.as_str()) {
                elements.known.insert(key, member);
                continue;
            }
            let found = |message: String, label: String| {
                Diagnostic::error(Code::UnknownPolicyElement, message).at(place, label)
            };
            if RESOURCE_ELEMENTS.contains(&key.as_str()) {
                self.push(
                    found(
                        format!("`{key}` is not allowed in the policy of a permission set"),
                        format!("only resource-based policies have `{key}`"),
                    )
                    .help("remove it; whoever is assigned the permission set is the principal"),
                );
                continue;
            }
            let found =
                found(format!("`{key}` is not an element of {of}"), format!("IAM has no `{key}` in {of}"));
            let near = nearest(key, known.iter().copied().filter(|name| !written.contains(name)));
            let near = near.and_then(|near| known.iter().find(|name| **name == near));
            self.push(match near {
                Some(near) => {
                    elements.meant.insert(near);
                    found.help(format!("did you mean `{near}`?")).suggest(place, format!("\"{near}\""))
                }
                None => found.help(format!("the elements of {of} are {}", known.join(", "))),
            });
        }
        elements
    }

    fn statements(&mut self, value: &Element) {
        match &value.content {
            Content::Object(_) => self.statement(value, "the statement"),
            Content::List(statements) if statements.is_empty() => {
                let message = "`Statement` is empty".to_owned();
                let label = "this list has no statement";
                self.doubtful(value.place, message, label, "add a statement, or remove the policy");
            }
            Content::List(statements) => {
                for (nth, statement) in statements.iter().enumerate() {
                    if self.found.is_full() {
                        return;
                    }
                    self.statement(statement, &format!("statement {}", nth + 1));
                }
            }
            Content::Null | Content::Bool(_) | Content::Number(_) | Content::Text(_) | Content::Unread => {
                self.wrong_kind(value, "`Statement`", "an object or a list of objects");
            }
        }
    }

    fn statement(&mut self, statement: &Element, name: &str) {
        let Content::Object(members) = &statement.content else {
            return self.wrong_kind(statement, name, "an object");
        };
        let elements = self.elements(members, &STATEMENT_ELEMENTS, "a statement");
        if let Some(sid) = elements.known.get("Sid") {
            self.sid(&sid.value);
        }
        match elements.known.get("Effect") {
            Some(effect) => self.effect(&effect.value),
            None if elements.may_have("Effect") => {}
            None => {
                let help = "write `\"Effect\": \"Allow\"` or `\"Effect\": \"Deny\"`";
                let message = format!("{name} has no `Effect`");
                self.invalid(statement.shown, message, "this statement has no `Effect`", help);
            }
        }
        self.one_of(statement, name, &elements, ["Action", "NotAction"]);
        self.one_of(statement, name, &elements, ["Resource", "NotResource"]);
        for element in ["Action", "NotAction"] {
            for value in self.texts(&elements, element) {
                self.action(value);
            }
        }
        for element in ["Resource", "NotResource"] {
            for value in self.texts(&elements, element) {
                self.resource(value);
            }
        }
        if let Some(condition) = elements.known.get("Condition") {
            self.condition(&condition.value);
        }
    }

    fn sid(&mut self, value: &Element) {
        let called = self.notation.sid();
        let Some(sid) = self.text(value, called) else { return };
        if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let message = format!("`{sid}` is not a statement id");
            let label = format!("only letters and digits are allowed in {called}");
            return self.invalid(value.shown, message, label, "write letters and digits");
        }
        let place = value.shown;
        match self.sids.get(sid) {
            Some(first) => {
                let found = repeated_value(sid, place, *first)
                    .help(format!("give each statement a different {called}"));
                self.push(found);
            }
            // IAM treats an empty ID like none.
            None if sid.is_empty() => {}
            None => {
                self.sids.insert(sid.to_owned(), place);
            }
        }
    }

    fn effect(&mut self, value: &Element) {
        let Some(effect) = self.text(value, "`Effect`") else { return };
        if matches!(effect, "Allow" | "Deny") {
            return;
        }
        let place = value.shown;
        let found = Diagnostic::error(Code::InvalidPolicy, format!("`Effect` cannot be `{effect}`"))
            .at(place, format!("`{effect}` is neither `Allow` nor `Deny`"));
        self.push(match nearest(effect, ["Allow", "Deny"]) {
            Some(near) => found.help(format!("did you mean `{near}`?")).suggest(place, format!("\"{near}\"")),
            None => found.help("write `Allow` or `Deny`, in exactly this spelling"),
        });
    }

    /// Reports two elements unless exactly one of them exists.
    fn one_of(&mut self, object: &Element, name: &str, elements: &Elements<'_>, [one, other]: [&str; 2]) {
        if !elements.may_have(one) && !elements.may_have(other) {
            let (message, label) = (
                format!("{name} has no `{one}`"),
                format!("this statement has neither `{one}` nor `{other}`"),
            );
            return self.invalid(object.shown, message, label, &format!("write `{one}` or `{other}`"));
        }
        let (Some(one_member), Some(other_member)) = (elements.known.get(one), elements.known.get(other))
        else {
            return;
        };
        let (one_place, other_place) = (one_member.place, other_member.place);
        self.push(
            Diagnostic::error(Code::InvalidPolicy, format!("{name} has both `{one}` and `{other}`"))
                .at(other_place, format!("`{other}` cannot be combined with `{one}`"))
                .and(one_place, format!("`{one}` is given here"))
                .help("keep one of the two, or write two statements"),
        );
    }

    /// Returns the texts of an element that is a text or a list of texts.
    fn texts<'j>(&mut self, elements: &Elements<'j>, name: &str) -> Vec<&'j Element> {
        let Some(member) = elements.known.get(name) else { return Vec::new() };
        let value = &member.value;
        let values = match &value.content {
            Content::Text(_) => return vec![value],
            Content::List(values) => values,
            Content::Null | Content::Bool(_) | Content::Number(_) | Content::Object(_) | Content::Unread => {
                self.wrong_kind(value, &format!("`{name}`"), "a text or a list of texts");
                return Vec::new();
            }
        };
        if values.is_empty() {
            let message = format!("`{name}` is empty");
            let label = "this list is empty";
            self.doubtful(value.place, message, label, "add at least one value");
        }
        let (texts, others): (Vec<&Element>, Vec<&Element>) =
            values.iter().partition(|value| value.text().is_some());
        for other in others {
            self.wrong_kind(other, &format!("a value of `{name}`"), "a text");
        }
        texts
    }

    /// IAM checks the service of an action, and little of what follows.
    fn action(&mut self, value: &Element) {
        let text = value.text().unwrap_or_default();
        if is_action(text) {
            return;
        }
        let message = format!("`{text}` is not an IAM action");
        let label = "an action is `*`, or a service and an action with `:` between them";
        let help = "write an action such as s3:GetObject or s3:*";
        match text.split_once(':') {
            Some((service, action)) if is_service(service) && !action.contains(':') => {
                self.doubtful(value.shown, message, label, help);
            }
            Some(_) | None => self.invalid(value.shown, message, label, help),
        }
    }

    fn resource(&mut self, value: &Element) {
        let text = value.text().unwrap_or_default();
        self.learn_variable(text, value);
        // A wildcard or a variable at the beginning can become an ARN.
        if !text.starts_with("arn:") && !text.contains(['*', '?']) && !text.starts_with("${") {
            let message = format!("`{text}` is not a resource");
            self.invalid(value.shown, message, "this is neither `*` nor an ARN", "write an ARN, or *");
        }
    }

    fn condition(&mut self, value: &Element) {
        let Content::Object(operators) = &value.content else {
            return self.wrong_kind(value, "`Condition`", "an object of operators");
        };
        if operators.is_empty() {
            let message = "the condition is empty".to_owned();
            let help = "add a condition, or remove `Condition`";
            self.doubtful(value.place, message, "this condition has no operator", help);
        }
        for Member { key: operator, place, value } in operators {
            if self.found.is_full() {
                return;
            }
            if !is_operator(operator) {
                let place = *place;
                let found = unknown_operator(operator, place);
                // IAM looks at an operator only to compare something.
                let is_idle = matches!(&value.content, Content::Object(keys) if keys.is_empty());
                self.push(match self.notation {
                    Notation::Json { .. } if is_idle => Diagnostic { severity: Severity::Warning, ..found },
                    Notation::Json { .. } | Notation::Kdl => found,
                });
            }
            let Content::Object(keys) = &value.content else {
                self.wrong_kind(value, &format!("`{operator}`"), "an object of keys and values");
                continue;
            };
            if keys.is_empty() {
                let message = format!("the condition `{operator}` is empty");
                let help = format!("add a key with its values, or remove `{operator}`");
                self.doubtful(value.place, message, "this condition has no key", &help);
            }
            for Member { key, place, value } in keys {
                if key.is_empty() {
                    let message = "a condition has an empty key".to_owned();
                    let help = "write a condition key, such as aws:PrincipalTag/team";
                    self.invalid(*place, message, "this key is empty", help);
                }
                self.condition_values(key, value);
            }
        }
    }

    /// Checks a value or a list of values: texts, numbers or booleans.
    fn condition_values(&mut self, key: &str, value: &Element) {
        let values = match &value.content {
            Content::List(values) if values.is_empty() => {
                let message = format!("the condition on `{key}` has no value");
                let help = "add a value, or remove the key";
                return self.doubtful(value.place, message, "this list is empty", help);
            }
            Content::List(values) => values.as_slice(),
            Content::Null
            | Content::Bool(_)
            | Content::Number(_)
            | Content::Text(_)
            | Content::Object(_)
            | Content::Unread => std::slice::from_ref(value),
        };
        for value in values {
            match &value.content {
                Content::Text(text) => self.learn_variable(text, value),
                Content::Number(_) | Content::Bool(_) | Content::Unread => {}
                Content::Null | Content::List(_) | Content::Object(_) => {
                    self.wrong_kind(value, &format!("a value of `{key}`"), "a text, a number or a boolean");
                }
            }
        }
    }

    /// Remembers the first variable of the document.
    fn learn_variable(&mut self, text: &str, value: &Element) {
        if self.variable.is_some() {
            return;
        }
        let Some(start) = text.find("${") else { return };
        let end = text[start..].find('}').map_or(text.len(), |length| start + length + 1);
        self.variable = Some((text[start..end].to_owned(), value.shown));
    }
}

/// Returns whether a text is `*`, or a service and an action. IAM does not allow a wildcard in the name of a service.
fn is_action(text: &str) -> bool {
    let action = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"*?_-".contains(&b))
    };
    matches!(text, "*" | "*:*")
        || text.split_once(':').is_some_and(|(left, right)| is_service(left) && action(right))
}

/// Whether a text can be the name of a service. IAM takes no wildcard for a part of it.
fn is_service(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
}
