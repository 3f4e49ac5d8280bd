"""FastMCP, version 4, as a program that logs in: its own provider, its own listener, the browser of this machine."""

import steps
from fastmcp import Client
from fastmcp.client.auth import OAuth
from logins import Front


async def main(url, calls, _mode):
    front = Front(url)
    oauth = OAuth(client_name="FastMCP 4.1.2", callback_timeout=20)

    async def call(client):
        return await client.call_tool(calls[0]["name"], calls[0]["arguments"], raise_on_error=False)

    async with Client(url, auth=oauth) as client:
        await front.did("login")
        steps.say("list", tools=[tool.name for tool in await client.list_tools()])
        for one in calls:
            steps.called(one["name"], await client.call_tool(one["name"], one["arguments"], raise_on_error=False))
        for step in ["refresh", "revoked", "deleted"]:
            await front("asked")
            if step == "revoked":
                await front("revoke")
            if step == "deleted":
                await front("delete")
            await front("expire")
            oauth.context.token_expiry_time = 1
            result = await call(client)
            await front.did(step)
            steps.called(calls[0]["name"], result)


steps.drive(main)
