//! Cold starts, warm blocks and instruction counts. Targets take turns, so that a busy machine is
//! busy for all of them alike; only ratios within one run mean anything, but for instructions.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::events::Event;
use super::function::{Function, Span};
use super::target::Target;
use super::upstream::Upstream;
use super::{answer, baseline::Counts};
use crate::process::cache;

/// How much is measured.
pub(super) struct Effort {
    pub(super) cold: usize,
    pub(super) warm: usize,
}

/// What was found out about one target.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) init: Vec<Span>,
    /// From the start to the first answer, over HTTP and over TLS.
    pub(super) first: Vec<Span>,
    pub(super) first_tls: Vec<Span>,
    pub(super) warm: BTreeMap<&'static str, Warm>,
    pub(super) peak_rss_kb: u64,
    pub(super) zip_bytes: Option<u64>,
    pub(super) counts: Counts,
}

/// Many invocations of one event.
#[derive(Default)]
pub(super) struct Warm {
    pub(super) latency: Vec<Duration>,
    /// A block's mean each.
    pub(super) cpu: Vec<Duration>,
    pub(super) body_bytes: usize,
    pub(super) tokens: Option<usize>,
    pub(super) upstream_requests: f64,
}

const BLOCK: usize = 50;
const WARM_UP: usize = 20;

/// Starts every target anew, `effort.cold` times each, and asks its first question.
pub(super) async fn cold(targets: &[Target], tls: bool, effort: &Effort, found: &mut [Findings]) {
    for round in 0..effort.cold {
        for (target, found) in turns(targets, found, round) {
            let function = Function::start(target, &[]).await;
            let init = function.as_ref().map(|function| function.init).ok();
            found.init.extend(init.filter(|_| !tls));
            let first = match function {
                Ok(function) => ask_first(target, function).await,
                Err(err) => Err(err),
            };
            match first {
                Ok(first) if tls => found.first_tls.push(first),
                Ok(first) => found.first.push(first),
                Err(err) if round == 0 => eprintln!("{}: {err:#}", target.name),
                Err(_) => {}
            }
        }
    }
}

/// From the start to the first answer.
async fn ask_first(target: &Target, mut function: Function) -> Result<Span> {
    let event = target.events.first().context("nothing to ask")?;
    let init = function.init;
    let invocation = function.invoke(event.json.clone()).await?;
    answer::body(&invocation.answer, event)?;
    let Span { wall, cpu } = invocation.span;
    Ok(Span { wall: init.wall + wall, cpu: init.cpu + cpu })
}

/// Asks each target each of its questions, `effort.warm` times, in blocks by turns.
pub(super) async fn warm(
    targets: &[Target],
    upstream: &Upstream,
    effort: &Effort,
    found: &mut [Findings],
) -> Result<()> {
    let mut running = Vec::new();
    for target in targets {
        running.push(Function::start(target, &[]).await?);
    }
    let questions = targets.iter().map(|target| target.events.len()).max().unwrap_or(0);
    for question in 0..questions {
        let mut asked: Vec<(usize, &Event, &mut Function, Warm)> = Vec::new();
        for (at, (target, function)) in targets.iter().zip(&mut running).enumerate() {
            let Some(event) = target.events.get(question) else {
                continue;
            };
            match warm_up(event, function, upstream).await {
                Ok(warm) => asked.push((at, event, function, warm)),
                Err(err) => eprintln!("{}: {err:#}", target.name),
            }
        }
        for _ in 0..effort.warm.div_ceil(BLOCK) {
            for (_, event, function, warm) in &mut asked {
                block(event, function, warm).await?;
            }
        }
        for (at, event, _, warm) in asked {
            found[at].warm.insert(event.name, warm);
        }
    }
    for (function, found) in running.iter().zip(found) {
        found.peak_rss_kb = function.peak_rss_kb()?;
    }
    Ok(())
}

async fn warm_up(event: &Event, function: &mut Function, upstream: &Upstream) -> Result<Warm> {
    let mut warm = Warm::default();
    let first = function.invoke(event.json.clone()).await?;
    answer::body(&first.answer, event)?;
    let before = upstream.requests();
    for _ in 0..WARM_UP {
        let invocation = function.invoke(event.json.clone()).await?;
        let body = answer::body(&invocation.answer, event)?;
        warm.body_bytes = body.len();
        warm.tokens = answer::tokens(&body);
    }
    warm.upstream_requests = (upstream.requests() - before) as f64 / WARM_UP as f64;
    Ok(warm)
}

async fn block(event: &Event, function: &mut Function, warm: &mut Warm) -> Result<()> {
    let mut cpu = Duration::ZERO;
    for _ in 0..BLOCK {
        let invocation = function.invoke(event.json.clone()).await?;
        warm.latency.push(invocation.span.wall);
        cpu += invocation.span.cpu;
    }
    warm.cpu.push(cpu / u32::try_from(BLOCK)?);
    Ok(())
}

/// Each target with its findings, beginning with another one each round.
fn turns<'a>(
    targets: &'a [Target],
    found: &'a mut [Findings],
    round: usize,
) -> Vec<(&'a Target, &'a mut Findings)> {
    let mut turns: Vec<_> = targets.iter().zip(found).collect();
    if !turns.is_empty() {
        let middle = round % turns.len();
        turns.rotate_left(middle);
    }
    turns
}

/// Counts instructions under callgrind: for the start, for the first question over HTTP and over
/// TLS, and for each warm question, from the difference of two runs.
pub(super) async fn instructions(
    target: &Target,
    tls: Option<&Target>,
    counts: &mut Counts,
) -> Result<()> {
    const FEW: usize = 20;
    const MANY: usize = 120;
    let init = callgrind(target, None, 0).await?;
    counts.insert(target.init.to_owned(), init);
    for variant in &target.variants {
        counts.insert(variant.init.to_owned(), callgrind(variant, None, 0).await?);
    }
    for target in std::iter::once(target).chain(&target.variants) {
        for event in &target.events {
            let few = callgrind(target, Some(event), FEW).await?;
            let many = callgrind(target, Some(event), MANY).await?;
            counts.insert(event.name.to_owned(), (many - few) / (MANY - FEW) as u64);
        }
    }
    let first = target.events.first().map(|event| event.name);
    if first.is_some_and(|name| matches!(name, "list_metrics" | "authorize")) {
        let first = callgrind(target, target.events.first(), 1).await?;
        counts.insert("first_http".to_owned(), first - init);
    }
    if let Some(tls) = tls {
        let first = callgrind(tls, tls.events.first(), 1).await?;
        counts.insert("first_https".to_owned(), first - init);
    }
    Ok(())
}

async fn callgrind(target: &Target, event: Option<&Event>, times: usize) -> Result<u64> {
    let folder = cache().join("bench");
    fs::create_dir_all(&folder)?;
    let profile = folder.join(format!("{}.callgrind", target.name));
    let out = format!("--callgrind-out-file={}", profile.display());
    let prefix = ["valgrind", "--tool=callgrind", &out].map(str::to_owned);
    let mut function = Function::start(target, &prefix).await?;
    for _ in 0..times {
        let event = event.context("nothing to ask")?;
        let invocation = function.invoke(event.json.clone()).await?;
        answer::body(&invocation.answer, event)?;
    }
    function.terminate()?;
    let profile = fs::read_to_string(&profile).context("callgrind wrote nothing")?;
    let total = profile
        .lines()
        .find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    total.and_then(|total| total.trim().parse().ok()).context("callgrind wrote no total")
}

/// The size of a zip archive with `file` in it.
pub(super) fn zip_bytes(file: &Path) -> Result<u64> {
    const FRAME: u64 = 150; // local header, directory entry and end
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&fs::read(file).with_context(|| format!("no {}", file.display()))?)?;
    Ok(encoder.finish()?.len() as u64 + FRAME)
}
