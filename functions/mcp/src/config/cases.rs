//! Where the support cases are, and which models read them.

use std::str::FromStr;

use backend_amp::Region;
use backend_bedrock::{Model, NotAModel};
use service_kit::env::Reader;

/// The support cases: without, a server has no tools for them.
#[derive(Clone, Debug)]
pub struct CaseSettings {
    /// The work group and the database.
    pub athena: backend_athena::Settings,
    /// The models.
    pub bedrock: backend_bedrock::Settings,
    /// The table, and how it is read.
    pub tools: tools_cases::Settings,
}

/// The name of a database or a table of Glue, or of a work group of Athena.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be up to 128 letters, digits, hyphens, dots and underscores")]
struct NotAName;

impl FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let legal = (1..=128).contains(&text.len()) && text.bytes().all(good);
        if legal { Ok(Self(text.to_owned())) } else { Err(NotAName) }
    }
}

/// Models, separated by commas.
struct Models(Vec<Model>);

impl FromStr for Models {
    type Err = NotAModel;

    fn from_str(text: &str) -> Result<Self, NotAModel> {
        text.split(',').map(|model| model.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

/// US dollars.
struct Dollars(f64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an amount of US dollars, such as 5.00")]
struct NotDollars;

impl FromStr for Dollars {
    type Err = NotDollars;

    fn from_str(text: &str) -> Result<Self, NotDollars> {
        let value: f64 = text.parse().map_err(|_| NotDollars)?;
        (0.0..1e6).contains(&value).then_some(Self(value)).ok_or(NotDollars)
    }
}

impl CaseSettings {
    /// `None` when no database is named, or a fault was remembered.
    pub(super) fn read(
        env: &mut Reader<'_>,
        region: Option<&Region>,
        has_credentials: bool,
    ) -> Option<Self> {
        let database: Option<Name> = env.optional("ATHENA_DATABASE");
        let work_group: Option<Name> = env.optional("ATHENA_WORKGROUP");
        let table: Option<Name> = env.or_default("ATHENA_TABLE");
        let max_bytes: Option<u64> = env.or_default("ATHENA_MAX_BYTES");
        let price: Option<Dollars> = env.or_default("ATHENA_USD_PER_TERABYTE");
        let models: Option<Models> = env.optional("BEDROCK_MODEL_IDS");
        let [athena, glue, bedrock] = [
            "AWS_ENDPOINT_URL_ATHENA",
            "AWS_ENDPOINT_URL_GLUE",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        ]
        .map(|of_service| env.optional::<String>(of_service));
        let everywhere: Option<String> = env.optional("AWS_ENDPOINT_URL");
        if database.is_none() {
            if work_group.is_some() {
                env.reject("ATHENA_WORKGROUP", "goes with ATHENA_DATABASE, which is not set");
            }
            return None;
        }
        if work_group.is_none() {
            env.reject("ATHENA_DATABASE", "goes with ATHENA_WORKGROUP, which is not set");
        }
        if !has_credentials {
            env.reject("ATHENA_DATABASE", "needs AWS credentials, and there are none");
        }
        if region.is_none() {
            env.reject("ATHENA_DATABASE", "needs AWS_REGION, which is not set");
        }
        let region = region?.to_string();
        let models = models.map_or_else(|| vec![Model::default_of(&region)], |models| models.0);
        Some(Self {
            athena: backend_athena::Settings {
                region: region.clone(),
                work_group: work_group?.0,
                database: database?.0,
                // Zero is no limit, as for who sets it by a template.
                max_bytes: Some(max_bytes?).filter(|limit| *limit > 0),
                usd_per_terabyte: price?.0,
                endpoint: athena.or_else(|| everywhere.clone()),
                glue_endpoint: glue.or_else(|| everywhere.clone()),
            },
            bedrock: backend_bedrock::Settings { region, models, endpoint: bedrock.or(everywhere) },
            tools: tools_cases::Settings { table: table?.0, ..tools_cases::Settings::default() },
        })
    }
}
