//! Whether a JSON file holds a policy that a permission set can have. What IAM takes is written in its User Guide
//! under "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference".

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rolecall_model::{Code, Diagnostic, FileId, Place};

use super::condition::{is_operator, unknown_operator};
use super::is_action;
use crate::check::repeated_value;
use crate::json::{Content, Json, Member};
use crate::mistakes::Mistakes;
use crate::nearest::nearest;

/// The version in which `${…}` is a variable.
const VERSION: &str = "2012-10-17";
/// The version before it, which IAM takes where none is given.
const OLD_VERSION: &str = "2008-10-17";
const DOCUMENT_ELEMENTS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS: [&str; 7] =
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];
/// What IAM knows in the policies of resources alone.
const RESOURCE_ELEMENTS: [&str; 2] = ["Principal", "NotPrincipal"];

/// Reports every mistake of a policy document, and says whether none is an error.
pub(super) fn check(json: &Json, file: FileId, used: Place, found: &mut Mistakes) -> bool {
    let mut document = Document { file, used, found, wrong: false, sids: BTreeMap::new(), variable: None };
    document.keys_stand_once(json);
    document.document(json);
    !document.wrong
}

struct Document<'a> {
    file: FileId,
    /// Where the files of the project name this one.
    used: Place,
    found: &'a mut Mistakes,
    /// Whether there was an error.
    wrong: bool,
    sids: BTreeMap<String, Place>,
    /// The first variable in a text, and the place of that text.
    variable: Option<(String, Range<usize>)>,
}

/// The elements of an object: each under its name, and the names that misspelt ones were probably meant to be.
struct Elements<'a> {
    known: BTreeMap<&'a str, &'a Member>,
    meant: BTreeSet<&'static str>,
}

impl Elements<'_> {
    /// Whether an element is there, or may have been meant to be.
    fn may_have(&self, name: &str) -> bool {
        self.known.contains_key(name) || self.meant.contains(name)
    }
}

impl Document<'_> {
    fn place(&self, range: Range<usize>) -> Place {
        Place::new(self.file, range)
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.wrong |= diagnostic.is_error();
        self.found.push(diagnostic.and(self.used, "the file is used here"));
    }

    fn invalid(&mut self, range: Range<usize>, message: String, label: impl Into<String>, help: &str) {
        let place = self.place(range);
        self.push(Diagnostic::error(Code::InvalidPolicy, message).at(place, label).help(help));
    }

    /// Reports a value of the wrong kind: "`Effect` is a list, and must be a text".
    fn wrong_kind(&mut self, value: &Json, of: &str, wanted: &str) {
        let kind = value.kind();
        let (message, label) =
            (format!("{of} is {kind}, and must be {wanted}"), format!("{kind} stands here"));
        self.invalid(value.shown(), message, label, &format!("write {wanted}"));
    }

    fn text<'j>(&mut self, value: &'j Json, of: &str) -> Option<&'j str> {
        let text = value.text();
        if text.is_none() {
            self.wrong_kind(value, of, "a text");
        }
        text
    }

    /// A key that stands twice in one object is refused: most readers silently keep the last, and a reviewer may have
    /// read the first.
    fn keys_stand_once(&mut self, json: &Json) {
        let mut pending = vec![json];
        while let Some(json) = pending.pop() {
            match &json.content {
                Content::List(values) => pending.extend(values.iter().rev()),
                Content::Object(members) => {
                    let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
                    for Member { key, place, .. } in members {
                        let place = self.place(place.clone());
                        match seen.get(key.as_str()) {
                            Some(first) => {
                                let message = format!("the key `{key}` stands twice in one object");
                                self.push(
                                    Diagnostic::error(Code::InvalidPolicy, message)
                                        .at(place, format!("`{key}` stands again"))
                                        .and(*first, format!("`{key}` stands here already"))
                                        .help("keep one of the two; most readers of JSON silently take the last"),
                                );
                            }
                            None => {
                                seen.insert(key, place);
                            }
                        }
                    }
                    pending.extend(members.iter().rev().map(|member| &member.value));
                }
                _ => {}
            }
        }
    }

    fn document(&mut self, json: &Json) {
        let Content::Object(members) = &json.content else {
            let (message, label) =
                (format!("a policy is an object, and this is {}", json.kind()), "no object stands here");
            let help = "a policy is an object with a `Version` and a `Statement`";
            return self.invalid(json.shown(), message, label, help);
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
                self.invalid(json.shown(), message, "this policy has no `Statement`", help);
                return;
            }
        }
        self.version(json, &elements);
    }

    fn version(&mut self, json: &Json, elements: &Elements<'_>) {
        let Some(member) = elements.known.get("Version") else {
            if !elements.may_have("Version") {
                let start = json.range.start + 1;
                self.old_version(json.shown(), start..start, format!(" \"Version\": \"{VERSION}\","), false);
            }
            return;
        };
        let value = &member.value;
        match self.text(value, "`Version`") {
            None | Some(VERSION) => {}
            Some(OLD_VERSION) => {
                self.old_version(value.shown(), value.range.clone(), format!("\"{VERSION}\""), true);
            }
            Some(other) => {
                let place = self.place(value.shown());
                let message = format!("IAM's language has no version `{other}`");
                self.push(
                    Diagnostic::error(Code::InvalidPolicy, message)
                        .at(place, format!("`{other}` is no version of IAM's language"))
                        .help(format!("write `\"Version\": \"{VERSION}\"`"))
                        .suggest(place, format!("\"{VERSION}\"")),
                );
            }
        }
    }

    /// The policy is in the old version, in which nothing is a variable: an error if it has what looks like one. The
    /// policy that AWS holds would change with the version, so that is for a person to decide.
    fn old_version(&mut self, shown: Range<usize>, edit: Range<usize>, replacement: String, is_given: bool) {
        let at = self.place(shown);
        let label = if is_given {
            format!("in version {OLD_VERSION}, variables are plain text")
        } else {
            format!("without a `Version`, this is {OLD_VERSION}, in which variables are plain text")
        };
        let found = match self.variable.take() {
            Some((variable, range)) => {
                let message = format!("`{variable}` is no variable in a policy of version {OLD_VERSION}");
                Diagnostic::error(Code::OldPolicyVersion, message)
                    .at(self.place(range), format!("IAM takes `{variable}` here for these very characters"))
                    .and(at, label)
            }
            None => {
                let message = format!("the policy is in the old version {OLD_VERSION} of IAM's language");
                Diagnostic::warning(Code::OldPolicyVersion, message).at(at, label)
            }
        };
        let help = format!("write `\"Version\": \"{VERSION}\"`");
        let edit = self.place(edit);
        self.push(found.help(help).suggest(edit, replacement));
    }

    /// Sorts the members of an object by name, and reports those that IAM does not know.
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
            let Member { key, place, .. } = member;
            if known.contains(&key.as_str()) {
                elements.known.insert(key, member);
                continue;
            }
            let place = self.place(place.clone());
            let found = |message: String, label: String| {
                Diagnostic::error(Code::UnknownPolicyElement, message).at(place, label)
            };
            if RESOURCE_ELEMENTS.contains(&key.as_str()) {
                self.push(
                    found(
                        format!("`{key}` does not belong in the policy of a permission set"),
                        format!("`{key}` stands in policies of resources alone"),
                    )
                    .help("take it away; whoever gets the permission set is the principal"),
                );
                continue;
            }
            let found =
                found(format!("`{key}` is not an element of {of}"), format!("IAM knows no `{key}` in {of}"));
            let near = nearest(key, known.iter().copied().filter(|name| !written.contains(name)));
            let near = near.and_then(|near| known.iter().find(|name| **name == near));
            self.push(match near {
                Some(near) => {
                    elements.meant.insert(near);
                    found.help(format!("did you mean `{near}`?")).suggest(place, format!("\"{near}\""))
                }
                None => found.help(format!("{of} has the elements {}", known.join(", "))),
            });
        }
        elements
    }

    fn statements(&mut self, value: &Json) {
        match &value.content {
            Content::Object(_) => self.statement(value, "the statement"),
            Content::List(statements) if statements.is_empty() => {
                let message = "the policy has an empty `Statement`".to_owned();
                let label = "no statement stands in this list";
                self.invalid(
                    value.range.clone(),
                    message,
                    label,
                    "write a statement, or take the policy away",
                );
            }
            Content::List(statements) => {
                for (nth, statement) in statements.iter().enumerate() {
                    if self.found.is_full() {
                        return;
                    }
                    self.statement(statement, &format!("statement {}", nth + 1));
                }
            }
            _ => self.wrong_kind(value, "`Statement`", "an object or a list of objects"),
        }
    }

    fn statement(&mut self, json: &Json, name: &str) {
        let Content::Object(members) = &json.content else {
            return self.wrong_kind(json, name, "an object");
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
                self.invalid(json.shown(), message, "this statement has no `Effect`", help);
            }
        }
        self.one_of(json, name, &elements, ["Action", "NotAction"]);
        self.one_of(json, name, &elements, ["Resource", "NotResource"]);
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

    fn sid(&mut self, value: &Json) {
        let Some(sid) = self.text(value, "`Sid`") else { return };
        if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let message = format!("`{sid}` is not a statement id");
            let label = "only letters and digits may stand in a `Sid`";
            return self.invalid(value.shown(), message, label, "write letters and digits");
        }
        let place = self.place(value.shown());
        match self.sids.get(sid) {
            Some(first) => {
                let found = repeated_value(sid, place, *first).help("give each statement another `Sid`");
                self.push(found);
            }
            // IAM takes an empty one for none.
            None if sid.is_empty() => {}
            None => {
                self.sids.insert(sid.to_owned(), place);
            }
        }
    }

    fn effect(&mut self, value: &Json) {
        let Some(effect) = self.text(value, "`Effect`") else { return };
        if matches!(effect, "Allow" | "Deny") {
            return;
        }
        let place = self.place(value.shown());
        let found = Diagnostic::error(Code::InvalidPolicy, format!("`Effect` cannot be `{effect}`"))
            .at(place, format!("`{effect}` is neither `Allow` nor `Deny`"));
        self.push(match nearest(effect, ["Allow", "Deny"]) {
            Some(near) => found.help(format!("did you mean `{near}`?")).suggest(place, format!("\"{near}\"")),
            None => found.help("write `Allow` or `Deny`, in this spelling"),
        });
    }

    /// Of two elements, exactly one must be there.
    fn one_of(&mut self, json: &Json, name: &str, elements: &Elements<'_>, [one, other]: [&str; 2]) {
        if !elements.may_have(one) && !elements.may_have(other) {
            let (message, label) =
                (format!("{name} has no `{one}`"), format!("this statement has no `{one}` and no `{other}`"));
            return self.invalid(json.shown(), message, label, &format!("write `{one}` or `{other}`"));
        }
        let (Some(one_member), Some(other_member)) = (elements.known.get(one), elements.known.get(other))
        else {
            return;
        };
        let (one_place, other_place) =
            (self.place(one_member.place.clone()), self.place(other_member.place.clone()));
        self.push(
            Diagnostic::error(Code::InvalidPolicy, format!("{name} has both `{one}` and `{other}`"))
                .at(other_place, format!("`{other}` stands beside `{one}`"))
                .and(one_place, format!("`{one}` stands here"))
                .help("keep one of the two, or make two statements"),
        );
    }

    /// The texts of an element that is a text or a list of texts.
    fn texts<'j>(&mut self, elements: &Elements<'j>, name: &str) -> Vec<&'j Json> {
        let Some(member) = elements.known.get(name) else { return Vec::new() };
        let value = &member.value;
        let values = match &value.content {
            Content::Text(_) => return vec![value],
            Content::List(values) => values,
            _ => {
                self.wrong_kind(value, &format!("`{name}`"), "a text or a list of texts");
                return Vec::new();
            }
        };
        if values.is_empty() {
            let message = format!("`{name}` is empty");
            let label = "no text stands in this list";
            self.invalid(value.range.clone(), message, label, "write what the statement is about");
        }
        let (texts, others): (Vec<&Json>, Vec<&Json>) =
            values.iter().partition(|value| value.text().is_some());
        for other in others {
            self.wrong_kind(other, &format!("a value of `{name}`"), "a text");
        }
        texts
    }

    fn action(&mut self, value: &Json) {
        let text = value.text().unwrap_or_default();
        if !is_action(text) {
            let message = format!("`{text}` is not an action of IAM");
            let label = "this is neither `*` nor a service, `:` and an action";
            self.invalid(value.shown(), message, label, "write an action such as s3:GetObject or s3:*");
        }
    }

    fn resource(&mut self, value: &Json) {
        let text = value.text().unwrap_or_default();
        self.learn_variable(text, value);
        // What begins with a wildcard or a variable may become an ARN.
        if !text.starts_with("arn:") && !text.contains(['*', '?']) && !text.starts_with("${") {
            let message = format!("`{text}` is not a resource");
            self.invalid(value.shown(), message, "this is neither `*` nor an ARN", "write an ARN, or *");
        }
    }

    fn condition(&mut self, value: &Json) {
        let Content::Object(operators) = &value.content else {
            return self.wrong_kind(value, "`Condition`", "an object of operators");
        };
        if operators.is_empty() {
            let message = "the condition is empty".to_owned();
            let help = "write a condition, or take `Condition` away";
            self.invalid(value.range.clone(), message, "no operator stands in this condition", help);
        }
        for Member { key: operator, place, value } in operators {
            if self.found.is_full() {
                return;
            }
            if !is_operator(operator) {
                let place = self.place(place.clone());
                self.push(unknown_operator(operator, place));
            }
            let Content::Object(keys) = &value.content else {
                self.wrong_kind(value, &format!("`{operator}`"), "an object of keys and values");
                continue;
            };
            if keys.is_empty() {
                let message = format!("the condition `{operator}` is empty");
                let help = format!("write a key and its values, or take `{operator}` away");
                self.invalid(value.range.clone(), message, "no key stands in this condition", &help);
            }
            for Member { key, place, value } in keys {
                if key.is_empty() {
                    let message = "a condition has an empty key".to_owned();
                    let help = "write a key of IAM, such as aws:PrincipalTag/team";
                    self.invalid(place.clone(), message, "this key says nothing", help);
                }
                self.condition_values(key, value);
            }
        }
    }

    /// One value or a list of them: texts, numbers or booleans.
    fn condition_values(&mut self, key: &str, value: &Json) {
        let values = match &value.content {
            Content::List(values) if values.is_empty() => {
                let message = format!("the condition on `{key}` has no value");
                let help = "write a value, or take the key away";
                return self.invalid(value.range.clone(), message, "no value stands in this list", help);
            }
            Content::List(values) => values.as_slice(),
            _ => std::slice::from_ref(value),
        };
        for value in values {
            match &value.content {
                Content::Text(text) => self.learn_variable(text, value),
                Content::Number(_) | Content::Bool(_) => {}
                Content::Null | Content::List(_) | Content::Object(_) => {
                    self.wrong_kind(value, &format!("a value of `{key}`"), "a text, a number or a boolean");
                }
            }
        }
    }

    fn learn_variable(&mut self, text: &str, value: &Json) {
        if self.variable.is_some() {
            return;
        }
        let Some(start) = text.find("${") else { return };
        let end = text[start..].find('}').map_or(text.len(), |length| start + length + 1);
        self.variable = Some((text[start..end].to_owned(), value.shown()));
    }
}
