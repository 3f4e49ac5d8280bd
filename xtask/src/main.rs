//! `cargo xtask`: the project's commands. Continuous integration runs `cargo xtask test`, like everybody else.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people: it says what it does"
)]

mod bench;
mod build;
mod conformance;
mod coverage;
mod deploy_local;
mod docs;
mod fuzz;
mod infra;
mod install;
mod interop;
mod leaks;
mod lint;
mod logins;
mod pages;
mod process;
mod rest;
mod site;
mod stand_ins;
mod steps;
mod suite;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// The project's commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// All that continuous integration runs
    Test,
    /// Formatting, clippy and rustdoc without a warning, licences and advisories
    Lint,
    /// The official suite, over HTTP and as a Lambda behind an emulated API Gateway; its part for authorization servers
    Conformance(conformance::Options),
    /// Published clients list and call every tool of the local server
    Interop(interop::Options),
    /// Cognito, KMS and DynamoDB as MiniStack and moto play them
    StandIns,
    /// Published clients log in to the local server, refresh, and log in again
    Logins(logins::Options),
    /// The pages that people see, in Chromium, with pictures in target/pages
    Pages,
    /// Requests made up from /openapi.json, and every answer held to it
    Rest(rest::Options),
    /// Speed, memory and size of the functions, with the budgets beside
    Bench(bench::Options),
    /// Mutated requests at the HTTP entry
    Fuzz {
        /// For how long
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Regenerate what is generated: docs/configuration.md, infra/variables.json, docs/security/coverage.md, the README's
    /// table of tools
    Docs {
        /// Write nothing; fail on a difference
        #[arg(long)]
        check: bool,
    },
    /// Release builds of the functions, zipped as Lambda wants them
    BuildLambda(build::LambdaOptions),
    /// The CDK app: its tests over all variants, cfn-lint and checkov
    Infra,
    /// The real stacks, deployed to MiniStack with IAM enforced, and called
    DeployLocal(deploy_local::Options),
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Test => suite::run(),
        Command::Lint => lint::run(),
        Command::Conformance(options) => conformance::run(&options),
        Command::Interop(options) => interop::run(&options),
        Command::StandIns => stand_ins::run(),
        Command::Logins(options) => logins::run(&options),
        Command::Pages => pages::run(),
        Command::Rest(options) => rest::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Fuzz { seconds } => fuzz::run(Duration::from_secs(seconds)),
        Command::Docs { check } => docs::run(check),
        Command::BuildLambda(options) => build::lambda(&options),
        Command::Infra => infra::run(),
        Command::DeployLocal(options) => deploy_local::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err:#}");
            ExitCode::FAILURE
        }
    }
}
