//! An issuer that the test owns, so that wrong tokens are real ones.

use local_aws::LocalAws;
use local_aws::cognito::{Cognito, Mint};
use serde_json::json;

use crate::running::Running;

/// A user pool with the app client `local-client`.
pub(crate) struct Issuer(LocalAws);

impl Issuer {
    pub(crate) async fn start() -> Self {
        Self(LocalAws::start(local_aws::Config::default()).await.unwrap())
    }

    /// Starts the program with these arguments and variables; it takes this issuer's tokens.
    pub(crate) fn guard(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let issuers = json!([{
            "issuer": self.pool().issuer(),
            "profile": "cognito",
            "clients": ["local-client"],
        }]);
        let issuers = issuers.to_string();
        let variables = [&[("AUTH_ISSUERS", issuers.as_str())], variables].concat();
        Running::start_with(arguments, &variables)
    }

    pub(crate) fn pool(&self) -> &Cognito {
        self.0.cognito()
    }

    pub(crate) async fn bearer(&self, mint: &Mint) -> String {
        format!("Bearer {}", self.pool().mint(mint).await.unwrap())
    }

    /// One that may read.
    pub(crate) async fn good(&self) -> String {
        self.bearer(&reading()).await
    }
}

/// A good token, to be changed.
pub(crate) fn reading() -> Mint {
    granted("prometheus-mcp-server/read")
}

/// A token of the app client with this scope, or with none.
pub(crate) fn granted(scope: &str) -> Mint {
    Mint::access("local-client").with_scopes(Some(scope).filter(|scope| !scope.is_empty()))
}
