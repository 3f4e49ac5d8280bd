"""The Python SDK, version 1: `mcp` 1.x."""

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

import steps


async def main(url, calls, _mode):
    async with streamablehttp_client(url) as (read, write, _session_id):
        async with ClientSession(read, write) as session:
            steps.say("connect", protocol=(await session.initialize()).protocolVersion)
            steps.say("list", tools=[tool.name for tool in (await session.list_tools()).tools])
            for call in calls:
                steps.called(call["name"], await session.call_tool(call["name"], call["arguments"]))


steps.drive(main)
