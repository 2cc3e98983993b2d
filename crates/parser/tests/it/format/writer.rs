//! Writes what was drawn down in as many ways as KDL has.

use super::oracle::{Said, Value};

const NEWLINES: [&str; 3] = ["\n", "\r\n", "\r"];
const BLOCK_COMMENTS: [&str; 7] = [
    "/* c */",
    "/**/",
    "/* a /* b */ \" { */",
    "/*\n * lines\n */",
    "/* of\r\n   windows */",
    "/* \\ ; // */",
    "/*é***/",
];
const LINE_COMMENTS: [&str; 6] =
    ["// c", "//", "// \" { /* ", "//no space", "// ends in space \t ", "// goes on \\"];

/// Writes nodes, with choices taken from a list; where that ends, the plainest is taken.
pub(crate) struct Writer<'a> {
    pub(crate) out: String,
    choices: std::slice::Iter<'a, u8>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(choices: &'a [u8]) -> Self {
        Self { out: String::new(), choices: choices.iter() }
    }

    fn choose(&mut self, among: usize) -> usize {
        usize::from(self.choices.next().copied().unwrap_or(0)) % among
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn pick(&mut self, among: &[&'static str]) {
        let chosen = self.choose(among.len());
        self.push(among[chosen]);
    }

    pub(crate) fn file(&mut self, nodes: &[Said]) {
        if self.choose(12) == 11 {
            self.push("\u{FEFF}");
        }
        self.body(nodes, true);
    }

    fn body(&mut self, nodes: &[Said], is_file: bool) {
        self.between();
        for (nth, node) in nodes.iter().enumerate() {
            self.node(node);
            let is_last = nth + 1 == nodes.len();
            match self.choose(8) {
                0..=3 => self.newline(),
                4 => {
                    self.spaces();
                    self.push(";");
                }
                5 => {
                    self.spaces();
                    self.pick(&LINE_COMMENTS);
                    self.newline();
                }
                6 => {
                    self.push("; ");
                    self.pick(&LINE_COMMENTS);
                    self.newline();
                }
                _ if is_last => {}
                _ => self.push(" ; "),
            }
            self.between();
        }
        if is_file && self.choose(6) == 5 {
            self.pick(&LINE_COMMENTS);
        }
    }

    fn newline(&mut self) {
        let before = self.out.len();
        self.pick(&NEWLINES);
        if self.out[..before].ends_with('\r') && &self.out[before..] == "\n" {
            // The two would be one.
            self.out.insert(before, '\r');
        }
    }

    /// What may stand between two nodes that are separated already.
    fn between(&mut self) {
        for _ in 0..self.choose(4) {
            match self.choose(7) {
                0 => self.push("    "),
                1 | 2 => self.newline(),
                3 => {
                    self.pick(&LINE_COMMENTS);
                    self.newline();
                }
                4 => {
                    self.pick(&BLOCK_COMMENTS);
                    self.push(" ");
                }
                5 => self.push("\t"),
                _ => self.continuation(),
            }
        }
    }

    fn continuation(&mut self) {
        self.push("\\");
        match self.choose(4) {
            0 => self.newline(),
            1 => {
                self.push(" ");
                self.pick(&LINE_COMMENTS);
                self.newline();
            }
            2 => {
                self.pick(&BLOCK_COMMENTS);
                self.newline();
            }
            _ => {
                self.push(" \t");
                self.newline();
                self.push("        ");
            }
        }
    }

    /// White space within a node, which may be none.
    fn spaces(&mut self) {
        match self.choose(8) {
            0..=2 => {}
            3 => self.push(" "),
            4 => self.push("\t \u{A0}"),
            5 => self.pick(&BLOCK_COMMENTS),
            6 => self.continuation(),
            _ => {
                self.push("  ");
                self.pick(&BLOCK_COMMENTS);
                self.continuation();
                self.push(" ");
            }
        }
    }

    /// White space within a node, of which there is some.
    fn space(&mut self) {
        if self.choose(3) < 2 {
            self.push(" ");
        } else {
            self.push(" ");
            self.spaces();
        }
    }

    fn node(&mut self, node: &Said) {
        self.push(&node.word);
        for (name, annotation, value) in &node.entries {
            self.space();
            if let Some(name) = name {
                self.push(name);
                if self.choose(4) == 3 {
                    self.spaces();
                }
                self.push("=");
                if self.choose(4) == 3 {
                    self.spaces();
                }
            }
            if let Some(annotation) = annotation {
                let spaces = ["", " "][self.choose(2)];
                self.push(&format!("({spaces}{annotation}{spaces})"));
                if self.choose(3) == 2 {
                    self.spaces();
                }
            }
            match value {
                Value::Number(number) => self.push(number),
                Value::Text(text) => self.text(text),
            }
        }
        if let Some(block) = &node.block {
            self.spaces();
            self.push("{");
            self.body(block, false);
            self.push("}");
        }
        if self.choose(6) == 5 {
            self.spaces();
        }
    }

    fn text(&mut self, text: &str) {
        let has_lines = text.contains(['\n', '\r']);
        let looks_longer = format!("\"{text}\"").starts_with("\"\"\"");
        match self.choose(4) {
            1 if !has_lines && !looks_longer => {
                let hashes = self.hashes(text, "\"");
                self.push(&format!("{hashes}\"{text}\"{hashes}"));
            }
            2 => self.many_lines(text),
            // A quote alone is one that the KDL crate takes for a slip in any raw text.
            3 if text != "\""
                && !text.contains('\r')
                && !text.split('\n').any(|line| !line.is_empty() && line.trim().is_empty()) =>
            {
                let hashes = self.hashes(text, "\"\"\"");
                let indent = " ".repeat(self.choose(7));
                let newline = NEWLINES[self.choose(3)];
                self.push(&format!("{hashes}\"\"\"{newline}"));
                for line in text.split('\n') {
                    let shown = if line.is_empty() { "" } else { indent.as_str() };
                    self.push(&format!("{shown}{line}{newline}"));
                }
                self.push(&format!("{indent}\"\"\"{hashes}"));
            }
            _ => {
                self.push("\"");
                self.escaped(text, true);
                self.push("\"");
            }
        }
    }

    fn hashes(&mut self, text: &str, quotes: &str) -> String {
        let needed = (1..).find(|count| !text.contains(&format!("{quotes}{}", "#".repeat(*count)))).unwrap();
        "#".repeat(needed + self.choose(2))
    }

    fn many_lines(&mut self, text: &str) {
        let indent = ["", "  ", "\t", "            "][self.choose(4)];
        let newline = NEWLINES[self.choose(3)];
        self.push(&format!("\"\"\"{newline}"));
        for line in text.split('\n') {
            // An empty line may hold anything that is white space.
            if !line.is_empty() || self.choose(2) == 1 {
                self.push(indent);
            }
            self.escaped(line, false);
            self.push(newline);
        }
        self.push(indent);
        self.push("\"\"\"");
    }

    /// A text with the escapes that it needs, and some that it does not.
    fn escaped(&mut self, text: &str, on_one_line: bool) {
        let last = text.chars().count().saturating_sub(1);
        for (nth, character) in text.chars().enumerate() {
            let chosen = self.choose(12);
            match character {
                '\\' => self.push("\\\\"),
                '"' => self.push("\\\""),
                '\n' => self.push("\\n"),
                '\r' => self.push("\\r"),
                '\t' if chosen == 3 || nth == last => self.push("\\t"),
                ' ' if chosen == 3 || nth == last => self.push("\\s"),
                other if chosen == 4 || (other.is_whitespace() && nth == last) => {
                    self.push(&format!("\\u{{{:X}}}", u32::from(other)));
                }
                other => self.out.push(other),
            }
            // What follows such an escape is swallowed, so no white space of the text may.
            let next = text.chars().nth(nth + 1);
            if chosen == 5 && next.is_some_and(|next| !next.is_whitespace()) {
                let newline = NEWLINES[self.choose(3)];
                match self.choose(2) {
                    0 => self.push("\\   "),
                    _ if on_one_line => self.push(&format!("\\{newline}   ")),
                    _ => self.push(&format!("\\ {newline}\t")),
                }
            }
        }
    }
}
