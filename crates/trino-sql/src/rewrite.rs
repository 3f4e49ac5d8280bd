//! Trino's statements as DataFusion understands them.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    LimitClause, Query, Select, SelectItem, SetExpr, VisitMut as _, VisitorMut,
};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

use crate::dialect::Trino;
use crate::{templates, unnest};

/// Rewrites a query in place.
///
/// # Errors
/// When what a template makes of the arguments does not parse.
pub(crate) fn query(query: &mut Query) -> Result<(), ParserError> {
    match query.visit(&mut Rewrite { depth: 0 }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(err) => Err(err),
    }
}

/// How deep expressions are nested at most: DataFusion's time to plan grows with the third power of
/// it.
const DEPTH: usize = 100;

struct Rewrite {
    depth: usize,
}

impl VisitorMut for Rewrite {
    type Break = ParserError;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<ParserError> {
        in_body(&mut query.body);
        // `FETCH FIRST 5 ROWS ONLY`, which DataFusion knows as `LIMIT 5` only.
        let quantity = query.fetch.take().filter(|fetch| !fetch.with_ties && !fetch.percent);
        if let Some(limit) = quantity.and_then(|fetch| fetch.quantity) {
            let offset = match query.limit_clause.take() {
                Some(LimitClause::LimitOffset { offset, .. }) => offset,
                _ => None,
            };
            let (limit, limit_by) = (Some(limit), Vec::new());
            query.limit_clause = Some(LimitClause::LimitOffset { limit, offset, limit_by });
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, _: &mut Expr) -> ControlFlow<ParserError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return ControlFlow::Break(ParserError::RecursionLimitExceeded);
        }
        ControlFlow::Continue(())
    }

    /// After its arguments, so that what a template is given is rewritten already.
    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<ParserError> {
        self.depth = self.depth.saturating_sub(1);
        match rewritten(expr) {
            Ok(Some(rewritten)) => *expr = rewritten,
            Ok(None) => {}
            Err(err) => return ControlFlow::Break(err),
        }
        ControlFlow::Continue(())
    }
}

fn rewritten(expr: &Expr) -> Result<Option<Expr>, ParserError> {
    Ok(match expr {
        Expr::Function(function) => call(function)?,
        // DataFusion prints times in another way.
        Expr::Cast {
            kind: CastKind::Cast | CastKind::TryCast,
            expr,
            data_type: DataType::Varchar(_) | DataType::Char(_),
            ..
        } => Some(parsed(&format!("trino_varchar({expr})"))?),
        _ => None,
    })
}

fn call(function: &Function) -> Result<Option<Expr>, ParserError> {
    let FunctionArguments::List(list) = &function.args else { return Ok(None) };
    let plain = function.over.is_none()
        && list.duplicate_treatment.is_none()
        && list.clauses.is_empty()
        && function.within_group.is_empty();
    let arguments: Option<Vec<String>> = list
        .args
        .iter()
        .map(|argument| match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.to_string()),
            _ => None,
        })
        .collect();
    let Some(arguments) = arguments.filter(|_| plain) else { return Ok(None) };
    let Some(text) = templates::written(&function.name.to_string(), &arguments) else {
        return Ok(None);
    };
    let mut rewritten = parsed(&text)?;
    if let (Expr::Function(new), Some(filter)) = (&mut rewritten, &function.filter) {
        new.filter = Some(filter.clone());
    }
    Ok(Some(rewritten))
}

fn parsed(text: &str) -> Result<Expr, ParserError> {
    Parser::new(&Trino).try_with_sql(text)?.parse_expr()
}

/// Each SELECT of a query, and not those of the queries within, which are visited on their own.
fn in_body(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => {
            unnest::derive(select);
            name_columns(select);
        }
        SetExpr::SetOperation { left, right, .. } => {
            in_body(left);
            in_body(right);
        }
        _ => {}
    }
}

/// What has no name is `_col0`, by its place.
fn name_columns(select: &mut Select) {
    for (index, item) in select.projection.iter_mut().enumerate() {
        if let SelectItem::UnnamedExpr(expr) = item
            && !matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))
        {
            let alias = Ident::new(format!("_col{index}"));
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
}
