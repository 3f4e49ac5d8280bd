//! Routes: which requests an API answers, and what each of them demands.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use http::Method;
use percent_encoding::percent_decode_str;

use super::Kind;

/// The values of a path's parameters, decoded.
pub(super) type Parameters = BTreeMap<String, String>;

/// A route and who may call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Which requests.
    pub key: RouteKey,
    /// What they must bring.
    pub authorization: Authorization,
}

impl Route {
    /// Parses the key.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(key: &str, authorization: Authorization) -> Result<Self, InvalidRouteKey> {
        Ok(Self { key: key.parse()?, authorization })
    }
}

/// What a route demands of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authorization {
    /// Nothing.
    None,
    /// That the REQUEST authorizer allows it.
    Custom,
    /// A signature of AWS.
    Iam,
}

/// `POST /tools/{name}`, `ANY /{proxy+}`, or `$default`: what no other route of an HTTP API takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteKey(Key);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Default,
    /// No method is any method.
    Path {
        method: Option<Method>,
        segments: Vec<Segment>,
    },
}

// From the most specific to the least: matches are ranked by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    /// All that is left, and not nothing.
    Greedy(String),
}

/// A text that is no [`RouteKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be METHOD /path, ANY /path or $default; a {{name+}} can only be the last segment")]
pub struct InvalidRouteKey;

impl FromStr for RouteKey {
    type Err = InvalidRouteKey;

    fn from_str(text: &str) -> Result<Self, InvalidRouteKey> {
        if text == "$default" {
            return Ok(Self(Key::Default));
        }
        let (method, path) = text.split_once(' ').ok_or(InvalidRouteKey)?;
        let upper_case = !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase());
        let method = match method {
            "ANY" => None,
            name if upper_case => {
                Some(Method::from_bytes(name.as_bytes()).map_err(|_| InvalidRouteKey)?)
            }
            _ => return Err(InvalidRouteKey),
        };
        let segments = match path.strip_prefix('/').ok_or(InvalidRouteKey)? {
            "" => Vec::new(),
            path => path.split('/').map(Segment::parse).collect::<Result<Vec<_>, _>>()?,
        };
        let greedy = |segment: &Segment| matches!(segment, Segment::Greedy(_));
        match segments.iter().rev().skip(1).any(greedy) {
            true => Err(InvalidRouteKey),
            false => Ok(Self(Key::Path { method, segments })),
        }
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, InvalidRouteKey> {
        let named = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let (name, segment): (_, fn(String) -> Self) = match named {
            Some(name) => match name.strip_suffix('+') {
                Some(name) => (name, Self::Greedy),
                None => (name, Self::Parameter),
            },
            None => (text, Self::Literal),
        };
        let plain = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_graphic() && !b"{}+?#% ".contains(&b));
        if plain { Ok(segment(name.to_owned())) } else { Err(InvalidRouteKey) }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Parameter(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(text),
            Self::Parameter(name) => write!(f, "{{{name}}}"),
            Self::Greedy(name) => write!(f, "{{{name}+}}"),
        }
    }
}

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Key::Default => f.write_str("$default"),
            Key::Path { method, .. } => {
                let method = method.as_ref().map_or("ANY", Method::as_str);
                write!(f, "{method} {}", self.resource())
            }
        }
    }
}

impl RouteKey {
    /// The path as it was declared, a REST API's resource.
    pub(super) fn resource(&self) -> String {
        match &self.0 {
            Key::Default => "$default".to_owned(),
            Key::Path { segments, .. } => {
                let segments: Vec<_> = segments.iter().map(ToString::to_string).collect();
                format!("/{}", segments.join("/"))
            }
        }
    }

    fn takes(&self, method: &Method) -> bool {
        match &self.0 {
            Key::Default => true,
            Key::Path { method: own, .. } => own.as_ref().is_none_or(|own| own == method),
        }
    }

    /// The less, the more specific; the default is the least.
    fn rank(&self) -> Rank {
        match &self.0 {
            Key::Default => (vec![u8::MAX], true),
            Key::Path { method, segments } => {
                (segments.iter().map(Segment::rank).collect(), method.is_none())
            }
        }
    }

    fn matches(&self, path: &str) -> Option<Parameters> {
        let Key::Path { segments, .. } = &self.0 else { return Some(Parameters::new()) };
        let mut parameters = Parameters::new();
        let mut rest = path.strip_prefix('/').filter(|rest| !rest.is_empty());
        for segment in segments {
            let all = rest?;
            let (first, after) = match all.split_once('/') {
                Some((first, after)) => (first, Some(after)),
                None => (all, None),
            };
            let (name, value, after) = match segment {
                Segment::Literal(text) => {
                    if text != first {
                        return None;
                    }
                    rest = after;
                    continue;
                }
                Segment::Parameter(name) => (name, first, after),
                Segment::Greedy(name) => (name, all, None),
            };
            if value.is_empty() {
                return None;
            }
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            parameters.insert(name.clone(), value);
            rest = after;
        }
        rest.is_none().then_some(parameters)
    }
}

/// Of the path's segments, and whether any method is taken.
type Rank = (Vec<u8>, bool);

/// The route of a request, and its parameters.
///
/// A REST API looks for the resource first, and then whether it has the method; an HTTP API for the
/// most specific route that takes both.
///
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html>.
pub(super) fn select<'a>(
    kind: Kind,
    routes: &'a [Route],
    method: &Method,
    path: &str,
) -> Option<(&'a Route, Parameters)> {
    let matching = routes.iter().filter_map(|route| Some((route, route.key.matches(path)?)));
    let mut matching: Vec<_> = matching.collect();
    if kind == Kind::Rest {
        let resource = matching.iter().map(|(route, _)| route.key.rank().0).min()?;
        matching.retain(|(route, _)| route.key.rank().0 == resource);
    }
    matching.retain(|(route, _)| route.key.takes(method));
    matching.into_iter().min_by_key(|(route, _)| route.key.rank())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn routes(keys: &[&str]) -> Vec<Route> {
        keys.iter().map(|key| Route::new(key, Authorization::None).unwrap()).collect()
    }

    #[test]
    fn a_key_is_a_method_and_a_path_or_the_default() {
        for key in ["$default", "GET /", "ANY /{proxy+}", "POST /tools/{name}", "PUT /a/{b}/{c+}"] {
            assert_eq!(key.parse::<RouteKey>().unwrap().to_string(), key);
        }
        for none in [
            "",
            "GET",
            "/mcp",
            "get /mcp",
            "GET mcp",
            " /mcp",
            "GET /a//b",
            "GET /a/",
            "GET /{}",
            "GET /{a+}/b",
            "GET /a{b}",
            "GET /{a",
            "GET /a b",
            "GET /a?b",
            "GET /%2f",
        ] {
            assert_eq!(none.parse::<RouteKey>(), Err(InvalidRouteKey), "{none:?}");
        }
    }

    #[test]
    fn the_most_specific_route_is_taken() {
        let routes = routes(&[
            "ANY /{proxy+}",
            "ANY /tools/{name}",
            "POST /tools/{name}",
            "GET /tools/list",
            "ANY /",
        ]);
        for (method, path, rest, http) in [
            ("GET", "/", Some("ANY /"), Some("ANY /")),
            ("GET", "/x", Some("ANY /{proxy+}"), Some("ANY /{proxy+}")),
            ("GET", "/x/y/", Some("ANY /{proxy+}"), Some("ANY /{proxy+}")),
            ("POST", "/tools/a", Some("POST /tools/{name}"), Some("POST /tools/{name}")),
            ("GET", "/tools/a", Some("ANY /tools/{name}"), Some("ANY /tools/{name}")),
            ("GET", "/tools/list", Some("GET /tools/list"), Some("GET /tools/list")),
            // The resource is there and does not have the method.
            ("PUT", "/tools/list", None, Some("ANY /tools/{name}")),
            ("GET", "/tools/a%2Fb", Some("ANY /tools/{name}"), Some("ANY /tools/{name}")),
            ("GET", "//", Some("ANY /{proxy+}"), Some("ANY /{proxy+}")),
        ] {
            for (kind, wanted) in [(Kind::Rest, rest), (Kind::Http, http)] {
                let method = method.parse().unwrap();
                let got = select(kind, &routes, &method, path).map(|(it, _)| it.key.to_string());
                assert_eq!(got.as_deref(), wanted, "{kind:?} {method} {path}");
            }
        }
    }

    #[test]
    fn the_default_takes_what_no_other_route_does() {
        let routes = routes(&["$default", "POST /mcp"]);
        let key = |method: Method, path| {
            select(Kind::Http, &routes, &method, path).unwrap().0.key.to_string()
        };
        assert_eq!(key(Method::POST, "/mcp"), "POST /mcp");
        assert_eq!(key(Method::GET, "/mcp"), "$default");
        assert_eq!(key(Method::GET, "/"), "$default");
    }

    #[test]
    fn parameters_are_decoded_and_stay_in_their_segment() {
        let routes = routes(&["GET /a/{b}/{c+}"]);
        let (_, parameters) = select(Kind::Rest, &routes, &Method::GET, "/a/x%2Fy/1/2%20").unwrap();
        assert_eq!(parameters["b"], "x/y");
        assert_eq!(parameters["c"], "1/2 ");
        assert!(select(Kind::Rest, &routes, &Method::GET, "/a/x").is_none());
        assert!(select(Kind::Rest, &routes, &Method::GET, "/a//c").is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_a_key_or_is_not(text in ".{0,40}", path in "/.{0,40}") {
            if let Ok(key) = text.parse::<RouteKey>() {
                prop_assert_eq!(key.to_string(), text);
                let _ = key.matches(&path);
            }
        }
    }
}
