"""What a program does that has a token and speaks no MCP, and what it does before."""

import os
import urllib.parse

import steps

METADATA = {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post"}
HEADERS = {"accept": "application/json, text/event-stream"}


def prepare(session, url, how):
    """The token endpoint, and the id, the secret and the method of a client: the operator's, or one that registers."""
    metadata = session.get(urllib.parse.urljoin(url, "/.well-known/oauth-authorization-server")).json()
    if how == "configured":
        return metadata["token_endpoint"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], "client_secret_basic"
    headers = {"authorization": f"Bearer {os.environ['INITIAL_ACCESS_TOKEN']}"}
    client = session.post(metadata["registration_endpoint"], json=METADATA, headers=headers).json()
    return metadata["token_endpoint"], client["client_id"], client["client_secret"], client["token_endpoint_auth_method"]


def use_tools(session, url, calls):
    """`session` brings the token."""

    def ask(method, params=None):
        message = {"jsonrpc": "2.0", "id": 1, "method": method}
        if params is not None:
            message["params"] = params
        response = session.post(url, json=message, headers=HEADERS)
        response.raise_for_status()
        return response.json()["result"]

    steps.say("list", tools=[tool["name"] for tool in ask("tools/list")["tools"]])
    for call in calls:
        result = ask("tools/call", call)
        text = " ".join(block["text"] for block in result["content"])
        steps.say("call", tool=call["name"], ok=not result.get("isError"), text=text[:200])
