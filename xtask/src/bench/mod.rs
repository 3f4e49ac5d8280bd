//! `cargo xtask bench`: our functions as Lambda would start and call them, with the budgets beside
//! the figures. Linux only: it reads process clocks and `/proc`, and counts instructions by valgrind.

mod answer;
mod baseline;
mod events;
mod function;
mod issuer;
mod measure;
mod report;
mod target;
mod upstream;

use anyhow::{Context as _, Result, bail};

use self::baseline::Baseline;
use self::events::Revision;
use self::issuer::Issuer;
use self::measure::{Effort, Findings};
use self::target::Target;
use self::upstream::Upstream;
use crate::install;

/// Builds a function, set up with the tokens of an issuer.
type Build = fn(&Issuer) -> Result<Target>;

/// Our functions.
const FUNCTIONS: [(&str, Build); 3] = [
    ("fn-mcp", Target::mcp),
    ("fn-authorizer", Target::authorizer),
    ("fn-health", |_| Target::health()),
];

/// What to measure.
#[derive(Default, clap::Args)]
pub(crate) struct Options {
    /// Another bootstrap to measure in the same run, NAME=COMMAND; may be repeated
    #[arg(long)]
    peer: Vec<String>,
    /// Which revision of MCP peers are spoken to in
    #[arg(long, value_enum)]
    peer_revision: Option<Revision>,
    /// Only this one of our functions
    #[arg(long, value_parser = FUNCTIONS.map(|(name, _)| name))]
    only: Option<String>,
    /// Cold starts of each target
    #[arg(long, default_value_t = 15)]
    cold: usize,
    /// Warm invocations of each event
    #[arg(long, default_value_t = 1000)]
    warm: usize,
    /// Only count instructions, and hold them to xtask/baseline.json
    #[arg(long, conflicts_with = "bless")]
    check: bool,
    /// Only count instructions, and write them to xtask/baseline.json
    #[arg(long)]
    bless: bool,
}

impl Options {
    /// What `cargo xtask test` runs.
    pub(crate) fn check() -> Self {
        Self { check: true, ..Self::default() }
    }
}

/// Measures, and prints a table or holds the counts to the baseline.
pub(crate) fn run(options: &Options) -> Result<()> {
    install::debian("valgrind", "valgrind")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(options))
}

async fn measure(options: &Options) -> Result<()> {
    let (http, https) = (Upstream::http()?, Upstream::https()?);
    let issuer = Issuer::new()?;
    let revision = options.peer_revision.unwrap_or(Revision::Legacy);
    let wanted = |name| options.only.as_ref().is_none_or(|only| only == name);
    let ours = FUNCTIONS.into_iter().filter(|(name, _)| wanted(*name));
    let ours = ours.map(|(_, build)| build(&issuer));
    let peers = options.peer.iter().map(|peer| Target::peer(peer, revision, &issuer.rs256));
    let all = ours.chain(peers).collect::<Result<Vec<_>>>()?;
    let asking = |upstream| all.iter().map(|target| target.asking(upstream)).collect::<Vec<_>>();
    let (targets, mut over_tls) = (asking(&http), asking(&https));
    over_tls.retain(|target| target.events.iter().any(|event| event.name == "list_metrics"));
    let tls_of = |target: &Target| over_tls.iter().find(|tls| tls.name == target.name);

    let counting_only = options.check || options.bless;
    let mut found: Vec<Findings> = targets.iter().map(|_| Findings::default()).collect();
    for (target, found) in targets.iter().zip(&mut found) {
        if counting_only && !target.ours {
            continue;
        }
        println!("counting the instructions of {}", target.name);
        match measure::instructions(target, tls_of(target), &mut found.counts).await {
            Err(err) if target.ours => return Err(err.context(target.name.clone())),
            Err(err) => eprintln!("{}: {err:#}", target.name),
            Ok(()) => {}
        }
    }
    if counting_only {
        let ours = targets.iter().zip(found).filter(|(target, _)| target.ours);
        let counts: Baseline =
            ours.map(|(target, found)| (target.name.clone(), found.counts)).collect();
        if options.bless {
            return baseline::bless(&counts);
        }
        let over = report::over_held(&counts);
        if !over.is_empty() {
            bail!("over budget:\n{}", over.join("\n"));
        }
        return baseline::check(&counts);
    }

    let effort = Effort { cold: options.cold, warm: options.warm };
    println!("cold starts");
    measure::cold(&targets, false, &effort, &mut found).await;
    let mut found_tls: Vec<Findings> = over_tls.iter().map(|_| Findings::default()).collect();
    measure::cold(&over_tls, true, &effort, &mut found_tls).await;
    for (tls, found_tls) in over_tls.iter().zip(found_tls) {
        let at = targets.iter().position(|target| target.name == tls.name);
        found[at.context("a target over TLS alone")?].first_tls = found_tls.first_tls;
    }
    println!("warm invocations");
    measure::warm(&targets, &http, &effort, &mut found).await?;
    for (target, found) in targets.iter().zip(&mut found) {
        if let Some(artifact) = &target.artifact {
            found.zip_bytes = Some(measure::zip_bytes(artifact)?);
        }
    }
    let (table, over) = report::render(&targets, &found);
    println!("\n{table}");
    match over.is_empty() {
        true => println!("Every budget is met."),
        false => println!("Over budget:\n{}", over.join("\n")),
    }
    println!("Times are of this machine, now: only ratios within one run count.");
    Ok(())
}
