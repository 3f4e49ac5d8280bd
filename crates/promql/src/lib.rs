//! A PromQL evaluator over promql-parser, for local-aws.
