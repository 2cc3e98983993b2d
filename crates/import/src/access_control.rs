//! Attributes for access control. A project that lists attributes owns all of them, so they are written entirely or not
//! at all.

use std::collections::BTreeMap;

use rolecall_model::Diagnostic;
use rolecall_model::access_control::AccessControlState;
use rolecall_parser::limits::{
    MAX_ATTRIBUTE_KEY, MAX_ATTRIBUTE_SOURCE, MAX_ATTRIBUTES, MORE_OF_SOURCES, is_of_tags,
};

use crate::findings::incomplete;
use crate::terraform::Terraform;
use crate::text::{Node, quoted, says_something};

/// Returns the `attributes` node of the live attributes; with Terraform, only if Terraform manages them.
pub(crate) fn write(
    live: &AccessControlState,
    terraform: Option<&Terraform>,
    warnings: &mut Vec<Diagnostic>,
) -> String {
    let managed = terraform.map(Terraform::attributes);
    if managed.is_some_and(BTreeMap::is_empty) {
        return String::new();
    }
    let mut leave_out = |why: &str| {
        warnings.push(incomplete(
            format!("attributes for access control are not imported: {why}"),
            "they are left unchanged, because the configuration does not list attributes",
        ));
        String::new()
    };
    let attributes = match live {
        AccessControlState::On(attributes) => attributes,
        AccessControlState::Off if managed.is_some() => {
            return leave_out("Terraform's state has attributes, but they are disabled in the live state");
        }
        AccessControlState::NotRead if managed.is_some() => {
            return leave_out("Terraform's state has attributes, but the snapshot does not contain them");
        }
        AccessControlState::Off | AccessControlState::NotRead => return String::new(),
    };
    if attributes.is_empty() {
        return String::new();
    }
    let refused = attributes.iter().find(|(key, source)| !is_attribute(key, source));
    if let Some((key, _)) = refused {
        return leave_out(&format!("the language does not support {}", quoted(key)));
    }
    if attributes.len() > MAX_ATTRIBUTES {
        return leave_out(&format!(
            "the language supports {MAX_ATTRIBUTES}, but there are {}",
            attributes.len()
        ));
    }
    let is_same = |managed: &BTreeMap<String, Vec<String>>| {
        let live = attributes.iter().map(|(key, source)| (key, std::slice::from_ref(source)));
        managed.iter().map(|(key, sources)| (key, sources.as_slice())).eq(live)
    };
    if managed.is_some_and(|managed| !is_same(managed)) {
        warnings.push(incomplete(
            "the attributes for access control differ from Terraform's state",
            "the project describes the live state; change it if Terraform is right",
        ));
    }
    let lines = attributes
        .iter()
        .map(|(key, source)| Node::line(format!("attribute {} source={}", quoted(key), quoted(source))));
    let mut text = "\n".to_owned();
    Node::block("attributes", lines.collect()).write(0, &mut text);
    text
}

fn is_attribute(key: &str, source: &str) -> bool {
    let is_of = |text: &str, most: usize, more: &str| {
        let is_taken = |c: char| is_of_tags(c) || more.contains(c);
        says_something(text) && text.chars().count() <= most && text.chars().all(is_taken)
    };
    is_of(key, MAX_ATTRIBUTE_KEY, "") && is_of(source, MAX_ATTRIBUTE_SOURCE, MORE_OF_SOURCES)
}
