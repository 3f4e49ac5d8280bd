"""The Python SDK, version 2: `mcp` 2.x. Modes: auto, legacy, or a modern revision."""

from mcp import Client

import steps


async def main(url, calls, mode):
    async with Client(url, mode=mode) as client:
        steps.say("connect", protocol=client.protocol_version)
        steps.say("list", tools=[tool.name for tool in (await client.list_tools()).tools])
        for call in calls:
            steps.called(call["name"], await client.call_tool(call["name"], call["arguments"]))


steps.drive(main)
