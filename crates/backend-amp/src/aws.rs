//! AWS, as one set of credentials sees it.

use std::sync::Arc;

use aws_credential_types::provider::SharedCredentialsProvider;
use sdk_http::SdkHttp;
use service_kit::clock::Clock;
use sigv4::{Kept, Signer};

use crate::Settings;
use crate::client::ControlPlane;

/// The name that AMP signs by.
const SERVICE: &str = "aps";

/// Both planes of AMP.
#[derive(Debug)]
pub(crate) struct Aws {
    pub(crate) signer: Signer,
    pub(crate) control_plane: ControlPlane,
}

impl Aws {
    /// Both planes share the credentials that are kept.
    pub(crate) fn new(
        settings: &Settings,
        https: &https::Client,
        credentials: SharedCredentialsProvider,
        clock: &Arc<dyn Clock>,
    ) -> Arc<Self> {
        let credentials = Kept::new(credentials, Arc::clone(clock));
        let http = SdkHttp { https: https.clone(), max_body: settings.max_body };
        Arc::new(Self {
            signer: Signer::new(credentials.clone(), SERVICE),
            control_plane: ControlPlane::new(
                http,
                credentials,
                settings.control_plane_endpoint.clone(),
                Arc::clone(clock),
            ),
        })
    }
}
