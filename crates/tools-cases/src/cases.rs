//! The family: what its tools share, and how a server is given them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use backend_athena::Athena;
use backend_bedrock::Bedrock;
use mcp_core::{CallContext, ServerBuilder};

use crate::{
    AnalyzeCaseSummaries, AnalyzeWithBedrock, GetCaseSummary, GetQueryResults, GetRcaAnalysis,
    GetServiceTrends, QueryAthena, prompts, schema,
};

/// What is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The table of the cases, in the database that [`Athena`] is set to.
    pub table: String,
    /// How old the rows of a canned query may be; zero for new ones each time.
    pub reuse: Duration,
    /// How long a call waits where its host sets no deadline.
    pub patience: Duration,
    /// The most a model is given to read at once, in tokens of about four characters.
    pub max_input_tokens: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            table: "case_summary".to_owned(),
            reuse: Duration::from_secs(3600),
            patience: Duration::from_secs(60),
            max_input_tokens: 180_000,
        }
    }
}

/// The support cases, and a model to read them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cases(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    athena: Athena,
    bedrock: Bedrock,
    settings: Settings,
}

impl Cases {
    /// Does no I/O.
    #[must_use]
    pub fn new(athena: Athena, bedrock: Bedrock, settings: Settings) -> Self {
        Self(Arc::new(Inner { athena, bedrock, settings }))
    }

    /// The seven tools, the resource `cases://schema` and the two prompts, for a server that is
    /// being built. Queries that outlive a call become tasks where the server
    /// [parks](ServerBuilder::park_tasks) them.
    pub fn offer(&self, server: ServerBuilder) -> ServerBuilder {
        let server = server
            .tool(QueryAthena(self.clone()))
            .tool(AnalyzeWithBedrock(self.clone()))
            .tool(GetCaseSummary(self.clone()))
            .tool(GetRcaAnalysis(self.clone()))
            .tool(GetServiceTrends(self.clone()))
            .tool(AnalyzeCaseSummaries(self.clone()))
            .tool(GetQueryResults(self.clone()));
        prompts::offer(schema::offer(server, self))
    }

    pub(crate) fn athena(&self) -> &Athena {
        &self.0.athena
    }

    pub(crate) fn bedrock(&self) -> &Bedrock {
        &self.0.bedrock
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Until when a call may take.
    pub(crate) fn deadline(&self, cx: &CallContext) -> Instant {
        cx.deadline().unwrap_or_else(|| Instant::now() + self.settings().patience)
    }
}
