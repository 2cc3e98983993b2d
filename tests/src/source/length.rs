//! Files and functions that exceed the project's limits without a reason.
//!
//! A reason is a comment: `// Exceeds 70 lines: …` above a function, among its attributes and documentation, and
//! `// Exceeds 600 lines: …` before the first item of a file.

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, ItemFn, ItemImpl, ItemMod, Signature, TraitItemFn};

use super::is_for_tests;

/// The most lines of a function, from its signature to its closing brace.
pub const MAX_FUNCTION_LINES: usize = 70;
/// The most lines of a file.
pub const MAX_FILE_LINES: usize = 600;

/// A file or function that is too long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TooLong {
    /// The function's name; `None` for the file itself.
    pub function: Option<String>,
    /// Its first line.
    pub line: usize,
    /// Its number of lines.
    pub lines: usize,
}

/// Finds the file itself and the functions in it that are too long and give no reason.
///
/// # Errors
/// The text is not Rust.
pub fn too_long(text: &str) -> syn::Result<Vec<TooLong>> {
    let file = syn::parse_file(text)?;
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let first = file.items.first().map_or(lines.len(), |item| item.span().start().line.saturating_sub(1));
    if lines.len() > MAX_FILE_LINES && !has_reason(&lines[..first.min(lines.len())], MAX_FILE_LINES) {
        found.push(TooLong { function: None, line: 1, lines: lines.len() });
    }
    let mut functions = Functions { lines: &lines, found };
    functions.visit_file(&file);
    Ok(functions.found)
}

fn has_reason(lines: &[&str], most: usize) -> bool {
    let form = format!("// Exceeds {most} lines: ");
    lines
        .iter()
        .any(|line| line.trim_start().strip_prefix(&form).is_some_and(|reason| !reason.trim().is_empty()))
}

struct Functions<'a> {
    lines: &'a [&'a str],
    found: Vec<TooLong>,
}

impl Functions<'_> {
    fn look_at(&mut self, signature: &Signature, end: usize) {
        let start = signature.span().start().line;
        let lines = end + 1 - start;
        if lines > MAX_FUNCTION_LINES && !has_reason(self.above(start), MAX_FUNCTION_LINES) {
            self.found.push(TooLong { function: Some(signature.ident.to_string()), line: start, lines });
        }
    }

    /// Returns the comments and attributes directly above a line.
    fn above(&self, line: usize) -> &[&str] {
        let end = line - 1;
        let is_heading = |text: &&&str| {
            let text = text.trim_start();
            text.starts_with("//") || text.starts_with("#[")
        };
        let count = self.lines[..end].iter().rev().take_while(is_heading).count();
        &self.lines[end - count..end]
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, block: &'ast ItemImpl) {
        if !is_for_tests(&block.attrs) {
            visit::visit_item_impl(self, block);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.visit_function(&function.attrs, &function.sig, function.block.span().end().line);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.visit_function(&function.attrs, &function.sig, function.block.span().end().line);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            self.visit_function(&function.attrs, &function.sig, block.span().end().line);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

impl Functions<'_> {
    fn visit_function(&mut self, attributes: &[Attribute], signature: &Signature, end: usize) {
        if !is_for_tests(attributes) {
            self.look_at(signature, end);
        }
    }
}
