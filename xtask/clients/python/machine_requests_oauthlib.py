"""requests-oauthlib as a machine. Modes: configured, registered."""

import os

import machines
import requests
import steps
from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # http, for this machine alone


async def main(url, calls, how):
    endpoint, client, secret, method = machines.prepare(requests, url, how)
    scope = ["prometheus-mcp-server/read"]
    with OAuth2Session(client=BackendApplicationClient(client, scope=scope)) as session:
        if method == "client_secret_basic":
            proof = {"auth": HTTPBasicAuth(client, secret)}
        else:
            proof = {"include_client_id": True, "client_secret": secret}
        token = session.fetch_token(endpoint, resource=url, **proof)
        steps.say("token", scope=" ".join(token["scope"]), expires_in=token["expires_in"])
        machines.use_tools(session, url, calls)


steps.drive(main)
