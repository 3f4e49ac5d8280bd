// What a program does that has a token and speaks no MCP: two requests.
import { called, say } from "./steps.mjs";

export async function useTools(calls, post) {
  const ask = async (id, method, params) => {
    const { result, error } = await post({ jsonrpc: "2.0", id, method, params });
    if (error) throw new Error(JSON.stringify(error));
    return result;
  };
  const { tools } = await ask(1, "tools/list");
  say("list", { tools: tools.map((tool) => tool.name) });
  for (const call of calls) called(call.name, await ask(2, "tools/call", call));
}
