//! What a host says of the service and the region behind it.

/// The service and the region of a host of AWS, as a signature names them.
pub(crate) fn of_host(host: &str) -> Option<(&'static str, String)> {
    let parts: Vec<&str> = host.split('.').collect();
    let region = |at: usize| parts.get(at).map(|region| (*region).to_owned());
    let names = |at: usize, name: &str| parts.get(at).is_some_and(|part| *part == name);
    if names(1, "execute-api") {
        Some(("execute-api", region(2)?))
    } else if names(1, "lambda-url") {
        Some(("lambda", region(2)?))
    } else if names(0, "bedrock-agentcore") {
        Some(("bedrock-agentcore", region(1)?))
    } else if names(2, "bedrock-agentcore") || names(1, "bedrock-agentcore") {
        let at = if names(1, "bedrock-agentcore") { 2 } else { 3 };
        Some(("bedrock-agentcore", region(at)?))
    } else if names(0, "aps-workspaces") {
        Some(("aps", region(1)?))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_aws_names_its_service_and_region() {
        for (host, expected) in [
            ("abc.execute-api.eu-west-1.amazonaws.com", Some(("execute-api", "eu-west-1"))),
            ("abc.lambda-url.us-east-1.on.aws", Some(("lambda", "us-east-1"))),
            ("bedrock-agentcore.us-west-2.amazonaws.com", Some(("bedrock-agentcore", "us-west-2"))),
            (
                "gw.gateway.bedrock-agentcore.us-west-2.amazonaws.com",
                Some(("bedrock-agentcore", "us-west-2")),
            ),
            ("aps-workspaces.us-east-1.amazonaws.com", Some(("aps", "us-east-1"))),
            ("mcp.example.com", None),
            ("127.0.0.1", None),
            ("execute-api", None),
        ] {
            let found = of_host(host);
            let found = found.as_ref().map(|(service, region)| (*service, region.as_str()));
            assert_eq!(found, expected, "{host}");
        }
    }
}
