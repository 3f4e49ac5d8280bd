//! stdin and stdout: lines in, lines out, and an end that comes soon after stdin's.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::args::Args;
use crate::relay::Relay;
use crate::target::Target;

/// Lines that wait for a client that does not read.
const WAITING: usize = 64;
/// How long calls may go on when nobody is left to ask.
const GRACE: Duration = Duration::from_millis(700);
/// How long the server may take to hear of the end.
const FAREWELL: Duration = Duration::from_millis(200);

/// Relays until stdin ends.
///
/// # Errors
/// When there is no server to relay to, or stdin cannot be read.
pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let https = https::Client::new(https::Settings {
        connect_timeout: Duration::from_secs(10),
        ..https::Settings::default()
    });
    let target = Target::of(&args, &https)?;
    tracing::debug!(url = %target.url, proof = ?target.proof, "relaying");
    let (out, mut lines) = mpsc::channel::<String>(WAITING);
    let writer = tokio::spawn(async move {
        let mut stdout = tokio::io::stdout();
        while let Some(mut line) = lines.recv().await {
            line.push('\n');
            if stdout.write_all(line.as_bytes()).await.is_err() || stdout.flush().await.is_err() {
                // Nobody reads any more.
                return;
            }
        }
    });
    let relay = Arc::new(Relay::new(target, https, out, args.patience()));
    let mut stdin = BufReader::new(tokio::io::stdin());
    let mut line = Vec::new();
    loop {
        line.clear();
        if stdin.read_until(b'\n', &mut line).await? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            relay.take(&text).await;
        }
    }
    let _ = timeout(GRACE, relay.idle()).await;
    relay.stop();
    let _ = timeout(FAREWELL, relay.farewell()).await;
    drop(relay);
    let _ = timeout(FAREWELL, writer).await;
    Ok(())
}
