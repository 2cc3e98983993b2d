//! Plans for a terminal or a log: one line per change, aligned, with the counts last.

use unicode_width::UnicodeWidthStr as _;

use super::access_control::{AttributesChange, attributes_change};
use super::columns::Columns;
use super::comparison;
use super::detail::Detail;
use super::entra::{EntraWords, entra_change};
use super::escape::for_terminal;
use super::fold::{Fold, KeptFold, fold, fold_assignments, fold_kept};
use super::sets::{self, SetChange};
use super::wording;
use crate::phrases;
use crate::plan::comparison::BaseComparison;
use crate::plan::{
    Action, Blocked, BlockedAction, Change, NamedAssignment, PermissionSetChange, Plan, Provenance, Reason,
    Violation,
};

/// Maximum width in columns for the change of a permission set to stay on its line; longer texts move below.
const WORDS_ON_A_LINE: usize = 60;

/// Style of a text plan.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Level of detail.
    pub detail: Detail,
    /// Whether to color marks. Color never carries information of its own.
    pub color: bool,
}

/// Renders a plan as text, and how its configuration differs from that of a base, with a line break at its end.
pub fn render(plan: &Plan, base: Option<&BaseComparison>, style: Style) -> String {
    let mut lines = vec![header(plan), String::new()];
    if style.detail != Detail::Summary {
        sections(plan, base, style, &mut lines);
    }
    for violation in &plan.violations {
        let place = violation.written.as_ref().map_or_else(String::new, |written| format!("  {written}"));
        let text = format!("Stopped by a guard ({}): {}{place}", violation.code, violation.message);
        lines.push(paint_as('!', &text, style.color));
        if style.detail != Detail::Summary {
            lines.extend(stopped_assignments(violation, style.detail).lines(str::to_owned));
        }
    }
    if !plan.violations.is_empty() {
        lines.push(String::new());
    }
    lines.extend(
        [wording::not_read(plan), wording::absent_means_empty(plan)]
            .into_iter()
            .filter(|line| !line.is_empty()),
    );
    if let Some(base) = base {
        if let Some(why) = base.why_not_compared() {
            let text = format!("Not compared with the base: {}.", for_terminal(&why));
            lines.push(paint_as('!', &text, style.color));
        } else {
            lines.push(format!("Compared with the base: {}.", comparison::counts(base)));
            let shortfall = base.shortfall().map(|text| format!("! Incomplete: {}.", for_terminal(&text)));
            lines.extend(shortfall.map(|text| paint_as('!', &text, style.color)));
        }
    }
    if plan.is_empty() {
        lines.push(wording::no_changes(plan));
    } else {
        let time = phrases::duration(plan.estimate.seconds);
        for mut line in wording::counts(plan).into_iter().filter(|line| !line.is_empty()) {
            line[..1].make_ascii_uppercase();
            lines.push(format!("{line}."));
        }
        lines.push(format!(
            "Applying takes {time} at AWS's rate limits. Digest {}… (in full with --format json)",
            plan.digest.short()
        ));
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

/// The assignments that a guard stops.
fn stopped_assignments(violation: &Violation, detail: Detail) -> Columns {
    let mut columns = Columns::default();
    for rows in fold_assignments(&violation.assignments, detail == Detail::Full) {
        let first = rows[0];
        let where_to = match rows.len() {
            1 => account(first),
            many => format!("{many} accounts"),
        };
        columns.row(vec![String::from("  "), principal(first), set_name(first), where_to]);
    }
    columns
}

fn header(plan: &Plan) -> String {
    let source = match plan.provenance {
        Provenance::Live => "",
        Provenance::Sandbox => ", sandbox",
        Provenance::Snapshot => ", snapshot",
    };
    let (id, region) = (&plan.instance.id, &plan.instance.region);
    format!("Access changes in stack {} ({id}, {region}{source})", plan.stack)
}

fn sections(plan: &Plan, base: Option<&BaseComparison>, style: Style, lines: &mut Vec<String>) {
    let mut push = |title: String, columns: &Columns| {
        if columns.is_empty() {
            return;
        }
        if !title.is_empty() {
            lines.push(title);
        }
        lines.extend(columns.lines(|cell| paint(cell, style.color)));
        lines.push(String::new());
    };
    push(String::new(), &rows(plan, style.detail));
    push(String::new(), &permission_sets(plan, style));
    push(String::new(), &attributes(plan, style));
    push("In Entra ID:".to_owned(), &entra(plan, style));
    push("Skipped because it cannot be changed now:".to_owned(), &blocked(plan));
    push("Withheld because the group may have taken the name of a deleted group:".to_owned(), &rebinds(plan));
    push("Kept although no `assign` grants them:".to_owned(), &kept(plan, style.detail));
    push("Temporary assignments:".to_owned(), &temporary(plan));
    push("Inactive accounts (skipped):".to_owned(), &skipped(plan));
    push("Unmanaged assignments of external permission sets:".to_owned(), &unmanaged(plan));
    for (title, columns) in base.iter().flat_map(|base| comparison::sections(base, style.detail)) {
        push(title, &columns);
    }
}

fn rows(plan: &Plan, detail: Detail) -> Columns {
    let mut columns = Columns::default();
    for Fold { grants, rows, reason, written } in fold(&plan.changes, detail == Detail::Full) {
        let first = rows[0];
        let where_to = match rows.len() {
            1 => account(first),
            many => format!("{many} accounts"),
        };
        let why = for_terminal(&wording::reason_of_assignment(reason, first));
        let place = written.map(ToString::to_string).unwrap_or_default();
        let because = [why, place].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let verb = if grants { "+ assign" } else { "- revoke" };
        columns.row(vec![verb.to_owned(), principal(first), set_name(first), where_to, because]);
    }
    columns
}

fn permission_sets(plan: &Plan, style: Style) -> Columns {
    let mut columns = Columns::default();
    for change in &plan.changes {
        let Some(SetChange { name, words, short }) = sets::set_change(change) else { continue };
        let action = &change.action;
        let verb = format!("{} {} permission set", wording::mark(action), wording::verb(change));
        let place = change.written.as_ref().map(ToString::to_string).unwrap_or_default();
        let line = words.join("; ");
        let fits = line.width() <= WORDS_ON_A_LINE;
        columns.row(vec![verb, name.to_owned(), for_terminal(if fits { &line } else { &short }), place]);
        let lines = match action {
            _ if style.detail == Detail::Full && !sets::whole_lines(change).is_empty() => {
                sets::whole_lines(change)
            }
            Action::PermissionSet(PermissionSetChange::Create { .. }) if !fits => words,
            _ => difference_lines(change, !fits),
        };
        for line in lines {
            columns.under(format!("      {}", paint(&for_terminal(&line), style.color)));
        }
    }
    columns
}

fn entra(plan: &Plan, style: Style) -> Columns {
    let mut columns = Columns::default();
    for change in &plan.changes {
        let Some(EntraWords { mark, verb, what, words, lines }) = entra_change(change) else { continue };
        let place = change.written.as_ref().map(ToString::to_string).unwrap_or_default();
        columns.row(vec![format!("{mark} {verb}"), for_terminal(&what), for_terminal(&words), place]);
        for line in lines {
            columns.under(format!("      {}", paint(&for_terminal(&line), style.color)));
        }
    }
    columns
}

fn attributes(plan: &Plan, style: Style) -> Columns {
    let mut columns = Columns::default();
    for change in &plan.changes {
        let Some(AttributesChange { words, lines }) = attributes_change(change) else { continue };
        let verb = format!(
            "{} {} attributes for access control",
            wording::mark(&change.action),
            wording::verb(change)
        );
        let place = change.written.as_ref().map(ToString::to_string).unwrap_or_default();
        let line = words.join("; ");
        let shown = if line.width() <= WORDS_ON_A_LINE { line } else { phrases::count(lines.len(), "line") };
        columns.row(vec![verb, for_terminal(&shown), place]);
        for line in lines {
            columns.under(format!("      {}", paint(&for_terminal(&line), style.color)));
        }
    }
    columns
}

/// Returns the lines of the differences; without those that fit on the line above, unless `all`.
fn difference_lines(change: &Change, all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for (words, inner) in sets::differences(change) {
        if all || !inner.is_empty() {
            lines.push(words);
        }
        lines.extend(inner.iter().map(|line| format!("  {line}")));
    }
    if let (true, Action::PermissionSet(PermissionSetChange::Update { provision, .. })) =
        (all, &change.action)
    {
        lines.extend(Some(wording::provisioning(provision)).filter(|line| !line.is_empty()));
    }
    lines
}

fn blocked(plan: &Plan) -> Columns {
    let mut columns = Columns::default();
    for Blocked { action, cause, written } in &plan.blocked {
        let place = written.as_ref().map(ToString::to_string).unwrap_or_default();
        let because = [cause.to_string(), place]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
        let cells = match action {
            BlockedAction::Grant(row) => {
                vec!["! assign".to_owned(), principal(row), set_name(row), account(row), because]
            }
            BlockedAction::Revoke(row) => {
                vec!["! revoke".to_owned(), principal(row), set_name(row), account(row), because]
            }
            BlockedAction::Update(name) => {
                vec!["! change".to_owned(), String::new(), name.to_string(), String::new(), because]
            }
            BlockedAction::Provision(name) => {
                vec!["! provision".to_owned(), String::new(), name.to_string(), String::new(), because]
            }
            BlockedAction::Release(name) => {
                vec!["! release".to_owned(), String::new(), name.to_string(), String::new(), because]
            }
            BlockedAction::Delete(name) => {
                vec!["! delete".to_owned(), String::new(), name.to_string(), String::new(), because]
            }
        };
        columns.row(cells);
    }
    columns
}

fn rebinds(plan: &Plan) -> Columns {
    let mut columns = Columns::default();
    for rebind in &plan.rebinds {
        let place = rebind.written.as_ref().map(ToString::to_string).unwrap_or_default();
        let row = &rebind.grant;
        columns.row(vec!["! assign".to_owned(), principal(row), set_name(row), account(row), place]);
        for orphan in &rebind.orphans {
            let reason = wording::reason_of_assignment(&Reason::Orphan, orphan);
            let (verb, fate) =
                if rebind.orphans_are_ours { ("! revoke", "withheld too") } else { ("!", "stays") };
            columns.row(vec![
                verb.to_owned(),
                principal(orphan),
                set_name(orphan),
                account(orphan),
                format!("{reason}; {fate}"),
            ]);
        }
    }
    columns
}

fn kept(plan: &Plan, detail: Detail) -> Columns {
    let mut columns = Columns::default();
    for KeptFold { rows, by, ended, written } in fold_kept(&plan.kept, detail == Detail::Full) {
        let first = rows[0];
        let where_to = match rows.len() {
            1 => account(first),
            many => format!("{many} accounts"),
        };
        let why = for_terminal(&wording::kept_by(by, ended));
        let because = [why, written.to_string()];
        let because = because.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        columns.row(vec!["= keep".to_owned(), principal(first), set_name(first), where_to, because]);
    }
    columns
}

fn temporary(plan: &Plan) -> Columns {
    let mut columns = Columns::default();
    for one in &plan.temporary {
        let sets: Vec<&str> = one.permission_sets.iter().map(|name| name.as_str()).collect();
        let left = match one.days_left {
            0 => "ends today".to_owned(),
            1 => "1 day left".to_owned(),
            days => format!("{days} days left"),
        };
        let note = one.note.as_deref().map(|note| format!("{note}, ")).unwrap_or_default();
        columns.row(vec![
            format!("until {}", one.until),
            left,
            for_terminal(&one.principals.join(", ")),
            sets.join(", "),
            phrases::count(one.assignments, "assignment"),
            format!("{}{}", for_terminal(&note), one.written),
        ]);
    }
    columns
}

fn skipped(plan: &Plan) -> Columns {
    let mut columns = Columns::default();
    for account in &plan.skipped_accounts {
        let rows = match account.assignments {
            0 => "no managed assignments".to_owned(),
            number => phrases::count(number, "managed assignment"),
        };
        let name = format!("{} ({})", for_terminal(&account.name), account.id);
        columns.row(vec![name, account.state.as_str().to_owned(), rows]);
    }
    columns
}

fn unmanaged(plan: &Plan) -> Columns {
    let mut columns = Columns::default();
    for one in &plan.unmanaged {
        columns.row(vec![one.permission_set.to_string(), phrases::count(one.assignments, "assignment")]);
    }
    columns
}

fn principal(row: &NamedAssignment) -> String {
    for_terminal(&row.principal_name.to_string())
}

fn set_name(row: &NamedAssignment) -> String {
    row.assignment.permission_set.to_string()
}

fn account(row: &NamedAssignment) -> String {
    for_terminal(&phrases::account(row))
}

/// Colors a text by its leading mark.
fn paint(text: &str, color: bool) -> String {
    paint_as(text.chars().next().unwrap_or(' '), text, color)
}

fn paint_as(mark: char, text: &str, color: bool) -> String {
    let code = match mark {
        '+' => "32",
        '-' => "31",
        '~' => "33",
        '!' => "35",
        _ => return text.to_owned(),
    };
    if color { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}
