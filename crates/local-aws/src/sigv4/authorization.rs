//! The `Authorization` header.

use super::{ALGORITHM, Refusal};

/// The parts of the `Authorization` header.
pub(super) struct Authorization<'a> {
    pub(super) access_key_id: &'a str,
    /// Date, region, service and `aws4_request`.
    pub(super) scope: [&'a str; 4],
    pub(super) signed_headers: Vec<&'a str>,
    pub(super) signature: &'a str,
}

impl<'a> Authorization<'a> {
    pub(super) fn parse(header: &'a str) -> Result<Self, Refusal> {
        let Some((ALGORITHM, fields)) = header.split_once(' ') else {
            return Err(Refusal::Incomplete(format!(
                "Authorization header must start with '{ALGORITHM}'."
            )));
        };
        let field = |name: &str| {
            let mut fields = fields.split(',').filter_map(|field| field.trim().split_once('='));
            let found = fields.find(|(key, _)| *key == name).map(|(_, value)| value);
            found.filter(|value| !value.is_empty()).ok_or_else(|| {
                Refusal::Incomplete(format!("Authorization header requires '{name}' parameter."))
            })
        };
        let credential: Vec<_> = field("Credential")?.split('/').collect();
        let [access_key_id, date, region, service, end] = credential[..] else {
            return Err(Refusal::Incomplete(
                "Credential must have exactly 5 slash-delimited elements, e.g. \
                 keyid/date/region/service/term."
                    .to_owned(),
            ));
        };
        Ok(Self {
            access_key_id,
            scope: [date, region, service, end],
            signed_headers: field("SignedHeaders")?.split(';').collect(),
            signature: field("Signature")?,
        })
    }
}
