"""FastMCP, version 4."""

from fastmcp import Client

import steps


async def main(url, calls, _mode):
    async with Client(url) as client:
        steps.say("connect", protocol=client.protocol_version)
        steps.say("list", tools=[tool.name for tool in await client.list_tools()])
        for call in calls:
            result = await client.call_tool(call["name"], call["arguments"], raise_on_error=False)
            steps.called(call["name"], result)


steps.drive(main)
