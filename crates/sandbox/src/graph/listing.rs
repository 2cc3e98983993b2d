//! Selected properties, filters, and pages with links, which all answers share.

use serde_json::{Map, Value, json};

use super::ask::Ask;
use super::filter::Filter;
use super::tenancy::Tenancy;
use super::wire::{Done, GraphAnswer, GraphFailure, encode_query};
use crate::random::fingerprint;

/// The greatest page size that a request may ask for.
const MOST: usize = 999;

/// A type of objects, and the queries that it supports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entity {
    /// Its name in errors.
    pub(crate) name: &'static str,
    /// The path after `$metadata#`.
    pub(crate) context: &'static str,
    /// The properties returned without `$select`.
    pub(crate) properties: &'static [&'static str],
    /// The properties returned only with `$select`.
    pub(crate) on_request: &'static [&'static str],
    /// The properties that `$filter` supports.
    pub(crate) filterable: &'static [&'static str],
    /// Whether filters are case-sensitive.
    pub(crate) is_exact: bool,
}

impl Ask<'_> {
    /// Refuses parameters that the route does not support.
    pub(crate) fn allow(&self, names: &[&str]) -> Result<(), GraphFailure> {
        let other = self.query.iter().find(|(name, _)| !names.contains(&name.as_str()));
        other.map_or(Ok(()), |(name, _)| {
            Err(GraphFailure::unsupported_query(format!(
                "The query parameter '{name}' is not supported for this resource."
            )))
        })
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether `$count=true` is requested, which needs `ConsistencyLevel: eventual` for directory objects.
    pub(crate) fn counts(&self) -> Result<bool, GraphFailure> {
        let counts = self.parameter("$count") == Some("true");
        if counts && !self.eventual {
            return Err(GraphFailure::unsupported_query("$count is not currently supported."));
        }
        Ok(counts)
    }
}

impl Entity {
    /// Returns the filter of a request.
    pub(crate) fn filter(&self, ask: &Ask<'_>) -> Result<Filter, GraphFailure> {
        ask.parameter("$filter").map_or(Ok(Filter::default()), |text| {
            Filter::parse(text, self.name, self.filterable, self.is_exact)
        })
    }

    /// Returns the selected properties of an object, and always `@odata.type`.
    pub(crate) fn select(&self, ask: &Ask<'_>, object: Value) -> Result<Value, GraphFailure> {
        let names: Vec<&str> = match ask.parameter("$select") {
            Some(names) => names.split(',').map(str::trim).collect(),
            None => self.properties.to_vec(),
        };
        let is_known = |name: &&str| self.properties.contains(name) || self.on_request.contains(name);
        if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
            return Err(GraphFailure::bad_request(format!(
                "Could not find a property named '{unknown}' on type 'microsoft.graph.{}'.",
                self.name
            )));
        }
        let Value::Object(object) = object else { return Ok(object) };
        let kept = object
            .into_iter()
            .filter(|(name, _)| name.starts_with('@') || names.contains(&name.as_str()))
            .collect::<Map<String, Value>>();
        Ok(Value::Object(kept))
    }

    /// Returns the answer for one object.
    pub(crate) fn one(&self, ask: &Ask<'_>, object: Value) -> GraphAnswer {
        ask.allow(&["$select"])?;
        let mut object = self.select(ask, object)?;
        object["@odata.context"] = json!(context(self.context, "/$entity"));
        Ok(Done::ok(object))
    }

    /// Returns one page of a list, whose objects are sorted by key.
    pub(crate) fn page<'t>(
        &self,
        tenancy: &Tenancy,
        ask: &Ask<'_>,
        objects: impl Iterator<Item = (String, Value)> + 't,
    ) -> GraphAnswer {
        ask.allow(&["$filter", "$select", "$top", "$count", "$skiptoken"])?;
        let filter = self.filter(ask)?;
        let size =
            match ask.parameter("$top") {
                None => tenancy.page_size,
                Some(top) => top.parse().ok().filter(|size| (1..=MOST).contains(size)).ok_or_else(|| {
                    GraphFailure::bad_request(format!("Invalid page size specified: '{top}'."))
                })?,
            };
        let scope = scope_of(ask);
        let after = ask.parameter("$skiptoken").map(|token| open_token(token, scope)).transpose()?;
        let counts = ask.parameter("$count") == Some("true");
        let objects: Vec<(String, Value)> = objects.filter(|(_, object)| filter.matches(object)).collect();
        let count = objects.len();
        let mut rest =
            objects.into_iter().skip_while(|(key, _)| after.as_ref().is_some_and(|after| key <= after));
        let mut value = Vec::new();
        let mut last = None;
        for (key, object) in rest.by_ref().take(size) {
            value.push(self.select(ask, object)?);
            last = Some(key);
        }
        let mut answer = Map::new();
        answer.insert("@odata.context".to_owned(), json!(context(self.context, "")));
        if counts {
            answer.insert("@odata.count".to_owned(), json!(count));
        }
        if let Some(last) = last.filter(|_| rest.next().is_some()) {
            answer.insert("@odata.nextLink".to_owned(), json!(next_link(ask, &token(&last, scope))));
        }
        answer.insert("value".to_owned(), Value::Array(value));
        Ok(Done::ok(Value::Object(answer)))
    }
}

/// Returns the value of `@odata.context`.
pub(crate) fn context(path: &str, end: &str) -> String {
    format!("https://graph.microsoft.com/v1.0/$metadata#{path}{end}")
}

fn next_link(ask: &Ask<'_>, token: &str) -> String {
    let others = ask.query.iter().filter(|(name, _)| name != "$skiptoken");
    let fields = others.map(|(name, value)| (name.as_str(), value.as_str())).chain([("$skiptoken", token)]);
    format!("{}/v1.0{}?{}", ask.base, ask.path, encode_query(fields))
}

/// Returns what a page token is valid for: the path and the rest of the query.
fn scope_of(ask: &Ask<'_>) -> u64 {
    let others = ask.query.iter().filter(|(name, _)| name != "$skiptoken");
    let mut fields: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
    fields.sort();
    fingerprint(&[ask.path.as_bytes(), fields.join("&").as_bytes()])
}

fn token(key: &str, scope: u64) -> String {
    let check = fingerprint(&[&scope.to_be_bytes(), key.as_bytes()]).to_be_bytes();
    check.iter().chain(key.as_bytes()).map(|byte| format!("{byte:02x}")).collect()
}

fn open_token(token: &str, scope: u64) -> Result<String, GraphFailure> {
    let invalid = || {
        GraphFailure::new(400, "Directory_InvalidPageToken", "The skip token is not valid for this request.")
    };
    if !token.is_ascii() || !token.len().is_multiple_of(2) {
        return Err(invalid());
    }
    let bytes: Option<Vec<u8>> =
        (0..token.len()).step_by(2).map(|at| u8::from_str_radix(&token[at..at + 2], 16).ok()).collect();
    let bytes = bytes.ok_or_else(invalid)?;
    let (check, key) = bytes.split_at_checked(8).ok_or_else(invalid)?;
    if fingerprint(&[&scope.to_be_bytes(), key]).to_be_bytes() != check {
        return Err(invalid());
    }
    String::from_utf8(key.to_vec()).map_err(|_| invalid())
}
