//! GitHub Actions workflow commands, which the runner shows as annotations next to the lines that they name (GitHub Docs,
//! "Workflow commands for GitHub Actions").

use rolecall_model::Severity;

use super::{Message, Spot};

/// Returns one command per line.
pub(super) fn render(messages: &[Message]) -> String {
    messages.iter().map(command).collect()
}

fn command(message: &Message) -> String {
    let name = match message.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut properties = Vec::new();
    if let Some(Spot { file, start, end, .. }) = &message.primary {
        properties.push(format!("file={}", property(file)));
        properties.push(format!("line={},endLine={}", start.line, end.line));
        // Columns belong to annotations of one line alone.
        if start.line == end.line {
            properties.push(format!("col={},endColumn={}", start.column, end.column));
        }
    }
    let title = match message.code {
        Some(code) => format!("{code} {}", code.title()),
        None => "rolecall".to_owned(),
    };
    properties.push(format!("title={}", property(&title)));
    let mut text = message.whole_text();
    for Spot { file, start, label, .. } in &message.secondary {
        text.push_str(&format!("\n{file}:{}: {label}", start.line));
    }
    format!("::{name} {}::{}\n", properties.join(","), data(&text))
}

/// Escapes the text of a command to a single line.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_command_or_begin_another() {
        assert_eq!(data("100%\r\n::error::"), "100%25%0D%0A::error::");
        assert_eq!(property("a,b:c%\n"), "a%2Cb%3Ac%25%0A");
    }
}
