//! The members of a request, which are validated by the rules of the service model.

use std::ops::RangeInclusive;
use std::str::FromStr;

use rolecall_model::AccountId;
use serde_json::{Map, Value};

use crate::call::Service;
use crate::failure::Failure;
use crate::rules::{self, TextRule};

/// The members of a request's input, or of a structure within it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Members<'a> {
    /// The service, which determines the errors.
    pub(crate) service: Service,
    /// The operation, for its page tokens.
    pub(crate) operation: &'static str,
    values: &'a Map<String, Value>,
}

impl<'a> Members<'a> {
    pub(crate) fn new(service: Service, operation: &'static str, values: &'a Map<String, Value>) -> Self {
        Self { service, operation, values }
    }

    /// Returns all members as received.
    pub(crate) fn all(&self) -> &'a Map<String, Value> {
        self.values
    }

    /// Reads an optional string.
    pub(crate) fn text(&self, name: &'static str, rule: &TextRule) -> Result<Option<&'a str>, Failure> {
        self.value(name).map(|value| self.text_from(name, value, rule)).transpose()
    }

    /// Reads a list item as a string.
    pub(crate) fn text_from(
        &self,
        name: &'static str,
        value: &'a Value,
        rule: &TextRule,
    ) -> Result<&'a str, Failure> {
        let text = value.as_str().ok_or_else(|| wrong_type(name, "a string"))?;
        let length = text.chars().count();
        let wrong =
            |reason, constraint: String| Err(self.invalid(reason, name, &format!("'{text}' "), &constraint));
        if length < rule.least {
            let constraint = format!("have length greater than or equal to {}", rule.least);
            return wrong("MIN_LENGTH_EXCEEDED", constraint);
        }
        if length > rule.most {
            let constraint = format!("have length less than or equal to {}", rule.most);
            return wrong("MAX_LENGTH_EXCEEDED", constraint);
        }
        if !(rule.fits)(text) {
            return wrong("INVALID_PATTERN", format!("satisfy regular expression pattern: {}", rule.pattern));
        }
        Ok(text)
    }

    /// Reads a required string.
    pub(crate) fn required_text(&self, name: &'static str, rule: &TextRule) -> Result<&'a str, Failure> {
        self.text(name, rule)?.ok_or_else(|| self.missing(name))
    }

    /// Reads a required string as an id of the model.
    pub(crate) fn required<T: FromStr>(&self, name: &'static str, rule: &TextRule) -> Result<T, Failure> {
        let text = self.required_text(name, rule)?;
        text.parse().map_err(|_| {
            self.invalid(
                "INVALID_PATTERN",
                name,
                &format!("'{text}' "),
                &format!("satisfy regular expression pattern: {}", rule.pattern),
            )
        })
    }

    /// Reads an optional account id.
    pub(crate) fn account(&self, name: &'static str) -> Result<Option<AccountId>, Failure> {
        match self.value(name) {
            Some(_) => self.required_account(name).map(Some),
            None => Ok(None),
        }
    }

    /// Reads a required account id.
    pub(crate) fn required_account(&self, name: &'static str) -> Result<AccountId, Failure> {
        self.required(name, &rules::ACCOUNT_ID)
    }

    /// Reads an optional enum value.
    pub(crate) fn choice(
        &self,
        name: &'static str,
        choices: &[&'static str],
    ) -> Result<Option<&'static str>, Failure> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| wrong_type(name, "a string"))?;
        let found = choices.iter().copied().find(|choice| *choice == text);
        found.map(Some).ok_or_else(|| {
            let constraint = format!("satisfy enum value set: [{}]", choices.join(", "));
            self.invalid("INVALID_ENUM", name, &format!("'{text}' "), &constraint)
        })
    }

    /// Reads a required enum value.
    pub(crate) fn required_choice(
        &self,
        name: &'static str,
        choices: &[&'static str],
    ) -> Result<&'static str, Failure> {
        self.choice(name, choices)?.ok_or_else(|| self.missing(name))
    }

    /// Reads an optional integer within a range.
    pub(crate) fn number(
        &self,
        name: &'static str,
        range: &RangeInclusive<u64>,
    ) -> Result<Option<u64>, Failure> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| wrong_type(name, "an integer"))?;
        let shown = format!("'{number}' ");
        if number < 0 || u64::try_from(number).is_ok_and(|number| number < *range.start()) {
            let constraint = format!("have value greater than or equal to {}", range.start());
            return Err(self.invalid("MIN_VALUE_EXCEEDED", name, &shown, &constraint));
        }
        match u64::try_from(number) {
            Ok(number) if number <= *range.end() => Ok(Some(number)),
            _ => {
                let constraint = format!("have value less than or equal to {}", range.end());
                Err(self.invalid("MAX_VALUE_EXCEEDED", name, &shown, &constraint))
            }
        }
    }

    /// Reads an optional list whose length is within a range.
    pub(crate) fn list(
        &self,
        name: &'static str,
        length: &RangeInclusive<usize>,
    ) -> Result<Option<&'a [Value]>, Failure> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let items = value.as_array().ok_or_else(|| wrong_type(name, "a list"))?;
        if length.contains(&items.len()) {
            Ok(Some(items))
        } else {
            let constraint = format!("have between {} and {} items", length.start(), length.end());
            Err(self.invalid("INVALID_LIST_MEMBER", name, "", &constraint))
        }
    }

    /// Reads an optional structure.
    pub(crate) fn structure(&self, name: &'static str) -> Result<Option<Members<'a>>, Failure> {
        self.value(name).map(|value| self.structure_from(name, value)).transpose()
    }

    /// Reads a required structure.
    pub(crate) fn required_structure(&self, name: &'static str) -> Result<Members<'a>, Failure> {
        self.structure(name)?.ok_or_else(|| self.missing(name))
    }

    /// Reads a list item as a structure.
    pub(crate) fn structure_from(
        &self,
        name: &'static str,
        value: &'a Value,
    ) -> Result<Members<'a>, Failure> {
        let values = value.as_object().ok_or_else(|| wrong_type(name, "a structure"))?;
        Ok(Self { values, ..*self })
    }

    /// Returns the error for a missing member.
    pub(crate) fn missing(&self, name: &'static str) -> Failure {
        self.invalid("INPUT_REQUIRED", name, "null ", "not be null")
    }

    fn value(&self, name: &'static str) -> Option<&'a Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    fn invalid(&self, reason: &'static str, name: &str, value: &str, constraint: &str) -> Failure {
        let mut path = name.to_owned();
        if let Some(first) = path.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        Failure::invalid(
            self.service,
            reason,
            format!(
                "1 validation error detected: Value {value}at '{path}' failed to satisfy constraint: \
                 Member must {constraint}"
            ),
        )
    }
}

fn wrong_type(name: &str, wanted: &str) -> Failure {
    Failure::serialization(format!("The member {name} must be {wanted}."))
}
