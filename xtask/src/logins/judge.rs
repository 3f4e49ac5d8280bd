//! What a client did, and what it should have: by what it says, and by what was asked of the server for it.

use serde::Deserialize;

use crate::interop;

/// What a client does once its refresh token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It sends the person to log in.
    LogsIn,
    /// The same, once the program that uses it begins a login.
    LogsInWhenTold,
    /// It registers anew, then sends the person to log in.
    Registers,
    /// The same, once the program that uses it begins a login.
    RegistersWhenTold,
    /// It gets no further than a page that tells the person what to do.
    Stops,
}

impl Again {
    const fn registers(self) -> bool {
        matches!(self, Self::Registers | Self::RegistersWhenTold)
    }

    const fn is_told(self) -> bool {
        matches!(self, Self::LogsInWhenTold | Self::RegistersWhenTold)
    }

    const fn cell(self) -> &'static str {
        match self {
            Self::LogsIn => "✓ logs in",
            Self::LogsInWhenTold => "✓ logs in when told to",
            Self::Registers => "✓ registers, logs in",
            Self::RegistersWhenTold => "✓ registers, logs in when told to",
            Self::Stops => "✓ stops: the page says what to do",
        }
    }
}

/// A line of a driver: see `clients/README.md`.
#[derive(Deserialize)]
#[serde(tag = "step", rename_all = "lowercase")]
pub(super) enum Line {
    Login(Step),
    Refresh(Step),
    Revoked(Step),
    Deleted(Step),
    Forgotten(Step),
    Token {},
    Check { name: String },
    List { tools: Vec<String> },
    Call { tool: String, ok: bool, text: String },
    Error { error: String },
}

/// What was asked of the server in a step: `POST /oauth/token refresh_token 200`.
#[derive(Deserialize, Default)]
pub(super) struct Step {
    asked: Vec<String>,
    /// What the client said instead of logging in by itself.
    told: Option<String>,
    /// Why it went no further.
    stopped: Option<String>,
}

impl Step {
    fn has(&self, asked: &str) -> bool {
        self.asked.iter().any(|it| it == asked)
    }

    fn registers(&self) -> bool {
        self.has("POST /dcr 201") || self.has("POST /register 201")
    }

    fn lacks(&self, wanted: &[&str]) -> Vec<String> {
        let missing = wanted.iter().filter(|asked| !self.has(asked));
        missing.map(|asked| format!("there was no {asked}, but {:?}", self.asked)).collect()
    }
}

/// What a client saw.
#[derive(Default)]
pub(super) struct Seen {
    login: Option<Step>,
    refresh: Option<Step>,
    revoked: Option<Step>,
    deleted: Option<Step>,
    /// The same as `deleted` without tokens, where the client has a way to find out.
    forgotten: Option<Step>,
    pub(super) tokens: usize,
    pub(super) checks: Vec<String>,
    pub(super) tools: usize,
    /// Calls that were answered.
    pub(super) calls: usize,
    pub(super) complaints: Vec<String>,
}

impl Seen {
    pub(super) fn take(&mut self, line: Line) {
        match line {
            Line::Login(step) => self.login = Some(step),
            Line::Refresh(step) => self.refresh = Some(step),
            Line::Revoked(step) => self.revoked = Some(step),
            Line::Deleted(step) => self.deleted = Some(step),
            Line::Forgotten(step) => self.forgotten = Some(step),
            Line::Token {} => self.tokens += 1,
            Line::Check { name } => self.checks.push(name),
            Line::List { tools } => self.tools = tools.len(),
            Line::Call { ok: true, .. } => self.calls += 1,
            Line::Call { tool, ok: false, text } => self.complaints.push(format!("{tool}: {text}")),
            Line::Error { error } => self.complaints.push(error),
        }
    }
}

/// The columns of the table, each a step.
pub(super) const STEPS: [&str; 5] =
    ["login", "tools", "refresh", "grant revoked", "client deleted"];
const CODE: &str = "POST /oauth/token authorization_code 200";
const ALLOWED: &str = "POST /oauth/consent 303";

/// What is not as it should be, with the step of it.
pub(super) fn faults(
    revoked: Again,
    deleted: Again,
    situation: &str,
    seen: &Seen,
) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let [login, tools, refresh, again, anew] = STEPS;
    let steps = [
        (login, seen.login.as_ref().map(|step| at_login(step, situation))),
        (refresh, seen.refresh.as_ref().map(at_refresh)),
        (again, seen.revoked.as_ref().map(|step| afterwards(revoked, step))),
        (anew, seen.deleted.as_ref().map(|step| afterwards(deleted, step))),
    ];
    for (name, found) in steps {
        let found = found.unwrap_or_else(|| vec!["it did not get so far".to_owned()]);
        faults.extend(found.into_iter().map(|fault| (name, fault)));
    }
    let forgotten = seen.forgotten.iter().flat_map(|step| afterwards(deleted, step));
    faults.extend(forgotten.map(|fault| (anew, fault)));
    // One call after the login and one after each step that it came through.
    let calls = 3 + usize::from(deleted != Again::Stops) + usize::from(seen.forgotten.is_some());
    if seen.tools != interop::listed().len() || seen.calls != calls {
        let fault = format!("it saw {} tools, and {} calls were answered", seen.tools, seen.calls);
        faults.push((tools, fault));
    }
    faults.extend(seen.complaints.iter().map(|complaint| (tools, complaint.clone())));
    faults
}

fn at_login(step: &Step, situation: &str) -> Vec<String> {
    // Without a hint clients look for the metadata of the resource below its path, then at the root.
    let metadata = match situation {
        "root" => "GET /.well-known/oauth-protected-resource 200",
        _ => "GET /.well-known/oauth-protected-resource/mcp 200",
    };
    let mut faults = step.lacks(&[
        metadata,
        "GET /.well-known/oauth-authorization-server 200",
        "POST /oauth/login 303",
        ALLOWED,
        CODE,
    ]);
    if !step.has("POST /mcp 401") && !step.has("GET /mcp 401") {
        faults.push(format!("it was not refused before, but {:?}", step.asked));
    }
    if !step.registers() {
        faults.push(format!("it did not register, but {:?}", step.asked));
    }
    faults
}

fn at_refresh(step: &Step) -> Vec<String> {
    let mut faults = step.lacks(&["POST /oauth/token refresh_token 200"]);
    if step.registers() || step.has("GET /oauth/authorize 303") || step.has(ALLOWED) {
        faults.push(format!("a person was asked: {:?}", step.asked));
    }
    faults
}

fn afterwards(expected: Again, step: &Step) -> Vec<String> {
    let mut faults = match expected {
        Again::Stops => step.lacks(&["GET /oauth/authorize 400"]),
        _ => step.lacks(&[ALLOWED, CODE]),
    };
    if step.registers() != expected.registers() {
        faults.push(format!("whether it registers is not as expected: {:?}", step.asked));
    }
    if step.told.is_some() != expected.is_told() {
        faults.push(format!("what it told is not as expected: {:?}", step.told));
    }
    if step.stopped.is_some() != (expected == Again::Stops) {
        faults.push(format!("how it ended is not as expected: {:?}", step.stopped));
    }
    faults
}

/// What a table says of each step.
pub(super) fn cells(
    revoked: Again,
    deleted: Again,
    faults: &[(&'static str, String)],
) -> [String; 5] {
    let well = ["✓", "✓", "✓", revoked.cell(), deleted.cell()];
    let mut cells = well.into_iter();
    STEPS.map(|step| {
        let well = cells.next().unwrap_or_default();
        let failed = faults.iter().any(|(of, _)| *of == step);
        if failed { "✗" } else { well }.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(asked: &[&str]) -> Step {
        Step { asked: asked.iter().map(|&it| it.to_owned()).collect(), ..Step::default() }
    }

    fn all_is_well() -> Seen {
        let refused = "POST /oauth/token refresh_token 400";
        Seen {
            login: Some(step(&[
                "POST /mcp 401",
                "GET /.well-known/oauth-protected-resource/mcp 200",
                "GET /.well-known/oauth-authorization-server 200",
                "POST /dcr 201",
                "POST /oauth/login 303",
                ALLOWED,
                CODE,
            ])),
            refresh: Some(step(&["POST /oauth/token refresh_token 200"])),
            revoked: Some(step(&[refused, ALLOWED, CODE])),
            deleted: Some(step(&[refused, "POST /dcr 201", ALLOWED, CODE])),
            tools: interop::listed().len(),
            calls: 4,
            ..Seen::default()
        }
    }

    #[test]
    fn a_client_passes_only_when_each_step_was_what_it_should_be() {
        let judged = |seen: &Seen| faults(Again::LogsIn, Again::Registers, "kept", seen);
        assert_eq!(judged(&all_is_well()), []);
        for (bad, at) in [
            (Seen { login: None, ..all_is_well() }, "login"),
            (Seen { refresh: Some(step(&[ALLOWED, CODE])), ..all_is_well() }, "refresh"),
            (Seen { revoked: all_is_well().deleted, ..all_is_well() }, "grant revoked"),
            (Seen { deleted: all_is_well().revoked, ..all_is_well() }, "client deleted"),
            (Seen { calls: 3, ..all_is_well() }, "tools"),
            (Seen { complaints: vec!["no".to_owned()], ..all_is_well() }, "tools"),
        ] {
            let found = judged(&bad);
            assert!(!found.is_empty() && found.iter().all(|(step, _)| *step == at), "{found:?}");
        }
        let elsewhere = faults(Again::LogsIn, Again::Registers, "root", &all_is_well());
        assert_eq!(elsewhere.len(), 1);
    }
}
