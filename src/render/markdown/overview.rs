//! What is told of several runs, for a ticket.

use super::parts::put;
use crate::render::escape::markdown as escaped;
use crate::render::overview::{Cells, Fact, Overview, Table};

/// Writes what it comes to, the tables and what else was seen.
pub(super) fn overview(page: &mut String, overview: &Overview) {
    put(page, &format!("## {}\n", escaped(&overview.title)));
    for conclusion in &overview.conclusions {
        put(page, &format!("**{}**\n", escaped(conclusion)));
    }
    for about in &overview.about {
        put(page, &format!("{}\n", escaped(about)));
    }
    table(page, &overview.table);
    for Fact { label, bad: _, strong, text, aside } in &overview.facts {
        put(page, &format!("- **{}**: {}", escaped(label), escaped(&format!("{strong}{text}{aside}"))));
    }
    if !overview.facts.is_empty() {
        put(page, "");
    }
    for further in &overview.further {
        put(page, &format!("### {}\n", escaped(&further.name)));
        table(page, further);
    }
}

fn table(page: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    let row = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("| {} |", cells.join(" | "))
    };
    put(page, &row(&table.head));
    let rule = if table.cells == Cells::Numbers { " ---: |" } else { " --- |" };
    put(page, &format!("| --- |{}", rule.repeat(table.head.len().saturating_sub(1))));
    table.rows.iter().for_each(|cells| put(page, &row(cells)));
    put(page, "");
    if !table.note.is_empty() {
        put(page, &format!("{}\n", escaped(&table.note)));
    }
}
