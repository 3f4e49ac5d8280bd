//! What an authorizer lets pass: the routes of an API, as resources of an IAM policy.

/// A method of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
}

/// A route of the API, and the scope that its caller needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path in a resource ARN, such as `mcp` or `tools/*`.
    pub path: &'static str,
    /// The scope.
    pub scope: &'static str,
}
