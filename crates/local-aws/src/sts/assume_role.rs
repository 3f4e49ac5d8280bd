//! `AssumeRole`: what is asked, and the session it gives.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use service_kit::random::{self, RandomError};
use sha2::{Digest as _, Sha256};

use super::wire::{Answer, StsError, text};
use crate::sigv4::{ACCOUNT, Credentials, Principal};

/// How long a session lasts when nobody says otherwise, and at most (role chaining), in seconds.
const MAX_DURATION_S: i64 = 3_600;
const MIN_DURATION_S: i64 = 900;
const MAX_TAGS: usize = 50;

/// The parameters.
#[derive(Debug)]
pub(super) struct AssumeRole<'a> {
    role_arn: &'a str,
    session_name: &'a str,
    duration_s: i64,
    tags: BTreeMap<String, String>,
}

/// What comes of it.
pub(super) struct Session {
    pub(super) credentials: Credentials,
    pub(super) principal: Principal,
    pub(super) expires_ms: i64,
}

impl<'a> AssumeRole<'a> {
    /// Takes the parameters apart. One that is not known here is refused: left out, it could give
    /// more rights than AWS would.
    pub(super) fn parse(params: &'a [(String, String)]) -> Result<Self, StsError> {
        let (mut role_arn, mut session_name, mut duration_s) = ("", "", MAX_DURATION_S);
        let mut tags: BTreeMap<usize, (&str, &str)> = BTreeMap::new();
        for (name, value) in params {
            match name.as_str() {
                "Action" | "Version" => {}
                "RoleArn" => role_arn = value,
                "RoleSessionName" => session_name = value,
                "DurationSeconds" => duration_s = duration(value)?,
                name => {
                    let member = name.strip_prefix("Tags.member.").and_then(|m| m.split_once('.'));
                    let place =
                        member.and_then(|(place, field)| Some((place.parse().ok()?, field)));
                    match place {
                        Some((place, "Key")) => tags.entry(place).or_default().0 = value,
                        Some((place, "Value")) => tags.entry(place).or_default().1 = value,
                        _ => {
                            let message = format!("The local STS does not know {name}");
                            return Err(StsError::validation(message));
                        }
                    }
                }
            }
        }
        let is_role = |arn: &str| {
            let parts: Vec<_> = arn.splitn(6, ':').collect();
            matches!(parts[..], ["arn", "aws", "iam", "", account, role]
                if account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit())
                    && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()))
        };
        if !is_role(role_arn) {
            return Err(StsError::validation(format!("{role_arn} is invalid")));
        }
        let in_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !(2..=64).contains(&session_name.len()) || !session_name.chars().all(in_name) {
            let constraint = "Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}";
            return Err(StsError::constraint("roleSessionName", session_name, constraint));
        }
        Ok(Self { role_arn, session_name, duration_s, tags: session_tags(tags)? })
    }

    /// The session of `caller` that begins at `now_ms`.
    pub(super) fn session(self, caller: &Principal, now_ms: i64) -> Result<Session, StsError> {
        let Self { role_arn, session_name, duration_s, tags } = self;
        let role = role_arn.strip_prefix(&format!("arn:aws:iam::{ACCOUNT}:role/"));
        let role = role.ok_or_else(|| StsError::access_denied(caller, role_arn))?;
        // The path of a role is not part of the session's ARN.
        let name = role.rsplit('/').next().unwrap_or(role);
        let access_key_id = format!("ASIA{}", &hex_upper(&random_bytes::<8>()?));
        let role_id = format!("AROA{}", &hex_upper(&Sha256::digest(role_arn))[..17]);
        Ok(Session {
            principal: Principal {
                access_key_id: access_key_id.clone(),
                account: ACCOUNT.to_owned(),
                arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session_name}"),
                user_id: format!("{role_id}:{session_name}"),
                session_tags: tags,
            },
            credentials: Credentials {
                access_key_id,
                secret_access_key: BASE64_STANDARD.encode(random_bytes::<30>()?),
                session_token: Some(BASE64_STANDARD.encode(random_bytes::<96>()?)),
            },
            expires_ms: now_ms.saturating_add(duration_s * 1_000),
        })
    }
}

impl Session {
    pub(super) fn answer(&self) -> Answer {
        let Self { credentials, principal, expires_ms } = self;
        let Credentials { access_key_id, secret_access_key, session_token } = credentials;
        let expires = Timestamp::from_second(expires_ms.div_euclid(1_000)).unwrap_or_default();
        let result = format!(
            "<AssumedRoleUser><AssumedRoleId>{}</AssumedRoleId><Arn>{}</Arn></AssumedRoleUser>\
             <Credentials><AccessKeyId>{access_key_id}</AccessKeyId>\
             <SecretAccessKey>{secret_access_key}</SecretAccessKey>\
             <SessionToken>{}</SessionToken><Expiration>{expires}</Expiration></Credentials>",
            text(&principal.user_id),
            text(&principal.arn),
            session_token.as_deref().unwrap_or_default(),
        );
        Answer { action: "AssumeRole", result }
    }
}

fn duration(value: &str) -> Result<i64, StsError> {
    let refused = |constraint: &str| StsError::constraint("durationSeconds", value, constraint);
    match value.parse() {
        Ok(duration_s @ MIN_DURATION_S..=MAX_DURATION_S) => Ok(duration_s),
        Ok(..MIN_DURATION_S) => Err(refused("Member must have value greater than or equal to 900")),
        Ok(_) => Err(StsError::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
                .to_owned(),
        )),
        Err(_) => Err(refused("Member must be an integer")),
    }
}

/// The tags by their keys, which are the same whatever their case.
fn session_tags(tags: BTreeMap<usize, (&str, &str)>) -> Result<BTreeMap<String, String>, StsError> {
    if tags.len() > MAX_TAGS {
        let constraint = "Member must have length less than or equal to 50";
        return Err(StsError::constraint("tags", &format!("{} tags", tags.len()), constraint));
    }
    let legal = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    for (place, (key, value)) in tags {
        let (of_key, of_value) = (key.chars().count(), value.chars().count());
        if !(1..=128).contains(&of_key)
            || of_value > 256
            || !key.chars().chain(value.chars()).all(legal)
        {
            let member = format!("tags.{place}.member");
            let constraint = "Member must satisfy regular expression pattern: \
                              [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]{1,128}, {0,256}";
            return Err(StsError::constraint(&member, &format!("{key}={value}"), constraint));
        }
        if named.keys().any(|known| known.eq_ignore_ascii_case(key)) {
            let message =
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(StsError::validation(message.to_owned()));
        }
        named.insert(key.to_owned(), value.to_owned());
    }
    Ok(named)
}

fn random_bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    random::fill(&mut bytes)?;
    Ok(bytes)
}

fn hex_upper(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
