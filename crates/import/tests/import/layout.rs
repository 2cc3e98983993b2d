//! What import writes is in the formatter's layout.

use std::collections::BTreeMap;

use rolecall_model::Sources;

/// Fails where the formatter would change a file.
pub(crate) fn assert_formatted(files: &BTreeMap<String, String>) {
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".kdl")) {
        let mut sources = Sources::default();
        let file = sources.add(path.as_str(), text.as_str());
        let formatted = rolecall_parser::format(file, text).unwrap();
        // A line alone tells what differs; the whole files would not.
        let differs = text.lines().zip(formatted.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "{path}");
        assert_eq!(text.len(), formatted.len(), "{path}");
    }
}
