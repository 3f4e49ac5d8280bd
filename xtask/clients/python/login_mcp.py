"""The Python SDK, version 2, as a program that logs in."""

import webbrowser

import httpx2
import steps
from logins import Front, Listener
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata


class Storage:
    """In memory; a new connection is as a new start of the program."""

    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def main(url, calls, _mode):
    front = Front(url)
    async with Listener() as listener:

        async def opened(page):
            webbrowser.open(page)

        async def answered():
            answer = await listener.next()
            return AuthorizationCodeResult(code=answer.get("code"), state=answer.get("state"), iss=answer.get("iss"))

        metadata = OAuthClientMetadata(client_name="Python mcp 2.3.0", redirect_uris=[listener.url])
        provider = OAuthClientProvider(url, metadata, Storage(), opened, answered)

        async def expire():
            await front("asked")
            await front("expire")
            provider.context.token_expiry_time = 1

        async def call(client):
            return await client.call_tool(calls[0]["name"], calls[0]["arguments"])

        async with httpx2.AsyncClient(auth=provider, timeout=30) as http:
            async with Client(streamable_http_client(url, http_client=http)) as client:
                await front.did("login")
                steps.say("list", tools=[tool.name for tool in (await client.list_tools()).tools])
                for one in calls:
                    steps.called(one["name"], await client.call_tool(one["name"], one["arguments"]))
                for step in ["refresh", "revoked"]:
                    await expire()
                    if step == "revoked":
                        await front("revoke")
                    result = await call(client)
                    await front.did(step)
                    steps.called(calls[0]["name"], result)
            await expire()
            await front("delete")
            try:
                async with Client(streamable_http_client(url, http_client=http)) as client:
                    result = await call(client)
            except BaseException as error:
                await front.did("deleted", stopped=steps.leaf(error))
            else:
                await front.did("deleted")
                steps.called(calls[0]["name"], result)


steps.drive(main)
