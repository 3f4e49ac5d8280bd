// What the drivers of the login run share: the front's commands, the browser, and the listener that a client has.
import { spawn } from "node:child_process";
import http from "node:http";
import { say } from "./steps.mjs";

/// Of the front that the server is behind.
export const front = (url) => async (command) => {
  const response = await fetch(new URL(`/-/${command}`, url));
  if (!response.ok) throw new Error(`the front cannot ${command}: ${response.status}`);
  return response.status === 204 ? undefined : response.json();
};

/// A step is done: it is said with all that was asked for in it.
export const did = async (url, step, fields) => say(step, { ...fields, asked: await front(url)("asked") });

/// Opens a page as programs do.
export const open = (url) => spawn(process.env.BROWSER, [String(url)], { stdio: "ignore" }).unref();

/// The address that a client tells the server, and what comes to it.
export async function listener(path = "/callback") {
  let arrived;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://127.0.0.1");
    response.setHeader("content-type", "text/plain").end("You may close this page.");
    if (url.pathname === path) arrived?.(url.searchParams);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}${path}`,
    /// The parameters of the next answer; an error when none comes.
    next: (seconds = 10) =>
      new Promise((resolve, reject) => {
        arrived = resolve;
        setTimeout(() => reject(new Error("no answer came to the listener")), seconds * 1000).unref();
      }),
  };
}
