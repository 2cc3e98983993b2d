//! The parsed sources of the workspace, for rules that the compiler does not check.

pub mod imports;
pub mod length;
mod names;
mod tree;

pub use tree::{Crate, LoadError};

use syn::Meta;

/// Returns whether attributes limit an item to tests.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_test = attribute.path().segments.last().is_some_and(|last| last.ident == "test");
        let condition = attribute.path().is_ident("cfg").then(|| attribute.parse_args::<Meta>());
        is_test || condition.is_some_and(|condition| condition.is_ok_and(|meta| implies_test(&meta)))
    })
}

/// Returns whether a condition holds only in tests.
fn implies_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => {
            let parts =
                list.parse_args_with(syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated);
            parts.is_ok_and(|parts| parts.iter().any(implies_test))
        }
        Meta::List(_) | Meta::NameValue(_) => false,
    }
}
