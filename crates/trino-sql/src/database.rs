//! Tables, and what runs statements over them.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider as _};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::MemTable;
use datafusion::execution::context::{SessionConfig, SessionContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement as DfStatement;
use datafusion::sql::sqlparser::ast::{self, SetExpr};
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::dialect::Trino;
use crate::{
    Answer, Column, Error, Statement, bind, functions, print, rewrite, show, types, values,
};

/// The catalog that Athena calls its own.
const CATALOG: &str = "awsdatacatalog";

/// A table of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name, in small letters.
    pub name: String,
    /// Its columns, those it is partitioned by last.
    pub columns: Vec<Column>,
    /// What each row has in each column; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// The size of the rows as lines of JSON.
    fn bytes(&self) -> u64 {
        let names: usize = self.columns.iter().map(|column| column.name.len() + 6).sum();
        let cells =
            |row: &Vec<Option<String>>| row.iter().flatten().map(String::len).sum::<usize>();
        self.rows.iter().map(|row| (names + cells(row)) as u64).sum()
    }

    fn schema(&self) -> SchemaRef {
        let fields = self.columns.iter().map(|c| Field::new(&c.name, DataType::Utf8, true));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    fn batch(&self) -> Result<RecordBatch, DataFusionError> {
        let column = |index: usize| {
            let cells = self.rows.iter().map(|row| row.get(index).and_then(Option::as_deref));
            Arc::new(cells.collect::<StringArray>()) as ArrayRef
        };
        let columns = (0..self.columns.len()).map(column).collect();
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

/// A statement that runs.
pub type Running = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// The tables of one database. Cheap to clone.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    name: String,
    tables: Vec<Table>,
    session: SessionContext,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.0.name)
    }
}

impl Database {
    /// A database of this name.
    ///
    /// # Errors
    /// [`Error::Tables`] when a row has not what its table's columns say.
    pub fn new(name: &str, tables: Vec<Table>) -> Result<Self, Error> {
        let session = session(name, &tables).map_err(|err| Error::Tables(err.to_string()))?;
        Ok(Self(Arc::new(Inner { name: name.to_owned(), tables, session })))
    }

    /// Whether the statement would be begun: what Athena looks at before.
    ///
    /// # Errors
    /// Those of which [`Error::is_refused`].
    pub fn check(&self, sql: &str, parameters: &[String]) -> Result<Statement, Error> {
        self.0.prepared(sql, parameters).map(|prepared| match prepared {
            Prepared::Shown(answer) => answer.statement,
            Prepared::Query { statement, .. } => statement,
        })
    }

    /// Runs a statement. Parameters are SQL literals, `'2026-11-01'` or `10`, bound to each `?` in
    /// order. The future owns all it needs.
    pub fn run(&self, sql: &str, parameters: &[String]) -> Running {
        let prepared = self.0.prepared(sql, parameters);
        let (inner, sql) = (Arc::clone(&self.0), sql.to_owned());
        Box::pin(async move {
            match prepared? {
                Prepared::Shown(answer) => Ok(answer),
                Prepared::Query { statement, query } => {
                    let failed = |err| Error::of_plan(&err, &sql, &inner.name);
                    inner.answer(statement, *query).await.map_err(failed)
                }
            }
        })
    }
}

/// A statement that was read.
enum Prepared {
    Shown(Answer),
    Query { statement: Statement, query: Box<ast::Statement> },
}

impl Inner {
    fn prepared(&self, sql: &str, parameters: &[String]) -> Result<Prepared, Error> {
        let tokens = bind::bound(sql, parameters)?;
        if let Some(answer) = show::answer(&tokens, &self.name, &self.tables) {
            return answer.map(Prepared::Shown);
        }
        let (statement, tokens) = without_explain(tokens);
        let parser_failed = |err| Error::of_parser(&err, sql);
        let parsed = Parser::new(&Trino)
            .with_tokens_with_locations(values::in_parentheses(tokens))
            .parse_statements();
        let mut statements = parsed.map_err(parser_failed)?;
        let (Some(mut query), true) = (statements.pop(), statements.is_empty()) else {
            let message = "expected one statement".to_owned();
            return Err(Error::Syntax { line: 1, column: 1, message });
        };
        let ast::Statement::Query(inside) = &mut query else {
            let text = query.to_string();
            let what = text.split_whitespace().next().unwrap_or_default().to_owned();
            return Err(Error::Writes { what });
        };
        rewrite::query(inside).map_err(parser_failed)?;
        Ok(Prepared::Query { statement, query: Box::new(query) })
    }

    async fn answer(
        &self,
        statement: Statement,
        query: ast::Statement,
    ) -> Result<Answer, DataFusionError> {
        let unnamed = is_values(&query);
        let state = self.session.state();
        let plan = state.statement_to_plan(DfStatement::Statement(Box::new(query))).await?;
        if statement == Statement::Explain {
            let text = state.optimize(&plan)?.display_indent().to_string();
            let rows = text.lines().map(|line| vec![Some(line.to_owned())]).collect();
            let columns = vec![Column::new("Query Plan", "varchar")];
            return Ok(Answer { statement, columns, rows, read_bytes: 0 });
        }
        let read_bytes = self.read_bytes(&plan)?;
        let frame = self.session.execute_logical_plan(plan).await?;
        let fields = frame.schema().fields().clone();
        let named = |(index, field): (usize, &Arc<Field>)| Column {
            name: if unnamed { format!("_col{index}") } else { field.name().clone() },
            kind: types::name(field.data_type()).to_owned(),
            partition: false,
        };
        let columns = fields.iter().enumerate().map(named).collect();
        let mut rows = Vec::new();
        for batch in frame.collect().await? {
            let printed: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| print::texts(column.as_ref()).map(Vec::into_iter))
                .collect::<Result<_, _>>()?;
            let mut printed = printed;
            for _ in 0..batch.num_rows() {
                rows.push(printed.iter_mut().map(|column| column.next().flatten()).collect());
            }
        }
        Ok(Answer { statement, columns, rows, read_bytes })
    }

    fn read_bytes(&self, plan: &LogicalPlan) -> Result<u64, DataFusionError> {
        let mut bytes = 0;
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                let named = scan.table_name.table();
                let table = self.tables.iter().find(|table| table.name == named);
                bytes += table.map_or(0, Table::bytes);
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(bytes)
    }
}

/// `EXPLAIN` and its options are not the parser's business.
fn without_explain(tokens: Vec<TokenWithSpan>) -> (Statement, Vec<TokenWithSpan>) {
    let is_space = |token: &&TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    let is_explain = |token: &TokenWithSpan| match &token.token {
        Token::Word(word) => {
            word.quote_style.is_none() && word.value.eq_ignore_ascii_case("EXPLAIN")
        }
        _ => false,
    };
    let first = tokens.iter().find(|token| !is_space(token));
    if !first.is_some_and(is_explain) {
        return (Statement::Select, tokens);
    }
    let mut rest = tokens.into_iter().skip_while(|token| !is_explain(token)).skip(1).peekable();
    while rest.next_if(|token| is_space(&token)).is_some() {}
    if rest.peek().is_some_and(|token| token.token == Token::LParen) {
        let mut kept: Vec<_> = rest.collect();
        // `(TYPE LOGICAL)`, and not a query in parentheses.
        let is_option = kept.get(1).is_some_and(|token| match &token.token {
            Token::Word(word) => {
                ["TYPE", "FORMAT"].iter().any(|o| o.eq_ignore_ascii_case(&word.value))
            }
            _ => false,
        });
        if is_option {
            let end = kept.iter().position(|token| token.token == Token::RParen);
            kept.drain(..=end.unwrap_or_default());
        }
        return (Statement::Explain, kept);
    }
    (Statement::Explain, rest.collect())
}

/// Whether the columns have no names but those of their places.
fn is_values(query: &ast::Statement) -> bool {
    let ast::Statement::Query(query) = query else { return false };
    let mut body = &*query.body;
    loop {
        body = match body {
            SetExpr::Values(_) => return true,
            SetExpr::Query(query) => &query.body,
            SetExpr::SetOperation { left, .. } => left,
            _ => return false,
        };
    }
}

fn session(name: &str, tables: &[Table]) -> Result<SessionContext, DataFusionError> {
    let config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, name)
        .with_target_partitions(1)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false);
    let session = SessionContext::new_with_config(config);
    functions::all().for_each(|function| session.register_udf(function));
    for table in tables {
        let memory = MemTable::try_new(table.schema(), vec![vec![table.batch()?]])?;
        session.register_table(table.name.as_str(), Arc::new(memory))?;
    }
    let schema = MemorySchemaProvider::new();
    for table in information_schema(name, tables) {
        let memory = MemTable::try_new(table.schema(), vec![vec![table.batch()?]])?;
        schema.register_table(table.name.clone(), Arc::new(memory))?;
    }
    if let Some(catalog) = session.catalog(CATALOG) {
        catalog.register_schema("information_schema", Arc::new(schema))?;
    }
    Ok(session)
}

fn information_schema(database: &str, tables: &[Table]) -> [Table; 3] {
    let table = |name: &str, columns: &[&str], rows: Vec<Vec<String>>| Table {
        name: name.to_owned(),
        columns: columns.iter().map(|name| Column::new(*name, "varchar")).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(Some).collect()).collect(),
    };
    let text = |text: &str| text.to_owned();
    let names = ["table_catalog", "table_schema", "table_name"];
    let of_table =
        |table: &Table| vec![text(CATALOG), text(database), table.name.clone(), text("BASE TABLE")];
    let of_columns = tables.iter().flat_map(|table| {
        table.columns.iter().enumerate().map(|(index, column)| {
            vec![
                text(CATALOG),
                text(database),
                table.name.clone(),
                column.name.clone(),
                (index + 1).to_string(),
                text("YES"),
                column.kind.clone(),
            ]
        })
    });
    [
        table(
            "tables",
            &[&names[..], &["table_type"]].concat(),
            tables.iter().map(of_table).collect(),
        ),
        table(
            "columns",
            &[&names[..], &["column_name", "ordinal_position", "is_nullable", "data_type"]]
                .concat(),
            of_columns.collect(),
        ),
        table(
            "schemata",
            &["catalog_name", "schema_name"],
            vec![
                vec![text(CATALOG), text("information_schema")],
                vec![text(CATALOG), text(database)],
            ],
        ),
    ]
}
