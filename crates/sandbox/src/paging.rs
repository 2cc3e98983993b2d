//! Pages of lists, and page tokens.

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::members::Members;
use crate::random::fingerprint;
use crate::rules::{self};

/// The page of a list that a request asks for.
///
/// A token contains the key of the last returned item, so a list that changes between two pages neither repeats nor loses
/// items that stay. It is valid only for the same operation and the same request.
#[derive(Debug)]
pub(crate) struct Page {
    size: usize,
    after: Option<String>,
    /// Whether the previous page was empty.
    rested: bool,
    scope: u64,
}

/// The paging of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageRule {
    /// The greatest and the default `MaxResults`.
    pub(crate) most: u64,
    /// The sandbox's random seed.
    pub(crate) seed: u64,
}

impl Page {
    /// Reads `MaxResults` and `NextToken`.
    pub(crate) fn read(input: &Members<'_>, rule: PageRule) -> Result<Self, Failure> {
        let size = input.number("MaxResults", &(1..=rule.most))?.unwrap_or(rule.most);
        let scope = scope_of(input, rule.seed);
        let mut page =
            Self { size: usize::try_from(size).unwrap_or(usize::MAX), after: None, rested: false, scope };
        if let Some(token) =
            input.text("NextToken", &rules::any_text(0, 65_535))?.filter(|token| !token.is_empty())
        {
            let (rested, after) = open_token(token, scope).ok_or_else(|| {
                Failure::invalid(
                    input.service,
                    "INVALID_NEXT_TOKEN",
                    "The NextToken is not valid for this request.",
                )
            })?;
            page.after = after;
            page.rested = rested;
        }
        Ok(page)
    }

    /// Returns the key after which the page starts.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Returns one page of `items`, which are sorted by key and may start before the page.
    pub(crate) fn fill<T>(
        &self,
        list: &'static str,
        items: impl Iterator<Item = (String, T)>,
        render: impl Fn(T) -> Value,
    ) -> Value {
        let mut items =
            items.skip_while(|(key, _)| self.after().is_some_and(|after| key.as_str() <= after)).peekable();
        let mut rendered = Vec::new();
        let mut last = None;
        while rendered.len() < self.size
            && let Some((key, item)) = items.next()
        {
            rendered.push(render(item));
            last = Some(key);
        }
        let token = last.filter(|_| items.peek().is_some()).map(|key| self.token(false, Some(&key)));
        self.answer(list, rendered, token)
    }

    /// Returns an empty page with a token for one page in eight, never twice in a row.
    pub(crate) fn rest(&self, list: &'static str) -> Option<Value> {
        let place = fingerprint(&[&self.scope.to_be_bytes(), self.after().unwrap_or("").as_bytes()]);
        let rests = !self.rested && place.is_multiple_of(8);
        rests.then(|| self.answer(list, Vec::new(), Some(self.token(true, self.after()))))
    }

    fn answer(&self, list: &'static str, items: Vec<Value>, token: Option<String>) -> Value {
        let mut answer = Map::from_iter([(list.to_owned(), Value::Array(items))]);
        if let Some(token) = token {
            answer.insert("NextToken".to_owned(), json!(token));
        }
        Value::Object(answer)
    }

    /// Hexadecimal digits: a check over the rest, a letter that says whether there is a key, and the key.
    fn token(&self, rested: bool, key: Option<&str>) -> String {
        let mut bytes = vec![match (rested, key) {
            (false, None) => b'a',
            (false, Some(_)) => b'b',
            (true, None) => b'c',
            (true, Some(_)) => b'd',
        }];
        bytes.extend(key.unwrap_or("").as_bytes());
        let check = fingerprint(&[&self.scope.to_be_bytes(), &bytes]).to_be_bytes();
        check.iter().chain(&bytes).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn scope_of(input: &Members<'_>, seed: u64) -> u64 {
    let rest: Map<String, Value> = input
        .all()
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "NextToken" | "MaxResults"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let rest = Value::Object(rest).to_string();
    fingerprint(&[&seed.to_be_bytes(), input.operation.as_bytes(), rest.as_bytes()])
}

/// Returns whether the previous page was empty, and the key to continue after; `None` for a token of another request.
fn open_token(token: &str, scope: u64) -> Option<(bool, Option<String>)> {
    if !token.is_ascii() || !token.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        (0..token.len()).step_by(2).map(|at| u8::from_str_radix(&token[at..at + 2], 16).ok()).collect();
    let bytes = bytes?;
    let (check, rest) = bytes.split_at_checked(8)?;
    if fingerprint(&[&scope.to_be_bytes(), rest]).to_be_bytes() != check {
        return None;
    }
    let (kind, key) = rest.split_first()?;
    let key = String::from_utf8(key.to_vec()).ok()?;
    match kind {
        b'a' => Some((false, None)),
        b'b' => Some((false, Some(key))),
        b'c' => Some((true, None)),
        b'd' => Some((true, Some(key))),
        _ => None,
    }
}
