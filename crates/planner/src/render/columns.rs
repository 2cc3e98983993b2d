//! Lines of cells, aligned.

use unicode_width::UnicodeWidthStr as _;

/// Rows of cells; each column is as wide as its widest cell, the last is not padded.
#[derive(Default)]
pub(crate) struct Columns {
    rows: Vec<Line>,
}

enum Line {
    Cells(Vec<String>),
    /// A line under a row, outside the columns.
    Under(String),
}

impl Columns {
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(Line::Cells(cells));
    }

    pub(crate) fn under(&mut self, text: String) {
        self.rows.push(Line::Under(text));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the lines, each indented by two spaces. `paint` colors the first cell.
    pub(crate) fn lines(&self, paint: impl Fn(&str) -> String) -> Vec<String> {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            let Line::Cells(cells) = row else { continue };
            for (at, cell) in cells.iter().enumerate() {
                if at == widths.len() {
                    widths.push(0);
                }
                widths[at] = widths[at].max(cell.width());
            }
        }
        let render = |row: &Line| match row {
            Line::Under(text) => text.clone(),
            Line::Cells(cells) => {
                let mut line = String::from("  ");
                for (at, cell) in cells.iter().enumerate() {
                    let painted = if at == 0 { paint(cell) } else { cell.clone() };
                    line.push_str(&painted);
                    if at + 1 < cells.len() {
                        line.push_str(&" ".repeat(widths[at] - cell.width() + 2));
                    }
                }
                line.trim_end().to_owned()
            }
        };
        self.rows.iter().map(render).collect()
    }
}
