//! `cargo xtask docs`: what is generated from the programs themselves.

use anyhow::Result;

pub(crate) fn run(_check: bool) -> Result<()> {
    Ok(())
}
