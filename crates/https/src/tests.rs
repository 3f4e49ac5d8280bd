mod authorities;
#[cfg(target_os = "linux")]
mod connections;
mod pinned;
mod server;
