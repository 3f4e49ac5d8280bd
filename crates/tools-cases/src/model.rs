//! What a model is given to read, and what is believed of what it says.

pub(crate) mod citations;
mod fence;
mod links;

pub(crate) use fence::Fence;

use std::time::Instant;

use backend_bedrock::{Prompt, Reply, Stats, Usage};
use mcp_core::{CallContext, ToolError};
use serde::Serialize;

use crate::cases::Cases;
use crate::errors::{of_bedrock, refused};
use crate::text::{lines, without_addresses};

/// What models were asked, in one call of a tool.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Spent {
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    /// `None` where the price of some of it is not known.
    pub(crate) usd: Option<f64>,
    pub(crate) model_calls: u32,
}

impl Spent {
    pub(crate) fn add(&mut self, reply: &Reply) {
        let Usage { input_tokens, output_tokens } = reply.usage;
        self.input_tokens += input_tokens;
        self.output_tokens += output_tokens;
        self.usd = match self.model_calls {
            0 => reply.usd,
            _ => self.usd.zip(reply.usd).map(|(one, other)| one + other),
        };
        self.model_calls += 1;
    }

    pub(crate) fn line(&self) -> String {
        let Self { input_tokens, output_tokens, usd, .. } = self;
        let price = usd.map_or("price unknown".to_owned(), |usd| format!("${usd:.4}"));
        format!("{input_tokens} tokens read, {output_tokens} written ({price})")
    }
}

/// What a text takes of a model's attention: four characters of English are a token, of other
/// scripts one may be.
pub(crate) fn tokens(text: &str) -> usize {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let others = text.chars().filter(|c| !c.is_ascii()).count();
    ascii.div_ceil(4) + others
}

impl Cases {
    /// Asks a model, until the deadline or until nobody waits any more.
    pub(crate) async fn asked(
        &self,
        cx: &CallContext,
        prompt: &Prompt,
        deadline: Instant,
    ) -> Result<Reply, ToolError> {
        let mut stats = Stats::default();
        tokio::select! {
            biased;
            () = cx.cancellation().cancelled() => {
                Err(refused("cancelled", "the call was cancelled", "call again"))
            }
            reply = self.bedrock().converse(prompt, deadline, &mut stats) => {
                reply.map_err(|err| of_bedrock(&err))
            }
        }
    }
}

/// What a model wrote, without what only a case could have put there: addresses, links to
/// somewhere, characters that are not seen.
pub(crate) fn clean(text: &str) -> String {
    links::removed(&without_addresses(&lines(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_four_characters_or_one_of_another_script() {
        assert_eq!(tokens(""), 0);
        assert_eq!(tokens("abcde"), 2);
        assert_eq!(tokens("本番環境"), 4);
    }

    #[test]
    fn a_price_is_known_when_all_of_it_is() {
        let reply = |usd| Reply {
            text: String::new(),
            model: String::new(),
            usage: Usage { input_tokens: 10, output_tokens: 1 },
            usd,
            cut: false,
            passed_over: Vec::new(),
        };
        let mut spent = Spent::default();
        spent.add(&reply(Some(0.5)));
        spent.add(&reply(Some(0.25)));
        assert_eq!((spent.input_tokens, spent.usd), (20, Some(0.75)));
        spent.add(&reply(None));
        assert_eq!(spent.usd, None);
        assert_eq!(spent.line(), "30 tokens read, 3 written (price unknown)");
    }

    #[test]
    fn what_a_case_could_have_put_there_is_taken_out() {
        assert_eq!(
            clean("Ask ann@x.example\nat https://evil.example/?q=1.\u{200b}"),
            "Ask [e-mail]\nat [link removed]"
        );
    }
}
