"""Authlib as a machine. Modes: configured, registered."""

import machines
import requests
import steps
from authlib.integrations.requests_client import OAuth2Session


async def main(url, calls, how):
    endpoint, client, secret, method = machines.prepare(requests, url, how)
    scope = "prometheus-mcp-server/read"
    with OAuth2Session(client, secret, token_endpoint_auth_method=method, scope=scope) as session:
        token = session.fetch_token(endpoint, grant_type="client_credentials", resource=url)
        steps.say("token", scope=token["scope"], expires_in=token["expires_in"])
        machines.use_tools(session, url, calls)


steps.drive(main)
