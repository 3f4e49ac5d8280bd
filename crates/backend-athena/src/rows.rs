//! The rows of a result, page by page.

use std::time::Instant;

use crate::athena::Athena;
use crate::execution::{Execution, Statement};
use crate::wire::{self, ColumnInfo, Datum};
use crate::{Error, Stats};

/// Rows a page of `GetQueryResults` has at most, the names of the columns among them.
const PAGE: usize = 1000;

/// A column of a result or a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, in a result the one that the query gave it.
    pub name: String,
    /// Its type, in Athena's words: `varchar`, `bigint`.
    pub kind: String,
}

/// Rows of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows, each as long as there are columns; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

impl Athena {
    /// The first `limit` rows of a query that succeeded.
    ///
    /// # Errors
    /// [`Error::Denied`] when the result may not be read from its bucket, others as described.
    pub async fn rows(
        &self,
        execution: &Execution,
        limit: usize,
        deadline: Instant,
        stats: &mut Stats,
    ) -> Result<Rows, Error> {
        let mut found = Rows::default();
        let mut header = execution.statement != Statement::Other;
        let mut token: Option<String> = None;
        loop {
            // One row beyond the limit tells whether there are more.
            let wanted = (limit - found.rows.len()).saturating_add(1 + usize::from(header));
            let page = wire::OfQuery {
                query_execution_id: execution.id.as_str(),
                max_results: Some(wanted.clamp(1, PAGE)),
                next_token: token.as_deref(),
            };
            let page: wire::Results = self.results(&page, deadline, stats).await?;
            let labels = page.result_set.result_set_metadata.column_info;
            if found.columns.is_empty() {
                found.columns = labels.iter().map(column).collect();
            }
            let mut rows = page.result_set.rows.into_iter().peekable();
            if std::mem::take(&mut header) {
                rows.next_if(|row| is_header(&row.data, &labels));
            }
            let width = found.columns.len();
            found.rows.extend(rows.map(|row| cells(row.data, width)));
            if found.rows.len() > limit {
                found.rows.truncate(limit);
                found.more = true;
                return Ok(found);
            }
            match page.next_token.filter(|next| !next.is_empty()) {
                None => return Ok(found),
                next if next == token => {
                    return Err(aws_json::Error::unexpected("the same page came again").into());
                }
                next => token = next,
            }
        }
    }
}

fn column(info: &ColumnInfo) -> Column {
    Column { name: label(info).to_owned(), kind: info.r#type.clone() }
}

fn label(info: &ColumnInfo) -> &str {
    info.label.as_deref().filter(|label| !label.is_empty()).unwrap_or(&info.name)
}

/// Whether the first row of a query's result is what it should be: the names of its columns.
fn is_header(row: &[Datum], columns: &[ColumnInfo]) -> bool {
    let names = |datum: &Datum, info: &ColumnInfo| {
        datum.var_char_value.as_deref().is_some_and(|text| text == info.name || text == label(info))
    };
    row.len() == columns.len() && row.iter().zip(columns).all(|(datum, info)| names(datum, info))
}

/// The cells of a row. What Hive answers, to `DESCRIBE` for instance, is one text with tabs.
fn cells(data: Vec<Datum>, width: usize) -> Vec<Option<String>> {
    let mut cells: Vec<Option<String>> = match data.as_slice() {
        [Datum { var_char_value: Some(line) }] if width > 1 && line.contains('\t') => {
            line.splitn(width, '\t').map(|cell| Some(cell.trim().to_owned())).collect()
        }
        _ => data.into_iter().map(|datum| datum.var_char_value).collect(),
    };
    cells.resize(width, None);
    cells
}
