//! The rows of a query, page by page.

use serde_json::{Value, json};
use trino_sql::{Answer, Column};

use super::executions::{Execution, Outcome, Sql};
use super::wire::GetResults;
use crate::json_service::Exception;

/// The most rows of a page, the header among them.
const PAGE: i64 = 1_000;

pub(super) fn page(asked: &GetResults, execution: &Execution) -> Result<Value, Exception> {
    let state = execution.status()["State"].as_str().unwrap_or_default().to_owned();
    let Outcome::Succeeded(answer) = &execution.outcome else {
        let text = match &execution.outcome {
            Outcome::Queued | Outcome::Running => {
                format!("Query has not yet finished. Current state: {state}")
            }
            _ => format!("Query did not finish successfully. Final query state: {state}"),
        };
        return Err(Exception::invalid(text));
    };
    let most = asked.max_results.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&most) {
        return Err(Exception::invalid("MaxResults is more than maximum allowed length 1000"));
    }
    let first = match &asked.next_token {
        None => 0,
        Some(token) => token
            .strip_prefix(asked.query_execution_id.as_str())
            .and_then(|rest| rest.strip_prefix('#')?.parse().ok())
            .ok_or_else(|| Exception::invalid("Provided NextToken is not valid"))?,
    };
    let all = Lines { answer, header: answer.statement == Sql::Select };
    let last = all.len().min(first + most as usize);
    let rows: Vec<Value> = (first..last).filter_map(|index| all.row(index)).collect();
    let mut body = json!({
        "UpdateCount": 0,
        "ResultSet": {
            "Rows": rows,
            "ResultSetMetadata": {
                "ColumnInfo": answer.columns.iter().map(column).collect::<Vec<_>>(),
            },
        },
    });
    if last < all.len() {
        body["NextToken"] = json!(format!("{}#{last}", asked.query_execution_id));
    }
    Ok(body)
}

/// The rows, after the names of the columns where Athena has them among the rows: it has for what
/// is read from a CSV file.
struct Lines<'a> {
    answer: &'a Answer,
    header: bool,
}

impl Lines<'_> {
    fn len(&self) -> usize {
        self.answer.rows.len() + usize::from(self.header)
    }

    fn row(&self, index: usize) -> Option<Value> {
        let Some(index) = index.checked_sub(usize::from(self.header)) else {
            let names =
                self.answer.columns.iter().map(|column| json!({"VarCharValue": column.name}));
            return Some(json!({"Data": names.collect::<Vec<_>>()}));
        };
        let cell = |cell: &Option<String>| match cell {
            Some(text) => json!({"VarCharValue": text}),
            None => json!({}),
        };
        let row = self.answer.rows.get(index)?;
        Some(json!({"Data": row.iter().map(cell).collect::<Vec<_>>()}))
    }
}

fn column(column: &Column) -> Value {
    json!({
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": column.name,
        "Label": column.name,
        "Type": column.kind,
        "Precision": 0,
        "Scale": 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": column.kind == "varchar",
    })
}
