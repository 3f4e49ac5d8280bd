//! Where metrics and support cases come from: what the environment names, else sample data.

use std::fmt;

use service_kit::env::Env;

/// Variables that name a Prometheus, the first before the second.
const PROMETHEUS: [&str; 2] = ["PROMETHEUS_URL", "PROMETHEUS_WORKSPACE_ID"];
/// The variable that names a database of support cases.
const CASES: &str = "ATHENA_DATABASE";

/// Where both come from. What is of AWS comes from one AWS only, that of this machine or that of
/// the environment: there is one key pair for both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sources {
    pub(crate) metrics: Metrics,
    pub(crate) cases: Cases,
}

/// Where the metrics come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Metrics {
    /// What a variable of the environment names.
    Given { variable: &'static str, value: String },
    /// The workspaces of the environment's AWS, of which each call names one.
    Account,
    /// Amazon Managed Prometheus as `local-aws` plays it.
    Sample,
}

/// Where the support cases come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cases {
    /// The database that a variable of the environment names.
    Given { database: String },
    /// Athena and Bedrock as `local-aws` plays them.
    Sample,
    /// Nowhere: AWS is that of the environment, which names no database.
    None,
}

impl Sources {
    /// What the environment names, else sample data.
    pub(crate) fn choose(env: &dyn Env) -> Self {
        let given = |variable: &'static str| {
            let value = env.get(variable).filter(|value| !value.is_empty())?;
            Some(value.to_string_lossy().into_owned())
        };
        let prometheus = PROMETHEUS
            .into_iter()
            .find_map(|variable| Some(Metrics::Given { variable, value: given(variable)? }));
        let database = given(CASES);
        let signed = given("PROMETHEUS_SIGV4").is_some_and(|signed| signed == "true");
        let of_aws = match &prometheus {
            Some(Metrics::Given { variable: "PROMETHEUS_URL", value }) => {
                signed || value.contains("://aps-workspaces.")
            }
            prometheus => prometheus.is_some(),
        };
        let account = of_aws || database.is_some();
        Self {
            metrics: match prometheus {
                Some(metrics) => metrics,
                None if account => Metrics::Account,
                None => Metrics::Sample,
            },
            cases: match database {
                Some(database) => Cases::Given { database },
                None if account => Cases::None,
                None => Cases::Sample,
            },
        }
    }

    /// Whether AWS is this machine: then what the environment has in `AWS_…` is about another one,
    /// and is passed to nobody.
    pub(crate) fn are_of_this_machine(&self) -> bool {
        self.cases == Cases::Sample
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given { variable, value } => write!(f, "{value} ({variable})"),
            Self::Account => f.write_str("the workspaces of your AWS account"),
            Self::Sample => f.write_str("sample data; set PROMETHEUS_URL for a real server"),
        }
    }
}

impl fmt::Display for Cases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given { database } => write!(f, "{database} ({CASES})"),
            Self::Sample => write!(f, "sample data; set {CASES} for real ones"),
            Self::None => write!(f, "none; set {CASES} for those of your AWS account"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_named_is_taken_and_all_of_aws_is_one() {
        const URL: (&str, &str) = ("PROMETHEUS_URL", "http://localhost:9090");
        const AMP: (&str, &str) =
            ("PROMETHEUS_URL", "https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1");
        const WORKSPACE: (&str, &str) = ("PROMETHEUS_WORKSPACE_ID", "ws-1");
        const DATABASE: (&str, &str) = ("ATHENA_DATABASE", "case_insights_a");
        let samples = "sample data; set ATHENA_DATABASE for real ones";
        let none = "none; set ATHENA_DATABASE for those of your AWS account";
        for (pairs, metrics, cases) in [
            (&[][..], "sample data; set PROMETHEUS_URL for a real server", samples),
            (
                &[("PROMETHEUS_URL", "")],
                "sample data; set PROMETHEUS_URL for a real server",
                samples,
            ),
            (&[URL], "http://localhost:9090 (PROMETHEUS_URL)", samples),
            (&[URL, WORKSPACE], "http://localhost:9090 (PROMETHEUS_URL)", samples),
            (&[URL, ("PROMETHEUS_SIGV4", "true")], "http://localhost:9090 (PROMETHEUS_URL)", none),
            (&[WORKSPACE], "ws-1 (PROMETHEUS_WORKSPACE_ID)", none),
            (
                &[AMP],
                "https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-1 (PROMETHEUS_URL)",
                none,
            ),
            (
                &[DATABASE],
                "the workspaces of your AWS account",
                "case_insights_a (ATHENA_DATABASE)",
            ),
            (
                &[URL, DATABASE],
                "http://localhost:9090 (PROMETHEUS_URL)",
                "case_insights_a (ATHENA_DATABASE)",
            ),
        ] {
            let env: BTreeMap<_, _> = pairs.iter().copied().collect();
            let sources = Sources::choose(&env);
            let told = (sources.metrics.to_string(), sources.cases.to_string());
            assert_eq!(told, (metrics.to_owned(), cases.to_owned()), "{pairs:?}");
            assert_eq!(sources.are_of_this_machine(), cases == samples, "{pairs:?}");
        }
    }
}
