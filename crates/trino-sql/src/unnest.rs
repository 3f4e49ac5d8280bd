//! `FROM t CROSS JOIN UNNEST(array) AS u (x)`, which DataFusion has in the list of columns only.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, JoinOperator, Select, SetExpr, TableFactor, TableWithJoins, visit_expressions_mut,
};
use datafusion::sql::sqlparser::parser::Parser;

use crate::dialect::Trino;

/// Makes `(SELECT t.*, unnest(array) AS x FROM t) AS t` of it, where it is the only join.
pub(crate) fn derive(select: &mut Select) {
    let Some((table, alias, column)) = select.from.iter_mut().find_map(derived) else { return };
    if let Some(from) = select.from.iter_mut().find(|from| unnested(from).is_some()) {
        *from = table;
    }
    // What was `u.x` is a column of the derived table.
    let _: ControlFlow<()> = visit_expressions_mut(select, |expr| {
        if let Expr::CompoundIdentifier(parts) = expr
            && let [of, name] = parts.as_slice()
            && of.value.eq_ignore_ascii_case(&alias)
            && name.value.eq_ignore_ascii_case(&column)
        {
            *expr = Expr::Identifier(Ident::new(column.clone()));
        }
        ControlFlow::Continue(())
    });
}

/// The array, and what it and its elements are called.
fn unnested(from: &TableWithJoins) -> Option<(&Expr, String, String)> {
    let [join] = from.joins.as_slice() else { return None };
    let JoinOperator::CrossJoin(_) = &join.join_operator else { return None };
    let TableFactor::UNNEST { alias: Some(alias), array_exprs, with_offset: false, .. } =
        &join.relation
    else {
        return None;
    };
    let ([array], [column]) = (array_exprs.as_slice(), alias.columns.as_slice()) else {
        return None;
    };
    Some((array, alias.name.value.clone(), column.name.value.clone()))
}

fn derived(from: &mut TableWithJoins) -> Option<(TableWithJoins, String, String)> {
    let (array, alias, column) = unnested(from)?;
    let name = match &from.relation {
        TableFactor::Table { alias: Some(alias), .. }
        | TableFactor::Derived { alias: Some(alias), .. } => alias.name.to_string(),
        TableFactor::Table { name, .. } => name.0.last()?.to_string(),
        _ => return None,
    };
    let text = format!(
        "SELECT * FROM (SELECT {name}.*, unnest({array}) AS {column} FROM {}) AS {name}",
        from.relation
    );
    let mut parser = Parser::new(&Trino).try_with_sql(&text).ok()?;
    let SetExpr::Select(select) = *parser.parse_query().ok()?.body else { return None };
    Some((select.from.into_iter().next()?, alias, column))
}
