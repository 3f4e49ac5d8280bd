//! Where a real Prometheus is, which is installed if need be: for `cargo xtask deploy-local`.
#![expect(clippy::print_stdout, reason = "its text is its result")]

fn main() -> anyhow::Result<()> {
    let installed = tests::prometheus::install(&tests::prometheus::cache_folder())?;
    print!("{}", installed.prometheus.display());
    Ok(())
}
