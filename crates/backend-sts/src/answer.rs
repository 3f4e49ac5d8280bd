//! The XML that STS answers, as far as it is needed: elements without attributes that are there
//! once.

use std::borrow::Cow;
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_smithy_types::date_time::{DateTime, Format};

/// The name that the credentials are given, for whoever asks where they come from.
const PROVIDER: &str = "AssumeRole";

/// The credentials in the answer of `AssumeRole`.
///
/// # Errors
/// What is missing, or there twice, or not as it must be.
pub(crate) fn credentials(xml: &str) -> Result<Credentials, &'static str> {
    let credentials = element(xml, "Credentials").ok_or("no credentials")?;
    let part = |name: &str| {
        let text = element(credentials, name)?.trim();
        let legal = !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'&');
        legal.then(|| text.to_owned())
    };
    let expiry = part("Expiration").ok_or("no time of expiry")?;
    let expiry = DateTime::from_str(&expiry, Format::DateTimeWithOffset);
    let expiry = expiry.ok().and_then(|time| SystemTime::try_from(time).ok());
    Ok(Credentials::new(
        part("AccessKeyId").ok_or("no access key id")?,
        part("SecretAccessKey").ok_or("no secret access key")?,
        Some(part("SessionToken").ok_or("no session token")?),
        Some(expiry.ok_or("a time of expiry that is none")?),
        PROVIDER,
    ))
}

/// The code and the message of an error.
pub(crate) fn failure(xml: &str) -> Option<(&str, Cow<'_, str>)> {
    let error = element(xml, "Error")?;
    let message = element(error, "Message").unwrap_or("STS gives no reason").trim();
    Some((element(error, "Code")?.trim(), unescaped(message)))
}

/// The content of the only element of this name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let (_, rest) = xml.split_once(&open)?;
    let (content, rest) = rest.split_once(&close)?;
    let once = ![content, rest].iter().any(|text| text.contains(&open) || text.contains(&close));
    once.then_some(content)
}

fn unescaped(text: &str) -> Cow<'_, str> {
    const NAMED: [(&str, &str); 5] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    if !text.contains('&') {
        return text.into();
    }
    let mut text = text.to_owned();
    for (entity, meant) in NAMED {
        text = text.replace(entity, meant);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As AWS writes it.
    const ANSWER: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">
  <AssumeRoleResult>
    <AssumedRoleUser>
      <AssumedRoleId>AROAEXAMPLE:@acme</AssumedRoleId>
      <Arn>arn:aws:sts::123456789012:assumed-role/tenants/@acme</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>ASIAEXAMPLE</AccessKeyId>
      <SecretAccessKey>wJalr/XUtn+FEMI=</SecretAccessKey>
      <SessionToken>AQoDYXdz//+EXAMPLE==</SessionToken>
      <Expiration>2026-11-20T23:11:29Z</Expiration>
    </Credentials>
    <PackedPolicySize>6</PackedPolicySize>
  </AssumeRoleResult>
  <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>
</AssumeRoleResponse>";

    #[test]
    fn credentials_are_read() {
        let read = credentials(ANSWER).unwrap();
        assert_eq!(read.access_key_id(), "ASIAEXAMPLE");
        assert_eq!(read.secret_access_key(), "wJalr/XUtn+FEMI=");
        assert_eq!(read.session_token(), Some("AQoDYXdz//+EXAMPLE=="));
        let expiry = read.expiry().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(expiry.as_secs(), 1_795_216_289);
    }

    #[test]
    fn what_is_missing_twice_or_odd_is_no_answer() {
        for (part, instead) in [
            ("<Credentials>", "<Credential>"),
            ("</Credentials>", ""),
            ("<PackedPolicySize>", "<Credentials></Credentials><PackedPolicySize>"),
            ("<AccessKeyId>ASIAEXAMPLE</AccessKeyId>", ""),
            ("ASIAEXAMPLE", ""),
            ("ASIAEXAMPLE", "ASIA EXAMPLE"),
            ("ASIAEXAMPLE", "ASIA&lt;"),
            ("<SecretAccessKey>", "<SecretAccessKey>x</SecretAccessKey><SecretAccessKey>"),
            ("<SessionToken>", "<Token>"),
            ("2026-11-20T23:11:29Z", "soon"),
            ("2026-11-20T23:11:29Z", "1795216289"),
        ] {
            assert!(ANSWER.contains(part));
            assert!(credentials(&ANSWER.replacen(part, instead, 1)).is_err(), "{part} {instead}");
        }
    }

    #[test]
    fn an_error_is_its_code_and_its_message() {
        let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
            <Message>&lt;a&gt; &amp;lt; b</Message></Error><RequestId>1</RequestId></ErrorResponse>";
        assert_eq!(failure(xml), Some(("AccessDenied", "<a> &lt; b".into())));
        assert_eq!(failure("<html>"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(</?(Credentials|Error|Code|Message|AccessKeyId)>|.){0,12}") {
            let _ = (credentials(&text), failure(&text));
        }
    }
}
