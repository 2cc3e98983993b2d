//! KDL text in the layout of `rolecall fmt`: four spaces, one node per line, and a block on one line if it fits.

use std::fmt::Write as _;

use rolecall_parser::limits::is_forbidden;

/// Maximum width of a line with a block, in characters.
pub(crate) const WIDTH: usize = 100;
const INDENT: usize = 4;

/// Quotes a text in the form that the formatter keeps: raw if it contains quotes or backslashes, with escapes if it
/// contains invisible characters.
pub(crate) fn quoted(text: &str) -> String {
    let plain = format!("\"{text}\"");
    if !text.contains(is_unseen) {
        if !text.contains(['"', '\\']) {
            return plain;
        }
        // Three quotes would begin a text of many lines.
        if !plain.starts_with("\"\"\"") {
            let hashes = "#".repeat(hashes_after_quotes(text) + 1);
            return format!("{hashes}{plain}{hashes}");
        }
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other if is_unseen(other) => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(other));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns the longest run of `#` after a quote: a raw text with no more of them would end there.
fn hashes_after_quotes(text: &str) -> usize {
    let runs = text.split('"').skip(1);
    runs.map(|rest| rest.chars().take_while(|character| *character == '#').count()).max().unwrap_or_default()
}

/// Line breaks and tabs, control characters, spaces other than the plain one, and characters without width.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || is_forbidden(character)
        || matches!(character, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}')
}

/// Returns whether the language accepts the text. It rejects control characters and those that change the reading order,
/// also as escapes.
pub(crate) fn is_writable(text: &str) -> bool {
    !text.contains(is_forbidden)
}

/// Returns whether the language accepts the text where it must not be blank.
pub(crate) fn says_something(text: &str) -> bool {
    !text.trim().is_empty() && is_writable(text)
}

/// Quotes several texts, separated by spaces.
pub(crate) fn list<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
    quoted.join(" ")
}

/// A node with its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    head: String,
    children: Vec<Self>,
    /// Whether the block may be on one line.
    may_be_short: bool,
}

impl Node {
    /// A node without a block.
    pub(crate) fn line(head: impl Into<String>) -> Self {
        Self { head: head.into(), children: Vec::new(), may_be_short: true }
    }

    /// A node with a block over several lines.
    pub(crate) fn block(head: impl Into<String>, children: Vec<Self>) -> Self {
        Self { head: head.into(), children, may_be_short: false }
    }

    /// A node with a block that is on one line if it fits.
    pub(crate) fn short(head: impl Into<String>, children: Vec<Self>) -> Self {
        Self { head: head.into(), children, may_be_short: true }
    }

    /// `word` and values, on as many lines as needed to keep each within the width; a value that is too long gets a line
    /// of its own.
    pub(crate) fn repeated<T: AsRef<str>>(
        word: &str,
        values: impl IntoIterator<Item = T>,
        depth: usize,
    ) -> Vec<Self> {
        let mut nodes = Vec::new();
        let mut head = word.to_owned();
        let mut width = depth * INDENT + width_of(word);
        let mut is_bare = true;
        for value in values {
            let value = quoted(value.as_ref());
            let added = 1 + width_of(&value);
            if !is_bare && width + added > WIDTH {
                nodes.push(Self::line(std::mem::replace(&mut head, word.to_owned())));
                width = depth * INDENT + width_of(word);
            }
            head.push(' ');
            head.push_str(&value);
            width += added;
            is_bare = false;
        }
        if !is_bare {
            nodes.push(Self::line(head));
        }
        nodes
    }

    /// Returns whether it consists of this word only.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.head == word && self.children.is_empty()
    }

    /// Returns the node on one line, if every block in it may be on one.
    pub(crate) fn on_one_line(&self) -> Option<String> {
        if self.children.is_empty() {
            return Some(self.head.clone());
        }
        if !self.may_be_short {
            return None;
        }
        let children: Option<Vec<String>> = self.children.iter().map(Self::on_one_line).collect();
        Some(format!("{} {{ {} }}", self.head, children?.join("; ")))
    }

    /// Returns whether no line has more characters than this.
    pub(crate) fn is_within(&self, width: usize, depth: usize) -> bool {
        let mut text = String::new();
        self.write(depth, &mut text);
        text.lines().all(|line| width_of(line) <= width)
    }

    /// Writes the node with its line breaks. The nesting of blocks is that of the language, so it does not depend on the
    /// input.
    pub(crate) fn write(&self, depth: usize, text: &mut String) {
        let indent = " ".repeat(depth * INDENT);
        let short = self
            .on_one_line()
            .filter(|line| self.children.is_empty() || indent.len() + width_of(line) <= WIDTH);
        text.push_str(&indent);
        if let Some(line) = short {
            text.push_str(&line);
        } else {
            text.push_str(&self.head);
            text.push_str(" {\n");
            for child in &self.children {
                child.write(depth + 1, text);
            }
            text.push_str(&indent);
            text.push('}');
        }
        text.push('\n');
    }

    /// Returns its size in bytes.
    pub(crate) fn bytes(&self, depth: usize) -> usize {
        let mut text = String::new();
        self.write(depth, &mut text);
        text.len()
    }
}

fn width_of(text: &str) -> usize {
    text.chars().count()
}

/// Formats a comment, with one line for each line of the text, wrapped to the width. Continuations of a line that begins
/// with a hyphen are indented.
pub(crate) fn comment(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::from("//");
        let next = if paragraph.starts_with("- ") { "//  " } else { "//" };
        for word in paragraph.split(' ') {
            if width_of(&line) + 1 + width_of(word) > WIDTH && line != "//" {
                lines.push(std::mem::replace(&mut line, String::from(next)));
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push(line);
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(quoted("a \"b\" c:\\d"), r##"#"a "b" c:\d"#"##);
        assert_eq!(quoted("a \"# b"), r###"##"a "# b"##"###);
        assert_eq!(quoted("\"\""), r#""\"\"""#);
        assert_eq!(quoted("a\t\"b\""), r#""a\t\"b\"""#);
        assert_eq!(quoted("über\u{A0}x\u{202E}\u{7}\n"), r#""über\u{a0}x\u{202e}\u{7}\n""#);
    }

    #[test]
    fn a_list_is_broken_into_lines_of_one_word() {
        let nodes = Node::repeated("account", (0..12).map(|n| format!("account-number-{n:02}")), 2);
        let mut text = String::new();
        nodes.iter().for_each(|node| node.write(2, &mut text));
        assert!(
            text.lines().all(|line| line.len() <= WIDTH && line.starts_with("        account \"")),
            "{text}"
        );
        assert_eq!(text.matches("account-number").count(), 12);
    }

    #[test]
    fn a_block_stands_on_one_line_if_it_fits() {
        let node = Node::short(
            "on",
            vec![Node::line("ou \"Prod\""), Node::short("except", vec![Node::line("account \"a\"")])],
        );
        let mut text = String::new();
        node.write(1, &mut text);
        assert_eq!(text, "    on { ou \"Prod\"; except { account \"a\" } }\n");
    }
}
