//! What is sent to Converse and what comes back: the one place that knows its JSON.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::bedrock::Prompt;
use crate::model::Usage;

/// All but what RFC 3986 leaves unreserved: an ARN is one segment of the path.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) fn path(model: &str) -> String {
    format!("/model/{}/converse", utf8_percent_encode(model, RESERVED))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request<'a> {
    system: [Text<'a>; 1],
    messages: [Message<'a>; 1],
    inference_config: Inference,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: [Text<'a>; 1],
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inference {
    max_tokens: u32,
    /// The same question has the same answer, as far as a model can.
    temperature: f32,
}

impl<'a> From<&'a Prompt> for Request<'a> {
    fn from(Prompt { system, user, max_tokens }: &'a Prompt) -> Self {
        Self {
            system: [Text { text: system }],
            messages: [Message { role: "user", content: [Text { text: user }] }],
            inference_config: Inference { max_tokens: *max_tokens, temperature: 0.0 },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    output: Output,
    pub(crate) stop_reason: String,
    #[serde(default)]
    usage: Tokens,
}

#[derive(Deserialize)]
struct Output {
    message: Said,
}

#[derive(Deserialize)]
struct Said {
    content: Vec<Block>,
}

/// Of the kinds of blocks there are, only texts are read.
#[derive(Deserialize)]
struct Block {
    text: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Tokens {
    input_tokens: u64,
    output_tokens: u64,
}

impl Response {
    pub(crate) fn usage(&self) -> Usage {
        let Tokens { input_tokens, output_tokens } = self.usage;
        Usage { input_tokens, output_tokens }
    }

    pub(crate) fn into_text(self) -> String {
        let texts = self.output.message.content.into_iter().filter_map(|block| block.text);
        texts.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_one_segment_of_the_path() {
        assert_eq!(
            path("arn:aws:bedrock:us-east-1:1:inference-profile/us.a-v1:0"),
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.a-v1%3A0/converse"
        );
    }
}
