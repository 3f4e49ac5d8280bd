//! What becomes of pages of rows.

use serde_json::{Value, json};

use super::server::{Said, Server};
use super::{athena, execution, soon};
use crate::{Error, Execution, Rows, Statement, Stats};

fn row(cells: &[Value]) -> Value {
    let datum = |cell: &Value| match cell {
        Value::Null => json!({}),
        cell => json!({"VarCharValue": cell}),
    };
    json!({"Data": cells.iter().map(datum).collect::<Vec<_>>()})
}

fn page(columns: &[(&str, &str)], rows: &[Value], next: Option<&str>) -> Said {
    let info = |(name, kind): &(&str, &str)| json!({"Name": name, "Label": name, "Type": kind});
    let columns: Vec<_> = columns.iter().map(info).collect();
    let mut page = json!({
        "UpdateCount": 0,
        "ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": columns}},
    });
    if let Some(next) = next {
        page["NextToken"] = json!(next);
    }
    (200, page)
}

async fn read(statement: Statement, said: Said, limit: usize) -> Rows {
    let server = Server::start(move |_, _| said.clone()).await;
    let execution = Execution { statement, ..execution() };
    athena(&server.url).rows(&execution, limit, soon(), &mut Stats::default()).await.unwrap()
}

fn texts(rows: &Rows) -> Vec<Vec<Option<&str>>> {
    rows.rows.iter().map(|row| row.iter().map(Option::as_deref).collect()).collect()
}

#[tokio::test]
async fn the_names_of_columns_are_a_row_of_queries_and_of_nothing_else() {
    let named = |statement| {
        let rows = [row(&[json!("tab_name")]), row(&[json!("tab_name")]), row(&[json!("t")])];
        read(statement, page(&[("tab_name", "varchar")], &rows, None), 10)
    };
    // A query that has its column's name as a value, and a table of that name.
    assert_eq!(texts(&named(Statement::Dml).await), [[Some("tab_name")], [Some("t")]]);
    assert_eq!(texts(&named(Statement::Explain).await).len(), 2);
    assert_eq!(texts(&named(Statement::Other).await).len(), 3);
    // What is not their names is a row.
    let said = page(&[("a", "integer")], &[row(&[json!("1")])], None);
    assert_eq!(texts(&read(Statement::Dml, said, 10).await), [[Some("1")]]);
}

#[tokio::test]
async fn null_is_not_an_empty_text_and_types_are_kept() {
    let columns = [("a", "varchar"), ("b", "bigint")];
    let rows = [row(&[json!("a"), json!("b")]), row(&[json!(""), Value::Null])];
    let found = read(Statement::Dml, page(&columns, &rows, None), 10).await;
    assert_eq!(texts(&found), [[Some(""), None]]);
    let kinds: Vec<_> = found.columns.iter().map(|column| column.kind.as_str()).collect();
    assert_eq!(kinds, ["varchar", "bigint"]);
}

#[tokio::test]
async fn what_hive_writes_with_tabs_is_cells() {
    let columns = [("col_name", "string"), ("data_type", "string"), ("comment", "string")];
    let rows = [row(&[json!("caseid              \tstring              \tfrom deserializer   ")])];
    let found = read(Statement::Other, page(&columns, &rows, None), 10).await;
    assert_eq!(texts(&found), [[Some("caseid"), Some("string"), Some("from deserializer")]]);
}

/// A server of `total` rows that pages as Athena does: the names are a row of the first page, and
/// count.
async fn numbers(total: usize) -> Server {
    Server::start(move |asked, _| {
        let from: usize =
            asked.body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let most = asked.body["MaxResults"].as_u64().unwrap();
        if !(1..=1000).contains(&most) {
            return (400, json!({"__type": "InvalidRequestException", "Message": "MaxResults"}));
        }
        let text = |n: usize| if n == 0 { "n".to_owned() } else { n.to_string() };
        let end = (from + most as usize).min(total + 1);
        let rows: Vec<_> = (from..end).map(|n| row(&[json!(text(n))])).collect();
        let next = (end < total + 1).then(|| end.to_string());
        page(&[("n", "bigint")], &rows, next.as_deref())
    })
    .await
}

#[tokio::test]
async fn as_many_rows_are_given_as_were_asked_for() {
    for (total, limit, given, more, calls) in [
        (100, 100, 100, false, 1),
        (101, 100, 100, true, 1),
        (99, 100, 99, false, 1),
        (0, 100, 0, false, 1),
        (5, 1, 1, true, 1),
        (5, 0, 0, true, 1),
        (2500, 2500, 2500, false, 3),
        (2500, 999, 999, true, 2),
        (2500, 998, 998, true, 1),
        (10_000, 10_000, 10_000, false, 11),
    ] {
        let server = numbers(total).await;
        let mut stats = Stats::default();
        let found =
            athena(&server.url).rows(&execution(), limit, soon(), &mut stats).await.unwrap();
        assert_eq!((found.rows.len(), found.more), (given, more), "{total} {limit}");
        assert_eq!(stats.http_calls, calls, "{total} {limit}");
        let last = found.rows.last().map(|row| row[0].clone().unwrap());
        assert_eq!(last, (given > 0).then(|| given.to_string()));
    }
}

#[tokio::test]
async fn pages_that_do_not_go_on_are_no_result() {
    let said = page(&[("n", "bigint")], &[], Some("same"));
    let server = Server::start(move |_, _| said.clone()).await;
    let read = athena(&server.url).rows(&execution(), 10, soon(), &mut Stats::default()).await;
    assert!(matches!(read, Err(Error::Service(_))), "{read:?}");
}
