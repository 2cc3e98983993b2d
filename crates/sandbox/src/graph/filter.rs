//! `$filter`: terms joined by `and`, each a comparison, an `in` or a `startswith`.

use serde_json::Value;

use super::wire::GraphFailure;

/// A filter.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Filter {
    terms: Vec<Term>,
    /// Whether comparisons are case-sensitive, as in the logs, or not, as in the directory.
    is_exact: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Term {
    /// The property, with `/` between the names of a path.
    property: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Compare(Comparison, Value),
    In(Vec<Value>),
    StartsWith(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Filter {
    /// Parses a filter over some properties.
    pub(crate) fn parse(
        text: &str,
        resource: &str,
        filterable: &[&str],
        is_exact: bool,
    ) -> Result<Self, GraphFailure> {
        let mut rest = text.trim();
        let mut terms = Vec::new();
        loop {
            let (term, after) = term(rest)
                .ok_or_else(|| GraphFailure::bad_request(format!("Invalid filter clause: '{text}'.")))?;
            let is_known = filterable.contains(&term.property.as_str());
            // Not-equal is an advanced query on directory objects, which the sandbox does not support.
            if !is_known || !is_exact && matches!(term.test, Test::Compare(Comparison::Ne, _)) {
                return Err(GraphFailure::unsupported_query(format!(
                    "Unsupported or invalid query filter clause specified for property '{}' of resource \
                     '{resource}'.",
                    term.property
                )));
            }
            terms.push(term);
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(Self { terms, is_exact });
            }
            rest = rest
                .strip_prefix("and ")
                .ok_or_else(|| GraphFailure::bad_request(format!("Invalid filter clause: '{text}'.")))?
                .trim_start();
        }
    }

    /// Returns whether an object matches.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|term| {
            let pointer = format!("/{}", term.property);
            self.holds(&term.test, object.pointer(&pointer).unwrap_or(&Value::Null))
        })
    }

    /// Returns the value that a term requires of a text property, if any, so that a caller can skip other objects.
    pub(crate) fn wanted(&self, property: &str) -> Option<&str> {
        self.terms.iter().filter(|term| term.property == property).find_map(|term| match &term.test {
            Test::Compare(Comparison::Eq, Value::String(text)) => Some(text.as_str()),
            _ => None,
        })
    }

    fn holds(&self, test: &Test, value: &Value) -> bool {
        match test {
            Test::Compare(comparison, wanted) => self.compares(*comparison, value, wanted),
            Test::In(all) => all.iter().any(|wanted| self.compares(Comparison::Eq, value, wanted)),
            Test::StartsWith(start) => value.as_str().is_some_and(|text| {
                if self.is_exact {
                    text.starts_with(start)
                } else {
                    text.to_lowercase().starts_with(&start.to_lowercase())
                }
            }),
        }
    }

    fn compares(&self, comparison: Comparison, value: &Value, wanted: &Value) -> bool {
        let order = match (value, wanted) {
            (Value::String(a), Value::String(b)) if self.is_exact => Some(a.cmp(b)),
            (Value::String(a), Value::String(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
            (Value::Number(a), Value::Number(b)) => a.as_i64().zip(b.as_i64()).map(|(a, b)| a.cmp(&b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Null, Value::Null) => Some(std::cmp::Ordering::Equal),
            _ => None,
        };
        match comparison {
            Comparison::Eq => order.is_some_and(std::cmp::Ordering::is_eq),
            Comparison::Ne => !order.is_some_and(std::cmp::Ordering::is_eq),
            Comparison::Gt => order.is_some_and(std::cmp::Ordering::is_gt),
            Comparison::Ge => order.is_some_and(std::cmp::Ordering::is_ge),
            Comparison::Lt => order.is_some_and(std::cmp::Ordering::is_lt),
            Comparison::Le => order.is_some_and(std::cmp::Ordering::is_le),
        }
    }
}

/// Returns the first term of a text, and the rest.
fn term(text: &str) -> Option<(Term, &str)> {
    if let Some(rest) = text.strip_prefix("startswith(") {
        let (property, rest) = rest.split_once(',')?;
        let (value, rest) = literal(rest.trim_start())?;
        let rest = rest.trim_start().strip_prefix(')')?;
        let start = value.as_str()?.to_owned();
        return Some((Term { property: property.trim().to_owned(), test: Test::StartsWith(start) }, rest));
    }
    let (property, rest) = text.split_once(' ')?;
    let property = property.to_owned();
    let (word, rest) = rest.trim_start().split_once(' ').or_else(|| {
        // `in('a')` is valid without a space.
        rest.trim_start().strip_prefix("in(").map(|_| ("in", &rest.trim_start()[2..]))
    })?;
    let comparison = match word {
        "eq" => Comparison::Eq,
        "ne" => Comparison::Ne,
        "gt" => Comparison::Gt,
        "ge" => Comparison::Ge,
        "lt" => Comparison::Lt,
        "le" => Comparison::Le,
        "in" => {
            let (values, rest) = list(rest.trim_start())?;
            return Some((Term { property, test: Test::In(values) }, rest));
        }
        _ => return None,
    };
    let (value, rest) = literal(rest.trim_start())?;
    Some((Term { property, test: Test::Compare(comparison, value) }, rest))
}

/// Parses a list in parentheses.
fn list(text: &str) -> Option<(Vec<Value>, &str)> {
    let mut rest = text.strip_prefix('(')?.trim_start();
    let mut values = Vec::new();
    loop {
        let (value, after) = literal(rest)?;
        values.push(value);
        let after = after.trim_start();
        if let Some(after) = after.strip_prefix(')') {
            return Some((values, after));
        }
        rest = after.strip_prefix(',')?.trim_start();
    }
}

/// Parses a quoted text, in which two quotes are one, or a word: a number, a Boolean, or a time, which is compared as
/// text.
fn literal(text: &str) -> Option<(Value, &str)> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let end = text.find([' ', ',', ')']).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let value = match word {
            "" => return None,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => word.parse::<i64>().map_or_else(|_| Value::from(word), Value::from),
        };
        return Some((value, rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if character != '\'' {
            value.push(character);
        } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Some((Value::from(value), &quoted[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn passes(filter: &str, object: &Value) -> bool {
        Filter::parse(filter, "Group", &["displayName", "id", "status/errorCode"], false)
            .unwrap()
            .matches(object)
    }

    #[test]
    fn quotes_are_doubled_and_case_does_not_matter_in_the_directory() {
        let object = json!({ "displayName": "Ops 'and' Friends", "id": "b" });
        assert!(passes("displayName eq 'ops ''and'' friends'", &object));
        assert!(!passes("displayName eq 'ops'", &object));
        assert!(passes("id in ('a', 'b') and startswith(displayName,'ops')", &object));
        assert!(passes("status/errorCode eq 7", &json!({ "status": { "errorCode": 7 } })));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            "",
            "displayName",
            "displayName eq 'a",
            "displayName eq 'a' or id eq 'b'",
            "secret eq 'a'",
            "id ne 'a'",
        ] {
            assert!(Filter::parse(filter, "Group", &["displayName", "id"], false).is_err(), "{filter}");
        }
    }
}
