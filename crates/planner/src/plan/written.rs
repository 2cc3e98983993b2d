//! Source places in the configuration, as shown in plans.

use std::fmt;

use rolecall_model::escape::for_terminal;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The file, relative to the project's directory.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// Where something is written; for the output of a template, the `use`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// The line.
    pub at: Line,
    /// The line within the template.
    pub template: Option<Line>,
}

/// For display: a file may have any name, so it is escaped.
impl fmt::Display for Line {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", for_terminal(&self.file), self.line)
    }
}

/// For display, such as `teams/payments.kdl:3 (template rolecall.kdl:40)`.
impl fmt::Display for Written {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at.fmt(formatter)?;
        match &self.template {
            Some(template) => write!(formatter, " (template {template})"),
            None => Ok(()),
        }
    }
}
