//! Which models there are to ask, and what their tokens cost.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;

/// A model, as `modelId` of the API takes it, and its price where that is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The id of a model or of an inference profile, or the ARN of either.
    pub id: String,
    /// What its tokens cost.
    pub price: Option<Price>,
}

/// What tokens cost, in US dollars a million.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Of those it reads.
    pub input: f64,
    /// Of those it writes.
    pub output: f64,
}

/// Tokens read and written, as Bedrock counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
    }
}

impl Price {
    /// What `usage` costs, in US dollars.
    #[must_use]
    pub fn of(&self, usage: Usage) -> f64 {
        (usage.input_tokens as f64 * self.input + usage.output_tokens as f64 * self.output) / 1e6
    }
}

/// Claude Haiku 4.5: <https://aws.amazon.com/bedrock/pricing/>. What stays within a geography costs
/// a tenth more.
const HAIKU: &str = "anthropic.claude-haiku-4-5-20251001-v1:0";
const GLOBAL: Price = Price { input: 1.0, output: 5.0 };
const WITHIN: Price = Price { input: 1.1, output: 5.5 };

impl Model {
    /// What is asked when nothing is configured: an Anthropic Haiku, by the inference profile that
    /// keeps the text within the geography of `region`, where there is one.
    #[must_use]
    pub fn default_of(region: &str) -> Self {
        let geographies = [
            ("us-gov-", "us-gov"),
            ("us-", "us"),
            ("ca-", "us"),
            ("eu-", "eu"),
            ("ap-northeast-1", "jp"),
            ("ap-northeast-3", "jp"),
            ("ap-southeast-2", "au"),
            ("ap-southeast-4", "au"),
        ];
        let found = geographies.iter().find(|(prefix, _)| region.starts_with(prefix));
        let (geography, price) = found.map_or(("global", GLOBAL), |(_, name)| (*name, WITHIN));
        Self { id: format!("{geography}.{HAIKU}"), price: Some(price) }
    }
}

/// The text does not name a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a model: expected the id or ARN of a model or inference profile, and after = the dollars \
     that a million tokens read and written cost, such as {HAIKU}=1.00/5.00"
)]
pub struct NotAModel;

/// `id`, or `id=1.00/5.00` with its price.
impl FromStr for Model {
    type Err = NotAModel;

    fn from_str(text: &str) -> Result<Self, NotAModel> {
        let (id, price) = match text.split_once('=') {
            Some((id, price)) => (id, Some(price.parse()?)),
            None => (text, None),
        };
        // As the API has it: [a-zA-Z0-9-:.\/]+ of up to 2048.
        let legal = (1..=2048).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:./".contains(&b));
        if legal { Ok(Self { id: id.to_owned(), price }) } else { Err(NotAModel) }
    }
}

impl FromStr for Price {
    type Err = NotAModel;

    fn from_str(text: &str) -> Result<Self, NotAModel> {
        let (input, output) = text.split_once('/').ok_or(NotAModel)?;
        let dollars = |text: &str| {
            let value: f64 = text.trim().parse().map_err(|_| NotAModel)?;
            (0.0..1e6).contains(&value).then_some(value).ok_or(NotAModel)
        };
        Ok(Self { input: dollars(input)?, output: dollars(output)? })
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_an_id_and_perhaps_a_price() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.x-v1:0";
        for (text, id, price) in [
            ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0", None),
            (arn, arn, None),
            ("m=1/5.5", "m", Some(Price { input: 1.0, output: 5.5 })),
        ] {
            assert_eq!(text.parse(), Ok(Model { id: id.to_owned(), price }), "{text}");
        }
        for text in ["", "a b", "a?b", "m=", "m=1", "m=1/x", "m=-1/2", "m=NaN/1", "m=1/inf", "=1/2"]
        {
            assert_eq!(text.parse::<Model>(), Err(NotAModel), "{text}");
        }
    }

    #[test]
    fn the_default_stays_within_the_geography() {
        for (region, begins) in [
            ("us-east-1", "us.anthropic.claude-haiku"),
            ("eu-central-1", "eu.anthropic."),
            ("ap-northeast-1", "jp.anthropic."),
            ("sa-east-1", "global.anthropic."),
        ] {
            assert!(Model::default_of(region).id.starts_with(begins), "{region}");
        }
    }

    #[test]
    fn a_price_is_by_the_million() {
        let usage = Usage { input_tokens: 2_000_000, output_tokens: 100_000 };
        assert!((GLOBAL.of(usage) - 2.5).abs() < 1e-9);
    }
}
