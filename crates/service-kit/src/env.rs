//! Configuration from the environment: parsed once, all faults reported together.
//!
//! A program declares each variable once, in a list of [`Var`]. The list writes the reference page
//! ([`markdown`]), and a [`Reader`] refuses to read what the list does not declare.
//!
//! ```
//! # use std::collections::BTreeMap;
//! use service_kit::env::{ConfigError, Env, Reader, Var};
//!
//! const VARS: &[Var] = &[
//!     Var { name: "AWS_REGION", default: None, doc: "Region of the workspaces.", secret: false },
//!     Var { name: "TIMEOUT_MS", default: Some("10000"), doc: "Limit of one call.", secret: false },
//! ];
//!
//! struct Config { region: String, timeout_ms: u64 }
//!
//! impl Config {
//!     fn from_env(env: &dyn Env) -> Result<Self, ConfigError> {
//!         let mut env = Reader::new(env, VARS);
//!         let region = env.required("AWS_REGION");
//!         let timeout_ms = env.or_default("TIMEOUT_MS");
//!         env.finish(|| Some(Self { region: region?, timeout_ms: timeout_ms? }))
//!     }
//! }
//!
//! let config = Config::from_env(&BTreeMap::from([("AWS_REGION", "eu-west-1")]))?;
//! assert_eq!((config.region.as_str(), config.timeout_ms), ("eu-west-1", 10_000));
//! # Ok::<(), ConfigError>(())
//! ```

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display, Write as _};
use std::str::FromStr;

/// Where variables come from.
pub trait Env {
    /// The value of `name`, `None` when it is not set.
    fn get(&self, name: &str) -> Option<OsString>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process;

impl Env for Process {
    #[expect(clippy::disallowed_methods, reason = "this is where the environment comes in")]
    fn get(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }
}

impl<K: Borrow<str> + Ord, V: AsRef<OsStr>> Env for BTreeMap<K, V> {
    fn get(&self, name: &str) -> Option<OsString> {
        self.get(name).map(|value| value.as_ref().to_owned())
    }
}

/// One variable a program reads, declared once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Var {
    /// Its name, in capitals.
    pub name: &'static str,
    /// What holds when it is not set, as it would be written.
    pub default: Option<&'static str>,
    /// What it is, its form and unit: one or two sentences of Markdown.
    pub doc: &'static str,
    /// Whether its value must never be shown, not even when it is wrong.
    pub secret: bool,
}

impl Var {
    /// A variable whose value may be shown.
    #[must_use]
    pub const fn new(name: &'static str, default: Option<&'static str>, doc: &'static str) -> Self {
        Self { name, default, doc, secret: false }
    }

    /// A variable without a default, whose value must never be shown.
    #[must_use]
    pub const fn secret(name: &'static str, doc: &'static str) -> Self {
        Self { name, default: None, doc, secret: true }
    }
}

/// Several lists as one, for a program that reads what a library declares beside its own.
///
/// `N` is the sum of the lengths; another one does not compile.
///
/// ```
/// # use service_kit::env::{Var, join};
/// # const OWN: &[Var] = &[Var { name: "A", default: None, doc: "One.", secret: false }];
/// # const SHARED: &[Var] = &[Var { name: "B", default: None, doc: "Two.", secret: false }];
/// const VARS: &[Var] = &join::<{ OWN.len() + SHARED.len() }>(&[OWN, SHARED]);
/// assert_eq!((VARS[0].name, VARS[1].name), ("A", "B"));
/// ```
pub const fn join<const N: usize>(lists: &[&[Var]]) -> [Var; N] {
    let mut joined = [Var { name: "", default: None, doc: "", secret: false }; N];
    let (mut list, mut var, mut at) = (0, 0, 0);
    // What a constant may do: no iterators.
    while list < lists.len() {
        if var == lists[list].len() {
            (list, var) = (list + 1, 0);
        } else {
            joined[at] = lists[list][var];
            (var, at) = (var + 1, at + 1);
        }
    }
    assert!(at == N, "N is not the sum of the lengths");
    joined
}

/// Everything that is wrong with the configuration, one fault a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Lines(.faults))]
pub struct ConfigError {
    /// In the order in which the variables were read; never empty.
    pub faults: Vec<Fault>,
}

/// One variable and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The variable.
    pub name: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It is required and not set, or empty.
    #[error("is required and not set")]
    Missing,
    /// Its value does not parse.
    #[error("{reason}{}", Shown(.value))]
    Invalid {
        /// The parser's words.
        reason: String,
        /// The value; `None` for a secret.
        value: Option<String>,
    },
    /// The program reads it but does not declare it; a mistake in the program.
    #[error("is read but not declared")]
    Undeclared,
}

/// Reads declared variables and remembers every fault.
///
/// An empty value counts as not set: templates write one where they mean none.
pub struct Reader<'a> {
    env: &'a dyn Env,
    vars: &'a [Var],
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    /// A reader of the variables declared in `vars`.
    pub fn new(env: &'a dyn Env, vars: &'a [Var]) -> Self {
        Self { env, vars, faults: Vec::new() }
    }

    /// The value of a variable that must be set. `None` means that a fault was remembered.
    pub fn required<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let var = self.declared(name)?;
        match self.raw(var)? {
            Some(raw) => self.parse(var, raw),
            None => self.fault(name, Problem::Missing),
        }
    }

    /// The value of a variable that may be left out.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let var = self.declared(name)?;
        let raw = self.raw(var)??;
        self.parse(var, raw)
    }

    /// The value of a variable, or else its declared default. `None` means that a fault was
    /// remembered.
    pub fn or_default<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let var = self.declared(name)?;
        let raw = self.raw(var)?;
        match raw.or_else(|| var.default.map(str::to_owned)) {
            Some(raw) => self.parse(var, raw),
            None => self.fault(name, Problem::Missing),
        }
    }

    /// Remembers that the values of `name` and of others do not go together.
    pub fn reject(&mut self, name: &str, reason: impl Into<String>) {
        let reason = reason.into();
        self.faults.push(Fault {
            name: name.to_owned(),
            problem: Problem::Invalid { reason, value: None },
        });
    }

    /// What `build` makes of the values that were read.
    ///
    /// # Errors
    /// All faults together, when there was one. `build` runs only when there was none, so its `?`
    /// on a required value cannot fail; `None` from it is reported as a missing value.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, ConfigError> {
        if self.faults.is_empty() {
            if let Some(config) = build() {
                return Ok(config);
            }
            self.faults
                .push(Fault { name: "the configuration".to_owned(), problem: Problem::Missing });
        }
        Err(ConfigError { faults: self.faults })
    }

    fn declared(&mut self, name: &str) -> Option<&'a Var> {
        let var = self.vars.iter().find(|var| var.name == name);
        if var.is_none() {
            self.fault::<()>(name, Problem::Undeclared);
        }
        var
    }

    /// The text of a variable; the outer `None` means that it is no text.
    fn raw(&mut self, var: &Var) -> Option<Option<String>> {
        match self.env.get(var.name).map(OsString::into_string) {
            None => Some(None),
            Some(Ok(raw)) => Some(Some(raw).filter(|raw| !raw.is_empty())),
            Some(Err(_)) => self.fault(
                var.name,
                Problem::Invalid { reason: "is not valid unicode".to_owned(), value: None },
            ),
        }
    }

    fn parse<T: FromStr<Err: Display>>(&mut self, var: &Var, raw: String) -> Option<T> {
        match raw.parse() {
            Ok(value) => Some(value),
            // A parser may repeat what it was given.
            Err(_) if var.secret => {
                self.reject(var.name, "is not valid");
                None
            }
            Err(err) => {
                self.fault(var.name, Problem::Invalid { reason: err.to_string(), value: Some(raw) })
            }
        }
    }

    fn fault<T>(&mut self, name: &str, problem: Problem) -> Option<T> {
        self.faults.push(Fault { name: name.to_owned(), problem });
        None
    }
}

/// The reference table of `vars`, for the page that is generated from the declarations.
pub fn markdown(vars: &[Var]) -> String {
    let mut table = String::from("| Variable | Default | Meaning |\n| --- | --- | --- |\n");
    for var in vars {
        let default = var.default.map_or_else(|| "–".to_owned(), |text| format!("`{text}`"));
        let secret = if var.secret { " Secret." } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(table, "| `{}` | {default} | {}{secret} |", var.name, var.doc);
    }
    table
}

struct Lines<'a>(&'a [Fault]);

impl Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.0.iter().enumerate() {
            let newline = if n == 0 { "" } else { "\n" };
            write!(f, "{newline}{}: {}", fault.name, fault.problem)?;
        }
        Ok(())
    }
}

struct Shown<'a>(&'a Option<String>);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |value| write!(f, " (got {value:?})"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn var(name: &'static str, default: Option<&'static str>, secret: bool) -> Var {
        Var { name, default, doc: "A variable.", secret }
    }

    const VARS: &[Var] =
        &[var("PORT", Some("8787"), false), var("REGION", None, false), var("KEY", None, true)];

    #[derive(Debug, PartialEq)]
    struct Config {
        port: u16,
        region: String,
        key: Option<u64>,
    }

    fn read(env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let env: BTreeMap<_, _> = env.iter().copied().collect();
        let mut env = Reader::new(&env, VARS);
        let port = env.or_default("PORT");
        let region = env.required("REGION");
        let key = env.optional("KEY");
        env.finish(|| Some(Config { port: port?, region: region?, key }))
    }

    #[test]
    fn what_is_not_set_takes_its_default() {
        let config = read(&[("REGION", "eu-west-1"), ("PORT", "")]).unwrap();
        assert_eq!((config.port, config.key), (8787, None));
        let config = read(&[("REGION", "eu-west-1"), ("PORT", "1"), ("KEY", "2")]).unwrap();
        assert_eq!((config.port, config.key), (1, Some(2)));
    }

    #[test]
    fn all_faults_are_reported_at_once_and_a_secret_is_not_shown() {
        let err = read(&[("PORT", "http"), ("KEY", "hunter2")]).unwrap_err();
        assert_eq!(
            err.to_string(),
            "PORT: invalid digit found in string (got \"http\")\n\
             REGION: is required and not set\n\
             KEY: is not valid"
        );
    }

    #[test]
    fn an_undeclared_variable_cannot_be_read() {
        let env = BTreeMap::from([("HOME", "/root")]);
        let mut env = Reader::new(&env, VARS);
        assert_eq!(env.optional::<String>("HOME"), None);
        let err = env.finish(|| Some(())).unwrap_err();
        assert_eq!(err.to_string(), "HOME: is read but not declared");
    }

    #[test]
    fn a_default_is_parsed_like_a_value() {
        let env = BTreeMap::<&str, &str>::new();
        let vars = [var("PORT", Some("none"), false)];
        let mut env = Reader::new(&env, &vars);
        assert_eq!(env.or_default::<u16>("PORT"), None);
        assert!(env.finish(|| Some(())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_a_fault() {
        use std::os::unix::ffi::OsStrExt as _;
        let env = BTreeMap::from([("REGION", OsStr::from_bytes(b"\xff"))]);
        let mut env = Reader::new(&env, VARS);
        assert_eq!(env.optional::<String>("REGION"), None);
        let err = env.finish(|| Some(())).unwrap_err();
        assert_eq!(err.to_string(), "REGION: is not valid unicode");
    }

    #[test]
    fn values_that_do_not_go_together_are_a_fault_too() {
        let env = BTreeMap::<&str, &str>::new();
        let mut env = Reader::new(&env, VARS);
        env.reject("PORT", "cannot be used together with REGION");
        let err = env.finish(|| Some(())).unwrap_err();
        assert_eq!(err.to_string(), "PORT: cannot be used together with REGION");
    }

    #[test]
    fn a_builder_that_gives_nothing_is_an_error_and_no_panic() {
        let env = BTreeMap::<&str, &str>::new();
        assert!(Reader::new(&env, VARS).finish(|| None::<()>).is_err());
    }

    #[test]
    fn the_reference_is_written_from_the_declarations() {
        assert_eq!(
            markdown(VARS),
            "| Variable | Default | Meaning |\n\
             | --- | --- | --- |\n\
             | `PORT` | `8787` | A variable. |\n\
             | `REGION` | – | A variable. |\n\
             | `KEY` | – | A variable. Secret. |\n"
        );
    }

    proptest! {
        #[test]
        fn no_value_panics_and_a_secret_never_appears(port in ".*", key in "[a-z]{6,}") {
            if let Err(err) = read(&[("PORT", &port), ("REGION", "r"), ("KEY", &key)]) {
                let shown = err.faults.iter().find(|fault| fault.name == "KEY").unwrap();
                prop_assert_eq!(shown.problem.to_string(), "is not valid");
            }
        }
    }
}
