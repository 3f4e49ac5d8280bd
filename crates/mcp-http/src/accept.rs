//! Which forms of a reply a client takes.

use http::{HeaderMap, header};

/// What `Accept` allows. Clients must name both forms (specification, Streamable HTTP); those that
/// do not are served as well as they can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accept {
    /// JSON only: notifications are left out.
    Json,
    /// Server-sent events only.
    Events,
    /// Whichever suits the call.
    Either,
}

impl Accept {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let (mut json, mut events) = (false, false);
        let values = headers.get_all(header::ACCEPT).iter();
        let ranges =
            values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let range = parts.next().unwrap_or_default();
            if parts.any(refused) {
                continue;
            }
            let is = |name: &str| range.eq_ignore_ascii_case(name);
            let any = is("*/*");
            json |= any || is("application/json") || is("application/*");
            events |= any || is("text/event-stream") || is("text/*");
        }
        match (json, events) {
            (true, false) => Self::Json,
            (false, true) => Self::Events,
            // A client that names neither gets what suits the call, rather than nothing.
            (true, true) | (false, false) => Self::Either,
        }
    }

    pub(crate) const fn takes_events(self) -> bool {
        matches!(self, Self::Events | Self::Either)
    }
}

/// A weight of nought: "not acceptable" (RFC 9110, section 12.4.2).
fn refused(parameter: &str) -> bool {
    let Some((name, weight)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("q") && weight.trim().parse() == Ok(0.0_f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_accept_header_is_served_in_a_form_it_allows() {
        use Accept::{Either, Events, Json};
        for (accept, expected) in [
            (&["application/json, text/event-stream"][..], Either),
            (&["text/event-stream", "application/json"], Either),
            (&["*/*"], Either),
            (&[], Either),
            (&[""], Either),
            (&["text/html"], Either),
            (&["application/json"], Json),
            (&["Application/JSON;q=0.5"], Json),
            (&["application/*"], Json),
            (&["application/json, text/event-stream;q=0"], Json),
            (&["application/json, text/event-stream ; Q = 0.000"], Json),
            (&["text/event-stream"], Events),
            (&["text/*;q=0.1"], Events),
            (&["text/event-stream;q=x"], Events),
        ] {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(header::ACCEPT, value.parse().unwrap());
            }
            assert_eq!(Accept::of(&headers), expected, "{accept:?}");
        }
    }

    fn of(values: &[String]) -> Accept {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT, value.parse().unwrap());
        }
        Accept::of(&headers)
    }

    proptest! {
        #[test]
        fn values_mean_the_same_apart_and_joined(
            values in proptest::collection::vec(
                r"[ -~]{0,12}|(application/json|text/event-stream|text/\*|\*/\*)( ?; ?q ?= ?[01x.]{0,3})?",
                0..5,
            ),
        ) {
            let joined = values.join(",");
            prop_assert_eq!(of(&values), of(&[joined]));
        }

        #[test]
        fn no_header_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
                let accept = Accept::of(&[(header::ACCEPT, value)].into_iter().collect());
                // No form is ever left over by accident.
                prop_assert!(accept.takes_events() || accept == Accept::Json);
            }
        }
    }
}
