//! The health Lambda function.
