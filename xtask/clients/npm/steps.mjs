// The lines a driver prints, one JSON object a step.

export const say = (step, fields) => console.log(JSON.stringify({ step, ...fields }));

export const called = (tool, result) =>
  say("call", {
    tool,
    ok: !result.isError,
    text: result.content.map((block) => block.text ?? "").join(" ").slice(0, 200),
  });

/// Lists, then makes each call, over a client that is connected.
export async function listAndCall(client, calls) {
  const { tools } = await client.listTools();
  say("list", { tools: tools.map((tool) => tool.name) });
  for (const call of calls) called(call.name, await client.callTool(call));
}

/// Runs `main(url, calls, mode)` with what the command line gives.
export async function drive(main) {
  const [url, calls, mode] = process.argv.slice(2);
  try {
    await main(url, JSON.parse(calls), mode);
    process.exit(0);
  } catch (error) {
    say("error", { error: String(error?.stack ?? error) });
    process.exit(1);
  }
}
