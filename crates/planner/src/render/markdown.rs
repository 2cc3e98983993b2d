//! A plan as a pull-request comment: a marker for finding it again, the summary first, details folded.

use rolecall_model::{Diagnostic, Sources};

use super::access_control::{AttributesChange, attributes_change};
use super::comparison::{self, Table};
use super::detail::Detail;
use super::entra::{EntraWords, entra_change};
use super::escape::{for_html, for_markdown};
use super::fold::{Fold, KeptFold, fold, fold_assignments, fold_kept};
use super::sets::{self, SetChange};
use super::wording;
use crate::phrases;
use crate::plan::comparison::BaseComparison;
use crate::plan::{BlockedAction, Change, NamedAssignment, Plan, Provenance, Violation};

/// Maximum length of a comment in characters. GitHub allows 65,536; longer comments are truncated, with a note.
pub const MOST_CHARACTERS: usize = 65_000;

/// Characters reserved for the last lines, which say what was truncated.
const RESERVED_CHARACTERS: usize = 600;

/// Renders a plan, and how its configuration differs from that of a base, as a Markdown comment of at most
/// [`MOST_CHARACTERS`] characters.
pub fn render(plan: &Plan, base: Option<&BaseComparison>, sources: &Sources, detail: Detail) -> String {
    let mut page = Page::default();
    heading(plan, &mut page);
    for violation in &plan.violations {
        violation_section(violation, detail, &mut page);
    }
    facts(plan, &mut page);
    if let Some(base) = base {
        compared_with_base(base, detail, &mut page);
    }
    if detail != Detail::Summary {
        sections(plan, sources, detail, &mut page);
    }
    page.finish()
}

/// Writes the marker, and the counts as a headline.
fn heading(plan: &Plan, page: &mut Page) {
    page.line(&format!("<!-- rolecall-plan stack={} -->", for_marker(plan.stack.as_str())));
    let headline = if plan.is_empty() {
        wording::no_changes(plan)
    } else {
        wording::counts(plan).into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    };
    page.line(&format!(
        "### Access changes in stack {}: {}",
        for_markdown(plan.stack.as_str()),
        for_markdown(&headline)
    ));
    page.line("");
}

/// A guard that stops the plan, with the assignments that it stops.
fn violation_section(violation: &Violation, detail: Detail, page: &mut Page) {
    let place = violation.written.as_ref().map(|written| format!(" ({written})")).unwrap_or_default();
    page.line(&format!(
        "> **Stopped by a guard** ({}): {}{}",
        violation.code,
        for_markdown(&violation.message),
        for_markdown(&place)
    ));
    page.line("");
    if detail == Detail::Summary {
        return;
    }
    let folds = fold_assignments(&violation.assignments, detail == Detail::Full).into_iter();
    let rows = folds.map(|fold| {
        let first = fold[0];
        table_row(&[principal(first), first.assignment.permission_set.to_string(), accounts(&fold)])
    });
    let head = ["Principal", "Permission set", "Account"];
    page.table_of("Assignments stopped by the guard", violation.assignments.len(), &head, rows.collect());
}

/// Writes the instance, how it was read, and the digest.
fn facts(plan: &Plan, page: &mut Page) {
    let source = match plan.provenance {
        Provenance::Live => "",
        Provenance::Sandbox => " Planned in the sandbox.",
        Provenance::Snapshot => " Planned against a snapshot.",
    };
    let time = phrases::duration(plan.estimate.seconds);
    let (id, region) = (&plan.instance.id, &plan.instance.region);
    let takes =
        if plan.is_empty() { String::new() } else { format!(" Applying takes {time} at AWS's rate limits.") };
    page.line(&format!("Instance `{id}` in `{region}`, as of {}.{source}{takes}", plan.as_of));
    page.line("");
    for remark in [wording::not_read(plan), wording::absent_means_empty(plan)] {
        if !remark.is_empty() {
            page.line(&remark);
            page.line("");
        }
    }
    if !plan.is_empty() {
        page.line(&format!("Digest `{}`", plan.digest));
        page.line("");
    }
}

/// Formats the accounts of a fold: the name of a single one, or their number.
fn accounts(fold: &[&NamedAssignment]) -> String {
    match fold {
        [one] => phrases::account(one),
        many => format!("{} accounts", many.len()),
    }
}

fn sections(plan: &Plan, sources: &Sources, detail: Detail, page: &mut Page) {
    // The most important sections come first, in case the comment is truncated.
    skipped_tables(plan, page);
    for change in &plan.changes {
        set_section(change, page);
        attributes_section(change, page);
        entra_section(change, page);
    }
    assignment_table(plan, detail, page);
    kept_table(plan, detail, page);
    let rows = plan.temporary.iter().map(|one| {
        let sets: Vec<String> = one.permission_sets.iter().map(ToString::to_string).collect();
        let cells = [
            one.until.to_string(),
            one.principals.join(", "),
            sets.join(", "),
            one.assignments.to_string(),
            one.note.clone().unwrap_or_default(),
            one.written.to_string(),
        ];
        table_row(&cells)
    });
    let head = ["Until", "Principals", "Permission sets", "Assignments", "Reason", "Source"];
    page.table("Temporary assignments", &head, rows.collect());
    let rows = plan.skipped_accounts.iter().map(|account| {
        let state = account.state.as_str().to_owned();
        table_row(&[account.name.clone(), account.id.to_string(), state, account.assignments.to_string()])
    });
    let head = ["Account", "ID", "State", "Managed assignments"];
    page.table("Skipped inactive accounts", &head, rows.collect());
    let rows = plan
        .unmanaged
        .iter()
        .map(|one| table_row(&[one.permission_set.to_string(), one.assignments.to_string()]));
    let head = ["Permission set", "Assignments"];
    page.table("Unmanaged assignments of external permission sets", &head, rows.collect());
    let rows = plan.findings.iter().map(|finding| finding_row(finding, sources));
    page.table("Findings", &["Code", "Finding", "Help", "Place"], rows.collect());
}

/// Writes the comparison with the base. Looser differences are not folded, so that no one approves them not_read.
fn compared_with_base(base: &BaseComparison, detail: Detail, page: &mut Page) {
    if let Some(why) = base.why_not_compared() {
        page.line(&format!("> **Not compared with the base:** {}.", for_markdown(&why)));
        page.line("");
        return;
    }
    page.line(&format!("**Compared with the base:** {}.", comparison::counts(base)));
    page.line("");
    if let Some(text) = base.shortfall() {
        page.line(&format!("> **Incomplete comparison:** {}.", for_markdown(&text)));
        page.line("");
    }
    if detail == Detail::Summary {
        return;
    }
    let looser = comparison::looser(base);
    for line in &looser {
        page.line(&format!("- **Looser:** {}", for_markdown(line)));
    }
    if !looser.is_empty() {
        page.line("");
    }
    for Table { title, head, rows } in comparison::tables(base, detail) {
        page.table(title, head, rows.iter().map(|row| table_row(row)).collect());
    }
}

fn assignment_table(plan: &Plan, detail: Detail, page: &mut Page) {
    let (mut rows, mut number) = (Vec::new(), 0);
    for Fold { grants, rows: folded, reason, written } in fold(&plan.changes, detail == Detail::Full) {
        let first = folded[0];
        number += folded.len();
        let place = written.map(ToString::to_string).unwrap_or_default();
        let verb = if grants { "+ assign" } else { "- revoke" };
        rows.push(table_row(&[
            verb.to_owned(),
            principal(first),
            first.assignment.permission_set.to_string(),
            accounts(&folded),
            wording::reason_of_assignment(reason, first),
            place,
        ]));
    }
    let head = ["", "Principal", "Permission set", "Account", "Reason", "Source"];
    page.table_of("Account assignments", number, &head, rows);
}

fn kept_table(plan: &Plan, detail: Detail, page: &mut Page) {
    let mut rows = Vec::new();
    for KeptFold { rows: folded, by, ended, written } in fold_kept(&plan.kept, detail == Detail::Full) {
        let first = folded[0];
        let set = first.assignment.permission_set.to_string();
        rows.push(table_row(&[
            principal(first),
            set,
            accounts(&folded),
            wording::kept_by(by, ended),
            written.to_string(),
        ]));
    }
    let head = ["Principal", "Permission set", "Account", "Reason", "Kept by"];
    page.table_of("Kept although no assign grants them", plan.kept.len(), &head, rows);
}

/// Writes a permission set with its differences; a new or deleted one in full, because a reviewer approves what it
/// grants.
fn set_section(change: &Change, page: &mut Page) {
    let Some(SetChange { name, words, .. }) = sets::set_change(change) else { return };
    let place = change.written.as_ref().map(|written| format!(" ({written})")).unwrap_or_default();
    let (mark, verb) = (wording::mark(&change.action), wording::verb(change));
    let title = format!("{verb} permission set {name}: {}{place}", words.join("; "));
    let mut lines = sets::whole_lines(change);
    for (words, inner) in sets::differences(change) {
        if !inner.is_empty() {
            lines.push(format!("@@ {words} @@"));
            lines.extend(inner);
        }
    }
    page.diff(mark, &title, &lines);
}

/// Attributes for access control, with the source of each that differs.
fn attributes_section(change: &Change, page: &mut Page) {
    let Some(AttributesChange { words, lines }) = attributes_change(change) else { return };
    let place = change.written.as_ref().map(|written| format!(" ({written})")).unwrap_or_default();
    let (mark, verb) = (wording::mark(&change.action), wording::verb(change));
    page.diff(mark, &format!("{verb} attributes for access control: {}{place}", words.join("; ")), &lines);
}

fn entra_section(change: &Change, page: &mut Page) {
    let Some(EntraWords { mark, verb, what, words, lines }) = entra_change(change) else { return };
    let place = change.written.as_ref().map(|written| format!(" ({written})")).unwrap_or_default();
    let words = if words.is_empty() { String::new() } else { format!(": {words}") };
    page.diff(mark, &format!("{verb} {what} in Entra ID{words}{place}"), &lines);
}

fn skipped_tables(plan: &Plan, page: &mut Page) {
    let mut rows = Vec::new();
    for blocked in &plan.blocked {
        let (verb, set, row) = match &blocked.action {
            BlockedAction::Grant(row) => ("assign", &row.assignment.permission_set, Some(row)),
            BlockedAction::Revoke(row) => ("revoke", &row.assignment.permission_set, Some(row)),
            BlockedAction::Update(name) => ("change", name, None),
            BlockedAction::Provision(name) => ("provision", name, None),
            BlockedAction::Release(name) => ("release", name, None),
            BlockedAction::Delete(name) => ("delete", name, None),
        };
        let place = blocked.written.as_ref().map(ToString::to_string).unwrap_or_default();
        let (who, on) =
            (row.map(principal).unwrap_or_default(), row.map(phrases::account).unwrap_or_default());
        rows.push(table_row(&[verb.to_owned(), who, set.to_string(), on, blocked.cause.to_string(), place]));
    }
    let head = ["", "Principal", "Permission set", "Account", "Reason", "Source"];
    page.table("Skipped because it cannot be changed now", &head, rows);
    let mut rows = Vec::new();
    for rebind in &plan.rebinds {
        let place = rebind.written.as_ref().map(ToString::to_string).unwrap_or_default();
        let all = std::iter::once(("assign", &rebind.grant, place));
        let verb = if rebind.orphans_are_ours { "revoke" } else { "stays" };
        for (verb, row, place) in all.chain(rebind.orphans.iter().map(|row| (verb, row, String::new()))) {
            let set = row.assignment.permission_set.to_string();
            rows.push(table_row(&[verb.to_owned(), principal(row), set, phrases::account(row), place]));
        }
    }
    let head = ["", "Principal", "Permission set", "Account", "Source"];
    page.table("Withheld because the group may have taken the name of a deleted group", &head, rows);
}

fn finding_row(finding: &Diagnostic, sources: &Sources) -> String {
    let place = finding.primary.as_ref().map(|label| sources.file_and_line(label.place)).unwrap_or_default();
    let help = finding.help.clone().unwrap_or_default();
    table_row(&[finding.code.to_string(), finding.message.clone(), help, place])
}

fn principal(row: &NamedAssignment) -> String {
    row.principal_name.to_string()
}

fn table_row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| for_markdown(cell)).collect();
    format!("| {} |", cells.join(" | "))
}

/// Escapes a stack's name for an HTML comment, which two hyphens would end.
fn for_marker(text: &str) -> String {
    text.replace("--", "- -").replace(['<', '>'], "_")
}

/// A comment that grows until it is full, and then counts omitted lines.
#[derive(Default)]
struct Page {
    text: String,
    characters: usize,
    omitted: usize,
    /// Once a line was omitted, so are all that follow: a page with gaps would look complete.
    is_full: bool,
}

impl Page {
    fn line(&mut self, line: &str) -> bool {
        let characters = line.chars().count() + 1;
        if self.is_full || self.characters + characters > MOST_CHARACTERS - RESERVED_CHARACTERS {
            self.is_full = true;
            self.omitted += 1;
            return false;
        }
        self.text.push_str(line);
        self.text.push('\n');
        self.characters += characters;
        true
    }

    /// Writes a folded table of as many things as it has rows.
    fn table(&mut self, title: &str, head: &[&str], rows: Vec<String>) {
        self.table_of(title, rows.len(), head, rows);
    }

    /// Writes a folded table of so many things, some rows of which stand for several. Rows that do not fit are omitted,
    /// never cut.
    fn table_of(&mut self, title: &str, number: usize, head: &[&str], rows: Vec<String>) {
        if rows.is_empty() {
            return;
        }
        let rule = vec!["---"; head.len()].join(" | ");
        let opened = self.block(&[
            format!("<details><summary>{title} ({number})</summary>"),
            String::new(),
            format!("| {} |", head.join(" | ")),
            format!("| {rule} |"),
        ]);
        if !opened {
            self.omitted += rows.len();
            return;
        }
        for row in rows {
            self.line(&row);
        }
        self.close(&["", "</details>", ""]);
    }

    /// Writes a folded diff, or one line if there is nothing to fold.
    fn diff(&mut self, mark: &str, title: &str, lines: &[String]) {
        if lines.is_empty() {
            self.line(&format!("- `{mark}` {}", for_markdown(title)));
            self.line("");
            return;
        }
        let title = for_html(&format!("{mark} {title}"));
        // A fence longer than any run of backquotes in the text cannot be closed by the text.
        let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let opening = [format!("<details><summary>{title}</summary>"), String::new(), format!("{fence}diff")];
        if !self.block(&opening) {
            self.omitted += lines.len();
            return;
        }
        for line in lines {
            self.line(&super::escape::for_terminal(line));
        }
        self.close(&[&fence, "", "</details>", ""]);
    }

    /// Writes all of these lines, or none.
    fn block(&mut self, lines: &[String]) -> bool {
        let needed: usize = lines.iter().map(|line| line.chars().count() + 1).sum();
        if self.is_full || self.characters + needed > MOST_CHARACTERS - RESERVED_CHARACTERS {
            self.is_full = true;
            return false;
        }
        lines.iter().all(|line| self.line(line))
    }

    /// Writes closing lines, which always fit into the reserve.
    fn close(&mut self, lines: &[&str]) {
        for line in lines {
            self.text.push_str(line);
            self.text.push('\n');
            self.characters += line.chars().count() + 1;
        }
    }

    fn finish(mut self) -> String {
        if self.omitted > 0 {
            let text = format!(
                "**Truncated:** {} more lines do not fit into a comment. The full plan is in the pipeline's log and \
                 in the output of `rolecall plan --format json`.",
                self.omitted
            );
            self.close(&[&text]);
        }
        self.text
    }
}
