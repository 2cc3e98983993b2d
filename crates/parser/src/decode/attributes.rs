//! `attributes`: what IAM Identity Center passes on for access control.

use std::collections::BTreeMap;

use rolecall_model::Place;
use rolecall_model::config::AccessControl;

use super::{CheckedFile, Decoder};
use crate::limits::{MAX_ATTRIBUTE_KEY, MAX_ATTRIBUTE_SOURCE, MAX_ATTRIBUTES, MORE_OF_SOURCES, is_of_tags};
use crate::syntax::Node;
use crate::words::{AttributeProperties, AttributesWord, FileWord};

impl Decoder<'_> {
    /// Decodes the attributes of a project, which are given once.
    pub(super) fn attributes(&mut self, checked: &[CheckedFile<'_>]) -> Option<AccessControl> {
        let node = self.first_of(checked, FileWord::Attributes)?;
        let mut attributes = BTreeMap::new();
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        for (AttributesWord::Attribute, child) in node.words() {
            let Some((key, place)) = child.text() else { continue };
            if !self.once(&mut seen, key, place) {
                continue;
            }
            if seen.len() == MAX_ATTRIBUTES + 1 {
                let message = format!("there are too many attributes; AWS allows {MAX_ATTRIBUTES}");
                self.beyond_limit(place, message, format!("this is attribute {}", MAX_ATTRIBUTES + 1));
            }
            let is_key = self.at_most(key, place, MAX_ATTRIBUTE_KEY, "the key of an attribute")
                && self.attribute_characters(key, place, "the key of an attribute", "");
            if let (true, Some(source)) = (is_key, self.attribute_source(child)) {
                attributes.insert(key.to_owned(), source);
            }
        }
        Some(AccessControl { attributes, origin: self.origin(node.header) })
    }

    fn attribute_source(&mut self, node: &Node) -> Option<String> {
        let AttributeProperties { source } = node.values();
        let value = source?;
        let (text, what) = (value.text()?, "the source of an attribute");
        let is_source = self.at_most(text, value.place, MAX_ATTRIBUTE_SOURCE, what)
            && self.attribute_characters(text, value.place, what, MORE_OF_SOURCES);
        is_source.then(|| text.to_owned())
    }

    /// Reports characters that sso-admin does not allow: it allows those of tags, and some more in sources.
    fn attribute_characters(&mut self, text: &str, place: Place, what: &str, more: &str) -> bool {
        let other = text.chars().find(|c| !is_of_tags(*c) && !more.contains(*c));
        if let Some(other) = other {
            let shown =
                if other == '`' { "a backtick".to_owned() } else { format!("the character `{other}`") };
            let message = format!("AWS does not allow {shown} in {what}");
            let label = format!("only letters, digits, spaces and `_.:/=+-@{more}` are allowed");
            self.beyond_limit(place, message, label);
        }
        other.is_none()
    }
}
